//! Everything that must outlive the process: sources and their polls, entries, stories, and which topics they are in.
//!
//! The rest of the program sees [`Store`] to read from and [`Refresh`] to write through; neither speaks of trees, keys or
//! bytes, so that another engine could stand behind the same words. The only user of sled is the folder `engine`.
//!
//! # Contract
//!
//! - **One writer.** Only one process may have a store open ([`StoreError::InUse`] otherwise), and only one [`Refresh`] is
//!   under way at a time: the caller sees to that (it is the ingest stage), and holds [`Store::while_writing`] meanwhile.
//! - **Atomic.** [`Refresh::apply`] makes everything in it visible at once, or nothing: entries, the stories they belong to,
//!   the rows of their topics, and the poll state with its validators. After a crash a refresh is there whole or not at all.
//! - **In order.** If a refresh survived a crash, so did every one applied before it.
//! - **Durable.** [`Store::make_durable`] returns once everything applied before it has reached the disk. Nothing may be
//!   published, and no poll counts as done, before that.
//! - **Twice.** What is durable is in the journal and in the database. Damage to either is found by [`Store::open`] or
//!   [`Store::verify`] and mended from the other, complete: numbers, ids and dates stay.
//! - **Refused whole.** What cannot be written is not there: after an error of [`Refresh::apply`] reads see none of it, or, if
//!   only the database failed, all of it after [`Store::recover`].
//! - **Reads** see the last applied refresh; reads through a [`Refresh`] see its own changes too.
//!
//! # Two copies
//!
//! Each refresh becomes a numbered [`Commit`], a list of [`Change`]s. It is appended to the `journal`, plain JSON Lines in
//! compressed frames, then applied to the database (`engine`), which remembers the number. Opening compares the two
//! numbers: commits that only the journal has are rolled forward.

mod apply;
mod archive;
mod articles;
mod backup;
mod codec;
mod commit;
mod engine;
mod error;
mod examine;
mod export;
mod folder;
mod import;
mod import_check;
mod journal;
mod keys;
mod ledger;
mod maintain;
mod open;
mod prune;
mod read;
mod readings;
mod rebuild;
mod records;
mod refresh;
mod shared;
mod subscriptions;
mod taken_down;
mod upgrade;
mod went_on;
mod write;

pub use archive::{ArchiveRecord, Join};
pub use articles::{ArticleJob, ArticleRecord};
pub use backup::{BackupError, BackupWriter, Manifest, ManifestFile, plain_lines, restore};
pub use commit::{Change, Commit, CommitNumber, Subject};
pub use error::StoreError;
pub use examine::{Aside, AsideKind, Examined, FolderState, Room, examine, give_to_owner};
pub use export::{ExportEnd, ExportHeader, ExportLine};
pub use folder::{Repair, repairs};
pub(crate) use folder::{create_private, replace as replace_file, sync as sync_folder};
pub use import::{Contents, ImportError, check_export, import};
pub use journal::{Damage, JournalError};
pub use keys::{IdentityKey, SharedKey, StoryPlace, SubscriptionKey};
pub use ledger::{EntryName, Learnt, RenumberedRecord, TextRecord, ToldRecord, Word};
pub use maintain::StoreSize;
pub use open::{Opened, StoreSettings};
pub use prune::{Pruned, RetentionLimits};
pub use read::Store;
pub use readings::{BoilerplateRecord, Outlined, ReadingRecord, TaggingRecord};
pub use records::{Copy, EntryRecord, Identity, IdentityPolicy, Originality, SourceRecord, StoryRecord};
pub use refresh::{ChangedEditions, Refresh};
pub use shared::Writing;
pub use subscriptions::{SubscriptionChange, SubscriptionRecord, SubscriptionSecret};
pub use taken_down::TakenDownRecord;

/// How far something that takes long has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, as a sentence without its end.
    pub doing: &'static str,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, about.
    pub all: u64,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.done.checked_mul(100).and_then(|done| done.checked_div(self.all)) {
            Some(percent) => write!(f, "{}, {}%", self.doing, percent.min(100)),
            None => f.write_str(self.doing),
        }
    }
}

/// Told of progress; answers whether to go on.
pub type Watch<'a> = &'a dyn Fn(Progress) -> bool;

impl Progress {
    /// Tells it, and is [`StoreError::Stopped`] if that is to be all.
    fn tell(self, watch: Watch<'_>) -> Result<(), StoreError> {
        if watch(self) { Ok(()) } else { Err(StoreError::Stopped) }
    }
}

#[cfg(test)]
mod archive_tests;
#[cfg(test)]
mod export_tests;
#[cfg(test)]
pub(crate) mod faults;
#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod mending_tests;
#[cfg(test)]
mod tests;
