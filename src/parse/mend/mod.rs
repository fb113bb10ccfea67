//! The mending pass: any feed document, of any dialect and in any state, becomes one plain Atom document.
//!
//! The flow: [`tokens`] reads on whatever comes; the walk here keeps the stack of open elements, closes what its publisher
//! left open and asks [`vocabulary`] and [`elements`] what each element means; a [`leaf`] collects one element's text, with
//! the markup inside it turned into HTML; [`values`] reads it into a [`draft`] of the feed, the item or the source around, and
//! [`collect`] has finished drafts written by [`write`] as Atom. What Atom's reader has no place for travels beside it, in [`mended`].
//!
//! Nothing here recurses: depth costs a stack entry, and beyond the limit only the bytes that were sent.

mod collect;
mod deleted;
mod draft;
mod elements;
mod entities;
mod leaf;
mod mended;
mod tally;
mod tokens;
mod values;
mod vocabulary;
mod walk;
mod write;

pub use mended::{EntryFacts, Mended, MendedEntry, TextFacts};
pub use tally::{Tally, excerpt};
pub use tokens::{Token, Tokens};
pub use walk::mend;
