//! What an edition remembers of those before it at its address: enough to send a reader only what it does not have yet.

use std::{collections::HashMap, ops::Range};

use xxhash_rust::xxh3::xxh3_64;

/// Former editions that are remembered.
pub(super) const FORMER_EDITIONS: usize = 16;

/// The entries of an edition, and since when they have been what they are.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    /// The hashes of former editions, the last one first.
    former: Vec<u128>,
}

#[derive(Debug, Clone)]
struct Entry {
    bytes: Range<u32>,
    hash: u64,
    /// So many of the former editions, counted from the last one back, have had this entry to the byte.
    unchanged: u8,
}

impl History {
    /// Ranges that are not in order, or not of this body, are of no use: such an edition is sent whole.
    pub(super) fn new(body: &[u8], entries: &[Range<usize>]) -> Self {
        let mut end = 0;
        let mut known = Vec::with_capacity(entries.len());
        for range in entries {
            let (Ok(from), Ok(to)) = (u32::try_from(range.start), u32::try_from(range.end)) else {
                return Self::default();
            };
            let Some(bytes) = body.get(range.clone()).filter(|_| range.start >= end) else { return Self::default() };
            end = range.end;
            known.push(Entry { bytes: from..to, hash: xxh3_64(bytes), unchanged: 0 });
        }
        Self { entries: known, former: Vec::new() }
    }

    /// Takes over what `last`, the history of the edition before this one, whose hash is given, remembers.
    pub(super) fn go_on_from(&mut self, last: &History, last_hash: u128) {
        // Of an edition that was read from a file the entries are not known.
        if self.entries.is_empty() || last.entries.is_empty() {
            return;
        }
        let known: HashMap<u64, u8> = last.entries.iter().map(|entry| (entry.hash, entry.unchanged)).collect();
        for entry in &mut self.entries {
            let unchanged = known.get(&entry.hash).map_or(0, |unchanged| unchanged.saturating_add(1));
            entry.unchanged = unchanged.min(FORMER_EDITIONS as u8);
        }
        self.former = std::iter::once(last_hash).chain(last.former.iter().copied()).take(FORMER_EDITIONS).collect();
        // An edition that came back is current, not former.
        debug_assert!(self.former.len() <= FORMER_EDITIONS);
    }

    /// The same edition, as `last` knew it.
    pub(super) fn keep(&mut self, last: &History) {
        let hashes = |history: &History| history.entries.iter().map(|entry| entry.hash).collect::<Vec<_>>();
        if hashes(self) == hashes(last) {
            *self = last.clone();
        }
    }

    /// The parts of the body that make a document of the entries which the former edition did not have, or had otherwise:
    /// what comes before the entries, the new ones, what comes after them. `None` if that edition is not remembered.
    pub(super) fn since(&self, former: u128, body_length: usize) -> Option<News> {
        let steps = self.former.iter().position(|hash| *hash == former)?;
        let (first, last) = (self.entries.first()?, self.entries.last()?);
        let (mut parts, mut entries) = (Vec::new(), 0);
        join(&mut parts, 0..first.bytes.start as usize);
        for entry in self.entries.iter().filter(|entry| usize::from(entry.unchanged) <= steps) {
            entries += 1;
            join(&mut parts, entry.bytes.start as usize..entry.bytes.end as usize);
        }
        join(&mut parts, last.bytes.end as usize..body_length);
        Some(News { entries, parts })
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.entries.len() * size_of::<Entry>() + self.former.len() * size_of::<u128>()
    }
}

/// What is new since a former edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// How many entries are new or changed.
    pub entries: usize,
    /// The parts of the identity body that make a whole document of them.
    pub parts: Vec<Range<usize>>,
}

impl News {
    /// The length of that document in bytes.
    pub fn length(&self) -> usize {
        self.parts.iter().map(ExactSizeIterator::len).sum()
    }
}

/// Adds a part; neighbours become one.
fn join(parts: &mut Vec<Range<usize>>, part: Range<usize>) {
    match parts.last_mut() {
        Some(last) if last.end == part.start => last.end = part.end,
        _ => parts.push(part),
    }
}
