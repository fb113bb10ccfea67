use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Schedule, Spread,
    backoff::backoff,
    hints::{after_skipped, time_to_live, update_period},
};
use crate::model::PollState;

/// Never more often, whoever says so.
pub(super) const SHORTEST_FLOOR: TimeDelta = TimeDelta::minutes(5);
/// A feed that gives validators: asking costs the publisher next to nothing.
const FLOOR: TimeDelta = TimeDelta::hours(1);
/// A feed that never gave any: every poll is a whole document.
const FLOOR_WITHOUT_VALIDATORS: TimeDelta = TimeDelta::hours(24);
/// The longest freshness we take at its word; some publishers promise years by mistake.
const LONGEST_FRESHNESS: TimeDelta = TimeDelta::hours(24);
const LONGEST_RETRY_AFTER: TimeDelta = TimeDelta::days(7);
/// Lifetimes count from the response, which comes this much after the start of its poll at most.
const LONGEST_POLL: TimeDelta = TimeDelta::minutes(5);
/// After so long, a source that only refuses is asked once a week.
const REFUSED_LONG: TimeDelta = TimeDelta::days(30);
const PROBE_OF_REFUSED: TimeDelta = TimeDelta::days(7);
/// After a first 410 the publisher is asked once more.
pub(super) const PROBE_OF_GONE: TimeDelta = TimeDelta::hours(24);
/// After so long of nothing but 304 one unconditional request is made.
pub(super) const LONGEST_UNCHANGED: TimeDelta = TimeDelta::days(14);
/// A source with a cron line of its own starts within this of the tick.
const SPREAD_OF_OWN: TimeDelta = TimeDelta::seconds(300);

/// The schedule of one source.
#[derive(Debug, Clone, Copy)]
pub struct SourceSchedule<'a> {
    pub schedule: &'a Schedule,
    /// The admin wrote the line for this source: it may poll more often than our floor for others, and close to its tick.
    pub own: bool,
}

/// When a source is to be polled next, and why then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Never before the `now` it was asked at; `None` for never.
    pub at: Option<DateTime<Utc>>,
    pub reason: DueReason,
}

/// What decides when a source is polled next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueReason {
    /// It has not been polled yet.
    NeverPolled,
    /// The next tick of its cron line.
    Schedule,
    /// The cron line has no further tick.
    NoTick,
    /// `Cache-Control` or `Expires`.
    Fresh,
    /// The feed's `<ttl>`.
    TimeToLive,
    /// The feed's `sy:updatePeriod`.
    UpdatePeriod,
    /// `Retry-After`, or our own answer to a 429 without one.
    RetryAfter,
    /// So many failed polls in a row.
    Backoff { failures: u32 },
    /// Our own shortest time between two polls.
    Floor { shortest: TimeDelta },
    /// The feed's `<skipHours>` or `<skipDays>`.
    SkipWindow,
    /// Refused for a month and more: one probe a week.
    Refused { since: DateTime<Utc> },
    /// A first 410: asked once more a day later.
    GoneOnce { seen: DateTime<Utc> },
    /// 410: not polled any more.
    Gone { since: DateTime<Utc> },
}

/// When the source is due, seen from `now`.
///
/// The latest of: the next tick after the last poll, the publisher's freshness, `Retry-After`, the backoff after failures, and
/// our floor between two polls; then pushed past the feed's skip windows. Ticks missed while nobody looked make one poll. A
/// last poll in the future, after the clock was put back, counts as one that began now (see
/// [`after_clock_step`](super::after_clock_step)).
pub fn next_poll(source: SourceSchedule<'_>, state: &PollState, now: DateTime<Utc>, spread: Spread) -> Due {
    if let Some(since) = state.gone_since {
        return Due { at: None, reason: DueReason::Gone { since } };
    }
    let Some(last_start) = state.last_start.map(|start| start.min(now)) else {
        return match may_poll_now(state, now) {
            Ok(()) => Due { at: Some(now), reason: DueReason::NeverPolled },
            Err(until) => Due { at: Some(until), reason: DueReason::RetryAfter },
        };
    };
    let last_response = state.last_response.map_or(last_start, |response| response.min(now));
    let floor = floor(source, state, last_response);
    let Some((mut at, passed_over)) = next_tick(source, last_start, floor, spread) else {
        return Due { at: None, reason: DueReason::NoTick };
    };
    let by_floor = DueReason::Floor { shortest: floor };
    let mut reason = if passed_over { by_floor.clone() } else { DueReason::Schedule };
    let mut not_before = |bound: DateTime<Utc>, why: DueReason| {
        if bound > at {
            (at, reason) = (bound, why);
        }
    };
    not_before(last_start + floor, by_floor);
    if let Some(fresh_until) = state.fresh_until {
        not_before(fresh_until.min(last_start + LONGEST_POLL + LONGEST_FRESHNESS), DueReason::Fresh);
    }
    if let Some(lifetime) = time_to_live(&state.hints) {
        not_before(last_response + lifetime.min(LONGEST_FRESHNESS), DueReason::TimeToLive);
    }
    if let Some(period) = update_period(&state.hints) {
        not_before(last_response + period.min(LONGEST_FRESHNESS), DueReason::UpdatePeriod);
    }
    if state.failures > 0 {
        let base = source.schedule.interval().max(floor);
        let delay = backoff(base, state.failures, spread);
        not_before(last_start + delay, DueReason::Backoff { failures: state.failures });
    }
    if let Some(since) = state.refused_since.filter(|since| last_start - *since >= REFUSED_LONG) {
        not_before(last_start + PROBE_OF_REFUSED, DueReason::Refused { since });
    }
    if let Some(seen) = state.gone_seen {
        not_before(seen.min(last_start + LONGEST_POLL) + PROBE_OF_GONE, DueReason::GoneOnce { seen });
    }
    if let Some(until) = retry_until(state, last_start) {
        not_before(until, DueReason::RetryAfter);
    }
    let at = at.max(now);
    let open = after_skipped(&state.hints, at);
    if open > at {
        // Windows end on the hour; the sources that wait for it are spread over its first minutes.
        return Due { at: Some(open + spread.offset(SPREAD_OF_OWN)), reason: DueReason::SkipWindow };
    }
    Due { at: Some(at), reason }
}

/// Whether the admin's explicit poll may go out: it passes the schedule, the floor, freshness, backoff and skip windows.
///
/// # Errors
/// The publisher asked for silence until the time given (`Retry-After`); that holds for everybody.
pub fn may_poll_now(state: &PollState, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
    let last_start = state.last_start.map_or(now, |start| start.min(now));
    match retry_until(state, last_start) {
        Some(until) if until > now => Err(until),
        _ => Ok(()),
    }
}

/// Whether the next request is to leave out its validators: the server has answered nothing but 304 for two weeks, and one
/// that does so by mistake would hide the news for ever. Asked again only two weeks later.
pub fn wants_unconditional(state: &PollState, now: DateTime<Utc>) -> bool {
    state.unchanged_since.is_some_and(|since| now - since >= LONGEST_UNCHANGED)
}

/// The first tick after the last start, moved by the source's place in time, and whether earlier ones were passed over
/// because of the floor.
fn next_tick(
    source: SourceSchedule<'_>,
    last_start: DateTime<Utc>,
    floor: TimeDelta,
    spread: Spread,
) -> Option<(DateTime<Utc>, bool)> {
    let interval = source.schedule.interval();
    let offset = spread.offset(if source.own { interval.min(SPREAD_OF_OWN) } else { interval });
    let tick_after = |time: DateTime<Utc>| Some(source.schedule.next_after(time - offset)? + offset);
    let first = tick_after(last_start)?;
    if source.own || interval > floor {
        return Some((first, false));
    }
    // Where the floor passes over ticks, waiting for it alone would keep sources that once polled together together for ever.
    let tick = tick_after(last_start + floor - LONGEST_POLL)?;
    Some((tick, tick > first))
}

/// The shortest time between two polls that nobody asked for by hand.
fn floor(source: SourceSchedule<'_>, state: &PollState, last_response: DateTime<Utc>) -> TimeDelta {
    // A lifetime of zero says that a copy must be checked, not that we may check all the time.
    let lifetime = state.explicit_freshness && state.fresh_until.is_some_and(|until| until > last_response);
    if source.own || lifetime || time_to_live(&state.hints).is_some() {
        SHORTEST_FLOOR
    } else if state.ever_validated || state.last_response.is_none() {
        FLOOR
    } else {
        FLOOR_WITHOUT_VALIDATORS
    }
}

fn retry_until(state: &PollState, last_start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    state.retry_until.map(|until| until.min(last_start + LONGEST_POLL + LONGEST_RETRY_AFTER))
}

impl fmt::Display for DueReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |time: &DateTime<Utc>| time.format("%Y-%m-%d").to_string();
        match self {
            Self::NeverPolled => write!(f, "not polled yet"),
            Self::Schedule => write!(f, "its schedule"),
            Self::NoTick => write!(f, "its schedule has no further tick"),
            Self::Fresh => write!(f, "the publisher's Cache-Control or Expires"),
            Self::TimeToLive => write!(f, "the feed's ttl"),
            Self::UpdatePeriod => write!(f, "the feed's sy:updatePeriod"),
            Self::RetryAfter => write!(f, "the publisher's Retry-After"),
            Self::Backoff { failures: 1 } => write!(f, "the last poll failed"),
            Self::Backoff { failures } => write!(f, "the last {failures} polls failed"),
            Self::Floor { shortest } if *shortest >= FLOOR => {
                write!(f, "at least {} h between two polls", shortest.num_hours())
            }
            Self::Floor { shortest } => write!(f, "at least {} min between two polls", shortest.num_minutes()),
            Self::SkipWindow => write!(f, "the feed's skipHours or skipDays"),
            Self::Refused { since } => write!(f, "refused since {}, one probe a week", day(since)),
            Self::GoneOnce { .. } => write!(f, "answered 410 Gone, asked once more after a day"),
            Self::Gone { since } => {
                write!(f, "answered 410 Gone, not polled since {}; edit or remove the source", day(since))
            }
        }
    }
}
