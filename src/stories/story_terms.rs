//! What is kept of an entry's words, so that articles on the same event can be found; and how frequent words are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    hashes::Hashes,
    word_hash::{joined, upper},
    wording::{Title, is_number, number_hash},
};
use crate::text::{ReadableEntry, WordForm, is_stop_word, words};

/// Words of the text that are read.
const LEAD_WORDS: usize = 60;
const MOST_TITLE_WORDS: usize = 40;
/// Weights are kept in twentieths: a word of the lead counts 1, of the title 4, two neighbours in the title together 0.6.
const IN_LEAD: u8 = 20;
const IN_TITLE: u8 = 80;
const NEIGHBOURS: u8 = 12;
/// With fewer words of text an entry is a title and little else.
const FEWEST_LEAD_WORDS: usize = 8;

/// The words of an entry's title and lead, as stems' hashes with weights. At most about 600 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryTerms {
    /// The primary subtag; entries of different languages are never compared. Empty when it is not known.
    pub(super) language: String,
    pub(super) terms: Hashes,
    /// For each of `terms`, in twentieths.
    pub(super) weights: Vec<u8>,
    pub(super) title: Title,
    /// There is hardly any text beside the title.
    pub(super) title_only: bool,
}

impl StoryTerms {
    pub fn of(entry: &ReadableEntry) -> Self {
        let language = entry.primary_language();
        let form = language.as_deref().map_or_else(WordForm::unstemmed, WordForm::of);
        let mut weights: BTreeMap<u32, u8> = BTreeMap::new();
        let mut add = |term: u32, weight: u8| {
            let sum = weights.entry(term).or_default();
            *sum = sum.saturating_add(weight);
        };
        let term = |word: &str| {
            if is_number(word) {
                return (word.len() > 1).then(|| number_hash(word));
            }
            let lower = word.to_lowercase();
            let says_nothing = word.chars().nth(1).is_none()
                || language.as_deref().is_some_and(|language| is_stop_word(language, &lower));
            (!says_nothing).then(|| xxh3_64(form.stem(word).as_bytes()))
        };
        let mut before = None;
        for hash in words(&entry.title).take(MOST_TITLE_WORDS).filter_map(|word| term(&word.text)) {
            add(upper(hash), IN_TITLE);
            if let Some(before) = before.replace(hash) {
                add(joined(&[before, hash]), NEIGHBOURS);
            }
        }
        let mut lead_words = 0;
        for word in entry.blocks.iter().flat_map(|block| words(&block.text)).take(LEAD_WORDS) {
            lead_words += 1;
            if let Some(hash) = term(&word.text) {
                add(upper(hash), IN_LEAD);
            }
        }
        Self {
            terms: Hashes::new(weights.keys().copied().collect()),
            weights: weights.into_values().collect(),
            title: Title::of(&entry.title, language.as_deref()),
            language: language.unwrap_or_default(),
            title_only: lead_words < FEWEST_LEAD_WORDS,
        }
    }
}

/// In how many entries of a language each word stands, as a snapshot: until it is taken anew, the same entries give the same
/// stories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordStatistics {
    languages: BTreeMap<String, Frequencies>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Frequencies {
    entries: u32,
    /// Words that stand in more entries than one.
    terms: Hashes,
    /// For each of `terms`.
    counts: Vec<u32>,
}

/// Words that more of a language's entries have than this say nothing of any event.
const TOO_FREQUENT: f64 = 0.15;
/// Weights rise a little faster than the logarithm of rarity.
const RARITY_EXPONENT: f64 = 1.25;

impl WordStatistics {
    /// Counts entries, two weeks of them at best; their order does not matter.
    pub fn learn<'a>(entries: impl IntoIterator<Item = &'a StoryTerms>) -> Self {
        let mut counted: BTreeMap<&str, (u32, Vec<u32>)> = BTreeMap::new();
        for entry in entries {
            let (entries, terms) = counted.entry(&entry.language).or_default();
            *entries += 1;
            terms.extend_from_slice(entry.terms.as_slice());
        }
        let languages = counted.into_iter().map(|(language, (entries, mut terms))| {
            terms.sort_unstable();
            let repeated = || terms.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
            let counts = repeated().map(|run| run.len() as u32).collect();
            let terms = Hashes::new(repeated().filter_map(|run| run.first()).copied().collect());
            (language.to_owned(), Frequencies { entries, terms, counts })
        });
        Self { languages: languages.collect() }
    }

    /// The entry's terms with what each is worth, of length 1 together; in the order of terms.
    pub(super) fn weigh(&self, entry: &StoryTerms) -> Vec<(u32, f32)> {
        let none = Frequencies::default();
        let frequencies = self.languages.get(&entry.language).unwrap_or(&none);
        let entries = f64::from(frequencies.entries.max(1));
        let most = (entries * TOO_FREQUENT).max(3.0);
        let mut weighed: Vec<(u32, f64)> = Vec::with_capacity(entry.terms.len());
        for (term, weight) in entry.terms.as_slice().iter().zip(&entry.weights) {
            let count = f64::from(frequencies.count(*term));
            if count <= most {
                weighed
                    .push((*term, f64::from(*weight) * ((entries + 1.0) / count).ln().max(0.0).powf(RARITY_EXPONENT)));
            }
        }
        let length = weighed.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        if length == 0.0 {
            return Vec::new();
        }
        weighed.into_iter().map(|(term, weight)| (term, (weight / length) as f32)).collect()
    }
}

impl Frequencies {
    fn count(&self, term: u32) -> u32 {
        match self.terms.as_slice().binary_search(&term) {
            Ok(place) => self.counts.get(place).copied().unwrap_or(1),
            Err(_) => 1,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::text::ReadableText;

    pub fn terms(language: &str, title: &str, text: &str) -> StoryTerms {
        let text = ReadableText {
            title: title.into(),
            text: text.into(),
            language: Some(language.into()),
            ..ReadableText::default()
        };
        StoryTerms::of(&ReadableEntry::from_text(&text, &[language.into()]))
    }

    #[test]
    fn titles_count_more_than_leads_and_stop_words_nothing() {
        let read = terms("en", "The ministers meet", "Ministers of the club");
        let weight = |word: &str| {
            let hash = upper(xxh3_64(WordForm::of("en").stem(word).as_bytes()));
            read.terms.as_slice().iter().position(|term| *term == hash).map(|place| read.weights[place])
        };
        assert_eq!(weight("minister"), Some(IN_TITLE + IN_LEAD));
        assert_eq!((weight("meeting"), weight("clubs"), weight("the")), (Some(IN_TITLE), Some(IN_LEAD), None));
        assert!(read.title_only);
    }

    #[test]
    fn rare_words_are_worth_more_and_the_order_of_entries_nothing() {
        let mut entries: Vec<_> = (0..20).map(|n| terms("en", &format!("Ministers say word{n}"), "")).collect();
        let learnt = WordStatistics::learn(&entries);
        entries.reverse();
        assert_eq!(WordStatistics::learn(&entries), learnt);
        let weighed = learnt.weigh(&entries[0]);
        assert!(weighed.iter().all(|(term, _)| *term != upper(xxh3_64(b"minist"))), "it stands in every title");
        let length: f32 = weighed.iter().map(|(_, weight)| weight * weight).sum();
        assert!((length - 1.0).abs() < 1e-5);
        let bytes = postcard::to_stdvec(&learnt).expect("bytes");
        assert_eq!(postcard::from_bytes::<WordStatistics>(&bytes), Ok(learnt));
    }
}
