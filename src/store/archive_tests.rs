//! Who joins a topic, and who still waits for its archive.

use chrono::{DateTime, Utc};

use super::{
    tests::{at, folder, open, put, settings},
    *,
};
use crate::{
    clock::Clock,
    model::{StoryNumber, TopicId, TopicScore},
};

fn topic(name: &str) -> TopicId {
    TopicId::new(name)
}

fn scores(topics: &[&str]) -> Vec<TopicScore> {
    topics.iter().map(|name| TopicScore { topic: topic(name), score: 1.0 }).collect()
}

/// Gives a story these topics.
fn tag(store: &Store, story: StoryNumber, topics: &[&str]) {
    let mut refresh = store.refresh();
    let mut record = refresh.story(story).expect("read").expect("there");
    record.topics = scores(topics);
    refresh.put_story(record).expect("put");
    refresh.apply().expect("applied");
}

fn waiting(store: &Store, name: &str) -> Vec<u64> {
    store.waiting(&topic(name), 100).expect("read").iter().map(|join| join.story.0).collect()
}

fn new_story(store: &Store, minute: i64, topics: &[&str]) -> StoryNumber {
    let mut refresh = store.refresh();
    let (_, story) = put(&mut refresh, minute, "news");
    let record = refresh.story(story).expect("read").expect("there");
    refresh.put_story(StoryRecord { topics: scores(topics), ..record }).expect("put");
    refresh.apply().expect("applied");
    story
}

#[test]
fn a_story_waits_for_the_archive_of_each_topic_from_when_it_joined_until_it_is_there() {
    let folder = folder();
    let minute = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
    let clock: DateTime<Utc> = at(0);
    let now = minute.clone();
    let clock =
        Clock::new(move || clock + chrono::TimeDelta::minutes(now.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
    let store = Store::open(&StoreSettings { clock, ..settings(folder.path()) }).map_err(|e| e.to_string());
    let store = store.expect("opened").store;
    let mut refresh = store.refresh();
    refresh.remember_topics(&[(topic("ai"), topic("ai")), (topic("telecoms"), topic("telecom"))]);
    refresh.apply().expect("applied");
    let first = new_story(&store, 1, &["ai"]);
    let second = new_story(&store, 2, &[]);
    let third = new_story(&store, 3, &["ai", "telecoms"]);
    tag(&store, second, &["ai"]);
    assert_eq!(waiting(&store, "ai"), [first.0, third.0, second.0], "in the order of joining");
    assert_eq!((waiting(&store, "telecom"), waiting(&store, "telecoms")), (vec![third.0], vec![]));
    assert_eq!(store.topics_with_waiting().expect("read"), [topic("ai"), topic("telecom")]);

    // The topic gets another name, and stays the same feed.
    let mut refresh = store.refresh();
    refresh.remember_topics(&[(topic("networks"), topic("telecom"))]);
    refresh.apply().expect("applied");
    tag(&store, third, &["ai", "networks"]);
    assert_eq!(waiting(&store, "telecom"), [third.0], "it has not joined anything");

    let archived = store.waiting(&topic("ai"), 2).expect("read");
    let mut refresh = store.refresh();
    refresh.put_archived(&topic("ai"), 1, &archived).expect("put");
    refresh.apply().expect("applied");
    assert_eq!((waiting(&store, "ai"), store.archive(&topic("ai")).expect("read").pages), (vec![second.0], 1));
    // A page that is told of twice changes nothing.
    let mut refresh = store.refresh();
    refresh.put_archived(&topic("ai"), 1, &archived).expect("put");
    refresh.apply().expect("applied");
    assert_eq!((waiting(&store, "ai"), store.archive(&topic("ai")).expect("read").pages), (vec![second.0], 1));

    // Who leaves and comes back joins again.
    tag(&store, first, &[]);
    tag(&store, first, &["ai"]);
    assert_eq!(waiting(&store, "ai"), [second.0, first.0]);
    drop(store);

    // All of it is in the journal too.
    std::fs::remove_dir_all(folder.path().join("db")).expect("removed");
    let store = open(folder.path());
    assert_eq!(waiting(&store, "ai"), [second.0, first.0]);
    assert_eq!((waiting(&store, "telecom"), store.archive(&topic("ai")).expect("read").pages), (vec![third.0], 1));
}

#[test]
fn what_was_taken_down_is_known_by_every_key_until_it_is_lifted() {
    let folder = folder();
    let store = open(folder.path());
    let name = |key: &str| EntryName { source: crate::model::SourceNumber(1), key: IdentityKey::new("guid", &[key]) };
    let record = TakenDownRecord {
        number: 1,
        at: at(1),
        named: "https://example.org/1".into(),
        reason: "asked for by its author".into(),
        links: vec!["example.org/1".into()],
        ids: vec!["tag:example.org,2026:1".into()],
        keys: vec![SharedKey::link("example.org/1")],
        is_by_id: false,
        entries: vec![name("1")],
        is_out: false,
    };
    let mut refresh = store.refresh();
    refresh.put_taken_down(record.clone());
    refresh.apply().expect("applied");
    let is_down = |store: &Store, link: &str, key: &str| {
        store.refresh().is_taken_down(&[SharedKey::link(link)], name(key)).expect("read")
    };
    for (link, key, expected) in [
        ("example.org/1", "1", true),
        ("example.org/1", "2", true),
        ("example.org/2", "1", true),
        ("example.org/2", "2", false),
    ] {
        assert_eq!(is_down(&store, link, key), expected, "{link} {key}");
    }
    let mut refresh = store.refresh();
    refresh.put_taken_down(TakenDownRecord { keys: Vec::new(), is_out: true, ..record });
    refresh.apply().expect("applied");
    assert!(!is_down(&store, "example.org/1", "2") && is_down(&store, "example.org/1", "1"));
    assert!(store.taken_down().expect("read")[0].is_out);
    drop(store);
    std::fs::remove_dir_all(folder.path().join("db")).expect("removed");
    let store = open(folder.path());
    assert!(is_down(&store, "example.org/1", "1"));
    let mut refresh = store.refresh();
    refresh.remove_taken_down(1);
    refresh.apply().expect("applied");
    assert!(!is_down(&store, "example.org/1", "1") && store.taken_down().expect("read").is_empty());
}
