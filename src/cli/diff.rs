use std::{
    fmt::{self, Write as _},
    path::Path,
};

use super::{ask::ask, kept::KnownSources};
use crate::{
    config::Config,
    daemon::{self, KeptEntries, KeptEntry},
    model::{TopicId, TopicScore},
    topics::{Change, ChangedStory, Changes, TopicChanges},
};

/// What the topics of the configuration would change in the stories that are kept, before they are in force: told in words, or
/// as one JSON object a topic. Of the stories that enter or leave a topic, at most `most` are named.
pub(super) fn diff(path: &Path, config: Config, most: usize, json: bool) -> anyhow::Result<String> {
    let reader = daemon::reader(&config)?;
    let topics: Vec<TopicId> = config.topics.iter().map(|topic| topic.id.clone()).collect();
    let (former_sources, former_topics) = (config.former_sources.clone(), config.former_topics.clone());
    let mut changes = Changes::default();
    let mut known = KnownSources::default();
    ask(path, Ok(config), KeptEntries::default(), |kept: KeptEntry| {
        let source = former_sources.get(&kept.source).unwrap_or(&kept.source);
        let (will, _) = reader.read_entry(&known.unread(&kept, source));
        let was = kept.topics.into_iter().map(|TopicScore { topic, score }| {
            // A topic of another name is the same topic.
            TopicScore { topic: former_topics.get(&topic).cloned().unwrap_or(topic), score }
        });
        let entry = kept.entry;
        changes.add(kept.story, was.collect(), will, || ChangedStory {
            title: entry.title,
            source: source.clone(),
            dated: kept.dated,
            link: entry.link,
        });
        Ok(())
    })?;
    let found = changes.topics(&topics, most);
    let mut text = String::new();
    if json {
        for topic in &found {
            text.push_str(&serde_json::to_string(topic)?);
            text.push('\n');
        }
        return Ok(text);
    }
    writeln!(text, "{} stories are kept. Of them, with these topics:", changes.stories())?;
    for topic in &found {
        write_topic(&mut text, topic, topics.contains(&topic.topic))?;
    }
    Ok(text)
}

fn write_topic(text: &mut String, topic: &TopicChanges, is_configured: bool) -> fmt::Result {
    let TopicChanges { stories, enter, leave, .. } = topic;
    let gone = if is_configured { "" } else { " (no longer configured)" };
    if *enter == 0 && *leave == 0 {
        return writeln!(text, "topic {}{gone}: the same {stories}", topic.topic);
    }
    let then = stories + enter - leave;
    writeln!(text, "topic {}{gone}: {enter} enter, {leave} leave; {stories} now, {then} then", topic.topic)?;
    for (what, all, changes) in [("enters", enter, &topic.entering), ("leaves", leave, &topic.leaving)] {
        for change in changes {
            write_change(text, what, change)?;
        }
        if *all > changes.len() && !changes.is_empty() {
            writeln!(text, "          and {} more", all - changes.len())?;
        }
    }
    Ok(())
}

fn write_change(text: &mut String, what: &str, Change { score, story }: &Change) -> fmt::Result {
    let link = story.link.as_deref().unwrap_or("no link");
    let title = if story.title.is_empty() { "(no title)" } else { &story.title };
    writeln!(text, "  {what}  {} {}: {title} ({score} points) {link}", story.dated.format("%Y-%m-%d"), story.source)
}
