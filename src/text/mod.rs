//! What counts as a story's text, and how it is taken apart.
//!
//! An entry arrives as HTML, a line of a test file as plain text. Either becomes [`Block`]s (`blocks`), the lines that are
//! not the story are cut and the cuts remembered (`cut`, after the lists of `line_rules`), and so is what the source prints
//! around all its stories ([`Boilerplate`], learnt from the [`EntryOutline`]s of its entries). The language is settled
//! (`language`), and what remains is a [`ReadableEntry`]. Its text falls into [`words`], whose common form ([`WordForm`]) is
//! the same for "Télécoms" and "télécom": lower case, then the Snowball stem, then no diacritics (`fold`). Words of one stem that
//! are not forms of one word are told apart (`inflection`).

mod blocks;
mod boilerplate;
mod cut;
mod fold;
mod inflection;
mod language;
mod line_rules;
mod line_rules_more;
mod outline;
mod readable;
mod words;

pub use blocks::{Block, BlockKind, blocks_of_html, blocks_of_plain_text};
pub use boilerplate::{Boilerplate, Repeats, WINDOW};
pub use cut::{Cut, CutReason};
pub use fold::fold;
pub use language::{LanguageReason, LanguageVerdict, SettledLanguage, settle_language};
pub use outline::{BlockPrint, EntryOutline};
pub use readable::{ReadableEntry, ReadableText};
// Named here as well, since whoever reads texts needs them.
pub use crate::language::{is_stop_word, is_stop_word_somewhere, primary_subtag};
pub use words::{Word, WordForm, Words, words};
