use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvError, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error};

use super::{DoneDown, TookDown, archiving::Archiving, handle::Message};

use crate::{
    clock::Clock,
    model::TopicId,
    publish::{Held, Publisher, TakeOut, TakenOut},
    status::Status,
    store::{ChangedEditions, StoreError},
};

/// What the publishing thread is told.
pub(super) enum Press {
    Changed(ChangedEditions),
    /// Any of them may have changed.
    Everything,
    Instead(Box<Publisher>),
    /// These are not to be made from now on, all others are. Whoever waits is told once it holds.
    Hold(Held, Option<Sender<()>>),
    /// Pages of archives may be due.
    Archive,
    /// The store knows of the page that was made of this topic, by the name of its feed.
    Archived(TopicId),
    /// This is to leave archives and editions.
    TakeOut(Box<TakingOut>),
}

/// What is to leave archives and editions, and who wants to know that it has.
pub(super) struct TakingOut {
    pub(super) what: TakeOut,
    /// Of what was taken down.
    pub(super) numbers: Vec<u64>,
    pub(super) done: Option<(TookDown, oneshot::Sender<Result<DoneDown, String>>)>,
}

impl TakingOut {
    fn answer(self, taken: Result<TakenOut, String>) {
        if let Some((told, done)) = self.done {
            // Whoever asked may have gone.
            let _ = done.send(taken.map(|out| DoneDown { told, out }));
        }
    }
}

/// What the press works beside.
pub(super) struct PressRoom {
    pub(super) to_caretaker: Sender<StoreError>,
    /// The desk's inbox, which it does not keep open.
    pub(super) to_desk: mpsc::WeakSender<Message>,
    pub(super) status: Status,
    pub(super) clock: Clock,
    pub(super) is_closing: Arc<AtomicBool>,
}

impl PressRoom {
    pub(super) fn tell_desk(&self, message: Message) {
        if let Some(to_desk) = self.to_desk.upgrade()
            && to_desk.blocking_send(message).is_err()
        {
            debug!("the desk has closed; what it was to be told is found out at the next start");
        }
    }
}

/// How long to wait before an edition that could not be made is tried again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(60);

/// Renders whatever changed since the last time, all that has piled up in one go.
///
/// It begins with nothing: what there is at the start is told like any change, once the store is known to be whole.
///
/// Once the desk is closing nobody will see another edition, so what is left is not rendered: with many topics it takes
/// longer than a stop may.
pub(super) fn run_press(mut publisher: Publisher, from_desk: &Receiver<Press>, room: &PressRoom) {
    let PressRoom { to_caretaker, status, is_closing, .. } = room;
    let mut changed = ChangedEditions::new();
    let mut failed = ChangedEditions::new();
    let (mut held, mut held_back) = (Held::Nothing, ChangedEditions::new());
    let mut archiving = Archiving::default();
    let mut taken_out: Vec<(Box<TakingOut>, Result<TakenOut, String>)> = Vec::new();
    while !is_closing.load(Ordering::Relaxed) {
        let mut waiting: Vec<Press> = from_desk.try_iter().collect();
        if waiting.is_empty() && changed.is_empty() {
            if publisher.settle_one() || archiving.go_on(&publisher, room) {
                continue;
            }
            let next = if failed.is_empty() {
                from_desk.recv().map_err(|RecvError| RecvTimeoutError::Disconnected)
            } else {
                from_desk.recv_timeout(BETWEEN_ATTEMPTS)
            };
            match next {
                Ok(press) => waiting.push(press),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        for press in waiting {
            match press {
                Press::Changed(editions) => {
                    archiving.may_be_due(editions.iter().flatten());
                    changed.extend(editions);
                }
                Press::Everything => changed = publisher.all(),
                Press::Hold(editions, done) => {
                    held = editions;
                    publisher.hold(held.clone());
                    changed.append(&mut held_back);
                    // What was held was not archived either.
                    archiving.may_be_due(publisher.all().iter().flatten());
                    // Whoever waited may have stopped.
                    done.map(|done| done.send(()));
                }
                Press::Instead(other) => {
                    publisher = *other;
                    publisher.hold(held.clone());
                    changed = publisher.all();
                }
                Press::Archive => archiving.begin(publisher.all().iter().flatten()),
                Press::Archived(name) => {
                    if let Some(topic) = publisher.topic_named(&name) {
                        archiving.is_known(&topic);
                        // Its feed leads to the new page.
                        changed.insert(Some(topic));
                    }
                }
                Press::TakeOut(taking_out) => {
                    let taken = publisher.take_out(&taking_out.what);
                    if let Err(error) = &taken {
                        error!(%error, "what was taken down is still in an archive; it is tried again at the next start");
                    }
                    changed = publisher.all();
                    taken_out.push((taking_out, taken.map_err(|error| error.to_string())));
                }
            }
        }
        changed.append(&mut failed);
        if changed.is_empty() {
            continue;
        }
        debug!(editions = changed.len(), "publish begins");
        let published = publisher.publish_while(&changed, || !is_closing.load(Ordering::Relaxed));
        debug!("publish ends");
        changed.clear();
        for (taking_out, taken) in taken_out.drain(..) {
            if taken.is_ok() {
                room.tell_desk(Message::AreOut(taking_out.numbers.clone()));
            }
            taking_out.answer(taken);
        }
        if !published.finished {
            return;
        }
        if let Some(error) = &published.error {
            error!(%error, editions = published.failed.len(), "editions could not be brought up to date");
        }
        status.published(published.error.as_ref().map(ToString::to_string));
        if let Some(damage) = published.error.filter(StoreError::is_damage) {
            // A caretaker that is gone needs to know nothing.
            let _ = to_caretaker.send(damage);
        }
        failed = published.failed;
        held_back.extend(published.held);
    }
}
