//! Writing commits: one write for each append, one sync for any number of them.

use std::{io, mem, path::Path, sync::Arc, thread};

use chrono::{DateTime, Utc};

use super::{
    Journal, JournalError,
    files::{Current, LastAppend, Segment},
    frame::Packer,
    line::{self, CommitLine, Header},
    names,
};
use crate::store::{Commit, CommitNumber};

/// Commits of a batch share a frame until they have come to so many bytes.
const FRAME: usize = 1 << 20;

/// No more than this is left unsynced: it is kept in memory, and looked through when the journal is opened.
pub(super) const MOST_UNSYNCED: usize = 4 << 20;

/// The compression of commits: their sender waits for it.
const LEVEL: i32 = 1;

/// Memory and a compressor that are used again and again.
pub(super) struct Writer {
    packer: Packer,
    plain: Vec<u8>,
    frames: Vec<u8>,
}

impl Writer {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { packer: Packer::new(LEVEL)?, plain: Vec::new(), frames: Vec::new() })
    }

    fn pack(&mut self, number: CommitNumber) -> Result<(), JournalError> {
        let frame = self.packer.pack(&self.plain);
        let frame = frame.map_err(|error| JournalError::Unwritable { number, cause: error.to_string() })?;
        self.frames.extend_from_slice(frame);
        self.plain.clear();
        self.plain.shrink_to(4 * FRAME);
        Ok(())
    }

    /// The commits as frames, each of which holds whole commits.
    fn encode(&mut self, commits: &[Commit], at: DateTime<Utc>) -> Result<(), JournalError> {
        self.plain.clear();
        for commit in commits {
            let number = commit.number;
            let unwritable = |cause| JournalError::Unwritable { number, cause };
            for change in &commit.changes {
                line::check(change).map_err(unwritable)?;
                line::write(&mut self.plain, change).map_err(unwritable)?;
            }
            line::write(&mut self.plain, &CommitLine { commit: number, at }).map_err(unwritable)?;
            if self.plain.len() >= FRAME {
                self.pack(number)?;
            }
        }
        match commits.last() {
            Some(last) if !self.plain.is_empty() => self.pack(last.number),
            _ => Ok(()),
        }
    }
}

impl Journal {
    /// Appends commits, which must follow the last one without a gap; `at` is the time they are made.
    ///
    /// They reach the disk with the next [`Journal::sync`]. After an error none of them is in the journal.
    pub fn append(&self, commits: &[Commit], at: DateTime<Utc>) -> Result<(), JournalError> {
        self.append_if(commits, at, || Ok(()))
    }

    /// As [`Journal::append`], if `prepare` succeeds, which runs while the commits are packed. Nothing is in the journal after
    /// an error of either.
    pub fn append_if<T, E: From<JournalError>>(
        &self,
        commits: &[Commit],
        at: DateTime<Utc>,
        prepare: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.0.writer();
        let writer = &mut *writer;
        let (Some(first), Some(last)) = (commits.first(), commits.last()) else { return prepare() };
        let (mut before, full, much_unsynced) = {
            let files = self.0.files();
            let current = files.current.as_ref();
            let full = current.is_some_and(|current| {
                current.segment.bytes >= self.0.settings.segment_bytes
                    || current.segment.begun.date_naive() != at.date_naive()
            });
            (files.last, full, current.is_some_and(|current| current.unsynced.len() >= MOST_UNSYNCED))
        };
        for commit in commits {
            if commit.number != before.next() {
                return Err(JournalError::OutOfOrder { last: before, found: commit.number }.into());
            }
            before = commit.number;
        }
        if full {
            self.close_segment_locked()?;
        } else if much_unsynced {
            self.sync()?;
        }
        writer.frames.clear();
        writer.frames.shrink_to(MOST_UNSYNCED);
        let begins = self.0.files().current.is_none();
        if begins {
            let unwritable = |cause| JournalError::Unwritable { number: first.number, cause };
            writer.plain.clear();
            line::write(&mut writer.plain, &Header::new(self.instance(), at)).map_err(unwritable)?;
            writer.pack(first.number)?;
        }
        let prepared = thread::scope(|scope| {
            let encoding = scope.spawn(|| writer.encode(commits, at));
            let prepared = prepare()?;
            let encoded = encoding.join().map_err(|_| JournalError::Unwritable {
                number: first.number,
                cause: "the thread that packs commits ended in a panic".into(),
            })?;
            encoded.map(|()| prepared).map_err(E::from)
        })?;
        let removes = commits.iter().flat_map(|commit| &commit.changes).any(|change| change.is_removal());
        let added = Segment {
            first: first.number,
            last: last.number,
            bytes: writer.frames.len() as u64,
            begun: at,
            oldest_removal: removes.then_some(at),
        };
        match begins {
            true => self.begin_segment(added, &writer.frames)?,
            false => self.extend_segment(added, &writer.frames)?,
        }
        Ok(prepared)
    }

    fn begin_segment(&self, segment: Segment, frames: &[u8]) -> Result<(), JournalError> {
        let disk = &self.0.disk;
        let path = names::segment(&self.0.settings.folder, segment.first);
        let written = disk.create(&path).and_then(|file| disk.write_at(&file, frames, 0).map(|()| file));
        let file = match written {
            Ok(file) => file,
            Err(cause) => {
                // What cannot be removed now is a torn file without a commit, which opening removes.
                let _ = disk.remove(&path);
                return Err(JournalError::Io { doing: "write the journal file", path, cause });
            }
        };
        let mut files = self.0.files();
        files.last = segment.last;
        files.current = Some(Current {
            segment,
            file: Arc::new(file),
            uncut: false,
            folder_unsynced: true,
            sync_failed: false,
            unsynced: frames.to_vec(),
            unsynced_from: 0,
            last_append: LastAppend::Began,
        });
        Ok(())
    }

    fn extend_segment(&self, added: Segment, frames: &[u8]) -> Result<(), JournalError> {
        let disk = &self.0.disk;
        let mut files = self.0.files();
        // Only the appender, whose lock is held, makes or closes segments.
        let Some(current) = &mut files.current else { return Err(JournalError::Busy) };
        let path = names::segment(&self.0.settings.folder, current.segment.first);
        let io = |cause| JournalError::Io { doing: "write the journal file", path, cause };
        let length = current.segment.bytes;
        let written = current.cut(disk).and_then(|()| {
            current.uncut = true;
            disk.write_at(&current.file, frames, length)
        });
        if let Err(cause) = written {
            // Cutting needs no room. What cannot be cut now is cut before the next append, or when the journal is opened.
            let _ = current.cut(disk);
            return Err(io(cause));
        }
        current.uncut = false;
        current.unsynced.extend_from_slice(frames);
        current.last_append = LastAppend::Extended(current.segment);
        current.segment.last = added.last;
        current.segment.bytes += added.bytes;
        current.segment.oldest_removal = current.segment.oldest_removal.or(added.oldest_removal);
        files.last = added.last;
        Ok(())
    }

    /// Returns once everything appended before is on the disk. Appending may go on meanwhile, from another thread.
    ///
    /// After an error it may be called again: what is not known to be on the disk is then written once more, because the
    /// system takes pages it failed to write for written.
    pub fn sync(&self) -> Result<(), JournalError> {
        let _one_at_a_time = self.0.syncing();
        self.sync_locked()
    }

    fn sync_locked(&self) -> Result<(), JournalError> {
        let (file, first, written_to, folder) = {
            let mut files = self.0.files();
            let Some(current) = &mut files.current else { return Ok(()) };
            let path = names::segment(&self.0.settings.folder, current.segment.first);
            let io = JournalError::io("write the journal file", &path);
            current.prepare_sync(&self.0.disk).map_err(io)?;
            (current.file.clone(), current.segment.first, current.segment.bytes, current.folder_unsynced)
        };
        let result = self.0.disk.sync(&file).and_then(|()| match folder {
            true => self.0.disk.sync_folder(&self.0.settings.folder),
            false => Ok(()),
        });
        let mut files = self.0.files();
        if let Some(current) = files.current.as_mut().filter(|current| current.segment.first == first) {
            current.synced(written_to, result.is_ok());
        }
        result.map_err(|cause| JournalError::Io {
            doing: "make durable the journal file",
            path: names::segment(&self.0.settings.folder, first),
            cause,
        })
    }

    /// Closes the segment that is being written, so that it can be folded; the next append begins another.
    pub fn close_segment(&self) -> Result<(), JournalError> {
        let _writer = self.0.writer();
        self.close_segment_locked()
    }

    fn close_segment_locked(&self) -> Result<(), JournalError> {
        let _one_at_a_time = self.0.syncing();
        loop {
            self.sync_locked()?;
            let mut files = self.0.files();
            match files.current.as_mut() {
                None => return Ok(()),
                Some(current) if !current.unsynced.is_empty() => continue,
                Some(current) => {
                    let path = names::segment(&self.0.settings.folder, current.segment.first);
                    current.cut(&self.0.disk).map_err(JournalError::io("cut the journal file", &path))?;
                    let segment = current.segment;
                    files.closed.push(segment);
                    files.current = None;
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0.settings.folder
    }
}

impl Current {
    /// Cuts off what a failed append may have left behind.
    fn cut(&mut self, disk: &super::disk::Disk) -> io::Result<()> {
        if mem::take(&mut self.uncut) {
            disk.truncate(&self.file, self.segment.bytes).inspect_err(|_| self.uncut = true)?;
        }
        Ok(())
    }

    fn prepare_sync(&mut self, disk: &super::disk::Disk) -> io::Result<()> {
        self.cut(disk)?;
        if self.sync_failed {
            disk.write_at(&self.file, &self.unsynced, self.unsynced_from)?;
        }
        Ok(())
    }

    fn synced(&mut self, to: u64, well: bool) {
        self.sync_failed = !well;
        if well {
            self.folder_unsynced = false;
            let done = to.saturating_sub(self.unsynced_from).min(self.unsynced.len() as u64);
            self.unsynced.drain(..done as usize);
            self.unsynced_from += done;
        }
    }
}
