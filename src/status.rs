//! What goes on, for whoever asks: `/healthz`, the summary of a round, the service manager.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::watch;

use crate::{model::SourceId, store::Progress};

/// The present state, shared. Cheap to clone.
#[derive(Clone, Default)]
pub struct Status {
    inner: Arc<Mutex<Inner>>,
    first_editions_are_up: watch::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    store_error: Option<String>,
    store_work: Option<String>,
    publishing_error: Option<String>,
    background_error: Option<String>,
    tagging: Option<String>,
    /// How many sources are polled.
    configured: usize,
    /// Those polled since the start.
    sources: BTreeMap<SourceId, SourceStatus>,
    configuration_error: Option<String>,
    hub: Option<HubCounts>,
}

/// How many readers have what is new sent to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HubCounts {
    /// Subscriptions.
    pub confirmed: usize,
    /// Wishes, to subscribe or not to any more, that wait for their callback to confirm them.
    pub waiting: usize,
    /// Of the subscriptions, those whose last delivery failed.
    pub failing: usize,
}

/// How a source does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// When the last poll ended.
    pub polled: DateTime<Utc>,
    /// Why it failed; `None` if it did not.
    pub error: Option<String>,
    /// Where the source has moved to for good, if it has.
    pub moved_to: Option<String>,
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
    /// What the store is at that takes long, if it is.
    pub store_work: Option<String>,
    /// Why editions could not be brought up to date, if so.
    pub publishing: Option<String>,
    /// What went wrong last between the polls, if anything did since the start.
    pub background: Option<String>,
    /// How far stored entries are tagged with the present topics, while that goes on.
    pub tagging: Option<String>,
    /// Why the last reload was refused, if it was.
    pub configuration: Option<String>,
    pub sources: usize,
    /// The sources whose last poll failed, with the reason.
    pub failing: BTreeMap<SourceId, String>,
    /// The sources that have moved for good, with where to.
    pub moved: BTreeMap<SourceId, String>,
    /// Subscriptions to our feeds, where there is a hub.
    pub hub: Option<HubCounts>,
}

impl Status {
    /// The store works (`None`), or does not and why.
    pub fn store_is(&self, error: Option<String>) {
        self.lock().store_error = error;
    }

    /// The store is at something that takes long; `None` when that is over.
    pub fn store_does(&self, progress: Option<Progress>) {
        self.lock().store_work = progress.map(|progress| progress.to_string());
    }

    /// The configuration in the file is in force (`None`), or was refused and why.
    pub fn configuration_is(&self, error: Option<String>) {
        self.lock().configuration_error = error;
    }

    /// Every edition is up (`None`), or some could not be made and why.
    pub fn published(&self, error: Option<String>) {
        self.lock().publishing_error = error;
        self.first_editions_are_up.send_replace(true);
    }

    /// Something between the polls went wrong.
    pub fn background_is(&self, error: Option<String>) {
        self.lock().background_error = error;
    }

    /// Stored entries are being tagged with other topics; `None` when that is over.
    pub fn tagging_is(&self, progress: Option<String>) {
        self.lock().tagging = progress;
    }

    /// So many are subscribed to our feeds; `None` where there is no hub.
    pub fn hub_is(&self, counts: Option<HubCounts>) {
        self.lock().hub = counts;
    }

    /// Waits until every edition has been up once. From then on `/healthz` no longer says `starting`.
    pub async fn first_editions(&self) {
        // Fails only when the sender is gone, which is part of `self`.
        let _ = self.first_editions_are_up.subscribe().wait_for(|up| *up).await;
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
        let moved =
            inner.sources.iter().filter_map(|(id, source)| Some((id.clone(), source.moved_to.clone()?))).collect();
        let error = inner.store_error.as_ref().or(inner.publishing_error.as_ref());
        let status = match (error, *self.first_editions_are_up.borrow()) {
            (Some(_), _) => "failing",
            (None, false) => "starting",
            (None, true) => "ok",
        };
        Health {
            status,
            store: inner.store_error.clone(),
            store_work: inner.store_work.clone(),
            publishing: inner.publishing_error.clone(),
            background: inner.background_error.clone(),
            tagging: inner.tagging.clone(),
            configuration: inner.configuration_error.clone(),
            sources: inner.configured,
            failing,
            moved,
            hub: inner.hub,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
