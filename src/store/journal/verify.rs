//! Reading everything that is there, for a scrub, a backup and `newsdesk doctor`.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    Damage, Journal, JournalError,
    frames::{Frames, Source},
    line::{self, Lines},
    names,
};
use crate::store::CommitNumber;

/// What the files of the journal hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub bytes: u64,
    /// Records in the base and changes in segments.
    pub lines: u64,
    /// Commits in segments.
    pub commits: u64,
    /// Empty if everything is as it was written.
    pub damage: Vec<Damage>,
}

/// A file of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSize {
    pub path: PathBuf,
    pub bytes: u64,
}

/// How large the journal is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The base first, the segment being written last.
    pub files: Vec<FileSize>,
    pub bytes: u64,
    /// Commits that can be read one by one.
    pub commits_since_base: u64,
    pub base: Option<CommitNumber>,
    pub last: CommitNumber,
}

impl Journal {
    /// How large the journal is, without looking at the disk.
    pub fn sizes(&self) -> Sizes {
        let files = self.0.files();
        let folder = self.folder();
        let base = files.base.map(|base| FileSize { path: names::base(folder, base.commit), bytes: base.bytes });
        let segments = files
            .segments()
            .map(|segment| FileSize { path: names::segment(folder, segment.first), bytes: segment.bytes });
        let list: Vec<_> = base.into_iter().chain(segments).collect();
        Sizes {
            bytes: list.iter().map(|file| file.bytes).sum(),
            files: list,
            commits_since_base: files.last.0 - files.base.map_or(0, |base| base.commit.0),
            base: files.base.map(|base| base.commit),
            last: files.last,
        }
    }

    /// The last commit that was appended or is in the base.
    pub fn last(&self) -> CommitNumber {
        self.0.files().last
    }

    /// Reads every frame of every file: checksums, lines, that no commit is missing. Damage does not end it.
    pub fn verify(&self, stop: &AtomicBool) -> Result<Verified, JournalError> {
        let files = self.0.files();
        let base = files.base.map(|base| self.0.open_base(base)).transpose()?;
        let segments = files.segments().map(|segment| self.0.open_segment(segment)).collect::<Result<Vec<_>, _>>()?;
        let last = files.base.map_or(CommitNumber(0), |base| base.commit);
        drop(files);
        let mut reading = Reading { verified: Verified::default(), last, stop };
        if let Some(base) = base {
            reading.file(base, Reading::records)?;
        }
        for segment in segments {
            reading.file(segment, Reading::commits)?;
        }
        Ok(reading.verified)
    }
}

struct Reading<'a> {
    verified: Verified,
    last: CommitNumber,
    stop: &'a AtomicBool,
}

impl Reading<'_> {
    fn file(&mut self, source: Source, check: fn(&mut Self, &[u8]) -> Result<(), String>) -> Result<(), JournalError> {
        self.verified.bytes += source.end;
        let mut frames = Frames::new(source)?;
        match frames.header() {
            Ok(_) => {}
            Err(JournalError::Damaged(damage)) => {
                self.verified.damage.push(damage);
                if frames.position() == 0 && !frames.pass_damage()? {
                    return Ok(());
                }
            }
            Err(other) => return Err(other),
        }
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(JournalError::Stopped);
            }
            let at = frames.position();
            let (result, passed) = match frames.next() {
                Ok(None) => return Ok(()),
                Ok(Some(frame)) => (check(self, frame.plain), true),
                Err(JournalError::Damaged(damage)) => (Err(damage.cause), false),
                Err(other) => return Err(other),
            };
            if let Err(cause) = result {
                self.verified.damage.push(frames.damage(at, cause));
                if !passed && !frames.pass_damage()? {
                    return Ok(());
                }
            }
        }
    }

    fn records(&mut self, plain: &[u8]) -> Result<(), String> {
        for line in Lines(plain) {
            let line = line?;
            if line::is_commit(line) {
                line::read_commit(line)?;
            } else {
                line::read_change(line)?;
                self.verified.lines += 1;
            }
        }
        Ok(())
    }

    fn commits(&mut self, plain: &[u8]) -> Result<(), String> {
        let mut rest = plain;
        let mut missing = None;
        while !rest.is_empty() {
            let (changes, end, after) = line::next_commit(rest)?;
            for line in Lines(rest).take(changes) {
                line::read_change(line?)?;
                self.verified.lines += 1;
            }
            if end.commit > self.last.next() && missing.is_none() {
                missing = Some(format!("commit {} comes after commit {}", end.commit.0, self.last.0));
            }
            self.last = self.last.max(end.commit);
            self.verified.commits += 1;
            rest = after;
        }
        missing.map_or(Ok(()), Err)
    }
}
