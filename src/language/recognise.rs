//! The witnesses heard and weighed.
//!
//! Measured on news of five languages with these five configured: articles and title + 30 words 100 %, single sentences
//! 99.5 %, titles 97.7 %, the first six words of a sentence 97.9 %. Either recogniser alone: titles 97.0 and 87.6 %.

use serde::{Deserialize, Serialize};
use whatlang::Detector;

use super::{
    primary_subtag,
    script::{Letters, Verdict},
    stop_words::{self, LANGUAGES},
    tags::{lang_of, subtag_of},
};

/// Texts with fewer words are left undecided: names and loan words outweigh the rest.
const FEWEST_WORDS: usize = 4;
/// As much of a text is looked at, in bytes; more does not change the answer.
const SAMPLE: usize = 1_200;
/// As much of it is shown to the careful recogniser, which takes most of the time.
const CAREFUL_SAMPLE: usize = 500;

/// What each witness's word is worth.
const FAST: f32 = 0.5;
/// Where languages are configured that the fast recogniser has never heard of, it names their neighbours.
const FAST_AMONG_STRANGERS: f32 = 0.3;
const CAREFUL: f32 = 0.7;
/// For a text that is nothing but stop words; a common text has one in three.
const STOP_WORDS: f32 = 3.0;

/// So many stop words of one language, and so many times those of any other, need no more witnesses.
const CLEAR_HITS: u16 = 4;
const CLEAR_RATIO: u16 = 2;
/// So many stop words that the best candidate does not have make it another language.
const STRANGERS_WORDS: usize = 3;
/// From so many words on, a text has stop words of its own language.
const WORDS_WITH_STOP_WORDS: usize = 10;
const FEWEST_STOP_WORDS: f32 = 0.05;
/// Below so much, the careful recogniser's choice among all languages is a guess.
const SURE: f64 = 0.9;
/// So many languages are listed with their scores.
const SCORES: usize = 3;

/// What a text looks like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recognition {
    /// A candidate, or another language if the text clearly is in none of them; `None` when the text does not tell.
    pub language: Option<&'static str>,
    /// The languages that were weighed, best first, at most three.
    pub scores: Vec<LanguageScore>,
    /// How many words were looked at.
    pub words: usize,
    /// No other language is written in these letters.
    pub by_letters: bool,
    /// For each word that is a stop word somewhere, of which languages.
    stop_words: Vec<u32>,
}

/// How much speaks for a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageScore {
    /// Primary subtag.
    pub language: String,
    /// In thousandths: 3,000 for a text of nothing but its stop words, 500 from the fast recogniser, up to 700 from the
    /// careful one.
    pub score: u32,
    /// How many of the words are its stop words.
    pub stop_words: u16,
}

impl Recognition {
    /// How many of the words are stop words of `one` and not of `other`. Neighbours share the commonest of theirs ("de",
    /// "la", "en"), so only these tell them apart.
    pub fn only_of(&self, one: &str, other: &str) -> usize {
        only_of(&self.stop_words, one, other)
    }
}

fn only_of(stop_words: &[u32], one: &str, other: &str) -> usize {
    let bit = |language: &str| {
        stop_words::languages().position(|name| name == language).map_or(0, |position| 1_u32 << position)
    };
    let (one, other) = (bit(one), bit(other));
    stop_words.iter().filter(|&&languages| languages & one != 0 && languages & other == 0).count()
}

/// Recognises the language of `text` among `candidates`, BCP 47 tags; none: every language with a list of stop words.
pub fn recognise(text: &str, candidates: &[String]) -> Recognition {
    let candidates: Vec<String> = if candidates.is_empty() {
        stop_words::languages().map(String::from).collect()
    } else {
        candidates.iter().map(|tag| primary_subtag(tag)).collect()
    };
    let is_candidate = |language: &str| candidates.iter().any(|name| name == language);
    let heard = Heard::of(beginning(text, SAMPLE));
    match heard.letters.verdict(is_candidate) {
        // Fewer letters than a word has are no text.
        Verdict::Settled(language) if heard.letters.other_than_latin() >= FEWEST_WORDS => heard.settled(language, true),
        Verdict::Likely(language) if heard.letters.other_than_latin() >= FEWEST_WORDS => heard.settled(language, false),
        Verdict::Open if heard.letters.other_than_latin() >= FEWEST_WORDS => heard.foreign_script(&candidates),
        _ if heard.words < FEWEST_WORDS => heard.undecided(),
        _ => heard.weighed(&candidates),
    }
}

/// The beginning of a text, whole characters.
fn beginning(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}

/// What the text's letters and words say.
struct Heard<'a> {
    sample: &'a str,
    letters: Letters,
    words: usize,
    /// For each word that is a stop word somewhere, of which languages.
    stop_words: Vec<u32>,
    /// How many of each language, by the position of its list.
    hits: [u16; LANGUAGES],
}

impl<'a> Heard<'a> {
    fn of(sample: &'a str) -> Self {
        let mut heard =
            Heard { sample, letters: Letters::default(), words: 0, stop_words: Vec::new(), hits: [0; LANGUAGES] };
        let mut lower = String::new();
        for word in
            sample.split(|letter: char| !letter.is_alphabetic() && !is_mark(letter)).filter(|word| !word.is_empty())
        {
            heard.words += 1;
            lower.clear();
            if word.is_ascii() {
                lower.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
            } else {
                lower.extend(word.chars().flat_map(char::to_lowercase));
            }
            let languages = stop_words::languages_of(&lower);
            if languages != 0 {
                heard.stop_words.push(languages);
                for (position, hits) in heard.hits.iter_mut().enumerate() {
                    *hits += u16::from(languages & (1 << position) != 0);
                }
            }
            word.chars().for_each(|letter| heard.letters.count(letter));
        }
        heard
    }

    fn hits(&self, language: &str) -> u16 {
        let list = stop_words::languages().zip(&self.hits).find(|(name, _)| *name == language);
        list.map_or(0, |(_, &hits)| hits)
    }

    /// The language outside `candidates` with the most stop words.
    fn strongest_stranger(&self, candidates: &[String]) -> Option<(&'static str, u16)> {
        let strangers = stop_words::languages().zip(self.hits);
        let strangers = strangers.filter(|(name, _)| !candidates.iter().any(|candidate| candidate == name));
        strangers.max_by_key(|&(name, hits)| (hits, std::cmp::Reverse(name)))
    }

    fn undecided(&self) -> Recognition {
        Recognition { words: self.words, stop_words: self.stop_words.clone(), ..Recognition::default() }
    }

    fn settled(&self, language: &'static str, by_letters: bool) -> Recognition {
        let score = LanguageScore { language: language.to_owned(), score: 1_000, stop_words: self.hits(language) };
        Recognition {
            language: Some(language),
            scores: vec![score],
            words: self.words,
            by_letters,
            stop_words: self.stop_words.clone(),
        }
    }

    /// A script that several languages are written in.
    fn foreign_script(&self, candidates: &[String]) -> Recognition {
        let found = whatlang::detect(beginning(self.sample, CAREFUL_SAMPLE));
        let language = found.as_ref().and_then(|found| subtag_of(found.lang().code()));
        match (found, language) {
            (Some(found), Some(language)) => {
                let sure = found.confidence() >= SURE;
                if sure || candidates.iter().any(|name| name == language) {
                    return self.settled(language, sure);
                }
                self.undecided()
            }
            _ => self.undecided(),
        }
    }

    fn weighed(&self, candidates: &[String]) -> Recognition {
        let fast = subtag_of(whichlang::detect_language(self.sample).three_letter_code());
        let is_candidate = |language: &str| candidates.iter().any(|name| name == language);
        let mut scores: Vec<(&str, f32)> = Vec::with_capacity(candidates.len() + 1);
        for candidate in candidates {
            scores.push((candidate, STOP_WORDS * f32::from(self.hits(candidate)) / self.words as f32));
        }
        let clear = fast.filter(|fast| is_candidate(fast) && self.stands_out(fast));
        let strangers = candidates.iter().any(|name| !is_known_to_fast(name));
        if let Some(fast) = fast.filter(|fast| is_candidate(fast)) {
            add(&mut scores, fast, if strangers { FAST_AMONG_STRANGERS } else { FAST });
        }
        if clear.is_none() {
            let allowed = candidates.iter().filter_map(|name| lang_of(name)).collect();
            let found = Detector::with_allowlist(allowed).detect(beginning(self.sample, CAREFUL_SAMPLE));
            if let Some(found) = found
                && let Some(name) = subtag_of(found.lang().code())
            {
                add(&mut scores, name, CAREFUL * found.confidence() as f32);
            }
        }
        // Equal scores keep the order of the configuration.
        scores.sort_by(|one, other| other.1.total_cmp(&one.1));
        let best = scores.first().filter(|(_, score)| *score > 0.0).and_then(|(name, _)| subtag(name));
        let language = match best {
            Some(best) if clear.is_some() => Some(best),
            best => self.unless_in_another(best, fast, candidates),
        };
        let mut listed: Vec<LanguageScore> =
            scores.iter().take(SCORES).map(|&(name, score)| self.score(name, score)).collect();
        if let Some(other) = language.filter(|language| !is_candidate(language)) {
            listed.insert(0, self.score(other, STOP_WORDS * f32::from(self.hits(other)) / self.words as f32));
            listed.truncate(SCORES);
        }
        Recognition {
            language,
            scores: listed,
            words: self.words,
            by_letters: false,
            stop_words: self.stop_words.clone(),
        }
    }

    fn score(&self, language: &str, score: f32) -> LanguageScore {
        LanguageScore {
            language: language.to_owned(),
            score: (score * 1_000.0).round() as u32,
            stop_words: self.hits(language),
        }
    }

    /// Whether the text is full of this language's stop words and of no other's, configured or not.
    fn stands_out(&self, language: &str) -> bool {
        let own = self.hits(language);
        let others = stop_words::languages().zip(self.hits).filter(|(name, _)| *name != language);
        own >= CLEAR_HITS && others.into_iter().all(|(_, hits)| own >= CLEAR_RATIO * hits)
    }

    /// The best candidate, another language that the text clearly is in, or none.
    fn unless_in_another(
        &self,
        best: Option<&'static str>,
        fast: Option<&'static str>,
        candidates: &[String],
    ) -> Option<&'static str> {
        let own = best.map_or(0, |best| self.hits(best));
        if let Some((stranger, hits)) = self.strongest_stranger(candidates)
            && hits >= CLEAR_HITS
            && hits > own
        {
            let [its, ours] = best.map_or([usize::from(hits), 0], |best| {
                [only_of(&self.stop_words, stranger, best), only_of(&self.stop_words, best, stranger)]
            });
            if its >= STRANGERS_WORDS.max(2 * ours) && self.recognisers_agree(stranger, fast) {
                return Some(stranger);
            }
        }
        let has_list = best.is_some_and(|best| stop_words::languages().any(|name| name == best));
        let too_few = f32::from(own) < FEWEST_STOP_WORDS * self.words as f32;
        if has_list && too_few && self.words >= WORDS_WITH_STOP_WORDS {
            let found = whatlang::detect(beginning(self.sample, CAREFUL_SAMPLE));
            let found = found.filter(|found| found.confidence() >= SURE);
            return found
                .and_then(|found| subtag_of(found.lang().code()))
                .filter(|found| best == Some(*found) || !stop_words::languages().any(|name| name == *found));
        }
        best
    }

    /// Whether the recogniser that knows the language names it, out of all it knows.
    fn recognisers_agree(&self, language: &str, fast: Option<&str>) -> bool {
        if is_known_to_fast(language) {
            return fast == Some(language);
        }
        let found = whatlang::detect(beginning(self.sample, CAREFUL_SAMPLE));
        found.is_some_and(|found| subtag_of(found.lang().code()) == Some(language))
    }
}

/// Whether a text in this language, a primary subtag, can be told from one in its neighbours.
pub fn is_recognisable(language: &str) -> bool {
    lang_of(language).is_some() || stop_words::languages().any(|name| name == language)
}

fn add(scores: &mut [(&str, f32)], language: &str, worth: f32) {
    if let Some((_, score)) = scores.iter_mut().find(|(name, _)| *name == language) {
        *score += worth;
    }
}

fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

fn is_known_to_fast(language: &str) -> bool {
    whichlang::LANGUAGES.iter().any(|known| subtag_of(known.three_letter_code()) == Some(language))
}

/// The name of a language, as long as the program runs.
fn subtag(language: &str) -> Option<&'static str> {
    lang_of(language).and_then(|found| subtag_of(found.code()))
}
