use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{events::name_each_other, select::readable};
use crate::{
    model::{Category, ContentPolicy, Enclosure, Entry, Person, ShownAs, SourceId, SourceNumber, StoryNumber, TopicId},
    normalize::is_portable_id,
    store::{EntryRecord, SourceRecord, Store, StoreError, StoryRecord},
};

/// A story as an edition shows it: the owner's text, and everybody who carried it.
#[derive(Debug, Clone, PartialEq)]
pub struct EditionStory {
    /// Where its own page is.
    pub number: StoryNumber,
    /// An absolute IRI, unique in the edition.
    pub id: String,
    /// Never empty.
    pub title: String,
    pub link: Option<String>,
    pub published: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// BCP 47.
    pub language: Option<String>,
    /// Never empty (RFC 4287 §4.2.1).
    pub authors: Vec<Person>,
    pub contributors: Vec<Person>,
    pub topics: Vec<TopicId>,
    /// The publisher's own.
    pub categories: Vec<Category>,
    pub enclosures: Vec<Enclosure>,
    /// Sanitised HTML.
    pub summary: Option<String>,
    /// Sanitised HTML.
    pub content: Option<String>,
    pub rights: Option<String>,
    /// The URL of the feed the entry came from.
    pub via: String,
    pub source: SourceDescription,
    /// The same story elsewhere.
    pub related: Vec<Related>,
    /// Other stories of the edition, on the same event.
    pub same_event: Vec<Related>,
}

/// The feed an entry was first published in (RFC 4287 §4.2.11).
#[derive(Debug, Clone, PartialEq)]
pub struct SourceDescription {
    pub id: String,
    /// Never empty.
    pub title: String,
    pub updated: DateTime<Utc>,
    pub feed_url: Option<String>,
    pub site_url: Option<String>,
    pub rights: Option<String>,
    pub authors: Vec<Person>,
    pub categories: Vec<Category>,
}

/// A copy of the story at another source.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    pub link: String,
    /// The other source's title.
    pub title: String,
}

/// What readers are shown of the entries of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceShown {
    /// The article on the page behind the link, where it says more than the feed.
    pub article: bool,
    pub content: ContentPolicy,
}

/// The most bytes of HTML in an edition; the stories after that many are shown by their summaries.
const MOST_HTML: usize = 16 << 20;

/// What is shown of these stories. `shown` are the sources of which not just their feed's whole content is.
///
/// With [`ShownAs::Group`] articles on one event name each other.
///
/// # Errors
/// When the store cannot be read.
pub fn gather(
    store: &Store,
    chosen: Vec<StoryRecord>,
    shown: &BTreeMap<SourceId, SourceShown>,
    shown_as: ShownAs,
) -> Result<Vec<EditionStory>, StoreError> {
    let (mut stories, mut owners, mut html) = (Vec::with_capacity(chosen.len()), Vec::new(), 0_usize);
    for story in chosen {
        let Some(mut owner) = readable(store.entry(story.owner))? else { continue };
        let Some((id, source)) = store.source_by_number(owner.source) else { continue };
        let of_source = shown.get(&id).copied().unwrap_or_default();
        if of_source.article {
            show_article(store, &mut owner)?;
        }
        owners.push(owner.number);
        let mut described = describe(store, story, owner, &id, &source);
        described.show_no_more_than(of_source.content);
        if html > MOST_HTML {
            described.show_no_more_than(ContentPolicy::Summary);
        }
        html += [&described.summary, &described.content].into_iter().flatten().map(String::len).sum::<usize>();
        stories.push(described);
    }
    if shown_as == ShownAs::Group {
        name_each_other(store, &owners, &mut stories)?;
    }
    Ok(stories)
}

fn show_article(store: &Store, owner: &mut EntryRecord) -> Result<(), StoreError> {
    let article = readable(store.article(owner.number))?;
    let length = |html: &str| crate::normalize::to_text(html).len();
    let own = [&owner.entry.content, &owner.entry.summary].into_iter().flatten().map(|html| length(html)).max();
    if let Some(article) = article.filter(|article| length(&article.html) > own.unwrap_or_default()) {
        owner.entry.content = Some(article.html);
    }
    Ok(())
}

fn describe(
    store: &Store,
    story: StoryRecord,
    owner: EntryRecord,
    source_id: &SourceId,
    source: &SourceRecord,
) -> EditionStory {
    let source_title = title_of(source_id, source);
    let feed_updated = owner.feed_updated.unwrap_or(story.updated);
    let entry = owner.entry;
    let title = shown_title(&entry);
    let authors = [&entry.authors, &source.feed.authors].into_iter().find(|people| !people.is_empty()).cloned();
    let related = related(store, &story, entry.link.as_deref());
    let described = match entry.source.as_ref().and_then(embedded(feed_updated)) {
        Some(embedded) => embedded,
        None => SourceDescription {
            id: source.feed.id.clone().filter(|id| is_portable_id(id)).unwrap_or_else(|| source.first_url.clone()),
            title: source_title.clone(),
            updated: feed_updated,
            feed_url: Some(source.feed.self_url.clone().unwrap_or_else(|| source.first_url.clone())),
            site_url: source.feed.site_url.clone(),
            rights: source.feed.rights.clone(),
            authors: source.feed.authors.clone(),
            categories: source.feed.categories.clone(),
        },
    };
    EditionStory {
        number: story.number,
        id: story.id,
        title,
        link: entry.link,
        published: entry.published.unwrap_or(owner.first_dated).min(story.updated),
        updated: story.updated,
        language: entry.language.map(|language| language.tag),
        authors: authors.unwrap_or_else(|| vec![Person { name: source_title, uri: None, email: None }]),
        contributors: entry.contributors,
        topics: story.topics.into_iter().map(|score| score.topic).collect(),
        categories: entry.categories,
        enclosures: entry.enclosures,
        summary: entry.summary,
        content: entry.content,
        rights: entry.rights,
        via: source.first_url.clone(),
        source: described,
        related,
        same_event: Vec::new(),
    }
}

/// An entry that already carries `atom:source` keeps it, if it is enough of one to stand for the original feed.
fn embedded(feed_updated: DateTime<Utc>) -> impl Fn(&crate::model::EmbeddedSource) -> Option<SourceDescription> {
    move |source| {
        Some(SourceDescription {
            id: source.id.clone().filter(|id| is_portable_id(id))?,
            title: source.title.clone().filter(|title| !title.trim().is_empty())?,
            updated: source.updated.unwrap_or(feed_updated),
            feed_url: source.feed_url.clone(),
            site_url: source.site_url.clone(),
            rights: source.rights.clone(),
            authors: source.authors.clone(),
            categories: Vec::new(),
        })
    }
}

fn related(store: &Store, story: &StoryRecord, shown: Option<&str>) -> Vec<Related> {
    let mut related: Vec<Related> = Vec::new();
    for copy in story.copies.iter().filter(|copy| copy.entry != story.owner) {
        let (Some(link), Some((id, source))) = (&copy.link, store.source_by_number(copy.source)) else { continue };
        let title = title_of(&id, &source);
        if !related.iter().any(|other| other.link == *link && other.title == title)
            && (shown != Some(link) || copy.source != owner_source(story))
        {
            related.push(Related { link: link.clone(), title });
        }
    }
    related
}

fn owner_source(story: &StoryRecord) -> SourceNumber {
    story.copies.iter().find(|copy| copy.entry == story.owner).map_or(SourceNumber(0), |copy| copy.source)
}

pub(super) fn title_of(id: &SourceId, source: &SourceRecord) -> String {
    if source.feed.title.is_empty() { id.to_string() } else { source.feed.title.clone() }
}

/// The most characters of text that stand in for a missing title.
const TITLE_FROM_TEXT: usize = 80;

/// The entry's title; without one, how its text begins; without text, where it is.
pub(super) fn shown_title(entry: &Entry) -> String {
    if !entry.title.is_empty() {
        return entry.title.clone();
    }
    let html = entry.summary.as_ref().or(entry.content.as_ref());
    let text = html.map(|html| crate::normalize::to_text(html)).unwrap_or_default();
    let mut words = text.split_whitespace().peekable();
    let mut title = String::new();
    while let Some(word) = words.peek() {
        if title.chars().count() + word.chars().count() >= TITLE_FROM_TEXT {
            title.push('…');
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
        words.next();
    }
    if title.is_empty() { entry.link.clone().unwrap_or_else(|| "Untitled".into()) } else { title }
}
