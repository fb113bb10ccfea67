use std::{collections::BTreeMap, sync::Arc};

use super::{
    example::Examples,
    parser,
    term::{Term, TermError},
};
use crate::model::{SourceId, TopicId};

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
    /// The countries of the sources that have one, ISO 3166-1 alpha-2 in capitals: what [`Scope::countries`] asks for.
    pub countries: BTreeMap<SourceId, String>,
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
            countries: BTreeMap::new(),
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

impl FieldWeights {
    pub(super) fn highest(&self) -> f64 {
        self.title.max(self.lead).max(self.body).max(self.category)
    }
}

/// Terms by language: `any`, or a primary language subtag. Each list is in the admin's order.
pub type TermLists = BTreeMap<String, Vec<Term>>;

/// One `[topics.<id>]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicSettings {
    pub id: TopicId,
    pub title: String,
    pub description: Option<String>,
    /// Points an entry needs.
    pub threshold: f64,
    /// What brings points.
    pub terms: TermLists,
    /// What takes points away.
    pub minus: TermLists,
    /// Words that stand in one of these count for nothing in this topic.
    pub shield: TermLists,
    /// A hit in the title, a category or the lead keeps the entry out.
    pub not: TermLists,
    /// Each group must have a hit somewhere. They hold in every language.
    pub require: Vec<Vec<Term>>,
    /// Publishers' categories that bring points.
    pub category: Vec<CategoryName>,
    /// Topics that this one brings along.
    pub implies: Vec<TopicId>,
    pub scope: Scope,
    /// In place of those of [`TaggingSettings`].
    pub field_weight: Option<FieldWeights>,
    /// In place of that of [`TaggingSettings`].
    pub anchor_words: Option<usize>,
    /// Texts to learn from, beside the terms or in their place.
    pub examples: Option<Examples>,
}

impl TopicSettings {
    /// A topic of this id that needs 4 points and has nothing else yet.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        let id = TopicId::new(id);
        Self {
            title: id.to_string(),
            id,
            description: None,
            threshold: 4.0,
            terms: TermLists::new(),
            minus: TermLists::new(),
            shield: TermLists::new(),
            not: TermLists::new(),
            require: Vec::new(),
            category: Vec::new(),
            implies: Vec::new(),
            scope: Scope::default(),
            field_weight: None,
            anchor_words: None,
            examples: None,
        }
    }

    /// What [`super::Term::parse`] makes of lists of terms as written.
    ///
    /// # Errors
    /// The first term that is wrong.
    pub fn lists<T: AsRef<str>>(
        lists: impl IntoIterator<Item = (impl AsRef<str>, impl IntoIterator<Item = T>)>,
        languages: &[String],
    ) -> Result<TermLists, TermError> {
        let mut parsed = TermLists::new();
        for (list, terms) in lists {
            let list = list.as_ref();
            for term in terms {
                parsed.entry(list.to_owned()).or_default().push(Term::parse(term.as_ref(), list, languages)?);
            }
        }
        Ok(parsed)
    }

    pub(super) fn weights(&self, settings: &TaggingSettings) -> FieldWeights {
        self.field_weight.unwrap_or(settings.field_weight)
    }

    /// How many of its terms are regular expressions.
    pub fn patterns(&self) -> usize {
        let lists = [&self.terms, &self.minus, &self.shield, &self.not].into_iter().flat_map(|lists| lists.values());
        lists.chain(&self.require).flatten().filter(|term| term.is_pattern()).count()
    }

    /// It has something that can bring points.
    pub(super) fn can_score(&self) -> bool {
        self.examples.is_some() || !self.category.is_empty() || self.terms.values().any(|terms| !terms.is_empty())
    }
}

/// A publisher's category that stands for a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryName {
    /// As the admin wrote it, without the weight.
    pub name: String,
    pub weight: f64,
}

impl CategoryName {
    /// What a mapped category weighs unless its weight is written: the admin said that it means the topic.
    pub const WEIGHT: f64 = 2.0;

    /// Parses a name, perhaps with a weight: `Télécoms`, `Economy^1.5`.
    ///
    /// # Errors
    /// A weight that is none, or a name without a letter.
    pub fn parse(written: &str) -> Result<Self, TermError> {
        let caret = written.find('^');
        let weight = caret.map(|caret| parser::weight(written, caret)).transpose()?;
        let name = written.get(..caret.unwrap_or(written.len())).unwrap_or_default().trim();
        if !name.contains(char::is_alphanumeric) {
            let error = TermError::new(0, "there is no name in this");
            return Err(error.hint("write the category as the publisher does"));
        }
        Ok(Self { name: name.to_owned(), weight: weight.map_or(Self::WEIGHT, |(_, weight)| weight) })
    }
}

/// Which entries a topic is for; an empty list stands for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    pub sources: Vec<SourceId>,
    /// Primary subtags.
    pub languages: Vec<String>,
    /// ISO 3166-1 alpha-2, in capitals.
    pub countries: Vec<String>,
}

impl Scope {
    pub(super) fn is_everything(&self) -> bool {
        self.sources.is_empty() && self.languages.is_empty() && self.countries.is_empty()
    }
}
