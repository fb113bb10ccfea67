//! Feeds kept as gzip files (`feed.xml.gz`) and served as what they are, without a Content-Encoding.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// No feed is longer than this, packed or not.
const LONGEST: u64 = 10 << 20;

/// The inside of a gzip file, at most 10 MiB of it; a file that breaks off gives what was there. `None` if the body is no gzip
/// file.
pub fn inflate(body: &[u8]) -> Option<Vec<u8>> {
    if !body.starts_with(b"\x1F\x8B") {
        return None;
    }
    let mut inside = Vec::new();
    let outcome = MultiGzDecoder::new(body).take(LONGEST).read_to_end(&mut inside);
    (outcome.is_ok() || !inside.is_empty()).then_some(inside)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn unpacks_gzip_files_up_to_the_limit() {
        let pack = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        };
        let packed = pack(b"<rss/>");
        assert_eq!(inflate(&packed).as_deref(), Some(&b"<rss/>"[..]));
        assert_eq!(inflate(b"<rss/>"), None);
        assert_eq!(inflate(b"\x1F\x8B but no more"), None);
        assert_eq!(inflate(&pack(&vec![b' '; 30 << 20])).map(|inside| inside.len()), Some(10 << 20));
    }
}
