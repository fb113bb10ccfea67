//! Hits -> points, topic by topic.

use super::{
    compile::{Role, Topics},
    example::ExampleShare,
    matcher::Hit,
    near::near,
    reading::{Reading, Span},
    score::{Field, Points},
};
use crate::text::ReadableEntry;

/// A term that hit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TermMatch {
    pub term: u32,
    pub hits: usize,
    /// The field with the highest weight among those it hit.
    pub field: Field,
    /// Below 0 for a term that takes away; 0 for one that neither gives nor takes.
    pub points: Points,
    /// The first hit in that field.
    pub span: Span,
}

/// A hit that does not count, because a shield's words are in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShieldedHit {
    pub shield: u32,
    pub term: u32,
    pub span: Span,
}

/// A topic that was hit, or brought along.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TopicMatch {
    pub topic: usize,
    /// The sum of the terms' points, of the examples', and of those that another topic brought.
    pub score: Points,
    /// A hit that brings points stands in the title, in a category or in the first words of the text, or the text is like
    /// the examples.
    pub anchored: bool,
    /// Something of `not` stands where the story says what it is about.
    pub vetoed: bool,
    /// Bit n stands for the nth group of `require`.
    pub groups: u32,
    pub in_scope: bool,
    /// What the topic's examples bring.
    pub examples: Option<ExampleShare>,
    /// The topic that implies this one, and the points that were missing to the threshold.
    pub brought: Option<(usize, Points)>,
    /// Those of [`Matched::terms`] that are this topic's, in the order of its settings.
    pub terms: std::ops::Range<usize>,
    /// Likewise.
    pub shielded: std::ops::Range<usize>,
}

/// Everything the topics found in one entry.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// In the order of the settings.
    pub topics: Vec<TopicMatch>,
    pub terms: Vec<TermMatch>,
    pub shielded: Vec<ShieldedHit>,
    spans: Vec<Span>,
    lost: Vec<Span>,
    kept: Vec<Hit>,
    shields: Vec<(u32, Span)>,
}

impl Matched {
    fn clear(&mut self) {
        self.topics.clear();
        self.terms.clear();
        self.shielded.clear();
    }

    pub fn terms_of(&self, topic: &TopicMatch) -> &[TermMatch] {
        self.terms.get(topic.terms.clone()).unwrap_or_default()
    }

    pub fn shielded_of(&self, topic: &TopicMatch) -> &[ShieldedHit] {
        self.shielded.get(topic.shielded.clone()).unwrap_or_default()
    }
}

impl Topics {
    /// A hit term's weight times that of the best field it hits, and a quarter of the weight for each further hit up to four.
    fn points(&self, term: u32, field: Field, hits: usize) -> Points {
        let further = (0.25 * (hits as f64 - 1.0)).min(1.0);
        let term = self.term(term);
        Points::new(term.weight * (self.topic(term.topic as usize).weight(field) + further))
    }

    /// Fills `matched` with every topic that is hit, in the order of the settings. `hits` are sorted by term, side and place.
    pub(super) fn evaluate(&self, reading: &Reading, hits: &[Hit], matched: &mut Matched) {
        matched.clear();
        let topic_of = |hit: &Hit| self.term(hit.term).topic;
        for hits in hits.chunk_by(|one, next| one.term == next.term || topic_of(one) == topic_of(next)) {
            let Some(topic) = hits.first().map(topic_of) else { continue };
            self.evaluate_topic(topic as usize, reading, hits, matched);
        }
    }

    fn evaluate_topic(&self, topic: usize, reading: &Reading, hits: &[Hit], matched: &mut Matched) {
        let Matched { topics, terms, shielded, spans, lost, kept, shields } = matched;
        let (first_term, first_shielded) = (terms.len(), shielded.len());
        let mut result = TopicMatch {
            terms: first_term..first_term,
            shielded: first_shielded..first_shielded,
            ..TopicMatch::nothing(topic, true)
        };
        shields.clear();
        for hits in hits.chunk_by(|one, next| one.term == next.term) {
            let Some(number) = hits.first().map(|hit| hit.term) else { continue };
            let term = self.term(number);
            spans.clear();
            if shields.is_empty() || term.role == Role::Shield {
                spans_of(hits, term.near, reading, spans);
            } else {
                kept.clear();
                kept.extend(hits.iter().filter(|hit| shield_on(shields, hit.span).is_none()));
                spans_of(kept, term.near, reading, spans);
                if kept.len() < hits.len() {
                    lost.clear();
                    spans_of(hits, term.near, reading, lost);
                    let on_shield = lost.iter().filter(|span| !spans.contains(span));
                    let on_shield = on_shield.filter_map(|&span| Some((shield_on(shields, span)?, span)));
                    shielded.extend(on_shield.map(|(shield, span)| ShieldedHit { shield, term: number, span }));
                }
            }
            if term.role == Role::Shield {
                shields.extend(spans.iter().map(|&span| (number, span)));
                continue;
            }
            if term.role == Role::Not {
                spans.retain(|&span| reading.field(span) != Field::Body);
            }
            let Some(best) = self.best(topic, reading, spans) else { continue };
            let field = reading.field(best);
            let points = match term.role {
                Role::Term | Role::Category => self.points(number, field, spans.len()),
                Role::Minus => -self.points(number, field, spans.len()),
                Role::Not | Role::Require(_) | Role::Shield => Points::default(),
            };
            result.score = result.score + points;
            match term.role {
                Role::Term | Role::Category => {
                    let words = self.topic(topic).anchor_words;
                    result.anchored |= spans.iter().any(|&span| reading.anchors(span, words));
                }
                Role::Not => result.vetoed = true,
                Role::Require(group) => result.groups |= 1 << group,
                Role::Minus | Role::Shield => {}
            }
            terms.push(TermMatch { term: number, hits: spans.len(), field, points, span: best });
        }
        result.terms.end = terms.len();
        result.shielded.end = shielded.len();
        if !result.terms.is_empty() || !result.shielded.is_empty() {
            topics.push(result);
        }
    }

    /// Adds what the topics' examples bring. A text that as a whole is like the examples needs no other anchor.
    pub(super) fn add_examples(&self, entry: &ReadableEntry, matched: &mut Matched) {
        if self.examples().is_empty() {
            return;
        }
        let topics = &mut matched.topics;
        for share in self.examples().shares(entry) {
            let place = topics.binary_search_by_key(&share.topic, |topic| topic.topic).unwrap_or_else(|place| {
                topics.insert(place, TopicMatch::nothing(share.topic, true));
                place
            });
            if let Some(topic) = topics.get_mut(place) {
                topic.score = topic.score + share.points;
                topic.anchored |= share.points > Points::default();
                topic.examples = Some(share);
            }
        }
    }

    /// The first span in the best field.
    fn best(&self, topic: usize, reading: &Reading, spans: &[Span]) -> Option<Span> {
        let topic = self.topic(topic);
        let mut best = *spans.first()?;
        let mut weight = topic.weight(reading.field(best));
        for &span in spans {
            let other = topic.weight(reading.field(span));
            if other > weight {
                (best, weight) = (span, other);
            }
        }
        Some(best)
    }
}

/// The hits of a term, or the pairs that they make.
fn spans_of(hits: &[Hit], distance: Option<u32>, reading: &Reading, spans: &mut Vec<Span>) {
    match distance {
        Some(distance) => near(hits, distance, reading, spans),
        None => spans.extend(hits.iter().map(|hit| hit.span)),
    }
}

/// The first shield with words in the span.
fn shield_on(shields: &[(u32, Span)], span: Span) -> Option<u32> {
    shields.iter().find(|(_, shield)| shield.overlaps(span)).map(|&(number, _)| number)
}
