//! Why entries are one story, which were kept out of it, and which tell of the same event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    model::{Entry, EntryNumber, TopicId},
    normalize::link_key,
    publish::events,
    store::{EntryName, EntryRecord, Identity, SharedKey, Store, StoreError, StoryRecord, Word},
    stories::{Comparison, StoryGroup, Verdict},
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

/// An article that tells of the same event as the story, among the newest of a topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundEvent {
    /// `None`: among all stories.
    pub topic: Option<String>,
    pub entry: u64,
    pub source: String,
    pub title: String,
    pub link: Option<String>,
    /// How much it agrees with the other articles of the event, and how much it has to; none where it is the first.
    pub agreement: Option<f32>,
    pub required: f32,
    /// From those that are nearest in time.
    pub hours_apart: Option<f32>,
}

/// So many of a topic's newest stories are looked through: as many as a feed may hold.
const AMONG: usize = 1_000;

/// Who tells of the same event in each of the story's topics, whether they name each other there or not.
pub(super) fn same_event(store: &Store, story: &StoryRecord) -> Result<Vec<FoundEvent>, StoreError> {
    let topics: Vec<Option<&TopicId>> = match story.topics.as_slice() {
        [] => vec![None],
        scores => scores.iter().map(|score| Some(&score.topic)).collect(),
    };
    let mut found = Vec::new();
    for topic in topics {
        let shown: Vec<EntryNumber> = store.newest(topic, AMONG)?.iter().map(|story| story.owner).collect();
        let is_it = |group: &StoryGroup| group.members.iter().any(|member| member.entry == story.owner);
        for member in events(store, &shown)?.into_iter().filter(is_it).flat_map(|group| group.members) {
            let Some(record) = store.entry(member.entry)?.filter(|record| record.number != story.owner) else {
                continue;
            };
            let source = store.source_by_number(record.source).map(|(id, _)| id.to_string());
            found.push(FoundEvent {
                topic: topic.map(ToString::to_string),
                entry: record.number.0,
                source: source.unwrap_or_default(),
                title: record.entry.title,
                link: record.entry.link,
                agreement: member.hours_apart.is_some().then_some(member.agreement),
                required: member.required,
                hours_apart: member.hours_apart,
            });
        }
    }
    Ok(found)
}
