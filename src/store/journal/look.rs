//! What the beginning and the end of a file tell.

use std::{os::unix::fs::FileExt, path::Path};

use super::{
    Damage, JournalError,
    append::MOST_UNSYNCED,
    frame::{self, Measured, Unpacker},
    frames::{Frames, Source},
    line::{self, CommitLine, Header},
};

/// What a look at a file told.
pub(super) struct Looked {
    pub(super) header: Option<Header>,
    /// The line that ends its last commit.
    pub(super) end: Option<CommitLine>,
    /// How far it can be used: less than its length if its tail is torn.
    pub(super) bytes: u64,
    pub(super) length: u64,
    pub(super) damage: Option<Damage>,
}

/// Looks at the first and the last frame.
pub(super) fn look_at_end(path: &Path) -> Result<Looked, JournalError> {
    let source = Source::open(path.to_path_buf())?;
    let (bytes, length) = (source.end, source.end);
    let mut looked = Looked { header: None, end: None, bytes, length, damage: None };
    match read_header(&source)? {
        Ok(header) => looked.header = Some(header),
        Err(cause) => looked.damage = Some(source.damage(0, cause)),
    }
    match read_end(&source)? {
        Some(end) => looked.end = Some(end),
        None => looked.damage = looked.damage.or(Some(source.damage(bytes, "it does not end with a whole commit"))),
    }
    Ok(looked)
}

/// Looks at all frames of the newest segment, unpacking those that may not have reached the disk before a crash.
///
/// What a crash tears is at the end: a bad frame that whole commits come after is damage.
pub(super) fn look_through(path: &Path) -> Result<Looked, JournalError> {
    let source = Source::open(path.to_path_buf())?;
    let length = source.end;
    let mut looked = Looked { header: None, end: None, bytes: 0, length, damage: None };
    let mut frames = Frames::new(source.clone())?;
    let bad = match read_header(&source)? {
        Ok(header) => {
            looked.header = Some(header);
            walk(&mut frames, &mut looked)?
        }
        Err(cause) => Some(source.damage(0, cause)),
    };
    let Some(bad) = bad else { return Ok(looked) };
    frames.go_to(bad.offset);
    while frames.pass_damage()? {
        while let Ok(Some(frame)) = frames.next() {
            if let Ok(end) = last_commit(frame.plain) {
                looked.end = Some(end);
                looked.bytes = length;
                looked.damage = Some(bad.clone());
            }
        }
    }
    Ok(looked)
}

/// Goes as far as frames are whole; gives back what is wrong there.
fn walk(frames: &mut Frames, looked: &mut Looked) -> Result<Option<Damage>, JournalError> {
    let safe = looked.length.saturating_sub(MOST_UNSYNCED as u64);
    let mut bad = None;
    // The header is whole: it has been read.
    frames.pass()?;
    looked.bytes = frames.position();
    let (mut read_from, mut end) = (frames.position(), frames.position());
    loop {
        let begin = frames.position();
        match frames.pass() {
            Ok(None) => break,
            Ok(Some(_)) => {
                if end <= safe {
                    read_from = begin;
                }
                end = frames.position();
            }
            Err(JournalError::Damaged(damage)) => {
                bad = Some(damage);
                break;
            }
            Err(other) => return Err(other),
        }
    }
    frames.go_to(read_from);
    while frames.position() < end {
        let at = frames.position();
        let ends = match frames.next() {
            Ok(Some(frame)) => last_commit(frame.plain),
            Ok(None) => break,
            Err(JournalError::Damaged(damage)) => Err(damage.cause),
            Err(other) => return Err(other),
        };
        match ends {
            Ok(ends) => looked.end = Some(ends),
            Err(cause) => return Ok(Some(frames.damage(at, cause))),
        }
        looked.bytes = frames.position();
    }
    Ok(bad)
}

/// So long a header frame is at most.
const HEADER: u64 = 4096;

fn read_header(source: &Source) -> Result<Result<Header, String>, JournalError> {
    let io = || JournalError::io("read", &source.path);
    let beginning = read(source, 0, source.end.min(HEADER))?;
    let Measured::Whole(extent) = frame::measure(&beginning) else {
        return Ok(Err("its header is not whole".into()));
    };
    let frame = beginning.get(..extent.packed).unwrap_or_default();
    let mut unpacker = Unpacker::new().map_err(io())?;
    match unpacker.unpack(frame, extent) {
        Ok(plain) => Header::read(plain, &source.path),
        Err(cause) => Ok(Err(cause)),
    }
}

/// The line that ends the file: the last place from which a frame goes on exactly to the end is where its last frame begins.
fn read_end(source: &Source) -> Result<Option<CommitLine>, JournalError> {
    let mut unpacker = Unpacker::new().map_err(JournalError::io("read", &source.path))?;
    let mut window = 64 << 10;
    loop {
        let from = source.end.saturating_sub(window);
        let tail = read(source, from, source.end - from)?;
        let starts = tail.windows(frame::MAGIC.len()).enumerate().rev().filter(|(_, four)| *four == frame::MAGIC);
        for (at, _) in starts {
            let rest = tail.get(at..).unwrap_or_default();
            if let Measured::Whole(extent) = frame::measure(rest)
                && extent.packed == rest.len()
                && let Ok(plain) = unpacker.unpack(rest, extent)
            {
                return Ok(last_commit(plain).ok());
            }
        }
        if from == 0 || window > frame::MOST_PLAIN as u64 {
            return Ok(None);
        }
        window *= 8;
    }
}

fn read(source: &Source, from: u64, length: u64) -> Result<Vec<u8>, JournalError> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    source.file.read_exact_at(&mut bytes, from).map_err(JournalError::io("read", &source.path))?;
    Ok(bytes)
}

/// The line that ends the last commit of a frame.
fn last_commit(plain: &[u8]) -> Result<CommitLine, String> {
    let without_end = plain.strip_suffix(b"\n").ok_or("its last line has no end")?;
    let begin = without_end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    line::read_commit(without_end.get(begin..).unwrap_or_default())
}
