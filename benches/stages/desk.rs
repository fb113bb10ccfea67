//! A store in a folder of its own, with what writes to it.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use newsdesk::{
    config, daemon,
    ingest::{Delivery, Ingest, Outcome, Reading, TaggedEntry, TakeInRules},
    model::{Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    reading::Reader,
    store::{RetentionLimits, Store, StoreSettings},
};

use crate::feeds::newest;

pub struct Desk {
    pub ingest: Ingest,
    pub store: Store,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings::new(folder.path());
        let store = Store::open(&settings).unwrap_or_else(|error| panic!("{error}")).store;
        let retention =
            RetentionLimits { age: Duration::from_secs(36_500 * 86_400), entries_per_source: u64::MAX, size: None };
        let rules = TakeInRules { retention, sources: BTreeMap::new() };
        Self { ingest: Ingest::new(store.clone(), rules), store, _folder: folder }
    }

    pub fn take_in(&self, delivery: Delivery) -> Outcome {
        self.ingest.take_in(delivery).unwrap_or_else(|error| panic!("{error}")).0
    }

    pub fn make_durable(&self) {
        self.store.make_durable().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Keeps so many short stories, each in the topic `space`.
    pub fn with_stories(stories: usize) -> Self {
        let desk = Self::new();
        for first in (0..stories).step_by(500) {
            let entries = (first..stories.min(first + 500)).map(short).collect();
            desk.take_in(delivery(first / 500, entries));
        }
        desk.make_durable();
        desk
    }
}

/// A reader with the topics of the shipped configuration.
pub fn reader() -> Arc<Reader> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/newsdesk.toml");
    let (config, _) = config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
    daemon::reader(&config).unwrap_or_else(|error| panic!("{error}"))
}

/// What a poll of the source with this number brought.
pub fn delivery(source: usize, entries: Vec<TaggedEntry>) -> Delivery {
    let feed = FeedMetadata {
        title: format!("Publisher {source}"),
        site_url: Some(format!("https://publisher{source}.example/")),
        ..FeedMetadata::default()
    };
    delivery_of(source, Reading { feed, entries, deleted: Vec::new(), tagged_with: 0 })
}

pub fn delivery_of(source: usize, reading: Reading) -> Delivery {
    Delivery {
        source: SourceId::new(format!("publisher-{source}")),
        configured_url: format!("https://publisher{source}.example/feed"),
        at: newest(),
        state: PollState::default(),
        reading: Some(reading),
    }
}

pub fn space() -> TopicId {
    TopicId::new("space")
}

fn short(number: usize) -> TaggedEntry {
    let link = format!("https://publisher{}.example/{number}", number / 500);
    let date: DateTime<Utc> = newest() - chrono::Duration::seconds(number as i64);
    let entry = Entry {
        guid: Some(link.clone()),
        title: format!("Launch {number} put off by wind"),
        link: Some(link),
        published: Some(date),
        summary: Some("<p>The rocket stays where it is until Thursday.</p>".into()),
        ..Entry::default()
    };
    TaggedEntry::new(entry, vec![TopicScore { topic: space(), score: 5.0 }])
}
