//! A database made anew from the journal.

use super::{
    Progress, StoreError, Watch,
    apply::apply,
    commit::{Change, Commit, CommitNumber},
    engine::Database,
    folder,
    journal::{Journal, Piece},
    open::StoreSettings,
};
use crate::memory;

/// Changes applied at once: enough that rows shared by many are written once, few enough to bound memory.
const BATCH: usize = 3_000;

/// Makes the database of a number from all that the journal holds. It is not the present one yet.
pub(super) fn rebuild(
    settings: &StoreSettings,
    journal: &Journal,
    number: u64,
    progress: Watch<'_>,
) -> Result<Database, StoreError> {
    let path = folder::database(&settings.path, number);
    let cannot = |cause| StoreError::Folder { path: path.clone(), cause };
    if path.exists() {
        std::fs::remove_dir_all(&path).map_err(cannot)?;
    }
    tracing::debug!("rebuild begins");
    let (database, _) = Database::open(&path, settings.cache_bytes)?;
    let mut batch = Batch { database: &database, changes: Vec::new(), last: CommitNumber::default() };
    let mut reading = journal.read_all()?;
    let base = reading.base().unwrap_or_default();
    while let Some(piece) = reading.next() {
        match piece? {
            // As long as some of them are missing it is as of no commit.
            Piece::Records(changes) => batch.add(CommitNumber::default(), changes)?,
            Piece::Commit(commit, _) => batch.add(commit.number, commit.changes)?,
        }
        let (done, all) = reading.progress();
        Progress { doing: "rebuilding the database from the journal", done, all }.tell(progress)?;
    }
    batch.last = batch.last.max(base);
    batch.apply()?;
    database.make_durable()?;
    drop(database);
    // sled writes down where everything is only when it opens.
    let (database, _) = Database::open(&path, settings.cache_bytes)?;
    memory::give_back();
    tracing::debug!("rebuild ends");
    Ok(database)
}

struct Batch<'a> {
    database: &'a Database,
    changes: Vec<Change>,
    last: CommitNumber,
}

impl Batch<'_> {
    fn add(&mut self, commit: CommitNumber, changes: Vec<Change>) -> Result<(), StoreError> {
        self.changes.extend(changes);
        self.last = commit;
        if self.changes.len() >= BATCH { self.apply() } else { Ok(()) }
    }

    fn apply(&mut self) -> Result<(), StoreError> {
        let commit = Commit { number: self.last, changes: std::mem::take(&mut self.changes) };
        apply(self.database, &[commit]).map(drop)
    }
}
