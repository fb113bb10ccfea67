//! From deliveries to the pages of an archive, and back by following them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::*;
use crate::{
    model::{Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    publish::{Archived, Archives, Editions, MadePage, PublishSettings, Publisher, TopicPage},
    store::{RetentionLimits, Store, StoreSettings},
};

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).expect("a time")
}

/// A newsdesk's store, opened anew by each.
struct House {
    ingest: Ingest,
    store: Store,
    publisher: Publisher,
    archives: Archives,
}

const WINDOW: usize = 20;

impl House {
    fn open(folder: &Path, hour: i64, public_url: &str, retention_days: u64) -> Self {
        let clock = crate::clock::Clock::new(move || at(hour));
        let settings = StoreSettings { clock, ..StoreSettings::new(folder) };
        let store = Store::open(&settings).map_err(|error| error.to_string()).expect("opened").store;
        let age = Duration::from_secs(retention_days * 86_400);
        let retention = RetentionLimits { age, entries_per_source: 100_000, size: None };
        let sources = BTreeMap::from([(SourceId::new("gazette"), SourceRules::default())]);
        let ingest = Ingest::new(store.clone(), TakeInRules { retention, sources });
        let archives = Archives::open(folder.join("archives")).expect("opened");
        let topic = TopicPage { formerly: vec![TopicId::new("ai")], ..TopicPage::new(TopicId::new("ki"), "AI") };
        let settings = PublishSettings {
            entries: WINDOW,
            retention: age,
            topics: vec![topic],
            directory: Some(folder.join("www")),
            ..PublishSettings::new(url::Url::parse(public_url).expect("a URL"))
        };
        let names = [(TopicId::new("ki"), TopicId::new("ai"))];
        let mut refresh = store.refresh();
        refresh.remember_topics(&names);
        refresh.apply().expect("applied");
        let editions = Editions::with_archives(archives.clone());
        let publisher = Publisher::new(store.clone(), settings, editions, &BTreeMap::from(names), None);
        Self { ingest, store, publisher, archives }
    }

    fn deliver(&self, hour: i64, stories: std::ops::Range<u64>) {
        let entry = |number: u64| Entry {
            guid: Some(format!("tag:gazette.example,2026:{number}")),
            link: Some(format!("https://gazette.example/{number}")),
            title: format!("Story {number}"),
            published: Some(at(hour)),
            ..Entry::default()
        };
        let tag =
            |number: u64| TaggedEntry::new(entry(number), vec![TopicScore { topic: TopicId::new("ki"), score: 1.0 }]);
        let delivery = Delivery {
            source: SourceId::new("gazette"),
            configured_url: "https://gazette.example/feed".into(),
            at: at(hour),
            state: PollState::default(),
            reading: Some(Reading {
                feed: FeedMetadata { title: "Gazette".into(), ..FeedMetadata::default() },
                entries: stories.rev().map(tag).collect(),
                deleted: Vec::new(),
                tagged_with: 0,
            }),
        };
        self.ingest.take_in(delivery).map_err(|error| error.to_string()).expect("taken in");
    }

    fn make(&self, hour: i64) -> Option<MadePage> {
        self.publisher.archive(&TopicId::new("ki"), at(hour)).map_err(|error| error.to_string()).expect("made")
    }

    /// Makes every page that is due. Returns the last.
    fn archive(&self, hour: i64) -> u64 {
        while let Some(made) = self.make(hour) {
            self.ingest.archived(&made).map_err(|error| error.to_string()).expect("noted");
        }
        self.archives.newest(&TopicId::new("ai")).unwrap_or(0)
    }

    fn document(&self, path: &str) -> String {
        match self.archives.find(path) {
            Archived::Page(edition) => String::from_utf8(edition.document().to_vec()).expect("UTF-8"),
            _ => panic!("no page at {path}"),
        }
    }

    /// The documents from the newest to the first, as one finds them who follows the links.
    fn chain(&self) -> Vec<String> {
        let mut next = self.archives.newest(&TopicId::new("ai")).map(|page| format!("/archives/ai/{page}.atom"));
        let mut documents = Vec::new();
        while let Some(path) = next {
            let document = self.document(&path);
            next = link(&document, "prev-archive").map(|url| url[url.find("/archives").expect("a path")..].to_owned());
            documents.push(document);
        }
        documents
    }

    fn waiting(&self) -> usize {
        self.store.waiting(&TopicId::new("ai"), 1000).expect("read").len()
    }
}

fn link(document: &str, relation: &str) -> Option<String> {
    let at = document.find(&format!("<link rel=\"{relation}\""))?;
    let rest = document[at..].split_once("href=\"")?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

fn titles(document: &str) -> Vec<String> {
    let title = |entry: &str| Some(entry.split_once("<title>")?.1.split_once("</title>")?.0.to_owned());
    document.split("<entry").skip(1).filter_map(title).collect()
}

#[test]
fn whoever_was_away_finds_every_story_that_ever_joined_and_pages_never_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |hour| House::open(folder.path(), hour, "https://news.example/", 400);
    let house = open(0);
    house.deliver(0, 0..49);
    assert_eq!((house.archive(0), house.waiting()), (0, 49), "not full, and all but new");
    drop(house);
    let house = open(1);
    house.deliver(1, 49..60);
    assert_eq!((house.archive(1), house.waiting()), (1, 10));
    drop(house);
    let house = open(2);
    house.deliver(2, 60..160);
    assert_eq!((house.archive(2), house.waiting()), (3, 10));
    let before = house.chain();
    assert_eq!(before.len(), 3);
    drop(house);

    // The page is on the disk, and a kill comes before the store knows.
    let house = open(3);
    house.deliver(3, 160..200);
    let made = house.make(3).expect("a page");
    assert_eq!((made.page, house.store.archive(&TopicId::new("ai")).expect("read").pages), (4, 3));
    let written = house.document("/archives/ai/4.atom");
    drop(house);
    // Meanwhile the publisher goes on, and another newsdesk would make another page.
    let house = House::open(folder.path(), 4, "https://elsewhere.example/", 400);
    house.deliver(4, 200..205);
    assert_eq!((house.archive(4), house.waiting()), (4, 5), "the page that is there counts");
    assert_eq!(house.document("/archives/ai/4.atom"), written);

    // Out of the window of 20 for a day: those that wait are not missed.
    house.deliver(5, 205..230);
    assert_eq!((house.archive(5), house.waiting()), (4, 30));
    drop(house);
    let house = House::open(folder.path(), 30, "https://elsewhere.example/", 400);
    house.publisher.archive(&TopicId::new("ki"), at(27)).map_err(|e| e.to_string()).expect("looked");
    assert_eq!(house.archive(28), 5, "those that the feed does not show");
    drop(house);

    // Retention takes the entries, and what was archived stays.
    let house = House::open(folder.path(), 24 * 500, "https://third.example/", 400);
    while house.ingest.prune(at(24 * 500)).expect("pruned").1 {}
    assert_eq!(house.store.stories_in(None), 0);
    assert_eq!(house.archive(24 * 500), 5, "who is gone is not waited for");
    assert_eq!(house.waiting(), 0);
    let chain = house.chain();
    assert_eq!(chain[2..], before, "to the byte, under another address and after retention");
    let all: Vec<String> = chain.iter().flat_map(|document| titles(document)).collect();
    let expected: BTreeSet<String> = (0..230).map(|number| format!("Story {number}")).collect();
    assert_eq!((all.len(), all.into_iter().collect::<BTreeSet<_>>()), (230, expected), "each once");
    assert_eq!(titles(&chain[4])[..2], ["Story 49", "Story 48"], "the last to join comes first");
    assert_eq!(link(&chain[4], "self").as_deref(), Some("https://news.example/archives/ai/1.atom"));
    assert_eq!(link(&chain[4], "next-archive").as_deref(), Some("https://news.example/archives/ai/2.atom"));
    assert_eq!(link(&chain[4], "current").as_deref(), Some("https://news.example/topics/ki.atom"));
    assert_eq!(link(&chain[4], "prev-archive"), None);
}

#[test]
fn a_page_that_is_written_leads_on_to_the_next_once_that_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut house = House::open(folder.path(), 0, "https://news.example/", 400);
    for (stories, [first, second]) in [(0..60, ["/topics/ki", ""]), (60..100, ["/archives/ai/2", "/topics/ki"])] {
        house.deliver(0, stories);
        house.archive(0);
        house.publisher.publish(&house.publisher.all());
        while house.publisher.settle_one() {}
        let later = |number: u64| {
            let file = folder.path().join(format!("www/archives/ai/{number}/index.html"));
            let page = std::fs::read_to_string(file).unwrap_or_default();
            let link = page.split_once("\" rel=\"next\"").and_then(|(before, _)| before.rsplit('"').next());
            link.unwrap_or_default().to_owned()
        };
        assert_eq!([later(1), later(2)], [first, second]);
    }
}

#[test]
fn no_story_is_gone_before_it_is_in_its_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    // One story a day, kept for four days: never enough for a full page, and always shown.
    for day in 0..20 {
        let hour = day * 24;
        let house = House::open(folder.path(), hour, "https://news.example/", 4);
        house.deliver(hour, day as u64..day as u64 + 1);
        house.archive(hour);
        while house.ingest.prune(at(hour)).expect("pruned").1 {}
    }
    let house = House::open(folder.path(), 20 * 24, "https://news.example/", 4);
    house.archive(20 * 24);
    let all: BTreeSet<String> = house.chain().iter().flat_map(|document| titles(document)).collect();
    assert_eq!(all, (0..20).map(|number| format!("Story {number}")).collect::<BTreeSet<_>>());
}

#[test]
fn a_page_that_cannot_be_written_leaves_its_stories_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::open(folder.path(), 0, "https://news.example/", 400);
    house.deliver(0, 0..50);
    std::fs::write(folder.path().join("archives"), "in the way").expect("written");
    let failed = house.publisher.archive(&TopicId::new("ki"), at(0));
    assert!(failed.is_err_and(|error| error.to_string().contains("archives/ai/000001.atom.zst")));
    std::fs::remove_file(folder.path().join("archives")).expect("removed");
    assert_eq!((house.archive(0), house.waiting(), titles(&house.chain()[0]).len()), (1, 0, 50));
}
