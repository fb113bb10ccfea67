//! Which entries are one and the same: within a source by what the publisher calls them, across sources by where they are and
//! by what they say.
//!
//! All of it is decided from values; nothing here reads or writes. [`identify`] tells a document's entries apart,
//! [`renumbering`] and [`reused_guid`] know the publishers that change their guids, [`judge`] says whether a changed entry is news again, [`partition`] which entries are copies of one story because they share
//! a link, and [`best_first`] which copy is shown.
//!
//! Copies without a common link are found by their text: a [`Wording`] is what is kept of an entry for it, a [`CopyIndex`]
//! finds the entries of the last days that may share its text, [`compare`] decides about two and says why, and [`copies`] makes
//! groups of such decisions. Articles that tell of the same event in words of their own stay apart: [`same_story`] puts them
//! together by their [`StoryTerms`]. What is learnt from many entries enters as a snapshot ([`PublisherBoilerplate`],
//! [`WordStatistics`]), and no result depends on the order in which entries came.

mod boilerplate;
mod copies;
mod copy_index;
mod entry_text;
mod hashes;
mod identity;
mod lines;
mod ownership;
mod partition;
mod postings;
mod renumbering;
mod revision;
mod same_story;
mod same_text;
mod shared;
mod story_terms;
mod word_hash;
mod wording;

pub use boilerplate::PublisherBoilerplate;
pub use copies::{Dated, Told, copies, one_story};
pub use copy_index::{CopyIndex, Link};
pub use entry_text::EntryText;
pub use identity::{Identification, Identified, StoredTwin, guid_key, identify, shared_guid_mark};
pub use lines::{GroupReport, group_lines};
pub use ownership::{Rank, best_first, story_updated};
pub use partition::{Member, partition};
pub use renumbering::{Alias, EntryFacts, KnownBy, Move, Renumbering, ReusedGuid, renumbering, reused_guid};
pub use revision::{Revision, judge};
pub use same_story::{StoryEntry, StoryGroup, StoryMember, same_story};
pub use same_text::{COPY_WINDOW, Comparison, Likeness, Objection, Publisher, TextEntry, Verdict, compare};
pub use shared::{link_hash, links_to, originality, publisher, shared_keys};
pub use story_terms::{StoryTerms, WordStatistics};
pub use wording::Wording;
