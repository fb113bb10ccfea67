//! From bytes to tagged entries: the part of a poll that needs no network and no store, only a processor.
//!
//! parse → normalize → text → topics, one after the other; the daemon runs many of these side by side.

use crate::{
    ingest::{Reading, TaggedEntry},
    model::{Defect, Document, Entry, PollHints, SourceId, TopicScore},
    normalize::{NormalizeContext, TrackingRules, normalize},
    parse::{ParseError, ParseLimits, parse},
    stories::EntryText,
    text::{Boilerplate, ReadableEntry},
    topics::{TopicExplanation, Topics},
};

/// Reads documents with one set of topics. Shared by all pollers; replaced whole when the topics change.
pub struct Reader {
    topics: Topics,
    languages: Vec<String>,
    tracking: TrackingRules,
    limits: ParseLimits,
}

/// A document, understood.
pub struct Read {
    pub reading: Reading,
    /// What the feed itself says about polling.
    pub hints: PollHints,
    /// What had to be mended or left out.
    pub defects: Vec<Defect>,
}

impl Reader {
    /// `languages` are those that detection chooses from.
    pub fn new(topics: Topics, languages: Vec<String>) -> Self {
        Self { topics, languages, tracking: TrackingRules::default(), limits: ParseLimits::default() }
    }

    /// Takes these parameters out of links as well.
    #[must_use]
    pub fn with_tracking(self, tracking: TrackingRules) -> Self {
        Self { tracking, ..self }
    }

    /// Reads a document. `configured_language` is the admin's word on the source; topics may be for some `source`s only.
    ///
    /// # Errors
    /// The document is no feed, or so broken that not one entry could be had from it.
    pub fn read(
        &self,
        document: &Document,
        configured_language: Option<&str>,
        source: Option<&SourceId>,
    ) -> Result<Read, ParseError> {
        let parsed = parse(document, &self.limits)?;
        let context = NormalizeContext {
            base: &document.base,
            configured_language,
            languages: &self.languages,
            tracking: &self.tracking,
        };
        let normalized = normalize(parsed, &context);
        let entries: Vec<TaggedEntry> = normalized
            .entries
            .into_iter()
            .map(|entry| {
                let readable = self.understand(&entry, &Boilerplate::default());
                let topics = self.topics.tag_from(&readable, source);
                TaggedEntry { text: EntryText::of(&readable), topics, entry }
            })
            .collect();
        Ok(Read {
            reading: Reading { feed: normalized.metadata, entries, tagged_with: self.topics.fingerprint() },
            hints: normalized.hints,
            defects: normalized.defects,
        })
    }

    /// The topics an entry of a source is in.
    pub fn tag(&self, entry: &Entry, source: Option<&SourceId>) -> Vec<TopicScore> {
        self.topics.tag_from(&self.understand(entry, &Boilerplate::default()), source)
    }

    /// Why an entry of a source is in its topics, and not in others.
    pub fn explain(&self, entry: &Entry, source: Option<&SourceId>) -> Vec<TopicExplanation> {
        self.topics.explain_from(&self.understand(entry, &Boilerplate::default()), source)
    }

    /// What of an entry counts as its text, without the furniture that was learnt of its source.
    pub fn understand(&self, entry: &Entry, boilerplate: &Boilerplate) -> ReadableEntry {
        ReadableEntry::from_entry_of(entry, &self.languages, boilerplate)
    }

    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    pub fn languages(&self) -> &[String] {
        &self.languages
    }
}
