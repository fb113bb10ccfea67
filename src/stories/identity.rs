//! How the entries of one source are told apart.
//!
//! The publisher's guid decides, compared to the letter. Where it is missing, the link does; where the link is missing or
//! several entries of the document have it, the title joins in, and the text after that. The date is never part of a key:
//! publishers edit it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    model::Entry,
    normalize::link_key,
    store::{IdentityKey, IdentityPolicy},
};

/// An entry with the key that its source's entries are told apart by.
#[derive(Debug, Clone, PartialEq)]
pub struct Identified<T> {
    pub key: IdentityKey,
    /// The guid belongs to this entry alone and may serve as its public id.
    pub guid_is_its_own: bool,
    pub item: T,
}

/// What is known of the entry that already holds a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredTwin {
    Kept {
        link: Option<String>,
        title: String,
    },
    /// It was passed over or is no longer kept: the key alone is remembered.
    Forgotten,
}

/// A document's entries, told apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Identification<T> {
    pub entries: Vec<Identified<T>>,
    /// What to remember for the source.
    pub policy: IdentityPolicy,
    /// Marks of guids that several entries bear, to be held like keys: an entry that bears such a guid alone, in a later
    /// document, is still one of several.
    pub shared_guids: Vec<IdentityKey>,
}

/// This many entries under one guid, and no other guid in the document, prove its guids worthless.
const ENTRIES_UNDER_ONE_GUID: usize = 3;

/// Gives every entry of a document its key. Of entries that are the same twice over, the newest is left.
///
/// `stored` tells what holds a key already: an entry keeps the key under which it is known, even if it now has to share
/// its guid or its link with another.
pub fn identify<T, E>(
    items: Vec<T>,
    policy: IdentityPolicy,
    entry_of: impl Fn(&T) -> &Entry,
    mut stored: impl FnMut(IdentityKey) -> Result<Option<StoredTwin>, E>,
) -> Result<Identification<T>, E> {
    let policy = learn(policy, items.iter().map(&entry_of));
    let items = without_twins(items, policy, entry_of);

    let guids = count(items.iter().filter_map(|(facts, _)| facts.guid.clone()));
    let nameless = || items.iter().map(|(facts, _)| facts).filter(|facts| facts.guid.is_none());
    let links = count(nameless().map(|facts| facts.link_key.clone()));
    let titles = count(nameless().map(|facts| (facts.link_key.clone(), facts.title.clone())));
    let policy = match policy {
        IdentityPolicy::ByGuid if guids.values().any(|times| *times > 1) => IdentityPolicy::ByGuidAndLink,
        other => other,
    };

    let mut given = HashSet::new();
    let mut shared_guids = Vec::new();
    let mut entries = Vec::with_capacity(items.len());
    for (facts, item) in items {
        let (key, guid_is_its_own) = match &facts.guid {
            Some(guid) if policy == IdentityPolicy::ByGuid => (guid_key(guid), true),
            Some(guid) => {
                let mark = shared_guid_mark(guid);
                if guids.get(guid) == Some(&1) && stored(mark)?.is_none() {
                    (guid_key(guid), true)
                } else {
                    shared_guids.push(mark);
                    shared_guid(guid, &facts, &given, &mut stored)?
                }
            }
            None => {
                let link_repeated = facts.link.is_none() || links.get(&facts.link_key) != Some(&1);
                let title_repeated = titles.get(&(facts.link_key.clone(), facts.title.clone())) != Some(&1);
                (without_guid(&facts, link_repeated, title_repeated, &given, &mut stored)?, false)
            }
        };
        if given.insert(key) {
            entries.push(Identified { key, guid_is_its_own, item });
        }
    }
    shared_guids.dedup();
    Ok(Identification { entries, policy, shared_guids })
}

/// What an entry can be told apart by.
struct Facts {
    guid: Option<String>,
    link: Option<String>,
    link_key: Option<String>,
    title: String,
    text: u64,
}

impl Facts {
    fn of(entry: &Entry, policy: IdentityPolicy) -> Self {
        let text = entry.content.as_ref().or(entry.summary.as_ref());
        Self {
            guid: entry.guid.clone().filter(|_| policy != IdentityPolicy::WithoutGuid),
            link: entry.link.clone(),
            link_key: entry.link.as_deref().and_then(|link| Url::parse(link).ok()).map(|url| link_key(&url)),
            title: entry.title.clone(),
            text: xxh3_64(text.map(String::as_bytes).unwrap_or_default()),
        }
    }

    fn link_key(&self) -> &str {
        self.link_key.as_deref().unwrap_or_default()
    }
}

/// Whether the document's guids are worth anything. Once they have proved worthless they stay so.
fn learn<'a>(policy: IdentityPolicy, entries: impl Iterator<Item = &'a Entry>) -> IdentityPolicy {
    let with_guid: Vec<&Entry> = entries.filter(|entry| entry.guid.is_some()).collect();
    let guids: HashSet<_> = with_guid.iter().map(|entry| &entry.guid).collect();
    let links: HashSet<_> = with_guid.iter().map(|entry| &entry.link).collect();
    if guids.len() == 1 && links.len() >= ENTRIES_UNDER_ONE_GUID { IdentityPolicy::WithoutGuid } else { policy }
}

/// One of each: entries with one guid and one link, or without guid and alike in link, title and text, are one entry.
fn without_twins<T>(items: Vec<T>, policy: IdentityPolicy, entry_of: impl Fn(&T) -> &Entry) -> Vec<(Facts, T)> {
    let mut kept: Vec<(Facts, T)> = Vec::with_capacity(items.len());
    let mut places = HashMap::new();
    for item in items {
        let facts = Facts::of(entry_of(&item), policy);
        let same = match &facts.guid {
            Some(guid) => (Some(guid.clone()), facts.link_key.clone(), String::new(), 0),
            None => (None, facts.link_key.clone(), facts.title.clone(), facts.text),
        };
        match places.get(&same) {
            None => {
                places.insert(same, kept.len());
                kept.push((facts, item));
            }
            Some(place) => {
                if let Some(other) = kept.get_mut(*place)
                    && dated(entry_of(&item)) > dated(entry_of(&other.1))
                {
                    *other = (facts, item);
                }
            }
        }
    }
    kept
}

fn dated(entry: &Entry) -> Option<DateTime<Utc>> {
    entry.updated.max(entry.published)
}

/// What is held of a guid that several entries bear.
pub fn shared_guid_mark(guid: &str) -> IdentityKey {
    IdentityKey::new("shared guid", &[guid])
}

pub fn guid_key(guid: &str) -> IdentityKey {
    IdentityKey::new("guid", &[guid])
}

/// Of several entries that bear one guid the first keeps it as it is, the others are told apart by link.
fn shared_guid<E>(
    guid: &str,
    facts: &Facts,
    given: &HashSet<IdentityKey>,
    stored: &mut impl FnMut(IdentityKey) -> Result<Option<StoredTwin>, E>,
) -> Result<(IdentityKey, bool), E> {
    let plain = guid_key(guid);
    let qualified = IdentityKey::new("guid and link", &[guid, facts.link_key()]);
    if stored(qualified)?.is_some() {
        return Ok((qualified, false));
    }
    let plain_is_ours = match stored(plain)? {
        Some(StoredTwin::Kept { link, .. }) => link == facts.link,
        Some(StoredTwin::Forgotten) | None => !given.contains(&plain),
    };
    Ok(if plain_is_ours { (plain, true) } else { (qualified, false) })
}

fn without_guid<E>(
    facts: &Facts,
    link_repeated: bool,
    title_repeated: bool,
    given: &HashSet<IdentityKey>,
    stored: &mut impl FnMut(IdentityKey) -> Result<Option<StoredTwin>, E>,
) -> Result<IdentityKey, E> {
    let by_link = IdentityKey::new("link", &[facts.link_key()]);
    let by_title = IdentityKey::new("link and title", &[facts.link_key(), &facts.title]);
    if !link_repeated {
        let known_by_title = stored(by_link)?.is_none() && stored(by_title)?.is_some();
        return Ok(if known_by_title { by_title } else { by_link });
    }
    if facts.link.is_some() {
        let by_link_is_ours = match stored(by_link)? {
            Some(StoredTwin::Kept { title, .. }) => title == facts.title,
            Some(StoredTwin::Forgotten) => stored(by_title)?.is_none() && !given.contains(&by_link),
            None => false,
        };
        if by_link_is_ours {
            return Ok(by_link);
        }
    }
    if !title_repeated && !facts.title.is_empty() {
        return Ok(by_title);
    }
    Ok(IdentityKey::new("link, title and text", &[facts.link_key(), &facts.title, &facts.text.to_string()]))
}

fn count<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(guid: Option<&str>, link: &str, title: &str) -> Entry {
        let link = (!link.is_empty()).then(|| format!("https://example.org/{link}"));
        Entry { guid: guid.map(String::from), link, title: title.into(), ..Entry::default() }
    }

    /// Keys of a document against a store that remembers earlier documents.
    #[derive(Default)]
    struct Source {
        policy: IdentityPolicy,
        held: HashMap<IdentityKey, StoredTwin>,
    }

    impl Source {
        /// Takes a document in and returns how many of its entries are new.
        fn poll(&mut self, entries: Vec<Entry>) -> usize {
            let held = self.held.clone();
            let result = identify(entries, self.policy, |e| e, |key| Ok::<_, ()>(held.get(&key).cloned()));
            let Ok(identification) = result else { unreachable!() };
            self.policy = identification.policy;
            let mut new = 0;
            for one in identification.entries {
                let twin = StoredTwin::Kept { link: one.item.link.clone(), title: one.item.title.clone() };
                new += usize::from(self.held.insert(one.key, twin).is_none());
            }
            self.held.extend(identification.shared_guids.into_iter().map(|mark| (mark, StoredTwin::Forgotten)));
            new
        }

        /// Every entry is pruned; its key is remembered.
        fn prune(&mut self) {
            self.held.values_mut().for_each(|twin| *twin = StoredTwin::Forgotten);
        }
    }

    #[test]
    fn an_edited_title_or_link_under_the_same_guid_is_the_same_entry() {
        let mut source = Source::default();
        assert_eq!(source.poll(vec![entry(Some("g1"), "a", "First")]), 1);
        assert_eq!(source.poll(vec![entry(Some("g1"), "a-moved", "First, corrected")]), 0);
        assert_eq!(source.poll(vec![entry(Some("G1"), "a", "First")]), 1, "guids are compared to the letter");
    }

    #[test]
    fn a_guid_repeated_in_one_document_is_told_apart_by_link_whatever_the_order() {
        let mut source = Source::default();
        assert_eq!(source.poll(vec![entry(Some("g"), "a", "A"), entry(Some("h"), "x", "X")]), 2);
        let both = vec![entry(Some("g"), "b", "B"), entry(Some("g"), "a", "A"), entry(Some("h"), "x", "X")];
        assert_eq!(source.poll(both.clone()), 1, "only B is new: A keeps the guid it is known by");
        assert_eq!(source.poll(both.into_iter().rev().collect()), 0);
        assert_eq!(source.poll(vec![entry(Some("g"), "b", "B")]), 0, "B alone is still B");
        assert_eq!(source.poll(vec![entry(Some("g"), "a", "A")]), 0);
    }

    #[test]
    fn what_was_forgotten_does_not_come_back_under_another_key() {
        let mut source = Source::default();
        let document = || {
            let mut entries: Vec<_> =
                (0..9).map(|n| entry(Some(&format!("g{n}")), &format!("link-{n}"), &format!("Title {n}"))).collect();
            entries.push(entry(Some("g3"), "link-3b", "Title 3b"));
            entries.extend([
                entry(None, "live", "Ten o'clock"),
                entry(None, "live", "Eleven o'clock"),
                entry(None, "x", "X"),
            ]);
            entries
        };
        assert_eq!(source.poll(document()), 13);
        source.prune();
        assert_eq!(source.poll(document()), 0);
        assert_eq!(source.poll(document().into_iter().rev().collect()), 0);
    }

    #[test]
    fn one_shared_guid_does_not_spoil_link_edits_of_the_others() {
        let mut source = Source::default();
        assert_eq!(
            source.poll(vec![entry(Some("g"), "a", "A"), entry(Some("g"), "b", "B"), entry(Some("h"), "c", "C")]),
            3
        );
        assert_eq!(source.poll(vec![entry(Some("h"), "c-moved", "C")]), 0);
    }

    #[test]
    fn a_feed_with_one_guid_for_everything_falls_back_to_links_for_good() {
        let mut source = Source::default();
        let one = |link| entry(Some("same"), link, link);
        assert_eq!(source.poll(vec![one("a"), one("b"), one("c")]), 3);
        assert_eq!(source.policy, IdentityPolicy::WithoutGuid);
        assert_eq!(source.poll(vec![one("d")]), 1, "also when a document holds a single entry");
        assert_eq!(source.poll(vec![one("a")]), 0);
    }

    #[test]
    fn without_guid_the_link_decides_then_title_then_text() {
        let mut source = Source::default();
        assert_eq!(source.poll(vec![entry(None, "a", "A"), entry(None, "", "No link")]), 2);
        assert_eq!(source.poll(vec![entry(None, "a", "A, corrected"), entry(None, "", "No link")]), 0);
        let live = vec![entry(None, "live", "Ten o'clock"), entry(None, "live", "Eleven o'clock")];
        assert_eq!(source.poll(live), 2, "a live page's entries share its link");
        assert_eq!(source.poll(vec![entry(None, "live", "Eleven o'clock")]), 0);
    }

    #[test]
    fn an_entry_that_stands_twice_is_one() {
        let mut source = Source::default();
        assert_eq!(source.poll(vec![entry(Some("g"), "a", "A"), entry(Some("g"), "a", "A")]), 1);
        assert_eq!(source.policy, IdentityPolicy::ByGuid, "twins do not spoil the guids");
        assert_eq!(source.poll(vec![entry(None, "b", "B"), entry(None, "b", "B")]), 1);
    }
}
