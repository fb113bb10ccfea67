//! The one way to write: first the journal, then the database, then both to the disk side by side.

use std::{
    io,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    StoreError,
    apply::prepare,
    commit::{Change, Commit},
    engine::{Database, Work},
    open::{next_numbers, roll_forward},
    read::{Store, known_sources},
    refresh::ChangedEditions,
};

impl Store {
    /// Keeps changes as one commit; `work` is what was read to decide on them. The caller sees to it that nobody else does so
    /// meanwhile.
    pub(super) fn commit(
        &self,
        changes: Vec<Change>,
        work: Option<Work<Arc<Database>>>,
    ) -> Result<ChangedEditions, StoreError> {
        self.has_room()?;
        let database = self.database()?;
        let work = work.filter(|work| work.is_of(&database));
        let work = work.unwrap_or_else(|| Work::new(database.clone()));
        let last = self.0.journal.last();
        if database.last_commit() != last {
            return Err(StoreError::Behind { database: database.last_commit(), journal: last });
        }
        #[cfg(test)]
        self.0.faults.check(super::faults::Fault::Append)?;
        let commit = Commit { number: last.next(), changes };
        // What cannot be applied must not be in the journal either.
        let commits = std::slice::from_ref(&commit);
        let (begun, mut preparing) = (Instant::now(), Duration::ZERO);
        let (writes, changed) = self.0.journal.append_if(commits, self.0.settings.clock.now(), || {
            let begun = Instant::now();
            let prepared = prepare(work, commits);
            preparing = begun.elapsed();
            prepared
        })?;
        self.0.note_journal(begun.elapsed().saturating_sub(preparing));
        #[cfg(test)]
        self.0.faults.check(super::faults::Fault::Apply)?;
        database.write(commit.number, &writes)?;
        Ok(changed)
    }

    /// Returns when everything applied so far is on the disk: the journal through the drive's cache, the database in the
    /// system's hands at least, so that neither a kill nor a power cut loses it, nor a kill and then damage to one of them.
    ///
    /// # Errors
    /// What was applied since the last success may or may not be there after a crash, each commit whole.
    pub fn make_durable(&self) -> Result<(), StoreError> {
        let result = self.try_make_durable();
        if result.is_err() {
            self.0.is_doubtful.store(true, Ordering::Release);
        }
        result
    }

    fn try_make_durable(&self) -> Result<(), StoreError> {
        let database = self.database()?;
        let journal = &self.0.journal;
        thread::scope(|scope| {
            let syncing = scope.spawn(|| journal.sync());
            let flushed = database.flush();
            let flushed_at = Instant::now();
            #[cfg(test)]
            let flushed = flushed.and(self.0.faults.check(super::faults::Fault::Flush));
            let synced =
                syncing.join().map_err(|_| StoreError::Write(io::Error::other("the journal's writer panicked")))?;
            self.0.note_journal(flushed_at.elapsed());
            #[cfg(test)]
            self.0.faults.check(super::faults::Fault::Sync)?;
            synced?;
            flushed
        })
    }

    /// How much longer commits have taken since the store was opened than they would have without the journal.
    pub fn journal_time(&self) -> Duration {
        Duration::from_micros(self.0.journal_micros.load(Ordering::Relaxed))
    }

    /// Opens the database anew after it failed, and brings it up to the journal. Harmless when nothing is wrong.
    ///
    /// # Errors
    /// When it still cannot be written; then try again later.
    pub fn recover(&self) -> Result<(), StoreError> {
        let _commits = self.0.without_commits();
        self.has_room()?;
        let mut present = self.0.database.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever is still reading ends soon; sled lets nobody open the files before.
        drop(present.take());
        #[cfg(test)]
        self.0.faults.check(super::faults::Fault::Flush)?;
        #[cfg(test)]
        self.0.faults.check(super::faults::Fault::Sync)?;
        let path = self.0.database_folder(self.0.folder_number());
        let (database, repair) = super::engine::Database::open(&path, self.0.settings.cache_bytes)?;
        roll_forward(&self.0.journal, &database)?;
        database.make_durable()?;
        self.0.journal.sync()?;
        self.take_over(&database)?;
        *present = Some(Arc::new(database));
        drop(present);
        self.0.is_doubtful.store(false, Ordering::Release);
        if let Some(what) = repair {
            self.note_repair(what);
        }
        Ok(())
    }

    /// What is held in memory follows a database that was opened.
    pub(super) fn take_over(&self, database: &super::engine::Database) -> Result<(), StoreError> {
        *self.known_mut() = known_sources(database)?;
        let (entry, story) = next_numbers(database)?;
        self.0.next_entry.fetch_max(entry.0, Ordering::Relaxed);
        self.0.next_story.fetch_max(story.0, Ordering::Relaxed);
        Ok(())
    }

    /// What the disk does wrong, for tests.
    #[cfg(test)]
    pub(crate) fn faults(&self) -> &super::faults::Faults {
        &self.0.faults
    }

    /// Whether there is as much room on the disk as the settings demand.
    pub fn has_room(&self) -> Result<(), StoreError> {
        #[cfg(test)]
        if self.0.faults.has(super::faults::Fault::Room) {
            return Err(StoreError::NoRoom { path: self.0.settings.path.clone(), free: 0, floor: 1 });
        }
        let floor = self.0.settings.free_space;
        if floor == 0 {
            return Ok(());
        }
        let path = &self.0.settings.path;
        match rustix::fs::statvfs(path) {
            Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < floor => {
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                Err(StoreError::NoRoom { path: path.clone(), free, floor })
            }
            _ => Ok(()),
        }
    }
}
