//! Sets of hashes, as small as they can be on the disk.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq as _};

/// Distinct 32-bit hashes in ascending order. Serialised as the steps between them, which take fewer bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hashes(Box<[u32]>);

impl Hashes {
    pub fn new(mut hashes: Vec<u32>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes.into_boxed_slice())
    }

    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Those up to and including `bound`.
    pub fn up_to(&self, bound: u32) -> &[u32] {
        &self.0[..self.0.partition_point(|hash| *hash <= bound)]
    }

    /// All but those for which `left_out` holds.
    pub fn without(&self, left_out: impl Fn(u32) -> bool) -> Self {
        Self(self.0.iter().copied().filter(|hash| !left_out(*hash)).collect())
    }

    /// Tells one set from another.
    pub fn mark(&self) -> u64 {
        let bytes: Vec<u8> = self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// How many hashes two ascending lists have in common.
pub(super) fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut left, mut right, mut shared) = (a, b, 0);
    while let (Some((first, rest_of_left)), Some((other, rest_of_right))) = (left.split_first(), right.split_first()) {
        // Without branches: which of the two is smaller cannot be guessed.
        shared += usize::from(first == other);
        left = if first <= other { rest_of_left } else { left };
        right = if other <= first { rest_of_right } else { right };
    }
    shared
}

impl Serialize for Hashes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut steps = serializer.serialize_seq(Some(self.0.len()))?;
        let mut last = 0;
        for hash in &self.0 {
            steps.serialize_element(&(hash - last))?;
            last = *hash;
        }
        steps.end()
    }
}

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut last = 0_u32;
        let mut hashes = Vec::<u32>::deserialize(deserializer)?;
        for hash in &mut hashes {
            last = last.checked_add(*hash).ok_or_else(|| serde::de::Error::custom("a hash beyond 32 bits"))?;
            *hash = last;
        }
        Ok(Self::new(hashes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_comes_back(hashes in proptest::collection::vec(any::<u32>(), 0..60)) {
            let hashes = Hashes::new(hashes);
            let bytes = postcard::to_stdvec(&hashes).expect("bytes");
            prop_assert_eq!(postcard::from_bytes::<Hashes>(&bytes).expect("hashes"), hashes);
        }

        #[test]
        fn common_counts_as_sets_do(
            a in proptest::collection::vec(0_u32..50, 0..40),
            b in proptest::collection::vec(0_u32..50, 0..40),
        ) {
            let (a, b) = (Hashes::new(a), Hashes::new(b));
            let shared = a.as_slice().iter().filter(|hash| b.as_slice().contains(hash)).count();
            prop_assert_eq!(common(a.as_slice(), b.as_slice()), shared);
        }
    }

    #[test]
    fn bytes_that_are_no_hashes_are_refused() {
        let steps = postcard::to_stdvec(&vec![u32::MAX, 5]).expect("bytes");
        assert!(postcard::from_bytes::<Hashes>(&steps).is_err());
    }
}
