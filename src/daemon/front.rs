use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Assembled, DaemonError, assemble, hub::hub_settings};
use crate::{
    clock::Clock,
    config::Config,
    publish::Editions,
    serve::{self, ServeLimits, Site, router, serve_apart},
    status::Status,
    store::StoreError,
    websub::HubDoor,
};

/// What faces readers, and can before the store is open: with the editions of the last run.
pub(super) struct Front {
    pub(super) editions: Editions,
    pub(super) status: Status,
    pub(super) clock: Clock,
    pub(super) hub: HubDoor,
    pub(super) serve_stop: CancellationToken,
}

impl Front {
    pub(super) fn open(config: &Config, address: SocketAddr, clock: Clock) -> Result<Self, DaemonError> {
        let parts = Assembled::new(config, address)?;
        let archives = assemble::archives(config).map_err(|cause| {
            let path = config.store.path.clone().unwrap_or_default().join("archives");
            DaemonError::Store(StoreError::Folder { path, cause })
        })?;
        let editions = Editions::with_archives(archives);
        editions.restore(&Arc::new(parts.publish), assemble::saved_editions(config));
        let hub = HubDoor::default();
        hub.announce(hub_settings(config, address));
        Ok(Self { editions, status: Status::default(), clock, hub, serve_stop: CancellationToken::new() })
    }

    pub(super) fn serve(&self, listener: TcpListener) -> Result<JoinHandle<()>, DaemonError> {
        let (editions, status, clock) = (self.editions.clone(), self.status.clone(), self.clock.clone());
        let site = Site { editions, status, clock, hub: self.hub.clone() };
        let front = serve::Front::new(site.clone(), router(site));
        serve_apart(listener, front, ServeLimits::default(), self.serve_stop.clone()).map_err(DaemonError::Thread)
    }
}
