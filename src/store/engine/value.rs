//! A packed row as the database holds it: a byte that says how, the number of further pieces, then the bytes, compressed when
//! that pays.
//!
//! sled writes a page beyond 128 KiB to a file of its own, which it neither fsyncs nor ever frees, and a page holds up to
//! seventeen rows before it is split. So no value here is longer than [`PIECE`]; longer ones are cut, and the further pieces
//! are kept in a tree of their own under the row's key and their number.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

/// The most bytes one value of the database holds.
pub(super) const PIECE: usize = 6 * 1024;

/// The most bytes a row may unpack to; far above what normalisation lets an entry be.
const MOST_UNPACKED: usize = 32 * 1024 * 1024;

const HEADER: usize = 3;
const PLAIN: u8 = 2;
const ZSTD: u8 = 3;

/// Shorter rows do not gain from compression.
const WORTH_COMPRESSING: usize = 256;

thread_local! {
    // Making a context costs ten times what compressing a row does. Level 3 would save a thirtieth of the room and cost twice the
    // time, at every commit.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(1).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// The pieces that a packed row is written in; at least one. Only text is worth compressing.
pub(super) fn write(packed: &[u8], is_text: bool) -> Vec<Vec<u8>> {
    let compressed = (is_text && packed.len() >= WORTH_COMPRESSING)
        .then(|| COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(packed).ok()))
        .flatten()
        .filter(|compressed| compressed.len() < packed.len());
    let (form, body) = match &compressed {
        Some(compressed) => (ZSTD, compressed.as_slice()),
        None => (PLAIN, packed),
    };
    let (first, rest) = body.split_at(body.len().min(PIECE - HEADER));
    let further: Vec<&[u8]> = rest.chunks(PIECE).collect();
    // The longest row is far fewer pieces than a u16 counts.
    let count = (further.len() as u16).to_be_bytes();
    let first = [&[form, count[0], count[1]], first].concat();
    std::iter::once(first).chain(further.into_iter().map(<[u8]>::to_vec)).collect()
}

/// How many further pieces a value has.
pub(super) fn further_pieces(first: &[u8]) -> u16 {
    match first {
        [_, high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// The packed row of a first piece and all further ones together.
pub(super) fn read(first: &[u8], further: &[u8]) -> Result<Vec<u8>, String> {
    let (header, body) = first.split_at_checked(HEADER).ok_or("a row is cut off")?;
    let joined;
    let body = if further.is_empty() {
        body
    } else {
        joined = [body, further].concat();
        &joined
    };
    match header[0] {
        PLAIN => Ok(body.to_vec()),
        ZSTD => {
            let size = Decompressor::upper_bound(body).unwrap_or(MOST_UNPACKED);
            if size > MOST_UNPACKED {
                return Err(format!("a row claims {size} bytes"));
            }
            let plain = DECOMPRESSOR
                .with_borrow_mut(|decompressor| Some(decompressor.as_mut()?.decompress(body, size)))
                .ok_or("there is no memory to decompress a row")?;
            plain.map_err(|error| error.to_string())
        }
        form => Err(format!("a row has the unknown form {form}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_any_length_comes_back_from_pieces_that_the_database_bears() {
        let mut noise = 1_u64;
        for length in [0, 1, 255, 256, 6_140, 6_141, 6_144, 50_000, 400_000] {
            for compressible in [true, false] {
                let mut byte = || {
                    noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    if compressible { b'a' } else { (noise >> 56) as u8 }
                };
                let packed: Vec<u8> = (0..length).map(|_| byte()).collect();
                let pieces = write(&packed, compressible);
                assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
                assert_eq!(usize::from(further_pieces(&pieces[0])), pieces.len() - 1);
                assert_eq!(read(&pieces[0], &pieces[1..].concat()), Ok(packed));
            }
        }
        assert!(read(&[ZSTD, 0, 0, 1, 2, 3], &[]).is_err());
        assert!(read(&[9, 0, 0], &[]).is_err());
        assert!(read(&[], &[]).is_err());
    }
}
