//! Which entries are one and the same: within a source by what the publisher calls them, across sources by where they are.
//!
//! All of it is decided from values; nothing here reads or writes. [`identify`] tells a document's entries apart,
//! [`judge`] says whether a changed entry is news again, [`partition`] which entries are copies of one story, and
//! [`best_first`] which copy is shown.

mod identity;
mod ownership;
mod partition;
mod revision;
mod shared;

pub use identity::{Identification, Identified, StoredTwin, identify};
pub use ownership::{Rank, best_first, story_updated};
pub use partition::{Member, partition};
pub use revision::{Revision, judge};
pub use shared::{originality, shared_keys};
