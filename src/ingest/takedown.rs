//! What the admin takes down: it goes from the store at once, and is refused whoever lists it again, until it is lifted.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::info;
use url::Url;

use super::{known::name_of, public_id::entry_of_minted, take_in::Ingest, tell::named};
use crate::{
    model::{Entry, SourceNumber, StoryNumber},
    normalize::{clean_link, link_key},
    publish::{PageEntry, TakeOut},
    store::{
        ChangedEditions, EntryName, EntryRecord, Identity, IdentityKey, Refresh, SharedKey, StoreError, TakenDownRecord,
    },
    stories::{guid_key, shared_keys},
};

/// What is to be taken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeDown {
    /// A link: every entry that has it. Or an id of a story or an entry, or an entry's number: the story with all its copies.
    pub what: String,
    pub reason: String,
    /// The entries of archives that bear it as their id.
    pub archived: Vec<PageEntry>,
}

/// What was taken down from the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookDown {
    /// Its number among everything that was taken down; 0 if nothing was, because it was only asked.
    pub number: u64,
    pub entries: Vec<TookDownEntry>,
    /// Stories that are gone, or go on with other copies.
    pub stories: usize,
    /// Editions that showed it, as far as they show the newest stories.
    pub editions: usize,
}

/// An entry that was taken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookDownEntry {
    pub number: u64,
    pub source: String,
    pub title: String,
    pub link: Option<String>,
}

/// Why nothing was taken down, or lifted.
#[derive(Debug, thiserror::Error)]
pub enum TakeDownError {
    #[error(
        "nothing has the id or entry number {0}, neither in the store nor in an archive; name an article by its link to refuse it \
         before it comes"
    )]
    Unknown(String),
    #[error("{0} names a site, not an article: take its source out of the configuration instead")]
    Site(String),
    #[error("{0} was not taken down; `newsdesk takedown --list` shows what was")]
    NotDown(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A takedown as far as the store goes.
#[derive(Debug, Clone)]
pub struct Takedown {
    pub told: TookDown,
    /// What is to leave the archives.
    pub out: TakeOut,
    pub changed: ChangedEditions,
}

/// What a link or an id stands for.
#[derive(Default)]
struct Meant {
    entries: Vec<EntryRecord>,
    links: BTreeSet<String>,
    ids: BTreeSet<String>,
    keys: BTreeSet<SharedKey>,
    /// Whole stories are meant, whatever the links of their copies.
    is_by_id: bool,
}

/// More entries than this under one link are taken down in one go all the same; the bound is for memory.
const MOST_ENTRIES: usize = 100_000;

impl Ingest {
    /// Takes down for good what has a link or an id: from the store at once, and whoever lists it again is not heard.
    ///
    /// Archives and editions are the caller's: until they are seen to, the record says that it is not out.
    pub fn take_down(&self, request: &TakeDown, now: DateTime<Utc>) -> Result<Takedown, TakeDownError> {
        self.texts.fill(&self.store, now)?;
        let mut refresh = self.store.refresh();
        let meant = self.meant(&refresh, request)?;
        let known = self.store.taken_down()?;
        let before = known.iter().find(|record| record.named == request.what);
        if let Some(before) = before.filter(|_| meant.entries.is_empty()) {
            // There may be something left of it where it could not be read then.
            let told = self.told(&meant, before.number);
            return Ok(Takedown { told, out: out_of(before), changed: ChangedEditions::new() });
        }
        let number = known.last().map_or(1, |record| record.number + 1);
        let record = TakenDownRecord {
            number,
            at: now,
            named: request.what.clone(),
            reason: request.reason.clone(),
            links: meant.links.iter().cloned().collect(),
            ids: meant.ids.iter().cloned().collect(),
            keys: meant.keys.iter().copied().collect(),
            is_by_id: meant.is_by_id,
            entries: meant.entries.iter().map(name_of).collect(),
            is_out: false,
        };
        let out = out_of(&record);
        let told = self.told(&meant, number);
        refresh.put_taken_down(record);
        let sources: BTreeSet<SourceNumber> = meant.entries.iter().map(|entry| entry.source).collect();
        for entry in &meant.entries {
            self.forget(&mut refresh, entry.number, now)?;
        }
        for source in sources {
            self.learn(&mut refresh, source, now)?;
        }
        let changed = refresh.apply().inspect_err(|_| self.texts.forget())?;
        info!(number, entries = told.entries.len(), what = request.what, "taken down");
        Ok(Takedown { told: TookDown { editions: changed.len(), ..told }, out, changed })
    }

    /// What a takedown would take down; nothing is.
    pub fn would_take_down(&self, request: &TakeDown) -> Result<Takedown, TakeDownError> {
        let meant = self.meant(&self.store.refresh(), request)?;
        let keys = meant.keys.clone();
        let ids = if meant.is_by_id { meant.ids.clone() } else { BTreeSet::new() };
        let mut changed = ChangedEditions::new();
        for story in stories_of(&meant) {
            let story = self.store.story(story)?;
            changed.extend(story.iter().flat_map(|story| story.editions()).map(|topic| topic.cloned()));
        }
        let told = TookDown { editions: changed.len(), ..self.told(&meant, 0) };
        Ok(Takedown { told, out: TakeOut { ids, keys }, changed })
    }

    /// Notes that these have left archives and editions too.
    pub fn are_out(&self, numbers: &[u64]) -> Result<(), StoreError> {
        let mut refresh = self.store.refresh();
        for record in self.store.taken_down()? {
            if numbers.contains(&record.number) && !record.is_out {
                refresh.put_taken_down(TakenDownRecord { is_out: true, ..record });
            }
        }
        refresh.apply().map(drop)
    }

    /// What is still to leave the archives and editions, because newsdesk was stopped before it had, with the numbers.
    pub fn still_to_take_out(&self) -> Result<Option<(TakeOut, Vec<u64>)>, StoreError> {
        let (mut all, mut numbers) = (TakeOut::default(), Vec::new());
        for record in self.store.taken_down()?.into_iter().filter(|record| !record.is_out) {
            let TakeOut { ids, keys } = out_of(&record);
            all.ids.extend(ids);
            all.keys.extend(keys);
            numbers.push(record.number);
        }
        Ok(Some((all, numbers)).filter(|(_, numbers)| !numbers.is_empty()))
    }

    /// What was taken down may come again, when its publisher lists it. Returns how many takedowns were lifted.
    pub fn lift(&self, what: &str) -> Result<usize, TakeDownError> {
        let link = Url::parse(what).ok().map(|url| link_key(&clean_link(&url, &[])));
        let is_meant = |record: &TakenDownRecord| {
            record.named == what
                || what.parse() == Ok(record.number)
                || record.ids.iter().any(|id| id == what)
                || link.as_ref().is_some_and(|link| record.links.contains(link))
        };
        let lifted: Vec<_> = self.store.taken_down()?.into_iter().filter(is_meant).collect();
        if lifted.is_empty() {
            return Err(TakeDownError::NotDown(what.into()));
        }
        let mut refresh = self.store.refresh();
        for record in &lifted {
            refresh.remove_taken_down(record.number);
            for EntryName { source, key } in &record.entries {
                if let Some(Identity::Tombstone { .. }) = refresh.identity(*source, *key)? {
                    refresh.remove_identity(*source, *key);
                }
            }
        }
        refresh.apply()?;
        Ok(lifted.len())
    }

    /// Whether a source lists something that was taken down.
    pub(super) fn is_taken_down(
        &self,
        refresh: &Refresh<'_>,
        source: SourceNumber,
        key: IdentityKey,
        entry: &Entry,
    ) -> Result<bool, StoreError> {
        refresh.is_taken_down(&shared_keys(entry), EntryName { source, key })
    }

    fn meant(&self, refresh: &Refresh<'_>, request: &TakeDown) -> Result<Meant, TakeDownError> {
        let what = request.what.as_str();
        let url = Url::parse(what).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.map(|url| clean_link(&url, &[]));
        if let Some(url) = &url {
            let entry = Entry { link: Some(url.to_string()), ..Entry::default() };
            // One that leads to no article in particular has none.
            if let Some(key) = shared_keys(&entry).first() {
                let mut entries = Vec::new();
                for (number, _) in refresh.sharing(*key, MOST_ENTRIES)? {
                    entries.extend(refresh.entry(number)?);
                }
                if !entries.is_empty() || self.by_id(refresh, what)?.is_empty() && request.archived.is_empty() {
                    let mut meant = Meant { links: [link_key(url)].into(), keys: [*key].into(), ..Meant::default() };
                    meant.ids.extend(entries.iter().map(|entry| entry.atom_id.clone()));
                    meant.keys.extend(entries.iter().filter_map(own_id));
                    meant.entries = entries;
                    return Ok(meant);
                }
            }
        }
        let mut meant = Meant { is_by_id: true, ..Meant::default() };
        for number in self.by_id(refresh, what)? {
            let Some(story) = refresh.story(number)? else { continue };
            meant.ids.insert(story.id);
            for copy in story.copies {
                meant.entries.extend(refresh.entry(copy.entry)?);
            }
        }
        for archived in &request.archived {
            meant.ids.insert(archived.id.clone());
            meant.keys.extend(&archived.keys);
        }
        if meant.entries.is_empty() && request.archived.is_empty() {
            let what = what.to_owned();
            return Err(if url.is_some() { TakeDownError::Site(what) } else { TakeDownError::Unknown(what) });
        }
        let own: BTreeSet<_> = meant.entries.iter().map(|entry| entry.number).collect();
        for entry in &meant.entries {
            meant.ids.insert(entry.atom_id.clone());
            meant.keys.extend(own_id(entry));
            let Some(url) = entry.entry.link.as_deref().and_then(|link| Url::parse(link).ok()) else { continue };
            let key = SharedKey::link(&link_key(&url));
            // Others live on the same page: the link does not say which is meant.
            let sharing = refresh.sharing(key, own.len() + 1)?;
            if entry.shared_keys.contains(&key) && sharing.iter().all(|(number, _)| own.contains(number)) {
                meant.links.insert(link_key(&url));
                meant.keys.insert(key);
            }
        }
        Ok(meant)
    }

    /// The stories that an id of theirs, of an entry of theirs, or an entry's number stands for.
    fn by_id(&self, refresh: &Refresh<'_>, what: &str) -> Result<BTreeSet<StoryNumber>, StoreError> {
        if let Some(story) = self.store.story_by_id(what)? {
            return Ok([story].into());
        }
        if what.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(named(&self.store, what)?.stories);
        }
        let mut stories = BTreeSet::new();
        let key = guid_key(what);
        for (_, source) in self.store.sources() {
            if let Some(Identity::Kept { entry, .. }) = refresh.identity(source.number, key)? {
                stories.extend(refresh.entry(entry)?.map(|entry| entry.story));
            }
        }
        if stories.is_empty()
            && let Some(entry) = entry_of_minted(&self.store, what)?
        {
            stories.extend(refresh.entry(entry)?.map(|entry| entry.story));
        }
        Ok(stories)
    }

    fn told(&self, meant: &Meant, number: u64) -> TookDown {
        let source = |source| self.store.source_by_number(source).map(|(id, _)| id.to_string()).unwrap_or_default();
        let entries = meant.entries.iter().map(|record| TookDownEntry {
            number: record.number.0,
            source: source(record.source),
            title: record.entry.title.clone(),
            link: record.entry.link.clone(),
        });
        TookDown { number, entries: entries.collect(), stories: stories_of(meant).len(), editions: 0 }
    }
}

fn stories_of(meant: &Meant) -> BTreeSet<StoryNumber> {
    meant.entries.iter().map(|entry| entry.story).collect()
}

/// The publisher's id, where it is that entry's alone.
fn own_id(record: &EntryRecord) -> Option<SharedKey> {
    let is_its_own = record.entry.guid.as_ref() == Some(&record.atom_id);
    let link = record.entry.link.as_deref().and_then(|link| Url::parse(link).ok()).map(|url| link_key(&url));
    let link = link.map(|link| SharedKey::link(&link));
    record.shared_keys.iter().find(|key| is_its_own && Some(**key) != link).copied()
}

/// What is to leave the archives. An entry of another publisher may go out under the id of a copy that is taken down by its link:
/// that one stays.
fn out_of(record: &TakenDownRecord) -> TakeOut {
    let ids = if record.is_by_id { record.ids.iter().cloned().collect() } else { BTreeSet::new() };
    TakeOut { ids, keys: record.keys.iter().copied().collect() }
}
