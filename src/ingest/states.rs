use tokio::sync::oneshot;

use super::Outcome;
use crate::{
    model::{PollState, SourceId},
    store::{Refresh, Store, StoreError},
};

/// What polls leave behind that brought no entries: many of them are one commit, for a commit costs far more than a state.
pub(super) struct States<'a> {
    store: &'a Store,
    refresh: Refresh<'a>,
    waiting: Vec<Waiting>,
    applied: Vec<(Waiting, Result<(), String>)>,
}

/// Who wants to know that a state is on the disk.
pub(super) enum Waiting {
    Begun(oneshot::Sender<Result<(), String>>),
    Delivered(oneshot::Sender<Result<Outcome, String>>),
}

impl<'a> States<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store, refresh: store.refresh(), waiting: Vec::new(), applied: Vec::new() }
    }

    pub(super) fn put(&mut self, source: &SourceId, state: PollState, waiting: Waiting) {
        self.refresh.put_poll_state(source, state);
        self.waiting.push(waiting);
    }

    /// Commits what has gathered: before a delivery with entries, so that commits keep the order of the messages.
    ///
    /// Returns why it could not be written, if it could not; those who wait are told too.
    pub(super) fn apply(&mut self) -> Option<StoreError> {
        if self.waiting.is_empty() {
            return None;
        }
        let refresh = std::mem::replace(&mut self.refresh, self.store.refresh());
        let result = refresh.apply();
        let told = result.as_ref().map(drop).map_err(ToString::to_string);
        self.applied.extend(self.waiting.drain(..).map(|waiting| (waiting, told.clone())));
        result.err()
    }

    pub(super) fn answer(self, durable: &Result<(), String>) {
        for (waiting, result) in self.applied {
            let result = both(result, durable);
            // A poller that was stopped meanwhile asks no more.
            let _ = match waiting {
                Waiting::Begun(done) => done.send(result).is_ok(),
                Waiting::Delivered(done) => done.send(result.map(|()| Outcome::default())).is_ok(),
            };
        }
    }
}

/// Done only if it was applied and is on the disk.
pub(super) fn both<T>(applied: Result<T, String>, durable: &Result<(), String>) -> Result<T, String> {
    let value = applied?;
    durable.clone()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreSettings;

    #[test]
    fn everybody_is_answered_once_the_last_word_of_each_source_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::new(folder.path());
        let store = Store::open(&settings).map_err(|error| error.to_string()).unwrap().store;
        let state = |failures| PollState { failures, ..PollState::default() };
        for durable in [Ok(()), Err("the disk is full".to_owned())] {
            let mut states = States::new(&store);
            let mut begun = Vec::new();
            let mut delivered = Vec::new();
            for failures in 1..=3 {
                for source in ["gazette", "herald"] {
                    let (done, answer) = oneshot::channel();
                    states.put(&SourceId::new(source), state(failures), Waiting::Begun(done));
                    begun.push(answer);
                    let (done, answer) = oneshot::channel();
                    states.put(&SourceId::new(source), state(failures * 10), Waiting::Delivered(done));
                    delivered.push(answer);
                }
                if failures == 2 {
                    assert!(states.apply().is_none());
                }
            }
            assert!(begun[0].try_recv().is_err(), "nobody is answered before it is on the disk");
            assert!(states.apply().is_none());
            states.answer(&durable);
            assert!(begun.iter_mut().all(|answer| answer.try_recv() == Ok(durable.clone())));
            let outcome = durable.map(|()| Outcome::default());
            assert!(delivered.iter_mut().all(|answer| answer.try_recv() == Ok(outcome.clone())));
            for source in ["gazette", "herald"] {
                assert_eq!(store.poll_state(&SourceId::new(source)).unwrap(), Some(state(30)));
            }
        }
    }
}
