use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::GapInfo;

use super::Schedule;

/// No zone has moved its clock by more than this at once, but for crossing the date line.
const LARGEST_CLOCK_CHANGE: TimeDelta = TimeDelta::hours(3);

impl Schedule {
    /// The first tick after `now`, or `None` when there is none before the year 2101.
    ///
    /// Where the clock is put forward, a tick in the hour that does not exist fires when it ends; where the clock is put
    /// back, a tick in the hour that comes twice fires the first time. A line that runs in every hour of the day keeps its
    /// distance instead, as crontab(5) has it: its ticks are neither lost nor doubled, since the hours between are real.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // The cron crate knows the years 1970 to 2100, and chrono's arithmetic is safe well around them.
        if now.year() > 2100 {
            return None;
        }
        let now = now.max(DateTime::UNIX_EPOCH - TimeDelta::days(2));
        if self.every_hour { self.next_by_elapsed_time(now) } else { self.next_by_wall_clock(now) }
    }

    /// The shortest gap between two ticks on an undisturbed clock, or `None` if there is no tick at all.
    pub(super) fn shortest_gap(&self) -> Option<TimeDelta> {
        // Enough ticks to see every gap of a day's pattern, or decades of a yearly one; 2024 has a 29th of February.
        const TICKS: usize = 200;
        let start = DateTime::from_timestamp(1_704_067_199, 0)?.naive_utc();
        let mut previous = self.next_wall(start)?;
        let mut shortest = None;
        for _ in 0..TICKS {
            let Some(next) = self.next_wall(previous) else { break };
            let gap = next - previous;
            shortest = Some(shortest.map_or(gap, |shortest: TimeDelta| shortest.min(gap)));
            previous = next;
        }
        Some(shortest.unwrap_or(TimeDelta::days(365)))
    }

    fn next_by_wall_clock(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut wall = now.with_timezone(&self.zone()).naive_local();
        // In the hour that comes twice, the ticks already seen are passed over; elsewhere the first is after `now`.
        loop {
            wall = self.next_wall(wall)?;
            let tick = self.first_instant(wall)?;
            if tick > now {
                return Some(tick);
            }
        }
    }

    fn next_by_elapsed_time(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let offset = self.offset(now);
        let tick = (self.next_wall(now.naive_utc() + offset)? - offset).and_utc();
        let near = tick.min(now + LARGEST_CLOCK_CHANGE);
        let changed = if self.offset(near) != offset {
            near
        } else if self.offset(tick) != offset {
            tick
        } else {
            return Some(tick);
        };
        let change = self.clock_change(now, changed);
        if change >= tick && self.offset(tick) == offset {
            return Some(tick);
        }
        let wall = change.naive_utc() + self.offset(change);
        if self.next_wall(wall - TimeDelta::seconds(1))? == wall {
            return Some(change);
        }
        self.next_by_elapsed_time(change)
    }

    /// The next date and time after `wall` that the line names, on a clock that is never changed.
    fn next_wall(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        // The iterator is used for its first value only: past a change of the clock it does not go forward.
        self.lines.iter().filter_map(|line| line.after(&wall.and_utc()).next()).min().map(|tick| tick.naive_utc())
    }

    /// The first moment a clock in the zone shows `wall`, or would have shown it had it not been put forward.
    fn first_instant(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.zone().from_local_datetime(&wall) {
            MappedLocalTime::Single(instant) => Some(instant.to_utc()),
            MappedLocalTime::Ambiguous(one, other) => Some(one.min(other).to_utc()),
            MappedLocalTime::None => GapInfo::new(&wall, &self.zone())?.end.map(|end| end.to_utc()),
        }
    }

    fn offset(&self, instant: DateTime<Utc>) -> TimeDelta {
        let offset = self.zone().offset_from_utc_datetime(&instant.naive_utc());
        TimeDelta::seconds(i64::from(offset.fix().local_minus_utc()))
    }

    /// The first second at which the zone's offset is no longer that of `from`, given that it differs at `to`.
    fn clock_change(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        let offset = self.offset(from);
        let (mut before, mut after) = (from.timestamp(), to.timestamp());
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            match DateTime::from_timestamp(middle, 0) {
                Some(instant) if self.offset(instant) == offset => before = middle,
                _ => after = middle,
            }
        }
        DateTime::from_timestamp(after, 0).unwrap_or(to)
    }
}
