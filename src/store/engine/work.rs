use std::collections::BTreeMap;

use super::{
    database::{Database, Write, piece_key, pieces_tree},
    row::{self, Item},
    trees::TreeName,
    value,
};
use crate::store::{CommitNumber, StoreError};

/// The rows that one commit touches, unpacked. Reads through it see what it has changed.
pub(in crate::store) struct Work<'a> {
    database: &'a Database,
    rows: BTreeMap<(TreeName, Vec<u8>), Touched>,
}

struct Touched {
    items: Vec<Item>,
    /// The key of the next row in the database, if there is one: this row's keys are all less.
    until: Option<Vec<u8>>,
    /// What `items` take when packed, at most.
    size: usize,
    changed: bool,
}

impl<'a> Work<'a> {
    pub(in crate::store) fn new(database: &'a Database) -> Self {
        Self { database, rows: BTreeMap::new() }
    }

    pub(in crate::store) fn get(&mut self, tree: TreeName, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        let row = self.row_for(tree, key)?;
        Ok(row.items.binary_search_by(|item| item.0.as_slice().cmp(key)).ok().map(|at| row.items[at].1.as_slice()))
    }

    pub(in crate::store) fn remove(&mut self, tree: TreeName, key: &[u8]) -> Result<(), StoreError> {
        let row = self.row_for(tree, key)?;
        if let Ok(at) = row.items.binary_search_by(|item| item.0.as_slice().cmp(key)) {
            let gone = row.items.remove(at);
            row.size -= row::packed_size(&[gone]);
            row.changed = true;
        }
        Ok(())
    }

    pub(in crate::store) fn put(&mut self, tree: TreeName, key: Vec<u8>, value: Vec<u8>) -> Result<(), StoreError> {
        let row = self.row_for(tree, &key)?;
        let item = (key, value);
        let size = row::packed_size(std::slice::from_ref(&item));
        let at = match row.items.binary_search_by(|other| other.0.cmp(&item.0)) {
            Ok(at) => {
                if row.items[at].1 == item.1 {
                    return Ok(());
                }
                row.size -= row::packed_size(&row.items[at..=at]);
                row.items[at] = item;
                at
            }
            Err(at) => {
                row.items.insert(at, item);
                at
            }
        };
        row.size += size;
        row.changed = true;
        if row.size > tree.row_bytes() && row.items.len() > 1 {
            let split = split_of(row, at);
            let items = row.items.split_off(split);
            let size = row::packed_size(&items);
            row.size -= size;
            let (key, until) = (items[0].0.clone(), row.until.clone());
            self.rows.insert((tree, key), Touched { items, until, size, changed: true });
        }
        Ok(())
    }

    /// The row that a key is in or belongs in: the last whose own key is not greater. The very first row has the empty key, so
    /// that there is one for every key.
    fn row_for(&mut self, tree: TreeName, key: &[u8]) -> Result<&mut Touched, StoreError> {
        let touched = self.rows.range((tree, Vec::new())..=(tree, key.to_vec())).next_back();
        let at = touched
            .filter(|(_, row)| row.until.as_ref().is_none_or(|until| key < until.as_slice()))
            .map(|((_, row), _)| row.clone());
        let row = match at {
            Some(row) => row,
            None => {
                let (row, packed) = self.database.row_for(tree, key)?.unwrap_or_default();
                let items = row::unpack(&packed).map_err(|row::NotARow| StoreError::Record {
                    what: "row",
                    cause: "it is not packed as rows are".into(),
                })?;
                let until = self.database.row_key_after(tree, &row)?;
                let size = row::packed_size(&items);
                let read = Touched { items, until, size, changed: false };
                self.rows.entry((tree, row.clone())).or_insert(read);
                row
            }
        };
        self.rows
            .get_mut(&(tree, row))
            .ok_or(StoreError::Record { what: "row", cause: "it was touched and is not there".into() })
    }

    /// Writes what was changed as one commit.
    pub(in crate::store) fn commit(self, number: CommitNumber) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for ((tree, row), touched) in self.rows {
            if !touched.changed {
                continue;
            }
            let pieces = if touched.items.is_empty() { Vec::new() } else { value::write(&row::pack(&touched.items)) };
            let further = pieces.len().saturating_sub(1) as u16;
            for stale in further..self.database.further_pieces_of(tree, &row)? {
                writes.push(Write { tree: pieces_tree(), key: piece_key(tree, &row, stale), value: None });
            }
            let mut pieces = pieces.into_iter();
            let first = pieces.next();
            for (number, piece) in (0..).zip(pieces) {
                writes.push(Write { tree: pieces_tree(), key: piece_key(tree, &row, number), value: Some(piece) });
            }
            writes.push(Write { tree: tree as usize, key: row, value: first });
        }
        self.database.write(number, &writes)
    }
}

/// Where a row that is too long is cut. A row that grows at its end stays full and goes on in a new one; others are halved.
fn split_of(row: &Touched, at: usize) -> usize {
    if at + 1 == row.items.len() {
        return at;
    }
    let mut size = 0;
    let half = row.items.iter().position(|item| {
        size += row::packed_size(std::slice::from_ref(item));
        size * 2 >= row.size
    });
    half.unwrap_or_default().clamp(1, row.items.len() - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Put(u16, usize),
        Remove(u16),
        Commit,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0_u16..400, prop_oneof![0_usize..60, 100_usize..20_000]).prop_map(|(key, length)| Step::Put(key, length)),
            3 => (0_u16..400).prop_map(Step::Remove),
            1 => Just(Step::Commit),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn a_tree_of_packed_rows_is_a_sorted_map(steps in vec(step(), 0..200)) {
            let folder = tempfile::tempdir().unwrap();
            let (database, _) = Database::open(folder.path(), 1 << 20).unwrap();
            let mut expected = BTreeMap::new();
            let mut commit = CommitNumber::default();
            let mut work = Work::new(&database);
            for step in steps.into_iter().chain([Step::Commit]) {
                match step {
                    Step::Put(key, length) => {
                        let value: Vec<u8> = (0..length).map(|n| (n * 31 % 251) as u8 ^ key as u8).collect();
                        work.put(TreeName::Keys, key.to_be_bytes().to_vec(), value.clone()).unwrap();
                        expected.insert(key.to_be_bytes().to_vec(), value);
                    }
                    Step::Remove(key) => {
                        work.remove(TreeName::Keys, &key.to_be_bytes()).unwrap();
                        expected.remove(key.to_be_bytes().as_slice());
                    }
                    Step::Commit => {
                        commit = commit.next();
                        work.commit(commit).unwrap();
                        work = Work::new(&database);
                    }
                }
                let key = 7_u16.to_be_bytes();
                prop_assert_eq!(work.get(TreeName::Keys, &key).unwrap(), expected.get(key.as_slice()).map(Vec::as_slice));
            }
            let found: BTreeMap<_, _> = database.scan(TreeName::Keys, &[]).map(Result::unwrap).collect();
            prop_assert_eq!(&found, &expected);
            for from in [0_u16, 7, 200, 399, 1_000] {
                let from = from.to_be_bytes();
                let found = database.scan(TreeName::Keys, &from).next().map(Result::unwrap);
                let next = expected.range(from.to_vec()..).next().map(|(key, value)| (key.clone(), value.clone()));
                prop_assert_eq!(found, next);
                prop_assert_eq!(database.get(TreeName::Keys, &from).unwrap(), expected.get(from.as_slice()).cloned());
            }
            prop_assert_eq!(database.last_commit(), commit);
            database.verify(|_| Ok(())).unwrap();
        }
    }
}
