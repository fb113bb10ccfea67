//! Single characters: which may stand in an edition at all, white space, and cutting at a size.

use std::borrow::Cow;

/// Whether the character may stand in an edition: XML 1.0 allows it (§2.2), and in HTML it is no error, as a control or a
/// noncharacter would be (HTML, "Preprocessing the input stream").
fn is_legal(character: char) -> bool {
    let is_noncharacter = matches!(character, '\u{FDD0}'..='\u{FDEF}') || character as u32 & 0xFFFE == 0xFFFE;
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{80}'..) && !is_noncharacter
}

/// What windows-1252 puts on the bytes that are C1 controls elsewhere; `None` where it puts nothing.
///
/// Publishers write `&#146;` in XML and mean the apostrophe, as every HTML reader understands it.
fn windows_1252(control: char) -> Option<char> {
    const TABLE: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”',
        '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let offset = (control as usize).checked_sub(0x80)?;
    TABLE.get(offset).copied().filter(|&character| character != '\0')
}

/// The text without the characters that XML or HTML forbids, and with C1 controls read as windows-1252.
pub(super) fn legible(text: &str) -> Cow<'_, str> {
    let is_c1 = |character: char| ('\u{80}'..='\u{9F}').contains(&character);
    let needs_work = |character: char| !is_legal(character) || is_c1(character);
    let Some(first) = text.find(needs_work) else { return Cow::Borrowed(text) };
    let (good, rest) = text.split_at(first);
    let mut legible = String::with_capacity(text.len());
    legible.push_str(good);
    legible.extend(rest.chars().filter_map(|character| match character {
        c1 if is_c1(c1) => windows_1252(c1),
        other => is_legal(other).then_some(other),
    }));
    Cow::Owned(legible)
}

/// One line: every run of white space becomes one space, none at the ends; byte order marks and zero-width spaces at the ends go.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let is_edge = |character: char| character.is_whitespace() || matches!(character, '\u{FEFF}' | '\u{200B}');
    for word in text.trim_matches(is_edge).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The longest beginning of `text` of at most `bytes` bytes that ends between two characters.
pub(super) fn prefix(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

/// `text`, or its beginning with an ellipsis when it is longer than `bytes` bytes; cut between words where one is near.
pub(super) fn abridge(text: String, bytes: usize) -> String {
    if text.len() <= bytes {
        return text;
    }
    let cut = prefix(&text, bytes.saturating_sub('…'.len_utf8()));
    let between_words = cut.rfind(char::is_whitespace).filter(|&end| end > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", cut.get(..between_words).unwrap_or(cut).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_of_xml_and_html_remain() {
        for (what, text, expected) in [
            ("controls", "a\u{0}b\u{8}c\u{B}d\u{C}e\u{1F}f", "abcdef"),
            ("white space stays", "a\tb\nc\rd", "a\tb\nc\rd"),
            ("noncharacters", "a\u{FFFE}b\u{FFFF}c\u{FDD0}d\u{1FFFE}e\u{10FFFF}f", "abcdef"),
            ("the replacement character is legal", "a\u{FFFD}b", "a\u{FFFD}b"),
            ("DEL, which XML allows and HTML does not", "a\u{7F}b", "ab"),
            ("beyond the basic plane", "a\u{1F4F0}", "a\u{1F4F0}"),
            ("windows-1252 written as numbers", "l\u{92}été\u{85} \u{81}", "l’été… "),
        ] {
            assert_eq!(legible(text), expected, "{what}");
        }
    }

    #[test]
    fn titles_are_one_line() {
        for (text, expected) in
            [("  a \n\t b\u{A0}\u{2003}c ", "a b c"), ("\u{FEFF}\u{200B} a\u{200B}", "a"), (" \n", ""), ("", "")]
        {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters_and_words() {
        for (text, bytes, expected) in [
            ("short", 5, "short"),
            ("one two three four", 16, "one two…"),
            ("éééééé", 8, "éé…"),
            ("a bbbbbbbbbbbbbbbb", 10, "a bbbbb…"),
        ] {
            let cut = abridge(text.into(), bytes);
            assert_eq!(cut, expected);
            assert!(cut.len() <= bytes);
        }
    }
}
