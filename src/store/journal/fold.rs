//! Folding: the base and the oldest closed segments become a new base, in which each subject has its last record.
//!
//! The first pass notes, for each subject of the segments, which line is the last about it. The second copies the base's
//! records of other subjects, then those lines, unless they are removals. Memory is bounded by folding no more segments than
//! have so many subjects; the rest is folded the next time.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Journal, JournalError,
    base::{BaseWriter, BaseWritten, Rewriting},
    frames::{Frames, Source},
    line::{self, CommitLine, Lines},
    subject::{About, SubjectKey},
};
use crate::store::CommitNumber;

/// No further segment is taken into a fold that has so many subjects: a table of some 30 MB.
const MOST_SUBJECTS: usize = 400_000;

/// A frame of the old base that is shorter than this is packed anew with others.
const WORTH_KEEPING: usize = 64 << 10;

/// How much there is to fold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfolded {
    pub base_bytes: u64,
    /// Of closed segments.
    pub closed_bytes: u64,
    /// Of the segment that is being written.
    pub current_bytes: u64,
    /// When the first record was taken out that the files may still hold.
    pub oldest_removal: Option<DateTime<Utc>>,
}

/// Why it is time to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldReason {
    /// The closed segments have grown large beside the base.
    Size,
    /// Something was taken out long ago and must leave the files.
    Removal,
}

/// Below this size segments are not worth a fold.
const WORTH_FOLDING: u64 = 4 << 20;

/// What is taken out leaves the files twice as late at most: [`fold_is_due`] is asked every hour or oftener.
const REMOVALS_STAY: TimeDelta = TimeDelta::hours(12);

/// Whether it is time to fold. A removal dated far ahead was made before the clock was set back, nobody knows when.
pub fn fold_is_due(unfolded: &Unfolded, now: DateTime<Utc>) -> Option<FoldReason> {
    if unfolded.oldest_removal.is_some_and(|removal| now.signed_duration_since(removal).abs() >= REMOVALS_STAY) {
        return Some(FoldReason::Removal);
    }
    (unfolded.closed_bytes > WORTH_FOLDING.max(unfolded.base_bytes / 2)).then_some(FoldReason::Size)
}

/// What a fold did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    pub base: BaseWritten,
    /// So many segments are in the new base.
    pub segments: usize,
    pub bytes_before: u64,
    /// Segments remain that did not fit into this fold: the next may follow at once.
    pub more: bool,
}

impl Journal {
    /// What [`fold_is_due`] goes by.
    pub fn unfolded(&self) -> Unfolded {
        let files = self.0.files();
        Unfolded {
            base_bytes: files.base.map_or(0, |base| base.bytes),
            closed_bytes: files.closed.iter().map(|segment| segment.bytes).sum(),
            current_bytes: files.current.as_ref().map_or(0, |current| current.segment.bytes),
            oldest_removal: files.segments().filter_map(|segment| segment.oldest_removal).min(),
        }
    }

    /// Folds closed segments into a new base, beside appending; `None` if there are none. For [`FoldReason::Removal`] the
    /// segment that is being written is closed first.
    ///
    /// Damage that is met ends it, as does `stop`: the journal is then as it was.
    pub fn fold(&self, reason: FoldReason, stop: &AtomicBool) -> Result<Option<Folded>, JournalError> {
        self.fold_at_most(reason, stop, MOST_SUBJECTS)
    }

    pub(super) fn fold_at_most(
        &self,
        reason: FoldReason,
        stop: &AtomicBool,
        most_subjects: usize,
    ) -> Result<Option<Folded>, JournalError> {
        let rewriting = Rewriting::begin(self)?;
        if reason == FoldReason::Removal {
            self.close_segment()?;
        }
        let files = self.0.files();
        let base = files.base.map(|base| self.0.open_base(base)).transpose()?;
        let base_commit = files.base.map_or(CommitNumber(0), |base| base.commit);
        let closed = files.closed.iter().map(|segment| self.0.open_segment(*segment));
        let mut closed = closed.collect::<Result<Vec<_>, _>>()?;
        drop(files);

        let Some(first) = closed.first() else { return Ok(None) };
        let mut pass = Pass { frames: Frames::new(first.clone())?, stop };
        let mut found = LastLines { end: None, last: base_commit, lines: 0, of: HashMap::default() };
        let mut fit = 0;
        for segment in &closed {
            if found.of.len() >= most_subjects {
                break;
            }
            pass.file(segment.clone(), |frame, _| found.note(frame))?;
            fit += 1;
        }
        let more = fit < closed.len();
        closed.truncate(fit);
        let Some(end) = found.end else { return Ok(None) };

        let bytes_before = base.iter().chain(&closed).map(|source| source.end).sum();
        let mut writer = BaseWriter::new(rewriting, end.commit, end.at)?;
        if let Some(base) = base {
            let mut ended = false;
            pass.file(base, |plain, packed| copy_unchanged(&found, &mut writer, plain, packed, &mut ended))?;
        }
        let mut line_number = 0;
        for segment in &closed {
            pass.file(segment.clone(), |plain, _| {
                for line in Lines(plain) {
                    let line = line.map_err(Trouble::Line)?;
                    line_number += 1;
                    if line::is_commit(line) {
                        continue;
                    }
                    let about = About::read(line).map_err(Trouble::Line)?;
                    if !about.is_removal && found.of.get(&about.subject) == Some(&line_number) {
                        writer.write_line(line).map_err(Trouble::Write)?;
                    }
                }
                Ok(())
            })?;
        }
        let base = writer.finish()?;
        Ok(Some(Folded { base, segments: closed.len(), bytes_before, more }))
    }
}

/// Why a frame could not be folded.
enum Trouble {
    /// The frame is not what was once written.
    Line(String),
    Write(JournalError),
}

/// One way through files.
struct Pass<'a> {
    frames: Frames,
    stop: &'a AtomicBool,
}

impl Pass<'_> {
    /// Hands every frame but the header, plain and packed, to `each`.
    fn file(
        &mut self,
        source: Source,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Trouble>,
    ) -> Result<(), JournalError> {
        self.frames.turn_to(source);
        self.frames.header()?;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(JournalError::Stopped);
            }
            let Some(frame) = self.frames.next()? else { return Ok(()) };
            let offset = frame.offset;
            match each(frame.plain, frame.packed) {
                Ok(()) => {}
                Err(Trouble::Line(cause)) => return Err(JournalError::Damaged(self.frames.damage(offset, cause))),
                Err(Trouble::Write(error)) => return Err(error),
            }
        }
    }
}

/// Which line of the segments is the last about each subject.
struct LastLines {
    of: HashMap<SubjectKey, u64, BuildHasherDefault<AlreadyHashed>>,
    /// Lines seen.
    lines: u64,
    /// The last commit seen.
    last: CommitNumber,
    end: Option<CommitLine>,
}

impl LastLines {
    fn note(&mut self, plain: &[u8]) -> Result<(), Trouble> {
        let mut rest = plain;
        while !rest.is_empty() {
            let (changes, end, after) = line::next_commit(rest).map_err(Trouble::Line)?;
            let known = end.commit <= self.last;
            if !known && end.commit != self.last.next() {
                let cause = format!("commit {} comes after commit {}", end.commit.0, self.last.0);
                return Err(Trouble::Line(cause));
            }
            for line in Lines(rest).take(changes) {
                self.lines += 1;
                if !known {
                    let about = line.and_then(About::read).map_err(Trouble::Line)?;
                    self.of.insert(about.subject, self.lines);
                }
            }
            self.lines += 1;
            if !known {
                self.last = end.commit;
                self.end = Some(end);
            }
            rest = after;
        }
        Ok(())
    }
}

/// Copies a frame of the old base without the subjects that have a later line; as it is if it has none of them.
fn copy_unchanged(
    found: &LastLines,
    writer: &mut BaseWriter,
    plain: &[u8],
    packed: &[u8],
    ended: &mut bool,
) -> Result<(), Trouble> {
    let mut kept = Vec::new();
    let mut records = 0;
    for line in Lines(plain) {
        let line = line.map_err(Trouble::Line)?;
        if line::is_commit(line) {
            *ended = true;
            continue;
        }
        records += 1;
        if !found.of.contains_key(&About::read(line).map_err(Trouble::Line)?.subject) {
            kept.push(line);
        }
    }
    if kept.len() == records && plain.len() >= WORTH_KEEPING && !*ended {
        return writer.write_frame(packed, records as u64).map_err(Trouble::Write);
    }
    kept.into_iter().try_for_each(|line| writer.write_line(line)).map_err(Trouble::Write)
}

/// Subjects are hashes already.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            self.0 = eight.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte));
        }
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
