//! What time it is for whoever removes news for its age.
//!
//! A clock that is put forward by a year, by a dead battery or a slip of the hand, would have everything removed that is kept
//! for less. So time that nobody saw pass counts only once a publisher's clock agrees, or newsdesk has run for a day with it.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// The clock may be ahead by so much of what we have seen pass: newsdesk was off, or the machine slept.
const AHEAD: TimeDelta = TimeDelta::days(7);

/// A clock that stays further ahead for so long, while newsdesk runs, is believed: it was off for weeks.
const UNTIL_BELIEVED: Duration = Duration::from_secs(24 * 3600);

/// The time that retention goes by. It follows the clock, but for jumps.
#[derive(Debug)]
pub(super) struct RetentionTime {
    /// What the clock said when it was last believed, and when that was; `None` where nothing was ever read.
    believed: Option<(DateTime<Utc>, Instant)>,
    doubted_since: Option<Instant>,
}

impl RetentionTime {
    /// `last_read` is when anything was last read, as was believed then.
    pub(super) fn new(last_read: Option<DateTime<Utc>>, moment: Instant) -> Self {
        Self { believed: last_read.map(|read| (read, moment)), doubted_since: None }
    }

    /// The time for retention when the clock says `now`, and others agree or not: that, or what we have seen pass since it was
    /// last believed.
    pub(super) fn at(&mut self, now: DateTime<Utc>, is_agreed: bool, moment: Instant) -> DateTime<Utc> {
        if let Some((time, then)) = self.believed.filter(|_| !is_agreed) {
            let passed = TimeDelta::from_std(moment.saturating_duration_since(then)).unwrap_or(TimeDelta::MAX);
            let seen = time.checked_add_signed(passed).unwrap_or(now);
            let is_ahead = now - seen > AHEAD;
            let since = *self.doubted_since.get_or_insert(moment);
            if is_ahead && moment.saturating_duration_since(since) < UNTIL_BELIEVED {
                return seen;
            }
        }
        self.believed = Some((now, moment));
        self.doubted_since = None;
        now
    }

    /// Whether the clock is not believed at present.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubted_since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + day * 86_400, 0).expect("a time")
    }

    #[test]
    fn it_follows_the_clock_but_for_jumps_ahead() {
        let start = Instant::now();
        let hours = |hours: u64| start + Duration::from_secs(hours * 3600);
        let mut time = RetentionTime::new(Some(day(0)), start);
        for (what, clock, hour, expected, is_doubtful) in [
            ("a few days off", day(6), 0, day(6), false),
            ("a day later", day(7), 24, day(7), false),
            ("put forward by two years", day(737), 24, day(7), true),
            ("still so, half a day later", day(737) + TimeDelta::hours(12), 36, day(7) + TimeDelta::hours(12), true),
            ("put right", day(8), 48, day(8), false),
            ("put back by a year", day(-357), 48, day(-357), false),
            ("and right again", day(8), 48, day(-357), true),
            ("which is believed after a day", day(9), 72, day(9), false),
        ] {
            assert_eq!((time.at(clock, false, hours(hour)), time.is_doubtful()), (expected, is_doubtful), "{what}");
        }
        assert_eq!(time.at(day(30), true, hours(73)), day(30), "off for three weeks, as publishers say too");
        assert_eq!(RetentionTime::new(None, start).at(day(1_000), false, start), day(1_000), "nothing was read yet");
    }
}
