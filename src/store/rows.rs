//! From records to rows: what a refresh writes, tree by tree.

use std::collections::{BTreeMap, HashMap};

use sled::{
    Transactional,
    transaction::{ConflictableTransactionError, TransactionError},
};

use super::{
    StoreError, codec, keys,
    read::Store,
    records::{EntryRecord, StoryRecord},
    refresh::{Change, ChangedEditions},
    trees::TreeName,
};
use crate::model::{EntryNumber, SourceNumber, StoryNumber};

/// Rows to write, tree by tree. A later word on a row replaces an earlier one.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<(TreeName, Vec<u8>), Option<Vec<u8>>>);

impl Rows {
    /// Everything that follows from an entry.
    pub(super) fn write_entry(
        &mut self,
        store: &Store,
        counts: &mut HashMap<SourceNumber, i64>,
        number: EntryNumber,
        change: &Change<EntryRecord>,
    ) -> Result<(), StoreError> {
        if let Some(before) = &change.before {
            *counts.entry(before.source).or_default() -= 1;
            self.remove(TreeName::Ages, keys::age_row(before.source, before.dated(), number).to_vec());
            for key in &before.shared_keys {
                self.remove(TreeName::Shared, keys::shared_row(*key, number).to_vec());
            }
        }
        let row = number.0.to_be_bytes().to_vec();
        let Some(after) = &change.after else { return self.remove_record(store, TreeName::Entries, row) };
        self.put_record(store, TreeName::Entries, row, codec::encode("entry", after)?)?;
        *counts.entry(after.source).or_default() += 1;
        self.put(TreeName::Ages, keys::age_row(after.source, after.dated(), number).to_vec(), Vec::new());
        for key in &after.shared_keys {
            self.put(TreeName::Shared, keys::shared_row(*key, number).to_vec(), after.source.0.to_be_bytes().to_vec());
        }
        Ok(())
    }

    /// Everything that follows from a story.
    pub(super) fn write_story(
        &mut self,
        store: &Store,
        changed: &mut ChangedEditions,
        number: StoryNumber,
        change: &Change<StoryRecord>,
    ) -> Result<(), StoreError> {
        if let Some(before) = &change.before {
            self.remove(TreeName::StoryIds, keys::story_id(&before.id).to_vec());
            for edition in before.editions() {
                self.remove(TreeName::Topics, keys::topic_row(edition, &before.place()));
                changed.insert(edition.cloned());
            }
        }
        match &change.after {
            Some(after) => {
                let row = number.0.to_be_bytes().to_vec();
                self.put_record(store, TreeName::Stories, row.clone(), codec::encode("story", after)?)?;
                self.put(TreeName::StoryIds, keys::story_id(&after.id).to_vec(), row);
                for edition in after.editions() {
                    self.put(
                        TreeName::Topics,
                        keys::topic_row(edition, &after.place()),
                        number.0.to_be_bytes().to_vec(),
                    );
                    changed.insert(edition.cloned());
                }
            }
            None => self.remove_record(store, TreeName::Stories, number.0.to_be_bytes().to_vec())?,
        }
        Ok(())
    }

    pub(super) fn put(&mut self, tree: TreeName, key: Vec<u8>, value: Vec<u8>) {
        self.0.insert((tree, key), Some(value));
    }

    /// Does not undo a `put` of the same row: removals follow from the old state, puts from the new.
    pub(super) fn remove(&mut self, tree: TreeName, key: Vec<u8>) {
        self.0.entry((tree, key)).or_insert(None);
    }

    /// Puts a record of any length, in as many rows as it takes, and removes rows that a longer one before it took.
    pub(super) fn put_record(
        &mut self,
        store: &Store,
        tree: TreeName,
        key: Vec<u8>,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        for (number, chunk) in codec::cut(&bytes).enumerate().skip(1) {
            // The longest record is far fewer chunks than a u16 counts.
            self.put(tree, keys::further_chunk(&key, number as u16), chunk.to_vec());
        }
        self.remove_further(store, tree, &key)?;
        self.put(tree, key, codec::cut(&bytes).next().unwrap_or_default().to_vec());
        Ok(())
    }

    pub(super) fn remove_record(&mut self, store: &Store, tree: TreeName, key: Vec<u8>) -> Result<(), StoreError> {
        self.remove_further(store, tree, &key)?;
        self.remove(tree, key);
        Ok(())
    }

    fn remove_further(&mut self, store: &Store, tree: TreeName, key: &[u8]) -> Result<(), StoreError> {
        for row in store.0.trees.get(tree).scan_prefix(keys::further_chunks(key)).keys() {
            self.remove(tree, row?.to_vec());
        }
        Ok(())
    }

    pub(super) fn apply(self, store: &Store) -> Result<(), StoreError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let result: Result<(), TransactionError<()>> = store.0.trees.all().transaction(|views| {
            for ((tree, key), value) in &self.0 {
                match value {
                    Some(value) => views[*tree as usize].insert(key.as_slice(), value.as_slice())?,
                    None => views[*tree as usize].remove(key.as_slice())?,
                };
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        result.map_err(|error| match error {
            TransactionError::Storage(sled::Error::Io(cause)) => StoreError::Write(cause),
            TransactionError::Storage(other) => StoreError::Read(other),
            TransactionError::Abort(()) => StoreError::Write(std::io::Error::other("the transaction was given up")),
        })
    }
}
