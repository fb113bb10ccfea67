use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as std_mpsc,
    },
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info};

use super::{
    Delivery, Ingest, Outcome, TakeInRules,
    states::{States, Waiting, both},
};
use crate::{
    clock::Clock,
    model::{Entry, EntryNumber, PollState, SourceId, TopicId, TopicScore},
    publish::Publisher,
    status::Status,
    store::{ChangedEditions, Store, StoreError},
};

/// Tags a stored entry with the topics of today.
pub type Tagger = Arc<dyn Fn(&Entry) -> Vec<TopicScore> + Send + Sync>;

/// The most messages that share one fsync.
const MOST_IN_ONE_FSYNC: usize = 64;

/// How long to wait before writing is tried again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// Where deliveries are handed in. Cheap to clone; the desk closes when the last handle is dropped.
#[derive(Clone)]
pub struct DeskHandle {
    inbox: mpsc::Sender<Message>,
}

/// The desk has stopped; nothing can be handed in any more.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub struct DeskStopped;

enum Message {
    Begin { source: SourceId, state: Box<PollState>, done: oneshot::Sender<Result<(), String>> },
    Delivery { delivery: Box<Delivery>, done: oneshot::Sender<Result<Outcome, String>> },
    Reload { rules: TakeInRules, publisher: Box<Publisher>, tagging: Tagging },
    Prune,
}

impl DeskHandle {
    /// Puts on the disk that a poll is about to begin, before its request leaves. The inner error is the store's.
    pub async fn begin(&self, source: SourceId, state: PollState) -> Result<Result<(), String>, DeskStopped> {
        let (done, answer) = oneshot::channel();
        self.send(Message::Begin { source, state: Box::new(state), done }).await?;
        answer.await.map_err(|_| DeskStopped)
    }

    /// Hands a delivery in and waits until it is on the disk. The inner error is the store's: the poll is not done then.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Result<Outcome, String>, DeskStopped> {
        let (done, answer) = oneshot::channel();
        self.send(Message::Delivery { delivery: Box::new(delivery), done }).await?;
        answer.await.map_err(|_| DeskStopped)
    }

    /// Goes over to new rules, a new publisher and new topics; stored entries are tagged again between deliveries.
    pub async fn reload(&self, rules: TakeInRules, publisher: Publisher, tagging: Tagging) -> Result<(), DeskStopped> {
        self.send(Message::Reload { rules, publisher: Box::new(publisher), tagging }).await
    }

    /// Asks for what the retention no longer covers to be removed.
    pub async fn prune(&self) -> Result<(), DeskStopped> {
        self.send(Message::Prune).await
    }

    async fn send(&self, message: Message) -> Result<(), DeskStopped> {
        self.inbox.send(message).await.map_err(|_| DeskStopped)
    }
}

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
    pub topics: Vec<TopicId>,
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
    /// Editions that changed by what is not known to be on the disk yet.
    unpublished: ChangedEditions,
    /// The last attempt to write failed: try again without being asked.
    owes_a_write: bool,
}

/// What the publishing thread is told.
enum Press {
    Changed(ChangedEditions),
    Instead(Box<Publisher>),
}

impl Desk {
    /// Starts the desk and the publishing thread behind it. Both end when every handle is gone and all is written.
    pub fn start(setup: DeskSetup) -> std::io::Result<(DeskHandle, thread::JoinHandle<()>)> {
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
        let desk = Desk {
            ingest: Ingest::new(setup.store, setup.rules),
            clock: setup.clock,
            status: setup.status,
            inbox,
            to_press,
            tagging: setup.tagging,
            tagging_from: None,
            pruning: false,
            unpublished: ChangedEditions::new(),
            owes_a_write: false,
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
            self.work_off(batch);
        }
        if let Err(error) = self.ingest.store.make_durable() {
            error!(%error, "the store could not be written at the end");
        }
    }

    /// What is due at start and after a reload.
    fn begin_work(&mut self) {
        let renamed = self.ingest.rename_sources();
        self.note(renamed);
        let mut refresh = self.ingest.store.refresh();
        refresh.remember_topics(&self.tagging.topics);
        let remembered = refresh.apply().map(drop);
        self.note(remembered);
        let retag = self.begin_tagging();
        self.note(retag);
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
        if let Some(to_press) = &self.to_press {
            // The publishing thread ends after this one only, unless it panicked, which is told at the end.
            let _ = to_press.send(press);
        }
    }

    /// The messages to work off next; empty when there is only background work. `None` when all handles are gone.
    fn next_batch(&mut self) -> Option<Vec<Message>> {
        let mut batch = Vec::new();
        if self.tagging_from.is_none() && !self.pruning {
            if self.owes_a_write {
                thread::sleep(BETWEEN_ATTEMPTS);
            } else {
                batch.push(self.inbox.blocking_recv()?);
            }
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
                Message::Reload { rules, publisher, tagging } => {
                    self.ingest.rules = rules;
                    self.tagging = tagging;
                    self.press(Press::Instead(publisher));
                    self.begin_work();
                }
                Message::Prune => self.pruning = true,
            }
        }
        states.apply();
        if is_idle {
            self.work_in_background(&mut changed);
        }
        let durable = self.ingest.store.make_durable();
        if let Err(error) = &durable {
            error!(%error, "nothing of the last polls is kept until the store can be written again");
        }
        self.status.store_is(durable.as_ref().err().map(ToString::to_string));
        self.owes_a_write = durable.is_err();
        self.unpublished.extend(changed);
        debug!("commit ends");
        let durable = durable.map_err(|error| error.to_string());
        states.answer(&durable);
        for (done, result) in delivered {
            let _ = done.send(both(result, &durable));
        }
        if durable.is_ok() && !self.unpublished.is_empty() {
            let changed = std::mem::take(&mut self.unpublished);
            self.press(Press::Changed(changed));
        }
    }

    /// A delivery that was tagged before the topics changed is tagged again.
    fn tagged_for_today(&self, mut delivery: Delivery) -> Delivery {
        if let Some(reading) = &mut delivery.reading
            && reading.tagged_with != self.tagging.topics_fingerprint
        {
            for tagged in &mut reading.entries {
                tagged.topics = (self.tagging.tagger)(&tagged.entry);
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
                    self.note(Err(error));
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
                        self.note(noted);
                    }
                }
                Err(error) => {
                    self.tagging_from = None;
                    self.note(Err(error));
                }
            }
        }
    }

    fn note(&self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            error!(%error, "the store could not be used");
            self.status.store_is(Some(error.to_string()));
        }
    }
}

/// Renders whatever changed since the last time, all that has piled up in one go.
///
/// Once the desk is closing nobody will see another edition, so what is left is not rendered: with many topics it takes
/// longer than a stop may.
fn run_press(
    mut publisher: Publisher,
    from_desk: &std_mpsc::Receiver<Press>,
    status: &Status,
    is_closing: &AtomicBool,
) {
    let mut changed = publisher.all();
    loop {
        let mut waiting: Vec<Press> = from_desk.try_iter().collect();
        if waiting.is_empty() && changed.is_empty() {
            match from_desk.recv() {
                Ok(press) => waiting.push(press),
                Err(std_mpsc::RecvError) => return,
            }
        }
        for press in waiting {
            match press {
                Press::Changed(editions) => changed.extend(editions),
                Press::Instead(other) => {
                    publisher = *other;
                    changed = publisher.all();
                }
            }
        }
        if !changed.is_empty() {
            debug!(editions = changed.len(), "publish begins");
            let published = publisher.publish_while(&changed, || !is_closing.load(Ordering::Relaxed));
            debug!("publish ends");
            changed.clear();
            match published {
                Ok(true) => status.published(),
                Ok(false) => return,
                Err(error) => {
                    error!(%error, "the editions could not be brought up to date");
                    status.store_is(Some(error.to_string()));
                }
            }
        }
    }
}
