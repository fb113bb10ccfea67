//! Pages for people: the index, a page of each edition, of each page of an archive, of each story.
//!
//! Pure, as every edition is: the same values give the same bytes, and dates are told as dates, never as "an hour ago".
//! [`index`], [`topic`], [`archive`] and [`story`] each write the main part of a page, and `page` what is around it; `subscribe` tells how
//! to follow an edition, `headline` shows a story in a list, `fragment` fits a publisher's text into a page of ours, and
//! `phrases` has the words, in a page's own language where we speak it. No script, no style but `style.css`, nothing that is
//! loaded from elsewhere but the pictures in a story's text.

mod address;
mod archive;
mod fragment;
mod headline;
mod index;
mod page;
mod phrasebook;
mod phrases;
mod story;
mod subscribe;
mod table;
mod topic;

use std::collections::BTreeMap;

pub use archive::{ArchivePage, archive};
pub use index::{IndexTopic, index};
pub use story::{StoryCopy, StoryPage, story};
pub use topic::{EditionPage, topic};

pub(super) use phrases::Phrases;

use crate::model::{StoryNumber, TopicId};

/// What a page is served as.
pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// The style sheet of all pages, at `/style.css`.
pub const STYLE: &[u8] = include_bytes!("style.css");

/// What every page knows of the site that it is a page of.
#[derive(Debug, Clone, Copy)]
pub struct SitePage<'a> {
    /// Where readers find us; a slash at its end does not matter.
    pub public_url: &'a str,
    pub topic_titles: &'a BTreeMap<TopicId, String>,
}

impl SitePage<'_> {
    /// The absolute address of a path of ours.
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.trim_end_matches('/'))
    }

    fn topic_title<'b>(&'b self, topic: &'b TopicId) -> &'b str {
        self.topic_titles.get(topic).map_or(topic.as_str(), String::as_str)
    }
}

/// Where a topic's page is; `None`: that of everything.
pub fn topic_path(topic: Option<&TopicId>) -> String {
    topic.map_or_else(|| "/all".to_owned(), |topic| format!("/topics/{topic}"))
}

/// Where a story's page is.
pub fn story_path(story: StoryNumber) -> String {
    format!("/stories/{}", story.0)
}

/// Where a page of a topic's archive is, by the name of the topic's feed.
pub fn archive_path(name: &TopicId, page: u64) -> String {
    format!("/archives/{name}/{page}")
}

#[cfg(test)]
mod structure_tests;
#[cfg(test)]
mod style_tests;
#[cfg(test)]
pub(super) mod tests;
