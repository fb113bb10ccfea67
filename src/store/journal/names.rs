//! What the files are called.

use std::path::{Path, PathBuf};

use crate::store::CommitNumber;

const ENDING: &str = ".jsonl.zst";
/// A base that is still being written.
const UNFINISHED: &str = ".new";

/// A file of the journal, as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileName {
    /// Every record as of this commit.
    Base(CommitNumber),
    /// Commits from this one on.
    Segment(CommitNumber),
    /// What an interrupted fold left behind.
    Unfinished,
}

impl FileName {
    /// `None` if it is none of ours.
    pub(super) fn read(name: &str) -> Option<Self> {
        if name.strip_suffix(UNFINISHED).is_some_and(|name| Self::read_whole(name).is_some()) {
            return Some(Self::Unfinished);
        }
        Self::read_whole(name)
    }

    fn read_whole(name: &str) -> Option<Self> {
        let (kind, digits) = name.strip_suffix(ENDING)?.split_once('-')?;
        if digits.len() < 16 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let commit = CommitNumber(digits.parse().ok()?);
        match kind {
            "base" => Some(Self::Base(commit)),
            "segment" => Some(Self::Segment(commit)),
            _ => None,
        }
    }
}

pub(super) fn base(folder: &Path, commit: CommitNumber) -> PathBuf {
    folder.join(format!("base-{:016}{ENDING}", commit.0))
}

pub(super) fn unfinished_base(folder: &Path, commit: CommitNumber) -> PathBuf {
    folder.join(format!("base-{:016}{ENDING}{UNFINISHED}", commit.0))
}

pub(super) fn segment(folder: &Path, first: CommitNumber) -> PathBuf {
    folder.join(format!("segment-{:016}{ENDING}", first.0))
}
