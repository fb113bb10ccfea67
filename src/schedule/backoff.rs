use chrono::TimeDelta;

use super::Spread;

/// The longest wait between two polls of a source that fails.
pub(super) const LONGEST_BACKOFF: TimeDelta = TimeDelta::hours(24);

/// How long after the start of the last of `failures` failed polls the next may begin: `base`, doubled for each failure
/// after the first, a fifth more or less, at most a day.
pub(super) fn backoff(base: TimeDelta, failures: u32, spread: Spread) -> TimeDelta {
    let base = base.clamp(TimeDelta::seconds(1), LONGEST_BACKOFF);
    // A day is less than 2^17 seconds, so more doublings change nothing.
    let doublings = failures.saturating_sub(1).min(17);
    let doubled = TimeDelta::seconds(base.num_seconds() << doublings).min(LONGEST_BACKOFF);
    spread.jitter(doubled, failures).min(LONGEST_BACKOFF)
}
