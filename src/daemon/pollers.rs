use std::collections::BTreeMap;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    model::SourceId,
    poll::{Poller, SourceSettings, Surroundings},
    schedule,
    store::{Store, StoreError},
};

/// The pollers that run, one a source.
#[derive(Default)]
pub(super) struct Pollers {
    running: BTreeMap<SourceId, Running>,
    /// Pollers of sources that were taken out, until their last poll is done.
    leaving: Vec<JoinHandle<()>>,
    hard_stop: CancellationToken,
}

struct Running {
    settings: SourceSettings,
    soft_stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Pollers {
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Makes the running pollers match the sources. A poll under way is finished first: what it brings is wanted, and the
    /// publisher was asked for it.
    pub(super) fn arrange(
        &mut self,
        sources: Vec<SourceSettings>,
        store: &Store,
        surroundings: &Surroundings,
    ) -> Result<(), StoreError> {
        self.leaving.retain(|task| !task.is_finished());
        let mut before = std::mem::take(&mut self.running);
        for settings in sources {
            let id = settings.id.clone();
            let predecessor = match before.remove(&id) {
                Some(running) if running.settings == settings && !running.task.is_finished() => {
                    self.running.insert(id, running);
                    continue;
                }
                other => other.map(|running| {
                    running.soft_stop.cancel();
                    running.task
                }),
            };
            let soft_stop = CancellationToken::new();
            let poller = Poller { settings: settings.clone(), surroundings: surroundings.clone() };
            let task =
                tokio::spawn(follow(predecessor, poller, store.clone(), soft_stop.clone(), self.hard_stop.clone()));
            self.running.insert(id, Running { settings, soft_stop, task });
        }
        for (_, running) in before {
            running.soft_stop.cancel();
            self.leaving.push(running.task);
        }
        Ok(())
    }

    /// Stops every poller at once.
    pub(super) async fn stop(&mut self) {
        self.hard_stop.cancel();
        for (_, running) in std::mem::take(&mut self.running) {
            let _ = running.task.await;
        }
        for task in self.leaving.drain(..) {
            let _ = task.await;
        }
    }
}

/// Runs a poller after the one before it has finished, from the state that one left behind.
async fn follow(
    predecessor: Option<JoinHandle<()>>,
    poller: Poller,
    store: Store,
    soft_stop: CancellationToken,
    hard_stop: CancellationToken,
) {
    if let Some(predecessor) = predecessor {
        let _ = predecessor.await;
    }
    let id = &poller.settings.id;
    let state = match store.poll_state(id) {
        Ok(state) => state.unwrap_or_default(),
        Err(error) => {
            tracing::error!(source = %id, %error, "what was known of this source's polls is lost; it is polled afresh");
            Default::default()
        }
    };
    let state = schedule::for_url(state, poller.settings.url.as_str());
    poller.run(state, soft_stop, hard_stop).await;
}
