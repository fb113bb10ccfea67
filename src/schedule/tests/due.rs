use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::UTC;
use proptest::prelude::*;

use super::at;
use crate::{
    model::{PollHints, PollState, SourceId, UpdatePeriod},
    schedule::{Due, DueReason, Schedule, SourceSchedule, Spread, may_poll_now, next_poll, wants_unconditional},
};

/// A source that answered at 10:00 on Wednesday 4 March 2026 and gives validators.
fn answered() -> PollState {
    PollState {
        url: "https://example.org/feed".into(),
        last_start: Some(at("2026-03-04T10:00:00Z")),
        last_response: Some(at("2026-03-04T10:00:01Z")),
        ever_validated: true,
        ..PollState::default()
    }
}

fn due(line: &str, own: bool, state: &PollState, now: &str) -> Due {
    let schedule = Schedule::parse(line, UTC).unwrap();
    next_poll(SourceSchedule { schedule: &schedule, own }, state, at(now), Spread::NONE)
}

#[test]
fn when_a_source_is_due() {
    let floor = |hours| DueReason::Floor { shortest: TimeDelta::hours(hours) };
    type Change = fn(&mut PollState);
    let table: [(&str, &str, bool, Change, &str, &str, DueReason); 26] = [
        ("SCHED: the next tick", "0 * * * *", false, |_| {}, "10:01", "11:00:00", DueReason::Schedule),
        (
            "SCHED-6: an hour between two polls of a feed with validators",
            "*/15 * * * *",
            false,
            |_| {},
            "10:01",
            "11:00:00",
            floor(1),
        ),
        (
            "SCHED-6: a day for a feed that never gave any",
            "0 * * * *",
            false,
            |s| s.ever_validated = false,
            "10:01",
            "05T10:00:00",
            floor(24),
        ),
        (
            "SCHED-6: an hour for one that never answered",
            "*/15 * * * *",
            false,
            |s| {
                s.ever_validated = false;
                s.last_response = None
            },
            "10:01",
            "11:00:00",
            floor(1),
        ),
        (
            "SCHED-6: a schedule of its own goes below the floor",
            "*/15 * * * *",
            true,
            |s| s.ever_validated = false,
            "10:01",
            "10:15:00",
            DueReason::Schedule,
        ),
        (
            "SCHED-6: but not below five minutes",
            "* * * * *",
            true,
            |_| {},
            "10:01",
            "10:05:00",
            DueReason::Floor { shortest: TimeDelta::minutes(5) },
        ),
        (
            "SCHED-6: the publisher's own lifetime goes below the floor",
            "*/15 * * * *",
            false,
            |s| {
                s.fresh_until = Some(at("2026-03-04T10:10:01Z"));
                s.explicit_freshness = true
            },
            "10:01",
            "10:15:00",
            DueReason::Schedule,
        ),
        (
            "SCHED-6: a lifetime of zero is no invitation",
            "*/15 * * * *",
            false,
            |s| {
                s.fresh_until = s.last_response;
                s.explicit_freshness = true
            },
            "10:01",
            "11:00:00",
            floor(1),
        ),
        (
            "SCHED-6: a ttl goes below the floor",
            "*/15 * * * *",
            false,
            |s| s.hints.ttl_minutes = Some(20),
            "10:01",
            "10:20:01",
            DueReason::TimeToLive,
        ),
        (
            "SCHED-1: not while it is fresh",
            "0 * * * *",
            false,
            |s| {
                s.fresh_until = Some(at("2026-03-04T13:20:00Z"));
                s.explicit_freshness = true
            },
            "10:01",
            "13:20:00",
            DueReason::Fresh,
        ),
        (
            "SCHED-1: not even with a schedule of its own",
            "*/10 * * * *",
            true,
            |s| s.fresh_until = Some(at("2026-03-04T11:20:00Z")),
            "10:01",
            "11:20:00",
            DueReason::Fresh,
        ),
        (
            "SCHED-2: sixteen years of freshness are a day",
            "0 * * * *",
            false,
            |s| s.fresh_until = Some(at("2042-03-04T10:00:00Z")),
            "10:01",
            "05T10:05:00",
            DueReason::Fresh,
        ),
        (
            "SCHED-9: not before the ttl has passed",
            "0 * * * *",
            false,
            |s| s.hints.ttl_minutes = Some(180),
            "10:01",
            "13:00:01",
            DueReason::TimeToLive,
        ),
        (
            "SCHED-2: a ttl of a year is a day",
            "0 * * * *",
            false,
            |s| s.hints.ttl_minutes = Some(525_600),
            "10:01",
            "05T10:00:01",
            DueReason::TimeToLive,
        ),
        (
            "SCHED-10: not before the update period has passed",
            "0 * * * *",
            false,
            |s| s.hints.update = Some(UpdatePeriod { seconds: 7200 }),
            "10:01",
            "12:00:01",
            DueReason::UpdatePeriod,
        ),
        (
            "SCHED-10: an update period never makes us faster",
            "0 * * * *",
            false,
            |s| {
                s.ever_validated = false;
                s.hints.update = Some(UpdatePeriod { seconds: 60 })
            },
            "10:01",
            "05T10:00:00",
            floor(24),
        ),
        (
            "SCHED-3: not before Retry-After",
            "0 * * * *",
            true,
            |s| s.retry_until = Some(at("2026-03-06T08:00:00Z")),
            "10:01",
            "06T08:00:00",
            DueReason::RetryAfter,
        ),
        (
            "SCHED-4: a Retry-After of a year is a week",
            "0 * * * *",
            false,
            |s| s.retry_until = Some(at("2027-03-04T10:00:00Z")),
            "10:01",
            "11T10:05:00",
            DueReason::RetryAfter,
        ),
        (
            "SCHED-8: missed ticks make one poll, now",
            "0 * * * *",
            false,
            |_| {},
            "23:30",
            "23:30:00",
            DueReason::Schedule,
        ),
        (
            "SCHED-8: a last poll in the future counts as now",
            "0 * * * *",
            false,
            |s| s.last_start = Some(at("2026-03-09T10:00:00Z")),
            "10:01",
            "11:01:00",
            floor(1),
        ),
        (
            "SCHED-9: skipped hours are waited out",
            "0 * * * *",
            false,
            |s| s.hints.skip_hours = vec![11, 12, 13],
            "10:01",
            "14:00:00",
            DueReason::SkipWindow,
        ),
        (
            "SCHED-9: hour 24 is midnight",
            "0 0 * * *",
            false,
            |s| s.hints.skip_hours = vec![24],
            "10:01",
            "05T01:00:00",
            DueReason::SkipWindow,
        ),
        (
            "SCHED-9: skipped days are waited out",
            "0 0 * * *",
            false,
            |s| s.hints.skip_days = vec![3, 4],
            "10:01",
            "07T00:00:00",
            DueReason::SkipWindow,
        ),
        (
            "SCHED-9: a skipped hour after a skipped day",
            "0 0 * * *",
            false,
            |s| {
                s.hints.skip_days = vec![3];
                s.hints.skip_hours = vec![0]
            },
            "10:01",
            "06T01:00:00",
            DueReason::SkipWindow,
        ),
        (
            "SCHED-9: a list of every hour means nothing",
            "0 * * * *",
            false,
            |s| s.hints.skip_hours = (0..24).collect(),
            "10:01",
            "11:00:00",
            DueReason::Schedule,
        ),
        (
            "STAT-4: a first 410 is asked again a day later",
            "0 * * * *",
            false,
            |s| {
                s.gone_seen = Some(at("2026-03-04T10:00:02Z"));
                s.failures = 1
            },
            "10:01",
            "05T10:00:02",
            DueReason::GoneOnce { seen: at("2026-03-04T10:00:02Z") },
        ),
    ];
    for (sentence, line, own, change, now, wanted, reason) in table {
        let mut state = answered();
        change(&mut state);
        let wanted = if wanted.contains('T') { format!("2026-03-{wanted}Z") } else { format!("2026-03-04T{wanted}Z") };
        let due = due(line, own, &state, &format!("2026-03-04T{now}:00Z"));
        assert_eq!(due, Due { at: Some(at(&wanted)), reason }, "{sentence}");
    }
}

#[test]
fn a_source_never_polled_is_due_at_once() {
    let due = due("@yearly", false, &PollState::default(), "2026-03-04T10:01:00Z");
    assert_eq!(due, Due { at: Some(at("2026-03-04T10:01:00Z")), reason: DueReason::NeverPolled });
}

#[test]
fn a_source_that_is_gone_is_never_due() {
    let since = at("2026-03-04T10:00:00Z");
    let state = PollState { gone_since: Some(since), ..answered() };
    assert_eq!(
        due("* * * * *", true, &state, "2027-03-04T10:01:00Z"),
        Due { at: None, reason: DueReason::Gone { since } }
    );
}

#[test]
fn a_source_that_refuses_for_a_month_is_asked_once_a_week() {
    let since = at("2026-02-01T00:00:00Z");
    let state = PollState { refused_since: Some(since), failures: 40, ..answered() };
    let due = due("0 * * * *", true, &state, "2026-03-04T10:01:00Z");
    assert_eq!(due, Due { at: Some(at("2026-03-11T10:00:00Z")), reason: DueReason::Refused { since } });
}

/// SCHED-5.
#[test]
fn backoff_doubles_up_to_a_day_and_varies_by_a_fifth() {
    let schedule = Schedule::parse("0 * * * *", UTC).unwrap();
    let source = SourceSchedule { schedule: &schedule, own: false };
    let mut differ = std::collections::BTreeSet::new();
    for (failures, hours) in [(2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24), (u32::MAX, 24)] {
        for name in ["a", "b", "lemonde", "heise"] {
            let state = PollState { failures, ..answered() };
            // The spread of the tick is left out by asking for the distance from the last start.
            let due = next_poll(source, &state, at("2026-03-04T10:01:00Z"), Spread::of(&SourceId::new(name)));
            let waited = due.at.unwrap() - at("2026-03-04T10:00:00Z");
            let base = TimeDelta::hours(hours);
            assert!(
                waited >= base * 4 / 5 && waited <= (base * 6 / 5).min(TimeDelta::hours(25)),
                "{failures}: {waited}"
            );
            differ.insert(waited);
            let again = next_poll(source, &state, at("2026-03-04T10:02:00Z"), Spread::of(&SourceId::new(name)));
            assert_eq!(again, due, "no chance is involved");
        }
    }
    assert!(differ.len() > 12, "sources that fail together must not come back together: {differ:?}");
}

/// SCHED-11.
#[test]
fn sources_are_spread_over_the_interval_or_the_first_minutes() {
    let schedule = Schedule::parse("0 */2 * * *", UTC).unwrap();
    let ids = (0..400).map(|number| SourceId::new(format!("source-{number}"))).collect::<Vec<_>>();
    for (own, within) in [(false, 7200), (true, 300)] {
        let source = SourceSchedule { schedule: &schedule, own };
        let mut quarters = [0; 4];
        for id in &ids {
            // Twice, since the floor decides when the second poll of a new source is.
            let mut state = PollState { last_start: Some(at("2026-03-04T08:00:00Z")), ..answered() };
            state.last_start = next_poll(source, &state, at("2026-03-04T08:00:00Z"), Spread::of(id)).at;
            let due = next_poll(source, &state, state.last_start.unwrap(), Spread::of(id)).at.unwrap();
            let after_tick = (due - at("2026-03-04T08:00:00Z")).num_seconds() % 7200;
            assert!(after_tick < within, "{id}: {due}");
            quarters[usize::try_from(after_tick * 4 / within).unwrap()] += 1;
        }
        assert!(quarters.iter().all(|count| (60..140).contains(count)), "uneven: {quarters:?}");
    }
}

/// SCHED-11: a new installation polls everything at once; the hour's floor must not keep it so.
#[test]
fn sources_that_began_together_part() {
    let schedule = Schedule::parse("0 * * * *", UTC).unwrap();
    let source = SourceSchedule { schedule: &schedule, own: false };
    let begin = at("2026-03-04T08:00:00Z");
    let mut minutes = std::collections::BTreeSet::new();
    for number in 0..200 {
        let spread = Spread::of(&SourceId::new(format!("source-{number}")));
        let state = PollState { last_start: Some(begin), last_response: Some(begin), ..answered() };
        let second = next_poll(source, &state, begin, spread).at.unwrap();
        assert!(second - begin >= TimeDelta::hours(1) && second - begin < TimeDelta::hours(2), "{second}");
        minutes.insert((second - begin).num_minutes());
        // A poll that starts a few seconds late is not an hour late the next time.
        let late = second + TimeDelta::seconds(3);
        let state = PollState { last_start: Some(late), last_response: Some(late), ..answered() };
        assert_eq!(next_poll(source, &state, late, spread).at.unwrap() - late, TimeDelta::hours(1));
    }
    assert!(minutes.len() > 40, "{minutes:?}");
}

#[test]
fn only_retry_after_holds_back_an_explicit_poll() {
    let now = at("2026-03-04T10:01:00Z");
    let until = at("2026-03-04T12:00:00Z");
    let busy = PollState {
        fresh_until: Some(until),
        failures: 9,
        refused_since: Some(at("2026-01-01T00:00:00Z")),
        gone_since: Some(now),
        hints: PollHints { ttl_minutes: Some(600), skip_hours: vec![10], ..PollHints::default() },
        ..answered()
    };
    assert_eq!(may_poll_now(&busy, now), Ok(()));
    let silent = PollState { retry_until: Some(until), ..answered() };
    assert_eq!(may_poll_now(&silent, now), Err(until));
    assert_eq!(may_poll_now(&silent, until), Ok(()));
}

/// POLL-7.
#[test]
fn one_unconditional_request_after_two_weeks_of_304() {
    let state = PollState { unchanged_since: Some(at("2026-03-01T00:00:00Z")), ..answered() };
    assert!(!wants_unconditional(&state, at("2026-03-14T23:59:59Z")));
    assert!(wants_unconditional(&state, at("2026-03-15T00:00:00Z")));
    assert!(!wants_unconditional(&answered(), at("2026-03-15T00:00:00Z")));
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (1_772_000_000_i64..1_775_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

prop_compose! {
    fn any_state()(
        last_start in prop::option::of(time()), last_response in prop::option::of(time()),
        fresh_until in prop::option::of(time()), retry_until in prop::option::of(time()),
        explicit_freshness: bool, ever_validated: bool, failures in 0_u32..50,
        refused_since in prop::option::of(time()), gone_seen in prop::option::of(time()),
        ttl_minutes in prop::option::of(0_u32..100_000),
        skip_hours in prop::collection::vec(0_u8..30, 0..24), skip_days in prop::collection::vec(0_u8..9, 0..7),
        seconds in prop::option::of(any::<u32>()),
    ) -> PollState {
        let update = seconds.map(|seconds| UpdatePeriod { seconds });
        let hints = PollHints { ttl_minutes, skip_hours, skip_days, update };
        PollState {
            last_start, last_response, fresh_until, retry_until, explicit_freshness, ever_validated, failures,
            refused_since, gone_seen, hints, ..PollState::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_poll_is_never_due_in_the_past_nor_soon_after_another(
        state in any_state(), now in time(), own: bool, name in "[a-z]{1,8}",
        line in prop::sample::select(vec!["* * * * *", "*/30 * * * * *", "0 * * * *", "0 6 * * 1-5", "@monthly"]),
    ) {
        let schedule = Schedule::parse(line, chrono_tz::Europe::Paris).unwrap();
        let source = SourceSchedule { schedule: &schedule, own };
        let spread = Spread::of(&SourceId::new(name));
        let due = next_poll(source, &state, now, spread).at.unwrap();
        prop_assert!(due >= now);
        if let Some(last_start) = state.last_start {
            let last_start = last_start.min(now);
            prop_assert!(due >= last_start + TimeDelta::minutes(5));
            // What was due and is polled now is not due again within the floor.
            let polled = PollState { last_start: Some(due), ..state.clone() };
            let next = next_poll(source, &polled, due, spread).at.unwrap();
            prop_assert!(next >= due + TimeDelta::minutes(5), "{due} then {next}");
        }
        if let Err(until) = may_poll_now(&state, now) {
            prop_assert!(due >= until);
        }
    }
}
