//! What the mending pass hands on.

use chrono::{DateTime, Utc};

use crate::model::{Defect, DeletedEntry, ParsedSource, PollHints, TextKind};

/// A document mended: one plain Atom document in pieces, and beside it what Atom or its reader has no place for.
#[derive(Debug, Default)]
pub struct Mended {
    /// The document's beginning: everything up to the first entry.
    pub head: String,
    pub feed: FeedFacts,
    pub entries: Vec<MendedEntry>,
    /// In document order.
    pub deleted: Vec<DeletedEntry>,
    pub defects: Vec<Defect>,
}

/// What is known of a feed beside its Atom elements.
#[derive(Debug, Default)]
pub struct FeedFacts {
    pub language: Option<String>,
    /// `xml:base` of the root or channel, as written.
    pub base: Option<String>,
    pub title_kind: Option<TextKind>,
    pub hints: PollHints,
}

#[derive(Debug)]
pub struct MendedEntry {
    /// The item's position in the document, from 0; also the `atom:id` in `xml`, by which what is read of it is joined with
    /// `facts`.
    pub position: usize,
    /// One `atom:entry`.
    pub xml: String,
    pub date: Option<DateTime<Utc>>,
    pub facts: EntryFacts,
}

/// What is known of an entry beside its Atom elements.
#[derive(Debug, Default)]
pub struct EntryFacts {
    pub guid: Option<String>,
    pub guid_is_permalink: Option<bool>,
    pub original_link: Option<String>,
    pub comments: Option<String>,
    pub language: Option<String>,
    pub base: Option<String>,
    pub source: Option<ParsedSource>,
    pub title: TextFacts,
    pub summary: TextFacts,
    pub content: TextFacts,
}

/// What is known of a text beside its characters.
#[derive(Debug, Default)]
pub struct TextFacts {
    pub kind: Option<TextKind>,
    /// `xml:base` in force, absolute, where it differs from the entry's.
    pub base: Option<String>,
}

impl Mended {
    /// The whole document, or one with some of its entries.
    pub fn xml<'a>(&self, entries: impl Iterator<Item = &'a MendedEntry>) -> String {
        let mut xml = self.head.clone();
        for entry in entries {
            xml.push_str(&entry.xml);
        }
        xml.push_str("</feed>");
        xml
    }
}

/// Keeps `limit` entries: the newest if all are dated, else the first; their order stays.
pub fn keep_newest(entries: &mut Vec<MendedEntry>, limit: usize) {
    if entries.len() <= limit {
        return;
    }
    if entries.iter().all(|entry| entry.date.is_some()) {
        entries.sort_by_key(|entry| (std::cmp::Reverse(entry.date), entry.position));
        entries.truncate(limit);
        entries.sort_by_key(|entry| entry.position);
    } else {
        entries.truncate(limit);
    }
}
