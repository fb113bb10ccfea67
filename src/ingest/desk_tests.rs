//! The desk as its pollers see it: on a thread of its own, with a store that may fail.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::*;
use crate::{
    clock::Clock,
    model::{Entry, FeedMetadata, PollState, SourceId, Validators},
    publish::{Editions, Found, PublishSettings, Publisher},
    reading::Reader,
    status::Status,
    store::{RetentionLimits, Store, StoreSettings, faults::Fault},
    topics::{TaggingSettings, Topics},
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time")
}

fn delivery(etag: &str, titles: &[&str]) -> Delivery {
    let entry = |title: &&str| Entry {
        guid: Some(title.to_string()),
        link: Some(format!("https://gazette.example/{title}")),
        title: title.to_string(),
        ..Entry::default()
    };
    let entries = titles.iter().map(|title| TaggedEntry::new(entry(title), Vec::new())).collect();
    let validators = Validators { etag: Some(etag.into()), last_modified: None };
    Delivery {
        source: SourceId::new("gazette"),
        configured_url: "https://gazette.example/feed".into(),
        at: now(),
        state: PollState { validators, ..PollState::default() },
        reading: Some(Reading { feed: FeedMetadata::default(), entries, deleted: Vec::new(), tagged_with: 0 }),
    }
}

fn no_topics() -> Tagger {
    let topics = Topics::compile(&TaggingSettings::default(), &[]).unwrap_or_else(|problems| panic!("{problems:?}"));
    let reader = Reader::new(topics, vec!["en".to_owned()]);
    Arc::new(move |unread| reader.read_entry(unread))
}

fn edition(editions: &Editions) -> String {
    match editions.find("/all.atom") {
        Found::Edition(edition) => String::from_utf8_lossy(edition.document()).into_owned(),
        _ => String::new(),
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A desk's beginning, with everything but topics; news is kept for a day.
fn setup(
    store: &Store,
    editions: &Editions,
    status: &Status,
    clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
) -> DeskSetup {
    let public_url = url::Url::parse("https://news.example/").expect("a URL");
    let publish = PublishSettings { entries: 10, ..PublishSettings::new(public_url) };
    let retention = RetentionLimits { age: Duration::from_secs(86_400), entries_per_source: 100, size: None };
    DeskSetup {
        store: store.clone(),
        rules: TakeInRules { retention, sources: BTreeMap::new() },
        publisher: Some(Publisher::new(store.clone(), publish, editions.clone(), &BTreeMap::new(), None)),
        tagging: Tagging {
            tagger: no_topics(),
            topics_fingerprint: 0,
            topic_fingerprints: BTreeMap::new(),
            fingerprint: 1,
            topics: Vec::new(),
        },
        clock: Clock::new(clock),
        status: status.clone(),
        capacity: 8,
        retry: Duration::from_millis(100),
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_never_acknowledged_and_what_is_up_stays_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = StoreSettings::new(folder.path());
    let store = Store::open(&settings).map_err(|error| error.to_string()).expect("opened").store;
    let (status, editions) = (Status::default(), Editions::default());
    let setup = setup(&store, &editions, &status, now);
    let (desk, thread) = Desk::start(setup).map_err(|error| error.to_string()).expect("started");
    let kept = desk.deliver(delivery("one", &["first"])).await.expect("the desk is open");
    assert_eq!(kept.map(|outcome| outcome.new), Ok(1));
    until("the first edition", || edition(&editions).contains("first")).await;
    let before = edition(&editions);

    store.faults().set(&[Fault::Sync]);
    for attempt in ["at once", "and again"] {
        let refused = desk.deliver(delivery("two", &["first", "second"])).await.expect("the desk is open");
        assert!(refused.is_err_and(|why| why.contains("no space left") && why.contains("tried every")), "{attempt}");
    }
    let begun = desk.begin(SourceId::new("gazette"), PollState::default()).await.expect("the desk is open");
    assert!(begun.is_err(), "no request leaves that is not on the disk");
    desk.ping().await.expect("it is alive");
    assert_eq!(edition(&editions), before, "what is not on the disk is in no edition");
    let health = status.health();
    assert_eq!(health.status, "failing");
    assert!(health.store.is_some_and(|why| why.contains("no space left")));

    store.faults().set(&[]);
    until("it is well again", || status.health().status == "ok").await;
    let kept = desk.deliver(delivery("two", &["first", "second"])).await.expect("the desk is open");
    assert!(kept.is_ok_and(|outcome| outcome.new + outcome.unchanged == 2), "kept once, now or when it was refused");
    until("the second story", || edition(&editions).contains("second")).await;
    assert_eq!(store.stories_in(None), 2);

    drop(desk);
    tokio::task::spawn_blocking(move || thread.join()).await.expect("joined").expect("no panic");
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_takes_no_news_away_neither_at_once_nor_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let open =
        || Store::open(&StoreSettings::new(folder.path())).map_err(|error| error.to_string()).expect("opened").store;
    let later = |days: i64| move || now() + chrono::TimeDelta::days(days);
    // Put forward by two years while newsdesk is off, still so at the next start, and put right. Then two years do pass.
    for (days, publishers_agree, titles, expected) in [
        (0, false, vec!["a"], 1),
        (730, false, vec!["a", "b"], 2),
        (730, false, vec!["a", "b", "c"], 3),
        (0, false, vec!["a", "b", "c"], 3),
        (731, true, vec![], 0),
    ] {
        let store = open();
        let setup = setup(&store, &Editions::default(), &Status::default(), later(days));
        if publishers_agree {
            setup.clock.compare(later(days)());
        }
        let (desk, thread) = Desk::start(setup).map_err(|error| error.to_string()).expect("started");
        let mut delivery = delivery("tag", &titles);
        delivery.at = later(days)();
        for tagged in delivery.reading.iter_mut().flat_map(|reading| &mut reading.entries) {
            tagged.entry.published = Some(now());
        }
        desk.deliver(delivery).await.expect("the desk is open").expect("kept");
        desk.prune().await.expect("the desk is open");
        desk.ping().await.expect("it is alive");
        // What is old goes while the desk has nothing else to do, which it never has once it is to end.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let begun = Instant::now();
        while store.stories_in(None) != expected && begun.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(desk);
        tokio::task::spawn_blocking(move || thread.join()).await.expect("joined").expect("no panic");
        assert_eq!(store.stories_in(None), expected, "{days} days ahead, {titles:?}");
    }
}
