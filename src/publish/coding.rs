//! Content codings (RFC 9110 §8.4.1) and how bodies are put into them.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

/// A content coding that an edition can be had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    pub const ALL: [Coding; 4] = [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd];

    /// The coding's name in `Content-Encoding`; `None` for identity, which is not named there.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Brotli => Some("br"),
            Coding::Zstd => Some("zstd"),
        }
    }

    /// Its place in [`Coding::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// A body in every coding that makes it smaller, in the order of [`Coding::ALL`] after identity.
#[derive(Debug, Clone, Default)]
pub(super) struct Packed([Option<Bytes>; 3]);

/// Shorter bodies fit into a packet as they are.
pub(super) const WORTH_PACKING: usize = 256;

impl Packed {
    pub(super) fn new(body: &[u8]) -> Self {
        if body.len() < WORTH_PACKING {
            return Self::default();
        }
        Self([gzip(body), brotli(body), zstd(body)].map(|packed| {
            // Without the room that the encoder left at its end.
            (packed.len() < body.len()).then(|| packed.into_boxed_slice().into())
        }))
    }

    pub(super) fn body(&self, coding: Coding) -> Option<&Bytes> {
        self.0.get(coding.index().checked_sub(1)?)?.as_ref()
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.0.iter().flatten().map(Bytes::len).sum()
    }
}

/// Beyond these levels each hundredth of the length costs at least half as much time again.
const GZIP_LEVEL: u32 = 5;
const BROTLI_QUALITY: i32 = 5;
const ZSTD_LEVEL: i32 = 9;

/// Browsers and others refuse a zstd window beyond 8 MB (RFC 9659 §3); level 9 has 4 MB already, other levels must not pass it.
const ZSTD_WINDOW_LOG: u32 = 23;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::new(GZIP_LEVEL));
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(packed) => packed,
        Err(error) => unreachable!("compressing into memory failed: {error}"),
    }
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: BROTLI_QUALITY, size_hint: body.len(), ..Default::default() };
    let mut packed = Vec::with_capacity(body.len() / 3);
    match brotli::BrotliCompress(&mut &body[..], &mut packed, &parameters) {
        Ok(_) => packed,
        Err(error) => unreachable!("compressing into memory failed: {error}"),
    }
}

fn zstd(body: &[u8]) -> Vec<u8> {
    let packed = zstd::bulk::Compressor::new(ZSTD_LEVEL).and_then(|mut compressor| {
        compressor.window_log(ZSTD_WINDOW_LOG)?;
        compressor.include_checksum(false)?;
        compressor.compress(body)
    });
    match packed {
        Ok(packed) => packed,
        Err(error) => unreachable!("compressing into memory failed: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn every_coding_gives_the_body_back() {
        let body: Vec<u8> = (0..2000).flat_map(|n| format!("<entry>{n} é</entry>\n").into_bytes()).collect();
        let packed = Packed::new(&body);
        let held = |coding| packed.body(coding).expect("there").clone();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&held(Coding::Gzip)[..]).read_to_end(&mut plain).expect("gzip");
        assert_eq!(plain, body);
        plain.clear();
        brotli::BrotliDecompress(&mut &held(Coding::Brotli)[..], &mut plain).expect("brotli");
        assert_eq!(plain, body);
        assert_eq!(zstd::decode_all(&held(Coding::Zstd)[..]).expect("zstd"), body);
        assert!(packed.body(Coding::Identity).is_none());
        assert_eq!(
            packed.bytes_held(),
            Coding::ALL.into_iter().filter_map(|c| packed.body(c)).map(Bytes::len).sum::<usize>()
        );
    }

    #[test]
    fn what_gains_nothing_is_not_held() {
        let noise: Vec<u8> =
            (0..4096_u64).flat_map(|n| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes()).to_le_bytes()).collect();
        for (what, body) in [("a short text", b"short ".repeat(40)), ("noise", noise)] {
            assert!(Coding::ALL.into_iter().all(|coding| Packed::new(&body).body(coding).is_none()), "{what}");
        }
    }

    /// RFC 8878 §3.1.1.1: the frame's header tells the window.
    #[test]
    fn a_zstd_window_is_never_beyond_eight_megabytes() {
        for length in [1 << 10, 1 << 20, 20 << 20] {
            let body: Vec<u8> = (0..length as u32 / 8).flat_map(|n| format!("{n:08x}").into_bytes()).collect();
            let packed = zstd(&body);
            let descriptor = packed[4];
            let is_single_segment = descriptor & 0b0010_0000 != 0;
            let window = if is_single_segment {
                length as u64
            } else {
                let (exponent, mantissa) = (u64::from(packed[5] >> 3), u64::from(packed[5] & 7));
                let base = 1_u64 << (10 + exponent);
                base + (base / 8) * mantissa
            };
            assert!(window <= 8 << 20, "{length}: {window}");
        }
    }
}
