use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

const LIMIT: u64 = 256 * 1024;
const FEED: &[u8] = b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Water</title></channel></rss>";

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn brotli(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &octets[..], &mut out, &BrotliEncoderParams { quality: 2, ..Default::default() })
        .unwrap();
    out
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn decode(codings: &[&str], body: &[u8], piece: usize) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::new(codings.iter().map(|coding| coding.as_bytes()), LIMIT)?;
    for piece in body.chunks(piece.max(1)) {
        decoder.push(piece)?;
    }
    decoder.finish()
}

type Encode = fn(&[u8]) -> Vec<u8>;

const CODINGS: [(&str, Encode); 3] = [("gzip", gzip), ("br", brotli), ("zstd", zstd)];

#[test]
fn every_coding_in_pieces_of_every_size() {
    let long: Vec<u8> = FEED.iter().copied().cycle().take(200_000).collect();
    for (name, encode) in CODINGS {
        for body in [FEED, &long] {
            for piece in [1, 2, 7, 4096, usize::MAX] {
                let decoded = decode(&[name], &encode(body), piece).unwrap();
                assert!(decoded == body, "{name} in pieces of {piece}");
            }
        }
    }
}

#[test]
fn names_of_codings() {
    for (case, codings, body, expected) in [
        ("none at all", &[][..], FEED.to_vec(), "whole"),
        ("identity", &["identity"], FEED.to_vec(), "whole"),
        ("not a coding: none", &["none"], FEED.to_vec(), "whole"),
        ("not a coding: utf-8", &["UTF-8"], FEED.to_vec(), "whole"),
        ("empty", &[""], FEED.to_vec(), "whole"),
        ("x-gzip, upper case", &[" X-GZIP "], gzip(FEED), "whole"),
        ("gzip and identity", &["identity, gzip"], gzip(FEED), "whole"),
        ("gzip that is none", &["gzip"], FEED.to_vec(), "whole"),
        ("br that is none", &["br"], FEED.to_vec(), "whole"),
        ("zstd that is none", &["zstd"], b"{\"version\":\"x\"}".to_vec(), "whole"),
        ("gzip over gzip", &["gzip, gzip"], gzip(&gzip(FEED)), "not asked for"),
        ("br over gzip in two fields", &["gzip", "br"], brotli(&gzip(FEED)), "not asked for"),
        ("deflate", &["deflate"], FEED.to_vec(), "not asked for"),
        ("gzip that is something else", &["gzip"], brotli(FEED), "damaged"),
        ("zstd that is something else", &["zstd"], gzip(FEED), "damaged"),
        ("gzip with nothing in it", &["gzip"], Vec::new(), "whole"),
    ] {
        let found = match decode(codings, &body, 16) {
            Ok(decoded) if decoded == FEED || body == decoded => "whole",
            Ok(_) => "something else",
            Err(DecodeError::NotAskedFor(_)) => "not asked for",
            Err(DecodeError::Damaged { .. }) => "damaged",
            Err(DecodeError::CutOff { .. }) => "cut off",
            Err(DecodeError::TooLarge { .. }) => "too large",
        };
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn lim_1_the_limit_is_exact_and_bombs_stop_early() {
    for (name, encode) in CODINGS {
        let limit = usize::try_from(LIMIT).unwrap();
        assert_eq!(decode(&[name], &encode(&vec![b' '; limit]), 4096).unwrap().len(), limit, "{name} at the limit");
        let over = decode(&[name], &encode(&vec![b' '; limit + 1]), 4096);
        assert!(
            matches!(over, Err(DecodeError::TooLarge { .. })),
            "{name} one over: {:?}",
            over.map(|body| body.len())
        );

        let bomb = encode(&vec![0; 100 * limit]);
        let mut decoder = Decoder::new([name.as_bytes()].into_iter(), LIMIT).unwrap();
        let taken = bomb.chunks(64).take_while(|piece| decoder.push(piece).is_ok()).count() * 64;
        assert!(taken < bomb.len() / 20 || taken <= 256, "{name}: {taken} of {} octets were taken", bomb.len());
    }
    let plain = decode(&[], &vec![b' '; LIMIT as usize + 1], 4096);
    assert!(matches!(plain, Err(DecodeError::TooLarge { .. })));
}

#[test]
fn stat_6_a_body_cut_anywhere_is_not_whole() {
    for (name, encode) in CODINGS {
        let whole = encode(FEED);
        for length in 1..whole.len() {
            let cut = decode(&[name], &whole[..length], usize::MAX);
            assert!(
                matches!(cut, Err(DecodeError::CutOff { .. })),
                "{name} cut to {length} of {}: {cut:?}",
                whole.len()
            );
        }
    }
}

#[test]
fn stat_6_a_wrong_checksum_is_noticed() {
    for (name, encode, from_end) in [("gzip", gzip as Encode, 5), ("gzip", gzip, 1), ("zstd", zstd, 1)] {
        let mut body = encode(FEED);
        let at = body.len() - from_end;
        body[at] ^= 1;
        assert!(decode(&[name], &body, 16).is_err(), "{name}, octet {from_end} from the end");
    }
}

#[test]
fn members_frames_and_padding() {
    let two = [gzip(&FEED[..20]), gzip(&FEED[20..])].concat();
    let frames = [zstd(&FEED[..20]), zstd(&FEED[20..])].concat();
    for piece in [1, 5, usize::MAX] {
        assert_eq!(decode(&["gzip"], &two, piece).unwrap(), FEED, "two members");
        assert_eq!(decode(&["gzip"], &[gzip(FEED), vec![0; 100]].concat(), piece).unwrap(), FEED, "zeros after gzip");
        assert_eq!(decode(&["gzip"], &[gzip(FEED), b"\n<!-- cached -->".to_vec()].concat(), piece).unwrap(), FEED);
        assert_eq!(decode(&["zstd"], &frames, piece).unwrap(), FEED, "two frames");
        assert_eq!(decode(&["br"], &[brotli(FEED), b"\n".to_vec()].concat(), piece).unwrap(), FEED, "after br");
    }
    let cut = decode(&["gzip"], &two[..two.len() - 9], usize::MAX);
    assert!(matches!(cut, Err(DecodeError::CutOff { .. })), "second member cut: {cut:?}");
}

/// A window larger than any server may use is refused before memory is reserved for it.
#[test]
fn lim_1_no_large_windows() {
    // Large-window brotli (not RFC 7932): 0x11, then 30 bits of window.
    assert!(matches!(decode(&["br"], &[0x11, 0x1e, 0, 0, 0, 0, 0, 0], 8), Err(DecodeError::Damaged { .. })));
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(FEED).unwrap();
    let frame = encoder.finish().unwrap();
    assert!(matches!(decode(&["zstd"], &frame, 8), Err(DecodeError::Damaged { .. })));
}

proptest! {
    #[test]
    fn any_octets_in_any_coding_never_panic_nor_pass_the_limit(
        body in proptest::collection::vec(any::<u8>(), 0..2000),
        coding in proptest::sample::select(&["gzip", "br", "zstd", "identity"][..]),
        piece in 1..200usize,
        damage in any::<bool>(),
    ) {
        let mut body = body;
        if damage && coding != "identity" {
            let encode = CODINGS.iter().find(|(name, _)| *name == coding).unwrap().1;
            let at = body.first().copied().unwrap_or_default();
            body = encode(&body);
            let at = usize::from(at) % body.len();
            body[at] ^= 0x10;
        }
        if let Ok(decoded) = decode(&[coding], &body, piece) {
            prop_assert!(decoded.len() as u64 <= LIMIT);
        }
    }
}
