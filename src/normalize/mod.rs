//! A feed as it was written becomes entries that are ready to be kept.
//!
//! [`normalize`] takes the feed first: its base, its site and its language hold for the entries that name none of their own.
//! Then each item on its own (`entry`): titles become plain lines (`plain`), HTML is sanitised (`html`), links are made
//! absolute (`links`) and lose their tracking parameters (`tracking`), the language is decided (`language`), dates that
//! cannot be dates are dropped (`dates`). Nothing is asked of the network, of a clock or of other entries, and no item is
//! ever left out: what is wrong with one is mended or dropped within it and reported as a [`Defect`].

mod characters;
mod dates;
mod entry;
mod feed;
mod html;
mod iri;
mod language;
mod language_tag;
mod link_key;
mod links;
mod people;
mod plain;
mod portable_id;
mod tracking;

#[cfg(test)]
mod tests;

use url::Url;

use crate::model::{Defect, DeletedEntry, Entry, FeedMetadata, ParsedFeed, PollHints};

pub(crate) use html::{is_flow, is_void};
pub use html::{sanitize, to_text};
pub use iri::is_absolute_iri;
pub use language::detect_language;
pub use link_key::link_key;
pub use links::unwrap_proxied;
pub use portable_id::is_portable_id;
pub use tracking::{TrackingRules, clean_link};

/// What is known of a feed besides its document.
#[derive(Debug, Clone, Copy)]
pub struct NormalizeContext<'a> {
    /// What relative references resolve against where the document names no base: [`Document::base`](crate::model::Document).
    pub base: &'a Url,
    /// The admin's word on the source's language, as a BCP 47 tag.
    pub configured_language: Option<&'a str>,
    /// The languages that a text may be recognised as, as BCP 47 tags; none: any that can be recognised.
    pub languages: &'a [String],
    /// Tracking parameters beside those that newsdesk knows.
    pub tracking: &'a TrackingRules,
}

/// A feed whose texts, links, languages and dates are in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NormalizedFeed {
    pub metadata: FeedMetadata,
    /// In document order, one for each item.
    pub entries: Vec<Entry>,
    /// What the publisher says it has deleted.
    pub deleted: Vec<DeletedEntry>,
    pub hints: PollHints,
    /// What had to be mended or left out: while parsing, then here.
    pub defects: Vec<Defect>,
}

/// Puts a parsed feed in order.
pub fn normalize(feed: ParsedFeed, context: &NormalizeContext<'_>) -> NormalizedFeed {
    let feed_base = feed::base(&feed, context.base);
    let metadata = feed::metadata(&feed, &feed_base);
    let site_hosts = feed::hosts(&metadata, context.base);
    let around = entry::Surroundings {
        document_base: context.base,
        feed_base: &feed_base,
        tracking: context.tracking,
        site_hosts: &site_hosts.iter().map(String::as_str).collect::<Vec<_>>(),
        configured_language: context.configured_language,
        feed_language: metadata.language.as_deref(),
        languages: context.languages,
    };
    let mut defects = feed.defects;
    let entries = feed
        .entries
        .into_iter()
        .enumerate()
        .map(|(position, parsed)| entry::normalize_entry(parsed, position, &around, &mut defects))
        .collect();
    NormalizedFeed { metadata, entries, deleted: feed.deleted, hints: feed.hints, defects }
}
