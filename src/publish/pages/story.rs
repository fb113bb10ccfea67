//! The page of a story: its text, and all who have it.

use chrono::{DateTime, Utc};
use maud::{Markup, PreEscaped, html};

use super::{
    SitePage,
    address::{address, picture_address},
    fragment::fragment,
    headline::{moment, summary, topic_link},
    page::{Language, Page, beside, clean},
    story_path,
};
use crate::{
    model::{Enclosure, TopicScore},
    normalize::to_text,
    publish::EditionStory,
};

/// A story with what only its own page tells.
#[derive(Debug, Clone, Copy)]
pub struct StoryPage<'a> {
    /// Without [`EditionStory::say_who_else`], since the page says it by itself.
    pub story: &'a EditionStory,
    /// Its topics, with the points that it has in each.
    pub topics: &'a [TopicScore],
    /// Every copy, the one that is shown among them, best first.
    pub copies: &'a [StoryCopy],
}

/// The story as one source has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryCopy {
    /// The source's title.
    pub source: String,
    /// The source's language for the title below, BCP 47.
    pub language: Option<String>,
    /// Never empty.
    pub title: String,
    pub link: Option<String>,
    pub published: DateTime<Utc>,
}

/// The page at `/stories/{number}`.
pub fn story(site: &SitePage<'_>, StoryPage { story, topics, copies }: &StoryPage<'_>) -> Vec<u8> {
    let language = Language::of(story.language.as_deref());
    let phrases = language.phrases;
    // In a language that nobody knows, a text runs as its letters do.
    let (lang, dir) = match story.language {
        Some(_) => (None, None),
        None => (Some(""), Some("auto")),
    };
    let link = story.link.as_deref().map(address);
    let description = Some(summary(story)).filter(|text| !text.is_empty()).unwrap_or_else(|| clean(&story.title));
    let page = Page {
        language,
        title: &story.title,
        description: &description,
        // The article is the publisher's; this page is about it.
        canonical: &link.clone().unwrap_or_else(|| site.address(&story_path(story.number))),
        followed: &[],
        is_index: false,
    };
    let files: Vec<&Enclosure> = story.enclosures.iter().filter(|enclosure| !is_picture(enclosure)).collect();
    let main = html! {
        article.story {
            header {
                h1 lang=[lang] dir=[dir] {
                    @match &link { Some(link) => a.title href=(link) { (clean(&story.title)) }, None => (clean(&story.title)) }
                }
                (byline(language, story))
            }
            @if let Some(picture) = picture(story) { img.lead src=(picture) alt="" referrerpolicy="no-referrer"; }
            (text(story, lang, dir))
            @if let Some(link) = &link {
                p.read { a href=(link) { (language.label(phrases.read)) bdi { (clean(&story.source.title)) } } }
            }
            @if !files.is_empty() {
                section {
                    h2 { (language.say(phrases.files)) }
                    ul { @for enclosure in &files { li { (file(language, enclosure)) } } }
                }
            }
            @if let Some(rights) = story.rights.as_ref().or(story.source.rights.as_ref()) {
                p.rights { (language.label(phrases.rights)) bdi { (clean(rights)) } }
            }
        }
        div.about {
            // With one source alone all is said above.
            @if copies.len() > 1 {
                section {
                    h2 { (language.say(phrases.appeared)) }
                    ul { @for copy in *copies { li { (appearance(language, copy)) } } }
                }
            }
            @if !topics.is_empty() {
                section {
                    h2 { (language.say(phrases.topics_and_points)) }
                    ul {
                        @for score in *topics {
                            li { (topic_link(*site, &score.topic)) " " span.points { "(" (phrases.number(score.score)) ")" } }
                        }
                    }
                }
            }
            @if !story.same_event.is_empty() {
                section {
                    h2 { (language.say(phrases.same_event)) }
                    ul {
                        @for other in &story.same_event {
                            li { a href=(address(&other.link)) lang="" dir="auto" { (clean(&other.title)) } }
                        }
                    }
                }
            }
        }
    };
    page.around(main, html! {})
}

/// The publisher, who wrote it, and when.
fn byline(language: Language<'_>, story: &EditionStory) -> Markup {
    let phrases = language.phrases;
    let publisher = clean(&story.source.title);
    let site = story.source.site_url.as_deref();
    // Where nobody signed it, the source itself stands for the author.
    let authors = story.authors.iter().map(|author| clean(&author.name)).filter(|name| *name != publisher);
    let dated = |label: &str, time: DateTime<Utc>| {
        html! { (language.label(label)) (moment(language, time, &phrases.date_and_time(time))) }
    };
    html! {
        p.by {
            (beside(
                [html! {
                    @match site {
                        Some(site) => a.publisher href=(address(site)) { bdi { (publisher) } },
                        None => bdi.publisher { (publisher) },
                    }
                }]
                .into_iter()
                .chain(authors.map(|name| html! { bdi { (name) } }))
                .chain([
                    dated(phrases.published, story.published),
                    html! { @if story.updated > story.published { (dated(phrases.updated, story.updated)) } },
                ]),
            ))
        }
    }
}

/// What the story says: its summary as well, where the text does not begin by it.
fn text(story: &EditionStory, lang: Option<&str>, dir: Option<&str>) -> Markup {
    let start = |html: &str| to_text(html).chars().filter(|c| c.is_alphanumeric()).take(60).collect::<String>();
    let is_said = |summary: &str, content: &str| {
        let text: String = to_text(content).chars().filter(|c| c.is_alphanumeric()).collect();
        text.contains(&start(summary))
    };
    let summary = match (&story.summary, &story.content) {
        (Some(summary), Some(content)) if is_said(summary, content) => None,
        (summary, _) => summary.as_deref(),
    };
    let class = if story.content.is_some() { "text summary" } else { "text" };
    html! {
        @if let Some(summary) = summary { div class=(class) lang=[lang] dir=[dir] { (PreEscaped(fragment(summary))) } }
        @if let Some(content) = &story.content { div.text lang=[lang] dir=[dir] { (PreEscaped(fragment(content))) } }
    }
}

/// A picture that goes with a story whose text shows none.
fn picture(story: &EditionStory) -> Option<String> {
    let shown = [&story.summary, &story.content].into_iter().flatten().any(|html| html.contains("<img "));
    let picture = story.enclosures.iter().find(|enclosure| is_picture(enclosure)).filter(|_| !shown)?;
    Some(picture_address(&picture.url))
}

fn is_picture(enclosure: &Enclosure) -> bool {
    enclosure.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"))
}

fn file(language: Language<'_>, enclosure: &Enclosure) -> Markup {
    let path = enclosure.url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(&enclosure.url);
    let kind = enclosure.media_type.as_deref().map(clean).unwrap_or_default();
    let size = enclosure.length.filter(|length| *length > 0).map(|length| {
        let megabytes = length as f64 / 1e6;
        if megabytes < 0.1 {
            format!("{} kB", length.div_ceil(1000))
        } else {
            format!("{} MB", language.phrases.number(megabytes))
        }
    });
    html! {
        a href=(address(&enclosure.url)) dir="ltr" { (clean(name)) }
        @for more in [kind, size.unwrap_or_default()].iter().filter(|more| !more.is_empty()) { " · " (more) }
    }
}

fn appearance(language: Language<'_>, copy: &StoryCopy) -> Markup {
    let (lang, dir) = language.for_text(copy.language.as_deref());
    html! {
        @match &copy.link {
            Some(link) => a href=(address(link)) lang=[lang] dir=[dir] { (clean(&copy.title)) },
            None => span lang=[lang] dir=[dir] { (clean(&copy.title)) },
        }
        " "
        span.by {
            (beside([
                html! { bdi { (clean(&copy.source)) } },
                moment(language, copy.published, &language.phrases.date_and_time(copy.published)),
            ]))
        }
    }
}
