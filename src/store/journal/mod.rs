//! The journal: an append-only copy of every commit, from which the store can be rolled forward or rebuilt.
//!
//! A folder of files that `zstdcat` and `jq` can read: JSON Lines in zstd frames, each frame with its length and a checksum.
//!
//! - A **segment**, named by its first commit, holds commits in order: a line for each change, then a line that ends the
//!   commit. A frame holds whole commits, so that a commit is there whole or not at all.
//! - A **base**, named by the last commit it holds, has one line for each record there was then.
//!
//! [`Journal::append`] writes commits to the newest segment, [`Journal::sync`] makes them durable. A segment that is large
//! enough, or a day old, is closed. [`Journal::fold`] makes a new base of the old one and closed segments, and deletes those.
//! [`Journal::write_base`] makes one from elsewhere: after that, damage in what came before no longer matters.
//!
//! What is missing or damaged is named ([`Damage`]), never guessed and never passed over.

mod append;
mod base;
mod damage;
mod disk;
#[cfg(test)]
pub(super) mod faults;
mod files;
mod fold;
mod frame;
mod frames;
mod line;
mod look;
mod names;
mod open;
mod read;
mod subject;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use uuid::Uuid;

pub use damage::{Damage, JournalError};
pub use files::JournalSettings;
pub use fold::{FoldReason, fold_is_due};
#[cfg(test)]
use fold::{Folded, Unfolded};
#[cfg(test)]
use open::Opened;
pub use read::{Piece, Reader};

/// An open journal. Clones are handles to the same one: one thread appends, others sync, read and fold.
#[derive(Clone)]
pub struct Journal(Arc<files::Shared>);

impl Journal {
    /// The store the journal belongs to, if that is known.
    pub fn instance(&self) -> Option<Uuid> {
        self.0.settings.instance
    }
}
