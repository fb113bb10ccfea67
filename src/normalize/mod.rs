//! normalize
#![allow(dead_code)]
mod characters;
mod dates;
mod html;
mod iri;
mod language;
mod language_tag;
mod link_key;
mod links;
mod tracking;
pub use html::{sanitize, to_text};
pub use iri::is_absolute_iri;
pub use language::detect_language;
pub use link_key::link_key;
pub use tracking::clean_link;
