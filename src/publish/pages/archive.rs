//! A page of the past: stories that a topic had, day by day, the newest first.

use maud::html;

use super::{
    SitePage, headline,
    page::{Language, Page},
    subscribe::Followed,
    topic::days,
};
use crate::publish::EditionStory;

/// What such a page shows besides its stories.
#[derive(Debug, Clone, Copy)]
pub struct ArchivePage<'a> {
    /// The topic's.
    pub title: &'a str,
    /// BCP 47.
    pub language: Option<&'a str>,
    /// Where the page is, from the root.
    pub path: &'a str,
    /// The page of the topic, while there is one.
    pub topic: Option<&'a str>,
    /// The page of the stories before these, if there is one.
    pub earlier: Option<&'a str>,
    /// The page of those after them.
    pub later: Option<&'a str>,
}

/// The page. The stories are to be newest first, and without [`EditionStory::say_who_else`]. It leads to no story's own page:
/// those are there for as long as the store has the story.
pub fn archive(site: &SitePage<'_>, archive: &ArchivePage<'_>, stories: &[EditionStory]) -> Vec<u8> {
    let language = Language::of(archive.language);
    let phrases = language.phrases;
    // In a language that nobody named, a title runs as its letters do.
    let dir = archive.language.is_none().then_some("auto");
    let day = |story: Option<&EditionStory>| story.map(|story| phrases.date(story.updated));
    let dates = match (day(stories.last()), day(stories.first())) {
        (Some(first), Some(last)) if first != last => format!("{first} – {last}"),
        (_, last) => last.unwrap_or_default(),
    };
    let followed = archive.topic.map(|path| Followed { title: archive.title, path, query: "" });
    let page = Page {
        language,
        title: &[archive.title, &dates].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" – "),
        description: &[phrases.earlier, &dates]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(phrases.colon),
        canonical: &site.address(archive.path),
        followed: followed.as_slice(),
        is_index: false,
    };
    let main = html! {
        header.edition {
            div {
                h1 dir=[dir] {
                    @match archive.topic { Some(topic) => a href=(topic) { (archive.title) }, None => (archive.title) }
                }
                p.description {
                    @if dates.is_empty() { (language.say(phrases.earlier)) } @else {
                        (language.label(phrases.earlier))
                        (language.say(&dates))
                    }
                }
            }
        }
        (days(language, stories, |story| headline::archived(language, story)))
        @if archive.earlier.is_some() || archive.later.is_some() {
            p.earlier {
                @if let Some(earlier) = archive.earlier { a href=(earlier) rel="prev" { (language.say(phrases.earlier)) } }
                @if let Some(later) = archive.later { a href=(later) rel="next" { (language.say(phrases.later)) } }
            }
        }
    };
    page.around(main, html! {})
}
