use std::{
    cell::Cell,
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as std_mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use tracing::error;

use super::{
    DeskHandle, Ingest, Tagger, TakeInRules,
    caretaker::Caretaker,
    handle::Message,
    learning::Learning,
    press::{Press, PressRoom, run_press},
    retagging::Retagging,
    retention_time::RetentionTime,
    trouble::Trouble,
};
use crate::{
    clock::Clock,
    model::TopicId,
    publish::Publisher,
    status::Status,
    store::{Store, StoreError},
};

/// How soon a store that could not be written is tried again.
pub const RETRY: Duration = Duration::from_secs(5);

/// How often a desk that waits for the store looks up.
pub(super) const LOOK_UP: Duration = Duration::from_millis(20);

/// What a desk starts with.
pub struct DeskSetup {
    pub store: Store,
    pub rules: TakeInRules,
    /// `None` where nothing is published: a single round of polls.
    pub publisher: Option<Publisher>,
    pub tagging: Tagging,
    pub clock: Clock,
    pub status: Status,
    /// How many messages may wait; more make the pollers wait.
    pub capacity: usize,
    /// How soon a store that could not be written is tried again; [`RETRY`] in ordinary life.
    pub retry: Duration,
}

/// The topics of today, as far as the desk knows them.
#[derive(Clone)]
pub struct Tagging {
    pub tagger: Tagger,
    /// What a reading tagged with them is marked by.
    pub topics_fingerprint: u64,
    /// What each topic's tags depend on, as a fingerprint.
    pub topic_fingerprints: BTreeMap<TopicId, u64>,
    /// What the store is marked by when every entry is tagged with them and sorted by the sources' present priorities.
    pub fingerprint: u64,
    /// With the name that each topic's feed id was first made from.
    pub topics: Vec<(TopicId, TopicId)>,
}

/// The thread that owns all writing.
pub struct Desk {
    pub(super) ingest: Ingest,
    pub(super) clock: Clock,
    pub(super) status: Status,
    pub(super) inbox: mpsc::Receiver<Message>,
    /// `None` where nothing is published: a single round of polls.
    pub(super) to_press: Option<std_mpsc::Sender<Press>>,
    pub(super) tagging: Tagging,
    /// While stored entries are tagged again.
    pub(super) retagging: Option<Retagging>,
    /// When background work last had its turn.
    pub(super) last_turn: Instant,
    pub(super) pruning: bool,
    pub(super) retention_time: RetentionTime,
    pub(super) learning: Learning,
    /// While the store cannot be written.
    pub(super) trouble: Option<Trouble>,
    pub(super) retry: Duration,
    /// Came while the store was occupied.
    pub(super) held: VecDeque<Message>,
    pub(super) to_caretaker: std_mpsc::Sender<StoreError>,
    /// The caretaker has replaced the database.
    pub(super) mended: std_mpsc::Receiver<()>,
    /// Nobody will see another edition.
    pub(super) is_closing: Arc<AtomicBool>,
}

/// Why the desk cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl Desk {
    /// Starts the desk and the publishing thread behind it. Both end when every handle is gone and all is written.
    ///
    /// When it returns, sources that were renamed have their past under their new names.
    pub fn start(setup: DeskSetup) -> Result<(DeskHandle, thread::JoinHandle<()>), DeskError> {
        let (inbox_sender, inbox) = mpsc::channel(setup.capacity);
        let mut to_press = None;
        let mut press = None;
        let is_closing = Arc::new(AtomicBool::new(false));
        let (to_caretaker, from_desk) = std_mpsc::channel();
        if let Some(publisher) = setup.publisher {
            let (sender, from_desk) = std_mpsc::channel();
            let room = PressRoom {
                to_caretaker: to_caretaker.clone(),
                to_desk: inbox_sender.downgrade(),
                status: setup.status.clone(),
                clock: setup.clock.clone(),
                is_closing: is_closing.clone(),
            };
            let run = move || run_press(publisher, &from_desk, &room);
            press = Some(thread::Builder::new().name("publish".into()).spawn(run)?);
            to_press = Some(sender);
        }
        let (mending, mended) = std_mpsc::channel();
        let caretaker = Caretaker {
            store: setup.store.clone(),
            status: setup.status.clone(),
            clock: setup.clock.clone(),
            is_closing: is_closing.clone(),
            renewed: Cell::new(None),
            mended: mending,
        };
        let ingest = Ingest::new(setup.store, setup.rules).with_tagger(setup.tagging.tagger.clone());
        let (checking, has_begun) = std_mpsc::channel();
        let run = move || caretaker.run(&from_desk, checking);
        let caretaker = thread::Builder::new().name("caretaker".into()).spawn(run)?;
        // Nothing is committed before the check. An error says that it is over already.
        let _ = has_begun.recv();
        if ingest.has_sources_to_rename() {
            let _writing = ingest.store.while_writing();
            ingest.rename_sources()?;
        }
        let new_articles = ingest.new_articles.clone();
        let last_read = ingest.store.sources().into_iter().filter_map(|(_, source)| source.last_read).max();
        let desk = Desk {
            retention_time: RetentionTime::new(last_read, Instant::now()),
            ingest,
            clock: setup.clock,
            status: setup.status,
            inbox,
            to_press,
            tagging: setup.tagging,
            retagging: None,
            last_turn: Instant::now(),
            pruning: false,
            learning: Learning::default(),
            trouble: None,
            retry: setup.retry,
            held: VecDeque::new(),
            to_caretaker,
            mended,
            is_closing: is_closing.clone(),
        };
        let thread = thread::Builder::new().name("ingest".into()).spawn(move || {
            desk.run();
            is_closing.store(true, Ordering::Relaxed);
            if caretaker.join().is_err() {
                error!("the thread that takes care of the store ended in a panic");
            }
            if press.is_some_and(|press| press.join().is_err()) {
                error!("the publishing thread ended in a panic");
            }
        })?;
        Ok((DeskHandle { inbox: inbox_sender, new_articles }, thread))
    }

    fn run(mut self) {
        let Some(held) = self.once_free(Vec::new()) else { return };
        self.held.extend(held);
        // Until here the editions of the last run are up: what was damaged meanwhile is in none.
        self.hold();
        self.take_out_what_is_left();
        self.press(Press::Everything);
        self.press(Press::Archive);
        let filled = self.ingest.texts.fill(&self.ingest.store, self.clock.now());
        self.note("reading the texts of the last days", filled);
        {
            let store = self.ingest.store.clone();
            let _writing = store.while_writing();
            self.begin_work();
        }
        while let Some(batch) = self.next_batch() {
            let Some(batch) = self.once_free(batch) else { break };
            if self.mended.try_recv().is_ok() {
                self.trouble = None;
                self.status.store_is(None);
                self.press(Press::Everything);
            }
            self.work_off_or_refuse(batch);
        }
        self.is_closing.store(true, Ordering::Relaxed);
        self.learning.end();
        if self.trouble.is_none()
            && let Err(error) = self.ingest.store.make_durable()
        {
            error!(%error, "the store could not be written at the end");
        }
    }

    pub(super) fn press(&self, press: Press) {
        if let Some(to_press) = &self.to_press
            && to_press.send(press).is_err()
        {
            error!("the publishing thread has ended");
            self.status.published(Some("the publishing thread has ended; restart newsdesk".into()));
        }
    }
}
