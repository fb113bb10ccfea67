//! What goes on, for whoever asks: `/healthz`, the summary of a round, the service manager.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::SourceId;

/// The present state, shared. Cheap to clone.
#[derive(Clone, Default)]
pub struct Status(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    store_error: Option<String>,
    first_editions_are_up: bool,
    /// How many sources are polled.
    configured: usize,
    /// Those polled since the start.
    sources: BTreeMap<SourceId, SourceStatus>,
    configuration_error: Option<String>,
}

/// How a source does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// When the last poll ended.
    pub polled: DateTime<Utc>,
    /// Why it failed; `None` if it did not.
    pub error: Option<String>,
    /// When the next poll is due; `None` if never.
    pub next: Option<DateTime<Utc>>,
}

/// What `/healthz` says.
#[derive(Debug, Serialize)]
pub struct Health {
    /// `ok`, `starting` or `failing`.
    pub status: &'static str,
    /// Why the store cannot be written or read, if so.
    pub store: Option<String>,
    /// Why the last reload was refused, if it was.
    pub configuration: Option<String>,
    pub sources: usize,
    /// The sources whose last poll failed, with the reason.
    pub failing: BTreeMap<SourceId, String>,
}

impl Status {
    /// The store works (`None`), or does not and why.
    pub fn store_is(&self, error: Option<String>) {
        self.lock().store_error = error;
    }

    /// The configuration in the file is in force (`None`), or was refused and why.
    pub fn configuration_is(&self, error: Option<String>) {
        self.lock().configuration_error = error;
    }

    /// Every edition is up.
    pub fn published(&self) {
        self.lock().first_editions_are_up = true;
    }

    pub fn polled(&self, source: &SourceId, status: SourceStatus) {
        self.lock().sources.insert(source.clone(), status);
    }

    /// Only these sources are polled now.
    pub fn sources_are(&self, configured: &BTreeSet<SourceId>) {
        let mut inner = self.lock();
        inner.configured = configured.len();
        inner.sources.retain(|source, _| configured.contains(source));
    }

    pub fn health(&self) -> Health {
        let inner = self.lock();
        let failing: BTreeMap<_, _> =
            inner.sources.iter().filter_map(|(id, source)| Some((id.clone(), source.error.clone()?))).collect();
        let status = match (&inner.store_error, inner.first_editions_are_up) {
            (Some(_), _) => "failing",
            (None, false) => "starting",
            (None, true) => "ok",
        };
        Health {
            status,
            store: inner.store_error.clone(),
            configuration: inner.configuration_error.clone(),
            sources: inner.configured,
            failing,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
