//! sled's own folder: how it is opened, and what is in the way of that.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

use crate::store::StoreError;

/// How long sled may hold its own lock after the last of it was dropped: its threads end in their own time.
const LOCK_LINGERS: Duration = Duration::from_secs(5);

/// Opens sled, waiting for a lock that a former instance of this process may still hold: other processes are kept out by ours.
pub(in crate::store::engine) fn open_sled(path: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let begun = Instant::now();
    loop {
        match try_open_sled(path, cache_bytes) {
            Err(StoreError::InUse { .. }) if begun.elapsed() < LOCK_LINGERS => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

fn try_open_sled(path: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let config = sled::Config::default().path(path).cache_capacity(cache_bytes / 2);
    let path = path.to_path_buf();
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Io(cause))) if cause.to_string().contains("acquire lock") => {
            Err(StoreError::InUse { path })
        }
        // Only a folder that cannot be read or written is an error of the folder's: a log that ends too early reads as I/O.
        Ok(Err(sled::Error::Io(cause)))
            if cause.kind() != io::ErrorKind::UnexpectedEof && cause.raw_os_error().is_some() =>
        {
            Err(StoreError::Folder { path, cause })
        }
        Ok(Err(error)) => Err(StoreError::Damaged { path, cause: error.to_string() }),
        Err(_) => Err(StoreError::Damaged { path, cause: "its log ends too early or holds an impossible page".into() }),
    }
}

/// A kill while sled writes a snapshot leaves `snap.X.generating`, which the next open would take for the newest snapshot.
pub(in crate::store::engine) fn delete_half_written_snapshots(path: &Path) -> io::Result<()> {
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

pub(super) fn set_snapshots_aside(path: &Path) -> io::Result<usize> {
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
