//! The admin's word on stories: this is one, these are two. It counts over every key and every comparison, for good.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{known::name_of, public_id::entry_of_minted, regroup::regroup, take_in::Ingest};
use crate::{
    model::{EntryNumber, StoryNumber},
    normalize::{clean_link, link_key},
    store::{ChangedEditions, EntryRecord, Refresh, SharedKey, Store, StoreError, ToldRecord, Word},
};

/// What the admin says. A story is named by its id, or by the link or the number of one of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tell {
    /// An entry, by its link or number, is no copy of the others of its story; a whole story, by its id: none is of another.
    Split(String),
    /// These are one story.
    Join(String, String),
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    #[error("no story has the id, link or entry number {0}; `newsdesk stories list` shows those there are")]
    Unknown(String),
    #[error(
        "{0} names entries of several stories; name one by the number of its entry, which `newsdesk explain` shows"
    )]
    Ambiguous(String),
    #[error("the story of {0} has one entry only: there is nothing to split")]
    NothingToSplit(String),
    #[error("{0} and {1} are one story already")]
    OneAlready(String, String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The most entries looked at for one link.
const MOST_ENTRIES: usize = 64;

/// More pairs than this are a mistake: nobody means them.
const MOST_PAIRS: usize = 4_096;

/// What an id, a link or an entry's number names.
#[derive(Debug, Default)]
pub struct Named {
    pub stories: BTreeSet<StoryNumber>,
    /// None where the story as a whole is named.
    pub entries: BTreeSet<EntryNumber>,
}

/// Looks up what the text names, as of now.
pub fn named(store: &Store, text: &str) -> Result<Named, StoreError> {
    let mut named = Named::default();
    if let Some(story) = store.story_by_id(text)? {
        named.stories.insert(story);
        return Ok(named);
    }
    let mut entries: Vec<EntryNumber> = text.parse().map(EntryNumber).into_iter().collect();
    if let Ok(url) = Url::parse(text) {
        let key = SharedKey::link(&link_key(&clean_link(&url, &[])));
        entries.extend(store.sharing(key, MOST_ENTRIES)?.into_iter().map(|(entry, _)| entry));
    }
    if entries.is_empty() {
        entries.extend(entry_of_minted(store, text)?);
    }
    for entry in entries {
        if let Some(record) = store.entry(entry)? {
            named.stories.insert(record.story);
            named.entries.insert(entry);
        }
    }
    Ok(named)
}

impl Ingest {
    /// Keeps the admin's word and brings the stories around up to date. Returns the stories that there are now of those named,
    /// and the editions that changed.
    pub fn tell(&self, tell: &Tell, now: DateTime<Utc>) -> Result<(Vec<StoryNumber>, ChangedEditions), TellError> {
        self.texts.fill(&self.store, now)?;
        let mut refresh = self.store.refresh();
        let (word, pairs) = match tell {
            Tell::Split(text) => (Word::Split, self.to_split(&refresh, text)?),
            Tell::Join(one, other) => (Word::Join, self.to_join(&refresh, one, other)?),
        };
        let mut around = Vec::new();
        let mut keys = Vec::new();
        for (one, other) in pairs.iter().take(MOST_PAIRS) {
            refresh.put_told(name_of(one), name_of(other), ToldRecord { word, at: now });
            for record in [one, other] {
                if !around.contains(&record.number) {
                    around.push(record.number);
                    keys.extend(&record.shared_keys);
                }
            }
        }
        regroup(self, &mut refresh, &around, &keys)?;
        let changed = refresh.apply()?;
        let mut stories = Vec::new();
        for entry in around {
            if let Some(record) = self.store.entry(entry)?
                && !stories.contains(&record.story)
            {
                stories.push(record.story);
            }
        }
        Ok((stories, changed))
    }

    fn to_split(&self, refresh: &Refresh<'_>, text: &str) -> Result<Vec<(EntryRecord, EntryRecord)>, TellError> {
        let named = named(&self.store, text)?;
        let [story] = one_story(&named, text)?;
        let copies = records(refresh, story)?;
        if copies.len() < 2 {
            return Err(TellError::NothingToSplit(text.into()));
        }
        let (leaving, staying): (Vec<_>, Vec<_>) =
            copies.iter().cloned().partition(|record| named.entries.contains(&record.number));
        Ok(if leaving.is_empty() || staying.is_empty() {
            let each = |(place, one): (usize, &EntryRecord)| {
                let one = one.clone();
                copies.iter().skip(place + 1).map(move |other| (one.clone(), other.clone())).collect::<Vec<_>>()
            };
            copies.iter().enumerate().flat_map(each).collect()
        } else {
            across(&leaving, &staying)
        })
    }

    fn to_join(
        &self,
        refresh: &Refresh<'_>,
        one: &str,
        other: &str,
    ) -> Result<Vec<(EntryRecord, EntryRecord)>, TellError> {
        let [first] = one_story(&named(&self.store, one)?, one)?;
        let [second] = one_story(&named(&self.store, other)?, other)?;
        if first == second {
            return Err(TellError::OneAlready(one.into(), other.into()));
        }
        Ok(across(&records(refresh, first)?, &records(refresh, second)?))
    }
}

fn one_story(named: &Named, text: &str) -> Result<[StoryNumber; 1], TellError> {
    let mut stories = named.stories.iter();
    match (stories.next(), stories.next()) {
        (Some(story), None) => Ok([*story]),
        (None, _) => Err(TellError::Unknown(text.into())),
        (Some(_), Some(_)) => Err(TellError::Ambiguous(text.into())),
    }
}

fn records(refresh: &Refresh<'_>, story: StoryNumber) -> Result<Vec<EntryRecord>, StoreError> {
    let story = refresh.story(story)?;
    let copies = story.into_iter().flat_map(|story| story.copies);
    copies.filter_map(|copy| refresh.entry(copy.entry).transpose()).collect()
}

fn across(ones: &[EntryRecord], others: &[EntryRecord]) -> Vec<(EntryRecord, EntryRecord)> {
    ones.iter().flat_map(|one| others.iter().map(move |other| (one.clone(), other.clone()))).collect()
}
