//! Pages of archives: to the byte, in files, cut only by a takedown.

use chrono::TimeDelta;

use super::{
    page::Page,
    render::{PageLinks, PageStory, render},
    *,
};
use crate::{
    model::{StoryNumber, TopicId},
    normalize::link_key,
    publish::tests::{at, check, frame, stories},
    store::{Join, SharedKey, StoryRecord},
};

fn key(link: &str) -> SharedKey {
    SharedKey::link(&link_key(&url::Url::parse(link).expect("a URL")))
}

fn page_of(number: u64) -> Page {
    let own = |page: u64| format!("https://news.example{}", Archives::path(&TopicId::new("ai"), page));
    let links = PageLinks { own: own(number), previous: (number > 1).then(|| own(number - 1)), next: own(number + 1) };
    let joins: Vec<Join> = (0..3).map(|story| Join { at: at(story as i64), story: StoryNumber(story) }).collect();
    let mut shown = stories();
    shown[0].say_who_else(Some("fr-CH"));
    shown[2].say_who_else(None);
    let stories = shown.into_iter().zip(&joins).map(|(shown, join)| PageStory {
        story: StoryRecord {
            number: join.story,
            id: shown.id.clone(),
            owner: crate::model::EntryNumber(1),
            copies: Vec::new(),
            updated: shown.updated,
            topics: Vec::new(),
        },
        keys: Vec::new(),
        shown,
    });
    let frame = frame();
    let (head, entries, document) = render(&frame, &links, stories.collect());
    let of = (frame.id.clone(), TopicId::new("ai"), number);
    Page::new(of, (frame.updated, at(100)), joins, (head, entries), document)
}

fn take_out(links: &[&str], ids: &[&str]) -> TakeOut {
    TakeOut { keys: links.iter().map(|link| key(link)).collect(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
}

fn text(page: &Page) -> String {
    String::from_utf8(page.document.clone()).expect("UTF-8")
}

#[test]
fn a_page_is_an_archive_document_of_rfc_5005() {
    check("archive.atom", page_of(2).document);
}

#[test]
fn what_is_read_from_a_file_is_what_was_written_or_damage() {
    let page = page_of(1);
    let bytes = page.encode().expect("encoded");
    assert_eq!(Page::decode(&bytes).expect("read"), page);
    for (place, _) in bytes.iter().enumerate() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        // A bit of the frame that says nothing may say so differently.
        let read = Page::decode(&flipped);
        assert!(read.is_err() || read == Ok(page.clone()), "bit flipped at {place} of {}", bytes.len());
        assert!(Page::decode(&bytes[..place]).is_err(), "cut off at {place}");
    }
    assert!(Page::decode(&[bytes.as_slice(), b"more"].concat()).is_err());
}

#[test]
fn what_a_page_shows_is_read_back_from_its_document() {
    let shown = page_of(2).shown().expect("read");
    assert_eq!((&*shown.title, shown.language.as_deref()), ("Artificial intelligence", Some("en")));
    assert_eq!(shown.stories.len(), 3);
    for ((story, made), number) in shown.stories.iter().zip(stories()).zip(0..) {
        let legal = made.title.replace('\u{1}', "");
        assert_eq!((story.number, &story.id, &story.title), (StoryNumber(number), &made.id, &legal));
        assert_eq!((&story.link, story.published, story.updated), (&made.link, made.published, made.updated));
        assert_eq!((&story.language, &story.via), (&made.language, &made.via));
        assert_eq!((&story.summary, &story.content), (&made.summary, &made.content), "without who else has it");
        assert_eq!((&story.source.title, &story.rights), (&made.source.title, &made.rights));
        // Which of them are on the same event is not told apart in a document; in a real one there are none.
        let others: Vec<_> = made.related.into_iter().chain(made.same_event).collect();
        assert_eq!(story.related, others);
    }

    // After a takedown it shows what is left, and who is left.
    let (cut, _) = page_of(2)
        .without(&take_out(&["https://herald.example/8", "https://gazette.example/1?a=1&b=2"], &[]))
        .expect("found");
    let left = cut.shown().expect("read").stories;
    assert_eq!(
        left.iter().map(|story| &*story.title).collect::<Vec<_>>(),
        ["Only a title", "A title that others have too"]
    );
    assert_eq!(left[1].related.iter().map(|other| &*other.title).collect::<Vec<_>>(), ["Courier"]);
    assert_eq!(left[1].summary, None);

    let of = |document: &str| Page { document: document.into(), ..cut.clone() }.shown();
    for document in
        ["", "<feed>", "<feed/>", "<feed><entry/><entry/></feed>", "<feed></entry></feed>", "<a x='1' x='2'/>"]
    {
        assert!(of(document).is_err(), "{document}: {:?}", of(document));
    }
}

proptest::proptest! {
    /// Whatever a story says and whoever else has it.
    #[test]
    fn any_story_is_read_back(title in "\\PC{1,20}", text in "[a-z<>&;\"' é]{0,30}", others in proptest::collection::vec("[a-z<>&;\"', é]{1,12}", 0..4)) {
        let mut made = stories().remove(2);
        made.title = title;
        made.content = Some(format!("<p>{}</p>", quick_xml::escape::escape(&text)));
        made.related = others.into_iter().zip(0..).map(|(title, n)| crate::publish::Related { link: format!("https://herald.example/{n}?a=1&b=2"), title }).collect();
        let mut said = made.clone();
        said.say_who_else(Some("fr"));
        let story = StoryRecord { number: made.number, id: made.id.clone(), owner: crate::model::EntryNumber(1), copies: Vec::new(), updated: made.updated, topics: Vec::new() };
        let links = PageLinks { own: "https://news.example/1".into(), previous: None, next: "https://news.example/2".into() };
        let (head, entries, document) = render(&frame(), &links, vec![PageStory { story, shown: said, keys: Vec::new() }]);
        let page = Page::new(("urn:x".into(), TopicId::new("ai"), 1), (at(1), at(1)), Vec::new(), (head, entries), document);
        let story = page.shown().expect("read").stories.remove(0);
        proptest::prop_assert_eq!((story.title, story.content, story.related), (made.title, made.content, made.related));
    }
}

#[test]
fn what_is_taken_down_is_cut_out_and_all_else_stays_to_the_byte() {
    let page = page_of(2);
    let whole = text(&page);
    let entries: Vec<String> = whole.split_inclusive("</entry>").map(str::to_owned).collect();
    // A story and its place, by its own link and by its id; one without a link by its id alone.
    for (what, out, gone) in [
        ("by its link", take_out(&["http://www.gazette.example/1?b=2&a=1"], &[]), 0),
        ("by its id", take_out(&[], &["tag:gazette.example,2026:1"]), 0),
        ("one without a link", take_out(&[], &["urn:uuid:00000000-0000-5000-8000-000000000000"]), 1),
    ] {
        let (cut, changed) = page.without(&out).unwrap_or_else(|| panic!("{what}: nothing found"));
        assert_eq!(changed, 1, "{what}");
        let begin = entries[gone].find("\n <entry").expect("an entry");
        let expected: String = match gone {
            0 => [&entries[0][..begin], &entries[1], &entries[2], &entries[3]].concat(),
            _ => [&entries[0][..], &entries[2], &entries[3]].concat(),
        };
        assert_eq!(text(&cut), expected, "{what}");
        assert_eq!(Page::decode(&cut.encode().expect("encoded")).expect("read"), cut, "{what}");
        assert!(cut.without(&out).is_none(), "{what}: nothing is left of it");
    }

    // A copy at another publisher goes from the story that names it, and from the sentence that does.
    let (cut, changed) = page.without(&take_out(&["https://herald.example/8"], &[])).expect("found");
    assert_eq!((changed, text(&cut).contains("herald.example/8")), (1, false));
    let kept = whole
        .replace("\n  <link rel=\"related\" href=\"https://herald.example/8\" title=\"Herald\"/>", "")
        .replace("&lt;a href=&quot;https://herald.example/8&quot;&gt;Herald&lt;/a&gt;, ", "");
    assert_eq!(text(&cut), kept);
    // With the last copy the whole sentence goes.
    let (cut, _) = cut.without(&take_out(&["https://courier.example/8"], &[])).expect("found");
    assert!(text(&cut).contains("A title that others have too") && !text(&cut).contains("Also at"), "{}", text(&cut));
    assert!(cut.without(&take_out(&["https://courier.example/8"], &[])).is_none());
    assert!(page.without(&take_out(&["https://gazette.example/99"], &["urn:x:y"])).is_none());

    let all = take_out(
        &["https://gazette.example/1?a=1&b=2", "https://gazette.example/2"],
        &["urn:uuid:00000000-0000-5000-8000-000000000000"],
    );
    let (empty, changed) = page.without(&all).expect("found");
    assert_eq!((changed, text(&empty).matches("<entry").count()), (3, 0));
    assert!(text(&empty).ends_with("<fh:archive/>\n</feed>\n"), "{}", text(&empty));
}

#[test]
fn pages_are_had_at_their_addresses_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("archives");
    let archives = Archives::open(&folder).expect("opened");
    let found = |archives: &Archives, path: &str| match archives.find(path) {
        Archived::Page(edition) => format!("{} bytes", edition.document().len()),
        Archived::NotYet { current } => format!("not yet, {current}"),
        Archived::Starting => "starting".into(),
        Archived::Gone => "gone".into(),
        Archived::Damaged => "damaged".into(),
        Archived::Nothing => "nothing".into(),
    };
    assert_eq!(found(&archives, "/archives/ai/1.atom"), "starting");
    let current = |archives: &Archives| {
        archives.arrange([(TopicId::new("ai"), "/topics/intelligence.atom".to_owned())].into_iter());
    };
    current(&archives);
    assert_eq!(found(&archives, "/archives/ai/1.atom"), "not yet, /topics/intelligence.atom");
    for number in 1..=3 {
        archives.put(&page_of(number)).expect("written");
    }
    let long = |number| format!("{} bytes", page_of(number).document.len());
    for archives in [archives.clone(), Archives::open(&folder).expect("opened")] {
        current(&archives);
        for (path, expected) in [
            ("/archives/ai/1.atom", &*long(1)),
            ("/archives/ai/3.atom", &*long(3)),
            ("/archives/ai/3.atom", &*long(3)),
            ("/archives/ai/4.atom", "not yet, /topics/intelligence.atom"),
            ("/archives/ai/5.atom", "nothing"),
            ("/archives/ai/0.atom", "nothing"),
            ("/archives/ai/01.atom", "nothing"),
            ("/archives/ai/+1.atom", "nothing"),
            ("/archives/ai/1.rss", "nothing"),
            ("/archives/ai/.atom", "nothing"),
            ("/archives/ai", "nothing"),
            ("/archives/telecom/1.atom", "nothing"),
            ("/archives/../ai/1.atom", "nothing"),
            ("/archives/./1.atom", "nothing"),
            ("/archives/ai/99999999999999999999.atom", "nothing"),
        ] {
            assert_eq!(found(&archives, path), expected, "{path}");
        }
        assert_eq!((archives.newest(&TopicId::new("ai")), archives.before(&TopicId::new("ai"), 3)), (Some(3), Some(2)));
    }
    // What was held for the next to ask is not what is shown after a takedown.
    let out = archives.take_out(&take_out(&["https://gazette.example/2"], &[])).expect("taken out");
    assert_eq!((out.pages, out.entries, out.unread.len()), (3, 3, 0));
    assert_ne!(found(&archives, "/archives/ai/3.atom"), long(3));

    let second = folder.join("ai/000002.atom.zst");
    let mut bytes = std::fs::read(&second).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&second, bytes).expect("written");
    let archives = Archives::open(&folder).expect("opened");
    current(&archives);
    assert_eq!(found(&archives, "/archives/ai/2.atom"), "damaged");
    let kept = Archives::verify(&folder).expect("read");
    let damaged: Vec<_> = kept.damaged.iter().map(|(file, _)| file.clone()).collect();
    assert_eq!((kept.topics, kept.pages, damaged), (1, 3, vec![second.clone()]));

    let made = at(100);
    let day = std::time::Duration::from_secs(86_400);
    assert_eq!(archives.remove_older_than(day, made + TimeDelta::hours(23)).expect("removed"), 0);
    assert_eq!(archives.remove_older_than(day, made + TimeDelta::hours(25)).expect("removed"), 2, "the newest stays");
    assert_eq!(found(&archives, "/archives/ai/1.atom"), "gone");
    assert_eq!(archives.newest(&TopicId::new("ai")), Some(3));
}
