use std::{collections::BTreeMap, ops::Deref};

use sled::IVec;

use super::{
    database::{Database, Write, piece_key},
    row::{self, Item, Packer},
    trees::TreeName,
    value,
};
use crate::store::{CommitNumber, StoreError};

/// What one commit changes, row by row. Reads through it see what it has changed, and each row is read once, be it to look
/// something up or to change it. What it has read holds until the next commit.
pub(in crate::store) struct Work<D> {
    database: D,
    as_of: CommitNumber,
    rows: BTreeMap<(TreeName, Vec<u8>), Touched>,
}

/// A row's first key and its items, packed.
pub(super) type Packed = (Vec<u8>, Vec<u8>);

/// A row that is read or changed.
struct Touched {
    /// Its first piece as the database has it.
    first: Option<IVec>,
    /// Its items as the database has them.
    packed: Vec<u8>,
    /// The last of their keys; empty if there is none.
    last: Vec<u8>,
    /// The key of the next row in the database, if there is one: this row's keys are all less. Asked for once it matters.
    until: Option<Option<Vec<u8>>>,
    /// `None` removes.
    edits: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<D: Deref<Target = Database>> Work<D> {
    pub(in crate::store) fn new(database: D) -> Self {
        let as_of = database.last_commit();
        Self { database, as_of, rows: BTreeMap::new() }
    }

    /// Whether it reads from this database, and nothing was committed since it began.
    pub(in crate::store) fn is_of(&self, database: &Database) -> bool {
        std::ptr::eq(&raw const *self.database, database) && self.as_of == database.last_commit()
    }

    /// The first items of the database whose keys begin so, in order, at most `limit`; what is changed here is not seen.
    pub(in crate::store) fn stored(
        &mut self,
        tree: TreeName,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let row = self.row_for(tree, prefix)?;
        let mut items = Vec::new();
        let mut old = row::Reader::new(&row.packed);
        while let Some((key, value)) = old.next().map_err(not_a_row)? {
            match key.starts_with(prefix) {
                true if items.len() < limit => items.push((key.to_vec(), value.to_vec())),
                false if key < prefix => {}
                _ => return Ok(items),
            }
        }
        // The next row may begin with more.
        self.database.prefixed(tree, prefix).take(limit).collect()
    }

    pub(in crate::store) fn get(&mut self, tree: TreeName, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        let row = self.row_for(tree, key)?;
        match row.edits.get(key) {
            Some(edit) => Ok(edit.as_deref()),
            None => row::find(&row.packed, key).map_err(not_a_row),
        }
    }

    pub(in crate::store) fn remove(&mut self, tree: TreeName, key: &[u8]) -> Result<(), StoreError> {
        self.row_for(tree, key)?.edits.insert(key.to_vec(), None);
        Ok(())
    }

    pub(in crate::store) fn put(&mut self, tree: TreeName, key: Vec<u8>, value: Vec<u8>) -> Result<(), StoreError> {
        self.row_for(tree, &key)?.edits.insert(key, Some(value));
        Ok(())
    }

    /// The row that a key is in or belongs in: the last whose own key is not greater. The very first row has the empty key, so
    /// that there is one for every key.
    fn row_for(&mut self, tree: TreeName, key: &[u8]) -> Result<&mut Touched, StoreError> {
        let place = (tree, key.to_vec());
        let mut at = None;
        if let Some((place, touched)) = self.rows.range_mut((tree, Vec::new())..=place).next_back()
            && touched.has_place_for(key, || self.database.row_key_after(tree, &place.1))?
        {
            at = Some(place.clone());
        }
        let place = match at {
            Some(place) => place,
            None => {
                let (row, first, packed) = match self.database.row_for(tree, key)? {
                    Some(stored) => {
                        let packed = self.database.unpacked(tree, &stored)?;
                        (stored.row, Some(stored.first), packed)
                    }
                    None => (Vec::new(), None, Vec::new()),
                };
                let last = row::last_key(&packed).map_err(not_a_row)?;
                let read = Touched { first, packed, last, until: None, edits: BTreeMap::new() };
                let place = (tree, row);
                self.rows.insert(place.clone(), read);
                place
            }
        };
        self.rows
            .get_mut(&place)
            .ok_or(StoreError::Record { what: "row", cause: "it was touched and is not there".into() })
    }

    /// What is to be written, row by row. Nothing is yet.
    pub(in crate::store) fn writes(self) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        for ((tree, row), touched) in self.rows {
            if touched.edits.is_empty() {
                continue;
            }
            let rows = touched.written(tree)?;
            if rows.is_empty() {
                write_row(&mut writes, &self.database, tree, row, touched.first, None)?;
                continue;
            }
            // The first goes on under the row's own key, which may be less than any in it.
            let mut kept = Some((row, touched.first));
            for (first, packed) in rows {
                let (key, old) = kept.take().unwrap_or((first, None));
                write_row(&mut writes, &self.database, tree, key, old, Some(&packed))?;
            }
        }
        Ok(writes)
    }
}

impl Touched {
    /// Whether a key that is not less than the row's own is in the row or belongs in it.
    fn has_place_for(
        &mut self,
        key: &[u8],
        next: impl FnOnce() -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<bool, StoreError> {
        if key <= self.last.as_slice() {
            return Ok(true);
        }
        let until = match &self.until {
            Some(until) => until,
            None => self.until.insert(next()?),
        };
        Ok(until.as_ref().is_none_or(|until| key < until.as_slice()))
    }

    /// The row with its edits, cut where it is too long: each part with its first key. Empty if nothing is left.
    fn written(&self, tree: TreeName) -> Result<Vec<Packed>, StoreError> {
        let puts = self.edits.iter().filter_map(|(key, value)| Some(row::packed_size(key, value.as_ref()?)));
        let size = self.packed.len() + puts.sum::<usize>();
        let mut rows = Rows::of(tree.row_bytes());
        let mut edits = self.edits.iter().peekable();
        let mut old = row::Reader::new(&self.packed);
        let mut grows_at_its_end = true;
        while let Some((key, value)) = old.next().map_err(not_a_row)? {
            while let Some((edited, edit)) = edits.next_if(|(edited, _)| edited.as_slice() < key) {
                grows_at_its_end = false;
                rows.extend(edited, edit.as_deref());
            }
            match edits.next_if(|(edited, _)| edited.as_slice() == key) {
                Some((_, edit)) => rows.extend(key, edit.as_deref()),
                None => rows.extend(key, Some(value)),
            }
        }
        let at_end = edits.peek().is_some();
        edits.for_each(|(key, edit)| rows.extend(key, edit.as_deref()));
        let is_appended_to = grows_at_its_end && at_end;
        if !is_appended_to && !rows.finished.is_empty() {
            return self.written_evenly(tree, size);
        }
        Ok(rows.finish())
    }

    /// A row that grows in its middle is cut into parts of equal length, so that each has room.
    fn written_evenly(&self, tree: TreeName, size: usize) -> Result<Vec<Packed>, StoreError> {
        let parts = size.div_ceil(tree.row_bytes()).max(2);
        let mut items: BTreeMap<Vec<u8>, Vec<u8>> = row::unpack(&self.packed).map_err(not_a_row)?.into_iter().collect();
        for (key, edit) in &self.edits {
            match edit {
                Some(value) => items.insert(key.clone(), value.clone()),
                None => items.remove(key),
            };
        }
        let mut rows = Rows::of(size.div_ceil(parts));
        items.iter().for_each(|(key, value)| rows.extend(key, Some(value)));
        Ok(rows.finish())
    }
}

/// Rows being packed, none longer than it must be.
#[derive(Default)]
pub(super) struct Rows {
    most: usize,
    packer: Packer,
    first: Option<Vec<u8>>,
    finished: Vec<Packed>,
}

impl Rows {
    /// Rows of at most so many bytes each, or one item.
    pub(super) fn of(most: usize) -> Self {
        Self { most, packer: Packer::with_capacity(most), ..Self::default() }
    }

    /// Adds an item; without a value there is nothing to add.
    pub(super) fn extend(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Some(value) = value else { return };
        if self.first.is_some() && self.packer.len() + row::packed_size(key, value) > self.most {
            self.cut();
        }
        self.first.get_or_insert_with(|| key.to_vec());
        self.packer.add(key, value);
    }

    fn cut(&mut self) {
        if let Some(first) = self.first.take() {
            self.finished.push((first, self.packer.take()));
        }
    }

    /// Whether enough rows are full for a commit.
    pub(super) fn is_worth_writing(&self) -> bool {
        self.finished.len() >= 64
    }

    /// The rows that are full.
    pub(super) fn full(&mut self) -> Vec<Packed> {
        std::mem::take(&mut self.finished)
    }

    pub(super) fn finish(mut self) -> Vec<Packed> {
        self.cut();
        self.finished
    }
}

/// Writes a row in as many pieces as it takes in the place of what it was, and removes pieces that this took and it does not.
pub(super) fn write_row(
    writes: &mut Vec<Write>,
    database: &Database,
    tree: TreeName,
    row: Vec<u8>,
    old: Option<IVec>,
    packed: Option<&[u8]>,
) -> Result<(), StoreError> {
    let mut pieces = packed.map(|packed| value::write(packed, tree.is_text())).unwrap_or_default().into_iter();
    let new = pieces.next();
    let before = old.as_ref().map_or(0, |old| value::further_pieces(old));
    let further: Vec<Vec<u8>> = pieces.collect();
    for number in 0..before.max(further.len() as u16) {
        let key = piece_key(tree, &row, number);
        let old = if number < before { database.piece(&key)? } else { None };
        writes.push(Write { key, old, new: further.get(usize::from(number)).cloned() });
    }
    writes.push(Write { key: [&[tree as u8], row.as_slice()].concat(), old, new });
    Ok(())
}

fn not_a_row(_: row::NotARow) -> StoreError {
    StoreError::Record { what: "row", cause: "it is not packed as rows are".into() }
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
                        database.write(commit, &work.writes().unwrap()).unwrap();
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
