//! Editions of many topics, and the first one after a start.
//!
//!     cargo bench --bench editions -- topics 1000
//!     cargo bench --bench editions -- restart DIR

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use newsdesk::{
    ingest::{Delivery, Ingest, Reading, TaggedEntry, TakeInRules},
    model::{Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    publish::{Editions, Found, Made, PublishSettings, Publisher, TopicPage},
    store::{RetentionLimits, Store, StoreSettings},
};

/// Stories of a topic.
const STORIES: usize = 50;

/// Topics that get a story more.
const CHANGED: usize = 10;

const FORMATS: [&str; 4] = [".atom", ".rss", ".json", ""];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["topics", number] => topics(number.parse().expect("a number of topics")),
        ["restart", folder] => restart(Path::new(folder)),
        _ => println!("nothing measured: say topics NUMBER or restart DIR after --"),
    }
}

fn rules() -> TakeInRules {
    let age = Duration::from_secs(36_500 * 86_400);
    TakeInRules {
        retention: RetentionLimits { age, entries_per_source: u64::MAX, size: None },
        sources: BTreeMap::new(),
    }
}

fn newest() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time")
}

fn topic(number: usize) -> TopicId {
    TopicId::new(format!("topic-{number}"))
}

/// A story for each of these topics, of some two kilobytes.
fn delivery(poll: usize, topics: impl Iterator<Item = usize>) -> Delivery {
    let entry = |number: usize| {
        let link = format!("https://publisher{poll}.example/{number}");
        let text: String = (0..40)
            .map(|word| format!("<p>word{} of story {number} in poll {poll}, told.</p>", word * 7919 % 997))
            .collect();
        let entry = Entry {
            guid: Some(link.clone()),
            title: format!("Story {number} of poll {poll}"),
            link: Some(link),
            published: Some(newest() - chrono::Duration::minutes(100) + chrono::Duration::minutes(poll as i64)),
            content: Some(text),
            ..Entry::default()
        };
        TaggedEntry::new(entry, vec![TopicScore { topic: topic(number), score: 5.0 }])
    };
    let feed = FeedMetadata { title: format!("Publisher {poll}"), ..FeedMetadata::default() };
    Delivery {
        source: SourceId::new(format!("publisher-{poll}")),
        configured_url: format!("https://publisher{poll}.example/feed"),
        at: newest(),
        state: PollState::default(),
        reading: Some(Reading { feed, entries: topics.map(entry).collect(), deleted: Vec::new(), tagged_with: 0 }),
    }
}

fn settings(topics: usize) -> PublishSettings {
    let pages = (0..topics).map(|number| TopicPage::new(topic(number), format!("Topic {number}")));
    PublishSettings {
        entries: STORIES,
        topics: pages.collect(),
        ..PublishSettings::new("https://news.example/".parse().expect("a URL"))
    }
}

fn topics(number: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let store =
        Store::open(&StoreSettings::new(folder.path())).map_err(|error| error.to_string()).expect("opened").store;
    let ingest = Ingest::new(store.clone(), rules());
    for poll in 0..STORIES {
        ingest.take_in(delivery(poll, 0..number)).map_err(|error| error.to_string()).expect("taken in");
    }
    store.make_durable().expect("durable");
    println!("{number} topics of {STORIES} stories are kept, {}", memory());

    let editions = Editions::default();
    let mut publisher = Publisher::new(store.clone(), settings(number), editions.clone(), &BTreeMap::new(), None);
    let begun = Instant::now();
    let all = publisher.all();
    assert!(publisher.publish(&all).finished);
    println!("all are current in {:.1?}, {} of them finished, {}", begun.elapsed(), editions.len(), memory());
    for formats in [&FORMATS[..1], &FORMATS[..]] {
        let begun = Instant::now();
        let mut bytes = 0;
        for number in 0..number {
            for format in formats {
                bytes += body(&editions, &format!("/topics/topic-{number}{format}")).len();
            }
        }
        while publisher.settle_one() {}
        println!(
            "every topic was asked for in {} formats ({} MB) and all is in its codings in {:.1?}: editions take {} MB, {}",
            formats.len(),
            bytes >> 20,
            begun.elapsed(),
            editions.bytes() >> 20,
            memory()
        );
    }

    // What readers ask for every hour is there; ten topics that they ask for get a story more.
    for round in 0..5 {
        let changed: Vec<usize> = (0..CHANGED).map(|nth| number - 1 - nth * 7).collect();
        for number in &changed {
            for format in FORMATS {
                body(&editions, &format!("/topics/topic-{number}{format}"));
            }
        }
        while publisher.settle_one() {}
        let poll = STORIES + round;
        let (_, changed_editions) = ingest
            .take_in(delivery(poll, changed.iter().copied()))
            .map_err(|error| error.to_string())
            .expect("taken in");
        store.make_durable().expect("durable");
        let title = format!("of poll {poll}<");
        let is_done = AtomicBool::new(false);
        let begun = Instant::now();
        let (atom, everything) = std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(publisher.publish(&changed_editions).finished);
                while publisher.settle_one() {}
                is_done.store(true, Ordering::Relaxed);
            });
            while !changed.iter().all(|number| has(&editions, &format!("/topics/topic-{number}.atom"), &title)) {}
            let atom = begun.elapsed();
            while !is_done.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_micros(200));
            }
            (atom, begun.elapsed())
        });
        let is_current = |path: &str| has(&editions, path, &format!("of poll {poll}"));
        assert!(
            changed
                .iter()
                .all(|number| FORMATS.iter().all(|format| is_current(&format!("/topics/topic-{number}{format}"))))
        );
        println!(
            "a story more in each of {CHANGED}: Atom current after {atom:.1?}, other formats and all codings after {everything:.1?}, {}",
            memory()
        );
    }
}

/// What a reader is sent.
fn body(editions: &Editions, path: &str) -> Vec<u8> {
    match editions.find(path) {
        Found::Edition(edition) => edition.document().to_vec(),
        Found::ToMake(address) => match editions.make(&address) {
            Made::Edition(edition) => edition.document().to_vec(),
            _ => panic!("{path} cannot be made"),
        },
        _ => panic!("{path} is not there"),
    }
}

fn has(editions: &Editions, path: &str, text: &str) -> bool {
    match editions.find(path) {
        Found::Edition(edition) => memchr::memmem::find(edition.document(), text.as_bytes()).is_some(),
        _ => false,
    }
}

/// From the start of a process on a store to the first edition.
fn restart(folder: &Path) {
    let begun = Instant::now();
    let store = Store::open(&StoreSettings::new(folder)).map_err(|error| error.to_string()).expect("opened").store;
    let opened = begun.elapsed();
    let editions = Editions::default();
    let settings = PublishSettings {
        topics: vec![TopicPage::new(topic(3), "Topic")],
        ..PublishSettings::new("https://news.example/".parse().expect("a URL"))
    };
    let _publisher = Publisher::new(store, settings, editions.clone(), &BTreeMap::new(), None);
    for path in ["/topics/topic-3.atom", "/all.atom", "/topics/topic-3.json", "/"] {
        let before = begun.elapsed();
        let length = body(&editions, path).len();
        println!(
            "{path}: {length} bytes {:.1?} after the start, made in {:.1?}",
            begun.elapsed(),
            begun.elapsed() - before
        );
    }
    println!("the store was open after {opened:.1?}; {}", memory());
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default() / 1024
    };
    format!("{} MB resident, {} at most", field("VmRSS:"), field("VmHWM:"))
}
