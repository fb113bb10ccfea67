use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as std_mpsc,
    },
    thread,
};

use tokio::sync::mpsc;
use tracing::{debug, error, info};

use super::{
    Delivery, DeskHandle, Ingest, TakeInRules,
    handle::Message,
    press::{Press, run_press},
    states::{States, Waiting, both},
};
use crate::{
    clock::Clock,
    model::{Entry, EntryNumber, SourceId, TopicId, TopicScore},
    publish::Publisher,
    status::Status,
    store::{ChangedEditions, Store, StoreError},
};

/// Tags a source's stored entry with the topics of today.
pub type Tagger = Arc<dyn Fn(&Entry, Option<&SourceId>) -> Vec<TopicScore> + Send + Sync>;

/// The most messages that share one fsync.
const MOST_IN_ONE_FSYNC: usize = 64;

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
}

/// The topics of today, as far as the desk knows them.
#[derive(Clone)]
pub struct Tagging {
    pub tagger: Tagger,
    /// What a reading tagged with them is marked by.
    pub topics_fingerprint: u64,
    /// What the store is marked by when every entry is tagged with them and sorted by the sources' present priorities.
    pub fingerprint: u64,
    /// With the name that each topic's feed id was first made from.
    pub topics: Vec<(TopicId, TopicId)>,
}

/// The thread that owns all writing.
pub struct Desk {
    ingest: Ingest,
    clock: Clock,
    status: Status,
    inbox: mpsc::Receiver<Message>,
    /// `None` where nothing is published: a single round of polls.
    to_press: Option<std_mpsc::Sender<Press>>,
    tagging: Tagging,
    /// The next entry to be tagged again, while that is going on.
    tagging_from: Option<EntryNumber>,
    pruning: bool,
    /// Why the store can no longer be written, once it cannot. sled does not recover from a failed write while it is open,
    /// and a later flush that succeeds would prove nothing.
    broken: Option<String>,
    /// Nobody will see another edition.
    is_closing: Arc<AtomicBool>,
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
        if let Some(publisher) = setup.publisher {
            let (sender, from_desk) = std_mpsc::channel();
            let status = setup.status.clone();
            let closing = is_closing.clone();
            let run = move || run_press(publisher, &from_desk, &status, &closing);
            press = Some(thread::Builder::new().name("publish".into()).spawn(run)?);
            to_press = Some(sender);
        }
        let ingest = Ingest::new(setup.store, setup.rules);
        ingest.rename_sources()?;
        let desk = Desk {
            ingest,
            clock: setup.clock,
            status: setup.status,
            inbox,
            to_press,
            tagging: setup.tagging,
            tagging_from: None,
            pruning: false,
            broken: None,
            is_closing: is_closing.clone(),
        };
        let thread = thread::Builder::new().name("ingest".into()).spawn(move || {
            desk.run();
            is_closing.store(true, Ordering::Relaxed);
            if press.is_some_and(|press| press.join().is_err()) {
                error!("the publishing thread ended in a panic");
            }
        })?;
        Ok((DeskHandle { inbox: inbox_sender }, thread))
    }

    fn run(mut self) {
        self.begin_work();
        while let Some(batch) = self.next_batch() {
            match &self.broken {
                None => self.work_off(batch),
                Some(why) => refuse(batch, why),
            }
        }
        if self.broken.is_none()
            && let Err(error) = self.ingest.store.make_durable()
        {
            error!(%error, "the store could not be written at the end");
        }
    }

    /// What is due at start and after a reload.
    fn begin_work(&mut self) {
        let renamed = self.ingest.rename_sources();
        self.note("renaming sources", renamed);
        let mut refresh = self.ingest.store.refresh();
        refresh.remember_topics(&self.tagging.topics);
        let remembered = refresh.apply().map(drop);
        self.note("remembering topics", remembered);
        let retag = self.begin_tagging();
        self.note("tagging stored entries", retag);
        self.pruning = true;
    }

    /// Has every stored entry tagged again if the topics, or the sources' priorities, are not those it was tagged with.
    fn begin_tagging(&mut self) -> Result<(), StoreError> {
        self.tagging_from = None;
        if self.ingest.store.tagged_with()? != Some(self.tagging.fingerprint) {
            // Until all is done, the entries are tagged with neither: topics put back half-way must not be taken for done.
            let mut refresh = self.ingest.store.refresh();
            refresh.put_tagged_with(None);
            refresh.apply()?;
            self.tagging_from = Some(EntryNumber(0));
        }
        Ok(())
    }

    fn press(&self, press: Press) {
        if let Some(to_press) = &self.to_press
            && to_press.send(press).is_err()
        {
            error!("the publishing thread has ended");
            self.status.published(Some("the publishing thread has ended; restart newsdesk".into()));
        }
    }

    /// The messages to work off next; empty when there is only background work. `None` when all handles are gone.
    fn next_batch(&mut self) -> Option<Vec<Message>> {
        let mut batch = Vec::new();
        let is_idle = self.tagging_from.is_none() && !self.pruning;
        if is_idle || self.broken.is_some() {
            batch.push(self.inbox.blocking_recv()?);
        }
        while batch.len() < MOST_IN_ONE_FSYNC {
            match self.inbox.try_recv() {
                Ok(message) => batch.push(message),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) if batch.is_empty() => return None,
                Err(mpsc::error::TryRecvError::Disconnected) => break,
            }
        }
        Some(batch)
    }

    /// Applies a batch, makes it durable once, and only then answers and publishes.
    fn work_off(&mut self, batch: Vec<Message>) {
        let store = self.ingest.store.clone();
        // Until it is durable nobody may publish it.
        let writing = store.while_writing();
        let mut changed = ChangedEditions::new();
        let mut states = States::new(&store);
        let mut delivered = Vec::new();
        let is_idle = batch.is_empty();
        for message in batch {
            match message {
                Message::Begin { source, state, done } => states.put(&source, *state, Waiting::Begun(done)),
                Message::Delivery { delivery, done } if delivery.reading.is_none() => {
                    states.put(&delivery.source, delivery.state, Waiting::Delivered(done));
                }
                Message::Delivery { delivery, done } => {
                    debug!(source = %delivery.source, "commit begins");
                    states.apply();
                    let delivery = self.tagged_for_today(*delivery);
                    let result = self.ingest.take_in(delivery).map(|(outcome, editions)| {
                        changed.extend(editions);
                        outcome
                    });
                    delivered.push((done, result.map_err(|error| error.to_string())));
                }
                Message::Reload { rules, publisher, tagging, done } => {
                    self.ingest.rules = rules;
                    self.tagging = tagging;
                    self.press(Press::Instead(publisher));
                    self.begin_work();
                    let _ = done.send(());
                }
                Message::Prune => self.pruning = true,
                Message::Ping { done } => drop(done.send(())),
            }
        }
        states.apply();
        if is_idle {
            self.work_in_background(&mut changed);
        }
        let durable = self.ingest.store.make_durable().map_err(|error| {
            let why = format!("{error}; no poll is done from now on: make room, then restart newsdesk");
            error!("{why}");
            // What was applied and is not on the disk must not be published.
            self.is_closing.store(true, Ordering::Relaxed);
            self.broken = Some(why.clone());
            why
        });
        self.status.store_is(durable.as_ref().err().cloned());
        drop(writing);
        debug!("commit ends");
        states.answer(&durable);
        for (done, result) in delivered {
            let _ = done.send(both(result, &durable));
        }
        if durable.is_ok() && !changed.is_empty() {
            self.press(Press::Changed(changed));
        }
    }

    /// A delivery that was tagged before the topics changed is tagged again.
    fn tagged_for_today(&self, mut delivery: Delivery) -> Delivery {
        if let Some(reading) = &mut delivery.reading
            && reading.tagged_with != self.tagging.topics_fingerprint
        {
            for tagged in &mut reading.entries {
                tagged.topics = (self.tagging.tagger)(&tagged.entry, Some(&delivery.source));
            }
        }
        delivery
    }

    fn work_in_background(&mut self, changed: &mut ChangedEditions) {
        if self.pruning {
            match self.ingest.prune(self.clock.now()) {
                Ok((editions, more)) => {
                    changed.extend(editions);
                    self.pruning = more;
                }
                Err(error) => {
                    self.pruning = false;
                    self.note("removing old entries", Err(error));
                }
            }
        } else if let Some(first) = self.tagging_from {
            match self.ingest.tag_again(first, &*self.tagging.tagger) {
                Ok((editions, next)) => {
                    changed.extend(editions);
                    self.tagging_from = next;
                    if next.is_none() {
                        info!("every stored entry is tagged with the present topics");
                        let mut refresh = self.ingest.store.refresh();
                        refresh.put_tagged_with(Some(self.tagging.fingerprint));
                        let noted = refresh.apply().map(drop);
                        self.note("tagging stored entries", noted);
                    }
                }
                Err(error) => {
                    self.tagging_from = None;
                    self.note("tagging stored entries", Err(error));
                }
            }
        }
    }

    fn note(&self, what: &str, result: Result<(), StoreError>) {
        if let Err(error) = result {
            error!(%error, "{what} failed");
            self.status.background_is(Some(format!("{what} failed: {error}")));
        }
    }
}

/// Answers everybody that nothing can be kept any more.
fn refuse(batch: Vec<Message>, why: &str) {
    for message in batch {
        match message {
            Message::Begin { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Delivery { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Reload { done, .. } | Message::Ping { done } => drop(done.send(())),
            Message::Prune => {}
        }
    }
}
