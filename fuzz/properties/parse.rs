use newsdesk::{
    model::{Document, Freshness, ParsedFeed, Validators},
    parse::{ParseError, ParseLimits},
};
use url::Url;

/// What publishers say their feeds are; the first byte of the input chooses.
const CONTENT_TYPES: [Option<&str>; 8] = [
    None,
    Some("application/rss+xml"),
    Some("text/xml; charset=iso-8859-1"),
    Some("application/atom+xml; charset=utf-16le"),
    Some("application/feed+json"),
    Some("text/html; charset=windows-1252"),
    Some("application/xml; charset=\"gb18030\""),
    Some("nonsense;;="),
];

/// Bytes become a feed or an error, never more than the limits allow, and the same twice.
pub fn parse(bytes: &[u8]) {
    let read = feed(bytes);
    if let Ok(feed) = &read {
        assert!(feed.entries.len() <= ParseLimits::default().entries);
    }
    assert_eq!(read.is_ok(), feed(bytes).is_ok());
    assert_eq!(read.ok(), feed(bytes).ok());
}

pub(super) fn base() -> Url {
    Url::parse("https://publisher.example/feeds/news.xml").expect("a constant")
}

pub(super) fn feed(bytes: &[u8]) -> Result<ParsedFeed, ParseError> {
    newsdesk::parse::parse(&document_from(base(), bytes), &ParseLimits::default())
}

/// The document that a poll of this address brought.
pub(super) fn document_from(url: Url, bytes: &[u8]) -> Document {
    let (choice, body) = bytes.split_first().unwrap_or((&0, &[]));
    let content_type = CONTENT_TYPES[usize::from(*choice) % CONTENT_TYPES.len()];
    Document {
        base: url.clone(),
        url,
        moved_permanently_to: None,
        content_type: content_type.map(String::from),
        body: bytes::Bytes::copy_from_slice(body),
        validators: Validators::default(),
        freshness: Freshness::default(),
    }
}
