//! Topics by example: a linear model that learns from entries that belong to a topic and entries that do not.
//!
//! An admin's files of examples are read line by line (`labelled`). Every text becomes counts of its words, pairs of words
//! and pieces of words (`features`), weighed by how many of the examples have them (`rarity`). A linear support vector
//! machine (`machine`) tells the one kind from the other; every example in turn is held out and judged by a machine that has
//! not seen it, and from those judgements come the threshold and the scale of points (`scale`). What was learnt for one topic
//! is a [`Model`] (`model`); all topics' models are looked up together, feature by feature (`table`), and become points that
//! add up with those of the terms (`share`). `suggest` proposes terms instead, with their effect.
//!
//! Everything is plain arithmetic in a fixed order (`arithmetic`): the same examples give the same points everywhere.

mod arithmetic;
mod features;
mod labelled;
mod machine;
mod model;
mod rarity;
mod scale;
mod share;
mod suggest;
mod table;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;

pub(super) use labelled::problems;
pub use labelled::{ExampleProblem, Examples, FEWEST_EXAMPLES, MOST_EXAMPLES, read_examples, same_texts};
pub use model::{Model, Trial};
pub use share::{ExampleExplanation, ExampleShare};
pub use suggest::{Counts, CurrentTerm, LabelledEntry, Suggestion, Suggestions, suggest};
pub(super) use table::ExampleTopics;
