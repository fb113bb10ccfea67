//! Bytes to characters: which encoding a document is really in, whatever it says.
//!
//! In order: a byte order mark; the zero bytes of UTF-16; bytes that are valid UTF-8, which beat any declaration because
//! text in another encoding hardly ever is; the HTTP charset; the XML declaration; a guess. Text that is UTF-8 but for a few
//! bytes stays UTF-8 with those bytes replaced.

mod legal;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};
use html5ever::data::C1_REPLACEMENTS;

use legal::keep_legal;
pub use legal::{is_legal, legal, meant};

/// How far into the document its XML declaration is looked for, in bytes: some publishers put junk before it.
const DECLARATION_WINDOW: usize = 2_048;

/// A document's characters: legal in XML 1.0, every line ended by a line feed, no byte order mark.
#[derive(Debug)]
pub struct Decoded {
    pub text: String,
    /// What had to be overruled or replaced, for the admin.
    pub notes: Vec<String>,
}

/// Decodes a body whose `Content-Type` field is given as sent.
pub fn decode(body: &[u8], content_type: Option<&str>) -> Decoded {
    let mut notes = Vec::new();
    let mut characters = characters(body, content_type, &mut notes);
    if let Some(once) = encoded_once(&characters) {
        notes.push("the text was encoded twice, as in `Ã©` for `é`; it was decoded once more".to_owned());
        characters = Cow::Owned(once);
    }
    let (text, dropped) = keep_legal(characters);
    if dropped > 0 {
        notes.push(format!("{dropped} characters that XML 1.0 forbids were dropped"));
    }
    Decoded { text, notes }
}

fn characters<'a>(body: &'a [u8], content_type: Option<&str>, notes: &mut Vec<String>) -> Cow<'a, str> {
    if let Some(text) = utf_32(body) {
        return Cow::Owned(text);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(body.get(mark..).unwrap_or_default()).0;
    }
    if let Some(encoding) = utf_16_pattern(body) {
        return encoding.decode_without_bom_handling(body).0;
    }

    let declarations = [http_charset(content_type), xml_declaration(body)];
    let declared = || declarations.iter().flatten().filter_map(|label| Encoding::for_label(label.as_bytes()));
    // ISO-2022-JP is written in seven bits, so that it looks like ASCII and therefore like UTF-8.
    if body.contains(&0x1B) && declared().any(|encoding| encoding == ISO_2022_JP) {
        return ISO_2022_JP.decode_without_bom_handling(body).0;
    }
    match std::str::from_utf8(body) {
        Ok(text) => {
            if let Some(other) = declared().find(|encoding| *encoding != UTF_8 && !text.is_ascii()) {
                notes.push(format!("declared as {} but written in UTF-8; read as UTF-8", other.name()));
            }
            return Cow::Borrowed(text);
        }
        Err(_) if is_mostly_utf_8(body) => {
            notes.push("some bytes are not valid UTF-8 and were replaced".to_owned());
            return String::from_utf8_lossy(body);
        }
        Err(_) => {}
    }

    let other = || declared().filter(|encoding| *encoding != UTF_8 && *encoding != UTF_16LE && *encoding != UTF_16BE);
    for encoding in other() {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body) {
            return text;
        }
    }
    let encoding = other().next().unwrap_or_else(|| {
        let guess = guess(body);
        notes.push(format!("no usable encoding is declared and the text is not UTF-8; read as {}", guess.name()));
        guess
    });
    let (text, broken) = encoding.decode_without_bom_handling(body);
    if broken {
        notes.push(format!("some bytes are not valid {} and were replaced", encoding.name()));
    }
    text
}

/// The text of a document that was taken for windows-1252 and encoded in UTF-8 a second time. Only if all of it was: every
/// character must be one of windows-1252, and their bytes must be UTF-8, which no text that means what it says will give.
fn encoded_once(text: &str) -> Option<String> {
    let byte = |character: char| match u8::try_from(character) {
        Ok(byte) => Some(byte),
        Err(_) => C1_REPLACEMENTS.iter().position(|known| *known == Some(character)).map(|at| 0x80 | at as u8),
    };
    // Nearly every document is decided by its first character beyond ASCII and the one behind.
    let first = text.bytes().position(|byte| !byte.is_ascii())?;
    let mut start = text.get(first..)?.chars().map_while(byte);
    if !matches!((start.next(), start.next()), (Some(0xC2..=0xF4), Some(0x80..=0xBF))) {
        return None;
    }
    String::from_utf8(text.chars().map(byte).collect::<Option<Vec<u8>>>()?).ok()
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(body, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// Valid sequences of several bytes outnumber the broken ones: UTF-8 with an accident, not another encoding.
fn is_mostly_utf_8(body: &[u8]) -> bool {
    let (mut valid, mut broken) = (0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        valid += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    valid > broken
}

/// UTF-32 has no place in the Encoding Standard, so that it is recognised by its byte order mark and read here.
fn utf_32(body: &[u8]) -> Option<String> {
    let (rest, is_big) = match body {
        [0xFF, 0xFE, 0, 0, rest @ ..] => (rest, false),
        [0, 0, 0xFE, 0xFF, rest @ ..] => (rest, true),
        _ => return None,
    };
    let (units, _) = rest.as_chunks::<4>();
    let character = |unit: &[u8; 4]| {
        let code = if is_big { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    Some(units.iter().map(character).collect())
}

/// `<` or `{` beside a zero byte: UTF-16 without a byte order mark, perhaps after some blanks.
fn utf_16_pattern(body: &[u8]) -> Option<&'static Encoding> {
    let (units, _) = body.as_chunks::<2>();
    for unit in units.iter().take(32) {
        match unit {
            [0, b'<' | b'{'] => return Some(UTF_16BE),
            [b'<' | b'{', 0] => return Some(UTF_16LE),
            [0, b' ' | b'\t' | b'\r' | b'\n'] | [b' ' | b'\t' | b'\r' | b'\n', 0] => {}
            _ => return None,
        }
    }
    None
}

/// The `charset` parameter of a `Content-Type` field (RFC 9110 §8.3.2).
fn http_charset(content_type: Option<&str>) -> Option<String> {
    content_type?.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The `encoding` of an XML declaration written in some superset of ASCII.
fn xml_declaration(body: &[u8]) -> Option<String> {
    let window = String::from_utf8_lossy(body.get(..DECLARATION_WINDOW).unwrap_or(body));
    let declaration = window.split_once("<?xml")?.1.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let label = value.split(quote).nth(1)?.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_encoding_a_document_is_really_in() {
        let utf_16 = |text: &str, big: bool, mark: bool| -> Vec<u8> {
            let mark = if mark { "\u{FEFF}" } else { "" };
            let pair = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            format!("{mark}{text}").encode_utf16().flat_map(pair).collect()
        };
        let utf_32 = |text: &str| -> Vec<u8> {
            "\u{FEFF}".chars().chain(text.chars()).flat_map(|c| (c as u32).to_le_bytes()).collect()
        };
        let cases: Vec<(&str, Vec<u8>, Option<&str>, &str)> = vec![
            ("plain UTF-8", "<a>é</a>".into(), None, "<a>é</a>"),
            ("UTF-8 with a byte order mark", "\u{FEFF}<a>é</a>".into(), None, "<a>é</a>"),
            ("two byte order marks", "\u{FEFF}\u{FEFF}<a/>".into(), None, "<a/>"),
            ("UTF-16 little-endian with a mark", utf_16("<a>é€</a>", false, true), None, "<a>é€</a>"),
            ("UTF-16 big-endian with a mark", utf_16("<a>é€</a>", true, true), None, "<a>é€</a>"),
            ("UTF-16 little-endian without a mark", utf_16("<a>é€</a>", false, false), None, "<a>é€</a>"),
            ("UTF-16 big-endian, blanks first, no mark", utf_16(" \n<a>é€</a>", true, false), None, " \n<a>é€</a>"),
            ("UTF-16 JSON without a mark", utf_16("{\"é\":1}", false, false), None, "{\"é\":1}"),
            ("UTF-32", utf_32("<a>é€</a>"), None, "<a>é€</a>"),
            ("a mark beats HTTP", "\u{FEFF}<a>é</a>".into(), Some("text/xml; charset=iso-8859-1"), "<a>é</a>"),
            ("valid UTF-8 beats HTTP", "<a>é</a>".into(), Some("text/xml; charset=ISO-8859-1"), "<a>é</a>"),
            (
                "valid UTF-8 beats the declaration",
                "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".into(),
                None,
                "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>",
            ),
            (
                "UTF-16 declared, ASCII written",
                "<?xml version='1.0' encoding='utf-16'?><a/>".into(),
                None,
                "<?xml version='1.0' encoding='utf-16'?><a/>",
            ),
            ("HTTP charset", b"<a>\xEF\xF0</a>".to_vec(), Some("text/xml;charset=\"windows-1251\""), "<a>пр</a>"),
            (
                "HTTP beats the declaration",
                b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xEF\xF0</a>".to_vec(),
                Some("text/xml; charset=windows-1251"),
                "<?xml version='1.0' encoding='iso-8859-1'?><a>пр</a>",
            ),
            (
                "declaration",
                b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><a>\xEF\xF0</a>".to_vec(),
                Some("text/xml"),
                "<?xml version=\"1.0\" encoding=\"windows-1251\"?><a>пр</a>",
            ),
            (
                "ISO-8859-1 is windows-1252",
                b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\x93caf\xE9\x94</a>".to_vec(),
                None,
                "<?xml version='1.0' encoding='ISO-8859-1'?><a>“café”</a>",
            ),
            (
                "Latin-1 declared as UTF-8",
                b"<?xml version='1.0' encoding='utf-8'?><a>le caf\xE9 est ferm\xE9 apr\xE8s la f\xEAte</a>".to_vec(),
                Some("text/xml; charset=utf-8"),
                "<?xml version='1.0' encoding='utf-8'?><a>le café est fermé après la fête</a>",
            ),
            (
                "Latin-1 undeclared",
                b"<a>le caf\xE9 est ferm\xE9 apr\xE8s la f\xEAte</a>".to_vec(),
                None,
                "<a>le café est fermé après la fête</a>",
            ),
            ("one bad byte in UTF-8", b"<a>\xC3\xA9\xC3\xA8 \xFF \xC3\xAA</a>".to_vec(), None, "<a>éè \u{FFFD} ê</a>"),
            (
                "an unknown label",
                "<?xml version='1.0' encoding='klingon'?><a>é</a>".into(),
                Some("text/xml; charset=x-unknown"),
                "<?xml version='1.0' encoding='klingon'?><a>é</a>",
            ),
            (
                "gb2312 is gb18030",
                [
                    b"<?xml version='1.0' encoding='gb2312'?><a>".to_vec(),
                    encoding_rs::GB18030.encode("新闻").0.into_owned(),
                    b"</a>".to_vec(),
                ]
                .concat(),
                None,
                "<?xml version='1.0' encoding='gb2312'?><a>新闻</a>",
            ),
            (
                "ISO-2022-JP looks like ASCII",
                [
                    b"<?xml version='1.0' encoding='iso-2022-jp'?><a>".to_vec(),
                    ISO_2022_JP.encode("日本").0.into_owned(),
                    b"</a>".to_vec(),
                ]
                .concat(),
                None,
                "<?xml version='1.0' encoding='iso-2022-jp'?><a>日本</a>",
            ),
            ("control characters", b"<a>a\x00b\x08c\x0Bd\x1Fe</a>".to_vec(), None, "<a>abcde</a>"),
            ("noncharacters", "<a>a\u{FFFE}b\u{FFFF}c</a>".into(), None, "<a>abc</a>"),
            ("windows-1252 within UTF-8", "<a>don\u{92}t</a>".into(), None, "<a>don’t</a>"),
            ("UTF-8 twice", "<a>Ã©tÃ© â€¦ Å“uf</a>".into(), None, "<a>été … œuf</a>"),
            ("UTF-8 twice in part stays", "<a>Ã©tÃ© été</a>".into(), None, "<a>Ã©tÃ© été</a>"),
            ("line ends", b"a\r\nb\rc\nd".to_vec(), None, "a\nb\nc\nd"),
            ("nothing", Vec::new(), None, ""),
        ];
        for (sentence, body, content_type, expected) in cases {
            assert_eq!(decode(&body, content_type).text, expected, "{sentence}");
        }
    }

    #[test]
    fn says_what_it_overruled() {
        let notes = |body: &[u8]| decode(body, None).notes.join("; ");
        assert_eq!(notes("<?xml version='1.0' encoding='ISO-8859-1'?><a>e</a>".as_bytes()), "");
        assert!(notes("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".as_bytes()).contains("written in UTF-8"));
        assert!(notes(b"<a>a\x08\x00</a>").starts_with("2 characters"));
    }
}
