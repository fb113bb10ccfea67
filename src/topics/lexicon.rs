//! The words that terms are made of, in one language: from a word of a text to the phrases it may be part of.

use std::collections::HashMap;

use regex::{Regex, RegexSet, RegexSetBuilder};

use super::{
    affixes::{Affixes, AffixesBuilder},
    term::{Expression, Matching, TermWord},
};
use crate::text::WordForm;

/// A way of matching one word, by number. Several phrases share one.
pub(super) type Atom = u32;

/// Which operand of its term a phrase belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Side {
    /// The whole term, or what stands left of NEAR.
    Left,
    Right,
}

/// A phrase of a term: the atoms its words must have, in order.
#[derive(Debug, Clone)]
pub(super) struct Phrase {
    pub term: u32,
    pub side: Side,
    pub atoms: Box<[Atom]>,
    /// The position of the word that is likely the rarest. The phrase is looked at only where that word stands.
    pub rarest: usize,
}

/// Every word of every term that holds in one language.
pub(super) struct Lexicon {
    form: WordForm,
    /// The words of terms by their stem.
    stems: HashMap<Box<str>, Vec<Inflected>>,
    exact: HashMap<Box<str>, Atom>,
    /// Collected until the lexicon is [finished](Lexicon::finish).
    building: AffixesBuilder,
    affixes: Affixes,
    phrases: Vec<Phrase>,
    /// For each phrase the atom of its rarest word, until the lexicon is finished.
    rarest: Vec<Atom>,
    atoms: u32,
    /// The phrases by the atom of their rarest word, and where each atom's begin; one more than there are atoms.
    postings: Vec<u32>,
    starts: Vec<u32>,
    /// Terms that are regular expressions, and all of them as one.
    patterns: Vec<(u32, Regex)>,
    pattern_set: RegexSet,
}

/// A word of a term that any of its forms may stand for.
struct Inflected {
    /// As written, folded.
    folded: Box<str>,
    /// It is the whole term.
    lone: bool,
    atom: Atom,
}

impl Lexicon {
    pub fn new(form: WordForm) -> Self {
        Self {
            form,
            stems: HashMap::new(),
            exact: HashMap::new(),
            building: AffixesBuilder::default(),
            affixes: Affixes::default(),
            phrases: Vec::new(),
            rarest: Vec::new(),
            atoms: 0,
            postings: Vec::new(),
            starts: Vec::new(),
            patterns: Vec::new(),
            pattern_set: RegexSet::empty(),
        }
    }

    /// Adds what a term looks for.
    pub fn add(&mut self, term: u32, expression: &Expression) {
        if let Expression::Pattern(pattern) = expression {
            self.patterns.push((term, pattern.regex.clone()));
        }
        let near = matches!(expression, Expression::Near { .. });
        for (side, operand) in [Side::Left, Side::Right].into_iter().zip(expression.operands()) {
            self.add_phrases(term, side, near, &operand.phrases);
        }
    }

    /// To be called when every term is added.
    ///
    /// # Errors
    /// There are more of them than one automaton can hold.
    pub fn finish(&mut self) -> Result<(), String> {
        self.affixes = std::mem::take(&mut self.building).build()?;
        let mut in_order: Vec<u32> = (0..self.phrases.len() as u32).collect();
        in_order.sort_by_key(|&phrase| self.rarest.get(phrase as usize).copied());
        let begin =
            |atom: u32| in_order.partition_point(|&phrase| self.rarest.get(phrase as usize) < Some(&atom)) as u32;
        self.starts = (0..=self.atoms).map(begin).collect();
        self.postings = in_order;
        self.rarest = Vec::new();
        self.phrases.shrink_to_fit();
        let patterns = self.patterns.iter().map(|(_, regex)| regex.as_str());
        self.pattern_set = RegexSetBuilder::new(patterns)
            .size_limit(LARGEST_PATTERN_SET)
            .dfa_size_limit(LARGEST_PATTERN_SET)
            .build()
            .map_err(|_| "the regular expressions of all topics together are too large".to_owned())?;
        Ok(())
    }

    fn add_phrases(&mut self, term: u32, side: Side, near: bool, phrases: &[Vec<TermWord>]) {
        let first = self.phrases.len();
        for words in phrases {
            let lone = words.len() == 1 && !near;
            let atoms: Box<[Atom]> = words.iter().map(|word| self.atom(word, lone)).collect();
            if self.phrases[first..].iter().any(|known| known.atoms == atoms) {
                continue;
            }
            let rarest = rarest(words);
            if let Some(&atom) = atoms.get(rarest) {
                self.rarest.push(atom);
                self.phrases.push(Phrase { term, side, atoms, rarest });
            }
        }
    }

    /// What a term's word looks for in this language.
    pub fn common_form(&self, word: &TermWord) -> String {
        match word.matching {
            Matching::Stem => self.form.stem(&word.text),
            Matching::Exact => word.text.clone(),
            Matching::Prefix | Matching::Suffix | Matching::Inside => self.form.folded(&word.text),
        }
    }

    fn atom(&mut self, word: &TermWord, lone: bool) -> Atom {
        let key = self.common_form(word).into_boxed_str();
        let next = self.atoms;
        let atom = match word.matching {
            Matching::Stem => {
                let folded = self.form.folded(&word.text).into_boxed_str();
                let words = self.stems.entry(key).or_default();
                match words.iter().find(|known| known.folded == folded && known.lone == lone) {
                    Some(known) => known.atom,
                    None => {
                        // Nearly every stem has one word, and there are many stems.
                        words.reserve_exact(1);
                        words.push(Inflected { folded, lone, atom: next });
                        next
                    }
                }
            }
            Matching::Exact => *self.exact.entry(key).or_insert(next),
            Matching::Prefix | Matching::Suffix | Matching::Inside => self.building.insert(word.matching, key, next),
        };
        self.atoms += u32::from(atom == next);
        atom
    }

    /// Every atom that a word of a text has, each once.
    pub fn atoms_of(&self, word: &str, atoms: &mut Vec<Atom>) {
        self.push_atoms(word, atoms);
        // "LGBTQ+" and "Disney+" are also the word without the sign.
        let bare = word.trim_end_matches(['+', '#']);
        if bare.len() < word.len() && !bare.is_empty() {
            self.push_atoms(bare, atoms);
        }
        atoms.sort_unstable();
        atoms.dedup();
    }

    fn push_atoms(&self, word: &str, atoms: &mut Vec<Atom>) {
        let folded = self.form.folded(word);
        if let Some(words) = self.stems.get(self.form.stem(word).as_str()) {
            let forms = words.iter().filter(|term| self.form.folded_fits(&term.folded, &folded, term.lone));
            atoms.extend(forms.map(|term| term.atom));
        }
        atoms.extend(self.exact.get(word));
        self.affixes.push_atoms(&folded, atoms);
    }

    /// Whether a text can hold words for this lexicon's regular expressions at all.
    pub fn has_patterns(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// The terms whose regular expression hits the text, and every place where: all expressions are tried in one pass, and
    /// only those that hit are looked for again.
    pub fn patterns_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (u32, std::ops::Range<usize>)> + 'a {
        let hitting = self.pattern_set.matches(text);
        self.patterns
            .iter()
            .enumerate()
            .filter(move |(number, _)| hitting.matched(*number))
            .flat_map(move |(_, (term, regex))| regex.find_iter(text).map(move |found| (*term, found.range())))
    }

    /// The phrases to look at where a word with this atom stands.
    pub fn phrases_at(&self, atom: Atom) -> impl Iterator<Item = &Phrase> {
        let range = match (self.starts.get(atom as usize), self.starts.get(atom as usize + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        };
        let postings = self.postings.get(range).unwrap_or_default();
        postings.iter().filter_map(|&phrase| self.phrases.get(phrase as usize))
    }
}

/// In bytes, for the expressions of one language together.
const LARGEST_PATTERN_SET: usize = 8 << 20;

/// The longest word that is no stop word of any language; of equals the first.
fn rarest(words: &[TermWord]) -> usize {
    let rarity = |word: &TermWord| (!word.common, word.text.chars().count());
    words.iter().enumerate().rev().max_by_key(|(_, word)| rarity(word)).map_or(0, |(position, _)| position)
}
