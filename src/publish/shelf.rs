use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::Edition;
use crate::model::TopicId;

/// A count of changes, by which it is known what is older than what.
pub(super) type Tick = u64;

/// An edition and what is known of the wish for it.
pub(super) struct Slot {
    pub(super) edition: Arc<Edition>,
    /// What the store held by then is in it.
    pub(super) made_at: Tick,
    /// The editions that change when this one does (`None`: everything).
    pub(super) depends_on: Vec<Option<TopicId>>,
    /// The minute in which it was last asked for; 0 if never.
    asked_at: AtomicU64,
    /// The minute from which on it is to be made again, whatever changed.
    pub(super) lasts_until: Option<u64>,
    pub(super) is_saved: AtomicBool,
}

impl Slot {
    pub(super) fn new(edition: Arc<Edition>, made_at: Tick, depends_on: Vec<Option<TopicId>>) -> Self {
        Self {
            edition,
            made_at,
            depends_on,
            asked_at: AtomicU64::new(0),
            lasts_until: None,
            is_saved: AtomicBool::new(false),
        }
    }

    pub(super) fn is_asked_for(&self, minute: u64) {
        // Most requests come in a minute that is known already; a cache line that is only read is shared by all processors.
        if self.asked_at.load(Ordering::Relaxed) != minute {
            self.asked_at.store(minute, Ordering::Relaxed);
        }
    }

    /// The minute in which it was last asked for; `None` if it never was.
    pub(super) fn asked_at(&self) -> Option<u64> {
        Some(self.asked_at.load(Ordering::Relaxed)).filter(|minute| *minute > 0)
    }
}

/// Editions by their addresses, no more bytes of them than there may be: those that nobody has asked for the longest go
/// first.
pub(super) struct Shelf {
    slots: HashMap<String, Arc<Slot>>,
    most_bytes: usize,
}

impl Shelf {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { slots: HashMap::new(), most_bytes }
    }

    pub(super) fn holds_at_most(&mut self, bytes: usize) {
        self.most_bytes = bytes;
        self.make_room();
    }

    pub(super) fn get(&self, address: &str) -> Option<&Arc<Slot>> {
        self.slots.get(address)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = (&String, &Arc<Slot>)> {
        self.slots.iter()
    }

    /// Puts it in the place of the one before it, of which it takes over when it was asked for.
    pub(super) fn put(&mut self, address: String, slot: Slot) {
        if let Some(former) = self.slots.get(&address) {
            slot.asked_at.store(former.asked_at.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.slots.insert(address, Arc::new(slot));
        self.make_room();
    }

    pub(super) fn remove(&mut self, address: &str) {
        self.slots.remove(address);
    }

    pub(super) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.slots.retain(|address, _| wanted(address));
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.values().map(|slot| slot.edition.bytes_held()).sum()
    }

    /// Whether it is less than half full: what nobody has asked for yet may be kept as well.
    pub(super) fn has_room(&self) -> bool {
        self.bytes() < self.most_bytes / 2
    }

    /// Down to nine tenths, so that not every edition that comes in looks for one to go. One edition stays, however large.
    fn make_room(&mut self) {
        let mut bytes = self.bytes();
        if bytes <= self.most_bytes {
            return;
        }
        let mut by_wish: Vec<(u64, String)> =
            self.slots.iter().map(|(address, slot)| (slot.asked_at.load(Ordering::Relaxed), address.clone())).collect();
        by_wish.sort_unstable();
        by_wish.pop();
        for (_, address) in by_wish {
            if bytes <= self.most_bytes / 10 * 9 {
                return;
            }
            if let Some(slot) = self.slots.remove(&address) {
                bytes -= slot.edition.bytes_held();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn edition(bytes: usize) -> Arc<Edition> {
        Arc::new(Edition::new("text/plain", DateTime::UNIX_EPOCH, vec![b'x'; bytes].into()))
    }

    #[test]
    fn those_that_nobody_has_asked_for_the_longest_make_room() {
        let held = edition(4_000).bytes_held();
        let mut shelf = Shelf::new(held * 3 + 100);
        for (address, asked) in [("/a", 7), ("/b", 0), ("/c", 9)] {
            shelf.put(address.into(), Slot::new(edition(4_000), 1, Vec::new()));
            if asked > 0 {
                shelf.get(address).expect("it was put").is_asked_for(asked);
            }
        }
        assert_eq!((shelf.len(), shelf.has_room()), (3, false));
        shelf.put("/a".into(), Slot::new(edition(4_000), 2, Vec::new()));
        assert_eq!(
            shelf.get("/a").expect("it was put").asked_at(),
            Some(7),
            "a newer one is as wanted as the one before"
        );
        shelf.put("/d".into(), Slot::new(edition(4_000), 1, Vec::new()));
        let mut left: Vec<&String> = shelf.slots().map(|(address, _)| address).collect();
        left.sort();
        assert_eq!(left, ["/a", "/c"], "those that were never asked for go first");
        shelf.holds_at_most(1);
        assert_eq!(shelf.len(), 1, "the one asked for last stays");
        assert!(shelf.get("/c").is_some());
    }
}
