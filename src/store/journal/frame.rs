//! zstd frames (RFC 8878 §3.1.1): packed, measured without unpacking, unpacked with their checksum verified.

use std::io;

use zstd::{
    bulk::{Compressor, Decompressor},
    zstd_safe::CParameter,
};

/// The most bytes a frame unpacks to: a bound on memory, far above what a commit comes to.
pub(super) const MOST_PLAIN: usize = 256 << 20;

pub(super) const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// What begins at the beginning of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Measured {
    Whole(Extent),
    /// It goes on beyond the bytes: at least so many are needed to tell more.
    Longer(usize),
    Bad(&'static str),
}

/// How long a frame is, packed and unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) packed: usize,
    pub(super) plain: usize,
}

/// Finds where a frame ends by walking over its blocks. Only frames such as ours pass: with their size and a checksum,
/// without a dictionary.
pub(super) fn measure(bytes: &[u8]) -> Measured {
    let known = bytes.len().min(MAGIC.len());
    if bytes.get(..known) != MAGIC.get(..known) {
        return Measured::Bad("no frame begins here");
    }
    let Some(descriptor) = bytes.get(4) else { return Measured::Longer(5) };
    if descriptor & 0b1000 != 0 || descriptor & 0b100 == 0 || descriptor & 0b11 != 0 {
        return Measured::Bad("the frame's header is not one of ours");
    }
    let single_segment = descriptor & 0b10_0000 != 0;
    let size_at = if single_segment { 5 } else { 6 };
    let size_length = match descriptor >> 6 {
        0 if single_segment => 1,
        0 => return Measured::Bad("the frame's header is not one of ours"),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let mut at = size_at + size_length;
    let Some(size) = bytes.get(size_at..at) else { return Measured::Longer(at) };
    let mut wide = [0; 8];
    for (to, from) in wide.iter_mut().zip(size) {
        *to = *from;
    }
    let plain = u64::from_le_bytes(wide).saturating_add(if size_length == 2 { 256 } else { 0 });
    let plain = match usize::try_from(plain) {
        Ok(plain) if plain <= MOST_PLAIN => plain,
        _ => return Measured::Bad("the frame claims to be larger than any that is written"),
    };
    let most_packed = zstd::zstd_safe::compress_bound(plain) + 64;
    loop {
        let Some(&[a, b, c]) = bytes.get(at..at + 3) else { return Measured::Longer(at + 3) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let length = (header >> 3) as usize;
        at += 3 + match (header >> 1) & 3 {
            0 | 2 => length,
            1 => 1,
            _ => return Measured::Bad("a block of the frame is of no known kind"),
        };
        if at > most_packed {
            return Measured::Bad("the frame's blocks are longer than it claims to be");
        }
        if header & 1 == 1 {
            break;
        }
    }
    let packed = at + 4;
    if bytes.len() < packed { Measured::Longer(packed) } else { Measured::Whole(Extent { packed, plain }) }
}

/// Packs frames. One is kept for long: making it costs ten times what packing a commit does.
pub(super) struct Packer {
    compressor: Compressor<'static>,
    frame: Vec<u8>,
}

impl Packer {
    pub(super) fn new(level: i32) -> io::Result<Self> {
        let mut compressor = Compressor::new(level)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Self { compressor, frame: Vec::new() })
    }

    pub(super) fn pack(&mut self, plain: &[u8]) -> io::Result<&[u8]> {
        if plain.len() > MOST_PLAIN {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} bytes are more than one frame holds ({MOST_PLAIN})", plain.len()),
            ));
        }
        make_room(&mut self.frame, zstd::compress_bound(plain.len()));
        self.compressor.compress_to_buffer(plain, &mut self.frame)?;
        Ok(&self.frame)
    }
}

/// Unpacks frames, one after another, into the same memory.
pub(super) struct Unpacker {
    decompressor: Decompressor<'static>,
    plain: Vec<u8>,
}

impl Unpacker {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { decompressor: Decompressor::new()?, plain: Vec::new() })
    }

    /// Unpacks a whole frame; the error says what is wrong with it.
    pub(super) fn unpack(&mut self, frame: &[u8], extent: Extent) -> Result<&[u8], String> {
        make_room(&mut self.plain, extent.plain);
        match self.decompressor.decompress_to_buffer(frame, &mut self.plain) {
            Ok(length) if length == extent.plain => Ok(&self.plain),
            Ok(_) => Err("the frame is not as long as it claims to be".into()),
            Err(error) => Err(format!("the frame cannot be unpacked: {error}")),
        }
    }
}

/// What a buffer may keep after something large has passed through it.
const KEPT_ROOM: usize = 4 << 20;

fn make_room(buffer: &mut Vec<u8>, room: usize) {
    buffer.clear();
    if room <= KEPT_ROOM {
        buffer.shrink_to(KEPT_ROOM);
    }
    buffer.reserve_exact(room);
}
