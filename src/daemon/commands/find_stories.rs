use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    FoundEvent, FoundPair, Newsdesk, beside,
    reasons::{pairs, same_event},
};
use crate::{
    control::{Command, Failure, Finished, Lines},
    ingest::named,
    model::{Entry, TopicScore},
    store::{Originality, ReadingRecord, Store, StoreError, StoryRecord},
    text::Boilerplate,
    topics::Account,
};

/// The stories with this id, or with an entry of this link or number, whole; none is no failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindStories {
    pub link_or_id: String,
}

/// A story as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundStory {
    pub id: String,
    pub updated: DateTime<Utc>,
    pub topics: Vec<TopicScore>,
    /// Best first.
    pub copies: Vec<FoundCopy>,
    /// In the order of `copies`.
    pub entries: Vec<FoundEntry>,
    /// Why they are one story, and which entries were kept out of it.
    #[serde(default)]
    pub pairs: Vec<FoundPair>,
    /// Who tells of the same event; only where the story was asked for by itself.
    #[serde(default)]
    pub same_event: Vec<FoundEvent>,
}

/// One of the entries that are this story, as a copy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundCopy {
    pub source: String,
    /// It is the one that editions show.
    pub is_shown: bool,
    pub originality: Originality,
    pub link: Option<String>,
}

/// One of the entries that are this story, as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundEntry {
    pub number: u64,
    pub source: String,
    pub entry: Entry,
    /// How it was understood when it was tagged.
    pub reading: Option<FoundReading>,
    /// What its source is known to repeat by now.
    pub boilerplate: Boilerplate,
    /// The article on the page behind its link, sanitised HTML, if that was fetched.
    pub article: Option<String>,
}

/// How an entry was understood when it was tagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundReading {
    pub at: DateTime<Utc>,
    /// The fingerprint of the topics then.
    pub tagged_with: u64,
    pub account: Account,
}

impl Command<Newsdesk> for FindStories {
    const NAME: &'static str = "find-stories";
    type Line = FoundStory;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<FoundStory>) -> Result<Finished, Failure> {
        let store = newsdesk.store().await?;
        beside(move || {
            for number in named(&store, &self.link_or_id)?.stories {
                if let Some(story) = store.story(number)? {
                    let same_event = same_event(&store, &story)?;
                    lines.send_blocking(&FoundStory { same_event, ..found(&store, &story)? })?;
                }
            }
            Ok(Finished::Done)
        })
        .await
    }
}

pub(super) fn found(store: &Store, story: &StoryRecord) -> Result<FoundStory, StoreError> {
    let name = |source| store.source_by_number(source).map(|(id, _)| id.to_string()).unwrap_or_default();
    let copies = story.copies.iter().map(|copy| FoundCopy {
        source: name(copy.source),
        is_shown: copy.entry == story.owner,
        originality: copy.originality,
        link: copy.link.clone(),
    });
    let mut entries = Vec::new();
    for copy in &story.copies {
        let Some(record) = store.entry(copy.entry)? else { continue };
        let reading = store.reading(record.number)?;
        entries.push(FoundEntry {
            number: record.number.0,
            source: name(record.source),
            entry: record.entry,
            reading: reading.map(|ReadingRecord { at, tagged_with, account, .. }| FoundReading {
                at,
                tagged_with,
                account,
            }),
            boilerplate: store.boilerplate(record.source)?.boilerplate,
            article: store.article(record.number)?.map(|article| article.html),
        });
    }
    Ok(FoundStory {
        id: story.id.clone(),
        updated: story.updated,
        topics: story.topics.clone(),
        copies: copies.collect(),
        entries,
        pairs: pairs(store, story)?,
        same_event: Vec::new(),
    })
}
