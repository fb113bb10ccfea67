use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, RwLock, atomic::AtomicU64},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{
    StoreError,
    read::{Shared, Store},
    trees::{TreeName, Trees},
};

/// Where the store is and how much it may take.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreSettings {
    pub path: PathBuf,
    /// sled's page cache, bytes. The process needs some three times as much.
    pub cache_bytes: u64,
}

/// An opened store, and what had to be done to open it.
pub struct Opened {
    pub store: Store,
    /// For the admin: each thing that was mended. Empty in ordinary life.
    pub repairs: Vec<String>,
}

/// The format of everything below; raised when an older newsdesk could not read what this one writes.
const FORMAT: u32 = 1;

impl Store {
    /// Opens or creates the store.
    ///
    /// The ladder: half-written snapshots are deleted (sled would take one for the newest and refuse to open); if sled then
    /// finds its snapshot damaged it is set aside, for it is only a cache of the log; what still does not open is
    /// [`StoreError::Damaged`].
    pub fn open(settings: &StoreSettings) -> Result<Opened, StoreError> {
        let path = &settings.path;
        let folder = |cause| StoreError::Folder { path: path.clone(), cause };
        create_private_folder(path).map_err(folder)?;
        let lock = lock(path)?;
        delete_half_written_snapshots(path).map_err(folder)?;
        let mut repairs = Vec::new();
        let db = match open_sled(settings) {
            Ok(db) => db,
            Err(Failure::InUse) => return Err(StoreError::InUse { path: path.clone() }),
            Err(first) => {
                let moved = set_snapshots_aside(path).map_err(folder)?;
                if moved == 0 {
                    return Err(first.into_error(path));
                }
                let db = open_sled(settings).map_err(|again| again.into_error(path))?;
                repairs.push(format!(
                    "the snapshot of the store was damaged ({}); it was set aside and the store was read from its log",
                    first.cause()
                ));
                db
            }
        };
        let trees = Trees::open(&db)?;
        check_format(path, &trees)?;
        let instance = instance(&trees)?;
        let log = fs::File::open(path.join("db")).map_err(folder)?;

        let next_entry = counter(&trees, "next-entry")?;
        let next_story = counter(&trees, "next-story")?;
        let store = Store(Arc::new(Shared {
            db,
            trees,
            log,
            _lock: lock,
            instance,
            known: RwLock::default(),
            writing: RwLock::default(),
            next_entry: AtomicU64::new(next_entry),
            next_story: AtomicU64::new(next_story),
            #[cfg(test)]
            broken: false.into(),
        }));
        store.read_sources()?;
        store.make_durable()?;
        Ok(Opened { store, repairs })
    }
}

fn create_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Only the process that holds this lock may touch the folder: sled takes its own lock too late to keep a second process
/// from deleting a snapshot that the first is just writing.
fn lock(path: &Path) -> Result<fs::File, StoreError> {
    let folder = |cause| StoreError::Folder { path: path.to_path_buf(), cause };
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join("newsdesk.lock"))
        .map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_path_buf() }),
        Err(fs::TryLockError::Error(cause)) => Err(folder(cause)),
    }
}

enum Failure {
    InUse,
    Damaged(String),
    Io(io::Error),
}

impl Failure {
    fn cause(&self) -> String {
        match self {
            Failure::InUse => "in use".into(),
            Failure::Damaged(cause) => cause.clone(),
            Failure::Io(cause) => cause.to_string(),
        }
    }

    fn into_error(self, path: &Path) -> StoreError {
        let path = path.to_path_buf();
        match self {
            Failure::InUse => StoreError::InUse { path },
            Failure::Damaged(cause) => StoreError::Damaged { path, cause },
            Failure::Io(cause) => StoreError::Folder { path, cause },
        }
    }
}

/// How long sled may hold its own lock after the last of it was dropped: its threads end in their own time.
const LOCK_LINGERS: Duration = Duration::from_secs(5);

/// Opens sled, waiting for a lock that a former instance of this process may still hold: other processes are kept out by ours.
fn open_sled(settings: &StoreSettings) -> Result<sled::Db, Failure> {
    let begun = Instant::now();
    loop {
        match try_open_sled(settings) {
            Err(Failure::InUse) if begun.elapsed() < LOCK_LINGERS => std::thread::sleep(Duration::from_millis(20)),
            other => return other,
        }
    }
}

fn try_open_sled(settings: &StoreSettings) -> Result<sled::Db, Failure> {
    let config = sled::Config::default().path(&settings.path).cache_capacity(settings.cache_bytes);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Io(cause))) if cause.to_string().contains("acquire lock") => Err(Failure::InUse),
        Ok(Err(sled::Error::Io(cause))) => Err(Failure::Io(cause)),
        Ok(Err(error)) => Err(Failure::Damaged(error.to_string())),
        Err(_) => Err(Failure::Damaged("its log ends too early or holds an impossible page".into())),
    }
}

/// A kill while sled writes a snapshot leaves `snap.X.generating`, which the next open would take for the newest snapshot.
fn delete_half_written_snapshots(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn set_snapshots_aside(path: &Path) -> io::Result<usize> {
    let mut moved = 0;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") {
            fs::rename(entry.path(), path.join(format!("damaged-{name}")))?;
            moved += 1;
        }
    }
    Ok(moved)
}

fn check_format(path: &Path, trees: &Trees) -> Result<(), StoreError> {
    let meta = trees.get(TreeName::Meta);
    match meta.get("format")? {
        None => {
            meta.insert("format", FORMAT.to_be_bytes().as_slice())?;
            Ok(())
        }
        Some(bytes) => {
            let found = bytes.as_ref().try_into().map(u32::from_be_bytes).unwrap_or(u32::MAX);
            if found > FORMAT {
                return Err(StoreError::NewerFormat { path: path.to_path_buf(), found, known: FORMAT });
            }
            Ok(())
        }
    }
}

/// The UUID made once at first start, from which the ids of our feeds come.
fn instance(trees: &Trees) -> Result<Uuid, StoreError> {
    let meta = trees.get(TreeName::Meta);
    if let Some(bytes) = meta.get("instance")? {
        return Uuid::from_slice(&bytes).map_err(|e| StoreError::Record { what: "instance", cause: e.to_string() });
    }
    let made = Uuid::new_v4();
    meta.insert("instance", made.as_bytes().as_slice())?;
    Ok(made)
}

fn counter(trees: &Trees, name: &str) -> Result<u64, StoreError> {
    let stored = trees.get(TreeName::Meta).get(name)?;
    Ok(stored.and_then(|bytes| bytes.as_ref().try_into().ok().map(u64::from_be_bytes)).unwrap_or(1))
}
