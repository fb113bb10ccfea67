//! The characters that may be in an XML document, and what is meant by the others.

use std::borrow::Cow;

use html5ever::data::C1_REPLACEMENTS;

/// Whether XML 1.0 §2.2 allows the character.
pub fn is_legal(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Drops what XML 1.0 forbids and every byte order mark at the start, ends lines by line feeds (XML 1.0 §2.11), reads the
/// controls from 128 to 159 as windows-1252 like HTML does, and counts the characters dropped.
pub fn keep_legal(text: Cow<'_, str>) -> (String, usize) {
    let start = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let is_clean = |text: &str| {
        let bytes = text.as_bytes();
        let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n');
        let is_doubtful = |pair: &[u8]| matches!(pair, [0xC2, 0x80..=0x9F] | [0xEF, 0xBF]);
        !bytes.iter().any(is_control) && (text.is_ascii() || !bytes.windows(2).any(is_doubtful))
    };
    if start == 0 && is_clean(&text) {
        return (text.into_owned(), 0);
    }
    let mut kept = String::with_capacity(text.len());
    let mut dropped = 0;
    let mut characters = text.get(start..).unwrap_or_default().chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                kept.push('\n');
            }
            character if is_legal(character) => kept.push(meant(character)),
            _ => dropped += 1,
        }
    }
    (kept, dropped)
}

/// Characters from 128 to 159 are controls that nobody uses: they mean, as in HTML, those of windows-1252.
pub fn meant(character: char) -> char {
    let index = (character as usize).wrapping_sub(0x80);
    C1_REPLACEMENTS.get(index).copied().flatten().unwrap_or(character)
}

/// The text without the characters that XML 1.0 forbids.
pub fn legal(text: &str) -> String {
    text.chars().filter(|character| is_legal(*character)).collect()
}
