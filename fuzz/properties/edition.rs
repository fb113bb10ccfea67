use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use newsdesk::{
    model::{Entry, FeedMetadata, Person, StoryNumber, TopicId},
    normalize::{NormalizeContext, normalize},
    publish::{EditionStory, FeedFrame, Related, SourceDescription, render_atom, render_json, render_rss},
};

use super::{
    parse::{base, feed},
    strict::read_atom,
    xml,
};

const URN: &str = "urn:uuid:5d1ac8a0-6ca1-5d0e-9b3c-0c8b1f5a3c11";

/// Whatever a publisher sends, what readers get is strict XML, with unique ids, nothing that runs, and links that can be
/// followed; and the same input gives the same bytes.
pub fn edition(bytes: &[u8]) {
    let Ok(parsed) = feed(bytes) else { return };
    let base = base();
    let languages = ["en", "fr", "de", "es", "it"].map(String::from);
    let context = NormalizeContext {
        base: &base,
        configured_language: None,
        languages: &languages,
        tracking: &Default::default(),
    };
    let normalized = normalize(parsed, &context);
    let stories: Vec<EditionStory> = normalized
        .entries
        .into_iter()
        .enumerate()
        .map(|(number, entry)| story(number, entry, &normalized.metadata))
        .collect();
    let frame = frame(&stories);
    let atom = render_atom(&frame, &stories).bytes;
    assert_eq!(atom, render_atom(&frame, &stories).bytes, "the same stories, other bytes");
    let show = || String::from_utf8_lossy(&atom).into_owned();
    let edition = read_atom(&atom).unwrap_or_else(|wrong| panic!("{wrong}\n{}", show()));
    assert_eq!(edition.entries.len(), stories.len(), "{}", show());
    for (shown, story) in edition.entries.iter().zip(&stories) {
        assert_eq!(shown.id, story.id);
    }
    let rss = render_rss(&frame, &stories).bytes;
    let json: serde_json::Value = serde_json::from_slice(&render_json(&frame, &stories)).expect("JSON");
    assert_eq!(json["items"].as_array().map(Vec::len), Some(stories.len()));
    xml::read(&rss).unwrap_or_else(|wrong| panic!("{wrong}\n{}", String::from_utf8_lossy(&rss)));
}

/// The entry as a story of its own, as the publisher room describes one that nobody else carries.
fn story(number: usize, entry: Entry, feed: &FeedMetadata) -> EditionStory {
    let source_title = if feed.title.is_empty() { "source".to_owned() } else { feed.title.clone() };
    let updated = entry.updated.or(entry.published).unwrap_or(DateTime::UNIX_EPOCH);
    let nobody = || vec![Person { name: source_title.clone(), uri: None, email: None }];
    let authors = [&entry.authors, &feed.authors].into_iter().find(|people| !people.is_empty()).cloned();
    EditionStory {
        number: StoryNumber(number as u64),
        id: format!("{URN}:{number}"),
        title: if entry.title.is_empty() { "untitled".to_owned() } else { entry.title },
        same_event: Vec::new(),
        related: entry.link.iter().map(|link| Related { link: link.clone(), title: source_title.clone() }).collect(),
        link: entry.link,
        published: entry.published.map_or(updated, |published| published.min(updated)),
        updated,
        language: entry.language.map(|language| language.tag),
        authors: authors.unwrap_or_else(nobody),
        contributors: entry.contributors,
        topics: vec![TopicId::new("ai")],
        categories: entry.categories,
        enclosures: entry.enclosures,
        summary: entry.summary,
        content: entry.content,
        rights: entry.rights,
        via: base().into(),
        source: SourceDescription {
            id: base().into(),
            title: source_title,
            updated,
            feed_url: Some(feed.self_url.clone().unwrap_or_else(|| base().into())),
            site_url: feed.site_url.clone(),
            rights: feed.rights.clone(),
            authors: feed.authors.clone(),
            categories: feed.categories.clone(),
        },
    }
}

fn frame(stories: &[EditionStory]) -> FeedFrame {
    let updated: Option<DateTime<Utc>> = stories.iter().map(|story| story.updated).max();
    FeedFrame {
        id: URN.into(),
        title: "Everything".into(),
        description: None,
        language: None,
        updated: updated.unwrap_or(DateTime::UNIX_EPOCH),
        atom_url: "https://news.example/all.atom".into(),
        rss_url: "https://news.example/all.rss".into(),
        json_url: "https://news.example/all.json".into(),
        prev_archive: None,
        page_url: "https://news.example/".into(),
        hub_url: None,
        topic_scheme: URN.into(),
        topic_titles: Arc::new(BTreeMap::from([(TopicId::new("ai"), "AI".to_owned())])),
    }
}
