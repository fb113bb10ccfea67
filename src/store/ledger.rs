//! What is kept of texts, and the ledger: which entries were compared and with what outcome, what the admin said of them, what
//! was learnt, and which sources renumbered their entries.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    StoreError, codec,
    commit::Change,
    engine::TreeName,
    keys::{self, IdentityKey},
    read::Store,
    refresh::Refresh,
};
use crate::{
    model::{EntryNumber, SourceNumber},
    stories::{
        Comparison, Publisher, PublisherBoilerplate, Renumbering, StoryTerms, TextEntry, WordStatistics, Wording,
    },
};

/// What is kept of an entry's text while copies of it, or articles on the same event, may still come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRecord {
    pub number: EntryNumber,
    pub publisher: Publisher,
    pub dated: DateTime<Utc>,
    /// A hash of the link's key form.
    pub link: Option<u64>,
    pub wording: Wording,
    pub terms: StoryTerms,
}

impl TextRecord {
    /// As the index of copies takes it.
    pub fn entry(&self) -> TextEntry {
        TextEntry {
            entry: self.number,
            publisher: self.publisher,
            dated: Some(self.dated),
            link: self.link,
            wording: self.wording.clone(),
        }
    }
}

/// An entry's lasting name: its number is another one when it was removed and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryName {
    pub source: SourceNumber,
    pub key: IdentityKey,
}

/// What the admin said of two entries; the later word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// They are one story.
    Join,
    /// They are none.
    Split,
}

/// The admin's word, and when it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRecord {
    pub word: Word,
    pub at: DateTime<Utc>,
}

/// What was learnt of many entries at once: until it is learnt anew, the same entries give the same decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learnt {
    pub at: DateTime<Utc>,
    pub boilerplate: PublisherBoilerplate,
    pub words: WordStatistics,
}

/// The last time a source gave its entries new guids, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenumberedRecord {
    pub at: DateTime<Utc>,
    pub renumbering: Renumbering,
}

pub(super) const LEARNT_AT: &[u8] = b"at";
pub(super) const BOILERPLATE: &[u8] = b"boilerplate";
pub(super) const WORDS: &[u8] = b"words";

/// Two entries, the lower first: which came first makes no difference.
pub(super) fn pair(a: EntryNumber, b: EntryNumber) -> (EntryNumber, EntryNumber) {
    (a.min(b), a.max(b))
}

/// What a refresh changes of all this; `None` removes.
#[derive(Default)]
pub(super) struct LedgerChanges {
    texts: BTreeMap<EntryNumber, Option<TextRecord>>,
    pairs: BTreeMap<(EntryNumber, EntryNumber), Option<Comparison>>,
    told: BTreeMap<(EntryName, EntryName), ToldRecord>,
    learnt: Option<Learnt>,
    renumbered: BTreeMap<SourceNumber, RenumberedRecord>,
}

impl LedgerChanges {
    pub(super) fn changes(&self) -> impl Iterator<Item = Change> {
        let texts = self.texts.iter().map(|(number, text)| match text {
            Some(text) => Change::Text(Box::new(text.clone())),
            None => Change::TextRemoved { number: *number },
        });
        let pairs = self.pairs.iter().map(|((a, b), is)| match is {
            Some(is) => Change::Pair { a: *a, b: *b, is: *is },
            None => Change::PairRemoved { a: *a, b: *b },
        });
        let told = self.told.iter().map(|((a, b), is)| Change::Told { a: *a, b: *b, is: *is });
        let learnt = self.learnt.iter().map(|learnt| Change::Learnt(Box::new(learnt.clone())));
        let renumbered = self.renumbered.iter();
        let renumbered = renumbered.map(|(source, is)| Change::Renumbered { source: *source, is: is.clone() });
        texts.chain(pairs).chain(told).chain(learnt).chain(renumbered)
    }
}

impl Store {
    /// What is kept of an entry's text; `None` when it is too old for copies to come.
    pub fn text(&self, number: EntryNumber) -> Result<Option<TextRecord>, StoreError> {
        self.record("text", TreeName::Texts, &number.0.to_be_bytes())
    }

    /// What is kept of texts, in the order of numbers, from `first` on, at most `limit`.
    pub fn texts_from(&self, first: EntryNumber, limit: usize) -> Result<Vec<TextRecord>, StoreError> {
        let database = self.database()?;
        let items = database.scan(TreeName::Texts, &first.0.to_be_bytes()).take(limit);
        items.map(|item| codec::decode("text", &item?.1)).collect()
    }

    /// Every entry that this one was found alike with, and what came of it, in the order of numbers.
    pub fn pairs_of(&self, entry: EntryNumber) -> Result<Vec<(EntryNumber, Comparison)>, StoreError> {
        let mut pairs = Vec::new();
        for item in self.database()?.prefixed(TreeName::Pairs, &entry.0.to_be_bytes()) {
            let (key, bytes) = item?;
            if let Some(other) = keys::trailing_number(&key) {
                pairs.push((EntryNumber(other), codec::decode("comparison", &bytes)?));
            }
        }
        Ok(pairs)
    }

    /// All that the admin said of this entry and others.
    pub fn told_of(&self, name: EntryName) -> Result<Vec<(EntryName, ToldRecord)>, StoreError> {
        let mut told = Vec::new();
        for item in self.database()?.prefixed(TreeName::Told, &keys::identity(name.source, name.key)) {
            let (key, bytes) = item?;
            if let Some((source, key)) = key.get(20..).and_then(keys::read_identity) {
                told.push((EntryName { source, key }, codec::decode("word of the admin", &bytes)?));
            }
        }
        Ok(told)
    }

    /// When it was last learnt what publishers print everywhere and how frequent words are.
    pub fn learnt_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.record("date of what was learnt", TreeName::Learnt, LEARNT_AT)
    }

    /// What publishers print everywhere, as last learnt.
    pub fn publisher_boilerplate(&self) -> Result<PublisherBoilerplate, StoreError> {
        Ok(self.record("boilerplate", TreeName::Learnt, BOILERPLATE)?.unwrap_or_default())
    }

    /// How frequent words are, as last learnt.
    pub fn word_statistics(&self) -> Result<WordStatistics, StoreError> {
        Ok(self.record("word statistics", TreeName::Learnt, WORDS)?.unwrap_or_default())
    }

    /// The last time the source gave its entries new guids.
    pub fn renumbered(&self, source: SourceNumber) -> Result<Option<RenumberedRecord>, StoreError> {
        self.record("renumbering", TreeName::Renumbered, &source.0.to_be_bytes())
    }
}

impl Refresh<'_> {
    pub fn text(&self, number: EntryNumber) -> Result<Option<TextRecord>, StoreError> {
        match self.ledger.texts.get(&number) {
            Some(change) => Ok(change.clone()),
            None if self.is_new(number) => Ok(None),
            None => self.store.text(number),
        }
    }

    pub fn put_text(&mut self, text: TextRecord) {
        self.ledger.texts.insert(text.number, Some(text));
    }

    pub fn remove_text(&mut self, number: EntryNumber) -> Result<(), StoreError> {
        if self.text(number)?.is_some() {
            self.ledger.texts.insert(number, None);
        }
        Ok(())
    }

    /// Every entry that this one was found alike with, and what came of it, in the order of numbers.
    pub fn pairs_of(&self, entry: EntryNumber) -> Result<Vec<(EntryNumber, Comparison)>, StoreError> {
        let mut pairs: BTreeMap<EntryNumber, Comparison> =
            if self.is_new(entry) { BTreeMap::new() } else { self.store.pairs_of(entry)?.into_iter().collect() };
        for ((a, b), is) in &self.ledger.pairs {
            let other = if *a == entry {
                *b
            } else if *b == entry {
                *a
            } else {
                continue;
            };
            match is {
                Some(is) => pairs.insert(other, *is),
                None => pairs.remove(&other),
            };
        }
        Ok(pairs.into_iter().collect())
    }

    /// Notes what two entries were found to have in common.
    pub fn put_pair(&mut self, a: EntryNumber, b: EntryNumber, is: Comparison) {
        self.ledger.pairs.insert(pair(a, b), Some(is));
    }

    pub fn remove_pair(&mut self, a: EntryNumber, b: EntryNumber) {
        self.ledger.pairs.insert(pair(a, b), None);
    }

    /// All that was found or kept of an entry's text goes with it; what the admin said of it stays.
    pub(super) fn forget_text(&mut self, number: EntryNumber) -> Result<(), StoreError> {
        self.remove_text(number)?;
        for (other, _) in self.pairs_of(number)? {
            self.remove_pair(number, other);
        }
        Ok(())
    }

    /// All that the admin said of this entry and others.
    pub fn told_of(&self, name: EntryName) -> Result<Vec<(EntryName, ToldRecord)>, StoreError> {
        let mut told: BTreeMap<EntryName, ToldRecord> = self.store.told_of(name)?.into_iter().collect();
        for ((a, b), is) in &self.ledger.told {
            if *a == name {
                told.insert(*b, *is);
            } else if *b == name {
                told.insert(*a, *is);
            }
        }
        Ok(told.into_iter().collect())
    }

    /// Keeps the admin's word on two entries, in place of what was said of them before.
    pub fn put_told(&mut self, a: EntryName, b: EntryName, is: ToldRecord) {
        self.ledger.told.insert((a.min(b), a.max(b)), is);
    }

    pub fn put_learnt(&mut self, learnt: Learnt) {
        self.ledger.learnt = Some(learnt);
    }

    pub fn put_renumbered(&mut self, source: SourceNumber, is: RenumberedRecord) {
        self.ledger.renumbered.insert(source, is);
    }

    /// The entries whose texts this refresh changes: what an index in memory must follow if it cannot be applied.
    pub fn changed_texts(&self) -> BTreeSet<EntryNumber> {
        self.ledger.texts.keys().copied().collect()
    }
}
