use std::collections::BTreeMap;

use super::example::Examples;
use crate::model::TopicId;

/// What holds for every topic: the `[tagging]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct TaggingSettings {
    /// Primary language subtags, in the admin's order.
    pub languages: Vec<String>,
    pub field_weight: FieldWeights,
    /// The words of the text that count as its lead.
    pub lead_words: usize,
    /// A topic needs a hit in the title, a category or these first words of the text.
    pub anchor_words: usize,
}

impl TaggingSettings {
    /// The key of the term list that holds in every language.
    pub const ANY: &str = "any";
}

impl Default for TaggingSettings {
    fn default() -> Self {
        Self {
            languages: ["en", "fr", "de", "es", "it"].map(String::from).to_vec(),
            field_weight: FieldWeights::default(),
            lead_words: 60,
            anchor_words: 100,
        }
    }
}

/// By how much a hit counts, by where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldWeights {
    pub title: f64,
    pub lead: f64,
    pub body: f64,
    pub category: f64,
}

impl Default for FieldWeights {
    fn default() -> Self {
        Self { title: 3.0, lead: 2.0, body: 1.0, category: 3.0 }
    }
}

/// One `[topics.<id>]` table: terms as written, already checked by [`super::check_term`].
#[derive(Debug, Clone, PartialEq)]
pub struct TopicSettings {
    pub id: TopicId,
    pub title: String,
    pub description: Option<String>,
    /// Points an entry needs.
    pub threshold: f64,
    /// Terms by language: `any`, or a primary language subtag.
    pub terms: BTreeMap<String, Vec<String>>,
    /// Texts to learn from, beside the terms or in their place.
    pub examples: Option<Examples>,
}
