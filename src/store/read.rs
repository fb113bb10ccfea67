use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard, atomic::Ordering},
};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    StoreError,
    apply::{TAGGED_WITH, TOPICS_EVER},
    codec,
    engine::{Database, TreeName},
    keys::{self, IdentityKey, SharedKey},
    records::{EntryRecord, Identity, SourceRecord, StoryRecord},
    shared::Shared,
};
use crate::model::{EntryNumber, PollState, SourceId, SourceNumber, StoryNumber, TopicId};

/// The store, open. Cheap to clone; every clone is the same store.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Shared>);

/// Every source the store knows, held in memory: a few hundred bytes each, looked up at every step.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_id: BTreeMap<SourceId, Arc<SourceRecord>>,
    by_number: HashMap<SourceNumber, SourceId>,
    pub(super) highest: u32,
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
        let found = self.database()?.prefixed(TreeName::Keys, &keys::story_id(id)).next().transpose()?;
        Ok(found.and_then(|(key, _)| keys::trailing_number(&key)).map(StoryNumber))
    }

    /// The first kept entry that `is_it`, told its source and identity. Looks at every identity: for what has no key of its own.
    pub fn kept_entry(
        &self,
        is_it: impl Fn(SourceNumber, IdentityKey, EntryNumber) -> bool,
    ) -> Result<Option<EntryNumber>, StoreError> {
        for item in self.database()?.scan(TreeName::Identities, &[]) {
            let (key, value) = item?;
            let Some((source, key)) = keys::read_identity(&key) else { continue };
            if let Identity::Kept { entry, .. } = codec::decode("identity", &value)?
                && is_it(source, key, entry)
            {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The entries that hold a key and their sources, in the order they arrived, at most `limit` of them.
    pub fn sharing(&self, key: SharedKey, limit: usize) -> Result<Vec<(EntryNumber, SourceNumber)>, StoreError> {
        let mut entries = Vec::new();
        for item in self.database()?.prefixed(TreeName::Keys, &keys::shared_prefix(key)).take(limit) {
            entries.extend(keys::read_shared_row(&item?));
        }
        Ok(entries)
    }

    /// The newest stories of a topic (`None`: of everything), newest first, equal times in the order of their ids.
    pub fn newest(&self, topic: Option<&TopicId>, limit: usize) -> Result<Vec<StoryRecord>, StoreError> {
        let database = self.database()?;
        let mut numbers = Vec::with_capacity(limit.min(1_000));
        for item in database.prefixed(TreeName::Topics, &keys::topic_prefix(topic)).take(limit) {
            numbers.extend(keys::trailing_number(&item?.0));
        }
        let keys: Vec<[u8; 8]> = numbers.iter().map(|number| number.to_be_bytes()).collect();
        let mut stories = Vec::with_capacity(numbers.len());
        for (number, bytes) in numbers.into_iter().zip(database.get_many(TreeName::Stories, &keys)?) {
            match bytes.map(|bytes| codec::decode("story", &bytes)).transpose() {
                Ok(story) => stories.extend::<Option<StoryRecord>>(story),
                Err(error) => {
                    tracing::error!(story = number, %error, "a story that cannot be read is left out of its editions");
                }
            }
        }
        stories.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
        Ok(stories)
    }

    /// Every topic that holds a story.
    pub fn topics_of_all(&self) -> Result<Vec<TopicId>, StoreError> {
        let database = self.database()?;
        let mut topics = Vec::new();
        // The items of everything, whose topic is empty, come first; behind a topic's items stands the next topic.
        let mut from = vec![1];
        while let Some(item) = database.scan(TreeName::Topics, &from).next() {
            let (key, _) = item?;
            let name = key.split(|byte| *byte == 0).next().unwrap_or_default();
            from = [name, &[1]].concat();
            topics.extend(std::str::from_utf8(name).map(TopicId::new));
        }
        Ok(topics)
    }

    /// How many stories a topic holds (`None`: all). Walks the topic's rows.
    pub fn stories_in(&self, topic: Option<&TopicId>) -> usize {
        let Ok(database) = self.database() else { return 0 };
        database.prefixed(TreeName::Topics, &keys::topic_prefix(topic)).filter(Result::is_ok).count()
    }

    /// The entries of a source with the date that retention goes by, oldest first, as many as `wanted` says yes to.
    pub(super) fn ages(
        &self,
        source: SourceNumber,
        mut wanted: impl FnMut(DateTime<Utc>, EntryNumber) -> bool,
    ) -> Result<(), StoreError> {
        for item in self.database()?.prefixed(TreeName::Ages, &keys::age_prefix(source)) {
            if let Some((date, entry)) = keys::read_age_row(&item?.0)
                && !wanted(date, entry)
            {
                break;
            }
        }
        Ok(())
    }

    /// The entries from `first` on, in the order they arrived, at most `limit`.
    pub fn entries_from(&self, first: EntryNumber, limit: usize) -> Result<Vec<EntryRecord>, StoreError> {
        let database = self.database()?;
        let items = database.scan(TreeName::Entries, &first.0.to_be_bytes()).take(limit);
        items.map(|item| codec::decode("entry", &item?.1)).collect()
    }

    /// The settings of topics that the stored entries were last tagged with.
    pub fn tagged_with(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.record("fingerprint", TreeName::Meta, TAGGED_WITH)?.flatten())
    }

    /// Every topic that has ever been configured, with the name that its feed's id was made from.
    pub fn topics_ever(&self) -> Result<BTreeMap<TopicId, TopicId>, StoreError> {
        Ok(self.record("topics", TreeName::Meta, TOPICS_EVER)?.unwrap_or_default())
    }

    /// Held by who reads in order to publish: what is seen is durable, and stays as it is meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Doubtful`] while something is visible that could not be made durable.
    pub fn while_durable(&self) -> Result<RwLockReadGuard<'_, ()>, StoreError> {
        let guard = self.0.writing.read().unwrap_or_else(PoisonError::into_inner);
        if self.0.is_doubtful.load(Ordering::Acquire) { Err(StoreError::Doubtful) } else { Ok(guard) }
    }

    pub(super) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record<T: DeserializeOwned>(
        &self,
        what: &'static str,
        tree: TreeName,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        self.database()?.get(tree, key)?.map(|bytes| codec::decode(what, &bytes)).transpose()
    }

    /// The database of now. It may be replaced by a renewed one, of the same content, between two calls.
    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        self.0.database()
    }
}

/// Every source of a database.
pub(super) fn known_sources(database: &Database) -> Result<Known, StoreError> {
    let mut known = Known::default();
    for item in database.scan(TreeName::Sources, &[]) {
        let (id, bytes) = item?;
        if let Ok(id) = std::str::from_utf8(&id) {
            known.insert(SourceId::new(id), Arc::new(codec::decode("source", &bytes)?));
        }
    }
    Ok(known)
}
