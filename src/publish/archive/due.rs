//! When stories that wait for their topic's archive become a page of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// When a page is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveRules {
    /// Stories of a page, and as many make one due.
    pub page: usize,
    /// A story that the current feed does not show waits for so long.
    pub hidden_for: Duration,
    /// No story waits for longer.
    pub longest_wait: Duration,
    /// For how long stories are kept: none may be gone before it is in its archive.
    pub retention: Duration,
}

impl ArchiveRules {
    /// As usual, where stories are kept for so long.
    pub fn new(retention: Duration) -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        let (hidden_for, longest_wait) = (DAY.min(retention / 4), (30 * DAY).min(retention / 4));
        Self { page: 50, hidden_for, longest_wait, retention }
    }

    /// A story that was updated before this will soon be gone.
    fn horizon(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let soon = Duration::from_secs(2 * 86_400).min(self.retention / 4);
        let age = TimeDelta::from_std(self.retention.saturating_sub(soon)).ok()?;
        now.checked_sub_signed(age)
    }
}

/// A story that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) joined: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    /// The current feed does not show it.
    pub(super) is_hidden: bool,
}

/// Whether those who wait are to become a page now.
pub(super) fn is_due(waiting: &[Waiting], rules: &ArchiveRules, now: DateTime<Utc>) -> bool {
    let waits_for = |one: &Waiting, time: Duration| {
        TimeDelta::from_std(time).is_ok_and(|time| now.signed_duration_since(one.joined) >= time)
    };
    waiting.len() >= rules.page
        || waiting.iter().any(|one| {
            waits_for(one, rules.longest_wait)
                || (one.is_hidden && waits_for(one, rules.hidden_for))
                || rules.horizon(now).is_some_and(|horizon| one.updated < horizon)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_made_when_it_is_full_or_before_anybody_misses_a_story() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        let hours = |hours: i64| now - TimeDelta::hours(hours);
        let long = ArchiveRules::new(Duration::from_secs(400 * 86_400));
        let short = ArchiveRules::new(Duration::from_secs(4 * 86_400));
        let one = |joined: i64, updated: i64, is_hidden| Waiting {
            joined: hours(joined),
            updated: hours(updated),
            is_hidden,
        };
        for (what, rules, waiting, expected) in [
            ("nobody waits", long, vec![], false),
            ("somebody has come", long, vec![one(1, 1, false)], false),
            ("as many as a page holds", long, vec![one(1, 1, false); 50], true),
            ("one less", long, vec![one(1, 1, false); 49], false),
            ("shown for weeks", long, vec![one(29 * 24, 29 * 24, false)], false),
            ("for 30 days", long, vec![one(30 * 24, 30 * 24, false)], true),
            ("not shown, since this morning", long, vec![one(1, 1, false), one(23, 23, true)], false),
            ("not shown, since yesterday", long, vec![one(24, 24, true), one(1, 1, false)], true),
            ("old news that joined just now", long, vec![one(0, 398 * 24 - 1, false)], false),
            ("old news that will soon be gone", long, vec![one(0, 398 * 24 + 1, false)], true),
            ("stories are kept for four days only", short, vec![one(23, 23, false)], false),
            ("no story waits for longer than a quarter of that", short, vec![one(24, 24, false)], true),
            ("the clock was set back", long, vec![one(-9_999, 0, true)], false),
        ] {
            assert_eq!(is_due(&waiting, &rules, now), expected, "{what}");
        }
    }
}
