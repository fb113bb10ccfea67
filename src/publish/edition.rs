use std::{io::Write, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};
use xxhash_rust::xxh3::xxh3_128;

/// One topic rendered in one format at one moment. Never changed: a newer one takes its place.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The `Content-Type` it is served with.
    pub media_type: &'static str,
    /// When the newest of its stories was updated: `Last-Modified`.
    pub updated: DateTime<Utc>,
    /// For how long readers may keep it.
    pub max_age: Duration,
    plain: Representation,
    gzip: Representation,
    brotli: Representation,
}

/// A content coding that an edition is held in (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The coding's name in `Content-Encoding`; `None` for identity, which is not named there.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Brotli => Some("br"),
        }
    }
}

#[derive(Debug, Clone)]
struct Representation {
    body: Bytes,
    etag: String,
}

impl Edition {
    /// Finishes rendered bytes: compresses them once and for all, and names each coding by a strong ETag.
    pub fn new(media_type: &'static str, updated: DateTime<Utc>, body: Vec<u8>) -> Self {
        let hash = xxh3_128(&body);
        let representation = |body: Vec<u8>, suffix: &str| Representation {
            body: body.into(),
            etag: format!("\"{hash:032x}{suffix}\""),
        };
        let gzip = representation(gzip(&body), "-gzip");
        let brotli = representation(brotli(&body), "-br");
        Self { media_type, updated, max_age: Duration::from_secs(900), plain: representation(body, ""), gzip, brotli }
    }

    pub fn body(&self, coding: Coding) -> &Bytes {
        &self.representation(coding).body
    }

    /// The bytes that it takes in memory.
    pub fn bytes_held(&self) -> usize {
        self.plain.body.len() + self.gzip.body.len() + self.brotli.body.len()
    }

    /// The entity tag of the edition in that coding, quotes included.
    pub fn etag(&self, coding: Coding) -> &str {
        &self.representation(coding).etag
    }

    fn representation(&self, coding: Coding) -> &Representation {
        match coding {
            Coding::Identity => &self.plain,
            Coding::Gzip => &self.gzip,
            Coding::Brotli => &self.brotli,
        }
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::default());
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(packed) => packed,
        Err(error) => unreachable!("compressing into memory failed: {error}"),
    }
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    let mut packed = Vec::with_capacity(body.len() / 3);
    match brotli::BrotliCompress(&mut &body[..], &mut packed, &parameters) {
        Ok(_) => packed,
        Err(error) => unreachable!("compressing into memory failed: {error}"),
    }
}
