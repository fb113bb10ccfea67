//! Where copies of a text are looked for: the entries of the last days, by a few of their shingles.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::{
    boilerplate::PublisherBoilerplate,
    postings::Postings,
    same_text::{Comparison, TextEntry, Verdict, compare},
};
use crate::model::EntryNumber;

/// So many shingles of a text are looked up, and so many of its lead.
const POSTED: usize = 40;
const POSTED_LEAD: usize = 16;
/// So many of these two entries must share to be compared.
const SHARED_TO_COMPARE: u32 = 2;
/// A shingle that so many entries hold finds nobody any more.
const CROWDED: usize = 512;

/// The entries of a window of time, each with its wording and some 60 postings. It holds no texts, and is rebuilt from what is
/// stored with the entries.
#[derive(Debug, Default)]
pub struct CopyIndex {
    boilerplate: PublisherBoilerplate,
    /// By place; free places are used again.
    entries: Vec<Option<TextEntry>>,
    free: Vec<u32>,
    places: HashMap<EntryNumber, u32>,
    by_date: BTreeMap<(Option<DateTime<Utc>>, EntryNumber), u32>,
    postings: Postings,
}

/// A comparison worth keeping: the entries share a text, or would but for an objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub entry: EntryNumber,
    pub other: EntryNumber,
    pub comparison: Comparison,
}

impl CopyIndex {
    /// An index that takes the publishers' boilerplate to be this. When it is learnt anew, the index is built anew.
    pub fn new(boilerplate: PublisherBoilerplate) -> Self {
        Self { boilerplate, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Puts an entry in, in place of what it was before.
    pub fn insert(&mut self, entry: TextEntry) {
        self.remove(entry.entry);
        let entry = self.stripped(entry);
        let place = self.free.pop().unwrap_or(self.entries.len() as u32);
        for hash in posted(&entry) {
            self.postings.insert(hash, place);
        }
        self.places.insert(entry.entry, place);
        self.by_date.insert(entry.order(), place);
        match self.entries.get_mut(place as usize) {
            Some(slot) => *slot = Some(entry),
            None => self.entries.push(Some(entry)),
        }
    }

    pub fn contains(&self, entry: EntryNumber) -> bool {
        self.places.contains_key(&entry)
    }

    pub fn remove(&mut self, entry: EntryNumber) -> bool {
        let Some(place) = self.places.remove(&entry) else { return false };
        if let Some(entry) = self.entries.get_mut(place as usize).and_then(Option::take) {
            for hash in posted(&entry) {
                self.postings.remove(hash, place);
            }
            self.by_date.remove(&entry.order());
            self.free.push(place);
        }
        true
    }

    /// Removes what is dated before `date`, and says how many entries that were. Entries without a date stay: they are removed
    /// by number.
    pub fn evict_before(&mut self, date: DateTime<Utc>) -> usize {
        let outlived: Vec<EntryNumber> = self
            .by_date
            .range((Some(DateTime::<Utc>::MIN_UTC), EntryNumber(0))..(Some(date), EntryNumber(0)))
            .map(|((_, entry), _)| *entry)
            .collect();
        outlived.iter().filter(|entry| self.remove(**entry)).count()
    }

    /// What the entry has in common with those of the index, itself aside: all that is the same text or nearly so, in the order
    /// of dates and numbers. The entry itself need not be there.
    pub fn compare(&self, entry: TextEntry) -> Vec<Link> {
        let entry = self.stripped(entry);
        let mut links: Vec<_> = self
            .candidates(&entry)
            .into_iter()
            .filter(|candidate| candidate.entry != entry.entry)
            .map(|candidate| (candidate.order(), candidate.entry, compare(&entry, candidate)))
            .filter(|(.., comparison)| comparison.verdict != Verdict::Unlike)
            .collect();
        links.sort_unstable_by_key(|(order, ..)| *order);
        links.into_iter().map(|(_, other, comparison)| Link { entry: entry.entry, other, comparison }).collect()
    }

    /// What two entries have in common, whether they are in the index or not.
    pub fn compare_two(&self, a: TextEntry, b: TextEntry) -> Comparison {
        compare(&self.stripped(a), &self.stripped(b))
    }

    /// Bytes that the index takes, beside this value itself.
    pub fn bytes(&self) -> usize {
        // A map's node holds its pairs and some room to grow.
        const PER_MAP_ENTRY: usize = 2 * (size_of::<EntryNumber>() + size_of::<u32>());
        const PER_TREE_ENTRY: usize = 2 * (size_of::<(Option<DateTime<Utc>>, EntryNumber)>() + size_of::<u32>());
        /// What the allocator adds to each of a wording's six slices.
        const PER_WORDING: usize = 6 * 16;
        let wordings: usize = self.entries.iter().flatten().map(|entry| entry.wording.bytes() + PER_WORDING).sum();
        wordings
            + self.entries.capacity() * size_of::<Option<TextEntry>>()
            + self.free.capacity() * size_of::<u32>()
            + self.places.capacity() * PER_MAP_ENTRY
            + self.by_date.len() * PER_TREE_ENTRY
            + self.postings.bytes()
    }

    fn stripped(&self, entry: TextEntry) -> TextEntry {
        let wording = self.boilerplate.strip(entry.publisher, entry.wording);
        TextEntry { wording, ..entry }
    }

    fn candidates(&self, entry: &TextEntry) -> Vec<&TextEntry> {
        let mut found: Vec<u32> = Vec::new();
        for hash in posted(entry) {
            let before = found.len();
            found.extend(self.postings.places(hash).take(CROWDED));
            if found.len() - before == CROWDED {
                found.truncate(before);
            }
        }
        found.sort_unstable();
        found
            .chunk_by(|a, b| a == b)
            .filter(|places| places.len() >= SHARED_TO_COMPARE as usize)
            .filter_map(|places| self.entries.get(*places.first()? as usize)?.as_ref())
            .collect()
    }
}

/// The hashes under which an entry is found: the smallest of its text and of its lead.
fn posted(entry: &TextEntry) -> impl Iterator<Item = u32> + use<> {
    let smallest = |hashes: &[u32], most: usize| hashes.iter().take(most).copied().collect::<Vec<u32>>();
    let mut posted = smallest(entry.wording.shingles.as_slice(), POSTED);
    posted.extend(smallest(entry.wording.lead.as_slice(), POSTED_LEAD));
    posted.sort_unstable();
    posted.dedup();
    posted.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::same_text::tests::entry, *};

    fn text(seed: u64, words: u64) -> String {
        (0..words).map(|n| format!("w{}", (seed + 1) * 1_000 + n)).collect::<Vec<_>>().join(" ")
    }

    fn found(index: &CopyIndex, entry: &TextEntry) -> Vec<u64> {
        index.compare(entry.clone()).into_iter().map(|link| link.other.0).collect()
    }

    #[test]
    fn finds_copies_until_they_are_evicted() {
        let mut index = CopyIndex::default();
        let entries: Vec<_> = (1..=20).map(|n| entry(n, n, "Title", &text(n % 5, 80))).collect();
        entries.iter().for_each(|entry| index.insert(entry.clone()));
        assert_eq!(found(&index, &entries[0]), [6, 11, 16]);
        index.insert(entries[5].clone());
        assert_eq!((index.len(), found(&index, &entries[0])), (20, vec![6, 11, 16]), "put in twice, there once");
        let seventh = entries[6].dated.expect("a date");
        assert_eq!(index.evict_before(seventh), 6);
        assert_eq!(found(&index, &entries[0]), [11, 16]);
        assert!(index.remove(EntryNumber(11)) && !index.remove(EntryNumber(11)));
        assert_eq!(found(&index, &entries[0]), [16]);
    }

    #[test]
    fn finds_a_summary_of_a_long_text() {
        let mut index = CopyIndex::default();
        index.insert(entry(1, 1, "Ministers meet again in Brussels", &text(1, 3_000)));
        assert_eq!(found(&index, &entry(2, 2, "Ministers meet again in Brussels", &text(1, 50))), [1]);
        assert_eq!(found(&index, &entry(2, 2, "Ministers meet again in Brussels", &text(2, 50))), Vec::<u64>::new());
    }

    #[test]
    fn what_stands_in_hundreds_of_entries_costs_no_more() {
        let mut index = CopyIndex::default();
        for number in 1..=600 {
            index.insert(entry(number, number, "Title", &text(1, 30)));
        }
        assert_eq!(found(&index, &entry(601, 601, "Title", &text(1, 30))), Vec::<u64>::new());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Built up and torn down in any order, an index answers as one that holds the same entries ever did.
        #[test]
        fn answers_depend_on_what_is_in_it(
            order in Just((1_u64..=24).collect::<Vec<_>>()).prop_shuffle(),
            gone in proptest::collection::btree_set(1_u64..=24, 0..12),
        ) {
            let entry = |n: u64| entry(n, n % 7, "Title", &text(n % 6, 40 + n));
            let mut index = CopyIndex::default();
            order.iter().for_each(|n| index.insert(entry(*n)));
            gone.iter().for_each(|n| { index.remove(EntryNumber(*n)); });
            let mut fresh = CopyIndex::default();
            (1..=24).filter(|n| !gone.contains(n)).for_each(|n| fresh.insert(entry(n)));
            for n in 1..=24 {
                prop_assert_eq!(index.compare(entry(n)), fresh.compare(entry(n)));
            }
        }
    }
}
