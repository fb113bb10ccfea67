use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{Edition, PublishSettings, SavedEditions, publisher::expected};

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
            state.current.insert(path, Arc::new(edition));
        }
    }

    pub(super) fn is_expected(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).expected.contains(path)
    }

    /// Puts up the editions of the last run until they are made anew.
    pub fn restore(&self, settings: &PublishSettings, saved: &SavedEditions) {
        let expected = expected(settings);
        self.arrange(expected.clone(), HashMap::new(), HashSet::new(), settings.max_age);
        for (path, mut edition) in saved.load(|path| expected.contains(path)) {
            edition.max_age = settings.max_age;
            edition.prepare();
            self.put(path, edition);
        }
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
        *state = State { current: std::mem::take(&mut state.current), expected, moved, gone, max_age };
    }
}
