//! Why entries are one story, and which were kept out of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    model::{Entry, EntryNumber},
    normalize::link_key,
    store::{EntryName, EntryRecord, Identity, SharedKey, Store, StoreError, StoryRecord, Word},
    stories::{Comparison, Verdict},
};

/// What is known of an entry of the story and another, which may be of the story or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundPair {
    pub entry: u64,
    pub other: u64,
    /// The other is of the same story.
    pub together: bool,
    pub other_source: String,
    pub other_title: String,
    pub other_link: Option<String>,
    /// What they share: `link`, `id`.
    pub shared: Vec<String>,
    pub comparison: Option<Comparison>,
    /// The comparison, as a sentence.
    pub found: Option<String>,
    /// The admin's word, and when it was given.
    pub told: Option<(Word, DateTime<Utc>)>,
}

/// All that is known of each two entries of the story, and of those that are alike but were kept apart.
pub(super) fn pairs(store: &Store, story: &StoryRecord) -> Result<Vec<FoundPair>, StoreError> {
    let mut records = Vec::new();
    for copy in &story.copies {
        records.extend(store.entry(copy.entry)?);
    }
    let is_of_it = |number: EntryNumber| records.iter().any(|record| record.number == number);
    let mut pairs: Vec<FoundPair> = Vec::new();
    for record in &records {
        let compared = store.pairs_of(record.number)?;
        let told = told_of(store, record)?;
        let comparison = |other| compared.iter().find(|(number, _)| *number == other).map(|(_, is)| *is);
        let word = |other| told.iter().find(|(number, ..)| *number == other).map(|(_, word, at)| (*word, *at));
        for other in records.iter().filter(|other| other.number > record.number) {
            let pair = pair(store, record, other, true, comparison(other.number), word(other.number));
            if !pair.shared.is_empty() || pair.comparison.is_some() || pair.told.is_some() {
                pairs.push(pair);
            }
        }
        let mut elsewhere: Vec<EntryNumber> =
            compared.iter().map(|(number, _)| *number).chain(told.iter().map(|(number, ..)| *number)).collect();
        elsewhere.sort_unstable();
        elsewhere.dedup();
        for other in elsewhere.into_iter().filter(|other| !is_of_it(*other)) {
            if let Some(other) = store.entry(other)? {
                pairs.push(pair(store, record, &other, false, comparison(other.number), word(other.number)));
            }
        }
    }
    Ok(pairs)
}

fn pair(
    store: &Store,
    record: &EntryRecord,
    other: &EntryRecord,
    together: bool,
    comparison: Option<Comparison>,
    told: Option<(Word, DateTime<Utc>)>,
) -> FoundPair {
    let shared = record.shared_keys.iter().filter(|key| other.shared_keys.contains(key));
    let source = store.source_by_number(other.source).map(|(id, _)| id.to_string());
    FoundPair {
        entry: record.number.0,
        other: other.number.0,
        together,
        other_source: source.unwrap_or_default(),
        other_title: other.entry.title.clone(),
        other_link: other.entry.link.clone(),
        shared: shared.map(|key| kind_of(*key, &record.entry).to_owned()).collect(),
        comparison: comparison.filter(|comparison| comparison.verdict != Verdict::Unlike),
        found: comparison.as_ref().map(ToString::to_string),
        told,
    }
}

fn kind_of(key: SharedKey, entry: &Entry) -> &'static str {
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    if link.is_some_and(|link| SharedKey::link(&link_key(&link)) == key) { "link" } else { "id" }
}

type ToldOf = Vec<(EntryNumber, Word, DateTime<Utc>)>;

fn told_of(store: &Store, record: &EntryRecord) -> Result<ToldOf, StoreError> {
    let mut told = Vec::new();
    for (EntryName { source, key }, is) in store.told_of(EntryName { source: record.source, key: record.identity })? {
        if let Some(Identity::Kept { entry, .. }) = store.identity(source, key)? {
            told.push((entry, is.word, is.at));
        }
    }
    Ok(told)
}
