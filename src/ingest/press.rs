use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvError, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use tracing::{debug, error};

use crate::{
    publish::{Held, Publisher},
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
}

/// How long to wait before an edition that could not be made is tried again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(60);

/// Renders whatever changed since the last time, all that has piled up in one go.
///
/// It begins with nothing: what there is at the start is told like any change, once the store is known to be whole.
///
/// Once the desk is closing nobody will see another edition, so what is left is not rendered: with many topics it takes
/// longer than a stop may.
pub(super) fn run_press(
    mut publisher: Publisher,
    from_desk: &Receiver<Press>,
    to_caretaker: &Sender<StoreError>,
    status: &Status,
    is_closing: &AtomicBool,
) {
    let mut changed = ChangedEditions::new();
    let mut failed = ChangedEditions::new();
    let (mut held, mut held_back) = (Held::Nothing, ChangedEditions::new());
    while !is_closing.load(Ordering::Relaxed) {
        let mut waiting: Vec<Press> = from_desk.try_iter().collect();
        if waiting.is_empty() && changed.is_empty() {
            if publisher.settle_one() {
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
                Press::Changed(editions) => changed.extend(editions),
                Press::Everything => changed = publisher.all(),
                Press::Hold(editions, done) => {
                    held = editions;
                    publisher.hold(held.clone());
                    changed.append(&mut held_back);
                    // Whoever waited may have stopped.
                    done.map(|done| done.send(()));
                }
                Press::Instead(other) => {
                    publisher = *other;
                    publisher.hold(held.clone());
                    changed = publisher.all();
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
