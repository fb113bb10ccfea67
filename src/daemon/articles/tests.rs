//! When the store is read and pages are fetched, in time that the tests move.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::rounds::{Work, fetch_articles};
use crate::{
    clock::Clock,
    ingest::NewArticles,
    model::{EntryNumber, SourceNumber},
    store::{ArticleJob, StoreError},
};

/// What is in the store, and what was done with it.
#[derive(Default)]
struct Shelf {
    jobs: BTreeMap<(SourceNumber, EntryNumber), DateTime<Utc>>,
    /// Of whom it was read.
    reads: Vec<Option<u32>>,
    /// Which entry's page was fetched, in which second.
    fetched: Vec<(u64, u64)>,
    under_way: Vec<SourceNumber>,
    most_under_way: usize,
    cannot_be_read: bool,
}

#[derive(Clone)]
struct Room {
    shelf: Arc<Mutex<Shelf>>,
    begun: Instant,
    /// Seconds by which the clock was set ahead.
    ahead: Arc<AtomicI64>,
    news: NewArticles,
    /// How long a page takes.
    takes: Duration,
}

impl Work for Room {
    async fn waiting(&self, of: Option<SourceNumber>) -> Result<Vec<ArticleJob>, StoreError> {
        let mut shelf = self.shelf();
        shelf.reads.push(of.map(|source| source.0));
        if shelf.cannot_be_read {
            return Err(StoreError::Stopped);
        }
        let jobs = shelf.jobs.iter().filter(|((source, _), _)| of.is_none_or(|of| of == *source));
        Ok(jobs
            .map(|((source, number), due)| ArticleJob { source: *source, number: *number, tries: 0, due: *due })
            .collect())
    }

    async fn work_off(&self, job: ArticleJob) -> bool {
        {
            let mut shelf = self.shelf();
            assert!(!shelf.under_way.contains(&job.source), "a source has one page under way");
            shelf.under_way.push(job.source);
            shelf.most_under_way = shelf.most_under_way.max(shelf.under_way.len());
        }
        sleep(self.takes).await;
        let second = self.begun.elapsed().as_secs();
        let mut shelf = self.shelf();
        shelf.under_way.retain(|source| *source != job.source);
        shelf.jobs.remove(&(job.source, job.number));
        shelf.fetched.push((job.number.0, second));
        true
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time")
}

impl Room {
    fn new() -> Self {
        Self {
            shelf: Arc::default(),
            begun: Instant::now(),
            ahead: Arc::default(),
            news: NewArticles::default(),
            takes: Duration::ZERO,
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a page of a source on the list, due in so many seconds from the start.
    fn put(&self, source: u32, number: u64, due: i64) {
        let due = start() + TimeDelta::seconds(due);
        self.shelf().jobs.insert((SourceNumber(source), EntryNumber(number)), due);
    }

    fn run(&self) -> DropGuard {
        let stop = CancellationToken::new();
        let (begun, ahead) = (self.begun, self.ahead.clone());
        let clock = Clock::new(move || {
            let passed = TimeDelta::from_std(begun.elapsed()).expect("not long");
            start() + passed + TimeDelta::seconds(ahead.load(Ordering::Relaxed))
        });
        tokio::spawn(fetch_articles(self.clone(), self.news.clone(), clock, stop.clone()));
        stop.drop_guard()
    }

    fn reads(&self) -> Vec<Option<u32>> {
        self.shelf().reads.clone()
    }

    fn fetched(&self) -> Vec<(u64, u64)> {
        self.shelf().fetched.clone()
    }
}

const HOUR: u64 = 3_600;

async fn hours(hours: u64) {
    sleep(Duration::from_secs(hours * HOUR)).await;
}

#[tokio::test(start_paused = true)]
async fn the_store_is_not_read_while_nothing_is_due() {
    let room = Room::new();
    room.put(7, 1, 6 * HOUR as i64);
    let _run = room.run();
    hours(5).await;
    assert_eq!((room.reads(), room.fetched()), (vec![None], vec![]), "once, at the start");
    hours(2).await;
    assert_eq!(room.fetched(), [(1, 6 * HOUR)], "to the second");
    assert_eq!(room.reads(), [None, Some(7)], "whether that source has more");
    hours(1_000).await;
    assert_eq!(room.reads().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_a_source_that_has_something_new_and_of_no_other_the_store_is_read_at_once() {
    let room = Room::new();
    room.put(1, 1, 6 * HOUR as i64);
    let _run = room.run();
    hours(1).await;
    room.put(2, 10, 0);
    room.put(2, 11, 0);
    room.put(3, 12, 2 * HOUR as i64);
    room.news.tell(SourceNumber(3));
    room.news.tell(SourceNumber(2));
    hours(1).await;
    assert_eq!(room.fetched(), [(10, HOUR), (11, HOUR)], "the oldest entry first");
    hours(1).await;
    assert_eq!(room.fetched()[2..], [(12, 2 * HOUR)]);
    assert!(room.reads()[1..].iter().all(|read| [Some(2), Some(3)].contains(read)), "{:?}", room.reads());
    assert_eq!(room.reads().len(), 6, "{:?}", room.reads());
}

#[tokio::test(start_paused = true)]
async fn eight_pages_are_under_way_at_most_and_one_of_a_source() {
    let mut room = Room::new();
    room.takes = Duration::from_secs(10);
    for source in 0..20 {
        for number in 0..3 {
            room.put(source, u64::from(source) * 10 + number, 0);
        }
    }
    let _run = room.run();
    hours(1).await;
    assert_eq!((room.fetched().len(), room.shelf().most_under_way), (60, 8));
    assert_eq!(room.fetched().last().map(|(_, second)| *second), Some(80), "there is always one under way");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_read_again() {
    let room = Room::new();
    room.put(1, 1, 0);
    room.shelf().cannot_be_read = true;
    let _run = room.run();
    sleep(Duration::from_secs(12)).await;
    room.shelf().cannot_be_read = false;
    sleep(Duration::from_secs(4)).await;
    assert_eq!((room.fetched(), room.reads().len()), (vec![(1, 15)], 5));
    room.shelf().cannot_be_read = true;
    room.put(2, 2, 0);
    room.news.tell(SourceNumber(2));
    sleep(Duration::from_secs(3)).await;
    room.shelf().cannot_be_read = false;
    hours(1).await;
    assert_eq!(room.fetched().last(), Some(&(2, 21)));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_is_noticed_at_once() {
    let room = Room::new();
    room.put(1, 1, 100 * HOUR as i64);
    let _run = room.run();
    hours(1).await;
    room.ahead.store(200 * HOUR as i64, Ordering::Relaxed);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(room.fetched().len(), 1);
}
