//! Every topic, ready to tag.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    compiler::{Compiled, compile_all},
    example::ExampleTopics,
    fingerprint::{fingerprint, topic_fingerprints},
    lexicon::Lexicon,
    matcher::Desks,
    score::{Field, Points},
    settings::{FieldWeights, Scope, TaggingSettings, TopicSettings},
};
use crate::{
    model::{SourceId, TopicId, TopicScore},
    text::{ReadableEntry, fold, primary_subtag},
};

/// Every topic, ready to tag. Cheap to share between threads, not to build.
pub struct Topics {
    settings: TaggingSettings,
    topics: Vec<Topic>,
    /// Topic by topic, each one's shields first, so that hits in the order of terms are in the order of topics.
    terms: Vec<CompiledTerm>,
    /// One for each of `terms`.
    texts: Vec<TermText>,
    /// The terms that stand for a publisher's category, by its [`category_key`].
    categories: HashMap<String, Vec<u32>>,
    /// One for each configured language, then one for texts in another language and one for texts in an unknown one.
    lexicons: Vec<Lexicon>,
    desks: Desks,
    examples: ExampleTopics,
    fingerprint: u64,
    topic_fingerprints: BTreeMap<TopicId, u64>,
    has_implications: bool,
}

pub(super) struct Topic {
    pub id: TopicId,
    pub threshold: Points,
    pub weights: FieldWeights,
    pub anchor_words: u32,
    /// The groups of `require`, each with the terms in it as written; every one has its bit in `groups`.
    pub require: Vec<Vec<Box<str>>>,
    pub groups: u32,
    /// `None` is everything.
    pub scope: Option<Scope>,
    pub implies: Vec<usize>,
}

impl Topic {
    pub fn weight(&self, field: Field) -> f64 {
        match field {
            Field::Title => self.weights.title,
            Field::Category => self.weights.category,
            Field::Lead => self.weights.lead,
            Field::Body => self.weights.body,
        }
    }
}

/// The list of the topic's settings that a term stands in, in the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Shield,
    Term,
    Category,
    Minus,
    Not,
    /// In the group of this number.
    Require(u8),
}

/// What is asked of a term for every hit.
pub(super) struct CompiledTerm {
    pub topic: u32,
    pub role: Role,
    pub weight: f64,
    /// The distance, in a NEAR term.
    pub near: Option<u32>,
}

/// What is asked of a term when it is told about.
pub(super) struct TermText {
    pub written: Box<str>,
    /// The language list it stands in.
    pub list: Arc<str>,
}

/// So many groups of `require` a topic may have.
pub const MOST_GROUPS: usize = 16;

/// A topic that cannot be compiled, told so that the admin can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("topic {topic}: {message}")]
pub struct TopicProblem {
    pub topic: TopicId,
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl Topics {
    /// Compiles every topic, or tells everything that is wrong with any of them.
    ///
    /// # Errors
    /// What each topic's settings lack. What is wrong with a term has been told when it was parsed.
    pub fn compile(settings: &TaggingSettings, topics: &[TopicSettings]) -> Result<Self, Vec<TopicProblem>> {
        let Compiled { topics: compiled, terms, texts, categories, lexicons } = compile_all(settings, topics)?;
        Ok(Self {
            settings: settings.clone(),
            has_implications: compiled.iter().any(|topic| !topic.implies.is_empty()),
            topics: compiled,
            terms,
            texts,
            categories,
            lexicons,
            desks: Desks::default(),
            examples: ExampleTopics::train(settings, topics),
            fingerprint: fingerprint(settings, topics),
            topic_fingerprints: topic_fingerprints(settings, topics),
        })
    }

    /// The topics the entry belongs to, in the order of the settings; `source` is who published it, if that is known.
    pub fn tag_from(&self, entry: &ReadableEntry, source: Option<&SourceId>) -> Vec<TopicScore> {
        self.read(entry, source, |_, matched| {
            let tags = matched.topics.iter().filter(|topic| self.is_tag(topic));
            tags.map(|topic| self.topic_score(topic)).collect()
        })
    }

    /// As [`Topics::tag_from`], for an entry of nobody's: no topic with a scope of sources or countries is for it.
    pub fn tag(&self, entry: &ReadableEntry) -> Vec<TopicScore> {
        self.tag_from(entry, None)
    }

    /// Every topic with a score other than 0, tag or not, in the order of the settings.
    pub fn scores(&self, entry: &ReadableEntry) -> Vec<TopicScore> {
        self.scores_and_tags(entry, None).0
    }

    /// Both in one pass: every score other than 0, and the topics that are tags.
    pub(super) fn scores_and_tags(
        &self,
        entry: &ReadableEntry,
        source: Option<&SourceId>,
    ) -> (Vec<TopicScore>, Vec<TopicId>) {
        self.read(entry, source, |_, matched| {
            let scored = matched.topics.iter().filter(|topic| topic.score != Points::default());
            let tags = matched.topics.iter().filter(|topic| self.is_tag(topic));
            (
                scored.map(|topic| self.topic_score(topic)).collect(),
                tags.map(|topic| self.topic(topic.topic).id.clone()).collect(),
            )
        })
    }

    /// A number that stays the same as long as the same entry gets the same tags: over restarts, machines and releases.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// For each topic a number that stays the same as long as the same entries get this tag.
    pub fn topic_fingerprints(&self) -> &BTreeMap<TopicId, u64> {
        &self.topic_fingerprints
    }

    /// The configured languages, primary subtags.
    pub fn languages(&self) -> &[String] {
        &self.settings.languages
    }

    fn topic_score(&self, matched: &super::evaluate::TopicMatch) -> TopicScore {
        TopicScore { topic: self.topic(matched.topic).id.clone(), score: matched.score.as_f64() }
    }

    pub(super) fn settings(&self) -> &TaggingSettings {
        &self.settings
    }

    pub(super) fn topic(&self, topic: usize) -> &Topic {
        &self.topics[topic]
    }

    pub(super) fn term(&self, term: u32) -> &CompiledTerm {
        &self.terms[term as usize]
    }

    pub(super) fn text(&self, term: u32) -> &TermText {
        &self.texts[term as usize]
    }

    pub(super) fn has_implications(&self) -> bool {
        self.has_implications
    }

    pub(super) fn examples(&self) -> &ExampleTopics {
        &self.examples
    }

    pub(super) fn desks(&self) -> &Desks {
        &self.desks
    }

    /// The terms that a publisher's category stands for.
    pub(super) fn category_terms(&self, category: &str) -> &[u32] {
        if self.categories.is_empty() {
            return &[];
        }
        self.categories.get(&category_key(category)).map_or(&[], Vec::as_slice)
    }

    /// The words to look for in a text of this language, and their number.
    pub(super) fn lexicon(&self, language: Option<&str>) -> (usize, &Lexicon) {
        let configured = self.settings.languages.len();
        let number = match language {
            None => configured + 1,
            Some(language) => {
                self.settings.languages.iter().position(|name| primary_subtag(name) == language).unwrap_or(configured)
            }
        };
        (number, &self.lexicons[number])
    }
}

/// Categories that differ in nothing but case, accents and white space are one.
pub(super) fn category_key(category: &str) -> String {
    let folded = fold(&category.to_lowercase()).into_owned();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}
