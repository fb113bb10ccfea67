//! The page of an edition: its stories, day by day, the newest first.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{
    SitePage, headline,
    page::{Language, Page},
    subscribe::{Followed, subscribe},
};
use crate::{model::TopicId, publish::EditionStory};

/// What the page of an edition shows besides its stories: of a topic, of everything, of a source, of a combination.
#[derive(Debug, Clone, Copy)]
pub struct EditionPage<'a> {
    pub title: &'a str,
    pub description: Option<&'a str>,
    /// BCP 47.
    pub language: Option<&'a str>,
    /// Where the page is, from the root: `/topics/ai`. With `.atom`, `.rss` and `.json` behind it, the feeds are.
    pub path: &'a str,
    /// What an address has behind the question mark; empty where it has none.
    pub query: &'a str,
    /// The topics that it is of: they are not named with each story.
    pub topics: &'a [TopicId],
    /// The page of the stories before these, if there is one.
    pub earlier: Option<&'a str>,
}

/// The page. The stories are to be newest first, and without [`EditionStory::say_who_else`], since the page says it by itself.
pub fn topic(site: &SitePage<'_>, edition: &EditionPage<'_>, stories: &[EditionStory]) -> Vec<u8> {
    let language = Language::of(edition.language);
    let phrases = language.phrases;
    // In a language that nobody named, a title runs as its letters do.
    let dir = edition.language.is_none().then_some("auto");
    let followed = [Followed { title: edition.title, path: edition.path, query: edition.query }];
    let question_mark = if edition.query.is_empty() { "" } else { "?" };
    let page = Page {
        language,
        title: edition.title,
        description: edition.description.unwrap_or(edition.title),
        canonical: &site.address(&format!("{}{question_mark}{}", edition.path, edition.query)),
        followed: &followed,
        is_index: false,
    };
    let main = html! {
        header.edition {
            div {
                h1 dir=[dir] { (edition.title) }
                @if let Some(description) = edition.description { p.description dir=[dir] { (description) } }
            }
            @for followed in &followed { (subscribe(*site, language, followed)) }
        }
        @if stories.is_empty() { p.none { (language.say(phrases.no_stories)) } }
        (days(language, stories, |story| headline::full(*site, language, edition.topics, story)))
        @if let Some(earlier) = edition.earlier {
            p.earlier { a href=(earlier) rel="prev" { (language.say(phrases.earlier)) } }
        }
    };
    page.around(main, html! {})
}

fn date(story: &EditionStory) -> NaiveDate {
    story.updated.date_naive()
}

/// Stories under the days on which they were updated.
pub(super) fn days(language: Language<'_>, stories: &[EditionStory], show: impl Fn(&EditionStory) -> Markup) -> Markup {
    html! {
        @for day in stories.chunk_by(|one, next| date(one) == date(next)) {
            @if let Some(first) = day.first() {
                section.day {
                    h2 {
                        time datetime=(date(first).format("%Y-%m-%d")) {
                            (language.say(&language.phrases.weekday_and_date(first.updated)))
                        }
                    }
                    div { @for story in day { (show(story)) } }
                }
            }
        }
    }
}
