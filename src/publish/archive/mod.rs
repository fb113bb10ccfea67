//! The whole history of a topic's feed: archives as RFC 5005 §4 has them.
//!
//! Stories that have joined a topic wait (`store`), in the order of joining. When it is [`due`](due::is_due), the oldest of them
//! become a [`Page`]: a finished Atom document in a file of its own, at an address that never changes, linked to the page
//! before it and to the one that will come after. Its bytes stay as they are, whatever becomes of the stories, the settings and
//! newsdesk; only a takedown cuts an entry out of them. [`Archives`] hands the pages out, and tells what one [shows](Page::shown)
//! to those who make a page for people of it.

mod archives;
mod due;
mod element;
mod files;
mod make;
mod page;
mod read;
mod render;

pub use archives::{Archived, Archives, PagesKept, TakenOut};
pub use due::ArchiveRules;
pub(super) use files::page_address;
pub use make::{ArchiveError, MadePage};
pub(super) use make::{Making, make};
pub use page::{Mention, Page, PageDamage, PageEntry, TakeOut};
pub(super) use read::PageShown;

#[cfg(test)]
mod tests;
