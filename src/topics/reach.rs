//! How many points a topic's terms can give: what a check of the settings asks.

use super::{
    score::Field,
    settings::{TaggingSettings, TopicSettings},
    term::parse_term,
};

/// The most points a text in one of the configured languages can get: every term hits the weightiest field five times.
///
/// A term that [`super::check_term`] refuses counts for nothing.
pub fn highest_score(topic: &TopicSettings, settings: &TaggingSettings) -> f64 {
    let weights = settings.field_weight;
    let field = weights.title.max(weights.lead).max(weights.body).max(weights.category);
    let total = |language: &str| -> f64 {
        let terms = topic.terms.get(language).into_iter().flatten();
        terms.filter_map(|term| parse_term(term, language, &settings.languages).ok()).map(|term| term.weight).sum()
    };
    let any = total(TaggingSettings::ANY);
    let best = settings.languages.iter().map(|language| total(language)).fold(0.0, f64::max);
    (any + best) * (field + 1.0)
}

/// A term of which one single hit makes the tag, with no other term's help.
#[derive(Debug, Clone, PartialEq)]
pub struct LoneTerm {
    /// The list it stands in.
    pub language: String,
    pub term: String,
    /// The field of least weight where one hit is enough: [`Field::Body`] means anywhere in the text.
    pub field: Field,
}

/// The terms that reach the topic's threshold alone, in the order of the settings. A title is short and chosen with care, so
/// that one hit there is often meant to be enough; one hit in the body seldom is.
pub fn lone_terms(topic: &TopicSettings, settings: &TaggingSettings) -> Vec<LoneTerm> {
    let weights = settings.field_weight;
    let mut fields = [
        (Field::Title, weights.title),
        (Field::Category, weights.category),
        (Field::Lead, weights.lead),
        (Field::Body, weights.body),
    ];
    fields.sort_by(|(one, a), (other, b)| a.total_cmp(b).then(other.cmp(one)));
    let mut lone = Vec::new();
    for (language, terms) in &topic.terms {
        for written in terms {
            let Ok(term) = parse_term(written, language, &settings.languages) else { continue };
            if let Some(&(field, _)) = fields.iter().find(|(_, weight)| term.weight * weight >= topic.threshold) {
                lone.push(LoneTerm { language: language.clone(), term: written.clone(), field });
            }
        }
    }
    lone
}
