//! Topics change while readers look on.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::*;
use crate::{
    clock::Clock,
    model::{Entry, EntryNumber, FeedMetadata, PollState, SourceId, TopicId},
    publish::{Editions, Found, PublishSettings, Publisher, TopicPage},
    reading::Reader,
    status::Status,
    store::{RetentionLimits, Store, StoreSettings, StoryRecord},
    topics::{TaggingSettings, TopicSettings, Topics},
};

/// Enough for several batches.
const ENTRIES: usize = 700;
/// Every second and every third of them.
const TERMS: [&str; 2] = ["second", "third"];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()
}

fn entry(number: usize) -> Entry {
    let mut title = format!("Number {number}");
    for (term, every) in TERMS.into_iter().zip([2, 3]) {
        if number.is_multiple_of(every) {
            title = format!("{title}, a {term} one");
        }
    }
    let guid = format!("tag:g.example,2026:{number}");
    let link = format!("https://gazette.example/{number}");
    let published = now() - chrono::TimeDelta::seconds(ENTRIES as i64 - number as i64);
    Entry { guid: Some(guid), link: Some(link), title, published: Some(published), ..Entry::default() }
}

/// Two topics: one of entries with the term, one that is always the same.
fn tagging(term: &str) -> Tagging {
    let languages = vec!["en".to_owned()];
    let settings = TaggingSettings { languages: languages.clone(), ..TaggingSettings::default() };
    let topics = [("counted", term), ("tenth", "/[0-9]0/")].map(|(id, term)| TopicSettings {
        threshold: 1.0,
        terms: TopicSettings::lists([("any", [term].iter())], &languages).expect("terms"),
        ..TopicSettings::new(id)
    });
    let topics = Topics::compile(&settings, &topics).unwrap_or_else(|problems| panic!("{problems:?}"));
    let reader = Reader::new(topics, languages);
    Tagging {
        topics_fingerprint: reader.topics().fingerprint(),
        topic_fingerprints: reader.topics().topic_fingerprints().clone(),
        fingerprint: reader.topics().fingerprint(),
        topics: Vec::new(),
        tagger: Arc::new(move |unread| reader.read_entry(unread)),
    }
}

fn delivery(tagging: &Tagging, entries: impl Iterator<Item = usize>) -> Delivery {
    let source = SourceId::new("gazette");
    let boilerplate = crate::text::Boilerplate::default();
    let read = |number| {
        let entry = entry(number);
        let unread = UnreadEntry { entry: &entry, source: Some(&source), boilerplate: &boilerplate, article: None };
        let (topics, reading) = (tagging.tagger)(&unread);
        TaggedEntry { entry, topics, reading: Some(reading), text: Default::default() }
    };
    let reading = Reading {
        feed: FeedMetadata::default(),
        entries: entries.map(read).collect(),
        deleted: Vec::new(),
        tagged_with: tagging.topics_fingerprint,
    };
    Delivery {
        source: source.clone(),
        configured_url: "https://gazette.example/feed".into(),
        at: now(),
        state: PollState::default(),
        reading: Some(reading),
    }
}

fn open(folder: &Path) -> Store {
    Store::open(&StoreSettings::new(folder)).map_err(|error| error.to_string()).expect("opened").store
}

fn rules() -> TakeInRules {
    let retention = RetentionLimits { age: Duration::from_secs(86_400), entries_per_source: 10_000, size: None };
    TakeInRules { retention, sources: BTreeMap::new() }
}

fn publisher(store: &Store, editions: &Editions) -> Publisher {
    let settings = PublishSettings {
        entries: 2 * ENTRIES,
        topics: ["counted", "tenth"].map(|id| TopicPage::new(TopicId::new(id), id)).to_vec(),
        ..PublishSettings::new(url::Url::parse("https://news.example/").expect("a URL"))
    };
    Publisher::new(store.clone(), settings, editions.clone(), &BTreeMap::new(), None)
}

fn start(store: &Store, editions: &Editions, tagging: Tagging) -> (DeskHandle, thread::JoinHandle<()>, Status) {
    let status = Status::default();
    let setup = DeskSetup {
        store: store.clone(),
        rules: rules(),
        publisher: Some(publisher(store, editions)),
        tagging,
        clock: Clock::new(now),
        status: status.clone(),
        capacity: 8,
        retry: Duration::from_millis(100),
    };
    let (desk, thread) = Desk::start(setup).map_err(|error| error.to_string()).expect("started");
    (desk, thread, status)
}

/// How many stories an edition shows; `None` if there is none yet.
fn shown(editions: &Editions, path: &str) -> Option<usize> {
    match editions.find(path) {
        Found::Edition(edition) => Some(String::from_utf8_lossy(edition.document()).matches("<entry").count()),
        _ => None,
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Everything that a topic's edition ever showed, by a reader who looks all the time.
fn watch(editions: &Editions, done: &Arc<AtomicBool>) -> thread::JoinHandle<BTreeSet<usize>> {
    let (editions, done) = (editions.clone(), done.clone());
    thread::spawn(move || {
        let mut seen = BTreeSet::new();
        loop {
            let is_last = done.load(Ordering::Relaxed);
            seen.extend(shown(&editions, "/topics/counted.atom"));
            if is_last {
                return seen;
            }
            thread::sleep(Duration::from_micros(200));
        }
    })
}

fn dated(stories: Vec<StoryRecord>) -> Vec<(String, DateTime<Utc>)> {
    stories.into_iter().map(|story| (story.id, story.updated)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_a_topic_as_before_or_as_after_and_news_goes_on_meanwhile() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, editions) = (open(folder.path()), Editions::default());
    let (before, after) = (tagging(TERMS[0]), tagging(TERMS[1]));
    let (desk, thread, status) = start(&store, &editions, before.clone());
    for first in (0..ENTRIES).step_by(100) {
        let kept = desk.deliver(delivery(&before, first..first + 100)).await.expect("open").expect("kept");
        assert_eq!(kept.new, 100);
    }
    until("every story", || shown(&editions, "/topics/counted.atom") == Some(ENTRIES / 2));
    let dates = dated(store.newest(None, 10_000).expect("read"));

    let done = Arc::new(AtomicBool::new(false));
    let reader = watch(&editions, &done);
    let rules = rules();
    desk.reload(rules, publisher(&store, &editions), after.clone()).await.expect("open");
    assert!(status.health().tagging.is_some(), "it is told");
    // News that is in the changed topic, read before the reload was heard of and after it.
    let mut expected = ENTRIES.div_ceil(3);
    for (number, tagging) in [(ENTRIES, &before), (ENTRIES + 1, &after), (ENTRIES + 2, &after), (ENTRIES + 3, &before)]
    {
        desk.deliver(delivery(tagging, number..number + 1)).await.expect("open").expect("kept");
        expected += usize::from(number.is_multiple_of(3));
    }
    until("the news", || shown(&editions, "/all.atom") == Some(ENTRIES + 4));
    until("the end", || status.health().tagging.is_none());
    until("the new tags", || shown(&editions, "/topics/counted.atom") == Some(expected));
    done.store(true, Ordering::Relaxed);
    let seen = reader.join().expect("no panic");
    assert_eq!(seen, BTreeSet::from([ENTRIES / 2, expected]), "never half of it");
    assert_eq!(shown(&editions, "/topics/tenth.atom"), Some(store.stories_in(Some(&TopicId::new("tenth")))));
    let dates_after: Vec<_> = dated(store.newest(None, 10_000).expect("read")).split_off(4);
    assert_eq!(dates_after, dates, "ids and dates stay");
    drop(desk);
    thread.join().expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_tags_are_taken_over_ends_in_the_same_and_shows_no_half_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, after) = (tagging(TERMS[0]), tagging(TERMS[1]));
    {
        let (store, editions) = (open(folder.path()), Editions::default());
        let (desk, thread, status) = start(&store, &editions, before.clone());
        desk.deliver(delivery(&before, 0..ENTRIES)).await.expect("open").expect("kept");
        until("the end", || status.health().tagging.is_none());
        drop(desk);
        thread.join().expect("no panic");
    }
    {
        let store = open(folder.path());
        let ingest = Ingest::new(store.clone(), rules()).with_tagger(after.tagger.clone());
        let (mut next, mut differing) = (Some(EntryNumber(0)), Vec::new());
        while let Some(first) = next {
            let again = ingest.tag_again(first, now()).expect("read");
            differing.extend(again.differing);
            next = again.next;
        }
        ingest.begin_taking_over().expect("noted");
        ingest.take_over(&mut differing).expect("a part of them");
        assert!(!differing.is_empty());
        let counted = store.stories_in(Some(&TopicId::new("counted")));
        assert!(counted != ENTRIES / 2 && counted != ENTRIES.div_ceil(3), "half-way: {counted}");
    }
    for tagging in [after, before] {
        let (store, editions) = (open(folder.path()), Editions::default());
        let expected = if tagging.topics_fingerprint == self::tagging(TERMS[1]).topics_fingerprint { 3 } else { 2 };
        let expected = ENTRIES.div_ceil(expected);
        let done = Arc::new(AtomicBool::new(false));
        let reader = watch(&editions, &done);
        let (desk, thread, status) = start(&store, &editions, tagging);
        until("the topic", || shown(&editions, "/topics/counted.atom") == Some(expected));
        until("the end", || status.health().tagging.is_none());
        done.store(true, Ordering::Relaxed);
        assert_eq!(reader.join().expect("no panic"), BTreeSet::from([expected]));
        drop(desk);
        thread.join().expect("no panic");
    }
}
