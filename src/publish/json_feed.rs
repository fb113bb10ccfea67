//! A topic as a JSON Feed (version 1.1).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::{atom::is_media_type, frame::FeedFrame, gather::EditionStory};
use crate::{
    model::{Enclosure, Person},
    normalize::to_text,
};

pub(super) const MEDIA_TYPE: &str = "application/feed+json; charset=utf-8";

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hubs: Option<[Hub<'a>; 1]>,
    items: Vec<Item<'a>>,
}

/// Where readers can subscribe.
#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    title: &'a str,
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    date_published: String,
    date_modified: String,
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    #[serde(rename = "_newsdesk")]
    origin: Origin<'a>,
}

/// An item has one or the other.
#[derive(Serialize)]
enum Content<'a> {
    #[serde(rename = "content_html")]
    Html(&'a str),
    #[serde(rename = "content_text")]
    Text(&'a str),
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

/// Names of custom objects begin with an underscore.
#[derive(Serialize)]
struct Origin<'a> {
    source: Source<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    id: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<&'a str>,
}

#[derive(Serialize)]
struct Related<'a> {
    url: &'a str,
    title: &'a str,
}

/// Renders the feed. The same frame and stories give the same bytes.
pub fn render(frame: &FeedFrame, stories: &[EditionStory]) -> Vec<u8> {
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &frame.title,
        home_page_url: &frame.page_url,
        feed_url: &frame.json_url,
        description: frame.description.as_deref(),
        language: frame.language.as_deref(),
        hubs: frame.hub_url.as_deref().map(|url| [Hub { kind: "WebSub", url }]),
        items: stories.iter().map(|story| item(frame, story)).collect(),
    };
    match serde_json::to_vec_pretty(&feed) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            bytes
        }
        Err(error) => unreachable!("strings and numbers are always JSON: {error}"),
    }
}

fn item<'a>(frame: &'a FeedFrame, story: &'a EditionStory) -> Item<'a> {
    let html = story.content.as_deref().or(story.summary.as_deref());
    let summary = story.summary.as_deref().filter(|_| story.content.is_some());
    let topics = story.topics.iter().map(|topic| frame.topic_titles.get(topic).map_or(topic.as_str(), String::as_str));
    let categories = story.categories.iter().map(|category| category.label.as_deref().unwrap_or(&category.term));
    let mut tags: Vec<&str> = Vec::new();
    for tag in topics.chain(categories) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Item {
        id: &story.id,
        url: story.link.as_deref(),
        title: &story.title,
        content: html.map_or(Content::Text(&story.title), Content::Html),
        summary: summary.map(to_text).filter(|text| !text.is_empty()),
        date_published: time(story.published),
        date_modified: time(story.updated),
        authors: authors(story),
        tags,
        language: story.language.as_deref(),
        attachments: story.enclosures.iter().map(attachment).collect(),
        origin: Origin {
            source: Source {
                id: &story.source.id,
                title: &story.source.title,
                feed_url: story.source.feed_url.as_deref(),
                home_page_url: story.source.site_url.as_deref(),
                rights: story.source.rights.as_deref(),
            },
            rights: story.rights.as_deref(),
            related: story.related.iter().map(|other| Related { url: &other.link, title: &other.title }).collect(),
        },
    }
}

/// Who wrote it, and then where it was published, which is shown nowhere else.
fn authors(story: &EditionStory) -> Vec<Author<'_>> {
    let is_page = |uri: &&str| uri.starts_with("https://") || uri.starts_with("http://");
    let mut authors = Vec::with_capacity(story.authors.len() + 1);
    for Person { name, uri, .. } in &story.authors {
        authors.push(Author { name, url: uri.as_deref().filter(is_page) });
    }
    if !authors.iter().any(|author| author.name == story.source.title) {
        authors.push(Author { name: &story.source.title, url: story.source.site_url.as_deref() });
    }
    authors
}

fn attachment(enclosure: &Enclosure) -> Attachment<'_> {
    let named = enclosure.media_type.as_deref().filter(|media_type| is_media_type(media_type));
    Attachment {
        url: &enclosure.url,
        // It must have one.
        mime_type: named.unwrap_or("application/octet-stream"),
        size_in_bytes: enclosure.length,
    }
}

/// RFC 3339.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
