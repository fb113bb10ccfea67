mod scan;
mod sled_folder;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use sled::{IVec, Tree};

use super::{
    digest::Digest,
    row,
    trees::TreeName,
    value,
    work::{Packed, Rows, write_row},
};
use crate::store::{CommitNumber, StoreError};

use sled_folder::set_snapshots_aside;
pub(super) use sled_folder::{delete_half_written_snapshots, open_sled};

/// sled, as this house uses it: rows of packed items, written by commits that are numbered and summed up.
pub(in crate::store) struct Database {
    path: PathBuf,
    db: sled::Db,
    /// Every row of every tree, the further pieces of long rows, and the summary: a batch for one tree of sled's costs half of
    /// what a transaction over several does, and is as atomic. The first byte of a key says whose it is.
    rows: Tree,
    /// A handle of our own on sled's log: sled's flush does not reach through the drive's cache, `fdatasync` does.
    log: fs::File,
    summary: Mutex<Summary>,
}

/// The first byte of the keys of further pieces; below it are the trees' own, of which there may be more one day.
const PIECES: u8 = 0xF0;

const SUMMARY_ROW: &[u8] = b"\xFFsummary";

/// What the rows come to after a commit; written with each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Summary {
    commit: CommitNumber,
    /// By the first byte of the keys.
    digests: BTreeMap<u8, Digest>,
}

/// A row to write, by its whole key.
pub(in crate::store) struct Write {
    pub(super) key: Vec<u8>,
    /// As the database has it now.
    pub(super) old: Option<IVec>,
    /// `None` removes it.
    pub(super) new: Option<Vec<u8>>,
}

/// A row as the database has it.
pub(super) struct Stored {
    /// The row's own key, within its tree.
    pub(super) row: Vec<u8>,
    pub(super) first: IVec,
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
        let (rows, stored) = guarded(|| {
            let rows = db.open_tree("rows")?;
            let stored = rows.get(SUMMARY_ROW)?;
            Ok((rows, stored))
        })?;
        let summary = match stored {
            None => Summary::default(),
            Some(bytes) => postcard::from_bytes(&bytes)
                .map_err(|error| StoreError::Record { what: "summary", cause: error.to_string() })?,
        };
        let log =
            fs::File::open(path.join("db")).map_err(|cause| StoreError::Folder { path: path.to_path_buf(), cause })?;
        Ok(Self { path: path.to_path_buf(), db, rows, log, summary: Mutex::new(summary) })
    }

    /// The last commit whose changes are in the rows.
    pub(in crate::store) fn last_commit(&self) -> CommitNumber {
        self.summary().commit
    }

    /// The bytes of all keys and values.
    pub(in crate::store) fn live_bytes(&self) -> u64 {
        self.summary().digests.values().map(|digest| digest.bytes).sum()
    }

    pub(in crate::store) fn bytes_on_disk(&self) -> u64 {
        fs::metadata(self.path.join("db")).map(|metadata| metadata.len()).unwrap_or_default()
    }

    fn summary(&self) -> std::sync::MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key.
    pub(in crate::store) fn get(&self, tree: TreeName, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(stored) = self.row_for(tree, key)? else { return Ok(None) };
        let packed = self.unpacked(tree, &stored)?;
        Ok(row::find(&packed, key).map_err(not_a_row)?.map(<[u8]>::to_vec))
    }

    /// The row that has the key if any has: the last whose own key is not greater.
    pub(super) fn row_for(&self, tree: TreeName, key: &[u8]) -> Result<Option<Stored>, StoreError> {
        let to = row_key(tree, key);
        let found = guarded(|| self.rows.range(..=to.as_slice()).next_back().transpose())?;
        Ok(found.and_then(|(key, first)| {
            let row = key.strip_prefix(&[tree as u8])?.to_vec();
            Some(Stored { row, first })
        }))
    }

    pub(super) fn row_key_after(&self, tree: TreeName, row: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.row_after(tree, row)?.map(|stored| stored.row))
    }

    /// The first row whose key is greater.
    fn row_after(&self, tree: TreeName, row: &[u8]) -> Result<Option<Stored>, StoreError> {
        let from = row_key(tree, row);
        let bounds = (std::ops::Bound::Excluded(from.as_slice()), std::ops::Bound::Unbounded);
        let found = guarded(|| self.rows.range::<&[u8], _>(bounds).next().transpose())?;
        Ok(found.and_then(|(key, first)| {
            let row = key.strip_prefix(&[tree as u8])?.to_vec();
            Some(Stored { row, first })
        }))
    }

    /// All of a row's items, packed.
    pub(super) fn unpacked(&self, tree: TreeName, stored: &Stored) -> Result<Vec<u8>, StoreError> {
        self.whole(tree, &stored.row, &stored.first)
    }

    fn whole(&self, tree: TreeName, row: &[u8], first: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut further = Vec::new();
        for number in 0..value::further_pieces(first) {
            let piece = self.piece(&piece_key(tree, row, number))?;
            let missing = || StoreError::Record { what: "row", cause: format!("piece {number} of it is missing") };
            further.extend_from_slice(&piece.ok_or_else(missing)?);
        }
        value::read(first, &further).map_err(|cause| StoreError::Record { what: "row", cause })
    }

    pub(super) fn piece(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        guarded(|| self.rows.get(key))
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
                current = match self.row_for(tree, key)? {
                    Some(stored) => {
                        Some((self.unpacked(tree, &stored)?, stored.row)).map(|(packed, row)| (row, packed))
                    }
                    None => None,
                };
            }
            if let Some((_, packed)) = &current {
                values[at] = row::find(packed, key).map_err(not_a_row)?.map(<[u8]>::to_vec);
            }
        }
        Ok(values)
    }

    /// Copies everything into an empty database, in order and in full rows, as of a commit no later than any change it sees.
    pub(in crate::store) fn copy_into(
        &self,
        fresh: &Database,
        commit: CommitNumber,
        mut copied: impl FnMut(u64) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut bytes = 0;
        for tree in TreeName::ALL {
            let mut rows = Rows::of(tree.row_bytes());
            let mut first = Some(Vec::new());
            let mut write = |rows: Vec<Packed>| {
                let mut writes = Vec::new();
                for (key, packed) in rows {
                    // The very first row has the empty key.
                    write_row(&mut writes, fresh, tree, first.take().unwrap_or(key), None, Some(&packed))?;
                }
                // As long as some of it is missing it is as of no commit: what is found of it later must not pass for whole.
                fresh.write(CommitNumber::default(), &writes)?;
                writes.iter().try_for_each(|Write { key, .. }| fresh.let_go(key).and_then(|()| self.let_go(key)))
            };
            for item in self.scan(tree, &[]) {
                let (key, value) = item?;
                bytes += (key.len() + value.len()) as u64;
                rows.extend(&key, Some(&value));
                if rows.is_worth_writing() {
                    write(rows.full())?;
                    copied(bytes)?;
                }
            }
            write(rows.finish())?;
        }
        fresh.write(commit, &[])?;
        fresh.make_durable()
    }

    /// Helps sled to keep to its cache where rows are gone through one by one: only after 64 accesses to one of 256 parts of its
    /// pages does it look whether there are too many, and by then it may hold a hundred megabytes of long rows.
    fn let_go(&self, key: &[u8]) -> Result<(), StoreError> {
        (0..4).try_for_each(|_| guarded(|| self.rows.range(key..).next().transpose()).map(drop))
    }

    /// Writes rows as one commit: visible together, whole or not at all after a crash.
    pub(in crate::store) fn write(&self, commit: CommitNumber, writes: &[Write]) -> Result<(), StoreError> {
        let mut summary = self.summary().clone();
        summary.commit = commit;
        let mut batch = sled::Batch::default();
        for Write { key, old, new } in writes {
            let Some(tree) = key.first() else { continue };
            let digest = summary.digests.entry(*tree).or_default();
            if let Some(old) = old {
                digest.take(key, old);
            }
            match new {
                Some(new) => {
                    digest.add(key, new);
                    batch.insert(key.as_slice(), new.as_slice());
                }
                None => batch.remove(key.as_slice()),
            }
        }
        let bytes = postcard::to_stdvec(&summary)
            .map_err(|error| StoreError::Record { what: "summary", cause: error.to_string() })?;
        batch.insert(SUMMARY_ROW, bytes);
        catch_unwind(AssertUnwindSafe(|| self.rows.apply_batch(batch))).map_err(|_| panicked())?.map_err(|error| {
            match error {
                sled::Error::Io(cause) => StoreError::Write(cause),
                other => StoreError::Read(other),
            }
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
        let mut found = Summary { commit: summary.commit, ..Summary::default() };
        let mut rows = self.rows.iter();
        let mut count = 0_u64;
        while let Some((key, value)) = guarded(|| rows.next().transpose())? {
            let Some(tree) = key.first().filter(|_| key != SUMMARY_ROW) else { continue };
            // sled lets go of pages only after so many look-ups, of which a walk makes one for each page: a walk alone would
            // hold a page of every row it has seen. And whoever looks a row up must find what the walk finds.
            if guarded(|| self.rows.get(&key))?.as_ref() != Some(&value) {
                return Err(StoreError::Record { what: "row", cause: "it is not found where it stands".into() });
            }
            found.digests.entry(*tree).or_default().add(&key, &value);
            bytes += (key.len() + value.len()) as u64;
            count += 1;
            if count.is_multiple_of(1024) {
                read(bytes)?;
            }
        }
        let trees: BTreeSet<u8> = found.digests.keys().chain(summary.digests.keys()).copied().collect();
        for tree in trees {
            let of = |summary: &Summary| summary.digests.get(&tree).copied().unwrap_or_default();
            let (found, expected) = (of(&found), of(&summary));
            if found != expected {
                let name = TreeName::ALL.iter().find(|name| **name as u8 == tree).map_or("pieces", |name| name.name());
                let cause = format!(
                    "{} rows of {} bytes where commit {} left {} of {} bytes",
                    found.rows, found.bytes, summary.commit.0, expected.rows, expected.bytes
                );
                return Err(StoreError::Differs { tree: name.into(), cause });
            }
        }
        Ok(())
    }
}

fn row_key(tree: TreeName, row: &[u8]) -> Vec<u8> {
    [&[tree as u8], row].concat()
}

pub(super) fn piece_key(tree: TreeName, row: &[u8], number: u16) -> Vec<u8> {
    [&[PIECES, tree as u8], row, &number.to_be_bytes()].concat()
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
