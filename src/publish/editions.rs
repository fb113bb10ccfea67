use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::broadcast;

use super::{Coding, Edition, PublishSettings, SavedEditions, changes::Changes, publisher::expected};

/// The current edition at every address, shared by whoever serves. A request never waits for a rendering.
#[derive(Clone, Default)]
pub struct Editions(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    current: HashMap<String, Arc<Edition>>,
    expected: HashSet<String>,
    moved: HashMap<String, String>,
    gone: HashSet<String>,
    max_age: Duration,
    changes: Changes,
}

/// What is to be had at an address.
pub enum Found {
    Edition(Arc<Edition>),
    /// The address is right, but its first edition is still being made.
    NotYet,
    /// The topic has another name now.
    Moved(String),
    /// The topic was taken out.
    Gone,
    Nothing,
}

impl Editions {
    pub fn find(&self, path: &str) -> Found {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(edition) = state.current.get(path) {
            Found::Edition(edition.clone())
        } else if state.expected.contains(path) {
            Found::NotYet
        } else if let Some(to) = state.moved.get(path) {
            Found::Moved(to.clone())
        } else if state.gone.contains(path) {
            Found::Gone
        } else {
            Found::Nothing
        }
    }

    /// For how long readers may keep an edition.
    pub fn max_age(&self) -> Duration {
        self.0.read().unwrap_or_else(PoisonError::into_inner).max_age
    }

    /// How many editions there are.
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).current.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a whole edition in the place of the one before it. One that nobody expects any more, because its topic was taken
    /// out while it was being made, is dropped.
    pub(super) fn put(&self, path: String, edition: Edition) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.expected.contains(&path) {
            let is_other = |before: &Arc<Edition>| before.body(Coding::Identity) != edition.body(Coding::Identity);
            if state.current.get(&path).is_none_or(is_other) {
                state.changes.tell(&path);
            }
            state.current.insert(path, Arc::new(edition));
        }
    }

    /// From now on, the path of every edition whose bytes change.
    pub fn changes(&self) -> broadcast::Receiver<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).changes.watch()
    }

    pub(super) fn is_expected(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).expected.contains(path)
    }

    /// Puts up the editions of the last run until they are made anew.
    pub fn restore(&self, settings: &PublishSettings, saved: &SavedEditions) {
        let expected = expected(settings);
        self.arrange(expected.clone(), HashMap::new(), HashSet::new(), settings.max_age);
        for (path, edition) in saved.load(|path| expected.contains(path)) {
            self.put(path, edition);
        }
    }

    /// Editions of tests elsewhere: feeds are expected at these paths.
    #[cfg(test)]
    pub(crate) fn with_feeds(paths: &[&str]) -> Self {
        let editions = Self::default();
        let expected = paths.iter().map(|path| path.to_string()).collect();
        editions.arrange(expected, HashMap::new(), HashSet::new(), Duration::from_secs(900));
        editions
    }

    #[cfg(test)]
    pub(crate) fn put_feed(&self, path: &str, body: &[u8]) {
        let updated = chrono::DateTime::UNIX_EPOCH;
        self.put(path.into(), Edition::new("application/atom+xml; charset=utf-8", updated, body.to_vec()));
    }

    /// Says which addresses there are, which have moved and which are gone; editions at other addresses are dropped.
    pub(super) fn arrange(
        &self,
        expected: HashSet<String>,
        moved: HashMap<String, String>,
        gone: HashSet<String>,
        max_age: Duration,
    ) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.current.retain(|path, _| expected.contains(path));
        let (current, changes) = (std::mem::take(&mut state.current), std::mem::take(&mut state.changes));
        *state = State { current, expected, moved, gone, max_age, changes };
    }
}
