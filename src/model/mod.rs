//! The plain values that cross the stages. No input or output, no clock, and no other module of the crate is named here.

mod article;
mod content;
mod deleted;
mod document;
mod entry;
mod parsed;
mod poll;
mod source;
mod story;
mod topic;

pub use article::ArticlePolicy;
pub use content::ContentPolicy;
pub use deleted::{DeletedEntry, DeletedPolicy};
pub use document::{Document, Freshness};
pub use entry::{Category, EmbeddedSource, Enclosure, Entry, Language, LanguageOrigin, Person};
pub use parsed::{Defect, Link, ParsedEntry, ParsedFeed, ParsedSource, PollHints, Text, TextKind, UpdatePeriod};
pub use poll::{Moved, PollState};
pub use source::{FeedMetadata, SourceId, SourceNumber, Validators};
pub use story::{EntryNumber, StoryNumber};
pub use topic::{ShownAs, TopicId, TopicScore};
