use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Newsdesk, beside};
use crate::{
    control::{Command, Failure, Finished, Lines},
    model::{Entry, StoryNumber, TopicScore},
    normalize::{clean_link, link_key},
    store::{Originality, ReadingRecord, SharedKey, Store, StoreError, StoryRecord},
    text::Boilerplate,
    topics::Account,
};

/// The stories with this link or id, whole; none is no failure.
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

/// The most entries looked at for one link.
const MOST_ENTRIES: usize = 64;

impl Command<Newsdesk> for FindStories {
    const NAME: &'static str = "find-stories";
    type Line = FoundStory;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<FoundStory>) -> Result<Finished, Failure> {
        let store = newsdesk.store().await?;
        beside(move || {
            for number in find(&store, &self.link_or_id)? {
                if let Some(story) = store.story(number)? {
                    lines.send_blocking(&found(&store, &story)?)?;
                }
            }
            Ok(Finished::Done)
        })
        .await
    }
}

fn find(store: &Store, link_or_id: &str) -> Result<Vec<StoryNumber>, StoreError> {
    let mut numbers: Vec<StoryNumber> = store.story_by_id(link_or_id)?.into_iter().collect();
    if let Ok(url) = Url::parse(link_or_id) {
        let key = SharedKey::link(&link_key(&clean_link(&url, &[])));
        for (entry, _) in store.sharing(key, MOST_ENTRIES)? {
            numbers.extend(store.entry(entry)?.map(|record| record.story));
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn found(store: &Store, story: &StoryRecord) -> Result<FoundStory, StoreError> {
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
    })
}
