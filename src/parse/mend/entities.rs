//! References in text and attribute values. No entity of a document type declaration is ever looked at.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

use crate::parse::decode::is_legal;

/// No entity of HTML has a longer name.
const LONGEST_NAME: usize = 40;

/// What `&name;` stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Reference {
    Character(char),
    Text(&'static str),
    /// A character that XML 1.0 forbids.
    Illegal,
    /// No character, and no entity of XML or HTML.
    Unknown,
}

/// Looks up what stands between `&` and `;`.
pub fn resolve(name: &str) -> Reference {
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map_or(Reference::Unknown, Reference::Text);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    match code {
        Ok(code @ 0x80..=0x9F) => Reference::Character(windows_1252(code)),
        Ok(code) => match char::from_u32(code) {
            Some(character) if is_legal(character) => Reference::Character(character),
            _ => Reference::Illegal,
        },
        Err(_) if number.bytes().any(|byte| byte.is_ascii_digit()) => Reference::Illegal,
        Err(_) => Reference::Unknown,
    }
}

/// Numbers from 128 to 159 mean what they mean in HTML: the characters of windows-1252.
fn windows_1252(code: u32) -> char {
    let byte = [u8::try_from(code).unwrap_or(b' ')];
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().unwrap_or(' ')
}

/// Whether the text can be the name between `&` and `;`; anything else is a bare ampersand and some text.
pub fn is_name(name: &str) -> bool {
    let name = name.strip_prefix('#').unwrap_or(name);
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':'))
}

/// An attribute value with its references resolved; what is no reference stays as it is.
pub fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut pieces = value.split('&');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match piece.split_once(';').filter(|(name, _)| is_name(name)) {
            Some((name, rest)) => {
                match resolve(name) {
                    Reference::Character(character) => plain.push(character),
                    Reference::Text(text) => plain.push_str(text),
                    Reference::Illegal => {}
                    Reference::Unknown => plain.extend(["&", name, ";"]),
                }
                plain.push_str(rest);
            }
            None => plain.extend(["&", piece]),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_characters_and_the_names_of_html() {
        let cases = [
            ("amp", Reference::Text("&")),
            ("eacute", Reference::Text("é")),
            ("nbsp", Reference::Text("\u{A0}")),
            ("#233", Reference::Character('é')),
            ("#xE9", Reference::Character('é')),
            ("#XE9", Reference::Character('é')),
            ("#146", Reference::Character('’')),
            ("#8", Reference::Illegal),
            ("#0", Reference::Illegal),
            ("#xD800", Reference::Illegal),
            ("#xFFFE", Reference::Illegal),
            ("#99999999999999", Reference::Illegal),
            ("lol9", Reference::Unknown),
            ("#", Reference::Unknown),
        ];
        for (name, expected) in cases {
            assert_eq!(resolve(name), expected, "{name}");
        }
    }

    #[test]
    fn unescapes_what_is_a_reference_and_keeps_the_rest() {
        let cases = [
            ("a", "a"),
            ("a&amp;b", "a&b"),
            ("?a=1&b=2", "?a=1&b=2"),
            ("?a=1&b=2;c", "?a=1&b=2;c"),
            ("&foo;&#8;&", "&foo;&"),
            ("AT&T; &eacute;", "AT&T; é"),
        ];
        for (value, expected) in cases {
            assert_eq!(unescape(value), expected, "{value}");
        }
    }
}
