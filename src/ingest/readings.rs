//! How entries are understood is kept, and what a source repeats is learnt from it.
//!
//! What is learnt of a source is in the same commit as the entries it is learnt from, so that it never depends on the order
//! in which they came. When it moves, the entries that it touches are read again: those of the newest in the same commit if
//! they are few, all others between deliveries. A mark on what was learnt says that this is not done yet.

use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};

use super::{Delivery, EntryReading, Ingest, regroup::regroup};
use crate::{
    model::{Entry, EntryNumber, SourceId, SourceNumber, TopicScore},
    store::{BoilerplateRecord, ChangedEditions, EntryRecord, Outlined, ReadingRecord, Refresh, StoreError},
    text::{Boilerplate, WINDOW},
};

/// Reads an entry with the topics of today.
pub type Tagger = Arc<dyn Fn(&UnreadEntry<'_>) -> (Vec<TopicScore>, EntryReading) + Send + Sync>;

/// All that an entry's reading depends on, besides the topics.
pub struct UnreadEntry<'a> {
    pub entry: &'a Entry,
    pub source: Option<&'a SourceId>,
    /// What the source repeats.
    pub boilerplate: &'a Boilerplate,
    /// The article on the page behind its link, sanitised HTML, if that is known.
    pub article: Option<&'a str>,
}

/// So many entries are read again in the commit that made it necessary.
const AT_ONCE: usize = 24;

/// Outlines looked at, and at most read again, in one step between deliveries.
const STEP: usize = 200;

/// How far reading a source's entries again has come.
#[derive(Debug, Clone)]
pub(super) struct Settling {
    source: SourceNumber,
    /// What its entries are being brought to.
    version: u64,
    after: Option<Outlined>,
}

impl Ingest {
    /// Keeps how an entry was understood, unless what is kept tells the same. `record` is as it is kept. Returns whether its
    /// outline is another than before, from which its source's boilerplate is learnt.
    pub(super) fn keep_reading(
        &self,
        refresh: &mut Refresh<'_>,
        record: &EntryRecord,
        reading: Option<EntryReading>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(EntryReading { tagged_with, cut, account, mut outline }) = reading else { return Ok(false) };
        outline.date = record.entry.published.or(record.entry.updated).map(|date| date.timestamp());
        let before = refresh.reading(record.number)?;
        let is_outlined = before.as_ref().is_some_and(|before| before.outline == outline);
        let is_kept =
            is_outlined && before.is_some_and(|before| before.cut == cut && before.account.tells_the_same(&account));
        if !is_kept {
            let (number, source) = (record.number, record.source);
            refresh.put_reading(ReadingRecord { number, source, at: now, tagged_with, cut, account, outline });
        }
        Ok(!is_outlined)
    }

    /// Learns what a source repeats from its entries as they are in this refresh.
    pub(super) fn learn(
        &self,
        refresh: &mut Refresh<'_>,
        source: SourceNumber,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let newest = refresh.newest_outlines(source, WINDOW)?;
        let boilerplate = Boilerplate::learn(newest.iter().map(|one| &one.outline));
        let before = refresh.boilerplate(source)?;
        let mut others: Vec<EntryNumber> = newest
            .iter()
            .cloned()
            .chain(refresh.changed_outlines(source))
            .filter(|one| one.cut != boilerplate.cut_print(&one.outline))
            .map(|one| one.number)
            .collect();
        others.sort_unstable();
        others.dedup();
        let mut is_unsettled = before.is_unsettled;
        if boilerplate.version() != before.boilerplate.version() {
            // Whether older entries are touched is looked at later.
            is_unsettled |= self.has_older(refresh, source, newest.last())?;
        }
        if !others.is_empty() {
            let (now_read, later) = others.split_at(others.len().min(AT_ONCE));
            match &self.tagger {
                Some(tagger) => {
                    for number in now_read {
                        self.read_again(refresh, *number, &boilerplate, tagger, now)?;
                    }
                    is_unsettled |= !later.is_empty();
                }
                None => is_unsettled = true,
            }
        }
        let record = BoilerplateRecord { boilerplate, is_unsettled };
        if record != before {
            refresh.put_boilerplate(source, record);
        }
        if is_unsettled {
            self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).insert(source);
        }
        Ok(())
    }

    fn has_older(
        &self,
        refresh: &Refresh<'_>,
        source: SourceNumber,
        oldest: Option<&Outlined>,
    ) -> Result<bool, StoreError> {
        let Some(oldest) = oldest else { return Ok(false) };
        let older = self.store.outlines_after(source, Some(oldest), STEP)?;
        for one in older {
            // Its row may be the former one of an entry that this refresh has changed.
            if refresh.reading(one.number)?.is_some_and(|reading| reading.outline == one.outline) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads a kept entry again, and brings its story up to date.
    pub(super) fn read_again(
        &self,
        refresh: &mut Refresh<'_>,
        number: EntryNumber,
        boilerplate: &Boilerplate,
        tagger: &Tagger,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(record) = refresh.entry(number)? else { return Ok(()) };
        let (topics, reading) = read(refresh, &record, boilerplate, tagger)?;
        self.keep_reading(refresh, &record, Some(reading), now)?;
        if topics != record.topics {
            let keys = record.shared_keys.clone();
            refresh.put_entry(EntryRecord { topics, ..record })?;
            regroup(self, refresh, &[number], &keys)?;
        }
        Ok(())
    }

    /// Looks for sources of which entries were still to be read again when newsdesk ended.
    pub(super) fn find_unsettled(&self) -> Result<(), StoreError> {
        let learnt = self.store.boilerplates()?.into_iter();
        let unsettled = learnt.filter(|(_, record)| record.is_unsettled).map(|(source, _)| source);
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).extend(unsettled);
        Ok(())
    }

    /// Whether entries are to be read again because of what was learnt.
    pub fn is_unsettled(&self) -> bool {
        !self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Reads some entries again that what was learnt of their source has touched. Returns the editions that changed.
    pub fn settle(&self, now: DateTime<Utc>) -> Result<ChangedEditions, StoreError> {
        let Some(tagger) = &self.tagger else {
            self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).clear();
            return Ok(ChangedEditions::new());
        };
        let mut unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(source) = unsettled.first().copied() else { return Ok(ChangedEditions::new()) };
        let learnt = self.store.boilerplate(source)?;
        let version = learnt.boilerplate.version();
        let mut settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let after = match settling.take() {
            Some(begun) if begun.source == source && begun.version == version => begun.after,
            _ => None,
        };
        let outlines = self.store.outlines_after(source, after.as_ref(), STEP)?;
        let mut refresh = self.store.refresh();
        for one in outlines.iter().filter(|one| one.cut != learnt.boilerplate.cut_print(&one.outline)) {
            self.read_again(&mut refresh, one.number, &learnt.boilerplate, tagger, now)?;
        }
        if outlines.len() < STEP {
            refresh.put_boilerplate(source, BoilerplateRecord { is_unsettled: false, ..learnt });
        }
        let changed = refresh.apply()?;
        if outlines.len() < STEP {
            unsettled.remove(&source);
        } else {
            *settling = Some(Settling { source, version, after: outlines.last().cloned() });
        }
        Ok(changed)
    }
}

impl Ingest {
    /// Reads a delivery again that was read with the topics of another day.
    pub(super) fn read_for_today(&self, delivery: &mut Delivery) -> Result<(), StoreError> {
        let (Some(reading), Some(tagger)) = (&mut delivery.reading, &self.tagger) else { return Ok(()) };
        let learnt = match self.store.source(&delivery.source) {
            Some(source) => self.store.boilerplate(source.number)?,
            None => BoilerplateRecord::default(),
        };
        for tagged in &mut reading.entries {
            let source = Some(&delivery.source);
            let unread = UnreadEntry { entry: &tagged.entry, source, boilerplate: &learnt.boilerplate, article: None };
            let (topics, reading) = tagger(&unread);
            // What it is compared by stays: that does not depend on topics.
            (tagged.topics, tagged.reading) = (topics, Some(reading));
        }
        Ok(())
    }
}

/// The topics of a kept entry and how it is understood, with all that is known of it.
pub(super) fn read(
    refresh: &Refresh<'_>,
    record: &EntryRecord,
    boilerplate: &Boilerplate,
    tagger: &Tagger,
) -> Result<(Vec<TopicScore>, EntryReading), StoreError> {
    let source = refresh.source_by_number(record.source).map(|(id, _)| id);
    let article = refresh.article(record.number)?;
    let article = article.as_ref().map(|article| article.html.as_str());
    Ok(tagger(&UnreadEntry { entry: &record.entry, source: source.as_ref(), boilerplate, article }))
}
