//! Everything that is kept, or the newer part of it, as plain lines: those of the journal.
//!
//! An export is as of one commit, and commits do not wait for it: the journal is folded first, so that its base holds each
//! record once, as of the last commit, and then the base is read, which stays as it is. Where there is no room to fold,
//! the base and the commits after it are given as they are: a later line then counts over an earlier one.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    StoreError,
    commit::{Change, CommitNumber},
    journal::{FoldReason, JournalError, Piece, Reader},
    read::Store,
    records::Identity,
};
use crate::model::{EntryNumber, SourceNumber, StoryNumber};

/// The format of an export; raised when an older newsdesk could not read what this one writes.
pub(super) const FORMAT: u32 = 1;

/// A line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExportLine {
    /// The first.
    Header(ExportHeader),
    /// The last: without it an export is cut off.
    End(ExportEnd),
    Change(Box<Change>),
}

/// What an export begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportHeader {
    /// `export`, or `journal` in the journal's own files.
    pub newsdesk: String,
    pub format: u32,
    /// The store that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Uuid>,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Entries dated before this are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// What an export ends with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExportEnd {
    /// The commit as of which it is.
    pub commit: CommitNumber,
    pub at: DateTime<Utc>,
}

/// How long to wait before looking whether the journal's base may be written.
const AGAIN: Duration = Duration::from_millis(100);

impl Store {
    /// Hands out every line of an export, in order. Commits go on meanwhile and are not in it.
    ///
    /// With `since` it has the entries dated since then and all of their stories; what tells the others from new ones is kept
    /// as of entries that are gone, so that a store made from the export does not take them for news.
    ///
    /// # Errors
    /// Those of `take`, which end it; damage of the journal, which is then mended: try again.
    pub fn export<E: From<StoreError>>(
        &self,
        since: Option<DateTime<Utc>>,
        stop: &AtomicBool,
        take: &mut dyn FnMut(ExportLine) -> Result<(), E>,
    ) -> Result<CommitNumber, E> {
        let at = self.0.settings.clock.now();
        let mut snapshot = self.snapshot(if since.is_some() { 2 } else { 1 }, stop)?;
        let as_of = snapshot.as_of;
        let selection = match since {
            None => None,
            Some(since) => {
                let mut gathered = Gathered::default();
                snapshot.read(stop, &mut |change| {
                    gathered.note(&change, since);
                    Ok::<_, StoreError>(())
                })?;
                Some(gathered.selection(at))
            }
        };
        let instance = Some(self.0.instance);
        take(ExportLine::Header(ExportHeader { newsdesk: "export".into(), format: FORMAT, instance, at, since }))?;
        snapshot.read(stop, &mut |change| {
            let selected = match &selection {
                None => Some(change),
                Some(selection) => selection.of(change),
            };
            selected.map_or(Ok(()), |change| take(ExportLine::Change(Box::new(change))))
        })?;
        take(ExportLine::End(ExportEnd { commit: as_of, at }))?;
        Ok(as_of)
    }

    /// The journal as of its last commit, to be read so many times.
    fn snapshot(&self, times: usize, stop: &AtomicBool) -> Result<Snapshot<'_>, StoreError> {
        loop {
            let is_folded = self.fold_all(stop)?;
            let journal = &self.0.journal;
            let last = journal.last();
            let readers = (0..times).map(|_| journal.read_all()).collect::<Result<Vec<Reader>, _>>()?;
            let base = readers.first().and_then(Reader::base);
            // Between the readers the base may have been replaced.
            if readers.iter().all(|reader| reader.base() == base) && base.is_none_or(|base| base <= last) {
                let as_of = if is_folded { base.unwrap_or_default() } else { last };
                return Ok(Snapshot { store: self, readers, as_of });
            }
        }
    }

    /// Folds the whole journal into its base. `false` if there is no room for that.
    fn fold_all(&self, stop: &AtomicBool) -> Result<bool, StoreError> {
        if self.has_room().is_err() {
            return Ok(false);
        }
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(StoreError::Stopped);
            }
            if self.journal_damage().is_some() {
                match self.fold(stop) {
                    Ok(_) => {}
                    Err(StoreError::Journal(JournalError::Busy)) => thread::sleep(AGAIN),
                    Err(error) => return Err(error),
                }
                continue;
            }
            match self.0.journal.fold(FoldReason::Removal, stop) {
                Ok(Some(folded)) if folded.more => {}
                Ok(_) => return Ok(true),
                Err(JournalError::Busy) => thread::sleep(AGAIN),
                Err(JournalError::Damaged(_)) => self.verify_journal(stop)?,
                Err(error) if error.is_out_of_room() => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The journal as of one commit.
struct Snapshot<'a> {
    store: &'a Store,
    readers: Vec<Reader>,
    as_of: CommitNumber,
}

impl Snapshot<'_> {
    /// Reads it once.
    fn read<E: From<StoreError>>(
        &mut self,
        stop: &AtomicBool,
        take: &mut dyn FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(reader) = self.readers.pop() else { return Ok(()) };
        for piece in reader {
            if stop.load(Ordering::Relaxed) {
                return Err(StoreError::Stopped.into());
            }
            let piece = match piece {
                Err(damaged @ JournalError::Damaged(_)) => {
                    // Once it is known, it is mended from the database, by the next export at the latest.
                    self.store.verify_journal(stop)?;
                    return Err(StoreError::from(damaged).into());
                }
                other => other.map_err(StoreError::from)?,
            };
            let changes = match piece {
                Piece::Records(changes) => changes,
                Piece::Commit(commit, _) if commit.number > self.as_of => return Ok(()),
                Piece::Commit(commit, _) => commit.changes,
            };
            changes.into_iter().try_for_each(&mut *take)?;
        }
        Ok(())
    }
}

/// Every entry's story and source, and whether it is wanted by its date.
#[derive(Default)]
struct Gathered(HashMap<EntryNumber, (StoryNumber, SourceNumber, bool)>);

impl Gathered {
    fn note(&mut self, change: &Change, since: DateTime<Utc>) {
        match change {
            Change::Entry(record) => {
                self.0.insert(record.number, (record.story, record.source, record.dated() >= since));
            }
            Change::EntryRemoved { number } => {
                self.0.remove(number);
            }
            _ => {}
        }
    }

    fn selection(self, at: DateTime<Utc>) -> Selection {
        let wanted = self.0.values().filter(|(_, _, is_wanted)| *is_wanted);
        let stories: HashSet<StoryNumber> = wanted.map(|(story, ..)| *story).collect();
        let whole = self.0.into_iter().filter(|(_, (story, ..))| stories.contains(story));
        let entries: HashMap<EntryNumber, SourceNumber> =
            whole.map(|(entry, (_, source, _))| (entry, source)).collect();
        let mut kept: HashMap<SourceNumber, u64> = HashMap::new();
        for source in entries.values() {
            *kept.entry(*source).or_default() += 1;
        }
        Selection { entries, stories, kept, at }
    }
}

/// Whole stories: those of which an entry is wanted.
struct Selection {
    entries: HashMap<EntryNumber, SourceNumber>,
    stories: HashSet<StoryNumber>,
    /// Entries of each source.
    kept: HashMap<SourceNumber, u64>,
    at: DateTime<Utc>,
}

impl Selection {
    /// What a change comes to when nothing but the selection is kept.
    fn of(&self, change: Change) -> Option<Change> {
        match change {
            Change::Entry(record) => self.entries.contains_key(&record.number).then_some(Change::Entry(record)),
            Change::Story(record) => self.stories.contains(&record.number).then_some(Change::Story(record)),
            Change::Reading(record) => self.entries.contains_key(&record.number).then_some(Change::Reading(record)),
            Change::Article(record) => self.entries.contains_key(&record.number).then_some(Change::Article(record)),
            Change::ArticleJob(job) => self.entries.contains_key(&job.number).then_some(Change::ArticleJob(job)),
            // Numbers are given once: what is in the selection was never taken out.
            Change::EntryRemoved { .. } | Change::StoryRemoved { .. } => None,
            Change::ReadingRemoved { .. } | Change::ArticleRemoved { .. } => None,
            Change::Text(record) => self.entries.contains_key(&record.number).then_some(Change::Text(record)),
            Change::Pair { a, b, is } => {
                [a, b].iter().all(|entry| self.entries.contains_key(entry)).then_some(Change::Pair { a, b, is })
            }
            Change::TextRemoved { .. } | Change::PairRemoved { .. } => None,
            Change::Source { id, mut record } => {
                record.entries = self.kept.get(&record.number).copied().unwrap_or_default();
                Some(Change::Source { id, record })
            }
            Change::Identity { source, key, is: Identity::Kept { entry, .. } }
                if !self.entries.contains_key(&entry) =>
            {
                Some(Change::Identity { source, key, is: Identity::Tombstone { last_listed: self.at } })
            }
            other => Some(other),
        }
    }
}
