//! An entry's text as learning needs it: which blocks it had, not what they said.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::blocks::Block;
use crate::model::Entry;

/// Of a longer text, so many blocks at its beginning and at its end are kept: what repeats stands there.
const FIRST_BLOCKS: usize = 24;
const LAST_BLOCKS: usize = 40;
/// So many words of the title are kept.
const TITLE_WORDS: usize = 16;

/// What is to be kept of an entry so that its source's boilerplate can be learnt without reading the text again. A few bytes
/// a block, under 400 in all.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryOutline {
    /// When the entry was published, in seconds since 1970, as the publisher says; `None` counts as long ago.
    pub date: Option<i64>,
    /// Which entry of its source it is, whatever order they came in.
    pub identity: u64,
    /// The words of the title, each as a number.
    pub title: Vec<u16>,
    pub blocks: Vec<BlockPrint>,
}

/// A block's text as a number. Case, punctuation, white space and the digits of numbers make no difference, so that
/// "12 shares" is "1,034 shares".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockPrint {
    pub hash: u32,
    /// How many words it has, or 255.
    pub words: u8,
}

impl EntryOutline {
    pub(super) fn new(title: &str, blocks: &[BlockPrint]) -> Self {
        let title_words = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let mut words: Vec<u16> = title_words.map(|word| print(word).hash as u16).take(TITLE_WORDS).collect();
        words.sort_unstable();
        words.dedup();
        let blocks = if blocks.len() <= FIRST_BLOCKS + LAST_BLOCKS {
            blocks.to_vec()
        } else {
            [&blocks[..FIRST_BLOCKS], &blocks[blocks.len() - LAST_BLOCKS..]].concat()
        };
        Self { date: None, identity: 0, title: words, blocks }
    }

    /// Says which entry it is, and of when.
    pub(super) fn of_entry(mut self, entry: &Entry) -> Self {
        self.date = entry.published.or(entry.updated).map(|date| date.timestamp());
        let mut hasher = Xxh3Default::new();
        for name in [&entry.guid, &entry.link] {
            hasher.update(name.as_deref().unwrap_or_default().as_bytes());
            hasher.update(&[0]);
        }
        if entry.guid.is_none() && entry.link.is_none() {
            hasher.update(entry.title.as_bytes());
        }
        self.identity = hasher.digest();
        self
    }

    /// Blocks in the middle of the text may be missing.
    pub(super) fn is_shortened(&self) -> bool {
        self.blocks.len() >= FIRST_BLOCKS + LAST_BLOCKS
    }

    /// How many words the text has.
    pub(super) fn words(&self) -> usize {
        self.blocks.iter().map(|block| usize::from(block.words)).sum()
    }
}

/// The prints of blocks, in order.
pub(super) fn prints(blocks: &[Block]) -> Vec<BlockPrint> {
    blocks.iter().map(|block| print(&block.text)).collect()
}

fn print(text: &str) -> BlockPrint {
    let mut letters: Vec<u8> = Vec::with_capacity(text.len());
    let mut words = 0_usize;
    let mut in_word = false;
    for letter in text.chars() {
        if letter.is_ascii() {
            let byte = letter as u8;
            if byte.is_ascii_alphabetic() {
                letters.push(byte.to_ascii_lowercase());
            } else if byte.is_ascii_digit() {
                // A number is a number, whatever stands in it.
                if letters.last() != Some(&b'0') {
                    letters.push(b'0');
                }
            } else {
                // The comma in "1,034" ends no number.
                in_word &= matches!(byte, b',' | b'.' | b'\'') && letters.last() == Some(&b'0');
                continue;
            }
            words += usize::from(!in_word);
            in_word = true;
        } else if letter.is_alphanumeric() {
            let mut buffer = [0; 4];
            for lower in letter.to_lowercase() {
                letters.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
            }
            // Characters of scripts without spaces are words.
            words += usize::from(!in_word || letter >= '\u{2e80}');
            in_word = letter < '\u{2e80}';
        } else {
            in_word = false;
        }
    }
    let hash = xxhash_rust::xxh3::xxh3_64(&letters) as u32;
    BlockPrint { hash, words: words.min(255) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_of_what_is_said() {
        for (one, other, same) in [
            ("Lees ook: Meer nieuws", "LEES OOK — meer nieuws!", true),
            ("12 shares", "1,034 shares", true),
            ("© 2025 Courrier", "© 2026 Courrier", true),
            ("ÉTÉ", "été", true),
            ("More news", "No more news", false),
            ("Trump", "Biden", false),
        ] {
            assert_eq!(print(one) == print(other), same, "{one} / {other}");
        }
        for (text, words) in
            [("Lees ook: meer nieuws", 4), ("1,034 shares", 2), ("続きを読む", 5), ("— … —", 0), ("été été", 2)]
        {
            assert_eq!(usize::from(print(text).words), words, "{text}");
        }
    }

    #[test]
    fn an_outline_is_small_whatever_the_text() {
        let blocks: Vec<BlockPrint> = (0..1_000).map(|hash| BlockPrint { hash: hash * 0x10_0001, words: 20 }).collect();
        let outline = EntryOutline::new(&"word ".repeat(200), &blocks);
        let size = postcard::to_allocvec(&outline).map(|bytes| bytes.len()).unwrap_or(usize::MAX);
        assert!(size < 450, "{size} bytes");
        assert_eq!(outline.blocks.last(), blocks.last());
    }
}
