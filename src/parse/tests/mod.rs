//! Whole documents: bytes in, feed out.

mod corpus;
mod deleted;
mod fields;
mod flaws;
mod hostile;
mod json;
mod mutations;
mod roots;
mod texts;

use bytes::Bytes;
use url::Url;

use super::*;
use crate::model::{Freshness, ParsedEntry, Validators};

fn document(body: impl Into<Bytes>, content_type: Option<&str>) -> Document {
    let url = Url::parse("http://example.com/feed/").unwrap();
    Document {
        base: url.clone(),
        url,
        moved_permanently_to: None,
        content_type: content_type.map(str::to_owned),
        body: body.into(),
        validators: Validators::default(),
        freshness: Freshness::default(),
    }
}

fn parsed(body: &str) -> ParsedFeed {
    parse(&document(body.to_owned(), None), &ParseLimits::default()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// An RSS 2.0 feed around some elements of its channel.
fn rss(inside: &str) -> String {
    format!("<?xml version='1.0'?><rss version='2.0'><channel><title>F</title>{inside}</channel></rss>")
}

/// An Atom feed around some of its elements.
fn atom(inside: &str) -> String {
    format!("<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>F</title>{inside}</feed>")
}

/// The only entry of an RSS item's elements.
fn item(inside: &str) -> ParsedEntry {
    only(parsed(&rss(&format!("<item>{inside}</item>"))))
}

/// The only entry of an Atom entry's elements.
fn entry(inside: &str) -> ParsedEntry {
    only(parsed(&atom(&format!("<entry>{inside}</entry>"))))
}

fn only(feed: ParsedFeed) -> ParsedEntry {
    assert_eq!(feed.entries.len(), 1, "{:?}", feed.defects);
    feed.entries.into_iter().next().unwrap()
}

/// A text's kind and value: `html: <b>x</b>`.
fn shown(text: &Option<crate::model::Text>) -> String {
    text.as_ref()
        .map(|text| format!("{}: {}", format!("{:?}", text.kind).to_lowercase(), text.value))
        .unwrap_or_default()
}

/// Links as `rel href type length`.
fn links(links: &[crate::model::Link]) -> Vec<String> {
    links
        .iter()
        .map(|link| {
            let length = link.length.map(|length| length.to_string()).unwrap_or_default();
            let parts = [link.rel.as_str(), &link.href, link.media_type.as_deref().unwrap_or_default(), &length];
            parts.join(" ").trim_end().to_owned()
        })
        .collect()
}

fn titles(feed: &ParsedFeed) -> Vec<&str> {
    feed.entries
        .iter()
        .map(|entry| entry.title.as_ref().map(|title| title.value.as_str()).unwrap_or_default())
        .collect()
}
