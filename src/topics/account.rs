//! What is kept of a reading: the language and why, what was cut and why, each topic's account.

use serde::{Deserialize, Serialize};

use super::{compile::Topics, stored::StoredExplanation};
use crate::{
    model::{Language, SourceId, TopicScore},
    text::{Cut, CutReason, LanguageReason, ReadableEntry, Repeats},
};

/// How an entry was understood when it was tagged, to be told later without today's settings.
///
/// What was cut is named by the beginning of its line, and of long lists of cuts only the first are named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    language: Option<Language>,
    language_reason: LanguageReason,
    /// Words of the text that counted.
    words: u32,
    /// The text was that of the page behind the entry's link.
    is_article: bool,
    cuts: Vec<KeptCut>,
    /// Further cuts, and the words that went with them.
    more_cuts: (u32, u32),
    topics: StoredExplanation,
}

/// So many cuts are named, and so much of each line, in characters.
const MOST_CUTS: usize = 10;
const LONGEST_LINE: usize = 60;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptCut {
    reason: CutReason,
    line: String,
    words: u32,
    repeated: Option<Repeats>,
}

impl KeptCut {
    fn of(cut: &Cut) -> Self {
        let line = match cut.line.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => format!("{}…", cut.line.get(..end).unwrap_or_default()),
            None => cut.line.clone(),
        };
        Self { reason: cut.reason, line, words: count(cut.words), repeated: cut.repeated }
    }

    fn told(&self) -> Cut {
        Cut { reason: self.reason, line: self.line.clone(), words: self.words as usize, repeated: self.repeated }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Topics {
    /// The topics an entry is in and the account of it, in one pass. `is_article` says whose text it is.
    pub fn tag_and_account(
        &self,
        entry: &ReadableEntry,
        source: Option<&SourceId>,
        is_article: bool,
    ) -> (Vec<TopicScore>, Account) {
        let (tags, topics) = self.tag_and_explain(entry, source);
        let (named, rest) = entry.cuts.split_at(entry.cuts.len().min(MOST_CUTS));
        let account = Account {
            language: entry.language.clone(),
            language_reason: entry.language_reason.clone(),
            words: count(entry.blocks.iter().map(|block| block.text.split_whitespace().count()).sum()),
            is_article,
            cuts: named.iter().map(KeptCut::of).collect(),
            more_cuts: (count(rest.len()), count(rest.iter().map(|cut| cut.words).sum())),
            topics,
        };
        (tags, account)
    }
}

impl Account {
    pub fn language(&self) -> Option<&Language> {
        self.language.as_ref()
    }

    pub fn language_reason(&self) -> &LanguageReason {
        &self.language_reason
    }

    /// Words of the text that counted.
    pub fn words(&self) -> usize {
        self.words as usize
    }

    /// Whether the text was that of the page behind the entry's link.
    pub fn is_article(&self) -> bool {
        self.is_article
    }

    /// What was cut, as far as it is named.
    pub fn cuts(&self) -> Vec<Cut> {
        self.cuts.iter().map(KeptCut::told).collect()
    }

    /// How many cuts are not named, and how many words went with them.
    pub fn more_cuts(&self) -> (usize, usize) {
        (self.more_cuts.0 as usize, self.more_cuts.1 as usize)
    }

    pub fn topics(&self) -> &StoredExplanation {
        &self.topics
    }

    /// Whether both tell the same. How often a repeated line had been seen by then makes no difference.
    pub fn tells_the_same(&self, other: &Self) -> bool {
        let without_counts = |account: &Self| {
            let mut account = account.clone();
            account.cuts.iter_mut().for_each(|cut| cut.repeated = None);
            account
        };
        without_counts(self) == without_counts(other)
    }
}
