//! Text -> words, and a word's common form.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;

use super::{fold::fold, inflection::Endings};
use crate::language::primary_subtag;

/// A word as it is written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    /// Case and diacritics kept. An abbreviation's stops are gone (`U.S.` is `US`), and so is an English or German `'s`.
    pub text: Cow<'a, str>,
    /// Byte offsets into the text.
    pub start: usize,
    pub end: usize,
}

/// The words of a text, in order.
///
/// A word is a run of letters and digits. Hyphens split ("semi-conducteur" is two words), and so do elided articles ("l'IA"
/// is `l` and `IA`); "O'Brien", "AT&T", "C++", "C#", "Canal+", "3.5" and "10,000" stay whole. In scripts written without
/// spaces (Han, kana, Thai, Lao, Khmer, Burmese) every character is a word, so that a phrase is found wherever it stands. So
/// is every syllable of Korean, which puts spaces between words but writes particles and compounds without ("인공지능을").
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

/// See [`words`].
#[derive(Debug, Clone)]
pub struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let (start, first) = self.text.get(self.at..)?.char_indices().find(|(_, letter)| letter.is_alphanumeric())?;
        let start = self.at + start;
        if stands_alone(first) {
            let mut end = start + first.len_utf8();
            end += marks_length(&self.text[end..]);
            self.at = end;
            return Some(Word { text: Cow::Borrowed(&self.text[start..end]), start, end });
        }
        if let Some((letters, end)) = abbreviation(&self.text[start..]) {
            self.at = start + end;
            return Some(Word { text: Cow::Owned(letters), start, end: self.at });
        }
        let (length, resume) = word_length(&self.text[start..]);
        self.at = start + resume;
        let written = &self.text[start..start + length];
        let text =
            if written.contains('’') { Cow::Owned(written.replace('’', "'")) } else { Cow::Borrowed(written) };
        Some(Word { text, start, end: start + length })
    }
}

/// The length of the word at the start of `rest`, and where to look for the next one.
fn word_length(rest: &str) -> (usize, usize) {
    let bytes = rest.as_bytes();
    let mut end = 0;
    loop {
        // Nearly every letter is ASCII; only the others need decoding.
        match bytes.get(end) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                end += 1;
                continue;
            }
            Some(byte) if byte.is_ascii_whitespace() => return (end, end),
            None => return (end, end),
            Some(_) => {}
        }
        let Some(letter) = rest[end..].chars().next() else { return (end, end) };
        let after = end + letter.len_utf8();
        if (letter.is_alphanumeric() && !stands_alone(letter)) || is_combining_mark(letter) {
            end = after;
            continue;
        }
        let next = rest[after..].chars().next();
        let before_is_digit = bytes[..end].last().is_some_and(u8::is_ascii_digit);
        match letter {
            '\'' | '’' if next.is_some_and(char::is_alphanumeric) => {
                if is_elided(&rest[..end]) {
                    return (end, after);
                }
                if let Some(past) = possessive_end(&rest[after..]) {
                    return (end, after + past);
                }
                end = after;
            }
            '.' | ',' if before_is_digit && next.is_some_and(|next| next.is_ascii_digit()) => end = after,
            '&' if next.is_some_and(char::is_alphanumeric) && joins_initials(&rest[..end], &rest[after..]) => {
                end = after
            }
            '+' => {
                let plus_end = end + rest[end..].bytes().take_while(|&byte| byte == b'+').count().min(2);
                let closes = !rest[plus_end..].chars().next().is_some_and(|next| next.is_alphanumeric() || next == '+');
                return if closes { (plus_end, plus_end) } else { (end, plus_end) };
            }
            '#' if end == 1 && !next.is_some_and(char::is_alphanumeric) => return (after, after),
            _ => return (end, end),
        }
    }
}

/// `U.S.`, `U.S.A`, `z.B.`: single letters with stops. Gives the letters and the length.
fn abbreviation(rest: &str) -> Option<(String, usize)> {
    let mut letters = String::new();
    let mut end = 0;
    let mut after_letter = rest.chars();
    while let Some(letter) = after_letter.next() {
        if !letter.is_alphabetic() || stands_alone(letter) {
            break;
        }
        let past_letter = end + letter.len_utf8();
        match after_letter.next() {
            Some('.') => {
                letters.push(letter);
                end = past_letter + 1;
            }
            Some(next) if next.is_alphanumeric() || is_combining_mark(next) => return None,
            // The last letter of "U.S" has no stop of its own.
            _ if !letters.is_empty() => {
                letters.push(letter);
                end = past_letter;
                break;
            }
            _ => return None,
        }
    }
    (letters.chars().nth(1).is_some()).then_some((letters, end))
}

/// Articles and pronouns that lose their vowel before another word in French, Italian, Catalan and Portuguese.
fn is_elided(part: &str) -> bool {
    const ELIDED: [&str; 32] = [
        "l", "d", "qu", "s", "n", "j", "m", "t", "c", "jusqu", "lorsqu", "puisqu", "quoiqu", "quelqu", "presqu",
        "dell", "all", "nell", "sull", "dall", "coll", "un", "quest", "quell", "bell", "sant", "gl", "tutt", "cos",
        "quant", "senz", "com",
    ];
    part.len() <= 6 && ELIDED.iter().any(|elided| part.eq_ignore_ascii_case(elided))
}

/// The length of a possessive's `s`, if nothing of the word follows it.
fn possessive_end(after_apostrophe: &str) -> Option<usize> {
    let rest = after_apostrophe.strip_prefix(['s', 'S'])?;
    (!rest.chars().next().is_some_and(|next| next.is_alphanumeric() || next == '\'' || next == '’')).then_some(1)
}

/// AT&T, R&D, H&M, but not "Johnson&Johnson".
fn joins_initials(before: &str, after: &str) -> bool {
    let initials = |letters: usize| (1..=2).contains(&letters);
    initials(before.chars().count()) || initials(after.chars().take_while(|letter| letter.is_alphanumeric()).count())
}

fn marks_length(rest: &str) -> usize {
    rest.chars().take_while(|&letter| is_combining_mark(letter)).map(char::len_utf8).sum()
}

/// Scripts that put no space between words, or not where a term ends.
fn stands_alone(letter: char) -> bool {
    matches!(letter,
        '\u{3005}'..='\u{3007}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Snowball's algorithms. The first crate's are those that what is stored was tagged with; the second has the newer ones.
enum Stems {
    Of(Stemmer),
    Newer(snowball_stemmers_rs::Stemmer),
    None,
}

impl Stems {
    fn of(primary: &str) -> Self {
        if let Some(algorithm) = algorithm(primary) {
            return Self::Of(Stemmer::create(algorithm));
        }
        newer_algorithm(primary)
            .map_or(Self::None, |algorithm| Self::Newer(snowball_stemmers_rs::Stemmer::create(algorithm)))
    }
}

/// How the words of one language are brought to a common form.
pub struct WordForm {
    stemmer: Stems,
    endings: Endings,
    turkish: bool,
}

impl WordForm {
    /// The form of `language`, a BCP 47 tag. A language without a Snowball algorithm has no stems: case and diacritics alone
    /// are levelled.
    pub fn of(language: &str) -> Self {
        let primary = primary_subtag(language);
        Self { stemmer: Stems::of(&primary), endings: Endings::of(&primary), turkish: primary == "tr" }
    }

    /// For a text whose language is not known.
    pub fn unstemmed() -> Self {
        Self { stemmer: Stems::None, endings: Endings::Any, turkish: false }
    }

    /// Lower case, stem, no diacritics. In this order: Snowball's rules for French and German look at the accents.
    pub fn stem(&self, word: &str) -> String {
        let lower = self.lower(word);
        match &self.stemmer {
            Stems::Of(stemmer) => fold(&stemmer.stem(&lower)).into_owned(),
            Stems::Newer(stemmer) => fold(&stemmer.stem(&lower)).into_owned(),
            Stems::None => fold(&lower).into_owned(),
        }
    }

    /// Lower case, no diacritics, no stem: what prefixes and suffixes are compared with.
    pub fn folded(&self, word: &str) -> String {
        fold(&self.lower(word)).into_owned()
    }

    /// Whether `word`, folded, can be a form of `term`, folded and of the same stem. `lone` says that the term is this one
    /// word, and so a noun or a name rather than an adjective.
    pub fn folded_fits(&self, term: &str, word: &str, lone: bool) -> bool {
        self.endings.fit(term, word, lone)
    }

    /// Whether `word` is a form of `term`: they share the stem, and differ in no more than an ending.
    #[cfg(test)]
    pub(super) fn is_form_of(&self, term: &str, word: &str, lone: bool) -> bool {
        self.stem(term) == self.stem(word) && self.folded_fits(&self.folded(term), &self.folded(word), lone)
    }

    fn lower(&self, word: &str) -> String {
        if self.turkish { word.replace('I', "ı").replace('İ', "i").to_lowercase() } else { word.to_lowercase() }
    }
}

fn algorithm(primary: &str) -> Option<Algorithm> {
    Some(match primary {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "nl" => Algorithm::Dutch,
        "en" => Algorithm::English,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "no" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "es" => Algorithm::Spanish,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

fn newer_algorithm(primary: &str) -> Option<snowball_stemmers_rs::Algorithm> {
    use snowball_stemmers_rs::Algorithm;
    Some(match primary {
        "hy" => Algorithm::Armenian,
        "eu" => Algorithm::Basque,
        "ca" => Algorithm::Catalan,
        "cs" => Algorithm::Czech,
        "eo" => Algorithm::Esperanto,
        "et" => Algorithm::Estonian,
        "hi" => Algorithm::Hindi,
        "id" => Algorithm::Indonesian,
        "ga" => Algorithm::Irish,
        "lt" => Algorithm::Lithuanian,
        "ne" => Algorithm::Nepali,
        "fa" => Algorithm::Persian,
        "pl" => Algorithm::Polish,
        "sr" => Algorithm::Serbian,
        "st" => Algorithm::Sesotho,
        "uk" => Algorithm::Ukrainian,
        "yi" => Algorithm::Yiddish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<String> {
        words(text).map(|word| word.text.into_owned()).collect()
    }

    #[test]
    fn splits_as_readers_do() {
        for (text, expected) in [
            ("", &[][..]),
            ("« … » — !", &[]),
            ("L'IA et l’apprentissage", &["L", "IA", "et", "l", "apprentissage"]),
            ("jusqu'à ce qu'il dell'economia d'IA", &["jusqu", "à", "ce", "qu", "il", "dell", "economia", "d", "IA"]),
            ("aujourd'hui O’Brien don't", &["aujourd'hui", "O'Brien", "don't"]),
            ("Trump's race, the Queen’s speech; boss'", &["Trump", "race", "the", "Queen", "speech", "boss"]),
            ("semi-conducteurs AI-powered KI‑Assistent", &["semi", "conducteurs", "AI", "powered", "KI", "Assistent"]),
            ("5G, C++ and C#; AT&T, R&D, Q&A", &["5G", "C++", "and", "C#", "AT&T", "R&D", "Q&A"]),
            ("Johnson&Johnson a & b", &["Johnson", "Johnson", "a", "b"]),
            ("Canal+ 5+5 1+ g++.", &["Canal+", "5", "5", "1+", "g++"]),
            ("CO2, CO₂", &["CO2", "CO₂"]),
            (
                "In the U.S. and the U.S.A, z.B. E.ON, B. Then",
                &["In", "the", "US", "and", "the", "USA", "zB", "E", "ON", "B", "Then"],
            ),
            ("3.5 % of 10,000; 2025/26 at 10:30.", &["3.5", "of", "10,000", "2025", "26", "at", "10", "30"]),
            ("人工智能 AI ไทย", &["人", "工", "智", "能", "AI", "ไ", "ท", "ย"]),
            ("日本のAI技術、人々", &["日", "本", "の", "AI", "技", "術", "人", "々"]),
            ("인공지능을 5G로", &["인", "공", "지", "능", "을", "5G", "로"]),
            ("mistral.ai snake_case", &["mistral", "ai", "snake", "case"]),
            ("'ndrangheta po' di", &["ndrangheta", "po", "di"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn brings_words_to_a_common_form() {
        for (language, written, same_as) in [
            ("fr", "télécoms", "Télécom"),
            ("fr", "européennes", "europeen"),
            ("de", "Häuser", "Haus"),
            ("de", "FUSSBALL", "Fußball"),
            // Snowball must see the accent.
            ("fr", "abandonnée", "abandonner"),
            ("es", "elecciones", "elección"),
            ("es", "futbolistas", "futbolista"),
            ("it", "economie", "economia"),
            ("en", "elections", "election"),
            ("pt-BR", "governos", "Governo"),
            ("tr", "IĞDIR", "ığdır"),
            ("nb", "bilene", "bil"),
            ("ca", "eleccions", "elecció"),
            ("pl", "wyborach", "wybory"),
            ("cs", "volbách", "volby"),
            ("uk", "виборів", "вибори"),
            ("id", "pemilihannya", "pemilihan"),
            ("lt", "rinkimai", "rinkimų"),
        ] {
            let form = WordForm::of(language);
            assert_eq!(form.stem(written), form.stem(same_as), "{language}: {written} and {same_as}");
        }
        assert_eq!(WordForm::unstemmed().stem("Télécoms"), "telecoms");
        assert_eq!(WordForm::of("xx").stem("Elections"), "elections");
        assert_eq!(WordForm::of("fr").folded("Télécoms"), "telecoms");
    }

    proptest! {
        #[test]
        fn words_lie_in_order_on_character_bounds(text in "[a-zé'’.&+#,\\- \u{301}人0-9AZ]{0,30}|\\PC{0,30}") {
            let mut last = 0;
            for word in words(&text) {
                prop_assert!(last <= word.start && word.start < word.end);
                prop_assert!(text.get(word.start..word.end).is_some());
                prop_assert!(!word.text.is_empty());
                last = word.end;
            }
        }

        #[test]
        fn no_word_upsets_a_stemmer(word in "[a-zäöüßéèàçñığşåøæ]{0,24}|[а-яё]{0,16}|[α-ώ]{0,16}|[\u{621}-\u{652}]{0,16}|[\u{b80}-\u{bff}]{0,16}|[\u{900}-\u{97f}]{0,16}|[ა-ჰա-ֆא-ת]{0,16}|[ўіїєґђћџљњ]{0,12}|\\PC{0,12}") {
            for language in ["ar", "da", "nl", "en", "fi", "fr", "de", "el", "hu", "it", "no", "pt", "ro", "ru", "es", "sv", "ta", "tr", "hy", "eu", "ca", "cs", "eo", "et", "hi", "id", "ga", "lt", "ne", "fa", "pl", "sr", "st", "uk", "yi"] {
                WordForm::of(language).stem(&word);
            }
        }
    }
}
