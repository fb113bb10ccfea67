//! What is kept. Every record begins with a version byte on disk; a changed shape gets the next version and an upgrade.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::keys::{IdentityKey, SharedKey, StoryPlace};
use crate::model::{Entry, EntryNumber, FeedMetadata, SourceNumber, StoryNumber, TopicId, TopicScore};

/// What is known of a source besides its polls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceRecord {
    pub number: SourceNumber,
    /// The URL under which the source was first configured: the id we give an RSS feed, and the root of minted entry ids.
    pub first_url: String,
    /// From the last document that could be read.
    pub feed: FeedMetadata,
    pub identity_policy: IdentityPolicy,
    /// When a document was last read, as far as the clock was believed; `None` until the first, which takes the backlog.
    pub last_read: Option<DateTime<Utc>>,
    /// Entries that are kept now.
    pub entries: u64,
}

/// How entries of a source are told apart. Once guids have proved worthless they stay so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityPolicy {
    #[default]
    ByGuid,
    /// The source has used one guid for several entries: the link tells those apart.
    ByGuidAndLink,
    /// The source gave one guid to all its entries.
    WithoutGuid,
}

/// What an identity key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    Kept {
        entry: EntryNumber,
        /// xxh3 of the entry as it was normalised: equal means nothing to do.
        fingerprint: u64,
    },
    /// Seen and not kept (any more): it must not come back as new.
    Tombstone {
        /// When the publisher last listed it, to the week.
        last_listed: DateTime<Utc>,
    },
    /// The publisher has given the entry another key, under which it is kept or was.
    Alias { of: IdentityKey },
    /// Its publisher has deleted it: it must not come back unless it was updated since.
    Deleted {
        when: DateTime<Utc>,
        /// When the publisher last spoke of it, to the week.
        last_listed: DateTime<Utc>,
    },
}

/// One kept entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryRecord {
    pub number: EntryNumber,
    pub source: SourceNumber,
    pub identity: IdentityKey,
    /// What it may share with entries of other sources.
    pub shared_keys: Vec<SharedKey>,
    /// The publisher's `atom:id` if that is an absolute IRI, else one minted for good.
    pub atom_id: String,
    pub first_seen: DateTime<Utc>,
    /// `updated` as it was decided when the entry was first seen.
    pub first_dated: DateTime<Utc>,
    /// The last material change, if there was one.
    pub revised: Option<DateTime<Utc>>,
    /// The `updated` of the source's feed when this entry was last written.
    pub feed_updated: Option<DateTime<Utc>>,
    pub story: StoryNumber,
    pub topics: Vec<TopicScore>,
    pub entry: Entry,
}

impl EntryRecord {
    /// The date that retention goes by: the last time the entry was news.
    pub fn dated(&self) -> DateTime<Utc> {
        self.revised.unwrap_or(self.first_dated)
    }
}

/// A story: one or many entries that are copies of each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryRecord {
    pub number: StoryNumber,
    /// The id under which it was first published, and stays.
    pub id: String,
    /// The copy that is shown.
    pub owner: EntryNumber,
    /// Every copy, the owner among them, best first.
    pub copies: Vec<Copy>,
    pub updated: DateTime<Utc>,
    /// The union of the copies' topics, in the order of their ids.
    pub topics: Vec<TopicScore>,
}

impl StoryRecord {
    pub(super) fn place(&self) -> StoryPlace {
        StoryPlace::new(self.updated, &self.id, self.number)
    }

    /// Every edition the story is in; `None` is the edition of everything.
    pub fn editions(&self) -> impl Iterator<Item = Option<&TopicId>> {
        std::iter::once(None).chain(self.topics.iter().map(|score| Some(&score.topic)))
    }
}

/// How far an entry's link is its source's own; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Originality {
    /// It is on the site that the admin configured the source at.
    Own,
    /// It is on the site that the feed says is its own.
    Claimed,
    /// It is on another site: the source is an aggregator of it.
    Elsewhere,
}

/// One of a story's entries, with all that the choice of owner needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    pub entry: EntryNumber,
    pub source: SourceNumber,
    pub link: Option<String>,
    pub originality: Originality,
    /// The publisher's own date.
    pub published: Option<DateTime<Utc>>,
    pub first_dated: DateTime<Utc>,
    pub revised: Option<DateTime<Utc>>,
    pub topics: Vec<TopicScore>,
}
