use std::{
    fmt::{self, Write as _},
    path::Path,
};

use chrono::TimeDelta;
use clap::Args;

use super::{
    ask::ask,
    exit::{Exit, Misuse},
    kept::KnownSources,
};
use crate::{
    clock::Clock,
    config,
    daemon::{self, KeptEntries, KeptEntry},
    topics::{ListedTerm, Statistics, TopicStatistics},
};

#[derive(Debug, Args)]
pub(super) struct StatsArguments {
    /// Only this topic
    topic: Option<String>,

    /// So many days back
    #[arg(long, default_value_t = 30, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,

    /// Print one JSON object a topic instead
    #[arg(long)]
    json: bool,
}

/// Terms and topics of each kind that are named; JSON has them all.
const MOST_TOLD: usize = 5;

/// The topics of the file over the entries that are kept.
pub(super) fn run(path: &Path, arguments: &StatsArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    if let Some(topic) = &arguments.topic
        && !config.topics.iter().any(|known| known.id.as_str() == topic)
    {
        return Err(Misuse(format!("there is no topic {topic} in {}; see its [topics]", path.display())).into());
    }
    let reader = daemon::reader(&config)?;
    let mut statistics = Statistics::new(&config.topics);
    let mut known = KnownSources::default();
    let former_sources = config.former_sources.clone();
    let now = Clock::system().now();
    let since = Some(now - TimeDelta::days(i64::from(arguments.days)));
    ask(path, Ok(config), KeptEntries { since }, |kept: KeptEntry| {
        let source = former_sources.get(&kept.source).unwrap_or(&kept.source);
        let (read, ..) = reader.understand_all(&known.unread(&kept, source));
        let explained = reader.topics().explain_from(&read, Some(source));
        statistics.add(kept.story, kept.dated.date_naive(), &explained);
        Ok(())
    })?;
    let mut text = String::new();
    if !arguments.json {
        writeln!(text, "{} stories in the last {} days", statistics.stories(), arguments.days)?;
    }
    for topic in statistics.topics(now.date_naive()) {
        if arguments.topic.as_deref().is_some_and(|only| only != topic.topic.as_str()) {
            continue;
        }
        if arguments.json {
            text.push_str(&serde_json::to_string(&topic)?);
            text.push('\n');
        } else {
            write_topic(&mut text, &topic)?;
        }
    }
    super::print(&text)?;
    Ok(Exit::Done)
}

fn write_topic(text: &mut String, topic: &TopicStatistics) -> fmt::Result {
    let days = topic.per_day.len().max(1);
    let (least, most) = (topic.per_day.values().min().unwrap_or(&0), topic.per_day.values().max().unwrap_or(&0));
    let mean = topic.stories as f64 / days as f64;
    writeln!(text, "topic {}: {} stories, {mean:.1} a day ({least} to {most})", topic.topic, topic.stories)?;
    let told = topic.alone.iter().take(MOST_TOLD);
    let told: Vec<_> = told.map(|lone| format!("{} {}", written(&lone.term), lone.entries)).collect();
    write_list(text, "decides alone, in so many entries", told, topic.alone.len())?;
    let told: Vec<_> = topic.never.iter().take(MOST_TOLD).map(written).collect();
    write_list(text, "never hit", told, topic.never.len())?;
    let told = topic.overlaps.iter().take(MOST_TOLD);
    let told: Vec<_> = told.map(|overlap| format!("{} {}", overlap.topic, overlap.stories)).collect();
    write_list(text, "shares stories with", told, topic.overlaps.len())
}

fn write_list(text: &mut String, what: &str, told: Vec<String>, all: usize) -> fmt::Result {
    if told.is_empty() {
        return Ok(());
    }
    let more = if all > told.len() { format!(", and {} more", all - told.len()) } else { String::new() };
    writeln!(text, "  {what}: {}{more}", told.join(", "))
}

/// As it stands in the file: the list, then the term.
fn written(ListedTerm { list, language, term }: &ListedTerm) -> String {
    match *list {
        "category" => format!("category {term:?}"),
        list => format!("{list}.{language} {term:?}"),
    }
}
