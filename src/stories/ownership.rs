//! Which copy of a story is shown, and when the story is dated.

use chrono::{DateTime, Duration, Utc};

use crate::{
    model::{SourceId, SourceNumber},
    store::Copy,
};

/// What the admin says of a source, as far as it decides between copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rank {
    /// Higher is preferred.
    pub priority: i64,
    pub id: SourceId,
}

/// Puts the copy to be shown first: the admin's priority, then the original before an aggregator's copy, then the
/// publisher's own earliest date, then the source's id, then the link. Copies of one source that agree in all of this stay in the
/// order in which they are given. The order in which sources were polled plays no part.
pub fn best_first(copies: &mut [Copy], rank: impl Fn(SourceNumber) -> Rank) {
    copies.sort_by(|a, b| {
        let (rank_a, rank_b) = (rank(a.source), rank(b.source));
        let undated_last = |copy: &Copy| copy.published.unwrap_or(DateTime::<Utc>::MAX_UTC);
        rank_b
            .priority
            .cmp(&rank_a.priority)
            .then_with(|| a.originality.cmp(&b.originality))
            .then_with(|| undated_last(a).cmp(&undated_last(b)))
            .then_with(|| rank_a.id.cmp(&rank_b.id))
            .then_with(|| a.link.cmp(&b.link))
    });
}

/// The most that a copy's earlier date counts.
const PULL_BACK: Duration = Duration::hours(48);

/// When a story counts as updated: when its first copy appeared, or when its owner last changed it materially.
///
/// A late copy thus adds its source without making the story new again. A copy that is dated long before the owner pulls the
/// story back by [`PULL_BACK`] at most: another publisher's wrong date must not bury it.
pub fn story_updated(copies_best_first: &[Copy]) -> Option<DateTime<Utc>> {
    let owner = copies_best_first.first()?;
    let earliest = copies_best_first.iter().map(|copy| copy.first_dated).min()?;
    let appeared = earliest.max(owner.first_dated - PULL_BACK);
    let revised = owner.revised;
    Some(revised.map_or(appeared, |revised| revised.max(appeared)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::EntryNumber,
        store::Originality::{self, Claimed, Elsewhere, Own},
    };

    fn copy(entry: u64, originality: Originality, hour: Option<u32>) -> Copy {
        let at = |hour: u32| DateTime::from_timestamp(1_790_000_000 + i64::from(hour) * 3600, 0).unwrap_or_default();
        Copy {
            entry: EntryNumber(entry),
            source: SourceNumber(entry as u32),
            link: None,
            originality,
            published: hour.map(at),
            first_dated: at(hour.unwrap_or(12)),
            revised: None,
            topics: Vec::new(),
        }
    }

    fn owner(copies: &[Copy], priorities: &[i64]) -> u64 {
        let mut copies = copies.to_vec();
        let rank = |source: SourceNumber| Rank {
            priority: priorities.get(source.0 as usize).copied().unwrap_or(0),
            id: SourceId::new(format!("source-{}", source.0)),
        };
        best_first(&mut copies, rank);
        copies.reverse();
        best_first(&mut copies, rank);
        copies[0].entry.0
    }

    #[test]
    fn priority_beats_originality_beats_date_beats_name() {
        let late_original = copy(1, Own, Some(9));
        let early_copy = copy(2, Elsewhere, Some(8));
        assert_eq!(owner(&[early_copy.clone(), late_original.clone()], &[]), 1, "the original before the aggregator");
        assert_eq!(owner(&[early_copy, late_original.clone()], &[0, 0, 5]), 2, "but the admin's word comes first");
        assert_eq!(owner(&[late_original.clone(), copy(3, Own, Some(8))], &[]), 3, "the earlier of two originals");
        assert_eq!(owner(&[late_original.clone(), copy(3, Own, None)], &[]), 1, "a copy without a date last");
        assert_eq!(owner(&[copy(3, Own, Some(9)), late_original], &[]), 1, "at equal dates the source's id");
    }

    #[test]
    fn a_late_copy_does_not_make_a_story_new() {
        let first = copy(1, Own, Some(8));
        let late = copy(2, Own, Some(11));
        assert_eq!(story_updated(&[late, first.clone()]), Some(first.first_dated));
    }

    #[test]
    fn a_claim_is_worth_less_than_the_admins_word_and_an_old_date_buries_nobody() {
        let victim = copy(1, Own, Some(1000));
        let hostile = copy(2, Claimed, Some(0));
        assert_eq!(owner(&[hostile.clone(), victim.clone()], &[]), 1);
        assert_eq!(owner(&[hostile.clone(), copy(3, Elsewhere, Some(0))], &[]), 2);
        let earliest = victim.first_dated - PULL_BACK;
        assert_eq!(story_updated(&[victim, hostile]), Some(earliest));
    }

    #[test]
    fn only_the_owners_revision_moves_the_date() {
        let mut shown = copy(1, Own, Some(8));
        let mut other = copy(2, Own, Some(9));
        other.revised = Some(other.first_dated + chrono::Duration::hours(5));
        assert_eq!(story_updated(&[shown.clone(), other.clone()]), Some(shown.first_dated));
        shown.revised = Some(shown.first_dated + chrono::Duration::hours(2));
        assert_eq!(story_updated(&[shown.clone(), other]), shown.revised);
    }
}
