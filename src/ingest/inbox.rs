//! What waits at the desk: which messages are worked off together, and what happens to them while the store has no time.

use std::{sync::atomic::Ordering, thread, time::Instant};

use tokio::sync::mpsc;
use tracing::debug;

use super::{
    desk::{Desk, LOOK_UP},
    handle::Message,
};

/// The most messages that share one fsync.
const MOST_IN_ONE_FSYNC: usize = 64;

impl Desk {
    /// The messages to work off next; empty when there is only background work. `None` when all handles are gone.
    pub(super) fn next_batch(&mut self) -> Option<Vec<Message>> {
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

    /// Waits as long as the store has no time for commits. Who only wants to know whether the desk lives is answered meanwhile;
    /// `None` if nobody is left who wants anything.
    pub(super) fn once_free(&mut self, batch: Vec<Message>) -> Option<Vec<Message>> {
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
}
