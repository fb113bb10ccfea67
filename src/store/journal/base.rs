//! Writing a new base beside the old one, and taking its place.

use std::{
    fs::{self, File},
    io, mem,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Journal, JournalError,
    disk::Disk,
    files::Base,
    frame::Packer,
    line::{self, CommitLine, Header},
    names::{self, FileName},
};
use crate::store::{Change, CommitNumber};

/// A frame is packed once its lines have come to so many bytes.
const FRAME: usize = 192 << 10;

/// So much is written between two syncs, lest the last one keep the disk busy for long.
const UNSYNCED: u64 = 16 << 20;

/// The compression of a base: nobody waits for it.
const LEVEL: i32 = 3;

/// A base that is being written. Dropped before [`BaseWriter::finish`], it leaves nothing behind.
pub struct BaseWriter {
    /// Gives way to the next writer when dropped.
    journal: Rewriting,
    commit: CommitNumber,
    at: DateTime<Utc>,
    output: Output,
    records: u64,
    plain: Vec<u8>,
    packer: Packer,
    finished: bool,
}

/// A base that has taken its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseWritten {
    pub commit: CommitNumber,
    pub records: u64,
    pub bytes: u64,
}

/// Held while a base is written: there is only one at a time.
pub(super) struct Rewriting(pub(super) Journal);

impl Rewriting {
    pub(super) fn begin(journal: &Journal) -> Result<Self, JournalError> {
        let mut files = journal.0.files();
        if mem::replace(&mut files.rewriting, true) {
            return Err(JournalError::Busy);
        }
        drop(files);
        Ok(Self(journal.clone()))
    }
}

impl Drop for Rewriting {
    fn drop(&mut self) {
        self.0.0.files().rewriting = false;
    }
}

impl Journal {
    /// Begins a base that holds everything up to `commit`, made at `at`.
    ///
    /// What it is written from may change meanwhile: commits after this one are appended as ever and replayed over it. If
    /// `commit` is later than the last one in the journal, the next one appended follows it.
    pub fn write_base(&self, commit: CommitNumber, at: DateTime<Utc>) -> Result<BaseWriter, JournalError> {
        let rewriting = Rewriting::begin(self)?;
        self.close_segment()?;
        let mut files = self.0.files();
        files.last = files.last.max(commit);
        drop(files);
        BaseWriter::new(rewriting, commit, at)
    }
}

impl BaseWriter {
    pub(super) fn new(journal: Rewriting, commit: CommitNumber, at: DateTime<Utc>) -> Result<Self, JournalError> {
        let path = names::unfinished_base(journal.0.folder(), commit);
        let packer = Packer::new(LEVEL).map_err(JournalError::io("prepare compression for", &path))?;
        let disk = journal.0.0.disk.clone();
        let file = disk.create(&path).map_err(JournalError::io("write the journal file", &path))?;
        let output = Output { disk, path, file, bytes: 0, synced: 0 };
        let header = Header::new(journal.0.instance(), at);
        let plain = Vec::with_capacity(FRAME * 2);
        let mut writer = Self { journal, commit, at, output, records: 0, plain, packer, finished: false };
        writer.line(&header)?;
        writer.flush()?;
        Ok(writer)
    }

    /// Adds a record. Of each subject there must be one only, and no removal.
    pub fn write(&mut self, record: &Change) -> Result<(), JournalError> {
        line::check(record).map_err(|cause| JournalError::Unwritable { number: self.commit, cause })?;
        self.line(record)?;
        self.records += 1;
        self.flush_if_full()
    }

    /// Adds a record's line as it is, without its end.
    pub(super) fn write_line(&mut self, line: &[u8]) -> Result<(), JournalError> {
        self.plain.extend_from_slice(line);
        self.plain.push(b'\n');
        self.records += 1;
        self.flush_if_full()
    }

    /// Adds so many records in a frame as it is.
    pub(super) fn write_frame(&mut self, frame: &[u8], records: u64) -> Result<(), JournalError> {
        self.records += records;
        self.output.write(frame)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), JournalError> {
        line::write(&mut self.plain, value).map_err(|cause| JournalError::Unwritable { number: self.commit, cause })
    }

    fn flush_if_full(&mut self) -> Result<(), JournalError> {
        if self.plain.len() >= FRAME { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        if self.plain.is_empty() {
            return Ok(());
        }
        let frame = self.packer.pack(&self.plain).map_err(|cause| self.output.failed(cause))?;
        self.output.write(frame)?;
        self.plain.clear();
        self.plain.shrink_to(FRAME * 2);
        Ok(())
    }

    /// Makes the base durable, puts it in the old one's place and deletes what it supersedes. A crash on the way leaves either
    /// the old base with its segments or the new one.
    pub fn finish(mut self) -> Result<BaseWritten, JournalError> {
        self.flush()?;
        let end = CommitLine { commit: self.commit, at: self.at };
        self.line(&end)?;
        self.flush()?;
        let journal = self.journal.0.clone();
        let (disk, folder) = (&journal.0.disk, journal.folder());
        let path = names::base(folder, self.commit);
        disk.sync(&self.output.file).map_err(|cause| self.output.failed(cause))?;
        disk.rename(&self.output.path, &path).map_err(JournalError::io("put in place", &path))?;
        self.finished = true;
        disk.sync_folder(folder).map_err(JournalError::io("make durable the folder", folder))?;

        let commit = self.commit;
        let mut files = journal.0.files();
        files.base = Some(Base { commit, bytes: self.output.bytes });
        let superseded = files.closed.extract_if(.., |segment| segment.last <= commit);
        let mut superseded: Vec<_> = superseded.map(|segment| names::segment(folder, segment.first)).collect();
        drop(files);
        superseded.extend(other_bases(folder, commit));
        for path in superseded {
            // What stays behind is deleted when the journal is next opened.
            let _ = disk.remove(&path);
        }
        Ok(BaseWritten { commit, records: self.records, bytes: self.output.bytes })
    }
}

impl Drop for BaseWriter {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed now is removed when the journal is next opened.
            let _ = self.output.disk.remove(&self.output.path);
        }
    }
}

/// Every base but that of `commit`, damaged ones among them.
fn other_bases(folder: &Path, commit: CommitNumber) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_other = |name: &str| matches!(FileName::read(name), Some(FileName::Base(other)) if other != commit);
    let others = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_other));
    others.map(|entry| entry.path()).collect()
}

/// The file that becomes the base.
struct Output {
    disk: Disk,
    path: PathBuf,
    file: File,
    bytes: u64,
    synced: u64,
}

impl Output {
    fn write(&mut self, frame: &[u8]) -> Result<(), JournalError> {
        self.disk.write_at(&self.file, frame, self.bytes).map_err(|cause| self.failed(cause))?;
        self.bytes += frame.len() as u64;
        if self.bytes - self.synced >= UNSYNCED {
            self.disk.sync(&self.file).map_err(|cause| self.failed(cause))?;
            self.synced = self.bytes;
        }
        Ok(())
    }

    fn failed(&self, cause: io::Error) -> JournalError {
        JournalError::Io { doing: "write the journal file", path: self.path.clone(), cause }
    }
}
