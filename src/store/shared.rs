use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    StoreError,
    commit::Change,
    engine::Database,
    journal::Journal,
    open::StoreSettings,
    read::{Known, Store},
};
use crate::model::{EntryNumber, SourceNumber, StoryNumber};

/// What every handle to the store shares.
pub(super) struct Shared {
    pub(super) settings: StoreSettings,
    /// Held for as long as the store is open.
    pub(super) _lock: fs::File,
    pub(super) instance: Uuid,
    /// `None` while it is closed to be opened anew.
    pub(super) database: RwLock<Option<Arc<Database>>>,
    /// The number that the database's folder has.
    pub(super) folder: AtomicU64,
    /// When it was made anew of what was kept then, if it was.
    pub(super) made: Mutex<Option<DateTime<Utc>>>,
    pub(super) journal: Journal,
    /// Held by who commits, and by who must not be disturbed by commits.
    pub(super) commits: Mutex<()>,
    /// What keeps commits out for long, if something does.
    pub(super) occupied: Mutex<Option<&'static str>>,
    pub(super) known: RwLock<Known>,
    /// Something was applied that could not be made durable.
    pub(super) is_doubtful: AtomicBool,
    /// Held for writing while what is applied is not yet durable.
    pub(super) writing: RwLock<()>,
    pub(super) next_entry: AtomicU64,
    pub(super) next_story: AtomicU64,
    /// What the journal has added to the time of commits, in microseconds.
    pub(super) journal_micros: AtomicU64,
    /// Why the journal must be written anew from the database, if it must.
    pub(super) journal_damage: Mutex<Option<String>>,
    #[cfg(test)]
    pub(super) faults: super::faults::Faults,
}

impl Shared {
    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.clone().ok_or(StoreError::Closed)
    }

    /// Keeps commits out. Whoever keeps them out for long says so by [`Shared::occupied`] first.
    pub(super) fn without_commits(&self) -> MutexGuard<'_, ()> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps commits out for long; they are to wait and not to fail.
    pub(super) fn occupy(&self, with: &'static str) -> Occupied<'_> {
        *self.occupied.lock().unwrap_or_else(PoisonError::into_inner) = Some(with);
        Occupied { _commits: self.without_commits(), shared: self }
    }

    pub(super) fn note_journal(&self, took: Duration) {
        self.journal_micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    pub(super) fn database_folder(&self, number: u64) -> PathBuf {
        super::folder::database(&self.settings.path, number)
    }
}

/// Commits are kept out until it is dropped.
pub(super) struct Occupied<'a> {
    _commits: MutexGuard<'a, ()>,
    shared: &'a Shared,
}

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        *self.shared.occupied.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The right to commit. What is applied while it is held becomes visible to publishers when it is dropped.
pub struct Writing<'a> {
    _commits: MutexGuard<'a, ()>,
    _writing: RwLockWriteGuard<'a, ()>,
}

impl Store {
    /// Held by the writer from the first change it applies until it has made them durable.
    pub fn while_writing(&self) -> Writing<'_> {
        let commits = self.0.without_commits();
        Writing { _commits: commits, _writing: self.0.writing.write().unwrap_or_else(PoisonError::into_inner) }
    }

    /// What commits have to wait for at present, if anything: [`Store::while_writing`] would take long.
    pub fn is_occupied(&self) -> Option<&'static str> {
        *self.0.occupied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_source_number(&self) -> SourceNumber {
        SourceNumber(self.known().highest + 1)
    }

    pub(super) fn take_entry_number(&self) -> EntryNumber {
        EntryNumber(self.0.next_entry.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn take_story_number(&self) -> StoryNumber {
        StoryNumber(self.0.next_story.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn next_entry_and_story(&self) -> (EntryNumber, StoryNumber) {
        let number = |next: &AtomicU64| next.load(Ordering::Relaxed);
        (EntryNumber(number(&self.0.next_entry)), StoryNumber(number(&self.0.next_story)))
    }

    pub(super) fn next_numbers(&self) -> Change {
        let (entry, story) = self.next_entry_and_story();
        Change::Next { entry, story }
    }
}
