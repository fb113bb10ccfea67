//! The index page: what there is to follow, and what is new in it.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, html};

use super::{
    address::{Address, Format, StoriesAddress},
    frame::{PublishSettings, TopicPage},
    gather::EditionStory,
};
use crate::model::TopicId;

pub(super) const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// Renders the page. The same settings and headlines give the same bytes.
pub(super) fn render(settings: &PublishSettings, headlines: &BTreeMap<Option<TopicId>, Vec<EditionStory>>) -> Vec<u8> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "newsdesk" }
                link rel="stylesheet" href="/style.css";
                @for topic in &settings.topics {
                    (autodiscovery(Some(&topic.id), &topic.title))
                }
                (autodiscovery(None, "All stories"))
            }
            body {
                header {
                    h1 { "newsdesk" }
                    p { "Each topic is a feed: copy its address into any feed reader to follow it." }
                }
                main {
                    @for topic in &settings.topics {
                        (section(topic, headlines.get(&Some(topic.id.clone())).map_or(&[], Vec::as_slice)))
                    }
                    section id="all" {
                        h2 { "All stories" }
                        p.follow { "Follow: " (feed_links(None)) }
                        (list(headlines.get(&None).map_or(&[], Vec::as_slice)))
                    }
                }
            }
        }
    };
    page.into_string().into_bytes()
}

fn section(topic: &TopicPage, stories: &[EditionStory]) -> Markup {
    html! {
        section id=(topic.id) lang=[topic.language.as_deref()] {
            h2 { (topic.title) }
            @if let Some(description) = &topic.description { p { (description) } }
            p.follow { "Follow: " (feed_links(Some(&topic.id))) }
            (list(stories))
        }
    }
}

fn list(stories: &[EditionStory]) -> Markup {
    html! {
        @if stories.is_empty() {
            p.none { "No stories yet." }
        } @else {
            ul {
                @for story in stories {
                    li {
                        @if let Some(link) = &story.link {
                            a href=(link) lang=[story.language.as_deref()] { (story.title) }
                        } @else {
                            span lang=[story.language.as_deref()] { (story.title) }
                        }
                        small {
                            (story.source.title)
                            @for related in &story.related { ", " a href=(related.link) { (related.title) } }
                            " · "
                            time datetime=(story.updated.format("%Y-%m-%dT%H:%M:%SZ")) {
                                (story.updated.format("%-d %B %Y, %H:%M UTC"))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn path(topic: Option<&TopicId>, format: Format) -> String {
    Address::Stories(StoriesAddress::standing(topic, format)).to_string()
}

fn feed_links(topic: Option<&TopicId>) -> Markup {
    html! {
        a href=(path(topic, Format::Atom)) { "Atom" } " · " a href=(path(topic, Format::Rss)) { "RSS" } " · "
        a href=(path(topic, Format::Json)) { "JSON" }
    }
}

fn autodiscovery(topic: Option<&TopicId>, title: &str) -> Markup {
    html! {
        link rel="alternate" type="application/atom+xml" title=(title) href=(path(topic, Format::Atom));
        link rel="alternate" type="application/rss+xml" title=(title) href=(path(topic, Format::Rss));
        link rel="alternate" type="application/feed+json" title=(title) href=(path(topic, Format::Json));
    }
}
