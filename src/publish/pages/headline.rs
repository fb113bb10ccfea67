//! A story in a list.

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, PreEscaped, html};

use super::{
    SitePage,
    address::address,
    fragment::fragment,
    page::{Language, beginning, beside, clean},
    phrases::clock_time,
    story_path, topic_path,
};
use crate::{
    model::TopicId,
    normalize::to_text,
    publish::{EditionStory, Related},
};

/// The most characters of a title in a list; the story's page has it whole.
const TITLE: usize = 300;

/// The most characters of a story's text that a list repeats.
const BEGINNING: usize = 300;

/// So many bytes of HTML are read for them.
const READ: usize = 16 * 1024;

/// Who else has a story is named by name, up to here; the story's page names all.
const MOST_NAMED: usize = 12;

/// A story of the index: its title and where it is from.
pub(super) fn short(language: Language<'_>, story: &EditionStory) -> Markup {
    html! {
        (title(language, story))
        p.by {
            (beside([
                html! { bdi { (clean(&story.source.title)) } },
                moment(language, story.updated, &language.phrases.date_and_time(story.updated)),
            ]))
        }
    }
}

/// A story of an edition's page. `shown` are the topics that the page is of, which need not be named.
pub(super) fn full(site: SitePage<'_>, language: Language<'_>, shown: &[TopicId], story: &EditionStory) -> Markup {
    let phrases = language.phrases;
    let (lang, dir) = language.for_text(story.language.as_deref());
    let text = summary(story);
    let topics = story.topics.iter().filter(|topic| !shown.contains(topic));
    let topics: Vec<Markup> = topics.map(|topic| topic_link(site, topic)).collect();
    html! {
        article {
            h3 { (title(language, story)) }
            (byline(language, story))
            // In a span: a text that runs the other way stands where the page's own would.
            @if !text.is_empty() { p { span lang=[lang] dir=[dir] { (text) } } }
            @if !story.related.is_empty() { p.more { (language.label(phrases.also_at)) (names(&story.related)) } }
            @if !story.same_event.is_empty() { p.more { (language.label(phrases.same_event)) (names(&story.same_event)) } }
            p.more {
                (beside([
                    html! { @if !topics.is_empty() { (language.label(phrases.also_in)) (in_a_row(topics)) } },
                    html! {
                        a href=(story_path(story.number)) aria-label={ (phrases.about_story) (phrases.colon) (beginning(&story.title, TITLE)) } {
                            (language.say(phrases.about_story))
                        }
                    },
                ]))
            }
        }
    }
}

/// A story of the past, which may have no page of its own any more: what has no link is shown whole.
pub(super) fn archived(language: Language<'_>, story: &EditionStory) -> Markup {
    let (lang, dir) = language.for_text(story.language.as_deref());
    let text = summary(story);
    let whole = story.content.as_ref().or(story.summary.as_ref());
    html! {
        article {
            h3 {
                @match &story.link {
                    Some(_) => (title(language, story)),
                    None => span.title lang=[lang] dir=[dir] { (clean(&story.title)) },
                }
            }
            (byline(language, story))
            @match (&story.link, whole) {
                (None, Some(whole)) => div.text lang=[lang] dir=[dir] { (PreEscaped(fragment(whole))) },
                _ => @if !text.is_empty() { p { span lang=[lang] dir=[dir] { (text) } } },
            }
            @if !story.related.is_empty() { p.more { (language.label(language.phrases.also_at)) (names(&story.related)) } }
        }
    }
}

/// Who published it, and at what time of the day.
fn byline(language: Language<'_>, story: &EditionStory) -> Markup {
    html! {
        p.by {
            (beside([
                html! { bdi.publisher { (clean(&story.source.title)) } },
                moment(language, story.updated, &clock_time(story.updated)),
            ]))
        }
    }
}

/// The title, as a link to the article, or else to the story's page.
pub(super) fn title(language: Language<'_>, story: &EditionStory) -> Markup {
    let (lang, dir) = language.for_text(story.language.as_deref());
    let href = story.link.as_deref().map_or_else(|| story_path(story.number), address);
    html! { a.title href=(href) lang=[lang] dir=[dir] { (beginning(&story.title, TITLE)) } }
}

pub(super) fn topic_link(site: SitePage<'_>, topic: &TopicId) -> Markup {
    html! { a href=(topic_path(Some(topic))) { bdi { (site.topic_title(topic)) } } }
}

pub(super) fn moment(language: Language<'_>, time: DateTime<Utc>, written: &str) -> Markup {
    html! { time datetime=(time.to_rfc3339_opts(SecondsFormat::Secs, true)) { (language.say(written)) } }
}

fn names(others: &[Related]) -> Markup {
    in_a_row(others.iter().take(MOST_NAMED).map(|other| {
        html! { a href=(address(&other.link)) { bdi { (clean(&other.title)) } } }
    }))
}

pub(super) fn in_a_row(things: impl IntoIterator<Item = Markup>) -> Markup {
    html! {
        @for (nth, thing) in things.into_iter().enumerate() { @if nth > 0 { ", " } (thing) }
    }
}

/// How the story's text begins, unless that is only its title again.
pub(super) fn summary(story: &EditionStory) -> String {
    let html = [&story.summary, &story.content].into_iter().flatten();
    let read = |html: &String| (0..=READ.min(html.len())).rev().find_map(|end| html.get(..end)).map(to_text);
    let mut texts = html.filter_map(read);
    let text = texts.find(|text| !text.trim().is_empty() && text.trim() != story.title).unwrap_or_default();
    beginning(&text, BEGINNING)
}
