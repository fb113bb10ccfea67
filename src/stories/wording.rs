//! What is kept of an entry's wording, so that copies of it can be found without its text.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    hashes::Hashes,
    word_hash::{WordHasher, joined, upper},
};
use crate::text::{ReadableEntry, WordForm, is_stop_word, words};

/// Words to a shingle.
const SHINGLE: usize = 4;
/// So many shingles of a text are kept; of a longer one those with the smallest hashes.
const MOST_SHINGLES: usize = 320;
/// The words that count as the lead. Its shingles are all kept: a summary is most often taken from it.
const LEAD_WORDS: usize = 60;
const MOST_NUMBERS: usize = 32;
const MOST_TITLE_WORDS: usize = 24;
/// A book is no article: words after these are not read.
const MOST_WORDS: usize = 20_000;

/// The wording of an entry: a few hashes of its text, its lead, its numbers and its title. At most about 2 kB, and it says
/// nothing of the text to anybody who does not have the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// The text's shingles with hashes up to `bound`.
    pub(super) shingles: Hashes,
    /// `u32::MAX` when all shingles are kept.
    pub(super) bound: u32,
    /// Every shingle of the first words.
    pub(super) lead: Hashes,
    /// Numbers and the two words before them, in the order of the words.
    pub(super) numbers: Vec<NumberInPlace>,
    pub(super) title: Title,
    /// A word of the title stands in the text too. Where none does, the text is likely to be another than the article's: a
    /// notice about cookies, a caption.
    pub(super) speaks_of_title: bool,
}

/// A number in the text, and after which words it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct NumberInPlace {
    pub after: u32,
    pub number: u32,
}

/// What titles are compared by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Title {
    /// Stems of all words but numbers and stop words.
    pub stems: Hashes,
    /// Of these the ones written with a capital. The title's first word may be no name, but often is the one that matters.
    pub capitals: Hashes,
    pub numbers: Hashes,
    /// It says that the page goes on: "EN DIRECT", "Live blog".
    pub live: bool,
}

impl Wording {
    pub fn of(entry: &ReadableEntry) -> Self {
        let language = entry.primary_language();
        let mut reader = TextReader::default();
        reader.expect(&entry.title, language.as_deref());
        for block in &entry.blocks {
            reader.read(&block.text);
        }
        let (shingles, bound) = smallest(reader.shingles);
        reader.numbers.sort_unstable();
        Self {
            shingles,
            bound,
            lead: Hashes::new(reader.lead),
            numbers: reader.numbers,
            title: Title::of(&entry.title, language.as_deref()),
            speaks_of_title: reader.speaks_of_title,
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let title = self.title.stems.bytes() + self.title.capitals.bytes() + self.title.numbers.bytes();
        self.shingles.bytes() + self.lead.bytes() + self.numbers.capacity() * size_of::<NumberInPlace>() + title
    }
}

#[derive(Default)]
struct TextReader {
    hasher: WordHasher,
    /// The last words, the newest at the end.
    last: [u64; SHINGLE],
    read: usize,
    shingles: Vec<u32>,
    lead: Vec<u32>,
    numbers: Vec<NumberInPlace>,
    title: Vec<u64>,
    speaks_of_title: bool,
}

impl TextReader {
    fn expect(&mut self, title: &str, language: Option<&str>) {
        for word in words(title).take(MOST_TITLE_WORDS) {
            let says_something = !language.is_some_and(|language| is_stop_word(language, &word.text.to_lowercase()));
            if says_something && word.text.chars().nth(2).is_some() {
                self.title.push(self.hasher.hash(&word.text));
            }
        }
    }

    /// Shingles run on from one block to the next: where publishers break their paragraphs says nothing.
    fn read(&mut self, text: &str) {
        for word in words(text) {
            if self.read == MOST_WORDS {
                return;
            }
            let hash = if is_number(&word.text) {
                let hash = number_hash(&word.text);
                if self.read >= 2 && self.numbers.len() < MOST_NUMBERS {
                    let [.., before, last] = self.last;
                    self.numbers.push(NumberInPlace { after: joined(&[before, last]), number: upper(hash) });
                }
                hash
            } else {
                self.hasher.hash(&word.text)
            };
            self.speaks_of_title = self.speaks_of_title || self.title.contains(&hash);
            self.last.rotate_left(1);
            self.last[SHINGLE - 1] = hash;
            self.read += 1;
            if self.read >= SHINGLE {
                let shingle = joined(&self.last);
                self.shingles.push(shingle);
                if self.read <= LEAD_WORDS {
                    self.lead.push(shingle);
                }
            }
        }
    }
}

/// The smallest hashes, and up to which one all are there.
fn smallest(mut hashes: Vec<u32>) -> (Hashes, u32) {
    // Most texts hold few shingles twice, and most are shorter than what is kept.
    let far_beyond = MOST_SHINGLES * 2;
    if hashes.len() > far_beyond {
        let (below, ..) = hashes.select_nth_unstable(far_beyond);
        below.sort_unstable();
        let mut distinct = below.to_vec();
        distinct.dedup();
        if distinct.len() > MOST_SHINGLES {
            hashes = distinct;
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    if hashes.len() <= MOST_SHINGLES {
        return (Hashes::new(hashes), u32::MAX);
    }
    hashes.truncate(MOST_SHINGLES);
    let bound = hashes.last().copied().unwrap_or(u32::MAX);
    (Hashes::new(hashes), bound)
}

pub(super) fn is_number(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
}

/// Of "7.852", "7,852" and "7852" alike.
pub(super) fn number_hash(number: &str) -> u64 {
    if number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return xxh3_64(number.as_bytes());
    }
    let digits: Vec<u8> = number.bytes().filter(|byte| !matches!(byte, b'.' | b',')).collect();
    xxh3_64(&digits)
}

impl Title {
    pub fn of(title: &str, language: Option<&str>) -> Self {
        let form = language.map_or_else(WordForm::unstemmed, WordForm::of);
        let (mut stems, mut capitals, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for word in words(without_update_mark(title)).take(MOST_TITLE_WORDS) {
            if is_number(&word.text) {
                numbers.push(upper(number_hash(&word.text)));
                continue;
            }
            let lower = word.text.to_lowercase();
            if language.is_some_and(|language| is_stop_word(language, &lower)) {
                continue;
            }
            let stem = upper(xxh3_64(form.stem(&word.text).as_bytes()));
            stems.push(stem);
            if word.text.starts_with(char::is_uppercase) {
                capitals.push(stem);
            }
        }
        Self {
            stems: Hashes::new(stems),
            capitals: Hashes::new(capitals),
            numbers: Hashes::new(numbers),
            live: is_live(title),
        }
    }
}

/// How titles of live pages begin, in lower case.
const LIVE: [&str; 25] = [
    "🔴",
    "ao vivo",
    "as it happened",
    "directo:",
    "directo |",
    "direct :",
    "direct:",
    "direct.",
    "direct -",
    "direct |",
    "diretta",
    "en direct",
    "en directo",
    "en vivo",
    "in diretta",
    "la diretta",
    "live -",
    "live –",
    "live:",
    "live |",
    "live blog",
    "live updates",
    "live-blog",
    "live-ticker",
    "newsticker",
];

fn is_live(title: &str) -> bool {
    let title = title
        .trim_start_matches(|letter: char| matches!(letter, '[' | '(' | '«' | '"' | '“') || letter.is_whitespace());
    let begins = title.chars().take(20).collect::<String>().to_lowercase();
    let rest = |mark: &str| begins.strip_prefix(mark).map(|rest| rest.chars().next());
    // "Liveticker" is one, "Diretta da" is one, "En directeur" is none.
    let whole = |mark: &&str| match rest(mark) {
        Some(Some(next)) => !mark.ends_with(char::is_alphanumeric) || !next.is_alphanumeric(),
        Some(None) => true,
        None => false,
    };
    begins.starts_with("liveticker") || begins.starts_with("liveblog") || LIVE.iter().any(whole)
}

/// News agencies count their versions in the title: "UPDATE 2-Ministers meet".
fn without_update_mark(title: &str) -> &str {
    let rest =
        title.strip_prefix("UPDATE ").map(|rest| rest.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ReadableText;

    fn wording(title: &str, text: &str) -> Wording {
        let text = ReadableText {
            title: title.into(),
            text: text.into(),
            language: Some("en".into()),
            ..ReadableText::default()
        };
        Wording::of(&ReadableEntry::from_text(&text, &["en".into()]))
    }

    fn sentence(words: usize) -> String {
        (0..words).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn paragraphs_letter_case_and_quotation_marks_make_no_difference() {
        let a = wording("T", "The “ministers” agreed late\non Tuesday to fund three data centres.");
        let b = wording("T", "the 'Ministers' agreed late on tuesday to fund three data-centres");
        assert_eq!(a.shingles, b.shingles);
        assert_eq!(a.shingles.len(), 11 - SHINGLE + 1);
    }

    #[test]
    fn a_long_text_is_sampled_and_its_lead_is_whole() {
        let long = wording("T", &sentence(3_000));
        assert_eq!(long.shingles.len(), MOST_SHINGLES);
        assert!(long.bound < u32::MAX / 5);
        assert_eq!(long.lead.len(), LEAD_WORDS - SHINGLE + 1);
        let short = wording("T", &sentence(100));
        assert_eq!((short.shingles.len(), short.bound), (97, u32::MAX));
        assert!(postcard::to_stdvec(&long).expect("bytes").len() < 2_048);
    }

    #[test]
    fn numbers_are_kept_with_the_words_before_them() {
        let a = wording("FTSE 100 closes at 7,073 points", "The index ended at 7073 points, up 1.5 per cent");
        let b = wording("FTSE 100 closes at 7.073 points", "The index ended at 7.073 points, up 1.4 per cent");
        assert_eq!(a.title, b.title);
        assert_eq!(a.numbers.len(), 2);
        assert_eq!(a.numbers.iter().filter(|number| b.numbers.contains(number)).count(), 1);
    }

    #[test]
    fn a_live_pages_title_says_so() {
        for title in [
            "EN DIRECT - Mort à Lyon",
            "En direct : le procès",
            "DIRECT. Intempéries",
            "Live: markets",
            "Liveticker: Wahl",
            "🔴 Match",
            "[En direct] Vote",
        ] {
            assert!(is_live(title), "{title}");
        }
        for title in
            ["Directeur accusé", "Direct flights resume", "Live music is back", "Endirect", "Un train direct : la fin"]
        {
            assert!(!is_live(title), "{title}");
        }
    }

    #[test]
    fn an_agencys_version_is_no_part_of_the_title() {
        assert_eq!(wording("UPDATE 2-Ministers meet", "").title, wording("Ministers meet", "").title);
        assert_eq!(without_update_mark("UPDATE on the talks"), "UPDATE on the talks");
    }
}
