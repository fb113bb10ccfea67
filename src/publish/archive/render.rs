//! A page's document.

use quick_xml::escape::escape;

use super::page::{Mention, PageEntry};
use crate::{
    normalize::link_key,
    publish::{
        EditionStory, FeedFrame, Related,
        also::anchor,
        atom::{self, ATOM},
        xml::Xml,
    },
    store::{SharedKey, StoryRecord},
};

/// The namespace of RFC 5005.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// Where a page and those around it are.
pub(super) struct PageLinks {
    pub(super) own: String,
    pub(super) previous: Option<String>,
    pub(super) next: String,
}

/// A story of a page.
pub(super) struct PageStory {
    pub(super) story: StoryRecord,
    /// As the feed shows it.
    pub(super) shown: EditionStory,
    /// What entries of any source share with it.
    pub(super) keys: Vec<SharedKey>,
}

/// Renders a document of an archive: these stories in this order. Returns the bytes before the first entry, each entry with
/// where it is, and the document.
pub(super) fn render(frame: &FeedFrame, links: &PageLinks, stories: Vec<PageStory>) -> (u64, Vec<PageEntry>, Vec<u8>) {
    let mut all = vec![("self", Some(ATOM), links.own.as_str()), ("current", Some(ATOM), &frame.atom_url)];
    all.extend(links.previous.as_deref().map(|url| ("prev-archive", Some(ATOM), url)));
    all.extend([("next-archive", Some(ATOM), links.next.as_str()), ("alternate", Some("text/html"), &frame.page_url)]);
    let mut xml = atom::begin(frame, &[("xmlns:fh", HISTORY)], &all);
    xml.empty("fh:archive", &[]);
    let head = xml.length();
    let mut entries = Vec::with_capacity(stories.len());
    for PageStory { story, shown, mut keys } in stories {
        let begin = xml.length();
        atom::entry(&mut xml, frame, &shown);
        let bytes = (xml.length() - begin) as u64;
        let own = shown.link.as_deref().and_then(key_of);
        keys.extend(own.filter(|own| !keys.contains(own)));
        let others = shown.related.iter().chain(&shown.same_event);
        let mentions = others.filter_map(mention).collect();
        entries.push(PageEntry { story: story.number, id: shown.id, keys, mentions, bytes });
    }
    xml.close("feed");
    (head as u64, entries, xml.finish())
}

fn key_of(link: &str) -> Option<SharedKey> {
    url::Url::parse(link).ok().map(|url| SharedKey::link(&link_key(&url)))
}

/// How an entry names a copy, so that it can be cut out.
fn mention(related: &Related) -> Option<Mention> {
    let key = key_of(&related.link)?;
    let mut xml = Xml::new();
    xml.open("feed", &[]);
    xml.open("entry", &[]);
    let begin = xml.length();
    atom::link_related(&mut xml, related);
    let end = xml.length();
    let bytes = xml.finish();
    let element = String::from_utf8_lossy(bytes.get(begin..end)?).into_owned();
    // Text that is HTML is escaped once more.
    let anchor = escape(anchor(related)).into_owned();
    Some(Mention { key, element, anchor })
}
