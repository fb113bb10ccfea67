//! From comparisons of two to groups of copies.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{copy_index::Link, same_text::Verdict};
use crate::model::EntryNumber;

/// An entry and the date it is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dated {
    pub dated: Option<DateTime<Utc>>,
    pub entry: EntryNumber,
}

/// The admin's word on two entries, which stands against every comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    Join(EntryNumber, EntryNumber),
    Split(EntryNumber, EntryNumber),
}

/// Which entries are copies of one text.
///
/// In the order of date and number each entry joins the groups that it is a copy of: those of which it shares a text with at
/// least half. So an article that quotes two others in full does not make one of them. No group holds two entries that a comparison
/// or the admin keeps apart. Whatever the order of the arguments, the result is the same: it depends on the sets alone. Groups
/// come in the order of their first entries, and so do the entries of each.
pub fn copies(entries: &[Dated], links: &[Link], told: &[Told]) -> Vec<Vec<EntryNumber>> {
    one_story(entries, &[], links, told)
}

/// Which entries are one story: [`copies`], where those of each group in `keyed` (no entry is in two of them) share a link or an
/// id as well.
///
/// What the admin joins is united first, then what a key joins, then what a text does. Within a group that shares a key no
/// comparison objects; the admin's "split" keeps apart whatever else speaks for one story.
pub fn one_story(
    entries: &[Dated],
    keyed: &[Vec<EntryNumber>],
    links: &[Link],
    told: &[Told],
) -> Vec<Vec<EntryNumber>> {
    let mut order: Vec<Dated> = entries.to_vec();
    order.sort_unstable();
    let mut groups = Groups::new(&order, keyed, links, told);
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for told in told {
        if let Told::Join(a, b) = told {
            joined.extend(groups.both(*a, *b));
        }
    }
    joined.sort_unstable();
    for (one, other) in joined {
        groups.unite_places(one, other, Condition::Told);
    }
    for place in 0..order.len() {
        let earlier = groups.keyed[place].and_then(|group| keyed.get(group)).into_iter().flatten();
        let mut earlier: Vec<usize> = earlier.filter_map(|entry| groups.places.get(entry).copied()).collect();
        earlier.retain(|other| *other < place);
        earlier.sort_unstable();
        for other in earlier {
            groups.unite_places(place, other, Condition::Told);
        }
    }
    for place in 0..order.len() {
        // The nearest group first: joining it may rule another out.
        let mut nearest: Vec<_> = groups.near[place].iter().filter(|(other, _)| *other < place).copied().collect();
        nearest.sort_unstable_by_key(|(other, closeness)| (Reverse(*closeness), *other));
        for (other, _) in nearest {
            groups.unite_places(place, other, Condition::HalfOfThePairs);
        }
    }
    groups.into_entries(&order)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    HalfOfThePairs,
    Told,
}

/// Groups while they grow. Entries go by their place in the order, groups by the place of one of their entries.
struct Groups {
    places: BTreeMap<EntryNumber, usize>,
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// By place: those that share its text, and how close they are.
    near: Vec<Vec<(usize, (u32, u32))>>,
    /// By place: those that it must not meet.
    apart: Vec<Vec<usize>>,
    /// By place: the group of those it shares a key with.
    keyed: Vec<Option<usize>>,
}

impl Groups {
    fn new(order: &[Dated], keyed: &[Vec<EntryNumber>], links: &[Link], told: &[Told]) -> Self {
        let places: BTreeMap<_, _> = order.iter().zip(0..).map(|(dated, place)| (dated.entry, place)).collect();
        let mut keyed_by_place = vec![None; order.len()];
        for (group, entries) in keyed.iter().enumerate() {
            for place in entries.iter().filter_map(|entry| places.get(entry)) {
                keyed_by_place[*place] = Some(group);
            }
        }
        let share_a_key = |(one, other): (usize, usize)| {
            keyed_by_place[one].is_some() && keyed_by_place[one] == keyed_by_place[other]
        };
        let both = |a: &EntryNumber, b: &EntryNumber| {
            let (one, other) = (*places.get(a)?, *places.get(b)?);
            (one != other).then_some((one.min(other), one.max(other)))
        };
        let (mut near, mut apart, mut joined) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        for told in told {
            match told {
                Told::Join(a, b) => joined.extend(both(a, b)),
                Told::Split(a, b) => apart.extend(both(a, b)),
            }
        }
        for link in links {
            let Some(pair) = both(&link.entry, &link.other) else { continue };
            match link.comparison.verdict {
                Verdict::SameText(_) => {
                    near.insert(pair, link.comparison.closeness());
                }
                Verdict::Apart(_) if !joined.contains(&pair) && !share_a_key(pair) => {
                    apart.insert(pair);
                }
                Verdict::Apart(_) | Verdict::Unlike => {}
            }
        }
        let mut groups = Self {
            of: (0..order.len()).collect(),
            members: (0..order.len()).map(|place| vec![place]).collect(),
            near: vec![Vec::new(); order.len()],
            apart: vec![Vec::new(); order.len()],
            keyed: keyed_by_place,
            places,
        };
        for ((a, b), closeness) in near {
            groups.near[a].push((b, closeness));
            groups.near[b].push((a, closeness));
        }
        for (a, b) in apart {
            groups.apart[a].push(b);
            groups.apart[b].push(a);
        }
        groups
    }

    /// The places of two entries, the earlier first, if both are there.
    fn both(&self, a: EntryNumber, b: EntryNumber) -> Option<(usize, usize)> {
        let (one, other) = (*self.places.get(&a)?, *self.places.get(&b)?);
        Some((one.min(other), one.max(other)))
    }

    fn unite_places(&mut self, a: usize, b: usize, condition: Condition) {
        let (one, other) = (self.of[a], self.of[b]);
        // The smaller moves: its entries are looked through.
        let (kept, moved) =
            if self.members[one].len() < self.members[other].len() { (other, one) } else { (one, other) };
        if kept == moved || self.keeps_apart(moved, kept) {
            return;
        }
        if condition == Condition::HalfOfThePairs && !self.shares_half(moved, kept) {
            return;
        }
        let moving = std::mem::take(&mut self.members[moved]);
        for place in &moving {
            self.of[*place] = kept;
        }
        self.members[kept].extend(moving);
    }

    fn keeps_apart(&self, moved: usize, kept: usize) -> bool {
        self.members[moved].iter().flat_map(|place| &self.apart[*place]).any(|other| self.of[*other] == kept)
    }

    fn shares_half(&self, moved: usize, kept: usize) -> bool {
        let near = self.members[moved].iter().flat_map(|place| &self.near[*place]);
        let pairs = near.filter(|(other, _)| self.of[*other] == kept).count();
        pairs * 2 >= self.members[moved].len() * self.members[kept].len()
    }

    fn into_entries(self, order: &[Dated]) -> Vec<Vec<EntryNumber>> {
        let mut groups: Vec<Vec<usize>> = self.members.into_iter().filter(|members| !members.is_empty()).collect();
        groups.iter_mut().for_each(|members| members.sort_unstable());
        groups.sort_unstable();
        groups.into_iter().map(|members| members.into_iter().map(|place| order[place].entry).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::same_text::{Comparison, Likeness, Objection},
        *,
    };

    fn link(entry: u64, other: u64, verdict: Verdict) -> Link {
        let comparison = Comparison {
            verdict,
            shared_shingles: 0,
            shingles: 0,
            shared_lead: 0,
            lead: 0,
            shared_title: 0,
            title: 0,
            agreeing_numbers: 0,
            numbers: 0,
            minutes_apart: None,
            same_publisher: false,
        };
        Link { entry: EntryNumber(entry), other: EntryNumber(other), comparison }
    }

    const SAME: Verdict = Verdict::SameText(Likeness::Text);
    const APART: Verdict = Verdict::Apart(Objection::NumbersInText);

    fn dated(count: u64) -> Vec<Dated> {
        // Dates run against numbers, so that both matter.
        (1..=count)
            .map(|n| Dated { entry: EntryNumber(n), dated: DateTime::from_timestamp(10_000 - (n / 2) as i64, 0) })
            .collect()
    }

    fn groups(count: u64, links: &[Link], told: &[Told]) -> Vec<Vec<u64>> {
        let mut groups: Vec<Vec<u64>> = copies(&dated(count), links, told)
            .into_iter()
            .map(|group| group.into_iter().map(|entry| entry.0).collect())
            .filter(|group: &Vec<u64>| group.len() > 1)
            .collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups
    }

    #[test]
    fn copies_of_copies_are_one_group() {
        assert_eq!(
            groups(5, &[link(1, 2, SAME), link(3, 2, SAME), link(4, 5, SAME)], &[]),
            [vec![1, 2, 3], vec![4, 5]]
        );
    }

    #[test]
    fn what_is_kept_apart_does_not_meet_through_a_third() {
        let links = [link(1, 2, SAME), link(2, 3, SAME), link(1, 3, APART)];
        assert_eq!(groups(3, &links, &[]), [vec![2, 3]], "3 and 2 come first");
    }

    #[test]
    fn an_article_that_quotes_two_others_joins_one_of_them() {
        let one = [link(1, 2, SAME), link(2, 3, SAME), link(1, 3, SAME)];
        let other = [link(4, 5, SAME), link(5, 6, SAME), link(4, 6, SAME)];
        let quotes = [1, 2, 3, 4, 5, 6].map(|other| link(7, other, SAME));
        let links = [&one[..], &other, &quotes].concat();
        assert_eq!(groups(7, &links, &[]).iter().map(Vec::len).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn the_admins_word_stands_against_comparisons() {
        let [one, two] = [EntryNumber(1), EntryNumber(2)];
        assert_eq!(groups(2, &[link(1, 2, SAME)], &[Told::Split(two, one)]), Vec::<Vec<u64>>::new());
        assert_eq!(groups(2, &[link(1, 2, APART)], &[Told::Join(two, one)]), [vec![1, 2]]);
        assert_eq!(groups(2, &[], &[Told::Join(one, two)]), [vec![1, 2]]);
        assert_eq!(groups(2, &[], &[Told::Join(one, EntryNumber(9))]), Vec::<Vec<u64>>::new(), "an entry that is gone");
    }

    #[test]
    fn a_key_joins_whatever_a_comparison_objects_and_the_admin_parts_what_shares_one() {
        let entries = |groups: &[&[u64]]| -> Vec<Vec<EntryNumber>> {
            groups.iter().map(|group| group.iter().map(|entry| EntryNumber(*entry)).collect()).collect()
        };
        let stories = |keyed: &[&[u64]], links: &[Link], told: &[Told]| {
            let mut stories: Vec<Vec<u64>> = one_story(&dated(4), &entries(keyed), links, told)
                .into_iter()
                .map(|story| story.into_iter().map(|entry| entry.0).collect())
                .collect();
            stories.iter_mut().for_each(|story: &mut Vec<u64>| story.sort_unstable());
            stories.sort();
            stories
        };
        assert_eq!(stories(&[&[1, 2]], &[link(1, 2, APART)], &[]), [vec![1, 2], vec![3], vec![4]]);
        let split = Told::Split(EntryNumber(1), EntryNumber(2));
        assert_eq!(stories(&[&[1, 2]], &[link(1, 2, SAME)], &[split]), [vec![1], vec![2], vec![3], vec![4]]);
        assert_eq!(
            stories(&[&[1, 2], &[3, 4]], &[link(2, 3, SAME)], &[]),
            [vec![1, 2], vec![3, 4]],
            "one pair of four"
        );
        let half = [link(2, 3, SAME), link(1, 4, SAME)];
        assert_eq!(stories(&[&[1, 2], &[3, 4]], &half, &[]), [vec![1, 2, 3, 4]]);
        let objected = [half[0], half[1], link(1, 3, APART)];
        assert_eq!(stories(&[&[1, 2], &[3, 4]], &objected, &[]), [vec![1, 2], vec![3, 4]]);
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_makes_no_difference(
            pairs in proptest::collection::vec((1_u64..=12, 1_u64..=12, any::<bool>()), 0..30),
            seed in Just((0_usize..30).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut seen = BTreeSet::new();
            let links: Vec<Link> = pairs
                .iter()
                .filter(|(a, b, _)| a != b && seen.insert((a.min(b), a.max(b))))
                .map(|(a, b, same)| link(*a, *b, if *same { SAME } else { APART }))
                .collect();
            let mut shuffled: Vec<Link> = seed.iter().filter_map(|place| links.get(*place)).copied().collect();
            for link in shuffled.iter_mut().step_by(2) {
                std::mem::swap(&mut link.entry, &mut link.other);
            }
            let expected = copies(&dated(12), &links, &[]);
            let mut turned = dated(12);
            turned.reverse();
            prop_assert_eq!(copies(&turned, &shuffled, &[]), expected.clone());
            for group in &expected {
                for Link { entry, other, comparison } in &links {
                    let both = group.contains(entry) && group.contains(other);
                    prop_assert!(comparison.verdict == SAME || !both);
                }
            }
        }
    }
}
