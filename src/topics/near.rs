//! Two phrases not far from each other.

use super::{
    lexicon::Side,
    matcher::Hit,
    reading::{Reading, Span},
};

/// Pairs of a left and a right hit, each used once, at most `distance` words apart and not overlapping.
pub(super) fn near(hits: &[Hit], distance: u32, reading: &Reading, spans: &mut Vec<Span>) {
    let middle = hits.partition_point(|hit| hit.side == Side::Left);
    let (left, right) = hits.split_at(middle);
    let mut first = 0;
    for one in left {
        // Left hits come in order, so what is too far before this one is too far before the rest.
        while right.get(first).is_some_and(|other| other.span.last + distance < one.span.first) {
            first += 1;
        }
        let reach = right[first..].iter().take_while(|other| other.span.first <= one.span.last + distance);
        let partner = reach
            .enumerate()
            .find(|(_, other)| !one.span.overlaps(other.span) && reading.is_one_text(one.span, other.span));
        if let Some((further, other)) = partner {
            first += further + 1;
            let (from, to) = (one.span.first.min(other.span.first), one.span.last.max(other.span.last));
            spans.push(Span { first: from, last: to });
        }
    }
}
