//! What the front page says of the journal.

mod append;
mod damage;
mod fold;
mod format;
mod samples;

use std::{collections::BTreeMap, fs, path::PathBuf};

use chrono::{DateTime, Utc};

use super::{disk::Disk, *};
use crate::store::{Change, Commit, CommitNumber, Subject};

/// A folder for one journal.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn settings(&self) -> JournalSettings {
        JournalSettings { segment_bytes: 16 << 20, ..JournalSettings::new(self.0.path(), None) }
    }

    fn try_open(&self) -> Result<Opened, JournalError> {
        Journal::open(self.settings())
    }

    fn open(&self) -> Opened {
        self.try_open().unwrap_or_else(|error| panic!("it does not open: {error}"))
    }

    fn open_with(&self, segment_bytes: u64, disk: &Disk) -> Journal {
        let settings = JournalSettings { segment_bytes, ..self.settings() };
        Journal::open_on(disk.clone(), settings).map_err(|error| error.to_string()).expect("it opens").journal
    }

    /// The names of its files, in order.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Every line of a file.
    fn lines(&self, name: &str) -> Vec<String> {
        let bytes = zstd::decode_all(fs::File::open(self.path(name)).expect("it opens")).expect("unpacked");
        String::from_utf8(bytes).expect("text").lines().map(str::to_owned).collect()
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).expect("a time")
}

fn commit(number: u64, changes: Vec<Change>) -> Commit {
    Commit { number: CommitNumber(number), changes }
}

/// Everything the journal gives: the base's records, the commits, and how it ended.
fn read(reader: Result<Reader, JournalError>) -> (Vec<Change>, Vec<Commit>, Result<(), JournalError>) {
    let (mut records, mut commits) = (Vec::new(), Vec::new());
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => return (records, commits, Err(error)),
    };
    for piece in reader {
        match piece {
            Ok(Piece::Records(more)) => {
                assert!(commits.is_empty(), "the base comes first");
                records.extend(more);
            }
            Ok(Piece::Commit(commit, _)) => commits.push(commit),
            Err(error) => return (records, commits, Err(error)),
        }
    }
    (records, commits, Ok(()))
}

fn commits(journal: &Journal) -> Vec<Commit> {
    let (records, commits, end) = read(journal.read_all());
    end.map_err(|error| error.to_string()).expect("read to the end");
    assert!(records.is_empty(), "there is no base");
    commits
}

/// What every subject is after everything that is in the journal.
fn contents(journal: &Journal) -> BTreeMap<Subject, Change> {
    let (records, commits, end) = read(journal.read_all());
    end.map_err(|error| error.to_string()).expect("read to the end");
    let mut contents = BTreeMap::new();
    for record in records {
        assert!(!record.is_removal(), "a base has no removals");
        assert_eq!(contents.insert(record.subject(), record), None, "a base has one record of each subject");
    }
    replay(&mut contents, &commits);
    contents
}

fn replay(contents: &mut BTreeMap<Subject, Change>, commits: &[Commit]) {
    for change in commits.iter().flat_map(|commit| &commit.changes) {
        if change.is_removal() {
            contents.remove(&change.subject());
        } else {
            contents.insert(change.subject(), change.clone());
        }
    }
}

fn append(journal: &Journal, commits: &[Commit], minute: i64) {
    journal.append(commits, at(minute)).map_err(|error| error.to_string()).expect("appended");
}

fn sync(journal: &Journal) {
    journal.sync().map_err(|error| error.to_string()).expect("durable");
}
