//! One pass over an entry, for all topics.

use std::sync::{Mutex, PoisonError};

use super::{
    compile::Topics,
    evaluate::Matched,
    lexicon::{Lexicon, Side},
    memory::WordMemory,
    reading::{ADDRESS, Item, ReadWord, Reading, Span, items, parts},
};
use crate::{
    model::SourceId,
    text::{ReadableEntry, is_stop_word, words},
};

/// A phrase of a term that stands in the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub term: u32,
    pub side: Side,
    pub span: Span,
}

/// What one reader keeps from entry to entry.
#[derive(Default)]
pub(super) struct Desk {
    /// By lexicon.
    memories: Vec<WordMemory>,
    reading: Reading,
    hits: Vec<Hit>,
    matched: Matched,
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
    pub(super) fn read<T>(
        &self,
        entry: &ReadableEntry,
        source: Option<&SourceId>,
        then: impl FnOnce(&Reading, &Matched) -> T,
    ) -> T {
        let mut desk = self.desks().take();
        let language = entry.primary_language();
        let (number, lexicon) = self.lexicon(language.as_deref());
        desk.read(entry, language.as_deref(), number, lexicon, self);
        desk.find(entry, number, lexicon, self);
        self.evaluate(&desk.reading, &desk.hits, &mut desk.matched);
        self.add_examples(entry, &mut desk.matched);
        self.decide(language.as_deref(), source, &mut desk.matched);
        let result = then(&desk.reading, &desk.matched);
        self.desks().put_back(desk);
        result
    }
}

impl Desk {
    fn read(
        &mut self,
        entry: &ReadableEntry,
        language: Option<&str>,
        lexicon_number: usize,
        lexicon: &Lexicon,
        topics: &Topics,
    ) {
        if self.memories.len() <= lexicon_number {
            self.memories.resize_with(lexicon_number + 1, WordMemory::default);
        }
        let memory = &mut self.memories[lexicon_number];
        memory.forget_if_full();
        let reading = &mut self.reading;
        reading.words.clear();
        reading.starts.clear();
        let text_parts = entry.blocks.len() as u32;
        reading.title_end = 0;
        reading.text_end = 0;
        for (part, text) in (0..).zip(parts(entry)) {
            reading.starts.push(reading.words.len() as u32);
            let shouted = language.filter(|_| is_shouted(text));
            for item in items(text) {
                let (word, start, end) = match item {
                    Item::Word(found) => {
                        let spoken = shouted.and_then(|language| spoken(&found.text, language));
                        let number = memory.number(spoken.as_deref().unwrap_or(&found.text), lexicon);
                        (number, found.start, found.end)
                    }
                    Item::Address(bytes) => (ADDRESS, bytes.start, bytes.end),
                };
                reading.words.push(ReadWord { word, part, start: start as u32, end: end as u32 });
            }
            if part == 0 {
                reading.title_end = reading.words.len() as u32;
            }
            if part <= text_parts {
                reading.text_end = reading.words.len() as u32;
            }
        }
        let lead_end = reading.title_end as usize + topics.settings().lead_words;
        reading.lead_end = lead_end.min(reading.text_end as usize) as u32;
    }

    /// Fills `hits`: sorted by term, side and place, no place twice.
    fn find(&mut self, entry: &ReadableEntry, lexicon_number: usize, lexicon: &Lexicon, topics: &Topics) {
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
        if lexicon.has_patterns() {
            for (part, text) in parts(entry).enumerate() {
                let found = lexicon.patterns_in(text);
                let spans = found.filter_map(|(term, bytes)| Some((term, self.reading.span_of(part, &bytes)?)));
                self.hits.extend(spans.map(|(term, span)| Hit { term, side: Side::Left, span }));
            }
        }
        let first_category = 1 + entry.blocks.len();
        for (part, category) in (first_category..).zip(&entry.categories) {
            let Some(span) = self.reading.span_of(part, &(0..category.len())) else { continue };
            let terms = topics.category_terms(category).iter();
            self.hits.extend(terms.map(|&term| Hit { term, side: Side::Left, span }));
        }
        self.hits.sort_unstable_by_key(|hit| (hit.term, hit.side, hit.span));
        self.hits.dedup_by_key(|hit| (hit.term, hit.side, hit.span.first));
    }
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
