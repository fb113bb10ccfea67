use std::{collections::BTreeMap, sync::Arc, thread};

use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    fetch::Fetcher,
    model::{PollState, SourceId},
    poll::{PollNow, Poller, SourceSettings, Surroundings},
    schedule,
    store::Store,
};

/// The pollers that run, one a source.
#[derive(Default)]
pub(super) struct Pollers {
    running: BTreeMap<SourceId, Running>,
    /// Pollers of sources that were taken out, until their last poll is done.
    leaving: Vec<JoinHandle<()>>,
    hard_stop: CancellationToken,
}

/// Requests for a poll that may wait for the one under way.
const WAITING_REQUESTS: usize = 16;

struct Running {
    settings: SourceSettings,
    ask: mpsc::Sender<PollNow>,
    soft_stop: CancellationToken,
    hard_stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Pollers {
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Where each source can be asked to be polled now.
    pub(super) fn asked(&self) -> impl Iterator<Item = (&SourceSettings, &mpsc::Sender<PollNow>)> {
        self.running.values().map(|running| (&running.settings, &running.ask))
    }

    /// Makes the running pollers match the sources. A poll under way is finished first: what it brings is wanted, and the
    /// publisher was asked for it.
    pub(super) fn arrange(&mut self, sources: Vec<SourceSettings>, store: &Store, surroundings: &Surroundings) {
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
            let (ask, asked) = mpsc::channel(WAITING_REQUESTS);
            let (soft_stop, hard_stop) = (CancellationToken::new(), self.hard_stop.child_token());
            let poller = Poller { settings: settings.clone(), surroundings: surroundings.clone() };
            let task =
                tokio::spawn(follow(predecessor, poller, store.clone(), asked, soft_stop.clone(), hard_stop.clone()));
            self.running.insert(id, Running { settings, ask, soft_stop, hard_stop, task });
        }
        for (_, running) in before {
            running.soft_stop.cancel();
            self.leaving.push(running.task);
        }
    }

    /// Stops the pollers of these sources at once.
    pub(super) async fn halt<'a>(&mut self, sources: impl Iterator<Item = &'a SourceId>) {
        for id in sources {
            if let Some(running) = self.running.remove(id) {
                running.hard_stop.cancel();
                let _ = running.task.await;
            }
        }
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
    asked: mpsc::Receiver<PollNow>,
    soft_stop: CancellationToken,
    hard_stop: CancellationToken,
) {
    if let Some(predecessor) = predecessor {
        let _ = predecessor.await;
    }
    let state = state_of(&store, &poller.settings);
    poller.run(state, asked, soft_stop, hard_stop).await;
}

/// What is known of a source's polls at its present URL. What cannot be read is told and forgotten: the source is polled afresh.
pub(super) fn state_of(store: &Store, settings: &SourceSettings) -> PollState {
    let state = store.poll_state(&settings.id).unwrap_or_else(|error| {
        tracing::error!(source = %settings.id, %error, "what was known of this source's polls is lost; it is polled afresh");
        None
    });
    schedule::for_url(state.unwrap_or_default(), settings.url.as_str())
}

/// Hosts that asked for silence before still have it, whoever asks next.
pub(super) fn hold_hosts(fetcher: &Fetcher, sources: &[SourceSettings], store: &Store) {
    for source in sources {
        let state = state_of(store, source);
        if state.retry_is_for_host
            && let Some(until) = state.retry_until
            && let Ok(url) = url::Url::parse(schedule::url_to_poll(&state))
        {
            fetcher.hold_host(&url, until);
        }
    }
}

/// As many documents are read at once as there are processors.
pub(super) fn processors() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(thread::available_parallelism().map_or(2, usize::from)))
}
