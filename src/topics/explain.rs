//! Why an entry has a tag, or has not.

use serde::Serialize;

use super::{
    compile::Topics,
    example::ExampleExplanation,
    score::{Field, Points},
};
use crate::{model::TopicId, text::ReadableEntry};

/// The account of one topic's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicExplanation {
    pub topic: TopicId,
    /// The sum of the terms' points and the examples'.
    pub score: Points,
    pub threshold: Points,
    /// A hit stands in the title, in a category or in the first words of the text, or the text is like the examples.
    pub anchored: bool,
    /// The score reaches the threshold, and it is anchored.
    pub tagged: bool,
    /// The terms that hit, those with the most points first.
    pub terms: Vec<TermExplanation>,
    /// What the topic's examples brought, if it has any that know the entry's language.
    pub examples: Option<ExampleExplanation>,
}

/// What one term brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermExplanation {
    /// As the admin wrote it.
    pub term: String,
    /// The list it stands in: `any` or a primary subtag.
    pub language: String,
    pub weight: f64,
    /// The field with the highest weight among those it hit.
    pub field: Field,
    pub field_weight: f64,
    /// In all fields.
    pub hits: usize,
    pub points: Points,
    /// The first hit in that field, as the publisher wrote it.
    pub matched: String,
    /// The number of that hit's first word within its field (lead and body count as one), from 0.
    pub position: u32,
}

impl Topics {
    /// Every topic of which a term hits or whose examples know the language, in the order of the settings.
    pub fn explain(&self, entry: &ReadableEntry) -> Vec<TopicExplanation> {
        self.read(entry, |reading, matched| {
            let explain = |matched: &super::score::TopicMatch| {
                let mut terms: Vec<_> = matched.terms.iter().collect();
                terms.sort_by_key(|term| std::cmp::Reverse(term.points));
                let terms = terms.into_iter().map(|matched| {
                    let term = self.term(matched.term);
                    let (written, position) = reading.written(entry, matched.span);
                    TermExplanation {
                        term: term.written.clone(),
                        language: term.language.clone(),
                        weight: term.weight,
                        field: matched.field,
                        field_weight: self.field_weight(matched.field),
                        hits: matched.hits,
                        points: matched.points,
                        matched: written.join(" … "),
                        position,
                    }
                });
                let topic = self.topic(matched.topic);
                TopicExplanation {
                    topic: topic.id.clone(),
                    score: matched.score,
                    threshold: topic.threshold,
                    anchored: matched.anchored,
                    tagged: self.is_tag(matched),
                    terms: terms.collect(),
                    examples: matched.examples.and_then(|share| self.examples().explain(entry, share.topic)),
                }
            };
            matched.iter().map(explain).collect()
        })
    }
}
