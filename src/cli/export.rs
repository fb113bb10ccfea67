use std::{
    io::{self, BufWriter, Write as _},
    path::Path,
};

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use super::{ask::ask_for_text, exit::Exit};
use crate::{config, daemon::Export};

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// Only entries dated since then, and all copies of their stories: 2026-11-22, or 2026-11-22T18:00:00Z
    #[arg(long, value_name = "DATE", value_parser = date)]
    since: Option<DateTime<Utc>>,
}

/// Writes the lines of an export to standard output.
pub(super) fn run(path: &Path, arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let finished = ask_for_text(path, config, Export { since: arguments.since }, |line| out.write_all(line))?;
    out.flush()?;
    Ok(finished.into())
}

/// A day, from its beginning in UTC, or a moment (RFC 3339).
fn date(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc())
        .map_err(|_| "write a day, as in 2026-11-22, or a moment with its zone, as in 2026-11-22T18:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_utc_and_a_moment_has_its_zone() {
        let cases = [
            ("2026-11-22", Some("2026-11-22T00:00:00Z")),
            ("2026-11-22T18:00:00Z", Some("2026-11-22T18:00:00Z")),
            ("2026-11-22T18:00:00+01:00", Some("2026-11-22T17:00:00Z")),
            ("2026-11-22T18:00:00", None),
            ("yesterday", None),
            ("2026-13-01", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|moment| moment.parse::<DateTime<Utc>>().expect("a moment"));
            assert_eq!(date(text).ok(), expected, "{text}");
        }
    }
}
