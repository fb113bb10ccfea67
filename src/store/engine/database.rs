use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sled::{
    Transactional, Tree,
    transaction::{ConflictableTransactionError, TransactionError},
};

use super::{digest::Digest, row, trees::TreeName, value};
use crate::store::{CommitNumber, StoreError};

/// sled, as this house uses it: rows of packed items, written by commits that are numbered and summed up.
pub(in crate::store) struct Database {
    path: PathBuf,
    db: sled::Db,
    /// Those of [`TreeName`], then the further pieces of long rows, then the summary.
    trees: Vec<Tree>,
    /// A handle of our own on sled's log: sled's flush does not reach through the drive's cache, `fdatasync` does.
    log: fs::File,
    summary: Mutex<Summary>,
}

const PIECES: usize = TreeName::ALL.len();
const SUMMARY: usize = PIECES + 1;
const SUMMARY_ROW: &[u8] = b"summary";

/// What the rows come to after a commit; written with each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Summary {
    commit: CommitNumber,
    /// Of each tree, the pieces last.
    digests: [Digest; PIECES + 1],
}

/// A row to write (`None` removes it), by the tree's place and its key.
pub(super) struct Write {
    pub(super) tree: usize,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

impl Database {
    /// Opens or creates the database in a folder, mending what can be mended without loss; tells what was.
    ///
    /// Half-written snapshots are deleted, for sled would take one for the newest and refuse to open; if sled then finds its
    /// snapshot damaged it is set aside, for it is only a copy of the log.
    pub(in crate::store) fn open(path: &Path, cache_bytes: u64) -> Result<(Self, Option<String>), StoreError> {
        let folder = |cause| StoreError::Folder { path: path.to_path_buf(), cause };
        fs::create_dir_all(path).map_err(folder)?;
        delete_half_written_snapshots(path).map_err(folder)?;
        match Self::try_open(path, cache_bytes) {
            Err(first) if first.is_damage() && set_snapshots_aside(path).map_err(folder)? > 0 => {
                let database = Self::try_open(path, cache_bytes)?;
                let repair = format!(
                    "the snapshot of the database was damaged ({}); it was set aside and the database was read from its log",
                    first.damage()
                );
                Ok((database, Some(repair)))
            }
            other => Ok((other?, None)),
        }
    }

    fn try_open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let db = open_sled(path, cache_bytes)?;
        // sled checks the pages it reads, and some only here.
        let opened = guarded(|| {
            let names = TreeName::ALL.iter().map(|tree| tree.name()).chain(["pieces", "summary"]);
            let trees: Vec<Tree> = names.map(|name| db.open_tree(name)).collect::<Result<_, _>>()?;
            let stored = trees[SUMMARY].get(SUMMARY_ROW)?;
            Ok((trees, stored))
        });
        let (trees, stored) = opened?;
        let summary = match stored {
            None => Summary::default(),
            Some(bytes) => postcard::from_bytes(&bytes)
                .map_err(|error| StoreError::Record { what: "summary", cause: error.to_string() })?,
        };
        let log =
            fs::File::open(path.join("db")).map_err(|cause| StoreError::Folder { path: path.to_path_buf(), cause })?;
        Ok(Self { path: path.to_path_buf(), db, trees, log, summary: Mutex::new(summary) })
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// The last commit whose changes are in the rows.
    pub(in crate::store) fn last_commit(&self) -> CommitNumber {
        self.summary().commit
    }

    /// The bytes of all keys and values.
    pub(in crate::store) fn live_bytes(&self) -> u64 {
        self.summary().digests.iter().map(|digest| digest.bytes).sum()
    }

    pub(in crate::store) fn bytes_on_disk(&self) -> u64 {
        fs::metadata(self.path.join("db")).map(|metadata| metadata.len()).unwrap_or_default()
    }

    fn summary(&self) -> std::sync::MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key.
    pub(in crate::store) fn get(&self, tree: TreeName, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((_, packed)) = self.row_for(tree, key)? else { return Ok(None) };
        Ok(row::find(&packed, key).map_err(not_a_row)?.map(<[u8]>::to_vec))
    }

    /// The row that has the key if any has, with the key of the row: the last whose own key is not greater.
    pub(super) fn row_for(&self, tree: TreeName, key: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        let found = guarded(|| self.trees[tree as usize].range(..=key).next_back().transpose())?;
        let Some((row, first)) = found else { return Ok(None) };
        Ok(Some((row.to_vec(), self.whole(tree, &row, &first)?)))
    }

    pub(super) fn row_key_after(&self, tree: TreeName, row: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let bounds = (std::ops::Bound::Excluded(row), std::ops::Bound::Unbounded);
        let found = guarded(|| self.trees[tree as usize].range::<&[u8], _>(bounds).next().transpose())?;
        Ok(found.map(|(row, _)| row.to_vec()))
    }

    /// The first row whose key is greater.
    fn row_after(&self, tree: TreeName, row: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        let bounds = (std::ops::Bound::Excluded(row), std::ops::Bound::Unbounded);
        let found = guarded(|| self.trees[tree as usize].range::<&[u8], _>(bounds).next().transpose())?;
        let Some((row, first)) = found else { return Ok(None) };
        Ok(Some((row.to_vec(), self.whole(tree, &row, &first)?)))
    }

    fn whole(&self, tree: TreeName, row: &[u8], first: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut further = Vec::new();
        for number in 0..value::further_pieces(first) {
            let piece = guarded(|| self.trees[PIECES].get(piece_key(tree, row, number)))?;
            let missing = || StoreError::Record { what: "row", cause: format!("piece {number} of it is missing") };
            further.extend_from_slice(&piece.ok_or_else(missing)?);
        }
        value::read(first, &further).map_err(|cause| StoreError::Record { what: "row", cause })
    }

    /// How many further pieces a stored row has.
    pub(super) fn further_pieces_of(&self, tree: TreeName, row: &[u8]) -> Result<u16, StoreError> {
        let first = guarded(|| self.trees[tree as usize].get(row))?;
        Ok(first.map_or(0, |first| value::further_pieces(&first)))
    }

    /// The items from a key on, in order.
    pub(in crate::store) fn scan(&self, tree: TreeName, from: &[u8]) -> Scan<'_> {
        Scan { database: self, tree, next: Next::From(from.to_vec()), items: Vec::new().into_iter() }
    }

    /// The items whose keys begin so, in order.
    pub(in crate::store) fn prefixed<'a>(
        &'a self,
        tree: TreeName,
        prefix: &'a [u8],
    ) -> impl Iterator<Item = Result<row::Item, StoreError>> + use<'a> {
        self.scan(tree, prefix).take_while(move |item| item.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)))
    }

    /// The values of many keys, in their order. Each row is read once.
    pub(in crate::store) fn get_many<K: AsRef<[u8]>>(
        &self,
        tree: TreeName,
        keys: &[K],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|a, b| keys[*b].as_ref().cmp(keys[*a].as_ref()));
        let mut values = vec![None; keys.len()];
        let mut current: Option<(Vec<u8>, Vec<u8>)> = None;
        // From the greatest key down, a row at hand has the next key as well unless that is less than the row's own.
        for at in order {
            let key = keys[at].as_ref();
            if current.as_ref().is_none_or(|(row, _)| key < row.as_slice()) {
                current = self.row_for(tree, key)?;
            }
            if let Some((_, packed)) = &current {
                values[at] = row::find(packed, key).map_err(not_a_row)?.map(<[u8]>::to_vec);
            }
        }
        Ok(values)
    }

    /// Writes rows as one commit: visible together, whole or not at all after a crash.
    pub(super) fn write(&self, commit: CommitNumber, writes: &[Write]) -> Result<(), StoreError> {
        let before = self.summary().clone();
        let apply = || {
            self.trees.transaction(|views| {
                let mut summary = before.clone();
                summary.commit = commit;
                for Write { tree, key, value } in writes {
                    let digest = &mut summary.digests[*tree];
                    let old = match value {
                        Some(value) => {
                            digest.add(key, value);
                            views[*tree].insert(key.as_slice(), value.as_slice())?
                        }
                        None => views[*tree].remove(key.as_slice())?,
                    };
                    if let Some(old) = old {
                        digest.take(key, &old);
                    }
                }
                let bytes = postcard::to_stdvec(&summary).map_err(ConflictableTransactionError::Abort)?;
                views[SUMMARY].insert(SUMMARY_ROW, bytes)?;
                Ok(summary)
            })
        };
        let result = catch_unwind(AssertUnwindSafe(apply)).map_err(|_| panicked())?;
        let summary = result.map_err(|error| match error {
            TransactionError::Storage(sled::Error::Io(cause)) => StoreError::Write(cause),
            TransactionError::Storage(other) => StoreError::Read(other),
            TransactionError::Abort(error) => StoreError::Record { what: "summary", cause: error.to_string() },
        })?;
        *self.summary() = summary;
        Ok(())
    }

    /// Returns when every commit so far is on the disk.
    pub(in crate::store) fn make_durable(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.log.sync_data().map_err(StoreError::Write)
    }

    /// Returns when every commit so far is with the operating system, and so outlives this process.
    pub(in crate::store) fn flush(&self) -> Result<(), StoreError> {
        let flushed = catch_unwind(AssertUnwindSafe(|| self.db.flush())).map_err(|_| panicked())?;
        flushed.map(drop).map_err(|error| match error {
            sled::Error::Io(cause) => StoreError::Write(cause),
            other => StoreError::Write(io::Error::other(other.to_string())),
        })
    }

    /// Reads every row and compares what they come to with what the commits wrote.
    ///
    /// Nothing may be written meanwhile.
    pub(in crate::store) fn verify(
        &self,
        mut read: impl FnMut(u64) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let summary = self.summary().clone();
        let mut bytes = 0;
        for (tree, expected) in self.trees[..SUMMARY].iter().zip(&summary.digests) {
            let mut found = Digest::default();
            let mut rows = tree.iter();
            while let Some((key, value)) = guarded(|| rows.next().transpose())? {
                found.add(&key, &value);
                bytes += (key.len() + value.len()) as u64;
                if found.rows % 1024 == 0 {
                    read(bytes)?;
                }
            }
            if found != *expected {
                let name = String::from_utf8_lossy(&tree.name()).into_owned();
                let cause = format!(
                    "{} rows of {} bytes where commit {} left {} of {} bytes",
                    found.rows, found.bytes, summary.commit.0, expected.rows, expected.bytes
                );
                return Err(StoreError::Differs { tree: name, cause });
            }
        }
        Ok(())
    }
}

pub(super) fn piece_key(tree: TreeName, row: &[u8], number: u16) -> Vec<u8> {
    [&[tree as u8], row, &number.to_be_bytes()].concat()
}

pub(super) fn pieces_tree() -> usize {
    PIECES
}

fn not_a_row(_: row::NotARow) -> StoreError {
    StoreError::Record { what: "row", cause: "it is not packed as rows are".into() }
}

/// sled panics on some damage.
fn guarded<T>(read: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| panicked())?.map_err(StoreError::Read)
}

fn panicked() -> StoreError {
    StoreError::Record { what: "database", cause: "sled found an impossible page".into() }
}

/// Items in order, row by row.
pub(in crate::store) struct Scan<'a> {
    database: &'a Database,
    tree: TreeName,
    next: Next,
    items: std::vec::IntoIter<row::Item>,
}

enum Next {
    From(Vec<u8>),
    After(Vec<u8>),
    Nothing,
}

impl Scan<'_> {
    fn read_row(&mut self) -> Result<bool, StoreError> {
        let next = std::mem::replace(&mut self.next, Next::Nothing);
        let (found, from) = match next {
            Next::Nothing => return Ok(false),
            Next::From(key) => match self.database.row_for(self.tree, &key)? {
                Some(found) => (Some(found), key),
                None => (self.database.row_after(self.tree, &key)?, key),
            },
            Next::After(row) => (self.database.row_after(self.tree, &row)?, Vec::new()),
        };
        let Some((row, packed)) = found else { return Ok(false) };
        let mut items = row::unpack(&packed).map_err(not_a_row)?;
        let skipped = items.partition_point(|(key, _)| *key < from);
        items.drain(..skipped);
        self.items = items.into_iter();
        self.next = Next::After(row);
        Ok(true)
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<row::Item, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            match self.read_row() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// How long sled may hold its own lock after the last of it was dropped: its threads end in their own time.
const LOCK_LINGERS: Duration = Duration::from_secs(5);

/// Opens sled, waiting for a lock that a former instance of this process may still hold: other processes are kept out by ours.
pub(super) fn open_sled(path: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
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
    let config = sled::Config::default().path(path).cache_capacity(cache_bytes);
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
pub(super) fn delete_half_written_snapshots(path: &Path) -> io::Result<()> {
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
