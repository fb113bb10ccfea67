//! When a publisher gives its entries new guids: a move to other software, to https or to another host, an archive read in again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{hashes::common, same_text::text_containment, wording::Wording};
use crate::{normalize::link_key, store::IdentityKey};

/// An entry of a source, as far as it can be known again without its guid.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryFacts {
    pub key: IdentityKey,
    pub guid: Option<String>,
    pub link: Option<String>,
    pub title: String,
    /// The publisher's date.
    pub dated: Option<DateTime<Utc>>,
    pub wording: Wording,
}

/// By what an entry under a new guid is known; the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KnownBy {
    Link,
    /// The link but for its host.
    PathOfLink,
    TitleAndDate,
    Text,
}

/// What the publisher seems to have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// The guids are the same but for http and https.
    ToAnotherScheme,
    /// Guids or links are the same but for the host.
    ToAnotherHost,
    /// The dates are other ones too.
    ArchiveReadInAgain,
    /// The guids have nothing in common.
    ToOtherSoftware,
}

/// An entry under a new guid, and the kept one that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub arriving: IdentityKey,
    pub kept: IdentityKey,
    pub known_by: KnownBy,
}

/// A document whose entries are known under other guids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renumbering {
    pub what: Move,
    /// Entries of the document.
    pub listed: usize,
    /// In the order of the document.
    pub aliases: Vec<Alias>,
    /// Entries that nothing is known by, but dated before the newest kept one, or not at all: older pieces of the archive. They
    /// are to be remembered and not published.
    pub held_back: Vec<IdentityKey>,
}

/// Fewer entries than this are corrections, not a move.
const FEWEST: usize = 5;
/// Equal titles within this time are one entry.
const TITLE_WINDOW: Duration = Duration::hours(24);
/// Dates that moved by more than this are other dates.
const SAME_DATE: Duration = Duration::hours(1);
/// The share of the shorter text that must stand in the other: within one source templates abound.
const SAME_TEXT: f64 = 0.8;

impl Renumbering {
    /// Whether so many entries under new keys, of so many listed, may be a publisher's doing.
    pub fn is_possible(arriving: usize, listed: usize) -> bool {
        arriving >= FEWEST && arriving * 2 >= listed
    }
}

/// Whether half of a document's entries (and five at least) are new by their keys but known by link, by title and date, or by text.
///
/// `arriving` are the document's entries whose keys are not known, `listed` how many entries the document has in all, `kept` the
/// source's entries that are kept, without those that the document lists under their own keys. `None`: they are new entries.
pub fn renumbering(arriving: &[EntryFacts], listed: usize, kept: &[EntryFacts]) -> Option<Renumbering> {
    if !Renumbering::is_possible(arriving.len(), listed) {
        return None;
    }
    let found = find(arriving, kept);
    if !Renumbering::is_possible(found.len(), listed) {
        return None;
    }
    let newest = kept.iter().filter_map(|entry| entry.dated).max();
    let (mut aliases, mut held_back) = (Vec::new(), Vec::new());
    for (place, entry) in arriving.iter().enumerate() {
        match found.get(&place) {
            Some((twin, known_by)) => {
                aliases.push(Alias { arriving: entry.key, kept: kept[*twin].key, known_by: *known_by })
            }
            None if entry.dated.is_none_or(|date| Some(date) <= newest) => held_back.push(entry.key),
            None => {}
        }
    }
    let pairs: Vec<_> = found.iter().map(|(place, (twin, _))| (&arriving[*place], &kept[*twin])).collect();
    Some(Renumbering { what: what_happened(&pairs), listed, aliases, held_back })
}

type Found = BTreeMap<usize, (usize, KnownBy)>;

/// By place of the arriving entry: its twin. Evidence that would fit two entries counts for neither.
fn find(arriving: &[EntryFacts], kept: &[EntryFacts]) -> Found {
    let mut found = Found::new();
    let mut taken = BTreeSet::new();
    let by_key =
        |known_by: KnownBy, key: fn(&EntryFacts) -> Option<String>, found: &mut Found, taken: &mut BTreeSet<usize>| {
            let (ours, theirs) = (places(arriving, key), places(kept, key));
            for (key, places) in ours {
                if let ([place], Some([twin])) = (&places[..], theirs.get(&key).map(Vec::as_slice))
                    && !found.contains_key(place)
                    && taken.insert(*twin)
                {
                    found.insert(*place, (*twin, known_by));
                }
            }
        };
    by_key(KnownBy::Link, key_of_link, &mut found, &mut taken);
    by_key(KnownBy::PathOfLink, path_of_link, &mut found, &mut taken);
    by_twin(KnownBy::TitleAndDate, arriving, kept, &mut found, &mut taken, same_title_and_date);
    by_twin(KnownBy::Text, arriving, kept, &mut found, &mut taken, same_text);
    found
}

fn by_twin(
    known_by: KnownBy,
    arriving: &[EntryFacts],
    kept: &[EntryFacts],
    found: &mut Found,
    taken: &mut BTreeSet<usize>,
    fits: fn(&EntryFacts, &EntryFacts) -> bool,
) {
    for (place, entry) in
        arriving.iter().enumerate().filter(|(place, _)| !found.contains_key(place)).collect::<Vec<_>>()
    {
        let mut twins = (0..kept.len()).filter(|twin| !taken.contains(twin) && fits(entry, &kept[*twin]));
        if let (Some(twin), None) = (twins.next(), twins.next()) {
            taken.insert(twin);
            found.insert(place, (twin, known_by));
        }
    }
}

fn places(entries: &[EntryFacts], key: fn(&EntryFacts) -> Option<String>) -> HashMap<String, Vec<usize>> {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some(key) = key(entry) {
            places.entry(key).or_default().push(place);
        }
    }
    places
}

fn url(entry: &EntryFacts) -> Option<Url> {
    Url::parse(entry.link.as_deref()?).ok()
}

fn key_of_link(entry: &EntryFacts) -> Option<String> {
    url(entry).map(|url| link_key(&url))
}

/// Nothing, where the path is too short to name one article.
fn path_of_link(entry: &EntryFacts) -> Option<String> {
    const SHORTEST: usize = 8;
    let url = url(entry)?;
    let mut elsewhere = url.clone();
    elsewhere.set_host(Some("host.invalid")).ok()?;
    elsewhere.set_port(None).ok()?;
    (url.path().trim_matches('/').len() + url.query().map_or(0, str::len) >= SHORTEST).then(|| link_key(&elsewhere))
}

fn same_title_and_date(a: &EntryFacts, b: &EntryFacts) -> bool {
    let near = a.dated.zip(b.dated).is_some_and(|(a, b)| (a - b).abs() <= TITLE_WINDOW);
    near && !a.title.is_empty() && a.title == b.title
}

fn same_text(a: &EntryFacts, b: &EntryFacts) -> bool {
    text_containment(&a.wording, &b.wording).is_some_and(|share| share >= SAME_TEXT)
}

fn what_happened(pairs: &[(&EntryFacts, &EntryFacts)]) -> Move {
    let most = |holds: fn(&EntryFacts, &EntryFacts) -> bool| {
        pairs.iter().filter(|(arriving, kept)| holds(arriving, kept)).count() * 2 > pairs.len()
    };
    if most(|a, b| guid_without_scheme(a).is_some() && guid_without_scheme(a) == guid_without_scheme(b)) {
        Move::ToAnotherScheme
    } else if most(|a, b| host(a).is_some() && host(b).is_some() && host(a) != host(b)) {
        Move::ToAnotherHost
    } else if most(|a, b| a.dated.zip(b.dated).is_some_and(|(a, b)| (a - b).abs() > SAME_DATE)) {
        Move::ArchiveReadInAgain
    } else {
        Move::ToOtherSoftware
    }
}

fn guid_without_scheme(entry: &EntryFacts) -> Option<&str> {
    let guid = entry.guid.as_deref()?;
    guid.strip_prefix("https://").or_else(|| guid.strip_prefix("http://"))
}

/// Of the guid if it is a URL, else of the link.
fn host(entry: &EntryFacts) -> Option<String> {
    let of =
        |address: &str| Url::parse(address).ok()?.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    entry.guid.as_deref().and_then(of).or_else(|| entry.link.as_deref().and_then(of))
}

impl fmt::Display for Renumbering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Move::ToAnotherScheme => "it moved between http and https",
            Move::ToAnotherHost => "it moved to another host",
            Move::ArchiveReadInAgain => "it has read its archive in again",
            Move::ToOtherSoftware => "it moved to other software",
        };
        let by = |known_by: KnownBy| self.aliases.iter().filter(|alias| alias.known_by == known_by).count();
        write!(
            f,
            "the publisher gave new ids to {} of {} entries; it seems that {what}. They are known by link ({}), by the link's path \
             ({}), by title and date ({}) or by text ({}), stay the entries they were, and nothing of them is published as new",
            self.aliases.len(),
            self.listed,
            by(KnownBy::Link),
            by(KnownBy::PathOfLink),
            by(KnownBy::TitleAndDate),
            by(KnownBy::Text),
        )?;
        match self.held_back.len() {
            0 => Ok(()),
            held_back => write!(f, "; {held_back} more that are no newer than those are passed over"),
        }
    }
}

/// A guid that was given to another entry after a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReusedGuid {
    /// Between the dates of the two entries.
    pub days_apart: i64,
    /// The share of the shorter text that stands in the other, in hundredths.
    pub containment: u32,
}

/// So much later an entry under an old guid may be another one.
const REUSED_AFTER: Duration = Duration::days(30);
/// Texts that have more in common than this are one entry.
const OTHER_TEXT: f64 = 0.2;

/// Whether an entry that arrives under the key of a kept one is another entry: another link, another title, another text, and a date a
/// month or more later. It then needs an id of its own.
pub fn reused_guid(arriving: &EntryFacts, kept: &EntryFacts) -> Option<ReusedGuid> {
    let later = arriving.dated? - kept.dated?;
    let other_link = key_of_link(arriving)? != key_of_link(kept)?;
    let (ours, theirs) = (&arriving.wording.title.stems, &kept.wording.title.stems);
    let shared = common(ours.as_slice(), theirs.as_slice());
    let other_title = shared * 2 < ours.len() + theirs.len() - shared;
    // A text too short to tell says neither yes nor no.
    let containment = text_containment(&arriving.wording, &kept.wording).unwrap_or(0.0);
    (later >= REUSED_AFTER && other_link && other_title && containment < OTHER_TEXT)
        .then(|| ReusedGuid { days_apart: later.num_days(), containment: (containment * 100.0) as u32 })
}

impl fmt::Display for ReusedGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an old id under another link, with another title and text ({} % in common), {} days later: a new entry",
            self.containment, self.days_apart
        )
    }
}

#[cfg(test)]
mod tests;
