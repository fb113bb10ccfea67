//! Dates as publishers write them: what the standards ask for, and what their software makes of it.
//!
//! One grammar for all: [`tokens`] cuts the text into numbers, words and signs; the time of day is found by its colon, the
//! zone behind it, and what is left must name one day. Nothing is guessed beyond that: a date that names no day, or a
//! day there is not, is none.

mod names;
mod tokens;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use tokens::{Token, fold, tokens};

/// Reads a date of any format in use: RFC 822 with its successors, RFC 3339, ISO 8601, `asctime`, Unix time in seconds or
/// milliseconds, numeric dates with the day first (unless that is impossible), names of months in seven languages. A date without
/// zone is UTC, one without time is midnight.
///
/// `None` if the text names no instant.
pub fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    // No date is longer; the rest would be an attack or an article.
    if text.is_empty() || text.len() > 128 {
        return None;
    }
    unix_time(text).or_else(|| civil(tokens(&fold(text))))
}

/// Seconds (9 to 11 digits) or milliseconds (12 or 13) since 1970. 8, 12 and 14 digits that make a date are one.
fn unix_time(text: &str) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9..=11 => DateTime::from_timestamp(number, 0),
        12 if !whole.starts_with("19") && !whole.starts_with("20") => DateTime::from_timestamp_millis(number),
        13 => DateTime::from_timestamp_millis(number),
        _ => None,
    }
}

fn civil(tokens: Vec<Token<'_>>) -> Option<DateTime<Utc>> {
    let mut parts = Parts { tokens, ..Parts::default() };
    parts.expand_compact_date();
    parts.take_time();
    let date = parts.date()?;
    let (hour, minute, second, fraction) = parts.time.unwrap_or_default();
    // ISO 8601 has midnight at the end of a day, too.
    let (date, hour) = match (hour, minute, second) {
        (24, 0, 0) => (date.checked_add_days(Days::new(1))?, 0),
        _ => (date, hour),
    };
    // A leap second is the second before it.
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second.min(59), fraction).filter(|_| second <= 60)?;
    let offset = TimeDelta::minutes(i64::from(parts.offset));
    date.and_time(time).checked_sub_signed(offset).map(|local| local.and_utc())
}

/// A date being taken apart.
#[derive(Default)]
struct Parts<'a> {
    tokens: Vec<Token<'a>>,
    /// Hour, minute, second, nanosecond.
    time: Option<(u32, u32, u32, u32)>,
    /// Minutes east of UTC.
    offset: i32,
}

impl<'a> Parts<'a> {
    fn number(&self, at: usize) -> Option<(u32, usize)> {
        match self.tokens.get(at) {
            Some(Token::Number(digits)) => Some((digits.parse().ok()?, digits.len())),
            _ => None,
        }
    }

    fn is_sign(&self, at: usize, sign: char) -> bool {
        self.tokens.get(at) == Some(&Token::Sign(sign))
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// `20240131`, `20240131T1015`, `20240131101500`: the basic format of ISO 8601.
    fn expand_compact_date(&mut self) {
        let Some(Token::Number(digits)) = self.tokens.first().copied() else { return };
        if !matches!(digits.len(), 8 | 12 | 14) {
            return;
        }
        let (date, time) = digits.split_at(8);
        let (year, day) = date.split_at(4);
        let (month, day) = day.split_at(2);
        let dash = Token::Sign('-');
        let mut expanded = vec![Token::Number(year), dash, Token::Number(month), dash, Token::Number(day)];
        let rest = self.tokens.get(1..).unwrap_or_default();
        let (time, rest) = match rest {
            [Token::Word("t"), Token::Number(time), rest @ ..] if time.len() >= 4 => (*time, rest),
            rest => (time, rest),
        };
        if time.len() == 4 || time.len() == 6 {
            let (hour, minute) = time.split_at(2);
            let (minute, second) = minute.split_at(2);
            expanded.extend([Token::Word("t"), Token::Number(hour), Token::Sign(':'), Token::Number(minute)]);
            if !second.is_empty() {
                expanded.extend([Token::Sign(':'), Token::Number(second)]);
            }
        }
        expanded.extend(rest);
        self.tokens = expanded;
    }

    /// Takes the time of day out of the tokens, and the zone behind it.
    fn take_time(&mut self) {
        let separates = |parts: &Self, at| parts.is_sign(at, ':') && parts.number(at + 1).is_some();
        let begins = |at: &usize| {
            self.number(*at).is_some_and(|(_, length)| length <= 2)
                && (separates(self, at + 1)
                    || matches!(self.word(at + 1), Some("h" | "uhr"))
                    || matches!(self.word(at + 1), Some("am" | "pm"))
                    || at.checked_sub(1).is_some_and(|before| self.word(before) == Some("t") && before > 0))
        };
        let Some(start) = (0..self.tokens.len()).find(begins) else {
            return self.take_zone_of_day();
        };
        // `2024-01-31+01:00`: a day with a zone and without a time.
        let days_before = (0..start).filter(|at| self.number(*at).is_some()).count();
        let sign = start.checked_sub(1);
        if days_before >= 3 && sign.is_some_and(|sign| self.is_sign(sign, '+') || self.is_sign(sign, '-')) {
            return self.take_zone_of_day();
        }
        let mut at = start;
        let mut numbers = [0; 3];
        for slot in &mut numbers {
            let Some((number, _)) = self.number(at) else { break };
            *slot = number;
            at += 1;
            if (self.is_sign(at, ':') || self.word(at) == Some("h")) && self.number(at + 1).is_some() {
                at += 1;
            } else {
                break;
            }
        }
        let mut fraction = 0;
        if (self.is_sign(at, '.') || self.is_sign(at, ','))
            && let Some(Token::Number(digits)) = self.tokens.get(at + 1)
            && self.is_sign(at.saturating_sub(2), ':')
        {
            let nanoseconds: String = digits.chars().chain("000000000".chars()).take(9).collect();
            fraction = nanoseconds.parse().unwrap_or_default();
            at += 2;
        }
        while matches!(self.word(at), Some("h" | "uhr")) || self.tokens.get(at) == Some(&Token::Space) {
            at += 1;
        }
        match self.word(at) {
            Some("pm") if numbers[0] < 12 => numbers[0] += 12,
            Some("am") if numbers[0] == 12 => numbers[0] = 0,
            _ => {}
        }
        if matches!(self.word(at), Some("am" | "pm")) {
            at += 1;
        }
        self.time = Some((numbers[0], numbers[1], numbers[2], fraction));
        let end = self.take_zone(at);
        self.tokens.splice(start..end, [Token::Space]);
    }

    /// A zone behind a day that has no time.
    fn take_zone_of_day(&mut self) {
        let signs = (0..self.tokens.len()).filter(|at| self.number(*at).is_some()).nth(2);
        if let Some(day) = signs {
            let end = self.take_zone(day + 1);
            self.tokens.drain(day + 1..end);
        }
    }

    /// Reads a zone that begins at `at`; returns where it ends.
    fn take_zone(&mut self, mut at: usize) -> usize {
        while matches!(self.tokens.get(at), Some(Token::Space | Token::Sign('('))) {
            at += 1;
        }
        if let Some(word) = self.word(at) {
            let Some(offset) = names::zone(word) else { return at };
            self.offset = offset;
            at += 1;
            // `GMT+2`, `UTC +02:00`.
            while self.tokens.get(at) == Some(&Token::Space)
                && (self.is_sign(at + 1, '+') || self.is_sign(at + 1, '-'))
                && offset == 0
            {
                at += 1;
            }
        }
        let east = match self.tokens.get(at) {
            Some(Token::Sign('+')) => 1,
            Some(Token::Sign('-' | '−')) => -1,
            _ => return at,
        };
        let Some((number, length)) = self.number(at + 1) else { return at };
        let (hours, minutes, end) = match length {
            1 | 2 if self.is_sign(at + 2, ':') => match self.number(at + 3) {
                Some((minutes, _)) => (number, minutes, at + 4),
                None => (number, 0, at + 2),
            },
            1 | 2 => (number, 0, at + 2),
            3 | 4 => (number / 100, number % 100, at + 2),
            _ => return at,
        };
        // Beyond any zone there is: then the time is as good as any.
        if hours <= 15 && minutes < 60 {
            self.offset = east * i32::try_from(hours * 60 + minutes).unwrap_or_default();
        }
        end
    }

    /// The day that the tokens left name.
    fn date(&self) -> Option<NaiveDate> {
        let numbers: Vec<_> = (0..self.tokens.len()).filter_map(|at| self.number(at)).collect();
        let months: Vec<_> = (0..self.tokens.len()).filter_map(|at| names::month(self.word(at)?)).collect();
        // "Mar" is March, and Tuesday in three languages: `Mar, 05 nov 2024`.
        let month = match months.as_slice() {
            [] => None,
            [3, month, ..] | [month, ..] => Some(*month),
        };
        match (month, numbers.as_slice()) {
            (Some(month), [(day, 1..=2), year] | [year @ (_, 3..), (day, _)]) => ymd(*year, month, *day),
            (None, [year @ (_, 4), (month, _), (day, _)]) if self.is_numeric() => ymd(*year, *month, *day),
            (None, [(first, 1..=2), (second, 1..=2), year]) if self.is_numeric() => match second {
                ..=12 => ymd(*year, *second, *first),
                _ => ymd(*year, *first, *second),
            },
            _ => None,
        }
    }

    /// Whether no word stands between the numbers, as it does in ISO 8601's weeks.
    fn is_numeric(&self) -> bool {
        let is_number = |token: &Token<'_>| matches!(token, Token::Number(_));
        let inner = self.tokens.iter().skip_while(|token| !is_number(token));
        let last = self.tokens.iter().rev().skip_while(|token| !is_number(token)).count();
        let first = self.tokens.iter().take_while(|token| !is_number(token)).count();
        inner.take(last.saturating_sub(first)).all(|token| !matches!(token, Token::Word(_)))
    }
}

/// A day, its year given with its number of digits: RFC 5322 §4.3 tells what two or three of them mean.
fn ymd((year, digits): (u32, usize), month: u32, day: u32) -> Option<NaiveDate> {
    let year = match digits {
        2 if year < 50 => 2_000 + year,
        2 | 3 => 1_900 + year,
        4 => year,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

#[cfg(test)]
mod tests;
