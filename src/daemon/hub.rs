//! The hub for our own editions, while there is one.

use std::net::SocketAddr;

use super::{AssembleError, assemble};
use crate::{
    clock::Clock,
    config::Config,
    fetch::{Caller, FetchSettings},
    ingest::DeskHandle,
    publish::Editions,
    status::Status,
    store::{Store, StoreError, SubscriptionChange},
    websub::{Hub, HubDoor, HubSettings, HubSetup, Keep},
};

impl Keep for DeskHandle {
    async fn keep(&self, changes: Vec<SubscriptionChange>) -> Result<(), String> {
        self.subscriptions(changes).await.unwrap_or_else(|stopped| Err(stopped.to_string()))
    }
}

/// How the hub is set up; `None` where there is to be none: the admin wants none, or nobody could reach it.
pub(super) fn hub_settings(config: &Config, address: SocketAddr) -> Option<HubSettings> {
    let is_wanted = config.server.hub && config.server.public_url_given;
    is_wanted.then(|| assemble::public_url(config, address).map(HubSettings::new)).flatten()
}

/// The hub's address, for the editions that name it.
pub(super) fn hub_url(config: &Config, address: SocketAddr) -> Option<String> {
    hub_settings(config, address).map(|settings| crate::websub::hub_url(&settings.public_url))
}

/// How callbacks are called: as sources are, but for the networks that they may be in.
pub(super) fn callback_settings(config: &Config, fetch: &FetchSettings) -> FetchSettings {
    FetchSettings { allow_networks: config.server.hub_networks.clone(), ..fetch.clone() }
}

/// What a hub is made with; one that would be made with the same may go on.
type Wanted = (HubSettings, FetchSettings);

/// The hub, if there is one.
#[derive(Default)]
pub(super) struct HubTask {
    running: Option<(Hub, Wanted)>,
}

/// What the hub works with.
pub(super) struct HubParts<'a> {
    pub editions: &'a Editions,
    pub store: &'a Store,
    pub desk: &'a DeskHandle,
    pub clock: &'a Clock,
    pub door: &'a HubDoor,
    pub status: &'a Status,
}

impl HubTask {
    /// Goes over to these settings. Wishes that wait to be confirmed are lost if that takes another hub.
    pub(super) async fn arrange(
        &mut self,
        settings: Option<HubSettings>,
        callbacks: FetchSettings,
        parts: HubParts<'_>,
    ) -> Result<(), HubError> {
        let wanted = settings.map(|settings| (settings, callbacks));
        if self.running.as_ref().map(|(_, made_with)| made_with) == wanted.as_ref() {
            return Ok(());
        }
        self.stop().await;
        let Some(wanted) = wanted else {
            parts.door.announce(None);
            return Ok(());
        };
        let setup = HubSetup {
            settings: wanted.0.clone(),
            caller: Caller::new(&wanted.1).map_err(AssembleError::Fetcher)?,
            editions: parts.editions.clone(),
            subscriptions: parts.store.subscriptions()?,
            keeper: parts.desk.clone(),
            clock: parts.clock.clone(),
            door: parts.door.clone(),
            status: parts.status.clone(),
        };
        self.running = Some((Hub::start(setup), wanted));
        Ok(())
    }

    pub(super) async fn stop(&mut self) {
        if let Some((hub, _)) = self.running.take() {
            hub.stop().await;
        }
    }
}

/// Why the hub cannot be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum HubError {
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
