//! Points -> tags: what keeps a topic out in spite of its points, and what brings it in without.

use serde::{Deserialize, Serialize};

use super::{
    compile::{Topic, Topics},
    evaluate::{Matched, TopicMatch},
    score::Points,
};
use crate::model::SourceId;

/// Why an entry is in a topic, or is not: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is in.
    Tagged,
    /// The topic's `scope` leaves out its source, its language or its country.
    OutOfScope,
    /// Something of the topic's `not` stands in the title, a category or the lead.
    Vetoed,
    /// The points do not reach the threshold.
    TooFewPoints,
    /// No hit that brings points stands in the title, a category or the first words of the text, nor is the text like the
    /// examples.
    NotAnchored,
    /// A group of the topic's `require` has no hit.
    RequirementMissing,
}

impl Topics {
    pub(super) fn verdict(&self, matched: &TopicMatch) -> Verdict {
        let topic = self.topic(matched.topic);
        if !matched.in_scope {
            Verdict::OutOfScope
        } else if matched.vetoed {
            Verdict::Vetoed
        } else if matched.brought.is_some() {
            Verdict::Tagged
        } else if matched.score < topic.threshold {
            Verdict::TooFewPoints
        } else if !matched.anchored {
            Verdict::NotAnchored
        } else if matched.groups != topic.groups {
            Verdict::RequirementMissing
        } else {
            Verdict::Tagged
        }
    }

    pub(super) fn is_tag(&self, matched: &TopicMatch) -> bool {
        self.verdict(matched) == Verdict::Tagged
    }

    /// Looks at each topic's scope, and adds the topics that those which are tags imply.
    pub(super) fn decide(&self, language: Option<&str>, source: Option<&SourceId>, matched: &mut Matched) {
        for topic in &mut matched.topics {
            topic.in_scope = self.in_scope(self.topic(topic.topic), language, source);
        }
        if !self.has_implications() {
            return;
        }
        let tags = matched.topics.iter().filter(|topic| self.is_tag(topic));
        let mut bringing: Vec<usize> = tags.map(|topic| topic.topic).collect();
        let mut next = 0;
        // A topic is in this list once at most, so that a circle of topics comes to its end.
        while let Some(&from) = bringing.get(next) {
            next += 1;
            for &implied in &self.topic(from).implies {
                let at = match matched.topics.binary_search_by_key(&implied, |topic| topic.topic) {
                    Ok(at) => at,
                    Err(at) => {
                        let in_scope = self.in_scope(self.topic(implied), language, source);
                        matched.topics.insert(at, TopicMatch::nothing(implied, in_scope));
                        at
                    }
                };
                let Some(topic) = matched.topics.get_mut(at) else { continue };
                if self.is_tag(topic) || !topic.in_scope || topic.vetoed {
                    continue;
                }
                let missing = (self.topic(implied).threshold - topic.score).max(Points::default());
                topic.brought = Some((from, missing));
                topic.score = topic.score + missing;
                bringing.push(implied);
            }
        }
    }

    fn in_scope(&self, topic: &Topic, language: Option<&str>, source: Option<&SourceId>) -> bool {
        let Some(scope) = &topic.scope else { return true };
        let country = || source.and_then(|source| self.settings().countries.get(source));
        (scope.sources.is_empty() || source.is_some_and(|source| scope.sources.contains(source)))
            && (scope.languages.is_empty()
                || language.is_some_and(|language| scope.languages.iter().any(|known| known == language)))
            && (scope.countries.is_empty() || country().is_some_and(|country| scope.countries.contains(country)))
    }
}

impl TopicMatch {
    /// A topic of which nothing stands in the entry.
    pub(super) fn nothing(topic: usize, in_scope: bool) -> Self {
        Self {
            topic,
            score: Points::default(),
            anchored: false,
            vetoed: false,
            groups: 0,
            in_scope,
            examples: None,
            brought: None,
            terms: 0..0,
            shielded: 0..0,
        }
    }
}
