//! The lines of a journal file: a header, changes, and after the changes of each commit a line that ends it.

use std::{io::BufRead, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::JournalError;
use crate::store::{Change, CommitNumber};

/// The format of everything in the folder; raised when an older newsdesk could not read what this one writes.
pub(super) const FORMAT: u32 = 1;

/// The first line of each file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    newsdesk: String,
    pub(super) format: u32,
    /// Which store the file belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instance: Option<Uuid>,
    /// When the file was begun.
    pub(super) at: DateTime<Utc>,
}

/// The last line of each commit, and of a base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct CommitLine {
    pub(super) commit: CommitNumber,
    pub(super) at: DateTime<Utc>,
}

impl Header {
    pub(super) fn new(instance: Option<Uuid>, at: DateTime<Utc>) -> Self {
        Self { newsdesk: "journal".into(), format: FORMAT, instance, at }
    }

    /// Reads the header of the file at `path`; the inner error says what is wrong with the line.
    pub(super) fn read(line: &[u8], path: &Path) -> Result<Result<Self, String>, JournalError> {
        #[derive(Deserialize)]
        struct Format {
            newsdesk: String,
            format: u32,
        }
        let format = match serde_json::from_slice::<Format>(line) {
            Ok(format) if format.newsdesk == "journal" => format.format,
            Ok(_) => return Ok(Err("its header is not that of a journal".into())),
            Err(error) => return Ok(Err(format!("its header cannot be read: {error}"))),
        };
        if format > FORMAT {
            return Err(JournalError::NewerFormat { path: path.into(), found: format, known: FORMAT });
        }
        Ok(serde_json::from_slice(line).map_err(|error| format!("its header cannot be read: {error}")))
    }
}

/// What ends a commit begins like this; no change does.
const COMMIT: &[u8] = br#"{"commit":"#;

pub(super) fn is_commit(line: &[u8]) -> bool {
    line.starts_with(COMMIT)
}

pub(super) fn read_commit(line: &[u8]) -> Result<CommitLine, String> {
    serde_json::from_slice(line).map_err(|error| format!("the end of a commit cannot be read: {error}"))
}

pub(super) fn read_change(line: &[u8]) -> Result<Change, String> {
    serde_json::from_slice(line).map_err(|error| format!("a change cannot be read: {error}"))
}

/// Adds a line. The error is that of a value JSON has no words for.
pub(super) fn write(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<(), String> {
    serde_json::to_writer(&mut *lines, value).map_err(|error| error.to_string())?;
    lines.push(b'\n');
    Ok(())
}

/// JSON writes a number that is none as `null`, which could never be read again.
pub(super) fn check(change: &Change) -> Result<(), String> {
    let finite = match change {
        Change::Entry(record) => record.topics.iter().all(|topic| topic.score.is_finite()),
        Change::Story(record) => {
            let copies = record.copies.iter().flat_map(|copy| &copy.topics);
            record.topics.iter().chain(copies).all(|topic| topic.score.is_finite())
        }
        _ => true,
    };
    if finite { Ok(()) } else { Err("a topic's points are not a number".into()) }
}

/// The lines of a frame, without their ends.
pub(super) struct Lines<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Lines<'a> {
    /// The error is a last line that has no end.
    type Item = Result<&'a [u8], String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let (all, mut rest) = (self.0, self.0);
        let length = rest.skip_until(b'\n').unwrap_or(all.len());
        self.0 = rest;
        let line = all.get(..length).unwrap_or_default();
        Some(line.strip_suffix(b"\n").ok_or_else(|| "its last line has no end".into()))
    }
}

/// The next commit of a frame: how many changes it has, the line that ends it, and what follows it.
pub(super) fn next_commit(plain: &[u8]) -> Result<(usize, CommitLine, &[u8]), String> {
    let mut lines = Lines(plain);
    let mut changes = 0;
    loop {
        let line = lines.next().ok_or("a commit has no end")??;
        if is_commit(line) {
            return Ok((changes, read_commit(line)?, lines.0));
        }
        changes += 1;
    }
}
