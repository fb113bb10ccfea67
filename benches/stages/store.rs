//! Taking polls in, and reading a topic's newest stories.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use divan::{Bencher, black_box, counter::ItemsCount};
use newsdesk::{ingest::Delivery, text::Boilerplate};

use crate::{
    desk::{Desk, delivery_of, reader, space},
    feeds::{ENTRIES, document},
};

/// How long each commit took, to be told with its percentiles at the end.
static COMMITS: Mutex<Vec<Duration>> = Mutex::new(Vec::new());

/// Sources that have been polled before one measures: 300 make a store of 10,500 stories.
const BEFORE: usize = 300;

/// What the first poll of a source brings.
fn first_poll(reader: &newsdesk::reading::Reader, source: usize, entries: usize) -> Delivery {
    let mut read =
        reader.read(&document(source), None, None, &Boilerplate::default()).unwrap_or_else(|error| panic!("{error}"));
    read.reading.entries.truncate(entries);
    delivery_of(source, read.reading)
}

fn filled(reader: &newsdesk::reading::Reader) -> Desk {
    let desk = Desk::new();
    for source in 0..BEFORE {
        desk.take_in(first_poll(reader, source, ENTRIES));
    }
    desk.make_durable();
    desk
}

/// One poll with 30 new entries, on the disk.
#[divan::bench(sample_count = 300, sample_size = 1)]
fn commit_a_poll_of_30_entries(bencher: Bencher) {
    let reader = reader();
    let desk = filled(&reader);
    let mut source = BEFORE;
    bencher
        .counter(ItemsCount::new(30usize))
        .with_inputs(|| {
            source += 1;
            first_poll(&reader, source, 30)
        })
        .bench_local_values(|delivery| {
            let begin = Instant::now();
            let outcome = desk.take_in(delivery);
            desk.make_durable();
            COMMITS.lock().unwrap_or_else(PoisonError::into_inner).push(begin.elapsed());
            assert_eq!(outcome.new, 30);
        });
}

/// The same without the wait for the disk, which several polls share.
#[divan::bench(sample_count = 300, sample_size = 1)]
fn take_in_30_entries(bencher: Bencher) {
    let reader = reader();
    let desk = filled(&reader);
    let mut source = BEFORE;
    bencher
        .counter(ItemsCount::new(30usize))
        .with_inputs(|| {
            source += 1;
            first_poll(&reader, source, 30)
        })
        .bench_local_values(|delivery| desk.take_in(delivery));
}

/// A changed document without a new entry.
#[divan::bench(sample_count = 300, sample_size = 1)]
fn take_in_35_known_entries(bencher: Bencher) {
    let reader = reader();
    let desk = filled(&reader);
    let mut source = 0;
    bencher
        .counter(ItemsCount::new(ENTRIES))
        .with_inputs(|| {
            source = (source + 1) % BEFORE;
            first_poll(&reader, source, ENTRIES)
        })
        .bench_local_values(|delivery| {
            let outcome = desk.take_in(delivery);
            assert_eq!(outcome.unchanged, ENTRIES);
        });
}

#[divan::bench(sample_count = 100, sample_size = 1, args = [1_000, 100_000])]
fn newest_100_of_a_topic(bencher: Bencher, stories: usize) {
    let desk = Desk::with_stories(stories);
    bencher.bench_local(|| black_box(desk.store.newest(Some(&space()), 100).map(|stories| stories.len())));
}

/// The percentiles that the table does not show.
pub fn print_percentiles() {
    let mut commits = std::mem::take(&mut *COMMITS.lock().unwrap_or_else(PoisonError::into_inner));
    commits.sort_unstable();
    if let (Some(p50), Some(p99)) = (commits.get(commits.len() / 2), commits.get(commits.len() * 99 / 100)) {
        println!("commit_a_poll_of_30_entries: p50 {p50:.1?}, p99 {p99:.1?} of {}", commits.len());
    }
}
