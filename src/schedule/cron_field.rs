use std::collections::BTreeSet;

use super::ScheduleError;

/// One of the six fields of a cron line: what it is called and which values it takes.
pub(super) struct Field {
    name: &'static str,
    pub low: u32,
    pub high: u32,
    /// Names of the values from `low` on; the first three letters are enough.
    names: &'static [&'static str],
}

/// In the order of the line, the second first.
pub(super) const FIELDS: [Field; 6] = [
    Field { name: "second", low: 0, high: 59, names: &[] },
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of the month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: &MONTHS },
    Field { name: "day of the week", low: 0, high: 7, names: &DAYS },
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
pub(super) const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

impl Field {
    /// Every value the field names; Sunday is 0.
    pub(super) fn values(&self, text: &str, offset: usize) -> Result<BTreeSet<u32>, ScheduleError> {
        let mut values = BTreeSet::new();
        let mut at = offset;
        for element in text.split(',') {
            self.element(element, at, &mut values)?;
            at += element.len() + 1;
        }
        if self.is_week_day() && values.remove(&7) {
            values.insert(0);
        }
        Ok(values)
    }

    fn element(&self, text: &str, offset: usize, values: &mut BTreeSet<u32>) -> Result<(), ScheduleError> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some((step, offset + range.len() + 1))),
            None => (text, None),
        };
        // Sunday is both 0 and 7; a range that is not spelt out ends on Saturday.
        let last = if self.is_week_day() { 6 } else { self.high };
        let (low, high) = if range == "*" {
            (self.low, last)
        } else if let Some((low, high)) = range.split_once('-') {
            self.range(low, high, offset)?
        } else {
            let value = self.value(range, offset)?;
            (value, if step.is_some() { last.max(value) } else { value })
        };
        let step = match step {
            Some((step, at)) => self.step(step, at)?,
            None => 1,
        };
        values.extend((low..=high).step_by(step));
        Ok(())
    }

    fn range(&self, low: &str, high: &str, offset: usize) -> Result<(u32, u32), ScheduleError> {
        let first = self.value(low, offset)?;
        let mut end = self.value(high, offset + low.len() + 1)?;
        // `fri-sun` can only mean the Sunday that follows.
        if self.is_week_day() && end == 0 && first > 0 && !high.starts_with(|c: char| c.is_ascii_digit()) {
            end = 7;
        }
        if first > end {
            let top = if self.is_week_day() { 6 } else { self.high };
            return Err(ScheduleError::new(offset, format!("the range `{low}-{high}` runs backwards"))
                .hint(format!("write `{first}-{top},{}-{end}`", self.low)));
        }
        Ok((first, end))
    }

    fn step(&self, text: &str, offset: usize) -> Result<usize, ScheduleError> {
        match text.parse::<u32>() {
            Ok(0) => Err(ScheduleError::new(offset, "a step of 0").hint("a step is 1 or more: `*/15`")),
            Ok(step) if step > self.high => {
                Err(ScheduleError::new(offset, format!("a step of {step} is larger than the {} field", self.name))
                    .hint(format!("the largest step there is {}", self.high)))
            }
            Ok(step) => Ok(step as usize),
            Err(_) => Err(ScheduleError::new(offset, format!("`{text}` is not a step")).hint("write a number: `*/15`")),
        }
    }

    fn value(&self, text: &str, offset: usize) -> Result<u32, ScheduleError> {
        if text.is_empty() {
            return Err(ScheduleError::new(offset, format!("a value is missing in the {} field", self.name))
                .hint(self.accepted()));
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return match text.parse::<u32>() {
                Ok(value) if (self.low..=self.high).contains(&value) => Ok(value),
                _ => Err(ScheduleError::new(offset, format!("`{text}` cannot stand in the {} field", self.name))
                    .hint(self.accepted())),
            };
        }
        let lower = text.to_ascii_lowercase();
        let named = self.names.iter().position(|name| *name == lower || (lower.len() == 3 && name.starts_with(&lower)));
        match named {
            Some(index) => Ok(self.low + index as u32),
            None => {
                let hint = match text.chars().find(|c| "?LW#H~%*".contains(*c)) {
                    Some('?') => "write `*` for any day".to_owned(),
                    Some(c @ ('L' | 'W' | '#' | 'H' | '~' | '%')) if self.names.is_empty() || !text.is_ascii() => {
                        format!("`{c}` is not part of crontab(5); {}", self.accepted())
                    }
                    _ => self.accepted(),
                };
                Err(ScheduleError::new(offset, format!("`{text}` cannot stand in the {} field", self.name)).hint(hint))
            }
        }
    }

    pub(super) fn is_week_day(&self) -> bool {
        self.high == 7
    }

    fn accepted(&self) -> String {
        let numbers = format!("the {} goes from {} to {}", self.name, self.low, self.high);
        match self.names {
            [] => numbers,
            [first, .., last] => {
                format!("{numbers}, or `{}` to `{}`", first.get(..3).unwrap_or(first), last.get(..3).unwrap_or(last))
            }
            [only] => format!("{numbers}, or `{only}`"),
        }
    }
}
