//! What a refresh comes to: one commit, a list of changes to records, in order.
//!
//! The same value is kept in the journal, rolled forward onto the database and written by an export, so that all three say
//! the same. In JSON a change is an object with one member, which says what it is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    archive::ArchiveRecord,
    articles::{ArticleJob, ArticleRecord},
    keys::{IdentityKey, SubscriptionKey},
    ledger::{EntryName, Learnt, RenumberedRecord, TextRecord, ToldRecord},
    readings::{BoilerplateRecord, ReadingRecord, TaggingRecord},
    records::{EntryRecord, Identity, SourceRecord, StoryRecord},
    subscriptions::SubscriptionRecord,
    taken_down::TakenDownRecord,
};
use crate::{
    model::{EntryNumber, PollState, SourceId, SourceNumber, StoryNumber, TopicId},
    stories::Comparison,
};

/// Commits are numbered from 1 without gaps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommitNumber(pub u64);

impl CommitNumber {
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Changes that become visible together or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    pub number: CommitNumber,
    pub changes: Vec<Change>,
}

/// One thing that a commit changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The UUID made once at the first start, from which the ids of our feeds come.
    Instance(Uuid),
    Source {
        id: SourceId,
        record: SourceRecord,
    },
    SourceRemoved {
        id: SourceId,
    },
    Poll {
        id: SourceId,
        state: PollState,
    },
    PollRemoved {
        id: SourceId,
    },
    Entry(Box<EntryRecord>),
    EntryRemoved {
        number: EntryNumber,
    },
    Identity {
        source: SourceNumber,
        key: IdentityKey,
        is: Identity,
    },
    IdentityRemoved {
        source: SourceNumber,
        key: IdentityKey,
    },
    Story(Box<StoryRecord>),
    StoryRemoved {
        number: StoryNumber,
    },
    /// Every topic ever configured, with the name that its feed's id is made from.
    TopicsEver(BTreeMap<TopicId, TopicId>),
    /// The settings that every stored entry is tagged with; `None` while they are being tagged.
    TaggedWith(Option<u64>),
    /// The numbers that the next new entry and story get: those of removed ones are never given again.
    Next {
        entry: EntryNumber,
        story: StoryNumber,
    },
    Reading(Box<ReadingRecord>),
    ReadingRemoved {
        number: EntryNumber,
    },
    Boilerplate {
        source: SourceNumber,
        record: BoilerplateRecord,
    },
    Article(Box<ArticleRecord>),
    ArticleRemoved {
        number: EntryNumber,
    },
    ArticleJob(ArticleJob),
    ArticleJobRemoved {
        source: SourceNumber,
        number: EntryNumber,
    },
    /// The topics that the stored entries' tags are of.
    Tagging(TaggingRecord),
    /// What is kept of an entry's text for as long as copies of it may come.
    Text(Box<TextRecord>),
    TextRemoved {
        number: EntryNumber,
    },
    /// What two entries, the lower number first, were found to have in common.
    Pair {
        a: EntryNumber,
        b: EntryNumber,
        is: Comparison,
    },
    PairRemoved {
        a: EntryNumber,
        b: EntryNumber,
    },
    /// What the admin said of two entries.
    Told {
        a: EntryName,
        b: EntryName,
        is: ToldRecord,
    },
    /// What publishers print everywhere and how frequent words are.
    Learnt(Box<Learnt>),
    /// The last time a source gave its entries new guids.
    Renumbered {
        source: SourceNumber,
        is: RenumberedRecord,
    },
    /// Who is told when an edition changes.
    Subscription(Box<SubscriptionRecord>),
    SubscriptionRemoved {
        key: SubscriptionKey,
    },
    /// A story has joined a topic, by the name of its feed, and waits for the topic's archive.
    Joined {
        topic: TopicId,
        at: DateTime<Utc>,
        story: StoryNumber,
    },
    /// It is in the archive.
    JoinedRemoved {
        topic: TopicId,
        at: DateTime<Utc>,
        story: StoryNumber,
    },
    /// How far a topic's archive has come.
    Archive {
        topic: TopicId,
        is: ArchiveRecord,
    },
    /// What was taken down, and by what it is known if it comes again.
    TakenDown(Box<TakenDownRecord>),
    /// It may come again.
    TakenDownRemoved {
        number: u64,
    },
    /// A story is no more: it goes on wherever this entry is, the one that it showed.
    WentOn {
        story: StoryNumber,
        entry: EntryNumber,
    },
    WentOnRemoved {
        story: StoryNumber,
    },
}

impl Change {
    /// What the change is about: of two changes with equal subjects only the later matters.
    pub fn subject(&self) -> Subject {
        match self {
            Change::Instance(_) => Subject::Instance,
            Change::Source { id, .. } | Change::SourceRemoved { id } => Subject::Source(id.clone()),
            Change::Poll { id, .. } | Change::PollRemoved { id } => Subject::Poll(id.clone()),
            Change::Entry(record) => Subject::Entry(record.number),
            Change::EntryRemoved { number } => Subject::Entry(*number),
            Change::Identity { source, key, .. } | Change::IdentityRemoved { source, key } => {
                Subject::Identity(*source, *key)
            }
            Change::Story(record) => Subject::Story(record.number),
            Change::StoryRemoved { number } => Subject::Story(*number),
            Change::TopicsEver(_) => Subject::TopicsEver,
            Change::TaggedWith(_) => Subject::TaggedWith,
            Change::Next { .. } => Subject::Next,
            Change::Reading(record) => Subject::Reading(record.number),
            Change::ReadingRemoved { number } => Subject::Reading(*number),
            Change::Boilerplate { source, .. } => Subject::Boilerplate(*source),
            Change::Article(record) => Subject::Article(record.number),
            Change::ArticleRemoved { number } => Subject::Article(*number),
            Change::ArticleJob(job) => Subject::ArticleJob(job.source, job.number),
            Change::ArticleJobRemoved { source, number } => Subject::ArticleJob(*source, *number),
            Change::Tagging(_) => Subject::Tagging,
            Change::Text(record) => Subject::Text(record.number),
            Change::TextRemoved { number } => Subject::Text(*number),
            Change::Pair { a, b, .. } | Change::PairRemoved { a, b } => Subject::Pair(*a, *b),
            Change::Told { a, b, .. } => Subject::Told(*a, *b),
            Change::Learnt(_) => Subject::Learnt,
            Change::Renumbered { source, .. } => Subject::Renumbered(*source),
            Change::Subscription(record) => Subject::Subscription(record.key),
            Change::SubscriptionRemoved { key } => Subject::Subscription(*key),
            Change::Joined { topic, at, story } | Change::JoinedRemoved { topic, at, story } => {
                Subject::Joined(topic.clone(), *at, *story)
            }
            Change::Archive { topic, .. } => Subject::Archive(topic.clone()),
            Change::TakenDown(record) => Subject::TakenDown(record.number),
            Change::TakenDownRemoved { number } => Subject::TakenDown(*number),
            Change::WentOn { story, .. } | Change::WentOnRemoved { story } => Subject::WentOn(*story),
        }
    }

    /// Whether it takes its subject away, so that nothing of it need be kept once nothing older is.
    pub fn is_removal(&self) -> bool {
        matches!(
            self,
            Change::SourceRemoved { .. }
                | Change::PollRemoved { .. }
                | Change::EntryRemoved { .. }
                | Change::IdentityRemoved { .. }
                | Change::StoryRemoved { .. }
                | Change::ReadingRemoved { .. }
                | Change::ArticleRemoved { .. }
                | Change::ArticleJobRemoved { .. }
                | Change::TextRemoved { .. }
                | Change::PairRemoved { .. }
                | Change::SubscriptionRemoved { .. }
                | Change::JoinedRemoved { .. }
                | Change::TakenDownRemoved { .. }
                | Change::WentOnRemoved { .. }
        )
    }
}

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Instance,
    Source(SourceId),
    Poll(SourceId),
    Entry(EntryNumber),
    Identity(SourceNumber, IdentityKey),
    Story(StoryNumber),
    TopicsEver,
    TaggedWith,
    Next,
    Reading(EntryNumber),
    Boilerplate(SourceNumber),
    Article(EntryNumber),
    ArticleJob(SourceNumber, EntryNumber),
    Tagging,
    Text(EntryNumber),
    Pair(EntryNumber, EntryNumber),
    Told(EntryName, EntryName),
    Learnt,
    Renumbered(SourceNumber),
    Subscription(SubscriptionKey),
    Joined(TopicId, DateTime<Utc>, StoryNumber),
    Archive(TopicId),
    TakenDown(u64),
    WentOn(StoryNumber),
}
