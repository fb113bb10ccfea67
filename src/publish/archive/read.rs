//! What a page of an archive shows, read back from its document: the stories may be long gone from the store.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use quick_xml::escape::unescape;

use super::{
    element::Element,
    page::{Page, PageDamage},
};
use crate::{
    model::{Person, StoryNumber},
    publish::{EditionStory, Related, SourceDescription, also::anchor},
};

/// What a page shows.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::publish) struct PageShown {
    /// What the topic was called when the page was made.
    pub title: String,
    pub language: Option<String>,
    /// As a list shows them; what no list shows is empty. In the document's order.
    pub stories: Vec<EditionStory>,
}

impl Page {
    /// Reads the document, which is one of ours.
    ///
    /// # Errors
    /// It is none.
    pub(in crate::publish) fn shown(&self) -> Result<PageShown, PageDamage> {
        let document = std::str::from_utf8(&self.document).map_err(|error| PageDamage(error.to_string()))?;
        let feed = Element::read(document)?;
        let entries: Vec<&Element> = feed.all("entry").collect();
        if entries.len() != self.heading.entries.len() {
            return Err(PageDamage(format!("{} entries, not {}", entries.len(), self.heading.entries.len())));
        }
        let stories = entries.iter().zip(&self.heading.entries).map(|(entry, known)| story(entry, known.story));
        Ok(PageShown {
            title: feed.text_of("title").unwrap_or_default().to_owned(),
            language: feed.attribute("xml:lang").map(str::to_owned),
            stories: stories.collect::<Result<_, _>>()?,
        })
    }
}

fn story(entry: &Element, number: StoryNumber) -> Result<EditionStory, PageDamage> {
    let links = |relation: &'static str| {
        let related = move |link: &&Element| link.attribute("rel") == Some(relation);
        entry.all("link").filter(related).filter_map(|link| Some((link.attribute("href")?.to_owned(), link)))
    };
    let related: Vec<Related> = links("related")
        .map(|(address, link)| Related { link: address, title: link.attribute("title").unwrap_or_default().to_owned() })
        .collect();
    let html = |name: &str| {
        let text = entry.first(name).filter(|text| text.attribute("type") == Some("html"))?;
        Some(without_who_else(&text.text, &related)).filter(|text| !text.is_empty())
    };
    let source = entry.first("source");
    let source_text = |name: &str| source.and_then(|source| source.text_of(name)).map(str::to_owned);
    let people = entry.all("author").filter_map(|author| author.text_of("name"));
    let updated = time(entry, "updated")?;
    Ok(EditionStory {
        number,
        id: entry.text_of("id").unwrap_or_default().to_owned(),
        title: title(entry),
        link: links("alternate").map(|(address, _)| address).next(),
        published: time(entry, "published")?,
        updated,
        language: entry.attribute("xml:lang").map(str::to_owned),
        authors: people.map(|name| Person { name: name.to_owned(), uri: None, email: None }).collect(),
        contributors: Vec::new(),
        topics: Vec::new(),
        categories: Vec::new(),
        enclosures: Vec::new(),
        summary: html("summary"),
        content: html("content"),
        rights: entry.text_of("rights").map(str::to_owned),
        via: links("via").map(|(address, _)| address).next().unwrap_or_default(),
        source: SourceDescription {
            id: source_text("id").unwrap_or_default(),
            title: source_text("title").unwrap_or_default(),
            updated,
            feed_url: None,
            site_url: None,
            rights: source_text("rights"),
            authors: Vec::new(),
            categories: Vec::new(),
        },
        related,
        same_event: Vec::new(),
    })
}

fn time(entry: &Element, name: &str) -> Result<DateTime<Utc>, PageDamage> {
    let text = entry.text_of(name).unwrap_or_default();
    text.parse().map_err(|error| PageDamage(format!("{name} of an entry is {text:?}: {error}")))
}

/// A title with characters that might be taken for markup was written as HTML.
fn title(entry: &Element) -> String {
    let Some(title) = entry.first("title") else { return String::new() };
    match title.attribute("type") {
        Some("html") => unescape(&title.text).map_or_else(|_| title.text.clone(), std::borrow::Cow::into_owned),
        _ => title.text.clone(),
    }
}

/// A text without the sentences at its end that name who else has the story: a page says that by itself.
fn without_who_else(text: &str, related: &[Related]) -> String {
    let anchors: BTreeSet<String> = related.iter().map(anchor).collect();
    let mut text = text;
    while let Some((before, sentence)) = text.strip_suffix("</p>").and_then(|text| text.rsplit_once("<p>")) {
        let Some(first) = sentence.find("<a ").filter(|at| !sentence[..*at].contains('<')) else { break };
        let names = sentence[first + "<a ".len()..].split(", <a ");
        if !names.map(|name| format!("<a {name}")).all(|name| anchors.contains(&name)) {
            break;
        }
        text = before;
    }
    text.to_owned()
}
