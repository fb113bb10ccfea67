//! What a source prints under and above its stories, learnt from what repeats across them.
//!
//! Nothing is known of the words: a block is furniture because several of the source's stories, which otherwise have their
//! own titles and their own text, all carry it. That tells a teaser, a share bar and a footer, in whatever language, from the
//! text of a story that was published twice, and from the entries of a live blog, which carry each other's blocks and little
//! of their own.
//!
//! The value is the same whatever order the entries came in: they are sorted by date and identity, and the newest
//! [`WINDOW`] are looked at.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::outline::{BlockPrint, EntryOutline};

/// So many of a source's newest entries are looked at.
pub const WINDOW: usize = 200;
/// Counted in the version, so that a change of the method is a change of what was learnt.
const METHOD: u32 = 1;
/// So many stories that carry a block at their edge make it furniture.
const STORIES: usize = 4;
/// A paragraph of more words must be carried by one more, and by one in ten of all: it may be a story's background.
const LONG_WORDS: u8 = 45;
/// Within the text, between a story's own paragraphs, a block must be carried by so many stories, of so many in all, and by
/// such a share of them: five reports on one day may quote the same sentence.
const STORIES_AROUND: usize = 5;
const FEWEST_AROUND: usize = 10;
const SHARE_AROUND: f32 = 0.4;
/// In a larger window a smaller share is as telling.
const MANY_AROUND: usize = 25;
const SHARE_AROUND_MANY: f32 = 0.2;
/// A story has at least so many words of its own, and so many in a hundred.
const OWN_WORDS: usize = 5;
const OWN_SHARE: usize = 3;
/// Paragraphs from so many words on are a story's. Two entries that share so many words of such paragraphs, and half of the
/// shorter one, are versions of one article, unless nearly everybody carries them.
const PARAGRAPH: u8 = 25;
const SHARED_WORDS: usize = 100;
const COMMON_SHARE: f32 = 0.3;
/// Titles that share this much are of one story: "Live: the vote, hour by hour".
const TITLE_LIKENESS: f32 = 0.5;
/// A text of which fewer words would be left is left as it is.
const FEWEST_LEFT: usize = 3;
/// What is learnt is at most so much, the most carried first.
const MOST_BLOCKS: usize = 300;

/// What a source's stories carry besides their own text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boilerplate {
    /// By hash.
    blocks: Vec<LearntBlock>,
    /// How many stories were looked at.
    stories: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct LearntBlock {
    hash: u32,
    /// How many stories carry it.
    stories: u16,
    /// It is cut wherever it stands, not only before and after a story's own text.
    anywhere: bool,
}

/// How often a block was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// Stories of the source that carry the block.
    pub stories: u16,
    /// Stories of the source that were looked at.
    pub of: u16,
}

impl Boilerplate {
    /// Learns from a source's entries, each given once; only the newest [`WINDOW`] count.
    pub fn learn<'a>(entries: impl IntoIterator<Item = &'a EntryOutline>) -> Self {
        let mut entries: Vec<&EntryOutline> = entries.into_iter().collect();
        entries.sort_unstable_by(|one, other| other.date.cmp(&one.date).then_with(|| one.cmp(other)));
        let mut seen = std::collections::HashSet::new();
        entries.retain(|entry| seen.insert(entry.identity));
        entries.truncate(WINDOW);
        if entries.len() < STORIES {
            return Self::default();
        }
        Window::new(entries).learn()
    }

    /// Nothing was learnt.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// A number that changes when texts may be cut differently. How often a block was seen does not count.
    pub fn version(&self) -> u64 {
        if self.blocks.is_empty() {
            return 0;
        }
        let mut hasher = Xxh3Default::new();
        hasher.update(&METHOD.to_le_bytes());
        for block in &self.blocks {
            hasher.update(&block.hash.to_le_bytes());
            hasher.update(&[u8::from(block.anywhere)]);
        }
        hasher.digest()
    }

    /// Whether an entry would be cut differently by `other`. The entry need not be read for it.
    pub fn cuts_differently(&self, other: &Self, entry: &EntryOutline) -> bool {
        self.cut_print(entry) != other.cut_print(entry)
    }

    /// A number for the blocks that are cut from an entry: equal numbers, equal cuts. 0 if nothing is. The entry need not be
    /// read for it; of one too long for its outline every version counts as another cut.
    pub fn cut_print(&self, entry: &EntryOutline) -> u64 {
        if entry.is_shortened() {
            return self.version();
        }
        let marks = self.marks(&entry.blocks);
        if marks.is_empty() {
            return 0;
        }
        let cut: Vec<u8> = marks.iter().map(|mark| u8::from(mark.is_some())).collect();
        xxhash_rust::xxh3::xxh3_64(&cut)
    }

    /// For each block of a text that is furniture, how often it was seen; empty if none is, or if nothing would be left.
    pub(super) fn marks(&self, blocks: &[BlockPrint]) -> Vec<Option<Repeats>> {
        if self.blocks.is_empty() {
            return Vec::new();
        }
        let learnt: Vec<Option<&LearntBlock>> = blocks.iter().map(|block| self.block(block.hash)).collect();
        let is_edge = |position: &usize| learnt[*position].is_some() || blocks[*position].words == 0;
        let head = (0..blocks.len()).take_while(is_edge).count();
        let tail = (0..blocks.len()).rev().take_while(is_edge).count();
        let marks: Vec<Option<Repeats>> = learnt
            .into_iter()
            .enumerate()
            .map(|(position, block)| {
                let is_outside = position < head || position >= blocks.len() - tail;
                let block = block.filter(|block| block.anywhere || is_outside)?;
                Some(Repeats { stories: block.stories, of: self.stories })
            })
            .collect();
        let left = marks.iter().zip(blocks).filter(|(mark, _)| mark.is_none());
        let left: usize = left.map(|(_, block)| usize::from(block.words)).sum();
        if left < FEWEST_LEFT || marks.iter().all(Option::is_none) { Vec::new() } else { marks }
    }

    fn block(&self, hash: u32) -> Option<&LearntBlock> {
        self.blocks.binary_search_by_key(&hash, |block| block.hash).ok().and_then(|position| self.blocks.get(position))
    }
}

/// The entries that are learnt from.
struct Window<'a> {
    entries: Vec<&'a EntryOutline>,
    /// By block, which entries carry it, each once, in order.
    carriers: BTreeMap<u32, Vec<usize>>,
    /// For each entry the story it is a version of, by the position of another entry.
    stories: Vec<usize>,
    /// The entry has text of its own.
    own: Vec<bool>,
}

impl<'a> Window<'a> {
    fn new(entries: Vec<&'a EntryOutline>) -> Self {
        let mut carriers: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (number, entry) in entries.iter().enumerate() {
            for block in entry.blocks.iter().filter(|block| block.words > 0) {
                let list = carriers.entry(block.hash).or_default();
                if list.last() != Some(&number) {
                    list.push(number);
                }
            }
        }
        let own = entries.iter().map(|entry| {
            let alone = |block: &&BlockPrint| carriers.get(&block.hash).is_some_and(|carriers| carriers.len() == 1);
            let words: usize = entry.blocks.iter().filter(alone).map(|block| usize::from(block.words)).sum();
            words >= OWN_WORDS && words * 100 >= entry.words() * OWN_SHARE
        });
        let own = own.collect();
        let mut window = Self { stories: (0..entries.len()).collect(), entries, carriers, own };
        window.join_titles();
        window.join_versions();
        window
    }

    fn learn(&self) -> Boilerplate {
        let all = self.distinct(0..self.entries.len());
        let repeated: Vec<(u32, usize)> = self
            .carriers
            .iter()
            .map(|(&hash, carriers)| (hash, self.distinct(carriers.iter().copied())))
            .filter(|&(_, stories)| stories >= STORIES)
            .collect();
        let mut blocks: Vec<LearntBlock> = repeated
            .iter()
            .filter_map(|&(hash, stories)| {
                let share = stories as f32 / all as f32;
                let anywhere = stories >= STORIES_AROUND
                    && (all >= FEWEST_AROUND && share >= SHARE_AROUND
                        || all >= MANY_AROUND && share >= SHARE_AROUND_MANY);
                let long = stories <= STORIES || stories * 10 < all;
                let at_edge = || {
                    let carriers = self.carriers.get(&hash).into_iter().flatten().copied();
                    self.distinct(carriers.filter(|&entry| self.is_at_edge(entry, hash, &repeated)))
                };
                let fits = if self.words(hash) > LONG_WORDS && long { false } else { anywhere || at_edge() >= STORIES };
                fits.then_some(LearntBlock { hash, stories: stories as u16, anywhere })
            })
            .collect();
        blocks.sort_unstable_by_key(|block| (std::cmp::Reverse(block.stories), block.hash));
        blocks.truncate(MOST_BLOCKS);
        blocks.sort_unstable_by_key(|block| block.hash);
        Boilerplate { stories: if blocks.is_empty() { 0 } else { all as u16 }, blocks }
    }

    fn words(&self, hash: u32) -> u8 {
        let carrier = self.carriers.get(&hash).and_then(|carriers| carriers.first());
        let blocks = carrier.map_or(&[][..], |&entry| &self.entries[entry].blocks);
        blocks.iter().find(|block| block.hash == hash).map_or(0, |block| block.words)
    }

    /// How many stories with text of their own these entries are of.
    fn distinct(&self, entries: impl Iterator<Item = usize>) -> usize {
        let mut stories: Vec<usize> = entries.filter(|&entry| self.own[entry]).map(|entry| self.story(entry)).collect();
        stories.sort_unstable();
        stories.dedup();
        stories.len()
    }

    /// Whether only repeated blocks stand before the block, or only repeated ones behind it.
    fn is_at_edge(&self, entry: usize, hash: u32, repeated: &[(u32, usize)]) -> bool {
        let blocks = &self.entries[entry].blocks;
        let is_repeated = |block: &BlockPrint| {
            block.words == 0 || repeated.binary_search_by_key(&block.hash, |(hash, _)| *hash).is_ok()
        };
        let Some(first) = blocks.iter().position(|block| block.hash == hash) else { return false };
        let last = blocks.iter().rposition(|block| block.hash == hash).unwrap_or(first);
        blocks[..first].iter().all(is_repeated) || blocks[last + 1..].iter().all(is_repeated)
    }

    fn story(&self, entry: usize) -> usize {
        let mut story = entry;
        while self.stories[story] != story {
            story = self.stories[story];
        }
        story
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.story(one), self.story(other));
        self.stories[one.max(other)] = one.min(other);
    }

    fn join_titles(&mut self) {
        for one in 0..self.entries.len() {
            for other in one + 1..self.entries.len() {
                if likeness(&self.entries[one].title, &self.entries[other].title) >= TITLE_LIKENESS {
                    self.join(one, other);
                }
            }
        }
    }

    /// Entries that share the better part of their paragraphs.
    fn join_versions(&mut self) {
        let common = ((self.entries.len() as f32 * COMMON_SHARE) as usize).max(FEWEST_AROUND / 2);
        let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
        for (&hash, carriers) in &self.carriers {
            let words = self.words(hash);
            // What so many carry is no article's own, unless there are too few entries to say so.
            let is_common = self.entries.len() >= FEWEST_AROUND && carriers.len() > common;
            if words < PARAGRAPH || carriers.len() < 2 || is_common {
                continue;
            }
            for (position, &one) in carriers.iter().enumerate() {
                for &other in &carriers[position + 1..] {
                    *shared.entry((one, other)).or_default() += usize::from(words);
                }
            }
        }
        let mut versions: Vec<(usize, usize)> = shared
            .into_iter()
            .filter(|&((one, other), words)| {
                let shorter = self.entries[one].words().min(self.entries[other].words());
                words >= SHARED_WORDS && words * 2 >= shorter
            })
            .map(|(pair, _)| pair)
            .collect();
        versions.sort_unstable();
        for (one, other) in versions {
            self.join(one, other);
        }
    }
}

/// The share of the words of two titles that both have.
fn likeness(one: &[u16], other: &[u16]) -> f32 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let common = one.iter().filter(|word| other.binary_search(word).is_ok()).count();
    let all = one.len() + other.len() - common;
    common as f32 / all as f32
}

#[cfg(test)]
#[path = "boilerplate_tests.rs"]
mod tests;
