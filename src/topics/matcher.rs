//! One pass over an entry, for all topics.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{
    compile::Topics,
    lexicon::{Atom, Lexicon, Side},
    score::{Field, TopicMatch},
};
use crate::text::{ReadableEntry, is_stop_word, words};

/// Words of an entry, by position: the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub first: u32,
    pub last: u32,
}

/// A phrase of a term that stands in the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub term: u32,
    pub side: Side,
    pub span: Span,
}

/// An entry's words. The title's come first, then the text's, then those of each category.
#[derive(Debug, Default)]
pub(super) struct Reading {
    words: Vec<ReadWord>,
    /// Positions where the parts end.
    title_end: u32,
    lead_end: u32,
    anchor_end: u32,
    text_end: u32,
}

#[derive(Debug, Clone, Copy)]
struct ReadWord {
    /// Number in the language's [`WordMemory`].
    word: u32,
    /// 0 is the title, then the text's blocks, then the categories.
    part: u32,
    /// Byte offsets into the part.
    start: u32,
    end: u32,
}

impl Reading {
    /// The field of a hit. One that begins in the title and ends in the text (NEAR) is the text's.
    pub fn field(&self, span: Span) -> Field {
        let decisive = if span.first < self.title_end { span.last } else { span.first };
        match decisive {
            at if at < self.title_end => Field::Title,
            at if at < self.lead_end => Field::Lead,
            at if at < self.text_end => Field::Body,
            _ => Field::Category,
        }
    }

    /// Whether a hit is where a story says what it is about.
    pub fn anchors(&self, span: Span) -> bool {
        span.first < self.anchor_end || span.first >= self.text_end
    }

    /// Title and text are read on from one to the other; a category stands alone.
    pub fn is_one_text(&self, one: Span, other: Span) -> bool {
        let (first, last) = (one.first.min(other.first), one.last.max(other.last));
        last < self.text_end || self.part(first) == self.part(last)
    }

    /// The words of a span as written, and the position of the first in its field, from 0.
    pub fn written<'a>(&self, entry: &'a ReadableEntry, span: Span) -> (Vec<&'a str>, u32) {
        let read = self.words.get(span.first as usize..=span.last as usize).unwrap_or_default();
        let written = read
            .chunk_by(|one, next| one.part == next.part)
            .filter_map(|run| {
                part_text(entry, run.first()?.part)?.get(run.first()?.start as usize..run.last()?.end as usize)
            })
            .collect();
        let field_start = match self.field(span) {
            Field::Title => 0,
            Field::Lead | Field::Body => self.title_end,
            Field::Category => self.text_end,
        };
        (written, span.first.saturating_sub(field_start))
    }

    fn part(&self, position: u32) -> Option<u32> {
        self.words.get(position as usize).map(|word| word.part)
    }
}

fn part_text(entry: &ReadableEntry, part: u32) -> Option<&str> {
    parts(entry).nth(part as usize)
}

fn parts(entry: &ReadableEntry) -> impl Iterator<Item = &str> {
    let blocks = entry.blocks.iter().map(|block| block.text.as_str());
    std::iter::once(entry.title.as_str()).chain(blocks).chain(entry.categories.iter().map(String::as_str))
}

/// A headline in capitals throughout.
fn is_shouted(text: &str) -> bool {
    !text.chars().any(char::is_lowercase) && words(text).nth(2).is_some()
}

/// In a shouted headline the case says nothing: Italian "AI" there is the article, not what `=AI` looks for.
fn spoken(word: &str, language: &str) -> Option<String> {
    let lower = word.to_lowercase();
    is_stop_word(language, &lower).then_some(lower)
}

/// The atoms of every word met so far in one language. Stemming a word costs more than all the rest of matching it, and
/// nine words in ten have been met before.
#[derive(Default)]
struct WordMemory {
    numbers: HashMap<Box<str>, u32>,
    /// Where each word's atoms begin in `atoms`; one more than there are words.
    starts: Vec<u32>,
    atoms: Vec<Atom>,
}

/// A word takes about a hundred bytes. News of one language uses so many different words in weeks.
const MOST_WORDS: usize = 60_000;

impl WordMemory {
    fn number(&mut self, word: &str, lexicon: &Lexicon) -> u32 {
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        let number = self.numbers.len() as u32;
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        let mut atoms = Vec::new();
        lexicon.atoms_of(word, &mut atoms);
        self.atoms.extend(atoms);
        self.starts.push(self.atoms.len() as u32);
        self.numbers.insert(word.into(), number);
        number
    }

    fn atoms(&self, number: u32) -> &[Atom] {
        let number = number as usize;
        match (self.starts.get(number), self.starts.get(number + 1)) {
            (Some(&start), Some(&end)) => self.atoms.get(start as usize..end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// What one reader keeps from entry to entry.
#[derive(Default)]
pub(super) struct Desk {
    /// By lexicon.
    memories: Vec<WordMemory>,
    reading: Reading,
    hits: Vec<Hit>,
}

/// Desks that nobody sits at. As many are made as threads read at once.
#[derive(Default)]
pub(super) struct Desks(Mutex<Vec<Desk>>);

impl Desks {
    fn take(&self) -> Desk {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn put_back(&self, desk: Desk) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
    }
}

impl Topics {
    /// Reads an entry and hands on the topics it hits.
    pub(super) fn read<T>(&self, entry: &ReadableEntry, then: impl FnOnce(&Reading, Vec<TopicMatch>) -> T) -> T {
        let mut desk = self.desks().take();
        let (number, lexicon) = self.lexicon(entry.primary_language().as_deref());
        desk.read(entry, number, lexicon, self);
        desk.find(number, lexicon);
        let mut matched = self.evaluate(&desk.reading, &desk.hits);
        self.add_examples(entry, &mut matched);
        let result = then(&desk.reading, matched);
        self.desks().put_back(desk);
        result
    }
}

impl Desk {
    fn read(&mut self, entry: &ReadableEntry, lexicon_number: usize, lexicon: &Lexicon, topics: &Topics) {
        if self.memories.len() <= lexicon_number {
            self.memories.resize_with(lexicon_number + 1, WordMemory::default);
        }
        let memory = &mut self.memories[lexicon_number];
        if memory.numbers.len() > MOST_WORDS {
            *memory = WordMemory::default();
        }
        let reading = &mut self.reading;
        reading.words.clear();
        let text_parts = entry.blocks.len() as u32;
        reading.title_end = 0;
        reading.text_end = 0;
        let language = entry.primary_language();
        for (part, text) in (0..).zip(parts(entry)) {
            let shouted = language.as_deref().filter(|_| is_shouted(text));
            for found in words(text) {
                let spoken = shouted.and_then(|language| spoken(&found.text, language));
                let word = memory.number(spoken.as_deref().unwrap_or(&found.text), lexicon);
                reading.words.push(ReadWord { word, part, start: found.start as u32, end: found.end as u32 });
            }
            if part == 0 {
                reading.title_end = reading.words.len() as u32;
            }
            if part <= text_parts {
                reading.text_end = reading.words.len() as u32;
            }
        }
        let in_text = |words: usize| (reading.title_end as usize + words).min(reading.text_end as usize) as u32;
        reading.lead_end = in_text(topics.settings().lead_words);
        reading.anchor_end = in_text(topics.settings().anchor_words);
    }

    /// Fills `hits`: sorted by term, side and place, no place twice.
    fn find(&mut self, lexicon_number: usize, lexicon: &Lexicon) {
        self.hits.clear();
        let memory = &self.memories[lexicon_number];
        let read = &self.reading.words;
        for (position, word) in read.iter().enumerate() {
            for &atom in memory.atoms(word.word) {
                for phrase in lexicon.phrases_at(atom) {
                    let length = phrase.atoms.len();
                    let Some(first) = position.checked_sub(phrase.rarest) else { continue };
                    if length > 1 {
                        let Some(stretch) = read.get(first..first + length) else { continue };
                        let stands = stretch.iter().zip(&phrase.atoms).all(|(read_word, wanted)| {
                            read_word.part == word.part && memory.atoms(read_word.word).contains(wanted)
                        });
                        if !stands {
                            continue;
                        }
                    }
                    let span = Span { first: first as u32, last: (first + length - 1) as u32 };
                    self.hits.push(Hit { term: phrase.term, side: phrase.side, span });
                }
            }
        }
        self.hits.sort_unstable_by_key(|hit| (hit.term, hit.side, hit.span));
        self.hits.dedup_by_key(|hit| (hit.term, hit.side, hit.span.first));
    }
}
