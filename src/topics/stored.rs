//! An explanation that is kept with its story, and told later without today's settings.

use serde::{Deserialize, Serialize};

use super::{
    compile::Topics,
    decide::Verdict,
    evaluate::TopicMatch,
    example::ExampleExplanation,
    explain::{Bringing, Found, Requirement, Shielded, TermExplanation, TermKind, TopicExplanation},
    score::{Field, Points},
};
use crate::{
    model::{SourceId, TopicId, TopicScore},
    text::ReadableEntry,
};

/// Why an entry had its topics when it was tagged: every term of every topic it is in, and of the few it nearly is in.
///
/// It holds what was written and found then, so that it can be told whatever the settings are now. Small as it is written by
/// postcard: an entry in two topics takes some hundred bytes, one that no topic came near takes one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredExplanation {
    topics: Vec<StoredTopic>,
}

/// Of topics that are no tags, so many of those that came nearest are kept.
const MOST_OTHERS: usize = 4;

/// The score is not kept: it is the sum of the points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredTopic {
    topic: TopicId,
    /// Thousandths, as are all points and weights here.
    threshold: i64,
    verdict: Verdict,
    terms: Vec<StoredTerm>,
    examples: Option<StoredExamples>,
    brought_by: Option<(TopicId, i64)>,
    shielded: Vec<(StoredFound, String, u32)>,
    vetoes: Vec<StoredFound>,
    requires: Vec<(Vec<String>, Option<StoredFound>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredTerm {
    kind: TermKind,
    language: String,
    weight: u32,
    field_weight: u32,
    hits: u32,
    points: i64,
    found: StoredFound,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredExamples {
    points: i64,
    alone: bool,
    weight: u32,
    likeness: i64,
    towards: Vec<String>,
    against: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredFound {
    term: String,
    field: Field,
    /// `None` if it is the term's first characters, as with most words without a star.
    matched: Option<String>,
    position: u32,
}

impl StoredFound {
    fn new(term: &str, field: Field, matched: &str, position: u32) -> Self {
        let same = term.strip_prefix(matched).is_some_and(|rest| rest.is_empty() || rest.starts_with('^'));
        let matched = (!same).then(|| matched.to_owned());
        Self { term: term.to_owned(), field, matched, position }
    }

    fn of(found: &Found) -> Self {
        Self::new(&found.term, found.field, &found.matched, found.position)
    }

    fn matched(&self) -> String {
        match &self.matched {
            Some(matched) => matched.clone(),
            None => self.term.split('^').next().unwrap_or_default().to_owned(),
        }
    }

    fn told(&self) -> Found {
        Found { term: self.term.clone(), field: self.field, matched: self.matched(), position: self.position }
    }
}

impl StoredExamples {
    fn of(explained: &ExampleExplanation) -> Self {
        Self {
            points: explained.points.thousandths(),
            alone: explained.alone,
            weight: thousandths(explained.weight),
            likeness: Points::new(explained.likeness).thousandths(),
            towards: explained.towards.clone(),
            against: explained.against.clone(),
        }
    }

    fn told(&self) -> ExampleExplanation {
        ExampleExplanation {
            points: Points::from_thousandths(self.points),
            alone: self.alone,
            weight: f64::from(self.weight) / 1000.0,
            likeness: Points::from_thousandths(self.likeness).as_f64(),
            towards: self.towards.clone(),
            against: self.against.clone(),
        }
    }
}

fn thousandths(weight: f64) -> u32 {
    (weight * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl StoredTopic {
    fn of(explained: &TopicExplanation) -> Self {
        let term = |term: &TermExplanation| StoredTerm {
            kind: term.kind,
            language: term.language.clone(),
            weight: thousandths(term.weight),
            field_weight: thousandths(term.field_weight),
            hits: count(term.hits),
            points: term.points.thousandths(),
            found: StoredFound::new(&term.term, term.field, &term.matched, term.position),
        };
        let shielded = |lost: &Shielded| {
            let found = StoredFound::new(&lost.term, lost.field, &lost.matched, lost.position);
            (found, lost.shield.clone(), count(lost.hits))
        };
        let require = |group: &Requirement| (group.terms.clone(), group.found.as_ref().map(StoredFound::of));
        Self {
            topic: explained.topic.clone(),
            threshold: explained.threshold.thousandths(),
            verdict: explained.verdict,
            terms: explained.terms.iter().map(term).collect(),
            examples: explained.examples.as_ref().map(StoredExamples::of),
            brought_by: explained.brought_by.as_ref().map(|by| (by.topic.clone(), by.points.thousandths())),
            shielded: explained.shielded.iter().map(shielded).collect(),
            vetoes: explained.vetoes.iter().map(StoredFound::of).collect(),
            requires: explained.requires.iter().map(require).collect(),
        }
    }

    /// The sum of all that brought points.
    fn score(&self) -> Points {
        let others = self.examples.iter().map(|share| share.points);
        let others = others.chain(self.brought_by.iter().map(|(_, points)| *points));
        self.terms.iter().map(|term| term.points).chain(others).map(Points::from_thousandths).sum()
    }

    fn told(&self) -> TopicExplanation {
        let term = |term: &StoredTerm| TermExplanation {
            kind: term.kind,
            term: term.found.term.clone(),
            language: term.language.clone(),
            weight: f64::from(term.weight) / 1000.0,
            field: term.found.field,
            field_weight: f64::from(term.field_weight) / 1000.0,
            hits: term.hits as usize,
            points: Points::from_thousandths(term.points),
            matched: term.found.matched(),
            position: term.found.position,
        };
        let shielded = |(found, shield, hits): &(StoredFound, String, u32)| Shielded {
            term: found.term.clone(),
            shield: shield.clone(),
            hits: *hits as usize,
            field: found.field,
            matched: found.matched(),
            position: found.position,
        };
        TopicExplanation {
            topic: self.topic.clone(),
            score: self.score(),
            threshold: Points::from_thousandths(self.threshold),
            tagged: self.verdict == Verdict::Tagged,
            verdict: self.verdict,
            terms: self.terms.iter().map(term).collect(),
            examples: self.examples.as_ref().map(StoredExamples::told),
            brought_by: self
                .brought_by
                .as_ref()
                .map(|(topic, points)| Bringing { topic: topic.clone(), points: Points::from_thousandths(*points) }),
            shielded: self.shielded.iter().map(shielded).collect(),
            vetoes: self.vetoes.iter().map(StoredFound::told).collect(),
            requires: self
                .requires
                .iter()
                .map(|(terms, found)| Requirement {
                    terms: terms.clone(),
                    found: found.as_ref().map(StoredFound::told),
                })
                .collect(),
        }
    }
}

impl StoredExplanation {
    /// The account of each topic, as it was when the entry was tagged, in the order the settings had then.
    pub fn topics(&self) -> Vec<TopicExplanation> {
        self.topics.iter().map(StoredTopic::told).collect()
    }

    /// The topics that the entry was put in, as [`Topics::tag_from`] said.
    pub fn tags(&self) -> Vec<TopicScore> {
        let tags = self.topics.iter().filter(|topic| topic.verdict == Verdict::Tagged);
        tags.map(|topic| TopicScore { topic: topic.topic.clone(), score: topic.score().as_f64() }).collect()
    }
}

impl Topics {
    /// As [`Topics::tag_from`], with the account that is kept of it; both in one pass.
    pub fn tag_and_explain(
        &self,
        entry: &ReadableEntry,
        source: Option<&SourceId>,
    ) -> (Vec<TopicScore>, StoredExplanation) {
        self.read(entry, source, |reading, matched| {
            let (mut kept, mut others): (Vec<&TopicMatch>, Vec<_>) =
                matched.topics.iter().partition(|topic| self.is_tag(topic));
            let tags = kept
                .iter()
                .map(|topic| TopicScore { topic: self.topic(topic.topic).id.clone(), score: topic.score.as_f64() })
                .collect();
            others.retain(|topic| self.is_near_miss(topic));
            others.sort_by(|one, other| {
                let share = |topic: &TopicMatch| topic.score.as_f64() / self.topic(topic.topic).threshold.as_f64();
                share(other).total_cmp(&share(one)).then(one.topic.cmp(&other.topic))
            });
            kept.extend(others.into_iter().take(MOST_OTHERS));
            kept.sort_by_key(|topic| topic.topic);
            let topics = kept.into_iter().map(|topic| self.explanation(entry, reading, matched, topic));
            (tags, StoredExplanation { topics: topics.map(|topic| StoredTopic::of(&topic)).collect() })
        })
    }

    /// It would be a tag but for scope, veto, anchor or requirement, or has half the points.
    fn is_near_miss(&self, topic: &TopicMatch) -> bool {
        topic.score + topic.score >= self.topic(topic.topic).threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_kept_once() {
        for (term, matched, kept) in [
            ("machine learning^2", "machine learning", None),
            ("=AI", "AI", Some("AI")),
            ("cloud", "cloud", None),
            ("cloud computing", "cloud", Some("cloud")),
            ("telecom*", "Télécoms", Some("Télécoms")),
        ] {
            let found = StoredFound::new(term, Field::Title, matched, 3);
            assert_eq!(found.matched.as_deref(), kept, "{term}");
            assert_eq!(found.matched(), matched, "{term}");
        }
    }
}
