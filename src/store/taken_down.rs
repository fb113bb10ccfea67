//! What was taken down, and by what it is known when a source lists it again.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    StoreError, codec,
    commit::Change,
    engine::{Database, TreeName, Work},
    keys::{self, SharedKey},
    ledger::EntryName,
    read::Store,
    refresh::Refresh,
};

/// Something that was taken down for good. It holds nothing of what was published but where that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenDownRecord {
    /// In the order in which they were taken down, from 1.
    pub number: u64,
    pub at: DateTime<Utc>,
    /// The link or the id by which it was named.
    pub named: String,
    pub reason: String,
    /// The key forms of its links.
    pub links: Vec<String>,
    /// The ids under which it was published.
    pub ids: Vec<String>,
    /// By what entries of any source are known to be it.
    pub keys: Vec<SharedKey>,
    /// Whole stories were meant, by their ids, and not whatever has a link.
    pub is_by_id: bool,
    /// The entries that were it.
    pub entries: Vec<EntryName>,
    /// It has left archives and editions too.
    pub is_out: bool,
}

const RECORD: u8 = b'r';
const KEY: u8 = b'k';
const ENTRY: u8 = b'e';

fn record_row(number: u64) -> Vec<u8> {
    [&[RECORD][..], &number.to_be_bytes()].concat()
}

fn key_prefix(key: SharedKey) -> Vec<u8> {
    [&[KEY][..], &keys::shared_prefix(key)].concat()
}

fn entry_prefix(name: EntryName) -> Vec<u8> {
    [&[ENTRY][..], &keys::identity(name.source, name.key)].concat()
}

/// Where it is looked up by what it is known by.
fn index_rows(record: &TakenDownRecord) -> impl Iterator<Item = Vec<u8>> {
    let keys = record.keys.iter().map(|key| key_prefix(*key));
    let entries = record.entries.iter().map(|name| entry_prefix(*name));
    let number = record.number.to_be_bytes();
    keys.chain(entries).map(move |prefix| [prefix.as_slice(), &number].concat())
}

pub(super) fn put<D: Deref<Target = Database>>(work: &mut Work<D>, record: &TakenDownRecord) -> Result<(), StoreError> {
    remove(work, record.number)?;
    work.put(TreeName::TakenDown, record_row(record.number), codec::encode("takedown", record)?)?;
    index_rows(record).try_for_each(|row| work.put(TreeName::TakenDown, row, Vec::new()))
}

pub(super) fn remove<D: Deref<Target = Database>>(work: &mut Work<D>, number: u64) -> Result<(), StoreError> {
    let row = record_row(number);
    let Some(bytes) = work.get(TreeName::TakenDown, &row)? else { return Ok(()) };
    let before: TakenDownRecord = codec::decode("takedown", bytes)?;
    work.remove(TreeName::TakenDown, &row)?;
    index_rows(&before).try_for_each(|row| work.remove(TreeName::TakenDown, &row))
}

impl Store {
    /// Everything that was taken down, in that order.
    pub fn taken_down(&self) -> Result<Vec<TakenDownRecord>, StoreError> {
        let database = self.database()?;
        let items = database.prefixed(TreeName::TakenDown, &[RECORD]);
        items.map(|item| codec::decode("takedown", &item?.1)).collect()
    }
}

impl Refresh<'_> {
    /// Whether an entry with one of these keys, or of this name, was taken down.
    pub fn is_taken_down(&self, keys: &[SharedKey], name: EntryName) -> Result<bool, StoreError> {
        let mut prefixes = keys.iter().map(|key| key_prefix(*key)).chain([entry_prefix(name)]);
        prefixes.try_fold(false, |found, prefix| {
            Ok(found || !self.read(|work| work.stored(TreeName::TakenDown, &prefix, 1))?.is_empty())
        })
    }

    pub fn put_taken_down(&mut self, record: TakenDownRecord) {
        self.put_beside(Change::TakenDown(Box::new(record)));
    }

    /// What was taken down may come again.
    pub fn remove_taken_down(&mut self, number: u64) {
        self.put_beside(Change::TakenDownRemoved { number });
    }
}
