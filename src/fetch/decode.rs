//! Removes a body's content coding as the octets arrive, and never holds more than the limit.

use std::io::{self, Write};

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};
use flate2::write::GzDecoder;
use thiserror::Error;
use zstd::stream::write::Decoder as ZstdDecoder;

/// What we ask for, and all that we can undo under a limit (REQ-3).
pub(super) const ACCEPT_ENCODING: &str = "gzip, br, zstd";

/// 8 MiB: what RFC 9659 §3 lets a server use, so that no frame header can make us reserve more.
const ZSTD_WINDOW_LOG: u32 = 23;

#[derive(Debug, Error)]
pub(super) enum DecodeError {
    #[error("more than {limit} octets")]
    TooLarge { limit: u64 },
    #[error("the {coding} data ends too early")]
    CutOff { coding: &'static str },
    #[error("the {coding} data is damaged")]
    Damaged { coding: &'static str },
    /// The name is the publisher's text: shown escaped.
    #[error("it is coded as {0:?}, which was not asked for")]
    NotAskedFor(String),
}

/// Takes a body in pieces.
pub(super) struct Decoder {
    state: State,
    limit: u64,
}

enum State {
    /// The coding is named but the first octets have not arrived, which tell whether it is true.
    Waiting(Coding, Limited),
    Plain(Limited),
    /// `None` once what follows the last member is no further member.
    Gzip(Option<Box<GzDecoder<Limited>>>, Limited),
    Brotli(Box<Brotli>, Limited),
    Zstd(Box<ZstdDecoder<'static, Limited>>),
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

impl Decoder {
    /// For a response with these `Content-Encoding` fields. Names of no coding at all, such as `none` or `utf-8`, are seen in
    /// the wild on plain bodies and taken as such.
    pub(super) fn new<'a>(codings: impl Iterator<Item = &'a [u8]>, limit: u64) -> Result<Self, DecodeError> {
        let mut coding = None;
        for name in codings.flat_map(|field| field.split(|&byte| byte == b',')) {
            let name = name.trim_ascii().to_ascii_lowercase();
            let found = match name.as_slice() {
                b"gzip" | b"x-gzip" => Coding::Gzip,
                b"br" => Coding::Brotli,
                b"zstd" => Coding::Zstd,
                b"deflate" | b"compress" | b"x-compress" | b"dcb" | b"dcz" => {
                    return Err(DecodeError::NotAskedFor(String::from_utf8_lossy(&name).into_owned()));
                }
                _ => continue,
            };
            if coding.replace(found).is_some() {
                return Err(DecodeError::NotAskedFor("one coding over another".into()));
            }
        }
        let out = Limited { octets: Vec::new(), limit: usize::try_from(limit).unwrap_or(usize::MAX) };
        let state = match coding {
            None => State::Plain(out),
            Some(coding) => State::Waiting(coding, out),
        };
        Ok(Self { state, limit })
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        if piece.is_empty() {
            return Ok(());
        }
        if let State::Waiting(coding, out) = &mut self.state {
            let out = std::mem::take(out);
            self.state = match coding {
                // A proxy or a script named a coding and did not apply it. Reading the body as it is costs nothing.
                _ if is_markup(piece) => State::Plain(out),
                Coding::Gzip => State::Gzip(Some(Box::new(GzDecoder::new(out))), Limited::default()),
                Coding::Brotli => State::Brotli(Box::new(Brotli::new()), out),
                Coding::Zstd => State::Zstd(Box::new(zstd_decoder(out)?)),
            };
        }
        let (coding, result) = match &mut self.state {
            State::Waiting(..) => return Ok(()),
            State::Plain(out) => ("plain", out.write_all(piece)),
            State::Gzip(decoder, rest) => ("gzip", push_gzip(decoder, rest, piece)),
            State::Brotli(decoder, out) => ("br", decoder.push(piece, out)),
            State::Zstd(decoder) => ("zstd", decoder.write_all(piece)),
        };
        result.map_err(|error| match error.kind() {
            TOO_LARGE => DecodeError::TooLarge { limit: self.limit },
            _ => DecodeError::Damaged { coding },
        })
    }

    /// The whole body, if it is whole.
    pub(super) fn finish(self) -> Result<Vec<u8>, DecodeError> {
        let limit = self.limit;
        let (coding, out) = match self.state {
            State::Waiting(_, out) | State::Plain(out) => return Ok(out.octets),
            State::Gzip(None, out) => return Ok(out.octets),
            // Finishing checks the length and the checksum at the end of the member.
            State::Gzip(Some(decoder), _) => ("gzip", decoder.finish()),
            State::Brotli(decoder, out) => {
                let whole = if decoder.done { Ok(out) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
                ("br", whole)
            }
            State::Zstd(decoder) => ("zstd", decoder.finish()),
        };
        out.map(|out| out.octets).map_err(|error| match error.kind() {
            TOO_LARGE => DecodeError::TooLarge { limit },
            _ => DecodeError::CutOff { coding },
        })
    }
}

/// Whether octets are the beginning of XML, HTML or JSON as it is. No gzip or zstd stream begins so, and a brotli stream would
/// have to be made for the purpose.
fn is_markup(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match start {
        [b'<', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'?' | b'!'),
        [b'{', next, ..] => next.is_ascii_whitespace() || *next == b'"',
        _ => false,
    }
}

fn zstd_decoder(out: Limited) -> Result<ZstdDecoder<'static, Limited>, DecodeError> {
    let damaged = |_| DecodeError::Damaged { coding: "zstd" };
    let mut decoder = zstd::stream::raw::Decoder::new().map_err(damaged)?;
    decoder.set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(damaged)?;
    Ok(ZstdDecoder::with_decoder(out, decoder))
}

/// A gzip body is one or more members (RFC 1952 §2.2). What follows the last and is no member, padding mostly, is passed over
/// as browsers do.
fn push_gzip(slot: &mut Option<Box<GzDecoder<Limited>>>, rest: &mut Limited, mut piece: &[u8]) -> io::Result<()> {
    while let Some(mut decoder) = slot.take() {
        if piece.is_empty() {
            *slot = Some(decoder);
            return Ok(());
        }
        match decoder.write(piece) {
            Ok(0) => {
                let out = decoder.finish()?;
                if piece.first() == Some(&0x1f) {
                    *slot = Some(Box::new(GzDecoder::new(out)));
                } else {
                    *rest = out;
                }
            }
            Ok(taken) => {
                piece = piece.get(taken..).unwrap_or_default();
                *slot = Some(decoder);
            }
            Err(error) => {
                *slot = Some(decoder);
                return Err(error);
            }
        }
    }
    Ok(())
}

/// The decoder of the brotli crate in its strict form: its ready-made writer accepts the "large window" extension, with which
/// a few octets reserve a gigabyte.
struct Brotli {
    state: BrotliState<HeapAlloc<u8>, HeapAlloc<u32>, HeapAlloc<HuffmanCode>>,
    done: bool,
}

impl Brotli {
    fn new() -> Self {
        let code = HuffmanCode::default();
        let state = BrotliState::new_strict(HeapAlloc::new(0), HeapAlloc::new(0), HeapAlloc::new(code));
        Self { state, done: false }
    }

    fn push(&mut self, piece: &[u8], out: &mut Limited) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let (mut available_in, mut input_offset, mut total) = (piece.len(), 0, 0);
        while !self.done {
            let (mut available_out, mut output_offset) = (buffer.len(), 0);
            let result = BrotliDecompressStream(
                &mut available_in,
                &mut input_offset,
                piece,
                &mut available_out,
                &mut output_offset,
                &mut buffer,
                &mut total,
                &mut self.state,
            );
            out.write_all(buffer.get(..output_offset).unwrap_or_default())?;
            match result {
                BrotliResult::ResultSuccess => self.done = true,
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => break,
                BrotliResult::ResultFailure => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(())
    }
}

/// How octets beyond the limit are told apart from damaged ones, through the decoders that write them.
const TOO_LARGE: io::ErrorKind = io::ErrorKind::FileTooLarge;

/// Octets up to a limit.
#[derive(Default)]
struct Limited {
    octets: Vec<u8>,
    limit: usize,
}

impl Write for Limited {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece.len() > self.limit.saturating_sub(self.octets.len()) {
            return Err(TOO_LARGE.into());
        }
        self.octets.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
