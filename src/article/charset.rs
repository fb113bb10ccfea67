//! Bytes of a page -> text.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// A declaration must stand so early in the page (HTML §13.2.3.2).
const PRESCAN: usize = 1_024;

/// Decodes a page: by its byte order mark; as UTF-8 if that is what it is, whatever is declared; as its header or itself
/// declares; else as it looks.
pub(super) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    let declared = || content_type.and_then(charset_of).or_else(|| prescan(body));
    let encoding = match Encoding::for_bom(body) {
        Some((encoding, _)) => encoding,
        // Only escape sequences tell this encoding from ASCII.
        None if body.contains(&0x1b) && declared() == Some(ISO_2022_JP) => ISO_2022_JP,
        None if std::str::from_utf8(body).is_ok() => UTF_8,
        None => declared().filter(|encoding| *encoding != UTF_8).unwrap_or_else(|| guess(body)),
    };
    encoding.decode(body).0
}

/// The charset parameter of a media type, or of what a page declares in the same way.
fn charset_of(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let (_, value) = lower.split_once("charset")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(|letter: char| matches!(letter, '"' | '\'' | ';' | '>' | '/') || letter.is_whitespace());
    Encoding::for_label(&value.as_bytes()[..end.unwrap_or(value.len())])
}

/// `<meta charset>`, or its older form.
fn prescan(body: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&body[..body.len().min(PRESCAN)]);
    let lower = start.to_ascii_lowercase();
    let found = lower.split("<meta").skip(1).find_map(|tag| charset_of(tag.split('>').next().unwrap_or(tag)));
    // A page that can be searched for ASCII is not in UTF-16 (HTML §13.2.3.2).
    found.filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE)
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(body, true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_was_written() {
        for (what, body, content_type, expected) in [
            ("UTF-8", "été".as_bytes(), None, "été"),
            ("UTF-8, declared as another", "été".as_bytes(), Some("text/html; charset=iso-8859-1"), "été"),
            ("a header", b"\xe9t\xe9", Some("text/html; charset=\"ISO-8859-1\""), "été"),
            ("a page that declares", b"<meta charset='windows-1250'>\xb9", None, "<meta charset='windows-1250'>ą"),
            (
                "in the older form",
                b"<META http-equiv=Content-Type content=\"text/html; charset=shift_jis\">\x93\xfa",
                None,
                "<META http-equiv=Content-Type content=\"text/html; charset=shift_jis\">日",
            ),
            ("a header that is wrong", b"\xe9t\xe9 \xe0 la mer", Some("text/html; charset=utf-8"), "été à la mer"),
            ("a byte order mark", b"\xff\xfe\xe9\x00", Some("text/html; charset=utf-8"), "é"),
            ("ISO-2022-JP", b"\x1b$BF|\x1b(B", Some("text/html;charset=iso-2022-jp"), "日"),
            ("nothing", b"", None, ""),
        ] {
            assert_eq!(decode(body, content_type), expected, "{what}");
        }
    }
}
