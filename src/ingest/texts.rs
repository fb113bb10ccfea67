//! The texts of the last days, held in memory so that an entry's copies are found when it comes.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use tracing::debug;

use super::take_in::{FUTURE_TOLERANCE, Ingest};
use crate::{
    model::{Enclosure, Entry, EntryNumber},
    store::{ChangedEditions, EntryRecord, Learnt, Refresh, SourceRecord, Store, StoreError, TextRecord},
    stories::{COPY_WINDOW, CopyIndex, EntryText, Link, Verdict, link_hash, publisher},
};

/// An entry is compared with those dated within [`COPY_WINDOW`] of it; one that comes so late after its date still finds them
/// all.
const LATE: Duration = Duration::hours(24);

/// What is kept of texts: articles on one event follow each other for seven days.
const KEPT: Duration = Duration::days(8);

/// So many entries of one text are noted with each of them, and so many that are alike but kept apart.
const MOST_SAME: usize = 64;
const MOST_APART: usize = 8;

/// So many pairs are compared when entries are found to be around each other.
const MOST_COMPARED: usize = 4_096;

/// Texts read from the store, or removed, in one go.
const BATCH: usize = 500;

/// The index of the window. It follows the store: what it holds is read from there once, and put in as it is committed.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// `None` until it is read from the store, and after a commit that failed.
    index: Option<CopyIndex>,
    /// When the last delivery came.
    now: DateTime<Utc>,
}

impl Texts {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the window from the store, unless it is held already, and lets go of what has left it.
    pub(super) fn fill(&self, store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut held = self.held();
        held.now = now;
        let horizon = held.now - COPY_WINDOW - LATE;
        if let Some(index) = &mut held.index {
            index.evict_before(horizon);
            return Ok(());
        }
        let mut index = CopyIndex::new(store.publisher_boilerplate()?);
        let mut first = EntryNumber(0);
        loop {
            let texts = store.texts_from(first, BATCH)?;
            let Some(last) = texts.last() else { break };
            first = EntryNumber(last.number.0 + 1);
            texts.iter().filter(|text| text.dated >= horizon).for_each(|text| index.insert(text.entry()));
        }
        debug!(entries = index.len(), bytes = index.bytes(), "the texts of the last days are read");
        held.index = Some(index);
        Ok(())
    }

    /// Lets go of all: the store is not as it was thought to be, or something else was learnt. It is read again when it is next
    /// needed.
    pub(super) fn forget(&self) {
        self.held().index = None;
    }

    /// How many entries are held.
    pub(super) fn len(&self) -> usize {
        self.held().index.as_ref().map_or(0, CopyIndex::len)
    }

    pub(super) fn remove(&self, entry: EntryNumber) {
        if let Some(index) = &mut self.held().index {
            index.remove(entry);
        }
    }
}

impl Ingest {
    /// Compares a new or revised entry with those of the window and notes what was found. Returns the entries it was alike with
    /// before and is no more.
    pub(super) fn look_for_copies(
        &self,
        refresh: &mut Refresh<'_>,
        record: &EntryRecord,
        text: EntryText,
        source: &SourceRecord,
    ) -> Result<Vec<EntryNumber>, StoreError> {
        let mut held = self.texts.held();
        let now = held.now;
        let dated = appeared(record);
        if dated < now - KEPT {
            return Ok(Vec::new());
        }
        let text = TextRecord {
            number: record.number,
            publisher: publisher(&record.entry, &source.first_url),
            dated,
            link: link_hash(&record.entry),
            wording: text.wording,
            terms: text.terms,
        };
        if refresh.text(record.number)?.as_ref() == Some(&text) {
            return Ok(Vec::new());
        }
        let entry = text.entry();
        refresh.put_text(text);
        let Some(index) = held.index.as_mut().filter(|_| dated >= now - COPY_WINDOW - LATE) else {
            return Ok(Vec::new());
        };
        let mut links = worth_noting(index.compare(entry.clone()));
        index.insert(entry);
        let recordings = recordings(&record.entry);
        if !recordings.is_empty() {
            let mut error = None;
            links.retain(|link| match refresh.entry(link.other) {
                Ok(Some(other)) => other.source != record.source || self::recordings(&other.entry) == recordings,
                Ok(None) => true,
                Err(cause) => {
                    error.get_or_insert(cause);
                    true
                }
            });
            error.map_or(Ok(()), Err)?;
        }
        let mut alike_no_more = Vec::new();
        for (other, _) in refresh.pairs_of(record.number)? {
            // What has left the window is what it was.
            if index.contains(other) && links.iter().all(|link| link.other != other) {
                refresh.remove_pair(record.number, other);
                alike_no_more.push(other);
            }
        }
        for link in links {
            refresh.put_pair(link.entry, link.other, link.comparison);
        }
        Ok(alike_no_more)
    }

    /// Finds what keeps entries apart that would meet in one story: of any two that do not share a key and were not compared yet.
    pub(super) fn compare_around(
        &self,
        refresh: &mut Refresh<'_>,
        keyed: &[Vec<EntryNumber>],
        links: &mut Vec<Link>,
    ) -> Result<(), StoreError> {
        let all: usize = keyed.iter().map(Vec::len).sum();
        let within: usize = keyed.iter().map(|group| group.len() * group.len()).sum();
        if keyed.len() < 2 || all < 3 || (all * all - within) / 2 > MOST_COMPARED {
            return Ok(());
        }
        let compared: BTreeSet<(EntryNumber, EntryNumber)> =
            links.iter().map(|link| (link.entry.min(link.other), link.entry.max(link.other))).collect();
        let held = self.texts.held();
        let Some(index) = &held.index else { return Ok(()) };
        let mut texts = Vec::new();
        for (group, entry) in
            keyed.iter().enumerate().flat_map(|(group, entries)| entries.iter().map(move |e| (group, e)))
        {
            texts.extend(refresh.text(*entry)?.map(|text| (group, text)));
        }
        for (place, (group, text)) in texts.iter().enumerate() {
            for (_, other) in texts.iter().skip(place + 1).filter(|(other, _)| other != group) {
                let pair = (text.number.min(other.number), text.number.max(other.number));
                if compared.contains(&pair) || (text.dated - other.dated).abs() > COPY_WINDOW {
                    continue;
                }
                let comparison = index.compare_two(text.entry(), other.entry());
                if comparison.verdict != Verdict::Unlike {
                    refresh.put_pair(pair.0, pair.1, comparison);
                    links.push(Link { entry: pair.0, other: pair.1, comparison });
                }
            }
        }
        Ok(())
    }

    /// Keeps what was learnt; entries that come from here on are compared by it. Returns the editions that may show it.
    pub(super) fn keep_learnt(&self, learnt: Learnt) -> Result<ChangedEditions, StoreError> {
        let mut refresh = self.store.refresh();
        refresh.put_learnt(learnt);
        let mut changed = refresh.apply()?;
        self.texts.forget();
        let now = self.texts.held().now;
        self.texts.fill(&self.store, now)?;
        changed.insert(None);
        changed.extend(self.store.topics_of_all()?.into_iter().map(Some));
        Ok(changed)
    }

    /// Removes a batch of texts that nothing can be compared with any more. Returns whether there is more to do.
    pub(super) fn prune_texts(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let texts = self.store.texts_from(EntryNumber(0), BATCH)?;
        let mut refresh = self.store.refresh();
        let mut outlived = 0;
        // Numbers follow the order of arrival, so that the oldest come first but for those that came late.
        for text in texts.iter().filter(|text| text.dated < now - KEPT) {
            refresh.remove_text(text.number)?;
            outlived += 1;
        }
        refresh.apply()?;
        // A few that are dated after their arrival may stand before the others.
        Ok(outlived > 0)
    }
}

/// The nearest of those that an entry shares its text with, and of those it is kept apart from: some feeds repeat one text in
/// every entry. What else keeps two of a story's entries apart is found once they would meet.
fn worth_noting(links: Vec<Link>) -> Vec<Link> {
    let (mut same, mut apart): (Vec<Link>, Vec<Link>) =
        links.into_iter().partition(|link| matches!(link.comparison.verdict, Verdict::SameText(_)));
    for (links, most) in [(&mut same, MOST_SAME), (&mut apart, MOST_APART)] {
        // Stable: of equally near ones the earliest.
        links.sort_by_key(|link| Reverse(link.comparison.closeness()));
        links.truncate(most);
    }
    same.append(&mut apart);
    same
}

/// What an entry has to be listened to or watched. Two of a source are two pieces, however alike their descriptions: the news of
/// every hour has one title and one text.
fn recordings(entry: &Entry) -> Vec<&str> {
    let is_recording = |enclosure: &&Enclosure| {
        let media_type = enclosure.media_type.as_deref().unwrap_or_default();
        media_type.starts_with("audio/") || media_type.starts_with("video/")
    };
    entry.enclosures.iter().filter(is_recording).map(|enclosure| enclosure.url.as_str()).collect()
}

/// When an entry appeared, as far as copies of it go: the publisher's word, which stays when the entry is revised; without a
/// believable one, when it counted as news.
pub(super) fn appeared(record: &EntryRecord) -> DateTime<Utc> {
    let believable = |date: &DateTime<Utc>| *date <= record.first_seen + FUTURE_TOLERANCE;
    record.entry.published.filter(believable).unwrap_or(record.first_dated)
}
