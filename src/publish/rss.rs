//! A topic as an RSS 2.0 feed, for readers that know nothing else.

use std::{collections::BTreeMap, ops::Range};

use chrono::{DateTime, Utc};
use memchr::{memchr, memmem};
use rss::{
    Category, Channel, Enclosure, Guid, Item, Source,
    extension::{Extension, dublincore::DublinCoreExtension},
};

use quick_xml::escape::partial_escape;

use super::{
    atom::is_media_type, content::beginning, edition::Rendered, frame::FeedFrame, gather::EditionStory, xml::legal,
};

pub(super) const MEDIA_TYPE: &str = "application/rss+xml; charset=utf-8";

/// Renders the feed. The same frame and stories give the same bytes.
pub fn render(frame: &FeedFrame, stories: &[EditionStory]) -> Rendered {
    let namespaces = [
        ("atom", "http://www.w3.org/2005/Atom"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
    ];
    let channel = Channel {
        title: clean(&frame.title),
        link: frame.page_url.clone(),
        description: clean(frame.description.as_deref().unwrap_or(&frame.title)),
        language: frame.language.clone(),
        last_build_date: Some(time(frame.updated)),
        generator: Some(concat!("newsdesk ", env!("CARGO_PKG_VERSION")).into()),
        namespaces: namespaces.map(|(prefix, name)| (prefix.to_string(), name.to_string())).into(),
        extensions: BTreeMap::from([("atom".to_string(), atom_links(frame))]),
        items: stories.iter().map(|story| item(frame, story)).collect(),
        ..Channel::default()
    };
    let mut bytes = Vec::with_capacity(64 * 1024);
    if let Err(error) = channel.pretty_write_to(&mut bytes, b' ', 1) {
        unreachable!("writing into memory failed: {error}");
    }
    bytes.push(b'\n');
    let bytes = with_plain_titles(&bytes);
    let entries = items(&bytes);
    Rendered { bytes, entries }
}

/// The same document with `&` and `<` in titles written as `&#x26;` and `&#x3C;`, which says that they are characters and no
/// markup (RSS Best Practices Profile, "Character Data").
fn with_plain_titles(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len() + 1024);
    let mut at = 0;
    while let Some(next) = memchr(b'<', bytes.get(at..).unwrap_or_default()) {
        let (before, rest) = bytes[at..].split_at(next);
        plain.extend_from_slice(before);
        let end = if rest.starts_with(b"<![CDATA[") {
            memmem::find(rest, b"]]>").unwrap_or(rest.len())
        } else if rest.starts_with(b"<title>") {
            memmem::find(rest, b"</title>").unwrap_or(rest.len())
        } else {
            1
        };
        let (span, _) = rest.split_at(end);
        if rest.starts_with(b"<title>") {
            let text = String::from_utf8_lossy(span);
            plain.extend_from_slice(text.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;").as_bytes());
        } else {
            plain.extend_from_slice(span);
        }
        at += next + end;
    }
    plain.extend_from_slice(bytes.get(at..).unwrap_or_default());
    plain
}

/// Where the items are, each with the blanks before it. All text is escaped but that in a CDATA section, so that a tag beyond
/// one is a tag.
fn items(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at, mut start) = (Vec::new(), 0, 0);
    while let Some(next) = memchr(b'<', bytes.get(at..).unwrap_or_default()) {
        at += next;
        let rest = &bytes[at..];
        if rest.starts_with(b"<![CDATA[") {
            let Some(end) = memmem::find(rest, b"]]>") else { break };
            at += end;
        } else if rest.starts_with(b"<item>") {
            start = bytes[..at].trim_ascii_end().len();
        } else if rest.starts_with(b"</item>") {
            found.push(start..at + b"</item>".len());
        }
        at += 1;
    }
    found
}

fn atom_links(frame: &FeedFrame) -> BTreeMap<String, Vec<Extension>> {
    let link = |attributes: &[(&str, &str)]| Extension {
        name: "atom:link".into(),
        attrs: attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        ..Extension::default()
    };
    let own = link(&[("rel", "self"), ("type", "application/rss+xml"), ("href", &frame.rss_url)]);
    let hub = frame.hub_url.as_deref().map(|hub_url| link(&[("rel", "hub"), ("href", hub_url)]));
    BTreeMap::from([("link".to_string(), [own].into_iter().chain(hub).collect())])
}

fn item(frame: &FeedFrame, story: &EditionStory) -> Item {
    let topics =
        story.topics.iter().map(|topic| Category { name: topic.to_string(), domain: Some(frame.topic_scheme.clone()) });
    let categories = story
        .categories
        .iter()
        .map(|category| Category { name: clean(&category.term), domain: category.scheme.clone() });
    // RSS 2.0 has room for one enclosure, and wants its length and type.
    let enclosure = story.enclosures.first().map(|enclosure| Enclosure {
        url: enclosure.url.clone(),
        length: enclosure.length.unwrap_or(0).to_string(),
        mime_type: match &enclosure.media_type {
            Some(media_type) if is_media_type(media_type) => media_type.clone(),
            _ => "application/octet-stream".into(),
        },
    });
    let description = story.summary.as_deref().map_or_else(|| described(story), clean);
    Item {
        title: Some(clean(&story.title)),
        link: story.link.clone(),
        guid: Some(Guid { value: story.id.clone(), permalink: false }),
        pub_date: Some(time(story.updated)),
        description: Some(description),
        content: story.content.as_deref().map(clean),
        categories: topics.chain(categories).collect(),
        enclosure,
        dublin_core_ext: Some(DublinCoreExtension {
            creators: story.authors.iter().map(|author| clean(&author.name)).collect(),
            ..DublinCoreExtension::default()
        }),
        source: Some(Source {
            url: story.source.feed_url.clone().unwrap_or_else(|| story.via.clone()),
            title: Some(clean(&story.source.title)),
        }),
        ..Item::default()
    }
}

/// How the text begins, or the title where there is no text: readers show the description first. It is HTML.
fn described(story: &EditionStory) -> String {
    let beginning = story.content.as_deref().and_then(beginning);
    clean(&beginning.unwrap_or_else(|| partial_escape(&story.title).into_owned()))
}

fn clean(text: &str) -> String {
    legal(text).into_owned()
}

/// RFC 822 with a four-digit year, as RSS 2.0 asks.
fn time(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
