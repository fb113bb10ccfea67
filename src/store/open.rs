use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use uuid::Uuid;

use super::{
    StoreError, Watch,
    apply::{INSTANCE, NEXT, apply},
    codec,
    commit::{Change, Commit, CommitNumber},
    engine::{Database, TreeName},
    folder::{self, Present, Repair},
    journal::{Journal, JournalError, JournalSettings, Piece},
    read::{Store, known_sources},
    rebuild::rebuild,
    shared::Shared,
    upgrade,
};
use crate::{
    clock::Clock,
    model::{EntryNumber, StoryNumber},
};

/// Where the store is and how much it may take.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    pub path: PathBuf,
    /// Memory for what was read lately, bytes. sled gets half of it for its pages, and needs twice what it gets.
    pub cache_bytes: u64,
    /// With less room than this on the disk nothing more is kept until there is more, bytes.
    pub free_space: u64,
    /// Dates the journal.
    pub clock: Clock,
}

impl StoreSettings {
    /// A store in a folder, with a small cache and no demand for room.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), cache_bytes: 32 << 20, free_space: 0, clock: Clock::system() }
    }
}

/// An opened store, and what had to be done to open it.
pub struct Opened {
    pub store: Store,
    /// For the admin: each thing that was mended. Empty in ordinary life.
    pub repairs: Vec<String>,
}

/// Commits rolled forward at once.
const ROLL: usize = 200;

impl Store {
    /// Opens or creates the store.
    ///
    /// # Errors
    /// When it is in use, newer than this newsdesk, or neither database nor journal can be read.
    pub fn open(settings: &StoreSettings) -> Result<Opened, StoreError> {
        Self::open_with(settings, &|_| true)
    }

    /// As [`Store::open`]; says how far it is when that takes long.
    ///
    /// The ladder: the database is opened, a damaged snapshot of it set aside if need be; commits that only the journal has are
    /// rolled forward onto it; a database that is missing, cannot be opened or is older than the journal's base is rebuilt
    /// from the journal, and a damaged one kept aside. A journal that lacks anything the database has is written anew from it.
    pub fn open_with(settings: &StoreSettings, progress: Watch<'_>) -> Result<Opened, StoreError> {
        let path = &settings.path;
        tracing::debug!("opening begins");
        folder::create_private(path).map_err(|cause| StoreError::Folder { path: path.clone(), cause })?;
        let lock = folder::lock(path)?;
        let mut repairs = Vec::new();
        let present = Present::read(path)?;
        let is_old = present.is_none() && upgrade::is_format_1(path);
        let known_instance = present.and_then(|present| present.instance);
        let (journal, journal_damage) = open_journal(path, known_instance)?;
        let present = match present {
            Some(present) => present,
            None if is_old => upgrade::from_format_1(settings, &journal, progress)?,
            None => Present {
                format: folder::FORMAT,
                database: folder::oldest_database(path),
                instance: journal.instance(),
                made: None,
            },
        };
        let mut opening = Opening { settings, journal: &journal, journal_damage, present, repairs: &mut repairs };
        let before = opening.present;
        let database = opening.database(progress)?;
        let journal_damage = opening.journal_damage.take();
        let number = opening.present.database;
        let made = before.made.filter(|_| number == before.database);
        let instance = instance(&journal, &database, settings)?;
        let (entry, story) = next_numbers(&database)?;
        let store = Store(Arc::new(Shared {
            settings: settings.clone(),
            _lock: lock,
            instance,
            known: RwLock::new(known_sources(&database)?),
            database: RwLock::new(Some(Arc::new(database))),
            folder: AtomicU64::new(number),
            made: Mutex::new(made),
            journal,
            commits: Mutex::new(()),
            occupied: Mutex::new(None),
            is_doubtful: AtomicBool::new(false),
            writing: RwLock::default(),
            journal_micros: AtomicU64::new(0),
            next_entry: AtomicU64::new(entry.0),
            next_story: AtomicU64::new(story.0),
            journal_damage: Mutex::new(journal_damage),
            #[cfg(test)]
            faults: Default::default(),
        }));
        store.make_durable()?;
        Present { format: folder::FORMAT, database: number, instance: Some(instance), made }.write(path)?;
        for what in &repairs {
            folder::note_repair(path, &Repair { at: settings.clock.now(), what: what.clone() });
        }
        tracing::debug!("opening ends");
        Ok(Opened { store, repairs })
    }
}

struct Opening<'a> {
    settings: &'a StoreSettings,
    journal: &'a Journal,
    /// What the journal lacks, if anything.
    journal_damage: Option<String>,
    present: Present,
    repairs: &'a mut Vec<String>,
}

impl Opening<'_> {
    fn database(&mut self, progress: Watch<'_>) -> Result<Database, StoreError> {
        let store = &self.settings.path;
        let cannot = |cause| StoreError::Folder { path: store.clone(), cause };
        let path = folder::database(store, self.present.database);
        let is_there = path.exists();
        if !is_there && self.journal.last() > CommitNumber::default() {
            return self.rebuild("the database is gone".into(), progress);
        }
        std::fs::create_dir_all(store.join("db")).map_err(cannot)?;
        folder::clear_databases(store, self.present.database).map_err(cannot)?;
        let opened = Database::open(&path, self.settings.cache_bytes);
        let (database, repair) = match opened {
            Ok(opened) => opened,
            Err(error) if error.is_damage() => return self.rebuild(error.damage(), progress),
            Err(error) => return Err(error),
        };
        self.repairs.extend(repair);
        match self.roll_forward(&database) {
            Ok(()) => Ok(database),
            Err(error) if error.is_folded() => {
                let why = format!("it ends with commit {}, before the journal's base", database.last_commit().0);
                drop(database);
                self.rebuild(why, progress)
            }
            Err(error) if error.is_damage() => {
                drop(database);
                self.rebuild(error.damage(), progress)
            }
            Err(error) => Err(error),
        }
    }

    fn roll_forward(&mut self, database: &Database) -> Result<(), StoreError> {
        let behind = database.last_commit();
        let last = self.journal.last();
        if behind > last {
            let cause = format!("it ends with commit {}, the database has {}", last.0, behind.0);
            self.journal_damage.get_or_insert(cause);
            // From here on the journal's commits follow the database's; what it lacks comes with the new base.
            drop(self.journal.write_base(behind, self.settings.clock.now())?);
            return Ok(());
        }
        match roll_forward(self.journal, database) {
            Err(StoreError::Journal(JournalError::Damaged(damage))) => {
                // What the database has is whole, and the journal is written anew from it: what counted is in both. Commits
                // that only the damaged journal has never counted, and their numbers are passed over.
                let given_up = format!("{damage}; what it had after commit {} is given up", database.last_commit().0);
                self.journal_damage = Some(given_up);
                apply(database, &[Commit { number: last, changes: Vec::new() }])?;
                Ok(())
            }
            other => other,
        }
    }

    /// Builds the database anew from the journal, and keeps the one there was aside.
    fn rebuild(&mut self, why: String, progress: Watch<'_>) -> Result<Database, StoreError> {
        let store = &self.settings.path;
        if let Some(damage) = &self.journal_damage {
            let cause = format!("{why}; and the journal cannot replace it: {damage}");
            return Err(StoreError::Damaged { path: store.clone(), cause });
        }
        let cannot = |cause| StoreError::Folder { path: store.clone(), cause };
        let number = self.present.database + 1;
        folder::clear_databases(store, self.present.database).or_else(ignore_missing).map_err(cannot)?;
        let database = rebuild(self.settings, self.journal, number, progress)?;
        let aside = folder::set_aside(store, self.present.database, self.settings.clock.now()).map_err(cannot)?;
        self.present.database = number;
        self.present.made = None;
        self.present.write(store)?;
        let kept = aside.map(|aside| format!("; what there was is kept in {}", aside.display())).unwrap_or_default();
        self.repairs.push(format!("the database was rebuilt from the journal, complete, because {why}{kept}"));
        Ok(database)
    }
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Applies the commits that only the journal has.
pub(super) fn roll_forward(journal: &Journal, database: &Database) -> Result<(), StoreError> {
    let mut batch: Vec<Commit> = Vec::new();
    if database.last_commit() == journal.last() {
        return Ok(());
    }
    for commit in journal.commits_after(database.last_commit())? {
        // Only the base has records, and what follows a commit has no base.
        if let Piece::Commit(commit, _) = commit? {
            batch.push(commit);
        }
        if batch.len() == ROLL {
            apply(database, &batch)?;
            batch.clear();
        }
    }
    apply(database, &batch).map(drop)
}

/// Opens the journal. What is wrong with it is told; it is never a reason not to open.
fn open_journal(store: &Path, instance: Option<Uuid>) -> Result<(Journal, Option<String>), StoreError> {
    let opened = Journal::open(JournalSettings::new(folder::journal(store), instance))?;
    if let Some(torn) = &opened.torn {
        tracing::info!(bytes = torn.bytes, "an append that was interrupted was cut off {}", torn.file.display());
    }
    tracing::debug!(base = ?opened.base, first = ?opened.first, last = ?opened.last, "the journal is open");
    let damage = opened.damage.first().map(ToString::to_string);
    Ok((opened.journal, damage))
}

/// The UUID made once at first start, from which the ids of our feeds come.
fn instance(journal: &Journal, database: &Database, settings: &StoreSettings) -> Result<Uuid, StoreError> {
    if let Some(bytes) = database.get(TreeName::Meta, INSTANCE)? {
        return codec::decode("instance", &bytes);
    }
    let instance = journal.instance().unwrap_or_else(Uuid::new_v4);
    let commit = Commit { number: database.last_commit().next(), changes: vec![Change::Instance(instance)] };
    journal.append(std::slice::from_ref(&commit), settings.clock.now())?;
    apply(database, &[commit])?;
    Ok(instance)
}

pub(super) fn next_numbers(database: &Database) -> Result<(EntryNumber, StoryNumber), StoreError> {
    let stored = database.get(TreeName::Meta, NEXT)?;
    let numbers = stored.map(|bytes| codec::decode("numbers", &bytes)).transpose()?;
    Ok(numbers.unwrap_or((EntryNumber(1), StoryNumber(1))))
}

impl Shared {
    pub(super) fn folder_number(&self) -> u64 {
        self.folder.load(Ordering::Relaxed)
    }
}
