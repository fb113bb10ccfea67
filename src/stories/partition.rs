use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{EntryNumber, SourceNumber},
    store::SharedKey,
};

/// An entry, with all by which it may be recognised as a copy of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub entry: EntryNumber,
    pub source: SourceNumber,
    pub keys: Vec<SharedKey>,
}

/// Which entries are copies of one story: those that a key joins, directly or through others.
///
/// A key that two entries of one source hold joins nobody: it is a live page or a home page, not an article. The result
/// depends on the set alone, not on its order; groups and their entries come in the order of numbers.
pub fn partition(members: &[Member]) -> Vec<Vec<EntryNumber>> {
    let mut holders: BTreeMap<SharedKey, Vec<&Member>> = BTreeMap::new();
    for member in members {
        for key in member.keys.iter().collect::<BTreeSet<_>>() {
            holders.entry(*key).or_default().push(member);
        }
    }
    let mut groups: BTreeMap<EntryNumber, BTreeSet<EntryNumber>> =
        members.iter().map(|member| (member.entry, BTreeSet::from([member.entry]))).collect();
    for sharers in holders.values() {
        let sources: BTreeSet<_> = sharers.iter().map(|member| member.source).collect();
        if sources.len() < sharers.len() {
            continue;
        }
        let mut united = BTreeSet::new();
        for member in sharers {
            united.extend(groups.get(&member.entry).into_iter().flatten().copied());
        }
        for entry in &united {
            groups.insert(*entry, united.clone());
        }
    }
    let unique: BTreeSet<Vec<EntryNumber>> = groups.into_values().map(|group| group.into_iter().collect()).collect();
    unique.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(rows: &[(u64, u32, &[&str])]) -> Vec<Member> {
        let member = |(entry, source, keys): &(u64, u32, &[&str])| Member {
            entry: EntryNumber(*entry),
            source: SourceNumber(*source),
            keys: keys.iter().map(|key| SharedKey::link(key)).collect(),
        };
        rows.iter().map(member).collect()
    }

    fn groups(rows: &[(u64, u32, &[&str])]) -> Vec<Vec<u64>> {
        partition(&members(rows)).into_iter().map(|group| group.into_iter().map(|entry| entry.0).collect()).collect()
    }

    #[test]
    fn a_link_that_two_sources_carry_joins_them() {
        assert_eq!(groups(&[(1, 1, &["x"]), (2, 2, &["x"]), (3, 3, &["y"])]), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn copies_of_copies_are_one_story() {
        assert_eq!(groups(&[(1, 1, &["x"]), (2, 2, &["x", "y"]), (3, 3, &["y"])]), [vec![1, 2, 3]]);
    }

    #[test]
    fn a_link_that_entries_of_one_source_share_joins_nobody() {
        assert_eq!(groups(&[(1, 1, &["live"]), (2, 1, &["live"]), (3, 2, &["live"])]), [vec![1], vec![2], vec![3]]);
        assert_eq!(groups(&[(1, 1, &["live", "x"]), (2, 1, &["live"]), (3, 2, &["live", "x"])]), [vec![1, 3], vec![2]]);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let rows: Vec<(u64, u32, &[&str])> = vec![
            (1, 1, &["x"]),
            (2, 2, &["x", "y"]),
            (3, 3, &["y"]),
            (4, 3, &["z"]),
            (5, 1, &["z", "w"]),
            (6, 1, &["w"]),
        ];
        let expected = groups(&rows);
        for turn in 0..rows.len() {
            let mut turned = rows.clone();
            turned.rotate_left(turn);
            assert_eq!(groups(&turned), expected);
        }
    }
}
