use std::{
    fmt::{self, Write as _},
    io,
    path::Path,
};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

use super::{
    ask::ask,
    exit::{Exit, Misuse},
};
use crate::{
    config,
    daemon::{FoundPair, FoundStory, MergedStories, TellStories},
    ingest::Tell,
    model::TopicId,
    store::Word,
    stories::group_lines,
    topics::TaggingSettings,
};

/// Groups JSON Lines from standard input: which are copies of one text, which tell of the same event. The configuration says
/// among which languages to choose; without one these are the usual.
pub(super) fn group(path: Option<&Path>) -> anyhow::Result<Exit> {
    let languages = match path {
        Some(path) => config::load(path)?.0.tagging.languages,
        None => TaggingSettings::default().languages,
    };
    let report = group_lines(&languages, io::stdin().lock(), io::BufWriter::new(io::stdout().lock()))?;
    for problem in &report.problems {
        eprintln!("newsdesk: {problem}");
    }
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::PartFailed })
}

/// Keeps the admin's word, and shows the stories as they are then.
pub(super) fn tell(path: &Path, tell: Tell) -> anyhow::Result<Exit> {
    let mut text = String::new();
    let finished = ask(path, config::load(path).map(|(config, _)| config), TellStories { tell }, |story| {
        write_story(&mut text, &story).map_err(io::Error::other)
    })?;
    super::print(&text)?;
    Ok(finished.into())
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Only this topic
    #[arg(long)]
    topic: Option<String>,

    /// Look through so many of the newest stories
    #[arg(long, default_value_t = 1000, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    among: u32,

    /// Print one JSON object a story instead
    #[arg(long)]
    json: bool,
}

/// Shows the stories that have several entries, the newest first.
pub(super) fn list(path: &Path, arguments: &ListArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    if let Some(topic) = &arguments.topic
        && !config.topics.iter().any(|known| known.id.as_str() == topic)
    {
        return Err(Misuse(format!("there is no topic {topic} in {}; see its [topics]", path.display())).into());
    }
    let topic = arguments.topic.as_deref().map(TopicId::new);
    let mut text = String::new();
    let finished = ask(path, Ok(config), MergedStories { topic, among: arguments.among as usize }, |story| {
        if arguments.json {
            text.push_str(&serde_json::to_string(&story)?);
            text.push('\n');
            return Ok(());
        }
        write_story(&mut text, &story).map_err(io::Error::other)
    })?;
    if text.is_empty() && !arguments.json {
        text = format!("none of the newest {} stories has several entries\n", arguments.among);
    }
    super::print(&text)?;
    Ok(finished.into())
}

fn write_story(text: &mut String, story: &FoundStory) -> fmt::Result {
    writeln!(text, "story {}\n  updated {}", story.id, story.updated.to_rfc3339_opts(SecondsFormat::Secs, true))?;
    for (copy, found) in story.copies.iter().zip(&story.entries) {
        let shown = if copy.is_shown { "shown" } else { "copy" };
        let link = copy.link.as_deref().unwrap_or("no link");
        writeln!(text, "  {shown}: entry {} of {}: {} | {link}", found.number, copy.source, found.entry.title)?;
    }
    write_pairs(text, &story.pairs, true)
}

/// What is known of each two entries: of one story, or kept apart.
pub(super) fn write_pairs(text: &mut String, pairs: &[FoundPair], together: bool) -> fmt::Result {
    for pair in pairs.iter().filter(|pair| pair.together == together) {
        let mut reasons: Vec<String> = pair.told.iter().map(|(word, at)| told(*word, *at)).collect();
        reasons.extend(pair.shared.iter().map(|kind| format!("the same {kind}")));
        reasons.extend(pair.found.clone());
        match together {
            true => writeln!(text, "  {} and {}: {}", pair.entry, pair.other, reasons.join("; "))?,
            false => writeln!(
                text,
                "  {} and {} of {} ({}): {}",
                pair.entry,
                pair.other,
                pair.other_source,
                pair.other_title,
                reasons.join("; ")
            )?,
        }
    }
    Ok(())
}

fn told(word: Word, at: DateTime<Utc>) -> String {
    let word = match word {
        Word::Join => "joined",
        Word::Split => "split",
    };
    format!("{word} by the admin on {}", at.format("%Y-%m-%d"))
}
