//! Topics: the rule language, the compiled matcher, scoring and explanation.
//!
//! The settings' terms (`term`, by the grammar of `parser`) are compiled once for all topics (`compile`) into one table of
//! words per language (`lexicon`). An entry is read once, word by word, whatever the number of topics (`matcher`); only the
//! terms that hit are looked at again, and become points and scores (`score`) or the account of them (`explain`). What a topic's
//! examples have to say is added to that (`example`).

mod compile;
mod example;
mod explain;
mod lexicon;
mod lines;
mod matcher;
mod parser;
mod reach;
mod score;
mod settings;
mod term;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;

pub use compile::{TopicProblem, Topics};
pub use example::{
    Counts, CurrentTerm, ExampleExplanation, ExampleProblem, ExampleShare, Examples, FEWEST_EXAMPLES, LabelledEntry,
    MOST_EXAMPLES, Model, Suggestion, Suggestions, Trial, read_examples, same_texts, suggest,
};
pub use explain::{TermExplanation, TopicExplanation};
pub use lines::{LineProblem, TagReport, tag_lines};
pub use reach::{LoneTerm, highest_score, lone_terms};
pub use score::{Field, Points};
pub use settings::{FieldWeights, TaggingSettings, TopicSettings};
pub use term::{TermError, check_term};
