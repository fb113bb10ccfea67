//! An explanation, for people and as JSON.

use std::fmt::{self, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use super::stories::write_pairs;
use crate::{
    daemon::{FoundEvent, FoundPair, FoundReading},
    model::{Language, LanguageOrigin, SourceId, TopicScore},
    reading::Reader,
    text::{Cut, LanguageReason, ReadableEntry},
    topics::{ExampleExplanation, Points, TermExplanation, TermKind, TopicExplanation, Verdict},
};

/// A story and the entries that are its copies; or the text of a file.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedStory {
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub story: Option<StoryLines>,
    pub entries: Vec<ExplainedEntry>,
}

#[derive(Debug, Serialize)]
pub(super) struct StoryLines {
    id: String,
    updated: String,
    #[serde(serialize_with = "as_object")]
    topics: Vec<TopicScore>,
    copies: Vec<ExplainedCopy>,
    /// Why its entries are one story, and which were kept out of it.
    pairs: Vec<FoundPair>,
    same_event: Vec<FoundEvent>,
}

#[derive(Debug, Serialize)]
pub(super) struct ExplainedCopy {
    /// It is the one readers see.
    pub shown: bool,
    pub source: String,
    pub site: &'static str,
    pub link: Option<String>,
}

/// One text, its language, what was left out of it, and why it has its topics.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// When and with which settings the entry was tagged so; absent for what the present ones find.
    #[serde(skip_serializing_if = "Option::is_none")]
    tagged: Option<Tagged>,
    source: Option<String>,
    title: String,
    language: Option<ExplainedLanguage>,
    /// What was declared, and refuted by the text.
    refuted_language: Option<ExplainedLanguage>,
    /// How the language was settled.
    language_reason: LanguageReason,
    /// The text is that of the page behind the entry's link.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_article: bool,
    words: usize,
    cuts: Vec<Cut>,
    /// Cuts that were kept as a number only, and the words that went with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_cuts: Option<MoreCuts>,
    topics: Vec<TopicExplanation>,
}

#[derive(Debug, Serialize)]
struct Tagged {
    at: String,
    /// A number that stands for the settings of all topics.
    settings: String,
    /// They are the present ones.
    present: bool,
}

#[derive(Debug, Serialize)]
struct MoreCuts {
    cuts: usize,
    words: usize,
}

#[derive(Debug, Serialize)]
struct ExplainedLanguage {
    tag: String,
    why: &'static str,
}

fn as_object<S: Serializer>(scores: &[TopicScore], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(scores.iter().map(|score| (score.topic.as_str(), score.score)))
}

impl From<&Language> for ExplainedLanguage {
    fn from(language: &Language) -> Self {
        let why = match language.origin {
            LanguageOrigin::Entry => "declared by the entry",
            LanguageOrigin::Feed => "declared by the feed",
            LanguageOrigin::Configured => "configured for the source",
            LanguageOrigin::Detected => "recognised from the text",
        };
        Self { tag: language.tag.clone(), why }
    }
}

impl ExplainedStory {
    pub fn of(
        id: String,
        updated: DateTime<Utc>,
        topics: &[TopicScore],
        copies: Vec<ExplainedCopy>,
        (pairs, same_event): (Vec<FoundPair>, Vec<FoundEvent>),
        entries: Vec<ExplainedEntry>,
    ) -> Self {
        let updated = updated.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self { story: Some(StoryLines { id, updated, topics: topics.to_vec(), copies, pairs, same_event }), entries }
    }

    /// For people. `only` is the one topic they asked for.
    pub fn write(&self, text: &mut String, only: Option<&str>) -> fmt::Result {
        if let Some(story) = &self.story {
            let topics: Vec<_> = story.topics.iter().map(|score| format!("{} {}", score.topic, score.score)).collect();
            let topics = if topics.is_empty() { "no topic".to_string() } else { topics.join(", ") };
            writeln!(text, "story {}\n  updated {}, {topics}", story.id, story.updated)?;
            for copy in &story.copies {
                let shown = if copy.shown { "shown" } else { "copy" };
                let link = copy.link.as_deref().unwrap_or("no link");
                writeln!(text, "  {shown}: {} ({}) {link}", copy.source, copy.site)?;
            }
            if story.pairs.iter().any(|pair| pair.together) {
                writeln!(text, "one story, by their entries' numbers:")?;
                write_pairs(text, &story.pairs, true)?;
            }
            if story.pairs.iter().any(|pair| !pair.together) {
                writeln!(text, "other stories, though alike:")?;
                write_pairs(text, &story.pairs, false)?;
            }
            write_events(text, &story.same_event)?;
        }
        for entry in &self.entries {
            if let Some(number) = entry.entry {
                writeln!(text, "\nentry {number} of {}: {}", entry.source.as_deref().unwrap_or_default(), entry.title)?;
            }
            entry.write(text, only)?;
        }
        Ok(())
    }
}

/// Who tells of the same event, topic by topic.
fn write_events(text: &mut String, events: &[FoundEvent]) -> fmt::Result {
    for (place, event) in events.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| events.get(place));
        if before.is_none_or(|before| before.topic != event.topic) {
            writeln!(text, "on the same event, in {}:", event.topic.as_deref().unwrap_or("all stories"))?;
        }
        let figures = match (event.agreement, event.hours_apart) {
            (Some(agreement), Some(hours)) => {
                format!("agreement {agreement:.2} of {:.2}, {hours:.1} h from the nearest", event.required)
            }
            _ => "the others joined it".to_owned(),
        };
        writeln!(text, "  {} of {} ({}): {figures}", event.entry, event.source, event.title)?;
    }
    Ok(())
}

impl ExplainedEntry {
    pub fn new(reader: &Reader, entry: &ReadableEntry, source: Option<&SourceId>, only: Option<&str>) -> Self {
        let mut topics = reader.topics().explain_from(entry, source);
        topics.retain(|topic| only.is_none_or(|only| topic.topic.as_str() == only));
        Self {
            entry: None,
            tagged: None,
            source: source.map(ToString::to_string),
            title: entry.title.clone(),
            language: entry.language.as_ref().map(Into::into),
            refuted_language: entry.refuted_language.as_ref().map(Into::into),
            language_reason: entry.language_reason.clone(),
            is_article: false,
            words: entry.blocks.iter().map(|block| block.text.split_whitespace().count()).sum(),
            cuts: entry.cuts.clone(),
            more_cuts: None,
            topics,
        }
    }

    /// As it was kept when the entry was tagged.
    pub fn kept(reader: &Reader, reading: &FoundReading, title: &str, source: &SourceId, only: Option<&str>) -> Self {
        let account = &reading.account;
        let mut topics = account.topics().topics();
        topics.retain(|topic| only.is_none_or(|only| topic.topic.as_str() == only));
        let (cuts, words) = account.more_cuts();
        let refuted = account.language_reason().refuted();
        Self {
            entry: None,
            tagged: Some(Tagged {
                at: reading.at.to_rfc3339_opts(SecondsFormat::Secs, true),
                settings: format!("{:016x}", reading.tagged_with),
                present: reading.tagged_with == reader.topics().fingerprint(),
            }),
            source: Some(source.to_string()),
            title: title.to_owned(),
            language: account.language().map(Into::into),
            refuted_language: refuted.map(Into::into),
            language_reason: account.language_reason().clone(),
            is_article: account.is_article(),
            words: account.words(),
            cuts: account.cuts(),
            more_cuts: (cuts > 0).then_some(MoreCuts { cuts, words }),
            topics,
        }
    }

    fn write(&self, text: &mut String, only: Option<&str>) -> fmt::Result {
        let language = self.language.as_ref().map_or("unknown", |language| language.tag.as_str());
        if let Some(Tagged { at, settings, present }) = &self.tagged {
            let which = if *present { "the present settings" } else { "former settings" };
            writeln!(text, "tagged {at} with {which} ({settings})")?;
        }
        writeln!(text, "language {language}: {}", self.language_reason)?;
        let cut: usize = self.cuts.iter().map(|cut| cut.words).sum();
        let cut = cut + self.more_cuts.as_ref().map_or(0, |more| more.words);
        let from = if self.is_article { " from the page behind the link" } else { "" };
        writeln!(text, "{} words of text{from}, {cut} cut", self.words)?;
        let told: Vec<_> = self.topics.iter().filter(|topic| only.is_some() || says_something(topic)).collect();
        for topic in &told {
            write_topic(text, topic)?;
        }
        if let (true, Some(only), true) = (told.is_empty(), only, self.tagged.is_some()) {
            writeln!(text, "nothing was kept of {only}, which was not near; --now tells what is found now")?;
        } else if told.is_empty() {
            writeln!(text, "no term of {} was found", only.unwrap_or("any topic"))?;
        }
        for cut in &self.cuts {
            let reason = serde_json::to_string(&cut.reason).unwrap_or_default();
            let often = cut.repeated.map(|repeated| format!(" in {} of {} stories", repeated.stories, repeated.of));
            let often = often.unwrap_or_default();
            writeln!(text, "cut {} words as {}{often}: {}", cut.words, reason.trim_matches('"'), cut.line)?;
        }
        if let Some(MoreCuts { cuts, words }) = &self.more_cuts {
            writeln!(text, "cut {words} words in {cuts} further places")?;
        }
        Ok(())
    }
}

/// Examples have a word on every entry; where they only say that it is not theirs, nobody asked.
fn says_something(topic: &TopicExplanation) -> bool {
    let likely = topic.examples.as_ref().is_some_and(|share| share.points > Points::default());
    let found = topic.requires.iter().any(|group| group.found.is_some());
    topic.tagged || likely || found || !(topic.terms.is_empty() && topic.shielded.is_empty() && topic.vetoes.is_empty())
}

/// The verdict, then what adds up to the score, then what keeps the topic out or is required.
fn write_topic(text: &mut String, topic: &TopicExplanation) -> fmt::Result {
    let verdict = match topic.verdict {
        Verdict::Tagged => "tagged",
        Verdict::TooFewPoints => "not tagged",
        Verdict::NotAnchored => "not tagged: no hit in title, category or the first words",
        Verdict::RequirementMissing => "not tagged: something that it requires is missing",
        Verdict::Vetoed => "not tagged: it has what the topic excludes",
        Verdict::OutOfScope => "not tagged: outside of the topic's scope",
    };
    writeln!(text, "topic {}  {} of {} points: {verdict}", topic.topic, topic.score, topic.threshold)?;
    for term in &topic.terms {
        write_term(text, term)?;
    }
    if let Some(share) = &topic.examples {
        write_examples(text, share)?;
    }
    if let Some(by) = &topic.brought_by {
        let line = format!("brought along by {}", by.topic);
        writeln!(text, "  {line:<28} {:>8}  what was missing to the threshold", by.points.to_string())?;
    }
    for lost in &topic.shielded {
        let place = format!("{} \"{}\" @{}", lost.field, lost.matched, lost.position);
        writeln!(text, "  shielded by {}: {} of {}, {place}", lost.shield, hits(lost.hits), lost.term)?;
    }
    for veto in &topic.vetoes {
        writeln!(text, "  excluded by {}: {} \"{}\" @{}", veto.term, veto.field, veto.matched, veto.position)?;
    }
    for group in &topic.requires {
        let terms = group.terms.join(", ");
        match &group.found {
            Some(found) => {
                writeln!(text, "  requires one of {terms}: {} \"{}\" @{}", found.field, found.matched, found.position)?
            }
            None => writeln!(text, "  requires one of {terms}: none was found")?,
        }
    }
    Ok(())
}

fn write_term(text: &mut String, term: &TermExplanation) -> fmt::Result {
    let from = match term.kind {
        TermKind::Term => format!("in {}", term.language),
        TermKind::Category => "a category".to_owned(),
        TermKind::Minus => format!("minus, in {}", term.language),
    };
    writeln!(
        text,
        "  {:<28} {:>8}  {} × {}, {} {from}, \"{}\" @{}",
        weighted(&term.term, term.weight),
        term.points.to_string(),
        term.field,
        term.field_weight,
        hits(term.hits),
        term.matched,
        term.position,
    )
}

/// The share of the topic's examples, and the words that speak loudest.
fn write_examples(text: &mut String, share: &ExampleExplanation) -> fmt::Result {
    let alone = if share.alone { ", deciding alone".to_string() } else { format!(", weight {}", share.weight) };
    let words = |what: &str, words: &[String]| match words {
        [] => String::new(),
        words => format!(", {what} {}", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ")),
    };
    writeln!(
        text,
        "  {:<28} {:>8}  likeness {} of 4{alone}{}{}",
        "examples",
        share.points.to_string(),
        share.likeness,
        words("for it", &share.towards),
        words("against it", &share.against),
    )
}

fn hits(number: usize) -> String {
    if number == 1 { "1 hit".to_string() } else { format!("{number} hits") }
}

/// The term as written, its weight always shown. A regular expression may hold a `^` of its own.
fn weighted(term: &str, weight: f64) -> String {
    let end = match term.trim_start().starts_with('/') {
        true => term.rfind('/').map_or(term.len(), |slash| slash + 1),
        false => term.find('^').unwrap_or(term.len()),
    };
    format!("{}^{weight}", term.get(..end).unwrap_or(term).trim_end())
}
