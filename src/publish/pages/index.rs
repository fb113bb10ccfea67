//! The index page: what there is to follow, and what is new in it.

use maud::{Markup, html};

use super::{
    SitePage, headline,
    page::{Language, NAME, Page},
    subscribe::{Followed, formats},
    topic_path,
};
use crate::publish::{EditionStory, TopicPage};

/// A topic with its newest stories.
pub struct IndexTopic<'a> {
    pub topic: &'a TopicPage,
    pub stories: &'a [EditionStory],
}

/// With more topics than this each shows fewer stories, and the page begins with their names.
const MANY: usize = 12;

/// With more topics than this each shows its newest story only.
const VERY_MANY: usize = 48;

/// The page at `/`. `all` are the newest stories of all.
pub fn index(site: &SitePage<'_>, topics: &[IndexTopic<'_>], all: &[EditionStory]) -> Vec<u8> {
    let language = Language::of(None);
    let phrases = language.phrases;
    let paths: Vec<String> = topics.iter().map(|topic| topic_path(Some(&topic.topic.id))).collect();
    let everything = Followed { title: phrases.all_stories, path: "/all", query: "" };
    let mut followed: Vec<Followed<'_>> = topics
        .iter()
        .zip(&paths)
        .map(|(topic, path)| Followed { title: &topic.topic.title, path, query: "" })
        .collect();
    followed.push(everything);
    let page = Page {
        language,
        title: NAME,
        description: phrases.tagline,
        canonical: &site.address("/"),
        followed: &followed,
        is_index: true,
    };
    let most = match topics.len() {
        0..=MANY => usize::MAX,
        many if many <= VERY_MANY => 3,
        _ => 1,
    };
    let latest = all.iter().map(|story| story.updated).max();
    let main = html! {
        header.front {
            h1 { (NAME) }
            p { (phrases.tagline) }
            @if let Some(latest) = latest { p.by { (headline::moment(language, latest, &phrases.weekday_and_date(latest))) } }
        }
        div.front {
            section id="topics" aria-label=(phrases.topics) {
                @if topics.len() > MANY { (contents(language, topics, &paths)) }
                div.grid {
                    @for (topic, followed) in topics.iter().zip(&followed) { (section(topic, followed, most)) }
                }
                @if topics.is_empty() { p.none { (phrases.no_stories) } }
            }
            section.latest id="all" aria-labelledby="all-title" {
                h2 id="all-title" { a href="/all" { (phrases.all_stories) } }
                @if let Some(followed) = followed.last() { p.formats { (formats(followed)) } }
                (list(language, all, usize::MAX))
            }
        }
    };
    let foot = html! {
        p {
            a href="/topics.opml" { (phrases.topics_as_opml) }
            " · "
            a href="/sources.opml" { (phrases.sources_as_opml) }
        }
    };
    page.around(main, foot)
}

fn contents(language: Language<'_>, topics: &[IndexTopic<'_>], paths: &[String]) -> Markup {
    html! {
        nav.contents aria-label=(language.phrases.topics) {
            ul {
                @for (IndexTopic { topic, .. }, path) in topics.iter().zip(paths) {
                    @let (lang, dir) = language.for_text(Some(topic.language.as_deref().unwrap_or("en")));
                    li { a href=(path) lang=[lang] dir=[dir] { (topic.title) } }
                }
            }
        }
    }
}

/// A topic, in its own language.
fn section(IndexTopic { topic, stories }: &IndexTopic<'_>, followed: &Followed<'_>, most: usize) -> Markup {
    let language = Language::of(topic.language.as_deref());
    let (lang, dir) = Language::of(None).for_text(Some(language.tag()));
    html! {
        section id={ "topic-" (topic.id) } lang=[lang] dir=[dir] {
            h2 { a href=(followed.path) { (topic.title) } }
            @if let Some(description) = &topic.description { p.description { (description) } }
            p.formats { (formats(followed)) }
            (list(language, stories, most))
        }
    }
}

fn list(language: Language<'_>, stories: &[EditionStory], most: usize) -> Markup {
    html! {
        @if stories.is_empty() {
            p.none { (language.say(language.phrases.no_stories)) }
        } @else {
            ul.stories {
                @for story in stories.iter().take(most) { li { (headline::short(language, story)) } }
            }
        }
    }
}
