//! What the desk does with a batch of messages: each is applied, all are made durable once, and only then everybody is answered
//! and what changed is published.

use std::time::Instant;

use tokio::sync::oneshot;
use tracing::{debug, error};

use super::{
    Delivery, DoneDown, Outcome, TakeDownError, Takedown, TellError, TookDown,
    background::LONGEST_WITHOUT_A_TURN,
    desk::Desk,
    handle::Message,
    press::{Press, TakingOut},
    states::{States, Waiting, both},
};
use crate::{
    model::{StoryNumber, TopicId},
    publish::TakeOut,
    store::{ChangedEditions, Store, StoreError},
};

/// What came of a message, and who waits to hear of it.
type Answer<T> = (oneshot::Sender<Result<T, String>>, Result<T, String>);

/// What was taken down from the store, what is to leave the archives, and who waits for it.
type WaitingForTakedown = (TookDown, TakeOut, oneshot::Sender<Result<DoneDown, String>>);

/// What a batch has come to.
struct Applied<'a> {
    store: &'a Store,
    states: States<'a>,
    changed: ChangedEditions,
    delivered: Vec<Answer<Outcome>>,
    /// Pages of articles, and subscriptions.
    done: Vec<Answer<()>>,
    told: Vec<Answer<Vec<StoryNumber>>>,
    lifted: Vec<Answer<usize>>,
    taken_down: Vec<WaitingForTakedown>,
    /// Topics with a new page in their archives.
    archived: Vec<TopicId>,
    /// The first thing that the store could not take.
    trouble: Option<StoreError>,
}

impl<'a> Applied<'a> {
    fn new(store: &'a Store) -> Self {
        Self {
            store,
            states: States::new(store),
            changed: ChangedEditions::new(),
            delivered: Vec::new(),
            done: Vec::new(),
            told: Vec::new(),
            lifted: Vec::new(),
            taken_down: Vec::new(),
            archived: Vec::new(),
            trouble: None,
        }
    }

    /// Commits the polls that brought nothing to read, so that commits keep the order of the messages.
    fn apply_states(&mut self) {
        let error = self.states.apply();
        self.trouble = self.trouble.take().or(error);
    }

    /// Notes what the store could not take. Returns what who asked is told.
    fn note(&mut self, error: StoreError) -> String {
        let why = error.to_string();
        self.trouble.get_or_insert(error);
        why
    }

    /// Adds the editions that something changed.
    fn add(&mut self, result: Result<ChangedEditions, StoreError>) -> Result<(), String> {
        result.map(|editions| self.changed.extend(editions)).map_err(|error| self.note(error))
    }
}

impl Desk {
    /// Applies a batch, makes it durable once, and only then answers and publishes.
    pub(super) fn work_off(&mut self, batch: Vec<Message>) {
        let store = self.ingest.store.clone();
        // Until it is durable nobody may publish it.
        let writing = store.while_writing();
        self.look_at_the_clock();
        let is_idle = batch.is_empty();
        let mut applied = Applied::new(&store);
        batch.into_iter().for_each(|message| self.apply(message, &mut applied));
        applied.apply_states();
        if applied.trouble.is_none() {
            applied.trouble = self.keep_what_was_learnt(&mut applied.changed);
        }
        if applied.trouble.is_none() && (is_idle || self.last_turn.elapsed() > LONGEST_WITHOUT_A_TURN) {
            applied.trouble = self.work_in_background(&mut applied.changed);
            self.last_turn = Instant::now();
        }
        let durable = self.ingest.store.make_durable();
        drop(writing);
        let durable = match (durable, applied.trouble.take()) {
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
        self.answer(applied, &durable);
    }

    fn apply(&mut self, message: Message, applied: &mut Applied<'_>) {
        match message {
            Message::Begin { source, state, done } => applied.states.put(&source, *state, Waiting::Begun(done)),
            Message::Delivery { delivery, done } if delivery.reading.is_none() => {
                applied.states.put(&delivery.source, delivery.state, Waiting::Delivered(done));
            }
            Message::Delivery { delivery, done } => {
                debug!(source = %delivery.source, "commit begins");
                applied.apply_states();
                let result = match self.take_in(*delivery) {
                    Ok((outcome, editions)) => {
                        applied.changed.extend(editions);
                        Ok(outcome)
                    }
                    Err(error) => {
                        error!(%error, "a delivery cannot be kept");
                        Err(applied.note(error))
                    }
                };
                applied.delivered.push((done, result));
            }
            Message::Article { source, number, end, done } => {
                let result = applied.add(self.ingest.take_article(source, number, end, self.clock.now()));
                applied.done.push((done, result));
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
                applied.apply_states();
                let told = match self.ingest.tell(&tell, self.clock.now()) {
                    Ok((stories, editions)) => {
                        applied.changed.extend(editions);
                        Ok(stories)
                    }
                    Err(TellError::Store(error)) => Err(applied.note(error)),
                    Err(error) => Err(error.to_string()),
                };
                applied.told.push((done, told));
            }
            Message::Subscriptions { changes, done } => {
                let mut refresh = applied.store.refresh();
                changes.into_iter().for_each(|change| refresh.put_subscription(change));
                let result = refresh.apply().map(drop).map_err(|error| applied.note(error));
                applied.done.push((done, result));
            }
            Message::Archived(made) => match self.ingest.archived(&made) {
                Ok(()) => applied.archived.push(made.topic),
                Err(error) => drop(applied.note(error)),
            },
            Message::TakeDown { request, done } => {
                applied.apply_states();
                match self.ingest.take_down(&request, self.clock.now()) {
                    Ok(Takedown { told, out, changed }) => {
                        applied.changed.extend(changed);
                        applied.taken_down.push((told, out, done));
                    }
                    Err(error) => drop(done.send(Err(of_takedown(error, applied)))),
                }
            }
            Message::AreOut(numbers) => {
                if let Err(error) = self.ingest.are_out(&numbers) {
                    applied.note(error);
                }
            }
            Message::Lift { what, done } => {
                let result = self.ingest.lift(&what).map_err(|error| of_takedown(error, applied));
                applied.lifted.push((done, result));
            }
            Message::Prune => {
                self.pruning = true;
                self.press(Press::Archive);
            }
            Message::Ping { done } => drop(done.send(())),
        }
    }

    /// Tells everybody what came of it, and publishes.
    fn answer(&self, applied: Applied<'_>, durable: &Result<(), String>) {
        applied.states.answer(durable);
        answer_all(applied.delivered, durable);
        answer_all(applied.done, durable);
        answer_all(applied.told, durable);
        answer_all(applied.lifted, durable);
        self.take_out(applied.taken_down, durable);
        if durable.is_ok() {
            applied.archived.into_iter().for_each(|topic| self.press(Press::Archived(topic)));
            if !applied.changed.is_empty() {
                self.press(Press::Changed(applied.changed));
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
    pub(super) fn take_out_what_is_left(&self) {
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

fn answer_all<T>(answers: Vec<Answer<T>>, durable: &Result<(), String>) {
    for (done, result) in answers {
        // Who was stopped meanwhile asks no more.
        let _ = done.send(both(result, durable));
    }
}

fn of_takedown(error: TakeDownError, applied: &mut Applied<'_>) -> String {
    match error {
        TakeDownError::Store(error) => applied.note(error),
        error => error.to_string(),
    }
}
