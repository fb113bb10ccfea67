//! The store at the size of a large installation.
//!
//! ```text
//! cargo bench --bench store -- load DIR ENTRIES      keeps so many entries of 1 KB from 500 sources
//! cargo bench --bench store -- open DIR              opens it and reads the newest 100 stories of each topic
//! cargo bench --bench store -- commit DIR POLLS      takes in so many polls of 30 entries, each made durable
//! cargo bench --bench store -- verify DIR            reads all of it and compares
//! cargo bench --bench store -- renew DIR             folds the journal, makes the database anew from it
//! cargo bench --bench store -- rebuild DIR           deletes the database and opens
//! cargo bench --bench store -- year DIR DAYS         500 sources, 30 entries a day each, 30 days' retention
//! ```
//!
//! Entries are made of invented words; nothing is drawn at random. Each command tells its times and its memory.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use newsdesk::{
    clock::Clock,
    ingest::{Delivery, Ingest, Reading, TaggedEntry, TakeInRules},
    model::{Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    store::{
        Copy, EntryRecord, Identity, IdentityKey, Originality, Refresh, RetentionLimits, Store, StoreSettings,
        StoryRecord,
    },
    stories::shared_keys,
};

const SOURCES: u64 = 500;
const POLL: u64 = 30;
const TOPICS: u64 = 8;
const CACHE: u64 = 32 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["load", folder, entries] => load(Path::new(folder), entries.parse().expect("a number of entries")),
        ["open", folder] => open(Path::new(folder)),
        ["verify", folder] => verify(Path::new(folder)),
        ["renew", folder] => renew(Path::new(folder)),
        ["rebuild", folder] => rebuild(Path::new(folder)),
        ["year", folder, days] => year(Path::new(folder), days.parse().expect("a number of days")),
        ["commit", folder, polls] => commit(Path::new(folder), polls.parse().expect("a number of polls")),
        _ => println!("nothing measured: say load DIR ENTRIES, open DIR or commit DIR POLLS after --"),
    }
}

fn opened(folder: &Path) -> Store {
    let begun = Instant::now();
    let settings = StoreSettings { cache_bytes: CACHE, ..StoreSettings::new(folder) };
    let store = Store::open(&settings).map_err(|error| error.to_string()).expect("it opens").store;
    println!("opened in {:.0?}, {}", begun.elapsed(), memory());
    store
}

fn load(folder: &Path, entries: u64) {
    let store = opened(folder);
    let ingest = Ingest::new(store.clone(), rules());
    let begun = Instant::now();
    for poll in 0..entries / POLL {
        ingest.take_in(delivery(poll)).expect("taken in");
        if poll % 64 == 0 {
            store.make_durable().expect("durable");
        }
    }
    store.make_durable().expect("durable");
    println!("kept {entries} entries in {:.1?}, {}", begun.elapsed(), memory());
    tell_size(&store);
}

fn open(folder: &Path) {
    let store = opened(folder);
    let mut times = Vec::new();
    for round in 0..200 {
        let topic = TopicId::new(format!("topic-{}", round % TOPICS));
        let begun = Instant::now();
        let stories = store.newest(Some(&topic), 100).expect("read");
        times.push(begun.elapsed());
        assert_eq!(stories.len(), 100);
    }
    println!("newest 100 of a topic: {}, {}", spread(&mut times), memory());
}

fn commit(folder: &Path, polls: u64) {
    let store = opened(folder);
    let ingest = Ingest::new(store.clone(), rules());
    // Polls that no run before this one has made.
    let first = (1 << 40) + store.size().expect("a size").commits.0 * 1_000;
    let (mut times, mut applied) = (Vec::new(), Vec::new());
    for poll in first..first + polls {
        let delivery = delivery(poll);
        let begun = Instant::now();
        ingest.take_in(delivery).expect("taken in");
        applied.push(begun.elapsed());
        store.make_durable().expect("durable");
        times.push(begun.elapsed());
    }
    println!("a poll of {POLL} entries taken in, visible: {}", spread(&mut applied));
    println!("a poll of {POLL} entries taken in and made durable: {}, {}", spread(&mut times), memory());
    let (mut times, mut journal) = (Vec::new(), Vec::new());
    for poll in first + polls..first + 2 * polls {
        let refresh = decided(&store, poll);
        let before = store.journal_time();
        let begun = Instant::now();
        refresh.apply().expect("applied");
        store.make_durable().expect("durable");
        times.push(begun.elapsed());
        journal.push(store.journal_time() - before);
    }
    let share = journal.iter().sum::<Duration>().as_secs_f64() / times.iter().sum::<Duration>().as_secs_f64();
    println!("a commit of {POLL} entries with its fsync: {}, {}", spread(&mut times), memory());
    println!("of it the journal: {}, {:.0} % in all", spread(&mut journal), share * 100.0);
}

/// What a poll comes to once all is decided: entries, what they are known by, and stories of their own.
fn decided(store: &Store, poll: u64) -> Refresh<'_> {
    let delivery = delivery(poll);
    let source = store.source(&delivery.source).expect("a source that was polled before");
    let mut refresh = store.refresh();
    refresh.put_poll_state(&delivery.source, delivery.state);
    for TaggedEntry { entry, topics, .. } in delivery.reading.into_iter().flat_map(|reading| reading.entries) {
        let (number, story) = (refresh.new_entry_number(), refresh.new_story_number());
        let id = entry.guid.clone().unwrap_or_default();
        let identity = IdentityKey::new("guid", &[&id]);
        assert_eq!(refresh.identity(source.number, identity).expect("read"), None);
        let shared_keys = shared_keys(&entry);
        for key in &shared_keys {
            assert_eq!(refresh.sharing(*key, 8).expect("read"), []);
        }
        refresh.put_identity(source.number, identity, Identity::Kept { entry: number, fingerprint: number.0 });
        let dated = entry.published.unwrap_or_default();
        let copy = Copy {
            entry: number,
            source: source.number,
            link: entry.link.clone(),
            originality: Originality::Own,
            published: entry.published,
            first_dated: dated,
            revised: None,
            topics: topics.clone(),
        };
        let record =
            StoryRecord { number: story, id: id.clone(), owner: number, copies: vec![copy], updated: dated, topics };
        let topics = record.topics.clone();
        refresh.put_story(record).expect("put");
        let record = EntryRecord {
            number,
            source: source.number,
            identity,
            shared_keys,
            atom_id: id,
            first_seen: delivery.at,
            first_dated: dated,
            revised: None,
            feed_updated: None,
            story,
            topics,
            entry,
        };
        refresh.put_entry(record).expect("put");
    }
    refresh
}

fn verify(folder: &Path) {
    let store = opened(folder);
    let begun = Instant::now();
    store.verify(&|_| true).expect("whole");
    println!("the database read and compared in {:.1?}, {}", begun.elapsed(), memory());
    let begun = Instant::now();
    store.verify_journal(&AtomicBool::new(false)).expect("read");
    assert_eq!(store.journal_damage(), None);
    println!("the journal read in {:.1?}, {}", begun.elapsed(), memory());
}

fn renew(folder: &Path) {
    let store = opened(folder);
    tell_size(&store);
    let begun = Instant::now();
    while store.fold(&AtomicBool::new(false)).expect("folded") {}
    println!("the journal folded in {:.1?}, {}", begun.elapsed(), memory());
    let begun = Instant::now();
    store.renew(&|_| true).expect("renewed");
    println!("the database made anew in {:.1?}, {}", begun.elapsed(), memory());
    tell_size(&store);
}

fn rebuild(folder: &Path) {
    std::fs::remove_dir_all(folder.join("db")).expect("deleted");
    let store = opened(folder);
    tell_size(&store);
}

/// A day at a time, as fast as it goes: what is kept and what it takes, at the end of every tenth day.
fn year(folder: &Path, days: u64) {
    let clock = Arc::new(AtomicI64::new(0));
    let told = clock.clone();
    let time = move || DateTime::from_timestamp(told.load(Ordering::Relaxed), 0).expect("a time");
    let settings = StoreSettings { cache_bytes: CACHE, clock: Clock::new(time), ..StoreSettings::new(folder) };
    let store = Store::open(&settings).map_err(|error| error.to_string()).expect("it opens").store;
    let age = Duration::from_secs(30 * 86_400);
    let retention = RetentionLimits { age, entries_per_source: 100_000, ..rules().retention };
    let ingest = Ingest::new(store.clone(), TakeInRules { retention, ..rules() });
    for day in 0..days {
        for source in 0..SOURCES {
            // Each source is polled once a day here, at a minute of its own.
            let at = 1_700_000_000 + day as i64 * 86_400 + source as i64 * 172;
            clock.store(at, Ordering::Relaxed);
            let at = DateTime::from_timestamp(at, 0).expect("a time");
            ingest.take_in(dated_delivery(day * SOURCES + source, at)).expect("taken in");
            if source % 64 == 0 {
                store.make_durable().expect("durable");
            }
        }
        let now = DateTime::from_timestamp(clock.load(Ordering::Relaxed), 0).expect("a time");
        while ingest.prune(now).expect("pruned").1 {}
        store.make_durable().expect("durable");
        store.fold(&AtomicBool::new(false)).expect("folded");
        let renewed = store.reclaim(&|_| true).expect("reclaimed");
        if day % 10 == 9 || renewed {
            let renewed = if renewed { ", made anew" } else { "" };
            print!("day {:3}: {} stories, {}{renewed}, ", day + 1, store.stories_in(None), memory());
            tell_size(&store);
        }
    }
    store.verify(&|_| true).expect("whole");
}

fn tell_size(store: &Store) {
    let size = store.size().expect("a size");
    println!(
        "content {} MB, database {} MB, journal {} MB",
        size.content >> 20,
        size.database >> 20,
        size.journal >> 20
    );
}

fn rules() -> TakeInRules {
    let retention =
        RetentionLimits { age: Duration::from_secs(36_500 * 86_400), entries_per_source: u64::MAX, size: None };
    TakeInRules { retention, sources: Default::default() }
}

fn delivery(poll: u64) -> Delivery {
    let at = DateTime::from_timestamp(1_700_000_000 + (poll % (1 << 30)) as i64 * 60, 0).expect("a time");
    dated_delivery(poll, at)
}

fn dated_delivery(poll: u64, at: DateTime<Utc>) -> Delivery {
    let number = poll % SOURCES;
    let source = format!("source-{number}");
    let entries = (0..POLL).map(|n| tagged(number, poll * POLL + n, at)).collect();
    Delivery {
        source: SourceId::new(source.as_str()),
        configured_url: format!("https://{source}.example/feed"),
        at,
        state: PollState::default(),
        reading: Some(Reading {
            feed: FeedMetadata { title: source, ..FeedMetadata::default() },
            entries,
            deleted: Vec::new(),
            tagged_with: 0,
        }),
    }
}

fn tagged(source: u64, number: u64, at: DateTime<Utc>) -> TaggedEntry {
    let mut numbers = Numbers(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let link = format!("https://source-{source}.example/{}/article-{number:x}", at.format("%Y/%m/%d"));
    let entry = Entry {
        guid: Some(link.clone()),
        link: Some(link),
        title: text(&mut numbers, 70),
        summary: Some(format!("<p>{}</p>", text(&mut numbers, 780))),
        published: Some(at - chrono::Duration::seconds(numbers.below(3_000) as i64)),
        ..Entry::default()
    };
    let topics = (0..=numbers.below(2))
        .map(|n| TopicScore { topic: TopicId::new(format!("topic-{}", (number + n) % TOPICS)), score: 4.0 });
    TaggedEntry::new(entry, topics.collect())
}

/// So many bytes of words, frequent ones more often.
fn text(numbers: &mut Numbers, bytes: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ta", "ri", "mon", "le", "cas", "nu", "vel", "or", "pi", "des", "ba", "qui", "fer", "lu", "an", "so"];
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        let at = numbers.below(1 << 20) as f64 / f64::from(1 << 20);
        let mut rank = (at * 20_000_f64.ln()).exp() as usize + 16;
        while rank > 0 {
            text.push_str(SYLLABLES[rank % 16]);
            rank /= 16;
        }
        text.push(' ');
    }
    text
}

/// A linear congruential generator: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    format!("p50 {:.2?}, p99 {:.2?}, most {:.2?}", at(50), at(99), at(100))
}

/// The memory this process holds now and held at most.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() >> 10
    };
    format!("{} MB resident, {} at most", field("VmRSS:"), field("VmHWM:"))
}
