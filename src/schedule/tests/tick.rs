use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{America::New_York, Australia::Lord_Howe, Europe::Paris, Pacific::Apia, Tz};
use proptest::prelude::*;

use super::at;
use crate::schedule::Schedule;

fn ticks(line: &str, zone: Tz, from: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(line, zone).unwrap();
    let mut now = at(from);
    let mut ticks = Vec::new();
    for _ in 0..count {
        now = schedule.next_after(now).unwrap();
        ticks.push(now.format("%m-%dT%H:%M").to_string());
    }
    ticks
}

#[test]
fn changes_of_the_clock() {
    let table: [(&str, &str, Tz, &str, &[&str]); 12] = [
        (
            "Paris, spring: 02:30 does not exist on 29 March and fires when the gap ends, at 03:00 summer time",
            "30 2 * * *",
            Paris,
            "2026-03-28T00:00:00Z",
            &["03-28T01:30", "03-29T01:00", "03-30T00:30"],
        ),
        (
            "Paris, spring: two ticks in the gap fire once",
            "0,30 2 * * *",
            Paris,
            "2026-03-28T12:00:00Z",
            &["03-29T01:00", "03-30T00:00"],
        ),
        (
            "Paris, spring: a tick at the end of the gap is not doubled by one inside it",
            "0 2,3 * * *",
            Paris,
            "2026-03-28T12:00:00Z",
            &["03-29T01:00", "03-30T00:00", "03-30T01:00"],
        ),
        (
            "Paris, autumn: 02:30 comes twice on 25 October and fires the first time",
            "30 2 * * *",
            Paris,
            "2026-10-24T12:00:00Z",
            &["10-25T00:30", "10-26T01:30"],
        ),
        (
            "Paris, autumn: asked between the two, it waits for the next day",
            "30 2 * * *",
            Paris,
            "2026-10-25T00:45:00Z",
            &["10-26T01:30"],
        ),
        (
            "Paris, autumn: asked in the second of the two hours, it does not go back",
            "15 2,4 * * *",
            Paris,
            "2026-10-25T01:05:00Z",
            &["10-25T03:15", "10-26T01:15"],
        ),
        (
            "Paris, autumn: what runs every hour keeps its distance",
            "30 * * * *",
            Paris,
            "2026-10-24T23:00:00Z",
            &["10-24T23:30", "10-25T00:30", "10-25T01:30", "10-25T02:30"],
        ),
        (
            "Paris, spring: what runs every hour keeps its distance",
            "30 * * * *",
            Paris,
            "2026-03-29T00:00:00Z",
            &["03-29T00:30", "03-29T01:30", "03-29T02:30"],
        ),
        (
            "New York, spring: 02:15 on 8 March fires at 03:00",
            "15 2 * * *",
            New_York,
            "2026-03-07T12:00:00Z",
            &["03-08T07:00", "03-09T06:15"],
        ),
        (
            "New York, autumn: 01:15 on 1 November fires once",
            "15 1 * * *",
            New_York,
            "2026-10-31T12:00:00Z",
            &["11-01T05:15", "11-02T06:15"],
        ),
        (
            "Lord Howe, spring: half an hour is lost on 4 October, 02:15 fires at 02:30",
            "15 2 * * *",
            Lord_Howe,
            "2026-10-03T00:00:00Z",
            &["10-03T15:30", "10-04T15:15"],
        ),
        (
            "Lord Howe, autumn: half an hour comes twice on 5 April, 01:45 fires once",
            "45 1 * * *",
            Lord_Howe,
            "2026-04-04T00:00:00Z",
            &["04-04T14:45", "04-05T15:15"],
        ),
    ];
    for (sentence, line, zone, from, wanted) in table {
        assert_eq!(ticks(line, zone, from, wanted.len()), wanted, "{sentence}");
    }
}

#[test]
fn a_day_that_a_zone_left_out_fires_when_it_ends() {
    // Samoa went from 29 to 31 December 2011.
    assert_eq!(ticks("0 9 30 12 *", Apia, "2011-12-29T00:00:00Z", 1), ["12-30T10:00"]);
}

#[test]
fn there_is_no_tick_after_the_year_2100() {
    let schedule = Schedule::parse("0 0 1 1 *", Paris).unwrap();
    assert_eq!(schedule.next_after(at("2100-06-01T00:00:00Z")), None);
    assert_eq!(schedule.next_after(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(
        schedule.next_after(DateTime::<Utc>::MIN_UTC),
        Some(at("1969-12-31T23:00:00Z").max(at("1969-12-31T23:00:00Z")))
    );
}

const LINES: [&str; 10] = [
    "0 * * * *",
    "30 2 * * *",
    "*/20 1-3 * * *",
    "*/7 * * * *",
    "0 0 1 * *",
    "15 1,2,3 * * 0",
    "45 23 31 * 5",
    "*/30 * 2 * * *",
    "0 0,12 * 3,10 *",
    "5 */2 * * *",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn ticks_go_forward_only(
        line in prop::sample::select(&LINES[..]),
        zone in prop::sample::select(vec![Paris, New_York, Lord_Howe, Apia, Tz::UTC]),
        // Around the changes of 2026 as well as anywhere.
        base in prop::sample::select(vec![1_774_746_000_i64, 1_792_890_000, 1_772_953_200, 1_793_509_200, 1_791_041_400, 1_775_314_800]),
        near in -7200_i64..7200, far in 0_i64..30_000_000, is_near: bool, step in 0_i64..100_000,
    ) {
        let schedule = Schedule::parse(line, zone).unwrap();
        let now = DateTime::from_timestamp(if is_near { base + near } else { base - 20_000_000 + far }, 0).unwrap();
        let next = schedule.next_after(now).unwrap();
        prop_assert!(next > now, "{line} in {zone}: {next} is not after {now}");
        let later = now + TimeDelta::seconds(step);
        let next_later = schedule.next_after(later).unwrap();
        prop_assert!(next_later >= next, "{line} in {zone}: {later} gives {next_later}, but {now} gives {next}");
        if later < next {
            prop_assert_eq!(next_later, next, "{} in {}: nothing fires between {} and {}", line, zone, now, next);
        }
    }
}
