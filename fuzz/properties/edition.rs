use std::collections::BTreeSet;

use newsdesk::model::{ContentPolicy, ShownAs};

use super::{
    formats::check,
    newsroom::{Newsroom, Poll, SOURCES, TOPIC, Wish, read},
};

/// What stands between two documents of one input: no document has it, so that any real feed is an input.
pub const NEXT_DOCUMENT: &[u8] = b"\n\x0c\n";

/// Documents of one input, at most.
const MOST_DOCUMENTS: usize = 4;

/// What is asked for every time, besides pages of stories and of archives.
const TARGETS: [&str; 19] = [
    "/",
    "/all",
    "/all.atom",
    "/all.rss",
    "/all.json",
    "/all.atom?content=summary",
    "/all.rss?content=summary",
    "/all.json?content=title",
    "/all.atom?lang=en",
    "/topics/news",
    "/topics/news.atom",
    "/topics/news.rss",
    "/topics/news.json",
    "/topics/ai+telecom.atom",
    "/sources/publisher.atom",
    "/sources/other.json",
    "/sources/publisher",
    "/topics.opml",
    "/sources.opml",
];

/// Stories whose pages are asked for.
const STORY_PAGES: usize = 4;

/// Whatever publishers send, what readers get is well-formed, with unique ids, nothing that runs, and links that can be followed, in
/// every format, to a reader that has nothing of us; the same stories give the same bytes; archives have every story; and what
/// is taken down is nowhere any more, and does not come back.
///
/// The first byte says how the admin has things shown. Then documents follow, each after a byte that chooses its content type and
/// whose it is.
pub fn edition(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let documents = split(bytes);
    let polls: Vec<Poll> = documents.iter().filter_map(|document| read(document, whose(document))).collect();
    if polls.is_empty() {
        return;
    }
    let mut newsroom = Newsroom::open(wish(*choice));
    for (hour, poll) in polls.into_iter().enumerate() {
        newsroom.deliver(hour, poll);
    }
    let shown = all_editions(&newsroom);
    let archived = archives(&newsroom);
    if wish(*choice).shown_as != ShownAs::All {
        let missing: Vec<&String> = shown.iter().filter(|id| !archived.contains(*id)).collect();
        assert!(missing.is_empty(), "{missing:?} are in the feed and in no archive");
    }
    if let Some(id) = shown.iter().find(|id| newsroom.is_a_storys(id)).filter(|_| choice & 0b1000_0000 != 0) {
        newsroom.take_down(id);
        // The publishers go on listing it.
        for document in &documents {
            if let Some(poll) = read(document, whose(document)) {
                newsroom.deliver(MOST_DOCUMENTS + 1, poll);
            }
        }
        assert!(!all_editions(&newsroom).contains(id), "{id} was taken down, and is in a feed");
        assert!(!archives(&newsroom).contains(id), "{id} was taken down, and is in an archive");
    }
}

fn wish(choice: u8) -> Wish {
    Wish {
        shown_as: [ShownAs::Merge, ShownAs::Group, ShownAs::All, ShownAs::Merge][usize::from(choice & 3)],
        content: [ContentPolicy::Full, ContentPolicy::Full, ContentPolicy::Summary, ContentPolicy::Title]
            [usize::from(choice >> 2 & 3)],
        language: [None, Some("fr"), Some("ar"), Some("zh-Hant-TW")][usize::from(choice >> 4 & 3)],
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let mut rest = bytes;
    while documents.len() + 1 < MOST_DOCUMENTS
        && let Some(at) = rest.windows(NEXT_DOCUMENT.len()).position(|window| window == NEXT_DOCUMENT)
    {
        documents.push(&rest[..at]);
        rest = &rest[at + NEXT_DOCUMENT.len()..];
    }
    documents.push(rest);
    documents
}

/// The bit above those that choose the content type.
fn whose(document: &[u8]) -> usize {
    usize::from(document.first().copied().unwrap_or_default() >> 3) % SOURCES.len()
}

/// Looks at everything that is served. The ids of the topic's feed.
fn all_editions(newsroom: &Newsroom) -> Vec<String> {
    let pages = newsroom.newest(STORY_PAGES).into_iter().map(|story| format!("/stories/{}", story.0));
    let mut topic = Vec::new();
    for target in TARGETS.into_iter().map(String::from).chain(pages) {
        let Some(bytes) = newsroom.get(&target) else { panic!("{target} is not there") };
        let ids = checked(&target, &bytes);
        if target == format!("/topics/{TOPIC}.atom") {
            assert_eq!(Some(bytes), newsroom.get(&target), "the same stories, other bytes");
            topic = ids;
        } else if target.starts_with(&format!("/topics/{TOPIC}.")) {
            assert_eq!(ids, topic, "{target} has other entries than the Atom feed");
        }
    }
    topic
}

/// The ids of every page of the archive.
fn archives(newsroom: &Newsroom) -> BTreeSet<String> {
    let pages = newsroom.archive();
    pages.iter().flat_map(|(path, page)| checked(path, page)).collect()
}

fn checked(target: &str, bytes: &[u8]) -> Vec<String> {
    check(target, bytes).unwrap_or_else(|wrong| panic!("{target}: {wrong}\n{}", String::from_utf8_lossy(bytes)))
}
