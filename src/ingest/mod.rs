//! The one place that looks up, decides and writes: deliveries in, one at a time, the store and the editions brought up to
//! date.
//!
//! [`Delivery`] is what a poll brought; [`Ingest::take_in`] reads as the flow: who is the source, which of its entries are
//! new, what are they copies of, keep it all in one refresh. [`Desk`] runs it on a thread of its own behind a bounded
//! queue: several deliveries share one fsync, then their pollers are told, then the changed editions go out. Nothing is
//! published, and no poll is done, before it is on the disk.

mod archiving;
mod articles;
mod background;
mod caretaker;
mod deleted;
mod delivery;
mod desk;
mod handle;
mod housekeeping;
mod inbox;
mod known;
mod learning;
mod press;
mod public_id;
mod ranks;
mod readings;
mod regroup;
mod renumbered;
mod retagging;
mod retention_time;
mod rules;
mod states;
mod take_in;
mod takedown;
mod tell;
mod texts;
mod trouble;
mod working_off;

pub use articles::{ArticleEnd, NewArticles, OLDEST};
pub use delivery::{Delivery, EntryReading, Outcome, Reading, TaggedEntry};
pub use desk::{Desk, DeskError, DeskSetup, RETRY, Tagging};
pub use handle::{DeskHandle, DeskStopped, DoneDown};
pub use housekeeping::ReadAgain;
pub use readings::{Tagger, UnreadEntry};
pub use rules::{SourceRules, TakeInRules};
pub use take_in::Ingest;
pub use takedown::{TakeDown, TakeDownError, Takedown, TookDown, TookDownEntry};
pub use tell::{Named, Tell, TellError, named};

#[cfg(test)]
mod archive_tests;
#[cfg(test)]
mod deleted_tests;
#[cfg(test)]
mod desk_tests;
#[cfg(test)]
mod readings_tests;
#[cfg(test)]
mod retagging_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod renumbered_tests;
#[cfg(test)]
mod takedown_tests;
#[cfg(test)]
mod tell_tests;
#[cfg(test)]
mod text_tests;
