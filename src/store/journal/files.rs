//! Which files there are, and what is known of them.

use std::{
    fs::File,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{JournalError, append::Writer, disk::Disk, frames::Source, names};
use crate::store::CommitNumber;

/// Where the journal is and how it is cut into files.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalSettings {
    pub folder: PathBuf,
    /// A segment that has grown to so many bytes is closed.
    pub segment_bytes: u64,
    /// The store the journal belongs to; `None` when that is to be learnt from the journal.
    pub instance: Option<Uuid>,
}

impl JournalSettings {
    /// With segments of 16 MiB.
    pub fn new(folder: impl Into<PathBuf>, instance: Option<Uuid>) -> Self {
        Self { folder: folder.into(), segment_bytes: 16 << 20, instance }
    }
}

/// What the handles to a journal share. Locks are taken in the order in which they stand here.
pub(super) struct Shared {
    pub(super) settings: JournalSettings,
    pub(super) disk: Disk,
    /// Only one append at a time.
    pub(super) writer: Mutex<Writer>,
    /// Only one sync at a time: the system tells of a failed one only once.
    pub(super) syncing: Mutex<()>,
    pub(super) files: Mutex<Files>,
}

pub(super) struct Files {
    pub(super) base: Option<Base>,
    /// Segments that are no longer written, in order.
    pub(super) closed: Vec<Segment>,
    pub(super) current: Option<Current>,
    /// The last commit that was appended or is in the base.
    pub(super) last: CommitNumber,
    /// A fold or a new base is under way.
    pub(super) rewriting: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Base {
    pub(super) commit: CommitNumber,
    pub(super) bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) first: CommitNumber,
    pub(super) last: CommitNumber,
    pub(super) bytes: u64,
    pub(super) begun: DateTime<Utc>,
    /// When the first record was taken out in it; of a segment that was found at the start, when it was begun.
    pub(super) oldest_removal: Option<DateTime<Utc>>,
}

/// The segment that is being written.
pub(super) struct Current {
    pub(super) segment: Segment,
    pub(super) file: Arc<File>,
    /// The file may go on beyond its last whole frame.
    pub(super) uncut: bool,
    /// The file's name may not have reached the disk.
    pub(super) folder_unsynced: bool,
    /// The last sync failed: what follows must be written again before the next can be believed.
    pub(super) sync_failed: bool,
    /// What was written since the last sync, and where it begins.
    pub(super) unsynced: Vec<u8>,
    pub(super) unsynced_from: u64,
    pub(super) last_append: LastAppend,
}

/// What the last append did, as far as it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum LastAppend {
    /// There is none, or it has been taken back.
    TakenBack,
    /// It began the segment.
    Began,
    /// It went on with the segment, which was this before.
    Extended(Segment),
}

impl Shared {
    pub(super) fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn syncing(&self) -> MutexGuard<'_, ()> {
        self.syncing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open_base(&self, base: Base) -> Result<Source, JournalError> {
        let source = Source::open(names::base(&self.settings.folder, base.commit))?;
        Ok(Source { end: base.bytes, ..source })
    }

    pub(super) fn open_segment(&self, segment: Segment) -> Result<Source, JournalError> {
        let source = Source::open(names::segment(&self.settings.folder, segment.first))?;
        Ok(Source { end: segment.bytes, ..source })
    }
}

impl Files {
    /// Every segment, the one being written last.
    pub(super) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.closed.iter().copied().chain(self.current.as_ref().map(|current| current.segment))
    }
}
