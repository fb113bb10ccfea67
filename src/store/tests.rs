//! The contract of the front page, held against the front page alone.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};

use super::*;
use crate::model::{
    Entry, EntryNumber, FeedMetadata, PollState, SourceId, SourceNumber, StoryNumber, TopicId, TopicScore, Validators,
};

pub(super) fn open(path: &Path) -> Store {
    match Store::open(&settings(path)) {
        Ok(opened) => opened.store,
        Err(error) => panic!("the store does not open: {error}"),
    }
}

pub(super) fn settings(path: &Path) -> StoreSettings {
    StoreSettings { cache_bytes: 4 * 1024 * 1024, ..StoreSettings::new(path) }
}

/// The files of the database of a store that was never rebuilt.
fn database(store: &Path) -> std::path::PathBuf {
    store.join("db").join("1")
}

pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(super) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).expect("a time")
}

pub(super) fn source(number: u32) -> SourceRecord {
    SourceRecord {
        number: SourceNumber(number),
        first_url: format!("https://source-{number}.example/feed"),
        feed: FeedMetadata::default(),
        identity_policy: IdentityPolicy::default(),
        last_read: None,
        entries: 0,
    }
}

/// An entry and the story it is alone in, in topic `ai` if its number is even.
pub(super) fn put(refresh: &mut Refresh<'_>, minute: i64, body: &str) -> (EntryNumber, StoryNumber) {
    let (number, story) = (refresh.new_entry_number(), refresh.new_story_number());
    let topics = if number.0.is_multiple_of(2) {
        vec![TopicScore { topic: TopicId::new("ai"), score: 5.0 }]
    } else {
        Vec::new()
    };
    let key = IdentityKey::new("guid", &[&number.0.to_string()]);
    let record = EntryRecord {
        number,
        source: SourceNumber(1),
        identity: key,
        shared_keys: vec![SharedKey::link(&format!("example.org/{}", number.0))],
        atom_id: format!("tag:example.org,2026:{}", number.0),
        first_seen: at(minute),
        first_dated: at(minute),
        revised: None,
        feed_updated: None,
        story,
        topics: topics.clone(),
        entry: Entry { title: format!("Entry {}", number.0), content: Some(body.into()), ..Entry::default() },
    };
    refresh.put_identity(SourceNumber(1), key, Identity::Kept { entry: number, fingerprint: 7 });
    let copy = Copy {
        entry: number,
        source: SourceNumber(1),
        link: None,
        originality: Originality::Own,
        published: None,
        first_dated: at(minute),
        revised: None,
        topics: topics.clone(),
    };
    let id = record.atom_id.clone();
    refresh.put_entry(record).expect("put");
    let record = StoryRecord { number: story, id, owner: number, copies: vec![copy], updated: at(minute), topics };
    refresh.put_story(record).expect("put");
    (number, story)
}

pub(super) fn fill(store: &Store, minutes: impl Iterator<Item = i64>) -> Vec<(EntryNumber, StoryNumber)> {
    let mut refresh = store.refresh();
    refresh.put_source(&SourceId::new("one"), source(1));
    let put = minutes.map(|minute| put(&mut refresh, minute, "<p>text</p>")).collect();
    refresh.apply().expect("applied");
    put
}

#[test]
fn changes_decided_upon_side_by_side_do_not_undo_each_other() {
    let folder = folder();
    let store = open(folder.path());
    let key = |n: &str| IdentityKey::new("guid", &[n]);
    let kept = Identity::Tombstone { last_listed: at(0) };
    let put = |refresh: &mut Refresh<'_>, n: &str| refresh.put_identity(SourceNumber(1), key(n), kept);
    let (mut one, mut other) = (store.refresh(), store.refresh());
    // Both have read the row in which all three belong.
    for refresh in [&one, &other] {
        assert_eq!(refresh.identity(SourceNumber(1), key("a")).expect("read"), None);
    }
    put(&mut one, "a");
    put(&mut other, "b");
    one.apply().expect("applied");
    assert_eq!(other.identity(SourceNumber(1), key("a")).expect("read"), Some(kept), "what is kept by now is seen");
    put(&mut other, "c");
    other.apply().expect("applied");
    for n in ["a", "b", "c"] {
        assert_eq!(store.identity(SourceNumber(1), key(n)).expect("read"), Some(kept), "{n}");
    }
    store.verify(&|_| true).expect("whole");
}

#[test]
fn a_refresh_is_invisible_until_applied_and_whole_afterwards() {
    let folder = folder();
    let store = open(folder.path());
    let mut refresh = store.refresh();
    refresh.put_source(&SourceId::new("one"), source(1));
    let validators = Validators { etag: Some(b"\"v\"".to_vec()), last_modified: None };
    refresh.put_poll_state(&SourceId::new("one"), PollState { validators, ..PollState::default() });
    let (entry, story) = put(&mut refresh, 0, "text");
    assert_eq!(refresh.entry(entry).expect("read").map(|e| e.number), Some(entry), "a refresh sees its own changes");
    assert!(store.entry(entry).expect("read").is_none());
    assert!(store.source(&SourceId::new("one")).is_none());
    assert!(store.poll_state(&SourceId::new("one")).expect("read").is_none());

    let changed = refresh.apply().expect("applied");
    assert!(changed.contains(&None));
    assert!(store.entry(entry).expect("read").is_some());
    assert_eq!(store.story(story).expect("read").map(|s| s.owner), Some(entry));
    assert_eq!(store.source(&SourceId::new("one")).map(|s| s.entries), Some(1));
    assert!(store.poll_state(&SourceId::new("one")).expect("read").is_some_and(|s| !s.validators.is_empty()));
}

#[test]
fn everything_is_there_again_after_reopening_and_numbers_go_on() {
    let folder = folder();
    let store = open(folder.path());
    let instance = store.instance();
    let before = fill(&store, 0..3);
    store.make_durable().expect("durable");
    drop(store);

    let store = open(folder.path());
    assert_eq!(store.instance(), instance);
    assert_eq!(store.newest(None, 10).expect("read").len(), 3);
    assert_eq!(store.source(&SourceId::new("one")).map(|s| s.entries), Some(3));
    let after = fill(&store, 5..6);
    assert!(after[0].0 > before[2].0 && after[0].1 > before[2].1, "no number is given twice");
}

#[test]
fn only_one_may_have_the_store_open() {
    let folder = folder();
    let store = open(folder.path());
    assert!(matches!(Store::open(&settings(folder.path())), Err(StoreError::InUse { .. })));
    drop(store);
    open(folder.path());
}

#[test]
fn a_store_of_a_newer_format_is_refused_untouched() {
    let folder = folder();
    let store = open(folder.path());
    drop(store);
    let file = folder.path().join("store.toml");
    let text = std::fs::read_to_string(&file).expect("read").replace("format = 2", "format = 99");
    std::fs::write(&file, text).expect("written");
    match Store::open(&settings(folder.path())) {
        Err(StoreError::NewerFormat { found: 99, .. }) => {}
        other => panic!("{:?}", other.map(|_| ()).map_err(|e| e.to_string())),
    }
}

#[test]
fn newest_comes_first_and_ties_go_by_id() {
    let folder = folder();
    let store = open(folder.path());
    fill(&store, [3, 1, 2, 3].into_iter());
    let ids = |topic: Option<&str>, limit| -> Vec<String> {
        let topic = topic.map(TopicId::new);
        store
            .newest(topic.as_ref(), limit)
            .expect("read")
            .into_iter()
            .map(|s| s.id.replace("tag:example.org,2026:", ""))
            .collect()
    };
    assert_eq!(ids(None, 10), ["1", "4", "3", "2"]);
    assert_eq!(ids(None, 2), ["1", "4"]);
    assert_eq!(ids(Some("ai"), 10), ["4", "2"]);
    assert_eq!(ids(Some("a"), 10), Vec::<String>::new(), "a topic's name is no prefix of another's");
    assert_eq!(store.topics_of_all().expect("read"), [TopicId::new("ai")]);
}

#[test]
fn a_changed_story_leaves_no_row_behind() {
    let folder = folder();
    let store = open(folder.path());
    let (entry, story) = fill(&store, 0..2)[1];
    let mut refresh = store.refresh();
    let mut record = refresh.story(story).expect("read").expect("there");
    record.updated = at(50);
    record.topics = vec![TopicScore { topic: TopicId::new("space"), score: 4.0 }];
    refresh.put_story(record).expect("put");
    let changed = refresh.apply().expect("applied");
    let names: Vec<_> = changed.iter().flatten().map(TopicId::as_str).collect();
    assert_eq!(names, ["ai", "space"], "the topic it left and the one it joined both change");
    assert_eq!(store.newest(Some(&TopicId::new("ai")), 10).expect("read").len(), 0);
    assert_eq!(store.newest(Some(&TopicId::new("space")), 10).expect("read").len(), 1);
    assert_eq!(store.newest(None, 10).expect("read").len(), 2);

    let mut refresh = store.refresh();
    refresh.remove_story(story).expect("removed");
    refresh.remove_entry(entry).expect("removed");
    refresh.apply().expect("applied");
    assert_eq!(store.stories_in(Some(&TopicId::new("space"))), 0);
    assert!(store.story_by_id("tag:example.org,2026:2").expect("read").is_none());
    assert!(store.entry(entry).expect("read").is_none());
    assert_eq!(store.sharing(SharedKey::link("example.org/2"), 9).expect("read"), []);
    assert_eq!(store.source(&SourceId::new("one")).map(|s| s.entries), Some(1));
}

#[test]
fn long_entries_are_cut_and_never_become_blob_files() {
    let folder = folder();
    let store = open(folder.path());
    // Text that does not compress, so that it really is long.
    let noise = |seed: u64| -> String {
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + ((state >> 33) % 90) as u8)
        };
        (0..250_000).map(|_| next()).collect()
    };
    let mut refresh = store.refresh();
    refresh.put_source(&SourceId::new("one"), source(1));
    let (number, _) = put(&mut refresh, 0, &noise(1));
    refresh.apply().expect("applied");
    for round in 2..6 {
        let mut refresh = store.refresh();
        let mut record = refresh.entry(number).expect("read").expect("there");
        record.entry.content = Some(if round == 5 { "short".into() } else { noise(round) });
        refresh.put_entry(record.clone()).expect("put");
        refresh.apply().expect("applied");
        store.make_durable().expect("durable");
        assert_eq!(store.entry(number).expect("read").map(|e| e.entry), Some(record.entry));
    }
    let etag = Some(noise(9).into_bytes());
    let mut refresh = store.refresh();
    let validators = Validators { etag, last_modified: None };
    let state = PollState { validators, ..PollState::default() };
    refresh.put_poll_state(&SourceId::new("one"), state.clone());
    refresh.apply().expect("applied");
    store.make_durable().expect("durable");
    assert_eq!(store.poll_state(&SourceId::new("one")).expect("read"), Some(state), "other long records are cut too");
    assert!(store.size().expect("read").content < 300_000, "no piece of a longer text is left but the validator's");
    let blobs = std::fs::read_dir(database(folder.path()).join("blobs")).map(|files| files.count()).unwrap_or(0);
    assert_eq!(blobs, 0);
}

#[test]
fn retention_names_the_oldest_beyond_age_or_count() {
    let folder = folder();
    let store = open(folder.path());
    let put = fill(&store, [30, 10, 20, 40].into_iter());
    let outlived = |minutes: u64, most: u64, limit| {
        let limits = RetentionLimits { age: Duration::from_secs(minutes * 60), entries_per_source: most, size: None };
        store.outlived(SourceNumber(1), 4, &limits, at(45), limit).expect("read")
    };
    let entries = |indexes: &[usize]| -> Vec<_> { indexes.iter().map(|i| put[*i].0).collect() };
    assert_eq!(outlived(1000, 10, 9).entries, []);
    assert_eq!(outlived(20, 10, 9).entries, entries(&[1, 2]), "older than twenty minutes");
    assert_eq!(outlived(1000, 3, 9).entries, entries(&[1]), "one too many");
    assert_eq!(outlived(20, 10, 1), Pruned { entries: entries(&[1]), more: true });
}

#[test]
fn a_renamed_source_keeps_its_number_and_its_polls() {
    let folder = folder();
    let store = open(folder.path());
    fill(&store, 0..1);
    let (old, new) = (SourceId::new("one"), SourceId::new("uno"));
    let mut refresh = store.refresh();
    refresh.put_poll_state(&old, PollState { failures: 3, ..PollState::default() });
    refresh.apply().expect("applied");
    let mut refresh = store.refresh();
    refresh.rename_source(&old, &new).expect("renamed");
    refresh.apply().expect("applied");
    assert!(store.source(&old).is_none());
    assert_eq!(store.source(&new).map(|s| s.number), Some(SourceNumber(1)));
    assert_eq!(store.source_by_number(SourceNumber(1)).map(|(id, _)| id), Some(new.clone()));
    assert_eq!(store.poll_state(&new).expect("read").map(|s| s.failures), Some(3));
}

#[test]
fn a_half_written_snapshot_does_not_keep_the_store_from_opening() {
    let folder = folder();
    let store = open(folder.path());
    fill(&store, 0..3);
    store.make_durable().expect("durable");
    drop(store);
    std::fs::write(database(folder.path()).join("snap.FFFFFFFFFFFFFFFF.generating"), b"half").expect("written");
    assert_eq!(open(folder.path()).newest(None, 10).expect("read").len(), 3);
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_nothing_is_lost() {
    let folder = folder();
    let store = open(folder.path());
    fill(&store, 0..3);
    store.make_durable().expect("durable");
    drop(store);
    std::fs::write(database(folder.path()).join("snap.00000000000F0000"), b"damaged").expect("written");
    let opened = Store::open(&settings(folder.path())).map_err(|e| e.to_string()).expect("opened");
    assert_eq!(opened.repairs.len(), 1);
    assert_eq!(opened.store.newest(None, 10).expect("read").len(), 3);
}
