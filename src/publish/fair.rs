//! Sources share an edition fairly: none crowds out the others, and no place stays empty.

use std::collections::BTreeMap;

use crate::model::SourceNumber;

/// Which of the candidates are shown, at most `limit`. `sources` says whose each candidate is, in the order in which they are
/// preferred.
///
/// Shares are max-min fair: a source that has fewer candidates than an equal share gets all of them in, and what it leaves
/// is shared equally by the others. Of each source the preferred ones are shown; of what cannot be shared equally each has
/// one at most, the most preferred first.
pub(super) fn fair_share(sources: &[SourceNumber], limit: usize) -> Vec<bool> {
    let mut candidates: BTreeMap<SourceNumber, usize> = BTreeMap::new();
    for source in sources {
        *candidates.entry(*source).or_default() += 1;
    }
    let mut counts: Vec<usize> = candidates.into_values().collect();
    counts.sort_unstable();
    // The highest level at which min(count, level) summed over all sources is within the limit.
    let (mut places, mut level) = (limit, usize::MAX);
    for (nth, count) in counts.iter().enumerate() {
        let equal = places / (counts.len() - nth);
        if *count > equal {
            level = equal;
            break;
        }
        places -= count;
    }
    let mut shown_of: BTreeMap<SourceNumber, usize> = BTreeMap::new();
    let mut is_shown = vec![false; sources.len()];
    let mut left = limit;
    for level in [level, level.saturating_add(1)] {
        for (source, is_shown) in sources.iter().zip(&mut is_shown) {
            let shown = shown_of.entry(*source).or_default();
            if left > 0 && !*is_shown && *shown < level {
                *is_shown = true;
                *shown += 1;
                left -= 1;
            }
        }
    }
    is_shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sources: &str, limit: usize) -> String {
        let numbers: Vec<_> = sources.bytes().map(|byte| SourceNumber(u32::from(byte))).collect();
        let is_shown = fair_share(&numbers, limit);
        sources.chars().zip(is_shown).filter_map(|(source, is_shown)| is_shown.then_some(source)).collect()
    }

    #[test]
    fn no_source_crowds_out_the_others_and_no_place_stays_empty() {
        let cases = [
            ("nothing to share", "", 3, ""),
            ("all fit in", "aab", 3, "aab"),
            ("one source has all places where it is alone", "aaaa", 3, "aaa"),
            ("the loud one leaves room for the quiet ones", "aaaaaabc", 4, "aabc"),
            ("what the quiet ones leave goes to the loud ones, the newest first", "aaaabbbbc", 5, "aabbc"),
            ("an odd place goes to the newest of the rest", "aaabbb", 3, "aab"),
            ("more sources than places", "abcdef", 3, "abc"),
            ("more sources than places, one loud", "aaabcd", 2, "ab"),
            ("no places", "ab", 0, ""),
        ];
        for (what, sources, limit, expected) in cases {
            assert_eq!(shown(sources, limit), expected, "{what}");
        }
    }

    proptest::proptest! {
        #[test]
        fn all_places_are_taken_and_shares_differ_only_where_candidates_are_wanting(sources in "[abcde]{0,60}", limit in 0_usize..40) {
            let shown = shown(&sources, limit);
            proptest::prop_assert_eq!(shown.len(), limit.min(sources.len()));
            let count = |text: &str, source: char| text.matches(source).count();
            for a in 'a'..='e' {
                for b in 'a'..='e' {
                    let has_more = count(&sources, a) > count(&shown, a);
                    // A source that could have had more has at most one place less than any other.
                    if has_more {
                        proptest::prop_assert!(count(&shown, b) <= count(&shown, a) + 1, "{} {}", a, b);
                    }
                }
            }
        }
    }
}
