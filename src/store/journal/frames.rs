//! A file of the journal as frames, read in order with bounded memory.

use std::{fs::File, io, os::unix::fs::FileExt, path::PathBuf, sync::Arc};

use super::{
    Damage, JournalError,
    frame::{self, Extent, Measured, Unpacker},
    line::Header,
};

/// So much is read at a time.
const PIECE: usize = 512 << 10;

/// A file that is open for reading, and how far it goes: what is appended later is not looked at.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) end: u64,
}

impl Source {
    pub(super) fn open(path: PathBuf) -> Result<Self, JournalError> {
        let file = File::open(&path).map_err(JournalError::io("read", &path))?;
        let end = file.metadata().map_err(JournalError::io("read", &path))?.len();
        Ok(Self { path, file: Arc::new(file), end })
    }

    pub(super) fn damage(&self, offset: u64, cause: impl Into<String>) -> Damage {
        Damage { file: self.path.clone(), offset, cause: cause.into() }
    }
}

/// The frames of a file, one after another.
pub(super) struct Frames {
    source: Source,
    /// Bytes of the file from `offset` on; those before `at` are done with.
    buffer: Vec<u8>,
    offset: u64,
    at: usize,
    unpacker: Unpacker,
}

/// One frame.
pub(super) struct Frame<'a> {
    /// Where it begins, bytes from the beginning of the file.
    pub(super) offset: u64,
    pub(super) packed: &'a [u8],
    pub(super) plain: &'a [u8],
}

impl Frames {
    pub(super) fn new(source: Source) -> Result<Self, JournalError> {
        let unpacker = Unpacker::new().map_err(JournalError::io("read", &source.path))?;
        Ok(Self { source, buffer: Vec::new(), offset: 0, at: 0, unpacker })
    }

    /// Goes on with another file.
    pub(super) fn turn_to(&mut self, source: Source) {
        self.source = source;
        self.buffer.clear();
        (self.offset, self.at) = (0, 0);
    }

    /// Goes on with the frame that begins at `offset`.
    pub(super) fn go_to(&mut self, offset: u64) {
        self.buffer.clear();
        (self.offset, self.at) = (offset, 0);
    }

    /// Where the next frame begins.
    pub(super) fn position(&self) -> u64 {
        self.offset + self.at as u64
    }

    /// What is wrong with the file at `offset`.
    pub(super) fn damage(&self, offset: u64, cause: impl Into<String>) -> Damage {
        self.source.damage(offset, cause)
    }

    /// The next frame, unpacked; `None` at the end. After damage the position is still where the damaged frame begins.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, JournalError> {
        let Some(extent) = self.measure()? else { return Ok(None) };
        let offset = self.position();
        let begin = self.at;
        let packed = self.buffer.get(begin..begin + extent.packed).unwrap_or_default();
        match self.unpacker.unpack(packed, extent) {
            Ok(plain) => {
                self.at = begin + extent.packed;
                Ok(Some(Frame { offset, packed, plain }))
            }
            Err(cause) => Err(JournalError::Damaged(self.source.damage(offset, cause))),
        }
    }

    /// The header, which the first frame of each file holds.
    pub(super) fn header(&mut self) -> Result<Header, JournalError> {
        let path = self.source.path.clone();
        let read = match self.next()? {
            Some(frame) => Header::read(frame.plain, &path)?,
            None => Err("it is empty".into()),
        };
        read.map_err(|cause| JournalError::Damaged(self.damage(0, cause)))
    }

    /// Passes the next frame without unpacking it; `None` at the end.
    pub(super) fn pass(&mut self) -> Result<Option<Extent>, JournalError> {
        let extent = self.measure()?;
        self.at += extent.map_or(0, |extent| extent.packed);
        Ok(extent)
    }

    /// After damage: goes to the next place from which a whole frame can be unpacked; `false` if there is none.
    pub(super) fn pass_damage(&mut self) -> Result<bool, JournalError> {
        loop {
            self.at += 1;
            if self.position() >= self.source.end {
                return Ok(false);
            }
            self.fill(frame::MAGIC.len())?;
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            match rest.windows(frame::MAGIC.len()).position(|four| four == frame::MAGIC) {
                Some(further) => self.at += further,
                None => {
                    self.at = self.buffer.len().saturating_sub(frame::MAGIC.len()).max(self.at);
                    continue;
                }
            }
            let at = self.position();
            match self.next() {
                Ok(Some(_)) => {
                    self.at = (at - self.offset) as usize;
                    return Ok(true);
                }
                Ok(None) => return Ok(false),
                Err(JournalError::Damaged(_)) => {}
                Err(other) => return Err(other),
            }
        }
    }

    fn measure(&mut self) -> Result<Option<Extent>, JournalError> {
        let left = self.source.end.saturating_sub(self.position());
        if left == 0 {
            return Ok(None);
        }
        let mut needed = 16;
        loop {
            self.fill(needed)?;
            match frame::measure(self.buffer.get(self.at..).unwrap_or_default()) {
                Measured::Whole(extent) => return Ok(Some(extent)),
                Measured::Longer(longer) if longer as u64 <= left => needed = longer,
                Measured::Longer(_) => {
                    return Err(JournalError::Damaged(self.damage(self.position(), "the file ends within a frame")));
                }
                Measured::Bad(cause) => return Err(JournalError::Damaged(self.damage(self.position(), cause))),
            }
        }
    }

    /// Sees to it that so many bytes from the position on are in the buffer, if the file has as many.
    fn fill(&mut self, needed: usize) -> Result<(), JournalError> {
        if self.buffer.len().saturating_sub(self.at) >= needed {
            return Ok(());
        }
        self.buffer.drain(..self.at.min(self.buffer.len()));
        self.offset += self.at as u64;
        self.at = 0;
        let (held, wanted) = (self.buffer.len(), needed.max(PIECE));
        let left = self.source.end.saturating_sub(self.offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
        if wanted <= held {
            return Ok(());
        }
        if wanted <= PIECE {
            self.buffer.shrink_to(PIECE);
        }
        self.buffer.resize(wanted, 0);
        let result =
            self.source.file.read_exact_at(self.buffer.get_mut(held..).unwrap_or_default(), self.offset + held as u64);
        result.map_err(|cause| {
            self.buffer.truncate(held);
            match cause.kind() {
                io::ErrorKind::UnexpectedEof => {
                    JournalError::Damaged(self.damage(self.offset, "the file has become shorter than it was"))
                }
                _ => JournalError::Io { doing: "read", path: self.source.path.clone(), cause },
            }
        })
    }
}
