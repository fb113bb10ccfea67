use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Newsdesk, beside};
use crate::{
    control::{Command, Failure, Finished, Lines},
    model::{Entry, EntryNumber, SourceId, SourceNumber, StoryNumber, TopicScore},
    store::{EntryRecord, Store, StoreError},
    text::Boilerplate,
};

/// Every entry that is kept, in the order in which they arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptEntries {
    /// Only those that were news at this time or later.
    pub since: Option<DateTime<Utc>>,
}

/// An entry as it was read, and what it was tagged with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptEntry {
    pub story: StoryNumber,
    pub source: SourceId,
    /// When it last was news.
    pub dated: DateTime<Utc>,
    pub topics: Vec<TopicScore>,
    pub entry: Entry,
    /// The article on the page behind its link, sanitised HTML, if that was fetched.
    pub article: Option<String>,
    /// What its source is known to repeat; only with the first entry of each source.
    pub boilerplate: Option<Boilerplate>,
}

/// Entries read at once: what is sent takes memory only for so many.
const BATCH: usize = 256;

impl Command<Newsdesk> for KeptEntries {
    const NAME: &'static str = "kept-entries";
    type Line = KeptEntry;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<KeptEntry>) -> Result<Finished, Failure> {
        let store = newsdesk.store().await?;
        beside(move || {
            let mut first = EntryNumber(0);
            let mut told = HashSet::new();
            loop {
                let records = store.entries_from(first, BATCH)?;
                let Some(last) = records.last() else { return Ok(Finished::Done) };
                first = EntryNumber(last.number.0 + 1);
                for record in records {
                    if self.since.is_none_or(|since| record.dated() >= since)
                        && let Some(kept) = kept(&store, record, &mut told)?
                    {
                        lines.send_blocking(&kept)?;
                    }
                }
            }
        })
        .await
    }
}

/// `told` are the sources of which an entry was sent already.
fn kept(store: &Store, record: EntryRecord, told: &mut HashSet<SourceNumber>) -> Result<Option<KeptEntry>, StoreError> {
    let Some((source, _)) = store.source_by_number(record.source) else { return Ok(None) };
    let boilerplate = match told.insert(record.source) {
        true => Some(store.boilerplate(record.source)?.boilerplate),
        false => None,
    };
    Ok(Some(KeptEntry {
        story: record.story,
        source,
        dated: record.dated(),
        article: store.article(record.number)?.map(|article| article.html),
        topics: record.topics,
        entry: record.entry,
        boilerplate,
    }))
}
