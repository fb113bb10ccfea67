//! From the store to what readers get: the newest stories of a topic, rendered once, held as finished bytes.
//!
//! [`gather`] reads the stories of an edition, [`events`] finds those of one event, `atom` and `rss` write them as a feed, `index` as a page;
//! [`Edition`] is the result with its codings and validators; [`Editions`] holds the current ones, and a [`Publisher`]
//! keeps them current. No "now" enters: the same stories and the same settings give the same bytes.

mod also;
mod atom;
mod changes;
mod edition;
mod editions;
mod events;
mod frame;
mod gather;
mod index;
mod publisher;
mod rss;
mod saved;
mod xml;

pub use edition::{Coding, Edition};
pub use editions::{Editions, Found};
pub use events::events;
pub use frame::{FeedFrame, PublishSettings, TopicPage, feed_names};
pub use gather::{EditionStory, Related, SourceDescription, gather};
pub use publisher::{Held, Published, Publisher};
pub use saved::SavedEditions;

pub use self::atom::render as render_atom;
pub use self::rss::render as render_rss;

#[cfg(test)]
mod tests;
