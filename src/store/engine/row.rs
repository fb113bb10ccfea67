//! One row of the database: a sorted run of items, packed.
//!
//! sled keeps at most seventeen rows on a page and some hundred bytes in memory for each page, whatever their size. A row of
//! its own for every item would take ten times the memory and the disk; so rows hold many.
//!
//! An item is: how many bytes its key shares with the key before it, the rest of the key, its value. Lengths are LEB128.

/// A key and its value.
pub(in crate::store) type Item = (Vec<u8>, Vec<u8>);

/// A row that does not read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotARow;

/// Packs items, which come sorted by key.
#[derive(Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
    key: Vec<u8>,
}

impl Packer {
    /// For a row of so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), key: Vec::with_capacity(64) }
    }

    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        let shared = key.iter().zip(&self.key).take_while(|(a, b)| a == b).count();
        put_length(&mut self.bytes, shared);
        put_length(&mut self.bytes, key.len() - shared);
        self.bytes.extend_from_slice(&key[shared..]);
        put_length(&mut self.bytes, value.len());
        self.bytes.extend_from_slice(value);
        self.key.truncate(shared);
        self.key.extend_from_slice(&key[shared..]);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The row packed so far; what is added next begins another.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.key.clear();
        std::mem::take(&mut self.bytes)
    }
}

/// The most bytes that an item takes when packed.
pub(super) fn packed_size(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + 6
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<Item>, NotARow> {
    let mut items = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((key, value)) = reader.next()? {
        items.push((key.to_vec(), value.to_vec()));
    }
    Ok(items)
}

/// The value of a key, if the row has it.
pub(super) fn find<'a>(bytes: &'a [u8], wanted: &[u8]) -> Result<Option<&'a [u8]>, NotARow> {
    let mut reader = Reader::new(bytes);
    while let Some((key, value)) = reader.next()? {
        match key.cmp(wanted) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => return Ok(Some(value)),
            std::cmp::Ordering::Greater => return Ok(None),
        }
    }
    Ok(None)
}

/// The key of the last item; empty if there is none.
pub(super) fn last_key(bytes: &[u8]) -> Result<Vec<u8>, NotARow> {
    let mut reader = Reader::new(bytes);
    while reader.next()?.is_some() {}
    Ok(reader.key)
}

/// Reads a packed row from its start.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, key: Vec::new() }
    }

    #[expect(
        clippy::type_complexity,
        reason = "a key that is borrowed for less long than its value has no shorter name"
    )]
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], &'a [u8])>, NotARow> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let shared = self.length()?;
        if shared > self.key.len() {
            return Err(NotARow);
        }
        let own = self.length()?;
        let own = self.take(own)?;
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        let length = self.length()?;
        let value = self.take(length)?;
        Ok(Some((&self.key, value)))
    }

    fn length(&mut self) -> Result<usize, NotARow> {
        let mut length = 0_usize;
        for shift in (0..35).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(NotARow)?;
            self.rest = rest;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err(NotARow)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], NotARow> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(NotARow)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn put_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_found_again(map in btree_map(vec(0_u8..4, 0..40), vec(any::<u8>(), 0..300), 0..40), other in vec(0_u8..4, 0..4)) {
            let items: Vec<Item> = map.clone().into_iter().collect();
            let mut packer = Packer::default();
            items.iter().for_each(|(key, value)| packer.add(key, value));
            prop_assert!(packer.len() <= items.iter().map(|(key, value)| packed_size(key, value)).sum());
            let bytes = packer.take();
            for (key, value) in &map {
                prop_assert_eq!(find(&bytes, key), Ok(Some(value.as_slice())));
            }
            prop_assert_eq!(find(&bytes, &other), Ok(map.get(&other).map(Vec::as_slice)));
            prop_assert_eq!(unpack(&bytes), Ok(items));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
            let _ = find(&bytes, b"key");
        }
    }
}
