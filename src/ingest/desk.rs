use std::{
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
use tracing::{debug, error, info};

use super::{
    Delivery, DeskHandle, Ingest, Outcome, Tagger, TakeInRules, TellError,
    caretaker::Caretaker,
    handle::Message,
    learning::Learning,
    press::{Press, run_press},
    retagging::{PressState, Retagging},
    states::{States, Waiting, both},
};
use crate::{
    clock::Clock,
    model::TopicId,
    publish::{Held, Publisher},
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
const LOOK_UP: Duration = Duration::from_millis(20);

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
    ingest: Ingest,
    clock: Clock,
    status: Status,
    inbox: mpsc::Receiver<Message>,
    /// `None` where nothing is published: a single round of polls.
    to_press: Option<std_mpsc::Sender<Press>>,
    tagging: Tagging,
    /// While stored entries are tagged again.
    retagging: Option<Retagging>,
    /// When background work last had its turn.
    last_turn: Instant,
    pruning: bool,
    learning: Learning,
    /// Why the store cannot be written at present, and when it is tried again.
    trouble: Option<Trouble>,
    retry: Duration,
    /// Came while the store was occupied.
    held: VecDeque<Message>,
    to_caretaker: std_mpsc::Sender<StoreError>,
    /// The caretaker has replaced the database.
    mended: std_mpsc::Receiver<()>,
    /// Nobody will see another edition.
    is_closing: Arc<AtomicBool>,
}

struct Trouble {
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
            let (status, to_caretaker) = (setup.status.clone(), to_caretaker.clone());
            let closing = is_closing.clone();
            let run = move || run_press(publisher, &from_desk, &to_caretaker, &status, &closing);
            press = Some(thread::Builder::new().name("publish".into()).spawn(run)?);
            to_press = Some(sender);
        }
        let (mending, mended) = std_mpsc::channel();
        let caretaker = Caretaker {
            store: setup.store.clone(),
            status: setup.status.clone(),
            clock: setup.clock.clone(),
            is_closing: is_closing.clone(),
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
        let desk = Desk {
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
        Ok((DeskHandle { inbox: inbox_sender }, thread))
    }

    fn run(mut self) {
        let Some(held) = self.once_free(Vec::new()) else { return };
        self.held.extend(held);
        // Until here the editions of the last run are up: what was damaged meanwhile is in none.
        self.hold();
        self.press(Press::Everything);
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
        let unsettled = self.ingest.find_unsettled();
        self.note("looking for entries to be read again", unsettled);
        self.pruning = true;
    }

    /// Has every stored entry tagged again if the topics, or the sources' priorities, are not those it was tagged with.
    fn begin_tagging(&mut self) -> Result<(), StoreError> {
        self.retagging = None;
        if !self.ingest.has_tags_of(&self.tagging)? {
            // Until all is done, the entries are tagged with neither: topics put back half-way must not be taken for done.
            let mut refresh = self.ingest.store.refresh();
            refresh.put_tagged_with(None);
            refresh.apply()?;
            let sources = self.ingest.store.sources();
            let all = sources.iter().map(|(_, source)| source.entries).sum();
            self.retagging = Some(Retagging::new(all));
        } else if self.ingest.store.tagged_with()? != Some(self.tagging.fingerprint) {
            self.ingest.end_tagging(&self.tagging)?;
        }
        self.tell_of_tagging();
        Ok(())
    }

    fn tell_of_tagging(&self) {
        self.status.tagging_is(self.retagging.as_ref().map(Retagging::told));
    }

    /// Keeps back what would show half of a change of topics.
    fn hold(&self) {
        match self.ingest.held_by(&self.tagging) {
            Ok(held) => self.press(Press::Hold(held, None)),
            Err(error) => self.note("looking for what the topics were", Err(error)),
        }
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
        let mut changed = ChangedEditions::new();
        let mut states = States::new(&store);
        let mut delivered = Vec::new();
        let mut articles = Vec::new();
        let mut answered = Vec::new();
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
                Message::Prune => self.pruning = true,
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
        if durable.is_ok() && !changed.is_empty() {
            self.press(Press::Changed(changed));
        }
    }

    /// Goes over to what was learnt meanwhile, and has it learnt anew when it is time. Returns why it could not be kept.
    fn keep_what_was_learnt(&mut self, changed: &mut ChangedEditions) -> Option<StoreError> {
        let texts = self.ingest.texts.len();
        self.learning.begin_if_due(&self.ingest.store, texts, self.clock.now(), &self.is_closing);
        let learnt = self.learning.finished()?;
        match self.ingest.keep_learnt(learnt) {
            Ok(editions) => changed.extend(editions),
            Err(error) => return Some(error),
        }
        None
    }

    /// Takes a delivery in; one that was tagged before the topics changed is tagged again.
    fn take_in(&self, mut delivery: Delivery) -> Result<(Outcome, ChangedEditions), StoreError> {
        let tagged_with = delivery.reading.as_ref().map(|reading| reading.tagged_with);
        if tagged_with.is_some_and(|tagged_with| tagged_with != self.tagging.topics_fingerprint) {
            self.ingest.read_for_today(&mut delivery)?;
        }
        self.ingest.take_in(delivery)
    }

    /// A step of what goes on between deliveries. Returns why it could not be written, if it could not.
    fn work_in_background(&mut self, changed: &mut ChangedEditions) -> Option<StoreError> {
        if self.pruning {
            match self.ingest.prune(self.clock.now()) {
                Ok((editions, more)) => {
                    changed.extend(editions);
                    self.pruning = more;
                }
                Err(error) => return Some(error),
            }
        } else if self.retagging.is_some() {
            match self.tag_again() {
                Ok(editions) => changed.extend(editions),
                Err(error) => return Some(error),
            }
        } else if self.ingest.is_unsettled() {
            match self.ingest.settle(self.clock.now()) {
                Ok(editions) => changed.extend(editions),
                Err(error) => return Some(error),
            }
        }
        None
    }

    /// A step of tagging stored entries again: they are all read first, then all that differ take their new tags over.
    fn tag_again(&mut self) -> Result<ChangedEditions, StoreError> {
        let Some(mut retagging) = self.retagging.take() else { return Ok(ChangedEditions::new()) };
        let result = self.tag_some_again(&mut retagging);
        if !matches!(result, Ok((_, true))) {
            self.retagging = Some(retagging);
        }
        self.tell_of_tagging();
        Ok(result?.0)
    }

    /// Returns the editions that changed, and whether all is done.
    fn tag_some_again(&self, retagging: &mut Retagging) -> Result<(ChangedEditions, bool), StoreError> {
        if let Some(first) = retagging.next {
            let again = self.ingest.tag_again(first, self.clock.now())?;
            retagging.next = again.next;
            retagging.read += again.read as u64;
            retagging.differing.extend(again.differing);
            return Ok((again.changed, false));
        }
        let mut changed = ChangedEditions::new();
        if !retagging.differing.is_empty() {
            match &retagging.press {
                PressState::Goes => {
                    let (stopped, stopping) = std_mpsc::channel();
                    self.press(Press::Hold(Held::Everything, Some(stopped)));
                    retagging.press = PressState::Stopping(stopping);
                    return Ok((changed, false));
                }
                // A press that has ended makes no edition either.
                PressState::Stopping(stopping) => match stopping.recv_timeout(LOOK_UP) {
                    Err(std_mpsc::RecvTimeoutError::Timeout) => return Ok((changed, false)),
                    Ok(()) | Err(std_mpsc::RecvTimeoutError::Disconnected) => {
                        self.ingest.begin_taking_over()?;
                        retagging.press = PressState::Stopped;
                    }
                },
                PressState::Stopped => {}
            }
            changed.extend(self.ingest.take_over(&mut retagging.differing)?);
            if !retagging.differing.is_empty() {
                return Ok((changed, false));
            }
        }
        self.ingest.end_tagging(&self.tagging)?;
        self.press(Press::Hold(Held::Nothing, None));
        info!("every stored entry is tagged with the present topics");
        Ok((changed, true))
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
            Message::Article { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Tell { done, .. } => drop(done.send(Err(why.to_string()))),
            Message::Reload { done, .. } | Message::Ping { done } => drop(done.send(())),
            Message::Prune => {}
        }
    }
}
