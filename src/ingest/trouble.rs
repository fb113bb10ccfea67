//! When the store cannot be written: everybody is told so at once, and it is tried again every few seconds.

use std::time::Instant;

use tracing::{error, info};

use super::{desk::Desk, handle::Message, press::Press};
use crate::store::StoreError;

/// Why the store cannot be written at present, and when it is tried again.
pub(super) struct Trouble {
    pub(super) why: String,
    pub(super) again: Instant,
}

impl Desk {
    /// Works a batch off; while the store cannot be written, everybody in it is told why.
    pub(super) fn work_off_or_refuse(&mut self, batch: Vec<Message>) {
        if self.trouble.as_ref().is_some_and(|trouble| Instant::now() >= trouble.again) {
            self.recover();
        }
        match &self.trouble {
            Some(trouble) => refuse(batch, &trouble.why),
            None => self.work_off(batch),
        }
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

    pub(super) fn is_in_trouble(&mut self, error: StoreError) {
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
}

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
