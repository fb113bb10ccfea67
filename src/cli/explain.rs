use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use url::Url;

use super::exit::{Exit, Misuse};
use crate::{
    config::{self, Config},
    daemon,
    model::{EntryNumber, LanguageOrigin, StoryNumber},
    normalize::{clean_link, link_key},
    reading::Reader,
    store::{Originality, SharedKey, Store, StoreError, StoryRecord},
    text::{ReadableEntry, ReadableText},
    topics::{ExampleExplanation, TopicExplanation},
};

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A story's link or id, or a file with an article's text (plain, or HTML)
    what: String,

    /// Only this topic, also if nothing of it was found
    #[arg(long)]
    topic: Option<String>,

    /// The language that a file's text declares; without it the language is recognised
    #[arg(long)]
    language: Option<String>,
}

/// The most entries looked at for one link.
const MOST_ENTRIES: usize = 64;

/// Says why an entry has its topics.
pub(super) fn run(path: &Path, arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    if let Some(topic) = &arguments.topic
        && !config.topics.iter().any(|known| known.id.as_str() == topic)
    {
        return Err(Misuse(format!("there is no topic {topic} in {}; see its [topics]", path.display())).into());
    }
    let reader = daemon::reader(&config)?;
    let file = PathBuf::from(&arguments.what);
    let text = if file.is_file() {
        explain_file(&reader, &file, arguments)?
    } else {
        explain_stored(&config, &reader, arguments)?
    };
    super::print(&text)?;
    Ok(Exit::Done)
}

fn explain_file(reader: &Reader, file: &Path, arguments: &ExplainArguments) -> anyhow::Result<String> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let first_line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let entry = if first_line.starts_with('<') {
        let base = Url::parse("https://file.invalid/")?;
        let entry = crate::model::Entry {
            content: Some(crate::normalize::sanitize(&text, &base)),
            language: arguments
                .language
                .clone()
                .map(|tag| crate::model::Language { tag, origin: LanguageOrigin::Entry }),
            ..Default::default()
        };
        ReadableEntry::from_entry(&entry, reader.languages())
    } else {
        let readable = ReadableText {
            title: first_line.to_string(),
            text: text.to_string(),
            categories: Vec::new(),
            language: arguments.language.clone(),
        };
        ReadableEntry::from_text(&readable, reader.languages())
    };
    Ok(explanation(reader, &entry, arguments))
}

fn explain_stored(config: &Config, reader: &Reader, arguments: &ExplainArguments) -> anyhow::Result<String> {
    let store = daemon::open_store_now(config)?;
    let stories = find(&store, &arguments.what)?;
    if stories.is_empty() {
        bail!("no story with the link or id {}, and no file of that name", arguments.what);
    }
    let mut text = String::new();
    for story in stories {
        describe(&mut text, &store, reader, &story, arguments)?;
    }
    Ok(text)
}

fn find(store: &Store, what: &str) -> Result<Vec<StoryRecord>, StoreError> {
    let mut numbers: Vec<StoryNumber> = store.story_by_id(what)?.into_iter().collect();
    if let Ok(url) = Url::parse(what) {
        let key = SharedKey::link(&link_key(&clean_link(&url, &[])));
        for (entry, _) in store.sharing(key, MOST_ENTRIES)? {
            numbers.extend(store.entry(entry)?.map(|record| record.story));
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    let stories: Result<Vec<_>, _> = numbers.into_iter().map(|number| store.story(number)).collect();
    Ok(stories?.into_iter().flatten().collect())
}

fn describe(
    text: &mut String,
    store: &Store,
    reader: &Reader,
    story: &StoryRecord,
    arguments: &ExplainArguments,
) -> anyhow::Result<()> {
    let topics: Vec<_> = story.topics.iter().map(|score| format!("{} {}", score.topic, score.score)).collect();
    let topics = if topics.is_empty() { "no topic".to_string() } else { topics.join(", ") };
    writeln!(text, "story {}\n  updated {}, {topics}", story.id, story.updated.format("%Y-%m-%d %H:%M:%S UTC"))?;
    for copy in &story.copies {
        let source = store.source_by_number(copy.source).map(|(id, _)| id.to_string()).unwrap_or_default();
        let shown = if copy.entry == story.owner { "shown" } else { "copy" };
        let kind = match copy.originality {
            Originality::Own => "on its own site",
            Originality::Claimed => "on the site it calls its own",
            Originality::Elsewhere => "on another site",
        };
        writeln!(text, "  {shown}: {source} ({kind}) {}", copy.link.as_deref().unwrap_or("no link"))?;
    }
    for EntryNumber(number) in story.copies.iter().map(|copy| copy.entry) {
        let Some(record) = store.entry(EntryNumber(number))? else { continue };
        let source = store.source_by_number(record.source).map(|(id, _)| id.to_string()).unwrap_or_default();
        writeln!(text, "\nentry {number} of {source}: {}", record.entry.title)?;
        let readable = ReadableEntry::from_entry(&record.entry, reader.languages());
        text.push_str(&explanation(reader, &readable, arguments));
    }
    Ok(())
}

/// Topic by topic: the terms found, where, and the points they give; then what was left out of the text and why.
fn explanation(reader: &Reader, entry: &ReadableEntry, arguments: &ExplainArguments) -> String {
    let mut text = language_line(entry);
    let explained = reader.topics().explain(entry);
    let wanted = |topic: &&TopicExplanation| match &arguments.topic {
        Some(only) => topic.topic.as_str() == only,
        None => !topic.terms.is_empty() || topic.tagged,
    };
    let mut any = false;
    // Writing to a String cannot fail.
    for topic in explained.iter().filter(wanted) {
        any = true;
        let verdict = match (topic.tagged, topic.score >= topic.threshold) {
            (true, _) => "tagged",
            (false, true) => "not tagged: no hit in title, category or the first words",
            (false, false) => "not tagged",
        };
        let _ = writeln!(text, "topic {}  {} of {} points: {verdict}", topic.topic, topic.score, topic.threshold);
        for term in &topic.terms {
            let _ = writeln!(
                text,
                "  {:<28} {:>8}  {} × {}, {} in {}, \"{}\" @{}",
                format!("{}^{}", unweighted(&term.term), term.weight),
                term.points.to_string(),
                term.field,
                term.field_weight,
                if term.hits == 1 { "1 hit".to_string() } else { format!("{} hits", term.hits) },
                term.language,
                term.matched,
                term.position,
            );
        }
        if let Some(examples) = &topic.examples {
            text.push_str(&examples_line(examples));
        }
    }
    if !any {
        let _ = writeln!(text, "no term of {} was found", arguments.topic.as_deref().unwrap_or("any topic"));
    }
    for cut in &entry.cuts {
        let reason = serde_json::to_string(&cut.reason).unwrap_or_default();
        let _ = writeln!(text, "cut {} words as {}: {}", cut.words, reason.trim_matches('"'), cut.line);
    }
    text
}

/// The share of the topic's examples, and the words that speak loudest.
fn examples_line(examples: &ExampleExplanation) -> String {
    let alone = if examples.alone { ", deciding alone".to_string() } else { format!(", weight {}", examples.weight) };
    let words = |what: &str, words: &[String]| match words {
        [] => String::new(),
        words => format!(", {what} {}", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ")),
    };
    format!(
        "  {:<28} {:>8}  likeness {} of 4{alone}{}{}\n",
        "examples",
        examples.points.to_string(),
        examples.likeness,
        words("for it", &examples.towards),
        words("against it", &examples.against),
    )
}

/// The term as written, without the weight that may be part of it.
fn unweighted(term: &str) -> &str {
    term.split('^').next().unwrap_or(term).trim_end()
}

fn language_line(entry: &ReadableEntry) -> String {
    let kept: usize = entry.blocks.iter().map(|block| block.text.split_whitespace().count()).sum();
    let cut: usize = entry.cuts.iter().map(|cut| cut.words).sum();
    let language = match &entry.language {
        Some(language) => {
            let origin = match language.origin {
                LanguageOrigin::Entry => "declared by the entry",
                LanguageOrigin::Feed => "declared by the feed",
                LanguageOrigin::Configured => "configured for the source",
                LanguageOrigin::Detected => "recognised from the text",
            };
            format!("{} ({origin})", language.tag)
        }
        None => "unknown".into(),
    };
    let refuted = match &entry.refuted_language {
        Some(refuted) => format!(", though {} was declared", refuted.tag),
        None => String::new(),
    };
    format!("language {language}{refuted}; {kept} words of text, {cut} cut\n")
}
