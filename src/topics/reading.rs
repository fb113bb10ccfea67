//! An entry, word by word.

use std::ops::Range;

use super::score::Field;
use crate::text::{ReadableEntry, Word, words};

/// Words of an entry, by position: the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub first: u32,
    pub last: u32,
}

impl Span {
    pub fn overlaps(self, other: Span) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// An entry's words. The title's come first, then the text's, then those of each category.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub words: Vec<ReadWord>,
    /// The position at which each part begins: the title, the text's blocks, the categories.
    pub starts: Vec<u32>,
    /// Positions where the fields end.
    pub title_end: u32,
    pub lead_end: u32,
    pub text_end: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ReadWord {
    /// Number in the language's memory of words, or [`ADDRESS`].
    pub word: u32,
    /// 0 is the title, then the text's blocks, then the categories.
    pub part: u32,
    /// Byte offsets into the part.
    pub start: u32,
    pub end: u32,
}

/// A printed address: it takes the place of a word, and none of its words is one of the story's.
pub(super) const ADDRESS: u32 = u32::MAX;

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

    /// Whether a hit is where a story says what it is about: title, category or the first `words` of the text.
    pub fn anchors(&self, span: Span, words: u32) -> bool {
        span.first < self.title_end.saturating_add(words).min(self.text_end) || span.first >= self.text_end
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
                let text = parts(entry).nth(run.first()?.part as usize)?;
                text.get(run.first()?.start as usize..run.last()?.end as usize)
            })
            .collect();
        let field_start = match self.field(span) {
            Field::Title => 0,
            Field::Lead | Field::Body => self.title_end,
            Field::Category => self.text_end,
        };
        (written, span.first.saturating_sub(field_start))
    }

    /// The words of a part that a stretch of it touches; `None` if it touches none, or an address.
    pub fn span_of(&self, part: usize, bytes: &Range<usize>) -> Option<Span> {
        let start = *self.starts.get(part)? as usize;
        let end = self.starts.get(part + 1).map_or(self.words.len(), |&end| end as usize);
        let words = self.words.get(start..end)?;
        let first = words.partition_point(|word| word.end as usize <= bytes.start);
        let past = words.partition_point(|word| (word.start as usize) < bytes.end);
        let touched = words.get(first..past).filter(|touched| !touched.is_empty())?;
        if touched.iter().any(|word| word.word == ADDRESS) {
            return None;
        }
        Some(Span { first: (start + first) as u32, last: (start + past - 1) as u32 })
    }

    fn part(&self, position: u32) -> Option<u32> {
        self.words.get(position as usize).map(|word| word.part)
    }
}

/// The title, the text's blocks and the categories.
pub(super) fn parts(entry: &ReadableEntry) -> impl Iterator<Item = &str> {
    let blocks = entry.blocks.iter().map(|block| block.text.as_str());
    std::iter::once(entry.title.as_str()).chain(blocks).chain(entry.categories.iter().map(String::as_str))
}

/// A word of the text, or an address printed in it.
pub(super) enum Item<'a> {
    Word(Word<'a>),
    Address(Range<usize>),
}

/// The words of a part. What stands in a printed address is none of them: `/ai/` in a link says nothing.
pub(super) fn items(text: &str) -> impl Iterator<Item = Item<'_>> {
    let mut past_address = 0;
    words(text).filter_map(move |word| {
        if word.start < past_address {
            return None;
        }
        match address_end(text, &word) {
            Some(end) => {
                past_address = end;
                Some(Item::Address(word.start..end))
            }
            None => Some(Item::Word(word)),
        }
    })
}

/// Where the address ends that this word begins, if it does.
fn address_end(text: &str, word: &Word<'_>) -> Option<usize> {
    let after = text.get(word.end..)?;
    let begins = match after.as_bytes().first()? {
        b':' => after.starts_with("://"),
        b'.' => word.text.eq_ignore_ascii_case("www"),
        _ => false,
    };
    let is_end = |letter: char| {
        letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '«' | '»' | '“' | '”' | '\u{2e80}'..='\u{ffff}')
    };
    begins.then(|| word.end + after.find(is_end).unwrap_or(after.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_address_are_not_the_texts() {
        for (text, expected) in [
            ("see https://example.org/ai/?q=cloud#x, he said", &["see", "@", "he", "said"][..]),
            ("www.example.org and Www.x.y", &["@", "and", "@"]),
            ("http://x.example\u{a0}after", &["@", "after"]),
            ("见https://x.example/人工智能", &["见", "@", "人", "工", "智", "能"]),
            ("mistral.ai www ai", &["mistral", "ai", "www", "ai"]),
            ("ratio 3://4", &["ratio", "@"]),
            ("time: 10", &["time", "10"]),
        ] {
            let found: Vec<_> = items(text)
                .map(|item| match item {
                    Item::Word(word) => word.text.into_owned(),
                    Item::Address(_) => "@".to_owned(),
                })
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
