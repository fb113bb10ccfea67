//! Everything that must outlive the process: sources and their polls, entries, stories, and which topics they are in.
//!
//! The rest of the program sees [`Store`] to read from and [`Refresh`] to write through; neither speaks of trees, keys or
//! bytes, so that another engine could stand behind the same words. The only user of sled is this folder.
//!
//! # Contract
//!
//! - **One writer.** Only one process may have a store open ([`StoreError::InUse`] otherwise), and only one [`Refresh`] is
//!   under way at a time: the caller sees to that (it is the ingest stage).
//! - **Atomic.** [`Refresh::apply`] makes everything in it visible at once, or nothing: entries, the stories they belong to,
//!   the rows of their topics, and the poll state with its validators. After a crash a refresh is there whole or not at all.
//! - **In order.** If a refresh survived a crash, so did every one applied before it.
//! - **Durable.** [`Store::make_durable`] returns once everything applied before it has reached the disk. Nothing may be
//!   published, and no poll counts as done, before that.
//! - **Reads** see the last applied refresh; reads through a [`Refresh`] see its own changes too.

mod codec;
mod commit;
mod error;
mod keys;
mod open;
mod prune;
mod read;
mod records;
mod refresh;
mod rows;
mod trees;

pub use commit::{Change, Commit, CommitNumber, Subject};
pub use error::StoreError;
pub use keys::{IdentityKey, SharedKey, StoryPlace};
pub use open::{Opened, StoreSettings};
pub use prune::{Pruned, RetentionLimits};
pub use read::Store;
pub use records::{Copy, EntryRecord, Identity, IdentityPolicy, Originality, SourceRecord, StoryRecord};
pub use refresh::{ChangedEditions, Refresh};

#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod tests;
