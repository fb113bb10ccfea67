use std::{
    collections::{BTreeMap, HashMap},
    fs,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    StoreError, codec,
    keys::{self, IdentityKey, SharedKey},
    records::{EntryRecord, Identity, SourceRecord, StoryRecord},
    trees::{TreeName, Trees},
};
use crate::model::{EntryNumber, PollState, SourceId, SourceNumber, StoryNumber, TopicId};

/// The store, open. Cheap to clone; every clone is the same store.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) db: sled::Db,
    pub(super) trees: Trees,
    /// A handle of our own on sled's log: sled's flush does not reach through the drive's cache, `fdatasync` does.
    pub(super) log: fs::File,
    /// Held for as long as the store is open.
    pub(super) _lock: fs::File,
    pub(super) instance: Uuid,
    pub(super) known: RwLock<Known>,
    /// Held for writing while what is applied is not yet durable.
    pub(super) writing: RwLock<()>,
    pub(super) next_entry: AtomicU64,
    pub(super) next_story: AtomicU64,
    /// The disk fails from now on.
    #[cfg(test)]
    pub(super) broken: std::sync::atomic::AtomicBool,
}

/// Every source the store knows, held in memory: a few hundred bytes each, looked up at every step.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_id: BTreeMap<SourceId, Arc<SourceRecord>>,
    by_number: HashMap<SourceNumber, SourceId>,
    highest: u32,
}

impl Known {
    pub(super) fn insert(&mut self, id: SourceId, record: Arc<SourceRecord>) {
        self.highest = self.highest.max(record.number.0);
        self.by_number.insert(record.number, id.clone());
        self.by_id.insert(id, record);
    }

    pub(super) fn remove(&mut self, id: &SourceId) {
        if let Some(record) = self.by_id.remove(id)
            && self.by_number.get(&record.number) == Some(id)
        {
            self.by_number.remove(&record.number);
        }
    }
}

impl Store {
    /// The UUID made when this store was first created; the ids of our own feeds derive from it.
    pub fn instance(&self) -> Uuid {
        self.0.instance
    }

    /// What is known of a source; `None` before its first poll.
    pub fn source(&self, id: &SourceId) -> Option<Arc<SourceRecord>> {
        self.known().by_id.get(id).cloned()
    }

    pub fn source_by_number(&self, number: SourceNumber) -> Option<(SourceId, Arc<SourceRecord>)> {
        let known = self.known();
        let id = known.by_number.get(&number)?;
        Some((id.clone(), known.by_id.get(id)?.clone()))
    }

    /// Every source that has been polled, also those the configuration no longer names.
    pub fn sources(&self) -> Vec<(SourceId, Arc<SourceRecord>)> {
        self.known().by_id.iter().map(|(id, record)| (id.clone(), record.clone())).collect()
    }

    pub(super) fn next_source_number(&self) -> SourceNumber {
        SourceNumber(self.known().highest + 1)
    }

    pub fn poll_state(&self, id: &SourceId) -> Result<Option<PollState>, StoreError> {
        self.record("poll state", TreeName::Polls, id.as_str().as_bytes())
    }

    pub fn identity(&self, source: SourceNumber, key: IdentityKey) -> Result<Option<Identity>, StoreError> {
        self.record("identity", TreeName::Identities, &keys::identity(source, key))
    }

    pub fn entry(&self, number: EntryNumber) -> Result<Option<EntryRecord>, StoreError> {
        self.record("entry", TreeName::Entries, &number.0.to_be_bytes())
    }

    pub fn story(&self, number: StoryNumber) -> Result<Option<StoryRecord>, StoreError> {
        self.record("story", TreeName::Stories, &number.0.to_be_bytes())
    }

    /// The story published under this id.
    pub fn story_by_id(&self, id: &str) -> Result<Option<StoryNumber>, StoreError> {
        let row = self.0.trees.get(TreeName::StoryIds).get(keys::story_id(id))?;
        Ok(row.and_then(|bytes| keys::trailing_number(&bytes)).map(StoryNumber))
    }

    /// The entries that hold a key and their sources, in the order they arrived, at most `limit` of them.
    pub fn sharing(&self, key: SharedKey, limit: usize) -> Result<Vec<(EntryNumber, SourceNumber)>, StoreError> {
        let mut entries = Vec::new();
        for row in self.0.trees.get(TreeName::Shared).scan_prefix(keys::shared_prefix(key)).take(limit) {
            let (row, value) = row?;
            entries.extend(keys::trailing_number(&row).map(EntryNumber).zip(keys::source_number(&value)));
        }
        Ok(entries)
    }

    /// The newest stories of a topic (`None`: of everything), newest first, equal times in the order of their ids.
    pub fn newest(&self, topic: Option<&TopicId>, limit: usize) -> Result<Vec<StoryRecord>, StoreError> {
        let mut stories = Vec::with_capacity(limit.min(1_000));
        let rows = self.0.trees.get(TreeName::Topics).scan_prefix(keys::topic_prefix(topic)).keys();
        for row in rows.take(limit) {
            let Some(number) = keys::trailing_number(&row?) else { continue };
            match self.story(StoryNumber(number)) {
                Ok(story) => stories.extend(story),
                Err(StoreError::Record { cause, .. }) => {
                    tracing::error!(story = number, %cause, "a story that cannot be read is left out of its editions");
                }
                Err(error) => return Err(error),
            }
        }
        stories.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
        Ok(stories)
    }

    /// Every topic that holds a story.
    pub fn topics_of_all(&self) -> Result<Vec<TopicId>, StoreError> {
        let rows = self.0.trees.get(TreeName::Topics);
        let mut topics = Vec::new();
        // The rows of everything, whose topic is empty, come first; behind a topic's rows stands the next topic.
        let mut from = vec![1];
        while let Some(row) = rows.range(from..).keys().next() {
            let row = row?;
            let name = row.split(|byte| *byte == 0).next().unwrap_or_default();
            from = [name, &[1]].concat();
            topics.extend(std::str::from_utf8(name).map(TopicId::new));
        }
        Ok(topics)
    }

    /// How many stories a topic holds (`None`: all). Walks the topic's rows.
    pub fn stories_in(&self, topic: Option<&TopicId>) -> usize {
        self.0.trees.get(TreeName::Topics).scan_prefix(keys::topic_prefix(topic)).keys().filter(Result::is_ok).count()
    }

    /// A source's entries, oldest first, with the date that retention goes by.
    pub(super) fn ages(
        &self,
        source: SourceNumber,
    ) -> impl Iterator<Item = Result<(DateTime<Utc>, EntryNumber), StoreError>> + use<> {
        let rows = self.0.trees.get(TreeName::Ages).scan_prefix(keys::age_prefix(source)).keys();
        rows.filter_map(|row| match row {
            Ok(row) => keys::read_age_row(&row).map(Ok),
            Err(error) => Some(Err(error.into())),
        })
    }

    /// The entries from `first` on, in the order they arrived, at most `limit`.
    pub fn entries_from(&self, first: EntryNumber, limit: usize) -> Result<Vec<EntryRecord>, StoreError> {
        let mut entries = Vec::new();
        let mut next = first;
        while entries.len() < limit {
            let from = next.0.to_be_bytes();
            let Some(row) = self.0.trees.get(TreeName::Entries).range(from..).keys().next() else { break };
            let row = row?;
            let Some(number) = row.get(..8).and_then(keys::trailing_number).map(EntryNumber) else { break };
            entries.extend(self.entry(number)?);
            next = EntryNumber(number.0 + 1);
        }
        Ok(entries)
    }

    /// The settings of topics that the stored entries were last tagged with.
    pub fn tagged_with(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.0.trees.get(TreeName::Meta).get("tagged-with")?.and_then(|bytes| keys::trailing_number(&bytes)))
    }

    /// Every topic that has ever been configured, with the name that its feed's id was made from.
    pub fn topics_ever(&self) -> Result<BTreeMap<TopicId, TopicId>, StoreError> {
        Ok(self.record("topics", TreeName::Meta, b"topics-ever")?.unwrap_or_default())
    }

    /// Returns when everything applied so far is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Write`] if it could not be written: nothing applied since the last success may be relied on.
    pub fn make_durable(&self) -> Result<(), StoreError> {
        #[cfg(test)]
        if self.0.broken.load(Ordering::Relaxed) {
            return Err(StoreError::Write(std::io::Error::other("no space left")));
        }
        self.0.db.flush().map_err(|error| match error {
            sled::Error::Io(cause) => StoreError::Write(cause),
            other => StoreError::Write(std::io::Error::other(other.to_string())),
        })?;
        self.0.log.sync_data().map_err(StoreError::Write)
    }

    /// From now on nothing reaches the disk, or all does again.
    #[cfg(test)]
    pub(crate) fn break_disk(&self, broken: bool) {
        self.0.broken.store(broken, Ordering::Relaxed);
    }

    /// The bytes the store takes on the disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        Ok(self.0.db.size_on_disk()?)
    }

    pub(super) fn read_sources(&self) -> Result<(), StoreError> {
        for row in self.0.trees.get(TreeName::Sources).iter().keys() {
            let row = row?;
            // Further chunks of a long record have keys that are no text.
            let Ok(id) = std::str::from_utf8(&row) else { continue };
            if let Some(record) = self.record("source", TreeName::Sources, id.as_bytes())? {
                self.known_mut().insert(SourceId::new(id), Arc::new(record));
            }
        }
        Ok(())
    }

    /// Held by the writer from the first change it applies until it has made them durable.
    pub fn while_writing(&self) -> std::sync::RwLockWriteGuard<'_, ()> {
        self.0.writing.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by who reads in order to publish: what is seen is durable, and stays as it is meanwhile.
    pub fn while_durable(&self) -> std::sync::RwLockReadGuard<'_, ()> {
        self.0.writing.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn known_mut(&self) -> std::sync::RwLockWriteGuard<'_, Known> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_entry_number(&self) -> EntryNumber {
        EntryNumber(self.0.next_entry.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn take_story_number(&self) -> StoryNumber {
        StoryNumber(self.0.next_story.fetch_add(1, Ordering::Relaxed))
    }

    fn record<T: DeserializeOwned>(
        &self,
        what: &'static str,
        tree: TreeName,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        let tree = self.0.trees.get(tree);
        let Some(first) = tree.get(key)? else { return Ok(None) };
        if first.len() < codec::CHUNK {
            return codec::decode(what, &first).map(Some);
        }
        let mut bytes = first.to_vec();
        for chunk in tree.scan_prefix(keys::further_chunks(key)) {
            bytes.extend_from_slice(&chunk?.1);
        }
        codec::decode(what, &bytes).map(Some)
    }
}
