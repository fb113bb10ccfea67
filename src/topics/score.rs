//! Hits -> points -> scores.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::text::ReadableEntry;

use super::{
    compile::Topics,
    example::ExampleShare,
    lexicon::Side,
    matcher::{Hit, Reading, Span},
};

/// Where in an entry a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    Title,
    Category,
    /// The first words of the text.
    Lead,
    Body,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Title => "title",
            Self::Category => "category",
            Self::Lead => "lead",
            Self::Body => "body",
        })
    }
}

/// Points in thousandths, so that the terms' points add up to the score exactly and in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(i64);

impl Points {
    /// Rounded to the nearest thousandth.
    pub fn new(points: f64) -> Self {
        Self((points * 1000.0).round() as i64)
    }

    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::default(), |sum, points| Self(sum.0.saturating_add(points.0)))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_f64().fmt(f)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

/// A term that hit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TermMatch {
    pub term: u32,
    pub hits: usize,
    /// The field with the highest weight among those it hit.
    pub field: Field,
    pub points: Points,
    /// The first hit in that field.
    pub span: Span,
}

/// A topic that was hit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TopicMatch {
    pub topic: usize,
    pub score: Points,
    /// A hit stands in the title, in a category or in the first words of the text.
    pub anchored: bool,
    /// In the order of the settings.
    pub terms: Vec<TermMatch>,
    /// What the topic's examples bring; part of the score.
    pub examples: Option<ExampleShare>,
}

impl Topics {
    /// A hit term's weight times that of the best field it hits, and a quarter of the weight for each further hit up to four.
    fn points(&self, term: u32, field: Field, hits: usize) -> Points {
        let further = (0.25 * (hits as f64 - 1.0)).min(1.0);
        Points::new(self.term(term).weight * (self.field_weight(field) + further))
    }

    pub(super) fn field_weight(&self, field: Field) -> f64 {
        let weights = self.settings().field_weight;
        match field {
            Field::Title => weights.title,
            Field::Category => weights.category,
            Field::Lead => weights.lead,
            Field::Body => weights.body,
        }
    }

    /// Every topic with a term that hits, in the order of the settings. `hits` are sorted by term, side and place.
    pub(super) fn evaluate(&self, reading: &Reading, hits: &[Hit]) -> Vec<TopicMatch> {
        let mut topics: Vec<TopicMatch> = Vec::new();
        let mut spans = Vec::new();
        for hits in hits.chunk_by(|one, next| one.term == next.term) {
            let Some(term) = hits.first().map(|hit| hit.term) else { continue };
            spans.clear();
            match self.term(term).near {
                Some(distance) => near(hits, distance, reading, &mut spans),
                None => spans.extend(hits.iter().map(|hit| hit.span)),
            }
            let Some((best, hits, anchored)) = self.best(reading, &spans) else { continue };
            let field = reading.field(best);
            let points = self.points(term, field, hits);
            let topic = self.term(term).topic;
            let term = TermMatch { term, hits, field, points, span: best };
            match topics.last_mut().filter(|last| last.topic == topic) {
                Some(last) => {
                    last.score = [last.score, points].into_iter().sum();
                    last.anchored |= anchored;
                    last.terms.push(term);
                }
                None => topics.push(TopicMatch { topic, score: points, anchored, terms: vec![term], examples: None }),
            }
        }
        topics
    }

    /// The first span in the best field, how many there are, and whether one of them anchors the topic.
    fn best(&self, reading: &Reading, spans: &[Span]) -> Option<(Span, usize, bool)> {
        let mut best = *spans.first()?;
        let mut anchored = false;
        for &span in spans {
            anchored |= reading.anchors(span);
            if self.field_weight(reading.field(span)) > self.field_weight(reading.field(best)) {
                best = span;
            }
        }
        Some((best, spans.len(), anchored))
    }

    /// Adds what the topics' examples bring. A text that as a whole is like the examples needs no other anchor.
    pub(super) fn add_examples(&self, entry: &ReadableEntry, matched: &mut Vec<TopicMatch>) {
        if self.examples().is_empty() {
            return;
        }
        for share in self.examples().shares(entry) {
            let place = matched.binary_search_by_key(&share.topic, |matched| matched.topic).unwrap_or_else(|place| {
                let (score, terms) = (Points::default(), Vec::new());
                let new = TopicMatch { topic: share.topic, score, anchored: false, terms, examples: None };
                matched.insert(place, new);
                place
            });
            if let Some(topic) = matched.get_mut(place) {
                topic.score = [topic.score, share.points].into_iter().sum();
                topic.anchored |= share.points > Points::default();
                topic.examples = Some(share);
            }
        }
    }

    /// Whether a topic's score and anchor make it a tag.
    pub(super) fn is_tag(&self, matched: &TopicMatch) -> bool {
        matched.anchored && matched.score >= self.topic(matched.topic).threshold
    }
}

/// Pairs of a left and a right hit, each used once, at most `distance` words apart and not overlapping.
fn near(hits: &[Hit], distance: u32, reading: &Reading, spans: &mut Vec<Span>) {
    let middle = hits.partition_point(|hit| hit.side == Side::Left);
    let (left, right) = hits.split_at(middle);
    let mut first = 0;
    for one in left {
        // Left hits come in order, so what is too far before this one is too far before the rest.
        while right.get(first).is_some_and(|other| other.span.last + distance < one.span.first) {
            first += 1;
        }
        let reach = right[first..].iter().take_while(|other| other.span.first <= one.span.last + distance);
        let partner = reach.enumerate().find(|(_, other)| {
            let apart = other.span.last < one.span.first || one.span.last < other.span.first;
            apart && reading.is_one_text(one.span, other.span)
        });
        if let Some((further, other)) = partner {
            first += further + 1;
            let (from, to) = (one.span.first.min(other.span.first), one.span.last.max(other.span.last));
            spans.push(Span { first: from, last: to });
        }
    }
}
