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

use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info};

use super::{
    Delivery, DeskHandle, DoneDown, Ingest, Outcome, Tagger, TakeDownError, TakeInRules, Takedown, TellError, TookDown,
    caretaker::Caretaker,
    handle::Message,
    learning::Learning,
    press::{Press, PressRoom, TakingOut, run_press},
    retagging::Retagging,
    retention_time::RetentionTime,
    states::{States, Waiting, both},
};
use crate::{
    clock::Clock,
    model::TopicId,
    publish::{Publisher, TakeOut},
    status::Status,
    store::{ChangedEditions, Store, StoreError},
};

/// The most messages that share one fsync.
const MOST_IN_ONE_FSYNC: usize = 64;

/// How soon a store that could not be written is tried again.
pub const RETRY: Duration = Duration::from_secs(5);

/// However much is delivered, what goes on in the background has a turn so often.
const LONGEST_WITHOUT_A_TURN: Duration = Duration::from_millis(200);

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
    /// Why the store cannot be written at present, and when it is tried again.
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

pub(super) struct Trouble {
    why: String,
    again: Instant,
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
            match &self.trouble {
                Some(trouble) if Instant::now() < trouble.again => refuse(batch, &trouble.why),
                Some(_) => {
                    self.recover();
                    self.work_off_or_refuse(batch);
                }
                None => self.work_off(batch),
            }
        }
        self.is_closing.store(true, Ordering::Relaxed);
        self.learning.end();
        if self.trouble.is_none()
            && let Err(error) = self.ingest.store.make_durable()
        {
            error!(%error, "the store could not be written at the end");
        }
    }

    fn work_off_or_refuse(&mut self, batch: Vec<Message>) {
        match &self.trouble {
            Some(trouble) => refuse(batch, &trouble.why),
            None => self.work_off(batch),
        }
    }

    /// Waits as long as the store has no time for commits. Who only wants to know whether the desk lives is answered meanwhile;
    /// `None` if nobody is left who wants anything.
    fn once_free(&mut self, batch: Vec<Message>) -> Option<Vec<Message>> {
        if self.ingest.store.is_occupied().is_none() {
            return Some(batch);
        }
        let mut waiting = Vec::new();
        let hold = |message: Message, waiting: &mut Vec<Message>| match message {
            Message::Ping { done } => drop(done.send(())),
            message => waiting.push(message),
        };
        batch.into_iter().for_each(|message| hold(message, &mut waiting));
        while let Some(doing) = self.ingest.store.is_occupied() {
            debug!("polls wait: {doing}");
            match self.inbox.try_recv() {
                Ok(message) => hold(message, &mut waiting),
                Err(mpsc::error::TryRecvError::Empty) => thread::sleep(LOOK_UP),
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    self.is_closing.store(true, Ordering::Relaxed);
                    thread::sleep(LOOK_UP);
                }
            }
        }
        let later = waiting.split_off(waiting.len().min(MOST_IN_ONE_FSYNC));
        self.held.extend(later);
        if self.is_closing.load(Ordering::Relaxed) { None } else { Some(waiting) }
    }

    /// Tries whether the store can be written again.
    fn recover(&mut self) {
        match self.ingest.store.recover() {
            Ok(()) => {
                info!("the store can be written again");
                self.trouble = None;
                self.status.store_is(None);
                // What was applied before the trouble is durable now, and in no edition yet.
                self.press(Press::Everything);
            }
            Err(error) => self.is_in_trouble(error),
        }
    }

    fn is_in_trouble(&mut self, error: StoreError) {
        self.ingest.texts.forget();
        let why = format!("{error}; no poll is done until it can be written again, which is tried every few seconds");
        if self.trouble.is_none() {
            error!("{why}");
        }
        self.status.store_is(Some(why.clone()));
        self.trouble = Some(Trouble { why, again: Instant::now() + self.retry });
        if error.is_damage() {
            // The caretaker is there for as long as we are.
            let _ = self.to_caretaker.send(error);
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

    /// The messages to work off next; empty when there is only background work. `None` when all handles are gone.
    fn next_batch(&mut self) -> Option<Vec<Message>> {
        let mut batch = Vec::new();
        while batch.len() < MOST_IN_ONE_FSYNC
            && let Some(message) = self.held.pop_front()
        {
            batch.push(message);
        }
        let is_idle = self.retagging.is_none() && !self.pruning && !self.ingest.is_unsettled();
        if let Some(trouble) = &self.trouble {
            let again = trouble.again;
            while batch.is_empty() && Instant::now() < again {
                match self.inbox.try_recv() {
                    Ok(message) => batch.push(message),
                    Err(mpsc::error::TryRecvError::Empty) => thread::sleep(LOOK_UP),
                    Err(mpsc::error::TryRecvError::Disconnected) => return None,
                }
            }
        } else if is_idle && batch.is_empty() {
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
        self.look_at_the_clock();
        let mut changed = ChangedEditions::new();
        let mut states = States::new(&store);
        let mut delivered = Vec::new();
        let mut articles = Vec::new();
        let mut answered = Vec::new();
        let mut archived = Vec::new();
        let mut taken_down = Vec::new();
        let mut lifted = Vec::new();
        let mut trouble = None;
        let is_idle = batch.is_empty();
        for message in batch {
            match message {
                Message::Begin { source, state, done } => states.put(&source, *state, Waiting::Begun(done)),
                Message::Delivery { delivery, done } if delivery.reading.is_none() => {
                    states.put(&delivery.source, delivery.state, Waiting::Delivered(done));
                }
                Message::Delivery { delivery, done } => {
                    debug!(source = %delivery.source, "commit begins");
                    trouble = trouble.or(states.apply());
                    let result = match self.take_in(*delivery) {
                        Ok((outcome, editions)) => {
                            changed.extend(editions);
                            Ok(outcome)
                        }
                        Err(error) => {
                            error!(%error, "a delivery cannot be kept");
                            let why = error.to_string();
                            trouble.get_or_insert(error);
                            Err(why)
                        }
                    };
                    delivered.push((done, result));
                }
                Message::Article { source, number, end, done } => {
                    let result = self.ingest.take_article(source, number, end, self.clock.now());
                    let result = result.map(|editions| changed.extend(editions)).map_err(|error| {
                        let why = error.to_string();
                        trouble.get_or_insert(error);
                        why
                    });
                    articles.push((done, result));
                }
                Message::Reload { rules, publisher, tagging, done } => {
                    self.ingest.rules = rules;
                    self.ingest.tagger = Some(tagging.tagger.clone());
                    self.tagging = tagging;
                    self.hold();
                    self.press(Press::Instead(publisher));
                    self.begin_work();
                    let _ = done.send(());
                }
                Message::Tell { tell, done } => {
                    trouble = trouble.or(states.apply());
                    let told = match self.ingest.tell(&tell, self.clock.now()) {
                        Ok((stories, editions)) => {
                            changed.extend(editions);
                            Ok(stories)
                        }
                        Err(error) => {
                            let why = error.to_string();
                            if let TellError::Store(error) = error {
                                trouble.get_or_insert(error);
                            }
                            Err(why)
                        }
                    };
                    answered.push((done, told));
                }
                Message::Subscriptions { changes, done } => {
                    let mut refresh = store.refresh();
                    changes.into_iter().for_each(|change| refresh.put_subscription(change));
                    let result = refresh.apply().map(drop).map_err(|error| {
                        let why = error.to_string();
                        trouble.get_or_insert(error);
                        why
                    });
                    articles.push((done, result));
                }
                Message::Archived(made) => match self.ingest.archived(&made) {
                    Ok(()) => archived.push(made.topic),
                    Err(error) => drop(trouble.get_or_insert(error)),
                },
                Message::TakeDown { request, done } => {
                    trouble = trouble.or(states.apply());
                    match self.ingest.take_down(&request, self.clock.now()) {
                        Ok(Takedown { told, out, changed: editions }) => {
                            changed.extend(editions);
                            taken_down.push((told, out, done));
                        }
                        Err(error) => {
                            let _ = done.send(Err(error.to_string()));
                            if let TakeDownError::Store(error) = error {
                                trouble.get_or_insert(error);
                            }
                        }
                    }
                }
                Message::AreOut(numbers) => {
                    if let Err(error) = self.ingest.are_out(&numbers) {
                        trouble.get_or_insert(error);
                    }
                }
                Message::Lift { what, done } => {
                    let result = self.ingest.lift(&what).map_err(|error| {
                        let why = error.to_string();
                        if let TakeDownError::Store(error) = error {
                            trouble.get_or_insert(error);
                        }
                        why
                    });
                    lifted.push((done, result));
                }
                Message::Prune => {
                    self.pruning = true;
                    self.press(Press::Archive);
                }
                Message::Ping { done } => drop(done.send(())),
            }
        }
        trouble = trouble.or(states.apply());
        if trouble.is_none() {
            trouble = self.keep_what_was_learnt(&mut changed);
        }
        if trouble.is_none() && (is_idle || self.last_turn.elapsed() > LONGEST_WITHOUT_A_TURN) {
            trouble = self.work_in_background(&mut changed);
            self.last_turn = Instant::now();
        }
        let durable = self.ingest.store.make_durable();
        drop(writing);
        let durable = match (durable, trouble) {
            (Ok(()), None) => Ok(()),
            (Err(error), _) => {
                self.is_in_trouble(error);
                Err(self.trouble.as_ref().map(|trouble| trouble.why.clone()).unwrap_or_default())
            }
            (Ok(()), Some(error)) => {
                // What was applied before the trouble began is durable, and acknowledged.
                self.is_in_trouble(error);
                Ok(())
            }
        };
        debug!("commit ends");
        states.answer(&durable);
        for (done, result) in delivered {
            let _ = done.send(both(result, &durable));
        }
        for (done, result) in articles {
            let _ = done.send(both(result, &durable));
        }
        for (done, result) in answered {
            let _ = done.send(both(result, &durable));
        }
        for (done, result) in lifted {
            let _ = done.send(both(result, &durable));
        }
        self.take_out(taken_down, &durable);
        if durable.is_ok() {
            archived.into_iter().for_each(|topic| self.press(Press::Archived(topic)));
            if !changed.is_empty() {
                self.press(Press::Changed(changed));
            }
        }
    }

    /// Has what was taken down leave archives and editions; who asked for it is answered once it has.
    fn take_out(&self, taken_down: Vec<WaitingForTakedown>, durable: &Result<(), String>) {
        for (told, what, done) in taken_down {
            match durable {
                Ok(()) => {
                    let numbers = vec![told.number];
                    let taking_out = TakingOut { what, numbers, done: Some((told, done)) };
                    self.press(Press::TakeOut(Box::new(taking_out)));
                }
                Err(why) => drop(done.send(Err(why.clone()))),
            }
        }
    }

    /// What was taken down just before newsdesk was stopped may still be in archives and editions.
    fn take_out_what_is_left(&self) {
        match self.ingest.still_to_take_out() {
            Ok(Some((what, numbers))) => {
                self.press(Press::TakeOut(Box::new(TakingOut { what, numbers, done: None })));
            }
            Ok(None) => {}
            Err(error) => self.note("looking for what was taken down", Err(error)),
        }
    }

    /// Takes a delivery in; one that was tagged before the topics changed is tagged again.
    fn take_in(&self, mut delivery: Delivery) -> Result<(Outcome, ChangedEditions), StoreError> {
        let tagged_with = delivery.reading.as_ref().map(|reading| reading.tagged_with);
        if tagged_with.is_some_and(|tagged_with| tagged_with != self.tagging.topics_fingerprint) {
            self.ingest.read_for_today(&mut delivery)?;
        }
        self.ingest.take_in(delivery)
    }
}

/// What was taken down from the store, what is to leave the archives, and who waits for it.
type WaitingForTakedown = (TookDown, TakeOut, oneshot::Sender<Result<DoneDown, String>>);

/// Answers everybody that nothing can be kept any more.
fn refuse(batch: Vec<Message>, why: &str) {
    for message in batch {
        match message {
            Message::Begin { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Delivery { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Article { done, .. } | Message::Subscriptions { done, .. } => {
                drop(done.send(Err(why.to_string())));
            }
            Message::Tell { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::TakeDown { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Lift { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Reload { done, .. } | Message::Ping { done } => drop(done.send(())),
            // The page is there, and found when archives are next looked at; so is what is still to be taken out.
            Message::Archived(_) | Message::AreOut(_) | Message::Prune => {}
        }
    }
}
