use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use super::{
    FetchError, FetchRequest, FetchSettings, FetcherError,
    client::Clients,
    fetching::Fetching,
    host_gate::{HostGate, HostKey},
    resolver::{Lookup, Names},
};
use crate::{
    clock::Clock,
    model::{Document, Freshness, Validators},
};

/// Asks publishers for their documents. Clones share connections and manners: one per process.
#[derive(Clone)]
pub struct Fetcher(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub settings: FetchSettings,
    pub clock: Clock,
    pub names: Names,
    pub clients: Clients,
    pub gate: HostGate,
}

/// What a fetch brought.
#[derive(Debug)]
pub enum Fetched {
    /// With the place it takes among all requests under way.
    Document(Document, Place),
    NotModified(NotModified),
}

/// A document's place among the requests under way at once. Whoever has the document keeps it until the document is dealt
/// with: so no more documents wait in memory than requests may be under way, however much faster the network is than we.
#[derive(Debug)]
#[must_use]
pub struct Place {
    pub(super) _permit: Option<OwnedSemaphorePermit>,
}

/// The publisher has nothing new (304).
#[derive(Debug, Clone)]
pub struct NotModified {
    /// The URL that answered, after every redirect.
    pub url: Url,
    /// The stored ones, each replaced by the one this answer carries, if any (POLL-4).
    pub validators: Validators,
    pub freshness: Freshness,
    /// As in [`Document`].
    pub moved_permanently_to: Option<Url>,
}

impl Fetcher {
    /// Errors mean that nothing can be fetched at all: a contact that is no header text, or no usable TLS set-up.
    pub fn new(settings: FetchSettings, clock: Clock) -> Result<Self, FetcherError> {
        Self::with_lookup(settings, clock, Names::system_lookup())
    }

    pub(super) fn with_lookup(settings: FetchSettings, clock: Clock, lookup: Lookup) -> Result<Self, FetcherError> {
        let names = Names::new(lookup, &settings.allow_networks);
        let clients = Clients::new(&settings, &names)?;
        let gate = HostGate::new(settings.host_gap, settings.concurrency);
        Ok(Self(Arc::new(Shared { settings, clock, names, clients, gate })))
    }

    /// No request goes to this URL's host before `until`: what an earlier run of the service was told with a 429. A later hold
    /// stays. Answers with 429 set this by themselves.
    pub fn hold_host(&self, url: &Url, until: DateTime<Utc>) {
        if let Some(key) = HostKey::of(url) {
            self.0.gate.hold(key, until, self.0.clock.now());
        }
    }

    /// Until when this URL's host wants no request, if it does.
    pub fn host_held_until(&self, url: &Url) -> Option<DateTime<Utc>> {
        self.0.gate.held_until(&HostKey::of(url)?, self.0.clock.now())
    }

    /// Asks once, following redirects, after waiting for the host's turn. The future may be dropped at any time.
    pub async fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        Fetching::new(&self.0, request)?.run().await
    }
}
