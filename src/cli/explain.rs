use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use url::Url;

use super::{
    ask::ask,
    exit::{Exit, Misuse},
    explanation::{ExplainedCopy, ExplainedEntry, ExplainedStory},
};
use crate::{
    config::{self, Config},
    daemon::{self, FindStories, FoundStory},
    ingest::UnreadEntry,
    model::{LanguageOrigin, SourceId},
    reading::Reader,
    store::Originality,
    text::{ReadableEntry, ReadableText},
};

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A story's id, the link or the number of one of its entries, or a file with an article's text (plain, or HTML)
    what: String,

    /// Tell what the present configuration finds in a story that is kept, not why it was tagged as it is
    #[arg(long)]
    now: bool,

    /// Only this topic, also if nothing of it was found
    #[arg(long)]
    topic: Option<String>,

    /// The language that a file's text declares; without it the language is recognised
    #[arg(long)]
    language: Option<String>,

    /// The source that a file's text is taken to be from, for topics that are for some sources only
    #[arg(long)]
    source: Option<String>,

    /// Print one JSON object a story instead
    #[arg(long)]
    json: bool,
}

/// Says why an entry has its topics.
pub(super) fn run(path: &Path, arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    let file = PathBuf::from(&arguments.what);
    let is_file = file.is_file();
    // What was kept may be of a topic that is gone.
    if let Some(topic) = arguments.topic.as_ref().filter(|_| is_file || arguments.now)
        && !config.topics.iter().any(|known| known.id.as_str() == topic)
    {
        return Err(Misuse(format!("there is no topic {topic} in {}; see its [topics]", path.display())).into());
    }
    let reader = daemon::reader(&config)?;
    if let Some(source) = &arguments.source
        && !config.sources.contains_key(source.as_str())
    {
        return Err(Misuse(format!("there is no source {source} in {}; see its [sources]", path.display())).into());
    }
    let stories = if is_file {
        vec![ExplainedStory { story: None, entries: vec![explain_file(&reader, &file, arguments)?] }]
    } else {
        explain_stored(path, config, &reader, arguments)?
    };
    let mut text = String::new();
    for story in &stories {
        if arguments.json {
            text.push_str(&serde_json::to_string(story)?);
            text.push('\n');
        } else {
            story.write(&mut text, arguments.topic.as_deref())?;
        }
    }
    super::print(&text)?;
    Ok(Exit::Done)
}

fn explain_file(reader: &Reader, file: &Path, arguments: &ExplainArguments) -> anyhow::Result<ExplainedEntry> {
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
    let source = arguments.source.as_deref().map(SourceId::new);
    Ok(ExplainedEntry::new(reader, &entry, source.as_ref(), arguments.topic.as_deref()))
}

/// The stories are those that are kept. They are told as they were tagged or, if so asked, as they would be now.
fn explain_stored(
    path: &Path,
    config: Config,
    reader: &Reader,
    arguments: &ExplainArguments,
) -> anyhow::Result<Vec<ExplainedStory>> {
    let mut stories = Vec::new();
    let find = FindStories { link_or_id: arguments.what.clone() };
    ask(path, Ok(config), find, |story| {
        stories.push(explained(reader, &story, arguments));
        Ok(())
    })?;
    if stories.is_empty() {
        bail!("no story with the link or id {}, and no file of that name", arguments.what);
    }
    Ok(stories)
}

fn explained(reader: &Reader, story: &FoundStory, arguments: &ExplainArguments) -> ExplainedStory {
    let entries = story.entries.iter().map(|found| {
        let source = SourceId::new(found.source.as_str());
        let only = arguments.topic.as_deref();
        let kept = found.reading.as_ref().filter(|_| !arguments.now);
        let mut explained = match kept {
            Some(kept) => ExplainedEntry::kept(reader, kept, &found.entry.title, &source, only),
            None => {
                let (entry, boilerplate, article) = (&found.entry, &found.boilerplate, found.article.as_deref());
                let (readable, is_article, _) =
                    reader.understand_all(&UnreadEntry { entry, source: Some(&source), boilerplate, article });
                let mut explained = ExplainedEntry::new(reader, &readable, Some(&source), only);
                explained.is_article = is_article;
                explained
            }
        };
        explained.entry = Some(found.number);
        explained
    });
    let copies = story.copies.iter().map(|copy| ExplainedCopy {
        shown: copy.is_shown,
        source: copy.source.clone(),
        site: match copy.originality {
            Originality::Own => "on its own site",
            Originality::Claimed => "on the site it calls its own",
            Originality::Elsewhere => "on another site",
        },
        link: copy.link.clone(),
    });
    ExplainedStory::of(
        story.id.clone(),
        story.updated,
        &story.topics,
        copies.collect(),
        (story.pairs.clone(), story.same_event.clone()),
        entries.collect(),
    )
}
