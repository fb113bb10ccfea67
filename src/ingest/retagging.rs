//! Stored entries are tagged with other topics so that no reader ever sees half of it.
//!
//! First every entry is read with the new topics, a batch at a time between deliveries, and the account of it is kept beside
//! the entry, whose tags stay as they are. Of the entries that will have other tags only the numbers are remembered. Then all
//! of these take their new tags over, in a run of commits during which no edition is made. Meanwhile the editions of topics
//! that changed wait, since new stories are tagged with the new ones from the first moment on.
//!
//! Whatever a kill leaves undone is begun again. That tags are being taken over is on the disk before the first of them is, so
//! that after a kill no edition is made before the last of them.

use std::{collections::BTreeSet, sync::mpsc::Receiver};

use super::{Ingest, Tagging, regroup::regroup};
use crate::{
    model::{EntryNumber, TopicId},
    publish::Held,
    store::{ChangedEditions, EntryRecord, StoreError, TaggingRecord},
};

/// How far tagging again has come.
pub(super) struct Retagging {
    /// The next entry to be read; `None` once all are.
    pub next: Option<EntryNumber>,
    /// Entries whose tags are others now, in any order.
    pub differing: Vec<EntryNumber>,
    /// Entries read so far.
    pub read: u64,
    /// Entries in all, about.
    pub all: u64,
    pub press: PressState,
}

/// What the press has been told before tags are taken over.
pub(super) enum PressState {
    /// Nothing yet.
    Goes,
    /// To stop; it answers once it has.
    Stopping(Receiver<()>),
    Stopped,
}

impl Retagging {
    pub fn new(all: u64) -> Self {
        Self { next: Some(EntryNumber(0)), differing: Vec::new(), read: 0, all, press: PressState::Goes }
    }

    /// For whoever asks how things are.
    pub fn told(&self) -> String {
        match self.next {
            Some(_) => {
                let percent = (self.read * 100).checked_div(self.all).unwrap_or(100).min(99);
                format!("reading stored entries with the present topics, {percent}%")
            }
            None => format!("putting {} entries in and out of topics", self.differing.len()),
        }
    }
}

/// Entries that take their tags over in one commit.
const BATCH: usize = 200;

impl Ingest {
    /// What must not be published until the stored entries have the tags of these topics.
    pub(super) fn held_by(&self, tagging: &Tagging) -> Result<Held, StoreError> {
        if self.has_tags_of(tagging)? {
            return Ok(Held::Nothing);
        }
        let before = self.store.tagging()?;
        if before.is_under_way {
            return Ok(Held::Everything);
        }
        // After a beginning that came to no end, new entries may have tags of topics that were given up since.
        let is_begun = self.store.tagged_with()?.is_none();
        let is_other = |topic, now| is_begun || before.topics.get(topic) != Some(now);
        let changed = tagging.topic_fingerprints.iter().filter(|(topic, now)| is_other(*topic, *now));
        let changed: BTreeSet<TopicId> = changed.map(|(topic, _)| topic.clone()).collect();
        Ok(if changed.is_empty() { Held::Nothing } else { Held::Topics(changed) })
    }

    /// Whether every stored entry has the tags of these topics.
    pub(super) fn has_tags_of(&self, tagging: &Tagging) -> Result<bool, StoreError> {
        Ok(self.store.tagged_with()? == Some(tagging.fingerprint) && !self.store.tagging()?.is_under_way
            || self.store.entries_from(EntryNumber(0), 1)?.is_empty())
    }

    /// Notes that stored entries are going to have other tags, one after the other.
    pub fn begin_taking_over(&self) -> Result<(), StoreError> {
        let mut refresh = self.store.refresh();
        refresh.put_tagging(TaggingRecord { is_under_way: true, ..self.store.tagging()? });
        refresh.apply().map(drop)
    }

    /// Gives some of these entries the tags that their readings found, and takes them off the list.
    pub fn take_over(&self, differing: &mut Vec<EntryNumber>) -> Result<ChangedEditions, StoreError> {
        let rest = differing.len().saturating_sub(BATCH);
        let mut refresh = self.store.refresh();
        for number in differing.iter().skip(rest) {
            // An entry may be gone by now, or have been read anew: what counts is what is kept of its last reading.
            let (Some(record), Some(reading)) = (refresh.entry(*number)?, refresh.reading(*number)?) else { continue };
            let topics = reading.account.topics().tags();
            if topics != record.topics {
                let keys = record.shared_keys.clone();
                refresh.put_entry(EntryRecord { topics, ..record })?;
                regroup(self, &mut refresh, &[*number], &keys)?;
            }
        }
        let changed = refresh.apply()?;
        differing.truncate(rest);
        Ok(changed)
    }

    /// Notes that every stored entry has the tags of these topics.
    pub(super) fn end_tagging(&self, tagging: &Tagging) -> Result<(), StoreError> {
        let mut refresh = self.store.refresh();
        refresh.put_tagged_with(Some(tagging.fingerprint));
        let topics = tagging.topic_fingerprints.clone();
        refresh.put_tagging(TaggingRecord { topics, is_under_way: false });
        refresh.apply().map(drop)
    }
}
