use std::collections::BTreeMap;

use super::texts::appeared;
use crate::{
    model::EntryNumber,
    store::{EntryRecord, Refresh},
    stories::{Dated, Link, Told},
};

/// Entries by their place in an order that does not know which came first: by date, then by what their publishers call them.
pub(super) struct Ranks {
    by_rank: Vec<EntryNumber>,
    ranks: BTreeMap<EntryNumber, EntryNumber>,
}

impl Ranks {
    pub(super) fn of(refresh: &Refresh<'_>, records: &BTreeMap<EntryNumber, EntryRecord>) -> Self {
        let mut order: Vec<_> = records
            .values()
            .map(|record| {
                let source = refresh.source_by_number(record.source).map(|(id, _)| id);
                (appeared(record), record.identity, source, record.number)
            })
            .collect();
        order.sort_unstable();
        let by_rank: Vec<EntryNumber> = order.into_iter().map(|(.., entry)| entry).collect();
        let ranks = by_rank.iter().zip(0..).map(|(entry, rank)| (*entry, EntryNumber(rank))).collect();
        Self { by_rank, ranks }
    }

    pub(super) fn dated(&self) -> Vec<Dated> {
        self.ranks.values().map(|rank| Dated { dated: None, entry: *rank }).collect()
    }

    pub(super) fn of_all(&self, entries: &[EntryNumber]) -> Vec<EntryNumber> {
        entries.iter().filter_map(|entry| self.ranks.get(entry)).copied().collect()
    }

    pub(super) fn links(&self, links: &[Link]) -> Vec<Link> {
        let ranked = |link: &Link| {
            let (entry, other) = (*self.ranks.get(&link.entry)?, *self.ranks.get(&link.other)?);
            Some(Link { entry, other, ..*link })
        };
        links.iter().filter_map(ranked).collect()
    }

    pub(super) fn told(&self, told: &[Told]) -> Vec<Told> {
        let rank = |entry: &EntryNumber| self.ranks.get(entry).copied();
        let ranked = |told: &Told| match told {
            Told::Join(a, b) => Some(Told::Join(rank(a)?, rank(b)?)),
            Told::Split(a, b) => Some(Told::Split(rank(a)?, rank(b)?)),
        };
        told.iter().filter_map(ranked).collect()
    }

    /// Groups of ranks as groups of entries, which come in the order of numbers.
    pub(super) fn entries(&self, groups: Vec<Vec<EntryNumber>>) -> Vec<Vec<EntryNumber>> {
        let entry = |rank: EntryNumber| self.by_rank.get(rank.0 as usize).copied();
        let mut groups: Vec<Vec<EntryNumber>> =
            groups.into_iter().map(|group| group.into_iter().filter_map(entry).collect()).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort_unstable();
        groups
    }
}
