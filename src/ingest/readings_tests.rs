//! What sources repeat, learnt from real deliveries in a real store.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    model::{Entry, EntryNumber, FeedMetadata, PollState, SourceId, TopicScore},
    reading::Reader,
    store::{RetentionLimits, Store, StoreSettings},
    text::{Boilerplate, CutReason},
    topics::{Account, TaggingSettings, TopicSettings, Topics},
};

const SOURCE: &str = "bladid";
/// Icelandic, and nothing that a list holds.
const TEASERS: [&str; 3] =
    ["Fleiri fréttir úr þessum flokki", "Eldgos hófst á Reykjanesi í nótt", "Ríkisstjórnin fundar um fjárlögin í dag"];

fn at(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).map(|date| date + TimeDelta::days(day)).unwrap_or_default()
}

/// Words that no other number has.
fn own(number: usize, words: usize) -> String {
    let letters =
        |number: usize| -> String { number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect() };
    (0..words).map(|word| format!("Orð{}{} ", letters(number), letters(word))).collect()
}

/// An article, with the source's teasers below it if it is `furnished`.
fn entry(number: usize, furnished: bool) -> Entry {
    let mut paragraphs = vec![own(number, 14), own(number + 1_000, 20)];
    if number.is_multiple_of(7) {
        paragraphs.push(format!("Eldgos {}", own(number + 2_000, 9)));
    }
    if furnished {
        paragraphs.extend(TEASERS.map(str::to_owned));
    }
    Entry {
        guid: Some(format!("grein {number}")),
        link: Some(format!("https://bladid.example/{number}")),
        title: own(number + 3_000, 5),
        content: Some(paragraphs.iter().map(|paragraph| format!("<p>{paragraph}</p>")).collect()),
        published: Some(at(number as i64 / 3)),
        ..Entry::default()
    }
}

fn reader() -> Arc<Reader> {
    let languages = vec!["en".to_owned()];
    let terms = TopicSettings::lists([("any", ["eldgos"].iter())], &languages).expect("terms");
    let settings = TaggingSettings { languages: languages.clone(), anchor_words: 1_000, ..TaggingSettings::default() };
    let topic = TopicSettings { threshold: 1.0, terms, ..TopicSettings::new("eldgos") };
    let topics = Topics::compile(&settings, &[topic]).unwrap_or_else(|problems| panic!("{problems:?}"));
    Arc::new(Reader::new(topics, languages))
}

fn open(folder: &Path) -> (Ingest, Store) {
    let store = Store::open(&StoreSettings::new(folder)).map_err(|e| e.to_string()).expect("opened").store;
    let retention = RetentionLimits { age: Duration::from_secs(4_000 * 86_400), entries_per_source: 1_000, size: None };
    let rules = TakeInRules { retention, sources: BTreeMap::new() };
    let reader = reader();
    let ingest = Ingest::new(store.clone(), rules).with_tagger(Arc::new(move |unread| reader.read_entry(unread)));
    ingest.find_unsettled().expect("read");
    (ingest, store)
}

fn learnt(store: &Store) -> Boilerplate {
    let source = store.source(&SourceId::new(SOURCE));
    source.map(|source| store.boilerplate(source.number).expect("read").boilerplate).unwrap_or_default()
}

fn deliver(ingest: &Ingest, entries: &[Entry], boilerplate: &Boilerplate) {
    let (reader, source) = (reader(), SourceId::new(SOURCE));
    let read = |entry: &Entry| {
        let (topics, reading) =
            reader.read_entry(&UnreadEntry { entry, source: Some(&source), boilerplate, article: None });
        TaggedEntry { entry: entry.clone(), topics, reading: Some(reading), text: Default::default() }
    };
    let reading = Reading {
        feed: FeedMetadata::default(),
        entries: entries.iter().map(read).collect(),
        deleted: Vec::new(),
        tagged_with: reader.topics().fingerprint(),
    };
    let delivery = Delivery {
        source: source.clone(),
        configured_url: "https://bladid.example/feed".into(),
        at: at(200),
        state: PollState::default(),
        reading: Some(reading),
    };
    ingest.take_in(delivery).map_err(|e| e.to_string()).expect("taken in");
}

fn settle(ingest: &Ingest) {
    while ingest.is_unsettled() {
        ingest.settle(at(201)).expect("settled");
    }
}

type Told = (Vec<TopicScore>, Account);

/// Each entry's topics and account, by its guid, and what was learnt.
fn outcome(store: &Store) -> (BTreeMap<String, Told>, Boilerplate) {
    let records = store.entries_from(EntryNumber(0), 10_000).expect("read").into_iter();
    let told = records.map(|record| {
        let reading = store.reading(record.number).expect("read").expect("a reading is kept with each entry");
        assert_eq!(reading.account.topics().tags(), record.topics, "tags are those that the account tells");
        let story = store.story(record.story).expect("read").expect("a story");
        assert_eq!(story.topics, record.topics);
        (record.entry.guid.unwrap_or_default(), (record.topics, reading.account))
    });
    (told.collect(), learnt(store))
}

fn same(one: &Store, other: &Store) -> bool {
    let ((one, learnt), (other, learnt_other)) = (outcome(one), outcome(other));
    let alike = |(a, b): (&Told, &Told)| a.0 == b.0 && a.1.tells_the_same(&b.1);
    learnt == learnt_other && one.keys().eq(other.keys()) && one.values().zip(other.values()).all(alike)
}

#[test]
fn teasers_repeated_across_five_entries_are_cut_and_the_tag_they_brought_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ingest, store) = open(folder.path());
    let tagged = || {
        let (told, _) = outcome(&store);
        told.into_iter().filter(|(_, (topics, _))| !topics.is_empty()).map(|(guid, _)| guid).collect::<Vec<_>>()
    };
    for number in 1..=3 {
        deliver(&ingest, &[entry(number, true)], &learnt(&store));
    }
    assert_eq!(tagged(), ["grein 1", "grein 2", "grein 3"], "nobody can know yet");
    for number in 4..=5 {
        deliver(&ingest, &[entry(number, true)], &learnt(&store));
    }
    assert_eq!(tagged(), [""; 0], "in the delivery that taught it");
    deliver(&ingest, &[entry(6, true), entry(7, true)], &learnt(&store));
    assert_eq!(tagged(), ["grein 7"], "which has it in its own text");
    let (told, _) = outcome(&store);
    let cuts = told["grein 6"].1.cuts();
    assert_eq!(cuts.iter().map(|cut| cut.line.as_str()).collect::<Vec<_>>(), TEASERS);
    assert!(cuts.iter().all(|cut| cut.reason == CutReason::Repeated));
    let repeated = cuts[1].repeated.expect("counted");
    assert_eq!((repeated.stories, repeated.of), (5, 5), "as of when it was read");
}

#[test]
fn entries_older_than_those_that_taught_it_are_read_again_between_deliveries_and_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ingest, store) = open(folder.path());
    let mut old: Vec<Entry> = (0..400).map(|number| entry(number, number < 4)).collect();
    let late = old.remove(3);
    deliver(&ingest, &old, &Boilerplate::default());
    assert!(learnt(&store).is_empty());
    let new: Vec<Entry> = (400..440).map(|number| entry(number, true)).collect();
    for some in new.chunks(5) {
        deliver(&ingest, some, &learnt(&store));
    }
    assert!(!learnt(&store).is_empty());
    let of = |store: &Store, guid: &str| outcome(store).0[guid].0.len();
    assert_eq!(of(&store, "grein 1"), 1, "it is not among the newest");
    assert!(ingest.is_unsettled());
    ingest.settle(at(201)).expect("a step");
    drop((ingest, store));
    let (ingest, store) = open(folder.path());
    assert!(ingest.is_unsettled(), "what was left to do is known after a restart");
    settle(&ingest);
    assert_eq!(of(&store, "grein 1"), 0);
    deliver(&ingest, std::slice::from_ref(&late), &Boilerplate::default());
    assert_eq!(of(&store, "grein 3"), 0, "one that is old already and was read without what is known");
    let again = tempfile::tempdir().expect("a folder");
    let (at_once, other) = open(again.path());
    deliver(&at_once, &[old, vec![late], new].concat(), &Boilerplate::default());
    settle(&at_once);
    assert!(same(&store, &other));
}

#[test]
fn what_goes_by_retention_is_no_longer_learnt_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ingest, store) = open(folder.path());
    let entries: Vec<Entry> = (0..12).map(|number| entry(number, number < 6)).collect();
    deliver(&ingest, &entries, &Boilerplate::default());
    assert!(!learnt(&store).is_empty());
    ingest.rules.retention.entries_per_source = 7;
    while ingest.prune(at(201)).expect("pruned").1 {}
    settle(&ingest);
    assert!(learnt(&store).is_empty());
    let (told, _) = outcome(&store);
    assert_eq!(told.len(), 7);
    assert_eq!(told["grein 3"].0.len(), 1, "one teaser is no furniture");
    assert_eq!(store.outlines_after(store.sources()[0].1.number, None, 100).expect("read").len(), 7);
    assert_eq!(store.reading(EntryNumber(12)).expect("read"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_learnt_and_cut_does_not_depend_on_the_order_of_deliveries_nor_on_kills(
        furnished in proptest::collection::vec(proptest::bool::weighted(0.6), 4..45),
        order in Just((0..45_usize).collect::<Vec<_>>()).prop_shuffle(),
        deliveries in proptest::collection::vec((1..20_usize, 0..4_u8), 1..12),
    ) {
        let entries: Vec<Entry> = furnished.iter().enumerate().map(|(number, furnished)| entry(number, *furnished)).collect();
        let (folder, reference) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (ingest, expected) = open(reference.path());
        deliver(&ingest, &entries, &Boilerplate::default());
        settle(&ingest);

        let mut waiting: Vec<Entry> = order.into_iter().filter_map(|number| entries.get(number).cloned()).collect();
        let (mut ingest, mut store) = open(folder.path());
        for (size, event) in deliveries.into_iter().chain([(45, 0)]) {
            let some: Vec<Entry> = waiting.drain(..size.min(waiting.len())).collect();
            // Some pollers know by now, some read before the last delivery was in.
            let boilerplate = if event == 1 { Boilerplate::default() } else { learnt(&store) };
            deliver(&ingest, &some, &boilerplate);
            if event == 2 {
                drop((ingest, store));
                (ingest, store) = open(folder.path());
            }
            if event == 3 && ingest.is_unsettled() {
                ingest.settle(at(201)).expect("a step");
            }
        }
        settle(&ingest);
        prop_assert!(same(&store, &expected));
        // What is kept is what would be learnt of the entries that are kept.
        let source = store.source(&SourceId::new(SOURCE)).expect("a source").number;
        let outlines = store.outlines_after(source, None, 1_000).expect("read");
        prop_assert_eq!(learnt(&store), Boilerplate::learn(outlines.iter().map(|one| &one.outline)));
    }
}
