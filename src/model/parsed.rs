use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Category, DeletedEntry, Person};

/// A feed as it was written: mended enough to be read, but nothing yet resolved, cleaned or decided.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedFeed {
    /// `atom:id` or, in RSS 1.0, the channel's `rdf:about`.
    pub id: Option<String>,
    pub title: Option<Text>,
    /// Every link of the feed, `rel=self` and `rel=hub` among them; an RSS channel's `<link>` has rel `alternate`.
    pub links: Vec<Link>,
    /// `xml:lang`, `<language>` or `dc:language`.
    pub language: Option<String>,
    pub updated: Option<DateTime<Utc>>,
    pub rights: Option<String>,
    pub authors: Vec<Person>,
    pub categories: Vec<Category>,
    /// `xml:base` of the root or channel, unresolved.
    pub base: Option<String>,
    pub hints: PollHints,
    /// In document order.
    pub entries: Vec<ParsedEntry>,
    /// Entries that the publisher says it has deleted, in document order.
    pub deleted: Vec<DeletedEntry>,
    /// What had to be mended or left out, in document order.
    pub defects: Vec<Defect>,
}

/// One item of a feed, as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedEntry {
    /// `guid`, `atom:id`, `rdf:about` or JSON Feed `id`, trimmed; `None` if absent or blank.
    pub guid: Option<String>,
    /// RSS `isPermaLink`: `Some(true)` also when the attribute is absent; `None` outside RSS.
    pub guid_is_permalink: Option<bool>,
    pub title: Option<Text>,
    pub summary: Option<Text>,
    pub content: Option<Text>,
    /// Alternate, related, via and enclosure links; an RSS `<link>` has rel `alternate`.
    pub links: Vec<Link>,
    /// `feedburner:origLink`: the publisher's own address behind a proxied one.
    pub original_link: Option<String>,
    pub comments: Option<String>,
    pub authors: Vec<Person>,
    pub contributors: Vec<Person>,
    pub categories: Vec<Category>,
    pub published: Option<DateTime<Utc>>,
    pub updated: Option<DateTime<Utc>>,
    pub language: Option<String>,
    pub rights: Option<String>,
    /// The nearest `xml:base` in force on the entry itself, already joined with the bases around it.
    pub base: Option<String>,
    /// `atom:source`, or RSS `<source url>`.
    pub source: Option<ParsedSource>,
}

/// A text construct (RFC 4287 §3.1). XHTML has been turned into HTML on the way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub kind: TextKind,
    pub value: String,
    /// The nearest `xml:base` in force on this element, if it differs from the entry's.
    pub base: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// Characters to be shown as they are.
    Plain,
    /// HTML markup, entities and all.
    Html,
    /// The format does not say: RSS titles and descriptions, which publishers fill with either.
    Unknown,
}

/// A link (RFC 4287 §4.2.7), unresolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    pub href: String,
    /// The link relation; `alternate` where the document names none.
    pub rel: String,
    pub media_type: Option<String>,
    pub hreflang: Option<String>,
    pub title: Option<String>,
    /// Octets, as promised by the publisher.
    pub length: Option<u64>,
}

/// What an entry says of the feed it was first published in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedSource {
    pub id: Option<String>,
    pub title: Option<String>,
    pub links: Vec<Link>,
    pub updated: Option<DateTime<Utc>>,
    pub rights: Option<String>,
    pub authors: Vec<Person>,
}

/// What the document itself says about how often it may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollHints {
    /// RSS `<ttl>`, minutes.
    pub ttl_minutes: Option<u32>,
    /// RSS `<skipHours>`: hours of the day, 0 to 23, GMT.
    pub skip_hours: Vec<u8>,
    /// RSS `<skipDays>`: days of the week, 0 = Monday to 6 = Sunday, GMT.
    pub skip_days: Vec<u8>,
    /// RSS 1.0 syndication module.
    pub update: Option<UpdatePeriod>,
}

/// `sy:updatePeriod` divided by `sy:updateFrequency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatePeriod {
    /// Seconds between two updates.
    pub seconds: u32,
}

/// Something in a document that had to be mended, or an item that had to be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The item's position in the document, from 0, when the defect is an item's.
    pub entry: Option<usize>,
    /// For the admin: what was wrong and what was done about it.
    pub message: String,
}
