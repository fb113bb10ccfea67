//! Why an entry has a tag, or has not.

use serde::{Deserialize, Serialize};

use super::{
    compile::{Role, Topics},
    decide::Verdict,
    evaluate::{Matched, TermMatch, TopicMatch},
    example::ExampleExplanation,
    reading::{Reading, Span},
    score::{Field, Points},
};
use crate::{
    model::{SourceId, TopicId},
    text::ReadableEntry,
};

/// The account of one topic's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicExplanation {
    pub topic: TopicId,
    /// The sum of the terms' points, of the examples', and of those that were brought.
    pub score: Points,
    pub threshold: Points,
    pub tagged: bool,
    pub verdict: Verdict,
    /// The terms that hit, those with the most points first.
    pub terms: Vec<TermExplanation>,
    /// What the topic's examples brought, if it has any that know the entry's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examples: Option<ExampleExplanation>,
    /// The topic that implies this one, where this one would be no tag by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<Bringing>,
    /// Hits that did not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shielded: Vec<Shielded>,
    /// What keeps the entry out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vetoes: Vec<Found>,
    /// What the topic requires, group by group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
}

/// How a term has its say in the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TermKind {
    /// It brings points.
    Term,
    /// A publisher's category that brings points.
    Category,
    /// It takes points away.
    Minus,
}

/// What one term brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermExplanation {
    pub kind: TermKind,
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

/// A topic that brings another along.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bringing {
    pub topic: TopicId,
    /// What was missing to the threshold.
    pub points: Points,
}

/// A term and where it was found first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// As the admin wrote it.
    pub term: String,
    pub field: Field,
    /// As the publisher wrote it.
    pub matched: String,
    /// As in [`TermExplanation`].
    pub position: u32,
}

/// Hits of a term that did not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shielded {
    /// The term that lost them.
    pub term: String,
    /// The shield whose words they are, as the admin wrote it.
    pub shield: String,
    pub hits: usize,
    pub field: Field,
    /// The first of them, as the publisher wrote it.
    pub matched: String,
    /// As in [`TermExplanation`].
    pub position: u32,
}

/// A group of terms of which one must stand in the entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Requirement {
    /// As the admin wrote them.
    pub terms: Vec<String>,
    /// `None` if none of them was found.
    pub found: Option<Found>,
}

/// Longer findings (the words of a NEAR, words without end) are cut there, in characters.
const LONGEST_MATCHED: usize = 80;

fn shortened(mut matched: String) -> String {
    if let Some((end, _)) = matched.char_indices().nth(LONGEST_MATCHED) {
        matched.truncate(end);
        matched.push('…');
    }
    matched
}

impl Topics {
    /// Every topic that was hit or brought along, or whose examples know the language, in the order of the settings; `source` is who published the entry.
    pub fn explain_from(&self, entry: &ReadableEntry, source: Option<&SourceId>) -> Vec<TopicExplanation> {
        self.read(entry, source, |reading, matched| {
            matched.topics.iter().map(|topic| self.explanation(entry, reading, matched, topic)).collect()
        })
    }

    /// As [`Topics::explain_from`], for an entry of nobody's.
    pub fn explain(&self, entry: &ReadableEntry) -> Vec<TopicExplanation> {
        self.explain_from(entry, None)
    }

    pub(super) fn explanation(
        &self,
        entry: &ReadableEntry,
        reading: &Reading,
        matched: &Matched,
        topic: &TopicMatch,
    ) -> TopicExplanation {
        let settings = self.topic(topic.topic);
        let verdict = self.verdict(topic);
        let place = |span: Span| {
            let (written, position) = reading.written(entry, span);
            (shortened(written.join(" … ")), position)
        };
        let found = |term: &TermMatch| {
            let (matched, position) = place(term.span);
            Found { term: self.text(term.term).written.to_string(), field: term.field, matched, position }
        };
        let all = matched.terms_of(topic);
        let with = |role: Role| all.iter().filter(move |term| self.term(term.term).role == role);
        let mut terms: Vec<TermExplanation> = Vec::new();
        for (kind, role) in
            [(TermKind::Term, Role::Term), (TermKind::Category, Role::Category), (TermKind::Minus, Role::Minus)]
        {
            terms.extend(with(role).map(|term| {
                let (matched, position) = place(term.span);
                let text = self.text(term.term);
                TermExplanation {
                    kind,
                    term: text.written.to_string(),
                    language: text.list.to_string(),
                    weight: self.term(term.term).weight,
                    field: term.field,
                    field_weight: settings.weight(term.field),
                    hits: term.hits,
                    points: term.points,
                    matched,
                    position,
                }
            }));
        }
        terms.sort_by_key(|term| std::cmp::Reverse(term.points));
        let mut shielded: Vec<Shielded> = Vec::new();
        let hits = matched.shielded_of(topic);
        for hits in hits.chunk_by(|one, next| (one.shield, one.term) == (next.shield, next.term)) {
            let Some(first) = hits.first() else { continue };
            let (matched, position) = place(first.span);
            shielded.push(Shielded {
                term: self.text(first.term).written.to_string(),
                shield: self.text(first.shield).written.to_string(),
                hits: hits.len(),
                field: reading.field(first.span),
                matched,
                position,
            });
        }
        let requires = (0..).zip(&settings.require).map(|(group, terms)| Requirement {
            terms: terms.iter().map(ToString::to_string).collect(),
            found: with(Role::Require(group)).next().map(found),
        });
        TopicExplanation {
            topic: settings.id.clone(),
            score: topic.score,
            threshold: settings.threshold,
            tagged: verdict == Verdict::Tagged,
            verdict,
            terms,
            examples: topic.examples.and_then(|share| self.examples().explain(entry, share.topic)),
            brought_by: topic.brought.map(|(from, points)| Bringing { topic: self.topic(from).id.clone(), points }),
            shielded,
            vetoes: with(Role::Not).map(found).collect(),
            requires: requires.collect(),
        }
    }
}
