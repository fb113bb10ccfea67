use serde::{Deserialize, Serialize};

use super::{StoryTerms, Wording};
use crate::text::ReadableEntry;

/// What an entry is compared by with others: made beside the reading of its document, so that whoever compares has no text to
/// read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryText {
    pub wording: Wording,
    pub terms: StoryTerms,
}

impl EntryText {
    pub fn of(entry: &ReadableEntry) -> Self {
        Self { wording: Wording::of(entry), terms: StoryTerms::of(entry) }
    }
}
