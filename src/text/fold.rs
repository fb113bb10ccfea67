//! Two ways of writing the same letter become one.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick};

/// Removes diacritics and writes ligatures out: `é` is `e`, `ß` is `ss`, `œ` is `oe`, `ø` is `o`, `ł` is `l`, `₂` is `2`.
///
/// It does not change case, and it is idempotent. Marks that carry the vowel (Devanagari, Tamil, Thai) and the Cyrillic `й`
/// stay: without them words would fall together that no reader takes for the same.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    let mut normal = true;
    for part in text.nfkd() {
        match spelled_out(part) {
            Some(spelling) => folded.push_str(spelling),
            None if is_dropped_mark(part) && !(part == BREVE && folded.ends_with(['и', 'И'])) => {}
            None => {
                // Only what NFKD took apart can need putting together again.
                normal &= part < '\u{300}' || (part.is_alphanumeric() && !is_hangul_part(part));
                folded.push(part);
            }
        }
    }
    Cow::Owned(if normal { folded } else { folded.nfc().collect() })
}

const BREVE: char = '\u{306}';

fn is_hangul_part(part: char) -> bool {
    matches!(part, '\u{1100}'..='\u{11ff}')
}

fn spelled_out(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'ẞ' => "SS",
        'œ' => "oe",
        'Œ' => "OE",
        'æ' => "ae",
        'Æ' => "AE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "TH",
        'ı' => "i",
        'ħ' => "h",
        'Ħ' => "H",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ŋ' => "n",
        'ς' => "σ",
        _ => return None,
    })
}

fn is_dropped_mark(part: char) -> bool {
    matches!(part, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}')
        && is_combining_mark(part)
}

/// One line of text as words expect it: NFC, one space between words, none at the ends, and none of the characters that are
/// written but not seen (soft hyphen, zero-width space and joiners, byte order mark).
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')) {
        for word in text.split_ascii_whitespace() {
            if !tidied.is_empty() {
                tidied.push(' ');
            }
            tidied.push_str(word);
        }
        return tidied;
    }
    let mut space = false;
    let mut last = '\0';
    for letter in text.chars() {
        if letter.is_whitespace() || letter.is_control() {
            space = !tidied.is_empty();
        } else if !is_invisible(letter) {
            if space {
                tidied.push(' ');
                space = false;
            }
            tidied.push(letter);
            last = last.max(letter);
        }
    }
    // Below the first combining mark every letter is its own normal form.
    let normal = last < '\u{300}' || is_nfc_quick(tidied.chars()) == IsNormalized::Yes;
    if normal { tidied } else { tidied.nfc().collect() }
}

/// Appends a word in lower case and folded.
pub(super) fn push_lower_folded(word: &str, folded: &mut String) {
    if word.is_ascii() {
        folded.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        folded.push_str(&fold(&word.to_lowercase()));
    }
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_what_readers_take_for_the_same_letter() {
        for (written, expected) in [
            ("Télécoms", "Telecoms"),
            ("Te\u{301}le\u{301}coms", "Telecoms"),
            ("Fußball", "Fussball"),
            ("GROẞ", "GROSS"),
            ("œuvre Æthel", "oeuvre AEthel"),
            ("Łódź Øresund Đinđić", "Lodz Oresund Dindic"),
            ("CO₂", "CO2"),
            ("ﬁbre", "fibre"),
            ("Español año", "Espanol ano"),
            ("йод ёж", "йод еж"),
            ("Ὀδυσσεύς", "Οδυσσευσ"),
            ("हिन्दी", "हिन्दी"),
            ("한국어", "한국어"),
            ("\u{f77}\u{a3c}", "\u{fb2}\u{a3c}\u{f71}\u{f80}"),
            ("İstanbul", "Istanbul"),
        ] {
            assert_eq!(fold(written), expected, "{written}");
        }
    }

    #[test]
    fn tidies_what_is_written_but_not_seen() {
        for (written, expected) in [
            ("  künst\u{ad}liche \u{a0}\n Intelligenz ", "künstliche Intelligenz"),
            ("e\u{301}te\u{301}", "été"),
            ("a\u{200b}b\u{feff}", "ab"),
            (" \t ", ""),
        ] {
            assert_eq!(tidy(written), expected, "{written:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_and_tidying_twice_changes_nothing(text in "\\PC{0,40}") {
            let folded = fold(&text).into_owned();
            prop_assert_eq!(fold(&folded).into_owned(), folded.clone());
            let tidied = tidy(&text);
            prop_assert_eq!(tidy(&tidied), tidied.clone());
        }
    }
}
