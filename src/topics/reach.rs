//! How many points a topic's terms can give: what a check of the settings asks.

use super::{
    score::Field,
    settings::{TaggingSettings, TopicSettings},
};

/// The most points a text in any of the topic's languages can get: every term hits the weightiest field five times, and
/// every category is the publisher's.
pub fn highest_score(topic: &TopicSettings, settings: &TaggingSettings) -> f64 {
    let in_scope = |language: &&String| topic.scope.languages.is_empty() || topic.scope.languages.contains(language);
    let languages = settings.languages.iter().filter(in_scope);
    languages
        .map(|language| highest_score_in(topic, settings, Some(language)))
        .fold(highest_score_in(topic, settings, None), f64::max)
}

/// As [`highest_score`], for texts in one language; `None` for one that has no list of its own.
pub fn highest_score_in(topic: &TopicSettings, settings: &TaggingSettings, language: Option<&str>) -> f64 {
    let weights = topic.weights(settings);
    let total = |list: &str| topic.terms.get(list).into_iter().flatten().map(|term| term.weight()).sum::<f64>();
    let terms = total(TaggingSettings::ANY) + language.map_or(0.0, total);
    let categories: f64 = topic.category.iter().map(|category| category.weight).sum();
    terms * (weights.highest() + 1.0) + categories * weights.category
}

/// A term of which one single hit makes the tag, with no other term's help.
#[derive(Debug, Clone, PartialEq)]
pub struct LoneTerm {
    /// The list it stands in, and its place there, from 0.
    pub list: String,
    pub position: usize,
    pub term: String,
    /// The field of least weight where one hit is enough: [`Field::Body`] means anywhere in the text.
    pub field: Field,
}

/// The terms that reach the topic's threshold alone, in the order of the settings. A title is short and chosen with care, so
/// that one hit there is often meant to be enough; one hit in the body seldom is.
pub fn lone_terms(topic: &TopicSettings, settings: &TaggingSettings) -> Vec<LoneTerm> {
    let weights = topic.weights(settings);
    let mut fields = [
        (Field::Title, weights.title),
        (Field::Category, weights.category),
        (Field::Lead, weights.lead),
        (Field::Body, weights.body),
    ];
    fields.sort_by(|(one, a), (other, b)| a.total_cmp(b).then(other.cmp(one)));
    let mut lone = Vec::new();
    for (list, terms) in &topic.terms {
        for (position, term) in terms.iter().enumerate() {
            if let Some(&(field, _)) = fields.iter().find(|(_, weight)| term.weight() * weight >= topic.threshold) {
                lone.push(LoneTerm { list: list.clone(), position, term: term.written().to_owned(), field });
            }
        }
    }
    lone
}
