//! What is where in the store's folder.
//!
//! ```text
//! store.toml             the format, and which database is the present one
//! db/<number>/           the files of the database
//! journal/               every commit, in plain form
//! editions/              the editions as they were last published
//! archives/<topic>/      the pages of the topics' archives
//! repairs.jsonl          what had to be mended, and when
//! damaged-<time>/        a database that could not be mended; the last two are kept
//! newsdesk.lock          held by the process that has the store open
//! ```

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::StoreError;

/// The format of everything in the folder; raised when an older newsdesk could not read what this one writes.
pub(super) const FORMAT: u32 = 2;

/// What `store.toml` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Present {
    pub(super) format: u32,
    pub(super) database: u64,
    /// The UUID made once at the first start.
    pub(super) instance: Option<Uuid>,
    /// When the database was last made anew of what was kept then: what was gone before that is not in its files.
    #[serde(default)]
    pub(super) made: Option<DateTime<Utc>>,
}

impl Present {
    /// `None` if there is no such file yet, or none that can be read: everything in it can be found out otherwise.
    pub(super) fn read(store: &Path) -> Result<Option<Self>, StoreError> {
        let path = store.join("store.toml");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
            Err(cause) => return Err(StoreError::Folder { path, cause }),
        };
        let Ok(present) = toml::from_str::<Present>(&text) else { return Ok(None) };
        if present.format > FORMAT {
            let path = store.to_path_buf();
            return Err(StoreError::NewerFormat { path, found: present.format, known: FORMAT });
        }
        Ok(Some(present))
    }

    pub(super) fn write(self, store: &Path) -> Result<(), StoreError> {
        let mut text = format!(
            "# newsdesk keeps this file; a store is moved or copied whole.\nformat = {}\ndatabase = {}\n",
            self.format, self.database
        );
        if let Some(instance) = self.instance {
            text += &format!("instance = \"{instance}\"\n");
        }
        if let Some(made) = self.made {
            text += &format!("made = \"{}\"\n", made.to_rfc3339());
        }
        let path = store.join("store.toml");
        replace(&path, text.as_bytes()).map_err(|cause| StoreError::Folder { path, cause })
    }
}

pub(super) fn database(store: &Path, number: u64) -> PathBuf {
    store.join("db").join(number.to_string())
}

/// The database with the lowest number, or the number of the first one. Newer ones beside it may be half-made; it is whole, or
/// older than the journal, which shows when it is opened.
pub(super) fn oldest_database(store: &Path) -> u64 {
    let found = fs::read_dir(store.join("db")).into_iter().flatten().flatten();
    found.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).min().unwrap_or(1)
}

pub(super) fn journal(store: &Path) -> PathBuf {
    store.join("journal")
}

/// Puts a whole file in the place of another, so that whoever opens it finds one or the other.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync(path.parent().unwrap_or(Path::new(".")))
}

/// Names in a folder reach the disk.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Only the process that holds this lock may touch the folder.
pub(super) fn lock(path: &Path) -> Result<fs::File, StoreError> {
    let folder = |cause| StoreError::Folder { path: path.to_path_buf(), cause };
    let lock = path.join("newsdesk.lock");
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(lock).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_path_buf() }),
        Err(fs::TryLockError::Error(cause)) => Err(folder(cause)),
    }
}

/// Deletes databases other than the present one: half-made ones, and those that were replaced.
pub(super) fn clear_databases(store: &Path, present: u64) -> io::Result<()> {
    let folder = store.join("db");
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_name() != present.to_string().as_str() && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Moves a database aside under a name with the date, for whoever wants to look into it. `None` if there is none.
pub(super) fn set_aside(store: &Path, number: u64, now: DateTime<Utc>) -> io::Result<Option<PathBuf>> {
    let from = database(store, number);
    if !from.exists() {
        return Ok(None);
    }
    let name = format!("damaged-{}", now.format("%Y-%m-%dT%H-%M-%SZ"));
    let mut to = store.join(&name);
    let mut more = 1;
    while to.exists() {
        more += 1;
        to = store.join(format!("{name}-{more}"));
    }
    fs::rename(&from, &to)?;
    sync(store)?;
    drop_older_damaged(store)?;
    Ok(Some(to))
}

/// Damaged databases that are kept: each may be as large as the store.
const DAMAGED_KEPT: usize = 2;

fn drop_older_damaged(store: &Path) -> io::Result<()> {
    let entries = fs::read_dir(store)?.collect::<io::Result<Vec<_>>>()?;
    let is_damaged = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with("damaged-"));
    let mut damaged: Vec<_> =
        entries.iter().filter(|entry| is_damaged(&entry.file_name())).map(fs::DirEntry::path).collect();
    // The names begin with the date.
    damaged.sort();
    let older = damaged.len().saturating_sub(DAMAGED_KEPT);
    damaged.iter().take(older).try_for_each(fs::remove_dir_all)
}

/// Something that had to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    pub at: DateTime<Utc>,
    /// What was wrong and what was done about it.
    pub what: String,
}

/// The most repairs that are remembered.
const REPAIRS: usize = 200;

/// Notes a repair for those who ask later. That it cannot be noted is no reason to stop.
pub(super) fn note_repair(store: &Path, repair: &Repair) {
    let mut repairs = repairs(store);
    repairs.push(repair.clone());
    let first = repairs.len().saturating_sub(REPAIRS);
    let lines = repairs[first..].iter().filter_map(|repair| serde_json::to_string(repair).ok());
    let text: String = lines.map(|line| line + "\n").collect();
    if let Err(error) = replace(&store.join("repairs.jsonl"), text.as_bytes()) {
        tracing::warn!(%error, "what was mended could not be noted in {}", store.display());
    }
}

/// What was mended, oldest first.
pub fn repairs(store: &Path) -> Vec<Repair> {
    let text = fs::read_to_string(store.join("repairs.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
