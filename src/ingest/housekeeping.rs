//! What is done between deliveries: entries whose time is over go, renamed sources keep their past, and stored entries are
//! tagged again when the topics change.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use chrono::{DateTime, Duration, Utc};

use super::{readings, regroup::regroup, take_in::Ingest};
use crate::{
    model::{EntryNumber, SourceId, SourceNumber},
    store::{ChangedEditions, EntryRecord, Identity, IdentityKey, Refresh, RetentionLimits, StoreError},
    stories::shared_keys,
    text::Boilerplate,
};

/// How long a tombstone outlives the publisher's last mention of its entry, counted to the source's last document: a feed that
/// has nothing new for months still lists what it listed.
const TOMBSTONE_AGE: Duration = Duration::days(90);

/// How long a tombstone stays when its source is not read any more at all.
const TOMBSTONE_AGE_UNREAD: Duration = Duration::days(800);

/// Entries removed in one refresh: enough to be quick, few enough not to keep deliveries waiting.
const BATCH: usize = 200;

/// A source has at most so many tombstones for each entry it may have: one that mints ids does not fill the store with them.
const TOMBSTONES_FOR_AN_ENTRY: usize = 4;

/// Tombstones dropped in one refresh.
const TOMBSTONES: usize = 5_000;

/// What came of reading stored entries anew.
#[derive(Debug, Default)]
pub struct ReadAgain {
    /// Editions that changed.
    pub changed: ChangedEditions,
    /// Entries that are to have other tags.
    pub differing: Vec<EntryNumber>,
    pub read: usize,
    /// Where to go on; `None` when there are no more.
    pub next: Option<EntryNumber>,
}

impl Ingest {
    /// Removes a batch of entries that the retention no longer covers. Returns the editions that changed, and whether
    /// there is more to do.
    pub fn prune(&self, now: DateTime<Utc>) -> Result<(ChangedEditions, bool), StoreError> {
        for (_, source) in self.store.sources() {
            let pruned = self.store.outlived(source.number, source.entries, &self.rules.retention, now, BATCH)?;
            if pruned.entries.is_empty() {
                continue;
            }
            let mut refresh = self.store.refresh();
            for number in pruned.entries {
                self.forget(&mut refresh, number, now)?;
            }
            self.learn(&mut refresh, source.number, now)?;
            return Ok((refresh.apply()?, true));
        }
        if let Some((source, batch)) = self.beyond_size()? {
            let mut refresh = self.store.refresh();
            for number in batch {
                self.forget(&mut refresh, number, now)?;
            }
            self.learn(&mut refresh, source, now)?;
            return Ok((refresh.apply()?, true));
        }
        if self.prune_texts(now)? {
            return Ok((ChangedEditions::new(), true));
        }
        let horizon = |source| {
            let source = self.store.source_by_number(source);
            let read = source.and_then(|(_, source)| source.last_read).unwrap_or(DateTime::<Utc>::MIN_UTC);
            read.checked_sub_signed(TOMBSTONE_AGE).unwrap_or(read).max(now - TOMBSTONE_AGE_UNREAD)
        };
        let mut expired = self.store.expired_tombstones(horizon, TOMBSTONES)?;
        if expired.is_empty() {
            let most = (self.rules.retention.entries_per_source as usize).saturating_mul(TOMBSTONES_FOR_AN_ENTRY);
            expired = self.store.surplus_tombstones(most, TOMBSTONES)?;
        }
        let more = expired.len() == TOMBSTONES;
        self.drop_tombstones(&expired)?;
        Ok((ChangedEditions::new(), more))
    }

    /// While all together is too much: the oldest entries of the source that has most, so that whoever floods us gives way first.
    fn beyond_size(&self) -> Result<Option<(SourceNumber, Vec<EntryNumber>)>, StoreError> {
        let limits = &self.rules.retention;
        if !self.store.is_oversized(limits)? {
            return Ok(None);
        }
        let fullest = self.store.sources().into_iter().map(|(_, source)| source).max_by_key(|source| source.entries);
        let Some(source) = fullest else { return Ok(None) };
        let fewer = RetentionLimits { entries_per_source: source.entries.saturating_sub(BATCH as u64), ..*limits };
        let pruned = self.store.outlived(source.number, source.entries, &fewer, DateTime::<Utc>::MIN_UTC, BATCH)?;
        Ok(Some((source.number, pruned.entries)).filter(|(_, entries)| !entries.is_empty()))
    }

    fn drop_tombstones(&self, expired: &[(SourceNumber, IdentityKey)]) -> Result<(), StoreError> {
        let mut refresh = self.store.refresh();
        for (source, key) in expired {
            refresh.remove_identity(*source, *key);
        }
        refresh.apply().map(drop)
    }

    /// Removes an entry and leaves a tombstone; its story goes on with the other copies, or goes with it.
    pub(super) fn forget(
        &self,
        refresh: &mut Refresh<'_>,
        number: EntryNumber,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(record) = refresh.entry(number)? else { return Ok(()) };
        refresh.put_identity(record.source, record.identity, Identity::Tombstone { last_listed: now });
        self.texts.remove(number);
        refresh.remove_entry(number)?;
        let Some(story) = refresh.story(record.story)? else { return Ok(()) };
        match story.copies.iter().find(|copy| copy.entry != number) {
            Some(other) => regroup(self, refresh, &[other.entry], &record.shared_keys).map(drop)?,
            None => refresh.remove_story(story.number)?,
        }
        Ok(())
    }

    /// Gives sources that were renamed in the configuration what was known of them under their old names.
    pub fn rename_sources(&self) -> Result<(), StoreError> {
        let mut refresh = self.store.refresh();
        for (former, id) in self.sources_to_rename() {
            refresh.rename_source(former, id)?;
        }
        refresh.apply().map(drop)
    }

    pub(super) fn has_sources_to_rename(&self) -> bool {
        self.sources_to_rename().next().is_some()
    }

    /// Sources that the store knows only by a name they had before, with the name they have now.
    fn sources_to_rename(&self) -> impl Iterator<Item = (&SourceId, &SourceId)> {
        let unknown = self.rules.sources.iter().filter(|(id, _)| self.store.source(id).is_none());
        unknown.filter_map(|(id, rules)| {
            let former = rules.formerly.iter().find(|former| self.store.source(former).is_some())?;
            Some((former, id))
        })
    }

    /// Reads a batch of stored entries anew, from `first` on, and looks for their copies again. Their tags stay as they are.
    pub fn tag_again(&self, first: EntryNumber, now: DateTime<Utc>) -> Result<ReadAgain, StoreError> {
        let Some(tagger) = &self.tagger else { return Ok(ReadAgain::default()) };
        let records = self.store.entries_from(first, BATCH)?;
        let Some(last) = records.last().map(|record| record.number) else { return Ok(ReadAgain::default()) };
        let mut done = ReadAgain { next: Some(EntryNumber(last.0 + 1)), read: records.len(), ..ReadAgain::default() };
        let mut refresh = self.store.refresh();
        let mut learnt: BTreeMap<SourceNumber, Boilerplate> = BTreeMap::new();
        let mut outlined_anew = BTreeSet::new();
        for record in records {
            let boilerplate = match learnt.entry(record.source) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.store.boilerplate(record.source)?.boilerplate),
            };
            let (topics, reading) = readings::read(&refresh, &record, boilerplate, tagger)?;
            if self.keep_reading(&mut refresh, &record, Some(reading), now)? {
                outlined_anew.insert(record.source);
            }
            let shared_keys = shared_keys(&record.entry);
            if topics != record.topics {
                done.differing.push(record.number);
            }
            if shared_keys != record.shared_keys {
                // The copy in hand may be older than what this refresh has already written about its story.
                let Some(present) = refresh.entry(record.number)? else { continue };
                refresh.put_entry(EntryRecord { shared_keys: shared_keys.clone(), ..present })?;
            }
            regroup(self, &mut refresh, &[record.number], &shared_keys)?;
        }
        for source in outlined_anew {
            self.learn(&mut refresh, source, now)?;
        }
        done.changed = refresh.apply()?;
        Ok(done)
    }
}
