//! References in text and attribute values. No entity of a document type declaration is ever looked at.

use std::borrow::Cow;

use html5ever::data::NAMED_ENTITIES;

use crate::parse::decode::{is_legal, meant};

/// No entity of HTML has a longer name.
const LONGEST_NAME: usize = 40;

/// What `&name;` stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Reference {
    Character(char),
    /// Some entities of HTML are two characters.
    Pair(char, char),
    /// A character that XML 1.0 forbids.
    Illegal,
    /// No character, and no entity of XML or HTML.
    Unknown,
}

/// Looks up what stands between `&` and `;`.
///
/// Names are looked up in html5ever's table; quick-xml 0.42 has one too, which writes `<` for `&pi;` and control characters for
/// many letters, as it keeps but the first two digits of their codes.
pub fn resolve(name: &str) -> Reference {
    let Some(number) = name.strip_prefix('#') else {
        return named(name).unwrap_or(Reference::Unknown);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    match code {
        Ok(code) => match char::from_u32(code).map(meant) {
            Some(character) if is_legal(character) => Reference::Character(character),
            _ => Reference::Illegal,
        },
        Err(_) if number.bytes().any(|byte| byte.is_ascii_digit()) => Reference::Illegal,
        Err(_) => Reference::Unknown,
    }
}

fn named(name: &str) -> Option<Reference> {
    // The table holds the beginnings of names, too, with no character.
    let (first, second) = NAMED_ENTITIES.get(format!("{name};").as_str()).copied().filter(|(first, _)| *first != 0)?;
    let first = char::from_u32(first)?;
    Some(match second {
        0 => Reference::Character(first),
        second => Reference::Pair(first, char::from_u32(second)?),
    })
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
                    Reference::Pair(first, second) => plain.extend([first, second]),
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
            ("amp", Reference::Character('&')),
            ("lt", Reference::Character('<')),
            ("apos", Reference::Character('\'')),
            ("eacute", Reference::Character('é')),
            ("nbsp", Reference::Character('\u{A0}')),
            ("pi", Reference::Character('π')),
            ("oelig", Reference::Character('œ')),
            ("scaron", Reference::Character('š')),
            ("hellip", Reference::Character('…')),
            ("euro", Reference::Character('€')),
            ("Afr", Reference::Character('𝔄')),
            ("bne", Reference::Pair('=', '\u{20E5}')),
            ("AM", Reference::Unknown),
            ("nbs", Reference::Unknown),
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
