//! Reading: the base's records, then commit after commit, unpacked and parsed ahead in a thread of their own.

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use chrono::{DateTime, Utc};

use super::{
    Journal, JournalError,
    frames::{Frames, Source},
    line::{self, Lines},
};
use crate::store::{Change, Commit, CommitNumber};

/// A piece of what the journal holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Some of the base's records: none of them is a removal, each is the only one of its subject.
    Records(Vec<Change>),
    /// The next commit, and when it was made.
    Commit(Commit, DateTime<Utc>),
}

/// The journal as it was when reading began, piece by piece. After an error there is nothing more.
///
/// What is given before [`JournalError::Damaged`] is whole and in order.
pub struct Reader {
    pieces: VecDeque<Piece>,
    /// `None` once the end or an error has been given.
    ahead: Option<Receiver<Step>>,
    done: Arc<AtomicU64>,
    total: u64,
    base: Option<CommitNumber>,
    folder: PathBuf,
}

/// What the thread that reads ahead hands over.
enum Step {
    Pieces(Vec<Piece>),
    Failed(JournalError),
    End,
}

/// So many frames are parsed ahead.
const AHEAD: usize = 4;

impl Journal {
    /// Reads everything: the base and the commits after it.
    pub fn read_all(&self) -> Result<Reader, JournalError> {
        let files = self.0.files();
        let base = files.base.map(|base| self.0.open_base(base)).transpose()?;
        let segments = files.segments().map(|segment| self.0.open_segment(segment)).collect::<Result<_, _>>()?;
        let after = files.base.map_or(CommitNumber(0), |base| base.commit);
        drop(files);
        Reader::begin(self.folder(), base, segments, after)
    }

    /// Reads the commits after this one; [`JournalError::Folded`] if they are no longer there one by one.
    pub fn commits_after(&self, after: CommitNumber) -> Result<Reader, JournalError> {
        let files = self.0.files();
        if let Some(base) = files.base.filter(|base| base.commit > after) {
            return Err(JournalError::Folded { asked: after, base: base.commit });
        }
        let segments = files.segments().filter(|segment| segment.last > after);
        let segments = segments.map(|segment| self.0.open_segment(segment)).collect::<Result<_, _>>()?;
        drop(files);
        Reader::begin(self.folder(), None, segments, after)
    }
}

impl Reader {
    fn begin(
        folder: &Path,
        base: Option<Source>,
        segments: Vec<Source>,
        after: CommitNumber,
    ) -> Result<Self, JournalError> {
        let total = base.iter().chain(&segments).map(|source| source.end).sum();
        let done = Arc::new(AtomicU64::new(0));
        let mut reader = Self {
            pieces: VecDeque::new(),
            ahead: None,
            done: done.clone(),
            total,
            base: base.is_some().then_some(after),
            folder: folder.to_path_buf(),
        };
        let Some(first) = base.as_ref().or(segments.first()).cloned() else { return Ok(reader) };
        let (sender, ahead) = sync_channel(AHEAD);
        let mut reading = Reading { frames: Frames::new(first)?, last: after, sender, done };
        let spawned = thread::Builder::new().name("journal".into()).spawn(move || {
            let last_step = match reading.all(base, segments) {
                Ok(()) => Step::End,
                Err(error) => Step::Failed(error),
            };
            // Whoever has stopped listening needs no end.
            let _ = reading.sender.send(last_step);
        });
        spawned.map_err(JournalError::io("begin reading the journal in", folder))?;
        reader.ahead = Some(ahead);
        Ok(reader)
    }

    /// The commit as of which the base is that is read first, if one is.
    pub fn base(&self) -> Option<CommitNumber> {
        self.base
    }

    /// Bytes that have been read, of so many in all.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total)
    }
}

impl Iterator for Reader {
    type Item = Result<Piece, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Some(Ok(piece));
            }
            match self.ahead.as_ref()?.recv() {
                Ok(Step::Pieces(pieces)) => self.pieces.extend(pieces),
                Ok(Step::Failed(error)) => {
                    self.ahead = None;
                    return Some(Err(error));
                }
                Ok(Step::End) => self.ahead = None,
                // The thread cannot end without a last step unless it panicked.
                Err(_) => {
                    self.ahead = None;
                    let cause = io::Error::other("reading it panicked");
                    return Some(Err(JournalError::Io {
                        doing: "read the journal in",
                        path: self.folder.clone(),
                        cause,
                    }));
                }
            }
        }
    }
}

struct Reading {
    frames: Frames,
    /// The last commit that was given or is in the base.
    last: CommitNumber,
    sender: SyncSender<Step>,
    done: Arc<AtomicU64>,
}

impl Reading {
    fn all(&mut self, base: Option<Source>, segments: Vec<Source>) -> Result<(), JournalError> {
        let mut before = 0;
        if let Some(base) = base {
            before += base.end;
            let commit = self.last;
            self.file(base, 0, |plain, _| records(plain, commit))?;
        }
        for segment in segments {
            let end = segment.end;
            self.file(segment, before, commits)?;
            before += end;
        }
        Ok(())
    }

    fn file(
        &mut self,
        source: Source,
        before: u64,
        mut parse: impl FnMut(&[u8], &mut CommitNumber) -> Result<Vec<Piece>, String>,
    ) -> Result<(), JournalError> {
        self.frames.turn_to(source);
        self.frames.header()?;
        loop {
            let offset = self.frames.position();
            let Some(frame) = self.frames.next()? else { return Ok(()) };
            let parsed = parse(frame.plain, &mut self.last);
            let pieces = parsed.map_err(|cause| JournalError::Damaged(self.frames.damage(offset, cause)))?;
            self.done.store(before + self.frames.position(), Ordering::Relaxed);
            if self.sender.send(Step::Pieces(pieces)).is_err() {
                return Err(JournalError::Stopped);
            }
        }
    }
}

/// A frame of the base: records, or in the last one the commit as of which it is.
fn records(plain: &[u8], commit: CommitNumber) -> Result<Vec<Piece>, String> {
    let mut changes = Vec::with_capacity(plain.len() / 512);
    for line in Lines(plain) {
        let line = line?;
        if line::is_commit(line) {
            let end = line::read_commit(line)?;
            if end.commit != commit {
                return Err(format!("it is as of commit {}, not {}", end.commit.0, commit.0));
            }
        } else {
            changes.push(line::read_change(line)?);
        }
    }
    Ok(if changes.is_empty() { Vec::new() } else { vec![Piece::Records(changes)] })
}

/// A frame of a segment: whole commits. Those that have been given are passed over.
fn commits(plain: &[u8], last: &mut CommitNumber) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = plain;
    while !rest.is_empty() {
        let (count, end, after) = line::next_commit(rest)?;
        let lines = Lines(std::mem::replace(&mut rest, after)).take(count);
        if end.commit <= *last {
            continue;
        }
        if end.commit != last.next() {
            return Err(format!("commit {} comes after commit {}", end.commit.0, last.0));
        }
        *last = end.commit;
        let changes = lines.map(|line| line::read_change(line?)).collect::<Result<_, String>>()?;
        pieces.push(Piece::Commit(Commit { number: end.commit, changes }, end.at));
    }
    Ok(pieces)
}
