use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::cron_field::{DAYS, FIELDS};

/// A cron line read in a time zone, as crontab(5) describes it.
///
/// Five fields (minute, hour, day of the month, month, day of the week), or six with the second first, or one of `@hourly`,
/// `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and `@annually`. When both day fields are restricted, a day that
/// matches either is meant; a day field that begins with `*` is not a restriction in that sense.
#[derive(Clone)]
pub struct Schedule {
    text: String,
    zone: Tz,
    /// One line, or two when either day field may match; never empty.
    pub(super) lines: Vec<cron::Schedule>,
    /// The line runs in every hour of the day, so that a change of the clock neither loses nor doubles its ticks.
    pub(super) every_hour: bool,
    interval: TimeDelta,
}

/// A cron line that cannot be used, told so that the admin can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    /// Byte offset into the line.
    pub offset: usize,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Schedule {
    /// Reads a cron line whose hours and days are those of `zone`.
    ///
    /// # Errors
    /// Where and why the line is no crontab(5) line, or that no day of any year matches it.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let trimmed = text.trim();
        let lead = text.len() - text.trim_start().len();
        if trimmed.is_empty() {
            return Err(ScheduleError::new(0, "the schedule is empty").hint(FORM));
        }
        let expanded = if trimmed.starts_with('@') { nickname(trimmed, lead)? } else { text };
        let fields = split(expanded);
        let fields: Vec<(usize, &str)> = match fields.len() {
            5 => [(0, "0")].into_iter().chain(fields).collect(),
            6 => fields,
            n if n < 5 => {
                return Err(ScheduleError::new(lead, format!("{n} of the five fields of a schedule")).hint(FORM));
            }
            n => {
                let offset = fields.get(6).map_or(lead, |(offset, _)| *offset);
                return Err(ScheduleError::new(offset, format!("{n} fields, more than the six a schedule has"))
                    .hint(format!("{FORM}; there is no field for years")));
            }
        };
        let mut parts = Vec::with_capacity(6);
        for ((offset, field), kind) in fields.iter().zip(&FIELDS) {
            parts.push(kind.values(field, *offset)?);
        }
        let restricted = |index: usize| fields.get(index).is_some_and(|(_, field)| !field.starts_with('*'));
        let either_day = restricted(DAY_OF_MONTH) && restricted(DAY_OF_WEEK);
        let lines = if either_day {
            vec![line(&parts, Some(DAY_OF_WEEK))?, line(&parts, Some(DAY_OF_MONTH))?]
        } else {
            vec![line(&parts, None)?]
        };
        let mut schedule = Self {
            text: trimmed.split_whitespace().collect::<Vec<_>>().join(" "),
            zone,
            lines,
            every_hour: parts.get(HOUR).is_some_and(|hours| hours.len() == 24),
            interval: TimeDelta::days(1),
        };
        schedule.interval = schedule.shortest_gap().ok_or_else(|| {
            let offset = fields.get(DAY_OF_MONTH).map_or(lead, |(offset, _)| *offset);
            ScheduleError::new(offset, "no day of any year matches this schedule")
                .hint("check the day of the month against the month")
        })?;
        Ok(schedule)
    }

    /// The zone the hours and days are meant in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The shortest time between two ticks: what the schedule asks for when it is at its busiest.
    pub fn interval(&self) -> TimeDelta {
        self.interval
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({:?}, {})", self.text, self.zone)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.zone == other.zone
    }
}

impl Eq for Schedule {}

impl ScheduleError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

const FORM: &str = "write minute, hour, day of the month, month, day of the week: `0 * * * *` is every hour";

const HOUR: usize = 2;
const DAY_OF_MONTH: usize = 3;
const DAY_OF_WEEK: usize = 5;

fn nickname(text: &str, offset: usize) -> Result<&'static str, ScheduleError> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => {
            return Err(ScheduleError::new(offset, format!("`{text}` is not a schedule"))
                .hint("use @hourly, @daily, @midnight, @weekly, @monthly or @yearly, or five fields"));
        }
    })
}

/// The words of a line with their byte offsets.
fn split(text: &str) -> Vec<(usize, &str)> {
    text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect()
}

/// The line as the cron crate reads it: six fields, days of the week by name since its numbers start at 1 for Sunday.
/// `free` is the field to leave open.
fn line(parts: &[BTreeSet<u32>], free: Option<usize>) -> Result<cron::Schedule, ScheduleError> {
    let mut fields = Vec::with_capacity(parts.len());
    for (index, (values, field)) in parts.iter().zip(&FIELDS).enumerate() {
        let all = if field.is_week_day() { 7 } else { (field.high - field.low + 1) as usize };
        if free == Some(index) || values.len() == all {
            fields.push("*".to_owned());
            continue;
        }
        let spelt = values.iter().map(|value| match DAYS.get(*value as usize) {
            Some(day) if field.is_week_day() => (*day).to_owned(),
            _ => value.to_string(),
        });
        fields.push(spelt.collect::<Vec<_>>().join(","));
    }
    cron::Schedule::from_str(&fields.join(" "))
        .map_err(|error| ScheduleError::new(0, format!("the schedule cannot be used: {error}")).hint(FORM))
}
