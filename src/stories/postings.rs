//! Which entries hold a hash: a table of pairs, eight bytes each.

/// Pairs of a hash and an entry's place. Open addressing; a hash may have many places.
#[derive(Debug, Default)]
pub(super) struct Postings {
    shards: Vec<Shard>,
}

/// Tables grow one at a time, so that no insertion waits for all of them.
const SHARD_BITS: u32 = 8;

impl Postings {
    pub fn insert(&mut self, hash: u32, place: u32) {
        if self.shards.is_empty() {
            self.shards.resize_with(1 << SHARD_BITS, Shard::default);
        }
        let (shard, rest) = split(hash);
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.insert(rest, place);
        }
    }

    pub fn remove(&mut self, hash: u32, place: u32) {
        let (shard, rest) = split(hash);
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.remove(rest, place);
        }
    }

    /// The places of a hash, in no particular order.
    pub fn places(&self, hash: u32) -> impl Iterator<Item = u32> {
        let (shard, rest) = split(hash);
        self.shards.get(shard).into_iter().flat_map(move |shard| shard.places(rest))
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.slots.capacity() * size_of::<Slot>()).sum::<usize>()
            + self.shards.capacity() * size_of::<Shard>()
    }
}

/// The shard of a hash, and what tells hashes apart within it. The smallest hashes of texts are what is looked for, so
/// that the upper bits say little: all bits are mixed first.
fn split(hash: u32) -> (usize, u32) {
    let mixed = hash.wrapping_mul(0x9E37_79B1);
    let mixed = mixed ^ (mixed >> 15);
    ((mixed >> (32 - SHARD_BITS)) as usize, mixed)
}

/// A hash and a place, one more than it is: 0 stands for a free slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slot {
    hash: u32,
    place: u32,
}

#[derive(Debug, Default)]
struct Shard {
    slots: Vec<Slot>,
    used: usize,
}

impl Shard {
    fn home(&self, hash: u32) -> usize {
        // A multiplicative hash once more: `split` has used up the upper bits.
        (hash.wrapping_mul(0x85EB_CA6B) >> 8) as usize & self.slots.len().wrapping_sub(1)
    }

    fn next(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    fn insert(&mut self, hash: u32, place: u32) {
        if (self.used + 1) * 5 > self.slots.len() * 4 {
            let slots = vec![Slot::default(); (self.slots.len() * 2).max(16)];
            for slot in std::mem::replace(&mut self.slots, slots).into_iter().filter(|slot| slot.place != 0) {
                self.put(slot);
            }
        }
        self.put(Slot { hash, place: place + 1 });
        self.used += 1;
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.hash);
        while self.slots[at].place != 0 {
            at = self.next(at);
        }
        self.slots[at] = slot;
    }

    fn places(&self, hash: u32) -> impl Iterator<Item = u32> {
        let mut at = self.home(hash);
        std::iter::from_fn(move || {
            loop {
                let slot = *self.slots.get(at).filter(|slot| slot.place != 0)?;
                at = self.next(at);
                if slot.hash == hash {
                    return Some(slot.place - 1);
                }
            }
        })
    }

    fn remove(&mut self, hash: u32, place: u32) {
        let sought = Slot { hash, place: place + 1 };
        if self.slots.is_empty() {
            return;
        }
        let mut gap = self.home(hash);
        while self.slots[gap] != sought {
            if self.slots[gap].place == 0 {
                return;
            }
            gap = self.next(gap);
        }
        // What stands behind the gap moves up, unless it would come to stand before its home.
        let mut at = self.next(gap);
        while self.slots[at].place != 0 {
            let home = self.home(self.slots[at].hash);
            let mask = self.slots.len() - 1;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.slots[gap] = self.slots[at];
                gap = at;
            }
            at = self.next(at);
        }
        self.slots[gap] = Slot::default();
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_a_set_of_pairs_holds(steps in proptest::collection::vec((any::<bool>(), 0_u32..40, 0_u32..6), 0..400)) {
            let (mut table, mut pairs) = (Postings::default(), BTreeSet::new());
            for (insert, hash, place) in steps {
                let hash = hash.wrapping_mul(0x1234_5679);
                if insert && pairs.insert((hash, place)) {
                    table.insert(hash, place);
                } else if !insert {
                    pairs.remove(&(hash, place));
                    table.remove(hash, place);
                }
            }
            for hash in (0..40).map(|hash: u32| hash.wrapping_mul(0x1234_5679)) {
                let held: BTreeSet<u32> = table.places(hash).collect();
                let expected: BTreeSet<u32> = pairs.iter().filter(|pair| pair.0 == hash).map(|pair| pair.1).collect();
                prop_assert_eq!(held, expected);
            }
        }
    }
}
