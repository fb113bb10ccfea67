use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Newsdesk, beside};
use crate::{
    control::{Command, Failure, Finished, Lines},
    model::{Entry, EntryNumber, SourceId, StoryNumber, TopicScore},
    store::{EntryRecord, Store},
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
            loop {
                let records = store.entries_from(first, BATCH)?;
                let Some(last) = records.last() else { return Ok(Finished::Done) };
                first = EntryNumber(last.number.0 + 1);
                for record in records {
                    if self.since.is_none_or(|since| record.dated() >= since)
                        && let Some(kept) = kept(&store, record)
                    {
                        lines.send_blocking(&kept)?;
                    }
                }
            }
        })
        .await
    }
}

fn kept(store: &Store, record: EntryRecord) -> Option<KeptEntry> {
    let (source, _) = store.source_by_number(record.source)?;
    Some(KeptEntry { story: record.story, source, dated: record.dated(), topics: record.topics, entry: record.entry })
}
