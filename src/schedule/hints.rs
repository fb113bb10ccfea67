use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Timelike, Utc};

use crate::model::PollHints;

/// `<ttl>`: how long the feed says it may be kept; nothing for 0.
pub(super) fn time_to_live(hints: &PollHints) -> Option<TimeDelta> {
    hints.ttl_minutes.filter(|minutes| *minutes > 0).map(|minutes| TimeDelta::minutes(i64::from(minutes)))
}

/// `sy:updatePeriod` over `sy:updateFrequency`; nothing for 0.
pub(super) fn update_period(hints: &PollHints) -> Option<TimeDelta> {
    hints.update.filter(|update| update.seconds > 0).map(|update| TimeDelta::seconds(i64::from(update.seconds)))
}

/// The first moment from `at` on that is in none of the feed's `<skipHours>` and `<skipDays>` (GMT).
///
/// A feed that lists every hour, or every day, cannot mean it; that list is passed over.
pub(super) fn after_skipped(hints: &PollHints, at: DateTime<Utc>) -> DateTime<Utc> {
    let mut hours = [false; 24];
    for hour in &hints.skip_hours {
        // Old feeds write midnight as 24.
        if let Some(skipped) = hours.get_mut(usize::from(hour % 24)) {
            *skipped = true;
        }
    }
    let mut days = [false; 7];
    for day in &hints.skip_days {
        if let Some(skipped) = days.get_mut(usize::from(*day)) {
            *skipped = true;
        }
    }
    if hours.iter().all(|skipped| *skipped) {
        hours = [false; 24];
    }
    if days.iter().all(|skipped| *skipped) {
        days = [false; 7];
    }
    let is = |list: &[bool], index: u32| list.get(index as usize).copied().unwrap_or(false);
    let mut at = at;
    // Some hour of some day is open, so a week is enough.
    for _ in 0..=7 * 24 {
        if is(&days, at.weekday().num_days_from_monday()) {
            at = at.with_time(NaiveTime::MIN).single().unwrap_or(at) + TimeDelta::days(1);
        } else if is(&hours, at.hour()) {
            let into = TimeDelta::minutes(i64::from(at.minute()))
                + TimeDelta::seconds(i64::from(at.second()))
                + TimeDelta::nanoseconds(i64::from(at.nanosecond()));
            at = at - into + TimeDelta::hours(1);
        } else {
            break;
        }
    }
    at
}
