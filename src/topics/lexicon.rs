//! The words that terms are made of, in one language: from a word of a text to the phrases it may be part of.

use std::collections::HashMap;

use super::term::{Expression, Matching, TermWord};
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
    prefixes: Affixes,
    suffixes: Affixes,
    phrases: Vec<Phrase>,
    /// For each atom the phrases whose rarest word it is.
    postings: Vec<Vec<u32>>,
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
            prefixes: Affixes::default(),
            suffixes: Affixes::default(),
            phrases: Vec::new(),
            postings: Vec::new(),
        }
    }

    /// Adds the phrases of a term.
    pub fn add(&mut self, term: u32, expression: &Expression) {
        let near = matches!(expression, Expression::Near { .. });
        for (side, operand) in [Side::Left, Side::Right].into_iter().zip(expression.operands()) {
            self.add_phrases(term, side, near, &operand.phrases);
        }
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
            if let Some(postings) = atoms.get(rarest).and_then(|&atom| self.postings.get_mut(atom as usize)) {
                postings.push(self.phrases.len() as u32);
                self.phrases.push(Phrase { term, side, atoms, rarest });
            }
        }
    }

    /// What a term's word looks for in this language.
    pub fn common_form(&self, word: &TermWord) -> String {
        match word.matching {
            Matching::Stem => self.form.stem(&word.text),
            Matching::Exact => word.text.clone(),
            Matching::Prefix | Matching::Suffix => self.form.folded(&word.text),
        }
    }

    fn atom(&mut self, word: &TermWord, lone: bool) -> Atom {
        let key = self.common_form(word).into_boxed_str();
        let next = self.postings.len() as Atom;
        let atom = match word.matching {
            Matching::Stem => {
                let folded = self.form.folded(&word.text).into_boxed_str();
                let words = self.stems.entry(key).or_default();
                match words.iter().find(|known| known.folded == folded && known.lone == lone) {
                    Some(known) => known.atom,
                    None => {
                        words.push(Inflected { folded, lone, atom: next });
                        next
                    }
                }
            }
            Matching::Exact => *self.exact.entry(key).or_insert(next),
            Matching::Prefix => self.prefixes.insert(key, next),
            Matching::Suffix => self.suffixes.insert(key, next),
        };
        if atom == next {
            self.postings.push(Vec::new());
        }
        atom
    }

    /// Every atom that a word of a text has, each once.
    pub fn atoms_of(&self, word: &str, atoms: &mut Vec<Atom>) {
        self.push_atoms(word, atoms);
        // "LGBTQ+" and "Disney+" are also the word without the sign.
        let bare = word.trim_end_matches(['+', '#']);
        if bare.len() < word.len() && !bare.is_empty() {
            self.push_atoms(bare, atoms);
            atoms.sort_unstable();
            atoms.dedup();
        }
    }

    fn push_atoms(&self, word: &str, atoms: &mut Vec<Atom>) {
        let folded = self.form.folded(word);
        if let Some(words) = self.stems.get(self.form.stem(word).as_str()) {
            let forms = words.iter().filter(|term| self.form.folded_fits(&term.folded, &folded, term.lone));
            atoms.extend(forms.map(|term| term.atom));
        }
        atoms.extend(self.exact.get(word));
        if self.prefixes.is_empty() && self.suffixes.is_empty() {
            return;
        }
        for (end, letter) in folded.char_indices() {
            atoms.extend(self.prefixes.get(&folded[..end + letter.len_utf8()]));
            atoms.extend(self.suffixes.get(&folded[end..]));
        }
    }

    /// The phrases to look at where a word with this atom stands.
    pub fn phrases_at(&self, atom: Atom) -> impl Iterator<Item = &Phrase> {
        let postings = self.postings.get(atom as usize).map_or(&[][..], Vec::as_slice);
        postings.iter().filter_map(|&phrase| self.phrases.get(phrase as usize))
    }
}

/// Beginnings or ends of words.
#[derive(Default)]
struct Affixes {
    atoms: HashMap<Box<str>, Atom>,
    /// In bytes: longer parts of a word need no look-up.
    longest: usize,
}

impl Affixes {
    fn insert(&mut self, affix: Box<str>, next: Atom) -> Atom {
        self.longest = self.longest.max(affix.len());
        *self.atoms.entry(affix).or_insert(next)
    }

    fn get(&self, part: &str) -> Option<&Atom> {
        if part.len() > self.longest { None } else { self.atoms.get(part) }
    }

    fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }
}

/// The longest word that is no stop word of any language; of equals the first.
fn rarest(words: &[TermWord]) -> usize {
    let rarity = |word: &TermWord| (!word.common, word.text.chars().count());
    words.iter().enumerate().rev().max_by_key(|(_, word)| rarity(word)).map_or(0, |(position, _)| position)
}
