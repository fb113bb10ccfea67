use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use chrono_tz::UTC;
use proptest::prelude::*;

use super::at;
use crate::schedule::Schedule;

/// Sunday 2026-02-01 00:00:00 UTC; the tick wanted is the first after it.
#[test]
fn lines_that_admins_write() {
    let table = [
        ("every hour", "0 * * * *", "2026-02-01T01:00:00Z"),
        ("an hourly nickname", "@hourly", "2026-02-01T01:00:00Z"),
        ("a daily nickname in capitals", "@Daily", "2026-02-02T00:00:00Z"),
        ("midnight", "@midnight", "2026-02-02T00:00:00Z"),
        ("weekly is on Sunday", "@weekly", "2026-02-08T00:00:00Z"),
        ("monthly is on the first", "@monthly", "2026-03-01T00:00:00Z"),
        ("yearly is on the first of January", "@yearly", "2027-01-01T00:00:00Z"),
        ("six fields have the second first", "30 5 * * * *", "2026-02-01T00:05:30Z"),
        ("white space around and between", "  15   6  * * *\t", "2026-02-01T06:15:00Z"),
        ("0 is Sunday", "0 12 * * 0", "2026-02-01T12:00:00Z"),
        ("7 is Sunday", "0 12 * * 7", "2026-02-01T12:00:00Z"),
        ("1 is Monday", "0 12 * * 1", "2026-02-02T12:00:00Z"),
        ("6 is Saturday", "0 12 * * 6", "2026-02-07T12:00:00Z"),
        ("1-5 is Monday to Friday", "0 12 * * 1-5", "2026-02-02T12:00:00Z"),
        ("5-7 is Friday to Sunday", "0 0 * * 5-7", "2026-02-06T00:00:00Z"),
        ("6-7 holds Sunday", "0 12 * * 6-7", "2026-02-01T12:00:00Z"),
        ("1-5/2 is Monday, Wednesday, Friday", "0 0 * * 3-5/2", "2026-02-04T00:00:00Z"),
        ("a list of day numbers", "0 0 * * 2,4", "2026-02-03T00:00:00Z"),
        ("names of days in any case", "0 0 * * tUe-Thu", "2026-02-03T00:00:00Z"),
        ("a long name of a day", "0 0 * * Wednesday", "2026-02-04T00:00:00Z"),
        ("a range of names that ends on Sunday", "0 0 * * sat-sun", "2026-02-07T00:00:00Z"),
        ("names of months", "0 0 1 mar,JUN *", "2026-03-01T00:00:00Z"),
        ("a step over everything", "*/20 * * * *", "2026-02-01T00:20:00Z"),
        ("a step from a value on", "50/5 * * * *", "2026-02-01T00:50:00Z"),
        ("both day fields: the day of the month matches", "0 0 3 * 6", "2026-02-03T00:00:00Z"),
        ("both day fields: the day of the week matches", "0 0 20 * 2", "2026-02-03T00:00:00Z"),
        ("a starred day field restricts both", "0 0 */2 * 1", "2026-02-09T00:00:00Z"),
        ("the 29th of February comes in leap years", "0 0 29 2 *", "2028-02-29T00:00:00Z"),
    ];
    for (sentence, line, wanted) in table {
        let schedule = Schedule::parse(line, UTC).unwrap_or_else(|error| panic!("{sentence}: {error}"));
        assert_eq!(schedule.next_after(at("2026-02-01T00:00:00Z")), Some(at(wanted)), "{sentence}: {line}");
    }
}

#[test]
fn lines_that_cannot_be_used() {
    let table = [
        ("nothing", "", 0, "the schedule is empty", "five"),
        ("too few fields", "0 * * *", 0, "4 of the five fields of a schedule", "minute, hour"),
        ("a year", "0 0 * * * * 2027", 12, "7 fields, more than the six a schedule has", "years"),
        ("a minute too large", "5,60 * * * *", 2, "`60` cannot stand in the minute field", "goes from 0 to 59"),
        ("day of the month 0", "0 0 0 * *", 4, "`0` cannot stand in the day of the month field", "from 1 to 31"),
        (
            "a day of the week too large",
            "0 0 * * 1-8",
            10,
            "`8` cannot stand in the day of the week field",
            "`sun` to `sat`",
        ),
        ("an unknown name", "0 0 * foo *", 6, "`foo` cannot stand in the month field", "`jan` to `dec`"),
        ("a range that runs backwards", "0 22-2 * * *", 2, "the range `22-2` runs backwards", "`22-23,0-2`"),
        ("a step of zero", "*/0 * * * *", 2, "a step of 0", "`*/15`"),
        ("a step that never steps", "*/90 * * * *", 2, "a step of 90 is larger than the minute field", "59"),
        ("a step that is no number", "*/x * * * *", 2, "`x` is not a step", "`*/15`"),
        ("a list with a hole", "1,,2 * * * *", 2, "a value is missing in the minute field", "0 to 59"),
        ("a negative number", "-5 * * * *", 0, "a value is missing in the minute field", "0 to 59"),
        (
            "the last day of the month",
            "0 0 L * *",
            4,
            "`L` cannot stand in the day of the month field",
            "not part of crontab(5)",
        ),
        ("a question mark", "0 0 ? * 1", 4, "`?` cannot stand in the day of the month field", "write `*`"),
        ("an unknown nickname", "@fortnightly", 0, "`@fortnightly` is not a schedule", "@weekly"),
        ("a reboot", "@reboot", 0, "`@reboot` is not a schedule", "@hourly"),
        ("a day that never comes", "0 0 31 feb *", 4, "no day of any year matches this schedule", "month"),
        (
            "a number beyond any integer",
            "99999999999999999999 * * * *",
            0,
            "cannot stand in the minute field",
            "0 to 59",
        ),
    ];
    for (sentence, line, offset, message, hint) in table {
        let error = Schedule::parse(line, UTC).expect_err(sentence);
        let hint = hint.replace("five", "minute");
        assert_eq!(error.offset, offset, "{sentence}: {error:?}");
        assert!(error.message.contains(message), "{sentence}: {error:?}");
        assert!(error.hint.as_deref().is_some_and(|text| text.contains(&hint)), "{sentence}: {error:?}");
    }
}

#[test]
fn the_interval_is_the_shortest_time_between_two_ticks() {
    let table = [
        ("0 * * * *", TimeDelta::hours(1)),
        ("*/15 * * * *", TimeDelta::minutes(15)),
        ("*/7 * * * *", TimeDelta::minutes(4)),
        ("0 6,18 * * *", TimeDelta::hours(12)),
        ("0 8-18 * * 1-5", TimeDelta::hours(1)),
        ("@weekly", TimeDelta::days(7)),
        ("*/10 * * * * *", TimeDelta::seconds(10)),
    ];
    for (line, wanted) in table {
        assert_eq!(Schedule::parse(line, UTC).unwrap().interval(), wanted, "{line}");
    }
}

/// One element of a field as text, with the values it means.
fn element(low: u32, high: u32) -> impl Strategy<Value = (String, BTreeSet<u32>)> {
    prop_oneof![
        2 => (low..=high).prop_map(|v| (v.to_string(), BTreeSet::from([v]))),
        2 => (low..=high, low..=high).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}"), (a..=b).collect())
        }),
        1 => (low..=high, low..=high, 1..=high.max(1)).prop_map(|(a, b, step)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}/{step}"), (a..=b).step_by(step as usize).collect())
        }),
    ]
}

fn field(low: u32, high: u32) -> impl Strategy<Value = (String, BTreeSet<u32>)> {
    prop_oneof![
        2 => Just(("*".to_owned(), (low..=high).collect())),
        1 => (1..=high.max(1)).prop_map(move |step| (format!("*/{step}"), (low..=high).step_by(step as usize).collect())),
        3 => prop::collection::vec(element(low, high), 1..3).prop_map(|parts| {
            let text = parts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(",");
            (text, parts.into_iter().flat_map(|(_, values)| values).collect())
        }),
    ]
}

fn matches(fields: &[(String, BTreeSet<u32>)], time: DateTime<Utc>) -> bool {
    let [minute, hour, day, month, week_day] = fields else { return false };
    let on_day = day.1.contains(&time.day());
    let of_week = time.weekday().num_days_from_sunday();
    let on_week_day = week_day.1.contains(&of_week) || (of_week == 0 && week_day.1.contains(&7));
    let days = if day.0.starts_with('*') || week_day.0.starts_with('*') {
        on_day && on_week_day
    } else {
        on_day || on_week_day
    };
    minute.1.contains(&time.minute()) && hour.1.contains(&time.hour()) && month.1.contains(&time.month()) && days
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Against a walk over every minute of three weeks.
    #[test]
    fn the_next_tick_is_the_first_minute_that_matches(
        minute in field(0, 59), hour in field(0, 23), day in field(1, 31), month in field(1, 12), week_day in field(0, 7),
        start in 1_704_000_000_i64..1_830_000_000,
    ) {
        let fields = [minute, hour, day, month, week_day];
        let line = fields.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
        let now = DateTime::from_timestamp(start, 0).unwrap();
        let Ok(schedule) = Schedule::parse(&line, UTC) else { return Ok(()) };
        let first = (1..21 * 24 * 60)
            .map(|minutes| DateTime::from_timestamp(start / 60 * 60 + minutes * 60, 0).unwrap())
            .find(|time| matches(&fields, *time));
        let next = schedule.next_after(now).unwrap();
        prop_assert!(next > now);
        match first {
            Some(first) => prop_assert_eq!(next, first, "{}", line),
            None => prop_assert!(next - now > TimeDelta::days(20), "{} fires at {} without reason", line, next),
        }
    }

    #[test]
    fn no_text_panics(text in "[-0-9*/, a-zA-Z@?#é]{0,40}") {
        let _ = Schedule::parse(&text, UTC).map_err(|error| {
            assert!(text.is_char_boundary(error.offset), "{text}: {error:?}");
        });
    }
}
