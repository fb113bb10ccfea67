use std::{fmt::Write as _, path::Path};

use clap::{Args, Subcommand};

use super::{
    exit::{Exit, Misuse},
    topics_stats::{self, StatsArguments},
};
use crate::{
    config,
    text::ReadableEntry,
    topics::{Counts, LabelledEntry, Model, Suggestions, TaggingSettings, TopicSettings, suggest},
};

#[derive(Debug, Subcommand)]
pub(super) enum TopicsCommand {
    /// Propose terms for a topic from its examples, each with what it would change
    Suggest(SuggestArguments),

    /// Say how the topics do over the last days: stories a day, terms that never hit or decide alone, what topics share
    Stats(StatsArguments),
}

#[derive(Debug, Args)]
pub(super) struct SuggestArguments {
    /// The topic's id
    topic: String,

    /// At most so many terms
    #[arg(long, default_value_t = 15, value_name = "NUMBER")]
    most: usize,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(path: &Path, command: &TopicsCommand) -> anyhow::Result<Exit> {
    match command {
        TopicsCommand::Suggest(arguments) => suggestions(path, arguments),
        TopicsCommand::Stats(arguments) => topics_stats::run(path, arguments),
    }
}

fn suggestions(path: &Path, arguments: &SuggestArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    let place = config.topics.iter().position(|topic| topic.id.as_str() == arguments.topic);
    let Some((number, topic)) = place.and_then(|number| Some((number, config.topics.get(number)?))) else {
        let message = format!("there is no topic {} in {}; see its [topics]", arguments.topic, path.display());
        return Err(Misuse(message).into());
    };
    let entries = labelled(&config.tagging, number, topic, &config.topics);
    if entries.is_empty() {
        let message = format!("the topic {} has no examples to find terms in; see docs/topics.md", topic.id);
        return Err(Misuse(message).into());
    }
    let suggestions = suggest(&config.tagging, topic, &entries, arguments.most).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Misuse(told.join("; "))
    })?;
    let text =
        if arguments.json { serde_json::to_string(&suggestions)? + "\n" } else { told(topic, &suggestions, &entries) };
    super::print(&text)?;
    Ok(Exit::Done)
}

/// The topic's examples, read as entries are.
fn labelled(
    settings: &TaggingSettings,
    number: usize,
    topic: &TopicSettings,
    topics: &[TopicSettings],
) -> Vec<LabelledEntry> {
    let Some(examples) = &topic.examples else { return Vec::new() };
    let likes = examples.like.iter().map(|text| (text, true));
    let texts = likes.chain(examples.counter_examples(number, topics).map(|text| (text, false)));
    texts
        .map(|(text, belongs)| LabelledEntry { entry: ReadableEntry::from_text(text, &settings.languages), belongs })
        .collect()
}

fn told(topic: &TopicSettings, suggestions: &Suggestions, entries: &[LabelledEntry]) -> String {
    let (likes, unlikes): (Vec<_>, Vec<_>) = entries.iter().partition(|labelled| labelled.belongs);
    let mut text = format!("topic {}: {} texts that belong, {} that do not\n", topic.id, likes.len(), unlikes.len());
    // Writing to a String cannot fail.
    let _ = writeln!(text, "its terms as they are      {}", rates(suggestions.now));
    let [likes, unlikes] =
        [likes, unlikes].map(|of| of.iter().map(|labelled| labelled.entry.clone()).collect::<Vec<_>>());
    let trial = Model::train(&likes, &unlikes).trial();
    let learnt =
        Counts { right: trial.likes_found, wrong: trial.unlikes_taken, missed: trial.likes - trial.likes_found };
    let _ = writeln!(text, "its examples, without terms {}, each judged by the others", rates(learnt));
    if suggestions.suggested.is_empty() {
        let _ = writeln!(text, "\nno term would make it better");
    } else {
        let _ = writeln!(text, "\nwith one term more, found in these same texts (expect less of others):");
    }
    for suggestion in &suggestions.suggested {
        let _ = writeln!(
            text,
            "  terms.{:<4} {:<32} {}   in {} that belong, {} that do not",
            suggestion.language,
            format!("{:?}", suggestion.term),
            rates(suggestion.with),
            suggestion.in_likes,
            suggestion.in_unlikes,
        );
    }
    if !suggestions.current.is_empty() {
        let _ = writeln!(text, "\nwithout one of its terms:");
    }
    for term in &suggestions.current {
        let same = if term.without == suggestions.now { "   the same: it decides nothing here" } else { "" };
        let written = format!("{:?}", term.term);
        let _ = writeln!(text, "  terms.{:<4} {written:<32} {}{same}", term.language, rates(term.without));
    }
    text
}

fn rates(counts: Counts) -> String {
    format!("precision {:.2} recall {:.2} F1 {:.2}", counts.precision(), counts.recall(), counts.f1())
}
