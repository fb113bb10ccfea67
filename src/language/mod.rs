//! Which language a text is in, as far as the text itself tells.
//!
//! Three witnesses are heard: the words that every text of a language is full of (`stop_words`), a fast classifier that
//! knows sixteen languages and names one of them whatever it reads, and a slower one that chooses among the languages it is
//! given. `recognise` weighs what they say, for the languages of the configuration first. Writing systems that belong to one
//! language (`script`) settle it alone.

mod recognise;
mod script;
mod stop_words;
mod tags;

pub use recognise::{LanguageScore, Recognition, is_recognisable, recognise};
pub use stop_words::{is_stop_word, is_stop_word_somewhere};
pub use tags::primary_subtag;

#[cfg(test)]
mod tests;
