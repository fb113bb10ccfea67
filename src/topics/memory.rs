//! Words met before, and what they mean to the topics.

use std::collections::HashMap;

use super::lexicon::{Atom, Lexicon};

/// The atoms of every word met so far in one language. Stemming a word costs more than all the rest of matching it, and
/// nine words in ten have been met before.
#[derive(Default)]
pub(super) struct WordMemory {
    numbers: HashMap<Box<str>, u32>,
    /// Where each word's atoms begin in `atoms`; one more than there are words.
    starts: Vec<u32>,
    atoms: Vec<Atom>,
}

/// A word takes about a hundred bytes. News of one language uses so many different words in weeks.
const MOST_WORDS: usize = 50_000;
/// Longer words are read and not remembered: they do not come again, and their number times their length is memory.
const LONGEST_WORD: usize = 64;

impl WordMemory {
    /// Makes room; to be called between entries, since numbers do not outlive it.
    pub fn forget_if_full(&mut self) {
        if self.numbers.len() > MOST_WORDS {
            *self = Self::default();
        }
    }

    pub fn number(&mut self, word: &str, lexicon: &Lexicon) -> u32 {
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        let number = self.starts.len() as u32 - 1;
        let mut atoms = Vec::new();
        lexicon.atoms_of(word, &mut atoms);
        self.atoms.extend(atoms);
        self.starts.push(self.atoms.len() as u32);
        if word.len() <= LONGEST_WORD {
            self.numbers.insert(word.into(), number);
        }
        number
    }

    pub fn atoms(&self, number: u32) -> &[Atom] {
        let number = number as usize;
        match (self.starts.get(number), number.checked_add(1).and_then(|next| self.starts.get(next))) {
            (Some(&start), Some(&end)) => self.atoms.get(start as usize..end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}
