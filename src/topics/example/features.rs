//! A text -> counts of what it is made of.
//!
//! Words and pairs of neighbouring words by their stems, and the pieces of four and five letters of every word, its bounds
//! included. Each is known by its hash alone, words and pieces apart, so that no list of words has to be kept. What falls
//! together by chance is little: 2^18 places for the 50,000 features of a hundred articles.

use std::{collections::HashMap, sync::Mutex, sync::PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use crate::text::{ReadableEntry, WordForm, words};

/// A place in the tables of words or of pieces.
pub(super) type Feature = u32;

/// Places in one table, as a power of two.
const BITS: u32 = 18;
/// Places in both tables: words and pairs first, pieces of words behind.
pub(super) const FEATURES: usize = 2 << BITS;
/// A word of the title counts as two: it is chosen with care.
const TITLE_COUNT: f32 = 2.0;
/// Lengths of pieces, in letters.
const PIECES: [usize; 2] = [4, 5];

/// How often each feature stands in a text: in the order of features, each once. Counts are whole numbers.
pub(super) type FeatureCounts = Vec<(Feature, f32)>;

/// What a word is made of. Taking it apart costs more than all that follows, and nine words in ten have been met before.
struct KnownWord {
    stem: Box<str>,
    /// The stem's own feature, then those of its pieces.
    features: Box<[Feature]>,
}

/// A word takes about two hundred bytes here.
const MOST_WORDS: usize = 30_000;

/// Words of one language.
struct Language {
    form: WordForm,
    words: HashMap<Box<str>, KnownWord>,
}

impl Language {
    fn new(language: Option<&str>) -> Self {
        Self { form: language.map_or_else(WordForm::unstemmed, WordForm::of), words: HashMap::new() }
    }

    fn known(&mut self, word: &str) -> &KnownWord {
        if self.words.len() >= MOST_WORDS && !self.words.contains_key(word) {
            self.words.clear();
        }
        let Self { form, words } = self;
        words.entry(word.into()).or_insert_with(|| {
            let stem = form.stem(word);
            let mut features = vec![word_feature(&stem)];
            let bounded: Vec<char> = format!(" {} ", form.folded(word)).chars().collect();
            let mut piece = String::new();
            for length in PIECES {
                for letters in bounded.windows(length) {
                    piece.clear();
                    piece.extend(letters);
                    features.push(piece_feature(&piece));
                }
            }
            KnownWord { stem: stem.into(), features: features.into() }
        })
    }
}

/// Takes texts apart, and remembers the words it has met.
#[derive(Default)]
pub(super) struct Extractor {
    languages: HashMap<Option<String>, Language>,
}

impl Extractor {
    /// What the entry's title and text are made of.
    pub fn counts(&mut self, entry: &ReadableEntry) -> FeatureCounts {
        let mut counts = Vec::new();
        self.visit(entry, |feature, count, _, _| counts.push((feature, count)));
        // Whole numbers add up to the same in any order.
        counts.sort_unstable_by_key(|(feature, _)| *feature);
        counts.dedup_by(|next, one| {
            let same = next.0 == one.0;
            if same {
                one.1 += next.1;
            }
            same
        });
        counts
    }

    /// The words and pairs of words of an entry, as written where each first stands.
    pub fn written(&mut self, entry: &ReadableEntry) -> Vec<(Feature, String)> {
        let mut seen: HashMap<Feature, ()> = HashMap::new();
        let mut written = Vec::new();
        self.visit(entry, |feature, _, first, second| {
            if first.is_empty() || seen.insert(feature, ()).is_some() {
                return;
            }
            let second = if second.is_empty() { String::new() } else { format!(" {second}") };
            written.push((feature, format!("{first}{second}")));
        });
        written
    }

    /// Hands on every feature with its count, and for words and pairs the words as written.
    fn visit(&mut self, entry: &ReadableEntry, mut then: impl FnMut(Feature, f32, &str, &str)) {
        let name = entry.primary_language();
        let language = self.languages.entry(name).or_insert_with_key(|name| Language::new(name.as_deref()));
        let title = std::iter::once((entry.title.as_str(), TITLE_COUNT));
        let mut pair = String::new();
        for (text, count) in title.chain(entry.blocks.iter().map(|block| (block.text.as_str(), 1.0))) {
            let mut previous: Option<(Box<str>, String)> = None;
            for word in words(text) {
                let known = language.known(&word.text);
                for (position, &feature) in known.features.iter().enumerate() {
                    then(feature, count, if position == 0 { &word.text } else { "" }, "");
                }
                if let Some((stem, written)) = &previous {
                    pair.clear();
                    pair.push_str(stem);
                    pair.push('\u{1}');
                    pair.push_str(&known.stem);
                    then(word_feature(&pair), count, written, &word.text);
                }
                previous = Some((known.stem.clone(), word.text.into_owned()));
            }
        }
    }
}

fn word_feature(word: &str) -> Feature {
    place(word)
}

fn piece_feature(piece: &str) -> Feature {
    1 << BITS | place(piece)
}

fn place(text: &str) -> u32 {
    (xxh3_64(text.as_bytes()) & ((1 << BITS) - 1)) as u32
}

/// Extractors that nobody uses. As many are made as threads read at once.
#[derive(Default)]
pub(super) struct Extractors(Mutex<Vec<Extractor>>);

impl Extractors {
    pub fn with<T>(&self, then: impl FnOnce(&mut Extractor) -> T) -> T {
        let mut extractor = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let result = then(&mut extractor);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(extractor);
        result
    }
}
