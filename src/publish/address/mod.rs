//! The addresses of our editions: which there are, and what each asks for.
//!
//! An edition has one address, the canonical one, by which its feed names itself (RFC 4287 §4.2.7.2, `self`). Others that ask for
//! the same lead to it. `parse` reads an address, `write` says the canonical one.

mod parse;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::model::{ContentPolicy, SourceId, StoryNumber, TopicId};

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// The page that names every topic.
    Index,
    /// Stories, as a feed or a page.
    Stories(StoriesAddress),
    /// The page of one story.
    Story(StoryNumber),
    /// A page for people of the archive of a topic, by the name of the topic's feed.
    Archive(TopicId, u64),
    /// Our topics' feeds, for a reader to subscribe to in one go.
    TopicsOutline,
    /// What we read, by topic.
    SourcesOutline,
}

impl Address {
    /// Whether readers can subscribe to it: a feed of one topic or of everything, and nothing that anybody may combine.
    pub fn can_be_subscribed_to(&self) -> bool {
        matches!(self, Address::Stories(stories) if stories.format != Format::Page && stories.topic().is_some())
    }
}

/// Which stories, in which form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoriesAddress {
    pub selection: Selection,
    pub format: Format,
    /// No more than this of each story.
    pub content: ContentPolicy,
    /// At most so many; `None` for as many as the admin says.
    pub limit: Option<usize>,
}

/// Which stories.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    pub of: Of,
    /// They are in each of these topics as well.
    pub and: BTreeSet<TopicId>,
    /// They are in none of these.
    pub not: BTreeSet<TopicId>,
    /// They are in one of these languages (RFC 4647 §3.3.1: `pt` is `pt-BR` too); all, if there is none.
    pub languages: BTreeSet<String>,
    /// One of these sources has them; all, if there is none.
    pub sources: BTreeSet<SourceId>,
}

/// Where the stories are taken from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Of {
    Everything,
    /// Those of any of these topics; there is at least one.
    Topics(BTreeSet<TopicId>),
    /// The entries of a source, as they are there.
    Source(SourceId),
}

/// What a list of stories is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    Atom,
    Rss,
    Json,
    Page,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Atom, Format::Rss, Format::Json, Format::Page];

    /// The end of the path.
    fn extension(self) -> &'static str {
        match self {
            Format::Atom => ".atom",
            Format::Rss => ".rss",
            Format::Json => ".json",
            Format::Page => "",
        }
    }
}

/// Why an address asks for nothing that can be had. Each says what to do, and nothing of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("there is nothing here")]
    Nothing,
    #[error("unknown parameter: there are and, not, lang, source, content and limit")]
    UnknownParameter,
    #[error("content and limit can be given once only")]
    GivenTwice,
    #[error("content is full, summary or title")]
    Content,
    #[error("content is for feeds: add .atom, .rss or .json to the path")]
    ContentOfPage,
    #[error("limit is a number from 1 to {MOST_STORIES}")]
    Limit,
    #[error("and and not take ids of topics, source takes ids of sources, with a comma between two")]
    Id,
    #[error("lang takes language tags such as fr or pt-BR, with a comma between two")]
    Language,
    #[error("one topic is both wanted and not wanted")]
    Contradiction,
    #[error("a source's own edition cannot be limited to other sources")]
    SourceOfSource,
    #[error("at most {MOST_NAMES} topics, languages and sources can be combined")]
    TooMany,
}

/// The most stories that an address can ask for.
pub const MOST_STORIES: usize = 500;

/// The most topics, languages and sources that an address can name in all.
pub const MOST_NAMES: usize = 12;

impl StoriesAddress {
    /// A topic (`None`: everything) in a format.
    pub fn standing(topic: Option<&TopicId>, format: Format) -> Self {
        let of = topic.map_or(Of::Everything, |topic| Of::Topics([topic.clone()].into()));
        Self { selection: Selection::all(of), format, content: ContentPolicy::Full, limit: None }
    }

    /// The same stories in another format.
    pub fn in_format(&self, format: Format) -> Self {
        let content = if format == Format::Page { ContentPolicy::Full } else { self.content };
        Self { format, content, ..self.clone() }
    }

    /// The topic (`None`: everything) whose stories these are, if it is that and nothing else that is asked for.
    pub fn topic(&self) -> Option<Option<&TopicId>> {
        let is_plain = self.limit.is_none() && self.content == ContentPolicy::Full;
        self.selection.topic().filter(|_| is_plain)
    }
}

impl Selection {
    /// Everything that is there.
    fn all(of: Of) -> Self {
        Self { of, and: BTreeSet::new(), not: BTreeSet::new(), languages: BTreeSet::new(), sources: BTreeSet::new() }
    }

    /// The topic (`None`: everything) that it is, if it is no combination.
    pub fn topic(&self) -> Option<Option<&TopicId>> {
        if !self.and.is_empty() || !self.not.is_empty() || !self.languages.is_empty() || !self.sources.is_empty() {
            return None;
        }
        match &self.of {
            Of::Everything => Some(None),
            Of::Topics(topics) if topics.len() == 1 => topics.first().map(Some),
            Of::Topics(_) | Of::Source(_) => None,
        }
    }

    /// Every topic that it names.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        let of = match &self.of {
            Of::Topics(topics) => Some(topics),
            Of::Everything | Of::Source(_) => None,
        };
        of.into_iter().flatten().chain(&self.and).chain(&self.not)
    }

    /// Every source that it names.
    pub fn named_sources(&self) -> impl Iterator<Item = &SourceId> {
        let of = match &self.of {
            Of::Source(source) => Some(source),
            Of::Everything | Of::Topics(_) => None,
        };
        of.into_iter().chain(&self.sources)
    }

    /// The same with other names for topics.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&TopicId) -> TopicId) -> Self {
        let rename = |topics: &BTreeSet<TopicId>| topics.iter().map(&name).collect();
        let of = match &self.of {
            Of::Topics(topics) => Of::Topics(rename(topics)),
            of => of.clone(),
        };
        Self { of, and: rename(&self.and), not: rename(&self.not), ..self.clone() }
    }
}
