//! The beginnings, ends and insides of words that terms look for: one automaton for all of them.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{lexicon::Atom, term::Matching};

/// What one part of a word means, by where in the word it stands.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    prefix: Option<Atom>,
    suffix: Option<Atom>,
    inside: Option<Atom>,
}

/// Collects them.
#[derive(Default)]
pub(super) struct AffixesBuilder(HashMap<Box<str>, Part>);

impl AffixesBuilder {
    /// The atom of `text`, which is folded and not empty: `next` unless it has one.
    pub fn insert(&mut self, matching: Matching, text: Box<str>, next: Atom) -> Atom {
        let part = self.0.entry(text).or_default();
        let atom = match matching {
            Matching::Prefix => &mut part.prefix,
            Matching::Suffix => &mut part.suffix,
            _ => &mut part.inside,
        };
        *atom.get_or_insert(next)
    }

    /// # Errors
    /// There are more than an automaton can hold.
    pub fn build(self) -> Result<Affixes, String> {
        if self.0.is_empty() {
            return Ok(Affixes::default());
        }
        let (texts, parts): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // A DFA would be faster by little and larger by much.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(texts.iter().map(|text| text.as_bytes()))
            .map_err(|error| format!("the terms with * are too many: {error}"))?;
        Ok(Affixes { automaton: Some(automaton), parts })
    }
}

#[derive(Default)]
pub(super) struct Affixes {
    automaton: Option<AhoCorasick>,
    /// By the automaton's number.
    parts: Vec<Part>,
}

impl Affixes {
    /// The atoms of every part of the folded word; one may come more than once.
    pub fn push_atoms(&self, word: &str, atoms: &mut Vec<Atom>) {
        let Some(automaton) = &self.automaton else { return };
        for found in automaton.find_overlapping_iter(word) {
            let Some(part) = self.parts.get(found.pattern().as_usize()) else { continue };
            atoms.extend(part.prefix.filter(|_| found.start() == 0));
            atoms.extend(part.suffix.filter(|_| found.end() == word.len()));
            atoms.extend(part.inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_part_where_it_may_stand() {
        let mut builder = AffixesBuilder::default();
        let parts = [
            (Matching::Prefix, "netz", 0),
            (Matching::Suffix, "netz", 1),
            (Matching::Inside, "netz", 2),
            (Matching::Inside, "etzb", 3),
            (Matching::Suffix, "z", 4),
            (Matching::Prefix, "netzbe", 5),
            (Matching::Inside, "ä", 6),
        ];
        for (matching, text, atom) in parts {
            assert_eq!(builder.insert(matching, text.into(), atom), atom);
        }
        assert_eq!(builder.insert(Matching::Prefix, "netz".into(), 9), 0, "known already");
        let affixes = builder.build().expect("built");
        for (word, expected) in [
            ("netz", &[0, 1, 2, 4][..]),
            ("netzbetreiber", &[0, 2, 3, 5]),
            ("stromnetz", &[1, 2, 4]),
            ("netznetz", &[0, 1, 2, 2, 4]),
            ("bänke", &[6]),
            ("etz", &[4]),
            ("", &[]),
        ] {
            let mut atoms = Vec::new();
            affixes.push_atoms(word, &mut atoms);
            atoms.sort_unstable();
            assert_eq!(atoms, expected, "{word}");
        }
    }
}
