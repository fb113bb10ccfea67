//! Feeds that go on publishing, what is in each version of them, and what their log proves.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::{
    random::Random,
    support::{Publisher, Resource},
};

/// Entries that a feed lists; older ones fall out of it.
pub const WINDOW: usize = 40;

/// The most entries that a feed gains between two moments at which everything is known to have been taken.
pub const MOST_UNTAKEN: usize = WINDOW / 2;

/// Words of which topics are made in the configuration.
pub const BEATS: [&str; 3] = ["harbour", "orchard", "railway"];

const WORDS: [&str; 48] = [
    "amber", "anchor", "basin", "beacon", "bridge", "cabin", "candle", "canvas", "cedar", "chapel", "cinder", "clover",
    "cobalt", "copper", "cradle", "dapple", "ember", "falcon", "fennel", "garnet", "hamlet", "hazel", "indigo",
    "jasper", "kernel", "lantern", "linen", "marble", "meadow", "nettle", "nickel", "ochre", "pebble", "pewter",
    "quarry", "ribbon", "saffron", "sandal", "scarlet", "silver", "tallow", "timber", "tunnel", "velvet", "walnut",
    "willow", "window", "yarrow",
];

/// An entry of a feed.
pub struct Item {
    pub guid: String,
    serial: i64,
    /// The version of the feed that listed it first, and the one that listed it changed.
    pub since: usize,
    revised: Option<usize>,
}

#[derive(Default)]
pub struct Feed {
    pub items: Vec<Item>,
    pub version: usize,
    /// The version that a later request has named: its delivery counts.
    pub acknowledged: usize,
}

pub struct Press {
    publisher: Publisher,
    pub feeds: Vec<Feed>,
    first_day: DateTime<Utc>,
    serial: i64,
}

impl Press {
    pub fn found(feeds: usize, entries: usize) -> Self {
        let first_day = newsdesk::clock::Clock::system().now() - TimeDelta::days(200);
        let mut press = Self { publisher: Publisher::start(), feeds: Vec::new(), first_day, serial: 0 };
        for feed in 0..feeds {
            press.feeds.push(Feed::default());
            press.report(feed, entries);
        }
        press
    }

    pub fn url(&self, feed: usize) -> String {
        self.publisher.url(&format!("/{feed}")).into()
    }

    /// New entries in some feeds, and now and then a changed one.
    pub fn go_on(&mut self, random: &mut Random, most: usize) {
        for feed in 0..self.feeds.len() {
            let new = if feed == 0 { 1 } else { random.below(most as u64 + 1) as usize };
            let listed = self.feeds[feed].items.len();
            if random.one_in(4) {
                let next = self.feeds[feed].version + 1;
                let at = listed - 1 - random.below(8.min(listed as u64)) as usize;
                self.feeds[feed].items[at].revised.get_or_insert(next);
            } else if new == 0 {
                continue;
            }
            self.report(feed, new);
        }
    }

    fn report(&mut self, feed: usize, new: usize) {
        let version = self.feeds[feed].version + 1;
        self.feeds[feed].version = version;
        for _ in 0..new {
            self.serial += 1;
            let guid = format!("tag:press.example,2026:{feed}-{}", self.serial);
            self.feeds[feed].items.push(Item { guid, serial: self.serial, since: version, revised: None });
        }
        self.show(feed, version);
    }

    /// Serves a version of a feed; the first one lists everything in it.
    pub fn show(&self, feed: usize, version: usize) {
        let items: Vec<&Item> = self.feeds[feed].items.iter().filter(|item| item.since <= version).collect();
        let window = if version == 1 { items.len() } else { WINDOW };
        let mut document = format!(
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:press.example,2026:{feed}</id>\
             <title>Feed {feed}</title><updated>{}</updated><author><name>Reporter</name></author>",
            date(self.first_day)
        );
        for item in items.iter().rev().take(window) {
            document += &self.entry(item, version);
        }
        document += "</feed>";
        self.publisher.serve(&format!("/{feed}"), Resource::feed(document).etag(format!("\"{feed}-{version}\"")));
    }

    fn entry(&self, item: &Item, version: usize) -> String {
        let revised = item.revised.is_some_and(|revised| revised <= version);
        let mut random = Random::new(item.serial as u64 * 2 + u64::from(revised));
        let mut text = |words: u64| {
            let words = (0..words).map(|_| WORDS[random.below(WORDS.len() as u64) as usize]);
            words.collect::<Vec<_>>().join(" ")
        };
        let path = item.guid.rsplit(':').next().unwrap_or_default();
        format!(
            "<entry><id>{}</id><title>{} {path} {}</title><link href=\"http://press.example/{path}\"/><published>{}</published>\
             <updated>{}</updated><content type=\"text\">{path}: {}</content></entry>",
            item.guid,
            BEATS[item.serial as usize % BEATS.len()],
            text(4),
            date(self.published(item)),
            date(self.updated(item, version)),
            text(60 + item.serial as u64 % 90),
        )
    }

    fn published(&self, item: &Item) -> DateTime<Utc> {
        self.first_day + TimeDelta::minutes(item.serial)
    }

    /// No two entries have the same date.
    pub fn updated(&self, item: &Item, version: usize) -> DateTime<Utc> {
        let later = item.revised.is_some_and(|revised| revised <= version);
        self.published(item) + if later { TimeDelta::days(30) + TimeDelta::seconds(30) } else { TimeDelta::zero() }
    }

    /// Reads the log: a request that names a version proves that this version was taken before.
    pub fn read_log(&mut self) {
        for request in self.publisher.take_requests() {
            let named = request.header("if-none-match").and_then(|tag| read_tag(&tag));
            if let Some((feed, version)) = named {
                let feed = &mut self.feeds[feed];
                assert!(version <= feed.version, "a version was named that never was: {version} of {}", feed.version);
                assert!(version >= feed.acknowledged, "validators went back from {} to {version}", feed.acknowledged);
                feed.acknowledged = version;
            }
        }
    }

    pub fn is_all_acknowledged(&self) -> bool {
        self.feeds.iter().all(|feed| feed.acknowledged == feed.version)
    }

    /// The most entries of a feed that are not proved to have been taken.
    pub fn most_untaken(&self) -> usize {
        let untaken = |feed: &Feed| feed.items.iter().rev().take_while(|item| item.since > feed.acknowledged).count();
        self.feeds.iter().map(untaken).max().unwrap_or_default()
    }

    /// Ids and dates of all entries as the newest versions have them, newest first.
    pub fn newest(&self) -> Vec<(String, String)> {
        let mut all: Vec<_> = self
            .feeds
            .iter()
            .flat_map(|feed| feed.items.iter().map(|item| (self.updated(item, feed.version), item)))
            .collect();
        all.sort_by_key(|(updated, _)| std::cmp::Reverse(*updated));
        all.into_iter().map(|(updated, item)| (item.guid.clone(), date(updated))).collect()
    }

    /// The newest items of a feed as of a version, by the date they have in it.
    pub fn newest_of<'a>(&self, feed: &'a Feed, version: usize, count: usize) -> Vec<&'a Item> {
        let listed = feed.items.iter().filter(|item| item.since <= version);
        let mut listed: Vec<_> = listed.map(|item| (self.updated(item, version), item)).collect();
        listed.sort_by_key(|(updated, _)| std::cmp::Reverse(*updated));
        listed.into_iter().take(count).map(|(_, item)| item).collect()
    }

    /// The dates that an entry may ever have had, by its id.
    pub fn dates(&self) -> BTreeMap<&str, [String; 2]> {
        let items = self.feeds.iter().flat_map(|feed| &feed.items);
        items
            .map(|item| (item.guid.as_str(), [date(self.updated(item, 0)), date(self.updated(item, usize::MAX))]))
            .collect()
    }

    pub fn entries(&self) -> i64 {
        self.serial
    }
}

/// Feed and version.
pub fn read_tag(tag: &str) -> Option<(usize, usize)> {
    let (feed, version) = tag.trim_matches('"').split_once('-')?;
    Some((feed.parse().ok()?, version.parse().ok()?))
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
