//! Terms that labelled entries speak for, and what each would change.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::arithmetic::logarithm;
use crate::{
    text::{ReadableEntry, ReadableText, WordForm, is_stop_word, words},
    topics::{
        compile::{TopicProblem, Topics},
        settings::{Scope, TaggingSettings, TopicSettings},
        term::Term,
    },
};

/// An entry of which somebody has said whether it belongs to the topic.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledEntry {
    pub entry: ReadableEntry,
    pub belongs: bool,
}

/// How a topic's terms tag labelled entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Tagged, and rightly.
    pub right: usize,
    /// Tagged, and does not belong.
    pub wrong: usize,
    /// Belongs, and is not tagged.
    pub missed: usize,
}

impl Counts {
    /// The share of what is tagged that belongs; 1 if nothing is.
    pub fn precision(self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// The share of what belongs that is tagged; 1 if nothing does.
    pub fn recall(self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// The harmonic mean of both.
    pub fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// A term that the topic does not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The list to put it in.
    pub language: String,
    /// As it is to be written, with its weight.
    pub term: String,
    /// How many of the entries that belong have it, and how many of the others.
    pub in_likes: usize,
    pub in_unlikes: usize,
    /// What the topic's terms would tag with it.
    pub with: Counts,
}

/// A term that the topic has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurrentTerm {
    pub language: String,
    pub term: String,
    /// What the topic's terms would tag without it.
    pub without: Counts,
}

/// What labelled entries say about a topic's terms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestions {
    /// What the terms tag as they are.
    pub now: Counts,
    /// The best first.
    pub suggested: Vec<Suggestion>,
    /// In the order of the settings.
    pub current: Vec<CurrentTerm>,
}

/// So many candidates are tried for each term that is suggested.
const TRIED: usize = 4;
const WEIGHTS: [f64; 3] = [1.0, 1.5, 2.0];

/// Proposes at most `most` terms for the topic, each with its effect on its own: what the topic's terms, without its examples,
/// would tag among the entries with that term and nothing else changed.
///
/// # Errors
/// The topic's terms as they are do not compile.
pub fn suggest(
    settings: &TaggingSettings,
    topic: &TopicSettings,
    entries: &[LabelledEntry],
    most: usize,
) -> Result<Suggestions, Vec<TopicProblem>> {
    // By itself: what it implies is not there, and of whom an entry is, nobody knows.
    let terms_only = TopicSettings { examples: None, implies: Vec::new(), scope: Scope::default(), ..topic.clone() };
    let compiled =
        terms_only.can_score().then(|| Topics::compile(settings, std::slice::from_ref(&terms_only))).transpose()?;
    let now = measure(compiled.as_ref(), entries);

    let mut suggested = Vec::new();
    let candidates =
        candidates(entries).into_iter().filter(|candidate| !candidate.is_hit_by(compiled.as_ref(), settings));
    for candidate in candidates.take(most * TRIED) {
        let with = |weight: f64| {
            let term = if weight == 1.0 { candidate.term.clone() } else { format!("{}^{weight}", candidate.term) };
            let changed = with_term(settings, &terms_only, &candidate.language, &term)?;
            let compiled = Topics::compile(settings, &[changed]).ok()?;
            Some((term, measure(Some(&compiled), entries)))
        };
        // Of weights that do the same, the lightest.
        let best = WEIGHTS
            .into_iter()
            .filter_map(with)
            .reduce(|best, other| if other.1.f1() > best.1.f1() { other } else { best });
        let Some((term, with)) = best.filter(|(_, with)| with.f1() > now.f1()) else { continue };
        let Candidate { language, in_likes, in_unlikes, .. } = candidate;
        suggested.push(Suggestion { language, term, in_likes, in_unlikes, with });
    }
    suggested.sort_by(|one, other| other.with.f1().total_cmp(&one.with.f1()));
    suggested.truncate(most);

    let mut current = Vec::new();
    for (language, terms) in &topic.terms {
        for term in terms {
            let mut changed = terms_only.clone();
            if let Some(list) = changed.terms.get_mut(language) {
                list.retain(|other| other != term);
            }
            let compiled = Topics::compile(settings, &[changed]).ok();
            let without = measure(compiled.as_ref(), entries);
            current.push(CurrentTerm { language: language.clone(), term: term.written().to_owned(), without });
        }
    }
    Ok(Suggestions { now, suggested, current })
}

/// `None` for a term that must not be written.
fn with_term(settings: &TaggingSettings, topic: &TopicSettings, language: &str, term: &str) -> Option<TopicSettings> {
    let term = Term::parse(term, language, &settings.languages).ok()?;
    let mut changed = topic.clone();
    changed.terms.entry(language.to_owned()).or_default().push(term);
    Some(changed)
}

/// Topics that do not compile, for want of terms say, tag nothing.
fn measure(topics: Option<&Topics>, entries: &[LabelledEntry]) -> Counts {
    let mut counts = Counts::default();
    for LabelledEntry { entry, belongs } in entries {
        let tagged = topics.is_some_and(|topics| !topics.tag(entry).is_empty());
        match (tagged, belongs) {
            (true, true) => counts.right += 1,
            (true, false) => counts.wrong += 1,
            (false, true) => counts.missed += 1,
            (false, false) => {}
        }
    }
    counts
}

/// A word or two that stand in entries of the topic more often than in others.
struct Candidate {
    language: String,
    term: String,
    words: Vec<String>,
    in_likes: usize,
    in_unlikes: usize,
    /// The logarithm of the odds ratio, in its standard errors.
    evidence: f64,
}

impl Candidate {
    /// Whether one of the topic's terms hits it already.
    fn is_hit_by(&self, topics: Option<&Topics>, settings: &TaggingSettings) -> bool {
        let title = self.term.trim_start_matches('=').to_owned();
        let text = ReadableText { title, language: Some(self.language.clone()), ..ReadableText::default() };
        topics.is_some_and(|topics| !topics.scores(&ReadableEntry::from_text(&text, &settings.languages)).is_empty())
    }
}

/// What is known of a word or pair, by its stems.
#[derive(Default)]
struct Seen {
    in_likes: usize,
    in_unlikes: usize,
    /// How often it is written in which way.
    forms: BTreeMap<String, usize>,
}

/// In the order of their evidence.
fn candidates(entries: &[LabelledEntry]) -> Vec<Candidate> {
    let languages: BTreeSet<String> = entries.iter().filter_map(|labelled| labelled.entry.primary_language()).collect();
    let mut candidates: Vec<Candidate> =
        languages.iter().flat_map(|language| candidates_in(language, entries)).collect();
    candidates.sort_by(|one, other| other.evidence.total_cmp(&one.evidence).then_with(|| one.term.cmp(&other.term)));
    candidates
}

fn candidates_in(language: &str, entries: &[LabelledEntry]) -> Vec<Candidate> {
    let form = WordForm::of(language);
    let mut seen: BTreeMap<Vec<String>, Seen> = BTreeMap::new();
    let (mut likes, mut unlikes) = (0, 0);
    let spoken = |labelled: &&LabelledEntry| labelled.entry.primary_language().as_deref() == Some(language);
    for LabelledEntry { entry, belongs } in entries.iter().filter(spoken) {
        *(if *belongs { &mut likes } else { &mut unlikes }) += 1;
        let mut here = BTreeSet::new();
        for text in std::iter::once(&entry.title).chain(entry.blocks.iter().map(|block| &block.text)) {
            let mut previous: Option<(String, String)> = None;
            for word in words(text) {
                if !speaks(&word.text, language) {
                    previous = None;
                    continue;
                }
                let (stem, written) = (form.stem(&word.text), word.text.into_owned());
                if let Some((before, written_before)) = previous.take() {
                    let key = vec![before, stem.clone()];
                    *seen
                        .entry(key.clone())
                        .or_default()
                        .forms
                        .entry(format!("{written_before} {written}"))
                        .or_default() += 1;
                    here.insert(key);
                }
                if stem.chars().count() > 2 || is_abbreviation(&written) {
                    *seen.entry(vec![stem.clone()]).or_default().forms.entry(written.clone()).or_default() += 1;
                    here.insert(vec![stem.clone()]);
                }
                previous = Some((stem, written));
            }
        }
        for key in here {
            let seen = seen.entry(key).or_default();
            *(if *belongs { &mut seen.in_likes } else { &mut seen.in_unlikes }) += 1;
        }
    }
    let fewest = (likes / 10).max(2);
    seen.retain(|_, seen| seen.in_likes >= fewest && seen.in_likes * unlikes > 3 * seen.in_unlikes * likes);
    let found: Vec<Candidate> = seen
        .into_iter()
        .map(|(words, seen)| Candidate {
            language: language.to_owned(),
            term: written(&seen.forms),
            in_likes: seen.in_likes,
            in_unlikes: seen.in_unlikes,
            evidence: evidence(seen.in_likes, likes, seen.in_unlikes, unlikes),
            words,
        })
        .collect();
    // A word that never stands without its neighbour is the pair: the pair says it more exactly.
    let counts = |candidate: &Candidate| (candidate.in_likes, candidate.in_unlikes);
    let pairs: Vec<_> =
        found.iter().filter(|one| one.words.len() == 2).map(|pair| (pair.words.clone(), counts(pair))).collect();
    let in_pair = |one: &Candidate| {
        one.words.len() == 1
            && pairs.iter().any(|(pair, of_pair)| pair.contains(&one.words[0]) && *of_pair == counts(one))
    };
    found.into_iter().filter(|candidate| !in_pair(candidate)).collect()
}

/// Neither a stop word nor a number.
fn speaks(word: &str, language: &str) -> bool {
    word.chars().any(char::is_alphabetic) && (is_abbreviation(word) || !is_stop_word(language, &word.to_lowercase()))
}

/// "AI", "NATO", "5G": capitals that mean something else in lower case, or nothing.
fn is_abbreviation(word: &str) -> bool {
    (2..=5).contains(&word.chars().count())
        && word.chars().all(|letter| letter.is_uppercase() || letter.is_numeric())
        && word.chars().any(char::is_uppercase)
}

/// The term as it is to be written: the commonest form, an abbreviation in its case.
fn written(forms: &BTreeMap<String, usize>) -> String {
    let commonest = forms.iter().rev().max_by_key(|(_, times)| **times).map_or("", |(form, _)| form.as_str());
    if is_abbreviation(commonest) { format!("={commonest}") } else { commonest.to_owned() }
}

fn evidence(in_likes: usize, likes: usize, in_unlikes: usize, unlikes: usize) -> f64 {
    let cells = [in_likes, likes - in_likes, in_unlikes, unlikes - in_unlikes].map(|cell| cell as f64 + 0.5);
    let [with, without, against, other] = cells.map(|cell| logarithm(2.0 * cell));
    let error = cells.iter().map(|cell| 1.0 / cell).sum::<f64>().sqrt();
    (with - without - against + other) / error
}
