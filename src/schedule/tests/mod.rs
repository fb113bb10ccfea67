use chrono::{DateTime, Utc};

mod cron_line;
mod due;
mod outcome;
mod tick;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}
