//! Topics: the rule language, the compiled matcher, scoring and explanation.
//!
//! The settings' terms (`term`, by the grammar of `parser`; regular expressions in `pattern`) are compiled once for all
//! topics (`compiler`) into one table of words per language (`lexicon`, with one automaton for parts of words in `affixes`).
//! An entry is read once, word by word, whatever the number of topics (`matcher`, over the words of `reading` and what
//! `memory` knows of them); only the topics that were hit are looked at again: their hits become points (`evaluate`, `near`),
//! to which comes what a topic's examples have to say (`example`); scope, veto, anchor and requirement decide (`decide`), and all of it can be told (`explain`) and kept
//! (`stored`, `account`).
//! What other settings would change in kept stories is gathered by `changes`, how topics do by `statistics`.

mod account;
mod affixes;
mod changes;
mod compile;
mod compiler;
mod decide;
mod evaluate;
mod example;
mod explain;
mod fingerprint;
mod lexicon;
mod lines;
mod matcher;
mod memory;
mod near;
mod parser;
mod pattern;
mod reach;
mod reading;
mod score;
mod settings;
mod statistics;
mod stored;
mod term;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod language_tests;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use changes::{Change, ChangedStory, Changes, TopicChanges};
pub use compile::{MOST_GROUPS, TopicProblem, Topics};
pub use decide::Verdict;
pub use example::{
    Counts, CurrentTerm, ExampleExplanation, ExampleProblem, ExampleShare, Examples, FEWEST_EXAMPLES, LabelledEntry,
    MOST_EXAMPLES, Model, Suggestion, Suggestions, Trial, read_examples, same_texts, suggest,
};
pub use explain::{Bringing, Found, Requirement, Shielded, TermExplanation, TermKind, TopicExplanation};
pub use lines::{TagReport, tag_lines};
pub use reach::{LoneTerm, highest_score, highest_score_in, lone_terms};
pub use score::{Field, Points};
pub use settings::{CategoryName, FieldWeights, Scope, TaggingSettings, TermLists, TopicSettings};
pub use statistics::{ListedTerm, LoneDecision, Overlap, Statistics, TopicStatistics};
pub use stored::StoredExplanation;
pub use term::{Term, TermError};
