//! Records to bytes and back: a version byte, a form byte, then postcard, compressed when that pays.
//!
//! sled writes a page beyond 128 KiB to a file of its own, which it neither fsyncs nor ever frees, and a page holds up to
//! seventeen rows before it is split. So no value here is longer than [`CHUNK`]; longer records are cut.

use std::cell::RefCell;

use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};

use super::StoreError;

/// The most bytes one value holds.
pub(super) const CHUNK: usize = 6 * 1024;

/// The most bytes a record may unpack to; far above what normalisation lets through.
const MOST_UNPACKED: usize = 16 * 1024 * 1024;

const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// Shorter records do not gain from compression.
const WORTH_COMPRESSING: usize = 256;

thread_local! {
    // Making a context costs ten times what compressing a record does.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(3).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

pub(super) fn encode<T: Serialize>(what: &'static str, record: &T) -> Result<Vec<u8>, StoreError> {
    let plain = postcard::to_stdvec(record).map_err(|e| StoreError::Record { what, cause: e.to_string() })?;
    if plain.len() >= WORTH_COMPRESSING
        && let Some(packed) = COMPRESSOR.with_borrow_mut(|c| c.as_mut()?.compress(&plain).ok())
        && packed.len() < plain.len()
    {
        return Ok([&[VERSION, ZSTD], packed.as_slice()].concat());
    }
    Ok([&[VERSION, PLAIN], plain.as_slice()].concat())
}

pub(super) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    let broken = |cause: String| StoreError::Record { what, cause };
    match bytes {
        [VERSION, PLAIN, body @ ..] => postcard::from_bytes(body).map_err(|e| broken(e.to_string())),
        [VERSION, ZSTD, body @ ..] => {
            let unpacked_size = zstd::bulk::Decompressor::<'static>::upper_bound(body).unwrap_or(MOST_UNPACKED);
            if unpacked_size > MOST_UNPACKED {
                return Err(broken(format!("it claims {unpacked_size} bytes")));
            }
            let plain = DECOMPRESSOR
                .with_borrow_mut(|d| d.as_mut().map(|d| d.decompress(body, unpacked_size)))
                .ok_or_else(|| broken("no memory to decompress".into()))?
                .map_err(|e| broken(e.to_string()))?;
            postcard::from_bytes(&plain).map_err(|e| broken(e.to_string()))
        }
        [version, ..] if *version != VERSION => Err(broken(format!("version {version} is not known"))),
        _ => Err(broken("it is empty or cut off".into())),
    }
}

/// A record cut into values of at most [`CHUNK`] bytes.
pub(super) fn cut(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(CHUNK)
}
