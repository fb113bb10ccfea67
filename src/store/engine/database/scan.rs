//! A tree's items in order.

use super::{
    super::{row, trees::TreeName},
    Database, not_a_row,
};
use crate::store::StoreError;

/// Items in order, row by row. Each is given once, also when commits split and change rows meanwhile.
pub(in crate::store) struct Scan<'a> {
    database: &'a Database,
    tree: TreeName,
    next: Next,
    last: Option<Vec<u8>>,
    /// Items with other keys are not wanted.
    prefix: Vec<u8>,
    items: std::vec::IntoIter<row::Item>,
}

enum Next {
    From(Vec<u8>),
    After(Vec<u8>),
    Nothing,
}

impl Database {
    /// The items from a key on, in order.
    pub(in crate::store) fn scan(&self, tree: TreeName, from: &[u8]) -> Scan<'_> {
        Scan {
            database: self,
            tree,
            next: Next::From(from.to_vec()),
            last: None,
            prefix: Vec::new(),
            items: Vec::new().into_iter(),
        }
    }

    /// The items whose keys begin so, in order.
    pub(in crate::store) fn prefixed(&self, tree: TreeName, prefix: &[u8]) -> Scan<'_> {
        Scan { prefix: prefix.to_vec(), ..self.scan(tree, prefix) }
    }
}

impl Scan<'_> {
    fn read_row(&mut self) -> Result<bool, StoreError> {
        let next = std::mem::replace(&mut self.next, Next::Nothing);
        let (found, from) = match next {
            Next::Nothing => return Ok(false),
            Next::From(key) => match self.database.row_for(self.tree, &key)? {
                Some(found) => (Some(found), key),
                None => (self.database.row_after(self.tree, &key)?, key),
            },
            Next::After(row) => (self.database.row_after(self.tree, &row)?, Vec::new()),
        };
        let Some(stored) = found else { return Ok(false) };
        let packed = self.database.unpacked(self.tree, &stored)?;
        let mut items = Vec::new();
        let mut reader = row::Reader::new(&packed);
        while let Some((key, value)) = reader.next().map_err(not_a_row)? {
            let is_new = match &self.last {
                Some(last) => key > last.as_slice(),
                None => key >= from.as_slice(),
            };
            if !is_new {
                continue;
            }
            if !key.starts_with(&self.prefix) {
                self.items = items.into_iter();
                return Ok(true);
            }
            items.push((key.to_vec(), value.to_vec()));
        }
        if let Some((key, _)) = items.last() {
            self.last = Some(key.clone());
        }
        self.items = items.into_iter();
        self.next = Next::After(stored.row);
        Ok(true)
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<row::Item, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            match self.read_row() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
