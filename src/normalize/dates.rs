//! Which of a publisher's dates are believed (ATOM-8).

use chrono::{DateTime, Datelike, Utc};

/// No feed is older: a date before this year, the epoch among them, stands for "unknown".
const FIRST_YEAR: i32 = 1990;

/// RFC 3339 writes years with four digits.
const LAST_YEAR: i32 = 9999;

/// The date, if it can be one. Whether it lies in the future is for whoever knows when the entry was first seen.
pub(super) fn believable(date: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    date.filter(|date| (FIRST_YEAR..=LAST_YEAR).contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_dates() {
        for (what, seconds, kept) in [
            ("the epoch", 0, false),
            ("year 1", -62_135_596_800, false),
            ("the last second of 1989", 631_151_999, false),
            ("the first of 1990", 631_152_000, true),
            ("a day of 2026", 1_790_000_000, true),
            ("a far future that is the store's business", 7_000_000_000, true),
            ("the year 10000", 253_402_300_800, false),
        ] {
            let date = DateTime::from_timestamp(seconds, 0);
            assert!(date.is_some());
            assert_eq!(believable(date), date.filter(|_| kept), "{what}");
        }
        assert_eq!(believable(None), None);
    }
}
