use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    model::{DeletedEntry, Entry, FeedMetadata, PollState, SourceId, TopicScore},
    stories::EntryText,
    text::EntryOutline,
    topics::Account,
};

/// What one poll of a source brought.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub source: SourceId,
    /// The URL in the configuration.
    pub configured_url: String,
    /// When the response arrived: when its new entries were first seen.
    pub at: DateTime<Utc>,
    /// What to remember of the poll. It is committed together with the entries, so that no validator is ever ahead of them.
    pub state: PollState,
    /// `None` when there was nothing to read: not modified, the same body again, or a failure.
    pub reading: Option<Reading>,
}

/// A document as it was understood.
#[derive(Debug, Clone)]
pub struct Reading {
    pub feed: FeedMetadata,
    /// In document order.
    pub entries: Vec<TaggedEntry>,
    /// What the publisher says it has deleted.
    pub deleted: Vec<DeletedEntry>,
    /// The settings of topics that the entries were tagged with.
    pub tagged_with: u64,
}

/// An entry and the topics it is in.
#[derive(Debug, Clone)]
pub struct TaggedEntry {
    pub entry: Entry,
    pub topics: Vec<TopicScore>,
    /// How it was understood; `None` if nobody needs to know.
    pub reading: Option<EntryReading>,
    /// What it is compared by with entries of other sources.
    pub text: EntryText,
}

/// How an entry was understood when it was tagged.
#[derive(Debug, Clone)]
pub struct EntryReading {
    /// The fingerprint of the topics.
    pub tagged_with: u64,
    /// What [`Boilerplate::cut_print`](crate::text::Boilerplate::cut_print) says of what was cut.
    pub cut: u64,
    pub account: Account,
    pub outline: EntryOutline,
}

impl TaggedEntry {
    pub fn new(entry: Entry, topics: Vec<TopicScore>) -> Self {
        Self { entry, topics, reading: None, text: EntryText::default() }
    }
}

/// What became of a delivery's entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Entries that are stories of their own.
    pub new: usize,
    /// Kept entries that the source changed.
    pub revised: usize,
    /// New entries that turned out to be copies of a story another source had.
    pub duplicates: usize,
    pub unchanged: usize,
    /// Entries that are not kept: beyond the backlog, older than the retention, taken down, deleted by their publisher, or kept
    /// once and pruned.
    pub passed_over: usize,
    /// Kept entries that were removed because their publisher has deleted them.
    pub deleted: usize,
}

impl std::ops::AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.revised += other.revised;
        self.duplicates += other.duplicates;
        self.unchanged += other.unchanged;
        self.passed_over += other.passed_over;
        self.deleted += other.deleted;
    }
}
