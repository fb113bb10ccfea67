mod beside;
mod changes;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    StoreError, codec,
    commit::{Change, Subject},
    engine::{Database, TreeName, Work},
    keys::{self, IdentityKey, SharedKey},
    ledger::LedgerChanges,
    read::Store,
    records::{EntryRecord, Identity, SourceRecord, StoryRecord},
};
use crate::model::{EntryNumber, PollState, SourceId, SourceNumber, StoryNumber, TopicId};

/// A set of changes that is applied whole or not at all. Reads through it see its own changes.
///
/// Rows that follow from records (a topic's list, what retention looks at, who shares a link) are kept in step here, so that
/// the stages speak of entries and stories only.
pub struct Refresh<'a> {
    pub(super) store: &'a Store,
    /// The rows that were read: mostly those that will be changed.
    work: RefCell<Option<Work<Arc<Database>>>>,
    entries: BTreeMap<EntryNumber, Revision<EntryRecord>>,
    stories: BTreeMap<StoryNumber, Revision<StoryRecord>>,
    identities: BTreeMap<(SourceNumber, IdentityKey), Option<Identity>>,
    sharing: BTreeMap<SharedKey, BTreeMap<EntryNumber, SourceNumber>>,
    sources: BTreeMap<SourceId, Option<Arc<SourceRecord>>>,
    polls: BTreeMap<SourceId, Option<PollState>>,
    tagged_with: Option<Option<u64>>,
    topics: Vec<(TopicId, TopicId)>,
    /// What is kept beside entries and sources.
    beside: BTreeMap<Subject, Change>,
    pub(super) ledger: LedgerChanges,
    /// Numbers from here on are new: there is nothing to look up under them.
    new_from: (EntryNumber, StoryNumber),
}

/// A record as the store has it and as it shall be; `None` is absent.
struct Revision<T> {
    before: Option<T>,
    after: Option<T>,
}

/// The editions whose stories changed; `None` is the edition of everything.
pub type ChangedEditions = BTreeSet<Option<TopicId>>;

impl Store {
    /// Begins a set of changes that will be applied together.
    pub fn refresh(&self) -> Refresh<'_> {
        Refresh {
            store: self,
            work: RefCell::new(None),
            entries: BTreeMap::new(),
            stories: BTreeMap::new(),
            identities: BTreeMap::new(),
            sharing: BTreeMap::new(),
            sources: BTreeMap::new(),
            polls: BTreeMap::new(),
            tagged_with: None,
            topics: Vec::new(),
            beside: BTreeMap::new(),
            ledger: LedgerChanges::default(),
            new_from: self.next_entry_and_story(),
        }
    }
}

impl Refresh<'_> {
    /// Reads what is stored through the rows at hand.
    pub(super) fn read<T>(
        &self,
        look: impl FnOnce(&mut Work<Arc<Database>>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = self.store.database()?;
        let mut work = self.work.borrow_mut();
        let present = work.take().filter(|work| work.is_of(&database));
        look(work.insert(present.unwrap_or_else(|| Work::new(database))))
    }

    pub fn source(&self, id: &SourceId) -> Option<Arc<SourceRecord>> {
        match self.sources.get(id) {
            Some(change) => change.clone(),
            None => self.store.source(id),
        }
    }

    pub fn source_by_number(&self, number: SourceNumber) -> Option<(SourceId, Arc<SourceRecord>)> {
        let pending = self.sources.iter().find_map(|(id, record)| {
            record.as_ref().filter(|record| record.number == number).map(|record| (id.clone(), record.clone()))
        });
        pending.or_else(|| self.store.source_by_number(number))
    }

    pub fn put_source(&mut self, id: &SourceId, record: SourceRecord) {
        self.sources.insert(id.clone(), Some(Arc::new(record)));
    }

    /// A number that no source has had; at most one may be taken in one refresh.
    pub fn new_source_number(&self) -> SourceNumber {
        self.store.next_source_number()
    }

    /// Gives everything known of a source to another name.
    pub fn rename_source(&mut self, from: &SourceId, to: &SourceId) -> Result<(), StoreError> {
        let Some(record) = self.source(from) else { return Ok(()) };
        let state = self.poll_state(from)?;
        self.sources.insert(from.clone(), None);
        self.polls.insert(from.clone(), None);
        self.sources.insert(to.clone(), Some(record));
        self.polls.insert(to.clone(), state);
        Ok(())
    }

    pub fn poll_state(&self, id: &SourceId) -> Result<Option<PollState>, StoreError> {
        match self.polls.get(id) {
            Some(change) => Ok(change.clone()),
            None => self.store.poll_state(id),
        }
    }

    pub fn put_poll_state(&mut self, id: &SourceId, state: PollState) {
        self.polls.insert(id.clone(), Some(state));
    }

    pub fn identity(&self, source: SourceNumber, key: IdentityKey) -> Result<Option<Identity>, StoreError> {
        match self.identities.get(&(source, key)) {
            Some(change) => Ok(*change),
            None => self.read(|work| {
                let bytes = work.get(TreeName::Identities, &keys::identity(source, key))?;
                bytes.map(|bytes| codec::decode("identity", bytes)).transpose()
            }),
        }
    }

    pub fn put_identity(&mut self, source: SourceNumber, key: IdentityKey, identity: Identity) {
        self.identities.insert((source, key), Some(identity));
    }

    /// Forgets that a key was ever seen.
    pub fn remove_identity(&mut self, source: SourceNumber, key: IdentityKey) {
        self.identities.insert((source, key), None);
    }

    pub fn entry(&self, number: EntryNumber) -> Result<Option<EntryRecord>, StoreError> {
        match self.entries.get(&number) {
            Some(change) => Ok(change.after.clone()),
            None => self.stored_entry(number),
        }
    }

    /// Whether a number is new: there is nothing to look up under it.
    pub(super) fn is_new(&self, number: EntryNumber) -> bool {
        number >= self.new_from.0
    }

    fn stored_entry(&self, number: EntryNumber) -> Result<Option<EntryRecord>, StoreError> {
        if self.is_new(number) { Ok(None) } else { self.store.entry(number) }
    }

    fn stored_story(&self, number: StoryNumber) -> Result<Option<StoryRecord>, StoreError> {
        if number >= self.new_from.1 { Ok(None) } else { self.store.story(number) }
    }

    pub fn new_entry_number(&self) -> EntryNumber {
        self.store.take_entry_number()
    }

    /// Keeps a new entry, or the new state of a kept one.
    pub fn put_entry(&mut self, record: EntryRecord) -> Result<(), StoreError> {
        for key in &record.shared_keys {
            self.sharing.entry(*key).or_default().insert(record.number, record.source);
        }
        self.change_entry(record.number, Some(record))
    }

    /// Forgets an entry, what is kept beside it and all that was found of it. Its identity is left to the caller, who knows
    /// whether it may come back.
    pub fn remove_entry(&mut self, number: EntryNumber) -> Result<(), StoreError> {
        if let Some(record) = self.entry(number)? {
            let removals = [
                (self.reading(number)?.is_some(), Change::ReadingRemoved { number }),
                (self.article(number)?.is_some(), Change::ArticleRemoved { number }),
            ];
            removals.into_iter().filter(|(is_there, _)| *is_there).for_each(|(_, change)| self.put_beside(change));
            if self.store.article_job(record.source, number)?.is_some() {
                self.remove_article_job(record.source, number);
            }
        }
        for story in self.went_on_with(number)? {
            self.remove_went_on(story);
        }
        self.forget_text(number)?;
        self.change_entry(number, None)
    }

    fn change_entry(&mut self, number: EntryNumber, after: Option<EntryRecord>) -> Result<(), StoreError> {
        if let Some(change) = self.entries.get_mut(&number) {
            change.after = after;
        } else {
            let before = self.stored_entry(number)?;
            self.entries.insert(number, Revision { before, after });
        }
        Ok(())
    }

    /// The entries that hold a key and their sources, in the order they arrived, at most `limit` of them.
    pub fn sharing(&self, key: SharedKey, limit: usize) -> Result<Vec<(EntryNumber, SourceNumber)>, StoreError> {
        let stored = self.read(|work| work.stored(TreeName::Keys, &keys::shared_prefix(key), limit))?;
        let mut entries: BTreeMap<_, _> = stored.iter().filter_map(keys::read_shared_row).collect();
        entries.extend(self.sharing.get(&key).into_iter().flatten().map(|(entry, source)| (*entry, *source)));
        entries.retain(|number, _| match self.entries.get(number) {
            Some(Revision { after: Some(record), .. }) => record.shared_keys.contains(&key),
            Some(Revision { after: None, .. }) => false,
            None => true,
        });
        Ok(entries.into_iter().take(limit).collect())
    }

    pub fn story(&self, number: StoryNumber) -> Result<Option<StoryRecord>, StoreError> {
        match self.stories.get(&number) {
            Some(change) => Ok(change.after.clone()),
            None => self.stored_story(number),
        }
    }

    pub fn story_by_id(&self, id: &str) -> Result<Option<StoryNumber>, StoreError> {
        let pending = self.stories.iter().find(|(_, change)| change.after.as_ref().is_some_and(|s| s.id == id));
        if let Some((number, _)) = pending {
            return Ok(Some(*number));
        }
        let stored = self.read(|work| work.stored(TreeName::Keys, &keys::story_id(id), 1))?;
        let stored = stored.first().and_then(|(key, _)| keys::trailing_number(key)).map(StoryNumber);
        Ok(stored
            .filter(|number| self.stories.get(number).is_none_or(|c| c.after.as_ref().is_some_and(|s| s.id == id))))
    }

    pub fn new_story_number(&self) -> StoryNumber {
        self.store.take_story_number()
    }

    pub fn put_story(&mut self, record: StoryRecord) -> Result<(), StoreError> {
        self.change_story(record.number, Some(record))
    }

    pub fn remove_story(&mut self, number: StoryNumber) -> Result<(), StoreError> {
        self.change_story(number, None)
    }

    fn change_story(&mut self, number: StoryNumber, after: Option<StoryRecord>) -> Result<(), StoreError> {
        if let Some(change) = self.stories.get_mut(&number) {
            change.after = after;
        } else {
            let before = self.stored_story(number)?;
            self.stories.insert(number, Revision { before, after });
        }
        Ok(())
    }

    /// Notes the settings that every stored entry has now been tagged with; `None` while they are being tagged.
    pub fn put_tagged_with(&mut self, fingerprint: Option<u64>) {
        self.tagged_with = Some(fingerprint);
    }

    /// Every topic with the name that its feed's id is made from.
    pub(super) fn names_of_topics(&self) -> Result<BTreeMap<TopicId, TopicId>, StoreError> {
        let mut names = self.store.topics_ever()?;
        for (topic, name) in &self.topics {
            names.entry(topic.clone()).or_insert_with(|| name.clone());
        }
        Ok(names)
    }

    /// Adds topics, and the names that their feeds' ids are made from, to those the admin has ever configured.
    pub fn remember_topics(&mut self, topics: &[(TopicId, TopicId)]) {
        self.topics.extend_from_slice(topics);
    }
}
