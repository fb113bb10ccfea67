//! From the store to what readers get: the newest stories of a topic, rendered once, held as finished bytes.
//!
//! An [`Address`] says what is asked for. [`select`] finds its stories and [`gather`] what is shown of them ([`events`] those of one
//! event); a `Renderer` writes them as `atom`, `rss` or `json_feed`, or as [`pages`] for people, and lists of feeds as `opml`.
//! [`Edition`] is the result with its codings and validators; [`Editions`] holds the current ones, and a [`Publisher`] keeps those
//! current that are asked for, in memory and, where the admin wants so, as `files` in a `directory`. What a topic no longer shows
//! is in its `archive`, and on the pages of the `past` that are made of it. No "now" enters an edition: the same stories and the same settings give the same bytes.

mod address;
mod also;
mod archive;
mod atom;
mod changes;
mod coding;
mod content;
mod copies;
mod current_files;
mod directory;
mod edition;
mod editions;
mod events;
mod fair;
mod files;
mod frame;
mod gather;
mod history;
mod json_feed;
mod opml;
pub mod pages;
mod past;
mod plan;
mod publisher;
mod renderer;
mod rss;
mod saved;
mod select;
mod shelf;
mod titles;
mod xml;

pub use address::{Address, AddressError, Format, MOST_NAMES, MOST_STORIES, Of, Selection, StoriesAddress};
pub use archive::{
    ArchiveError, ArchiveRules, Archived, Archives, MadePage, Mention, Page, PageDamage, PageEntry, PagesKept, TakeOut,
    TakenOut,
};
pub use coding::Coding;
pub use copies::copies;
pub use directory::EditionDirectory;
pub use edition::{Edition, Fields, Rendered, link_field};
pub(crate) use edition::{etag, named_by};
pub use editions::{Editions, Found, Made};
pub use events::events;
pub use files::PublishedFile;
pub use frame::{FeedFrame, PublishSettings, SourcePage, TopicPage, feed_names};
pub use gather::{EditionStory, Related, SourceDescription, SourceShown, gather};
pub use history::News;
pub use opml::{Outline, OutlineGroup};
pub use publisher::{Held, Published, Publisher};
pub use saved::SavedEditions;
pub use select::{Wanted, copy_id, select};

pub use self::atom::render as render_atom;
pub use self::json_feed::render as render_json;
pub use self::opml::render as render_opml;
pub use self::rss::render as render_rss;

#[cfg(test)]
pub(crate) mod tests;
