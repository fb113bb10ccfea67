//! Opens the store.

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::assemble;
use crate::{
    config::Config,
    ingest::RETRY,
    status::Status,
    store::{Progress, Store, StoreError},
    systemd,
};

/// Opens the store, which takes room: where there is none it is tried again until there is, and the editions of the last run
/// stay up meanwhile.
pub(super) async fn open_once_there_is_room(
    config: &Config,
    status: &Status,
    stop: &CancellationToken,
) -> Result<Store, StoreError> {
    let mut is_told = false;
    loop {
        match open_whole_store(config, status, stop).await {
            Err(error) if error.is_out_of_room() && !stop.is_cancelled() => {
                let why = format!("the store cannot be opened: {error}; it is tried again every few seconds");
                if !std::mem::replace(&mut is_told, true) {
                    error!("{why}");
                }
                systemd::takes_long(&why);
                status.store_is(Some(why));
                // Ended by a stop, it is tried once more and then given up.
                let _ = tokio::time::timeout(RETRY, stop.cancelled()).await;
            }
            opened => {
                if opened.is_ok() && is_told {
                    info!("there is room again; the store is open");
                    status.store_is(None);
                }
                return opened;
            }
        }
    }
}

/// Opens the store beside the runtime, says how far that is and what had to be mended.
async fn open_whole_store(config: &Config, status: &Status, stop: &CancellationToken) -> Result<Store, StoreError> {
    let settings = assemble::store_settings(config);
    let path = settings.path.clone();
    let (status, stop) = (status.clone(), stop.clone());
    let work = move || {
        let watch = |progress: Progress| {
            status.store_does(Some(progress));
            systemd::takes_long(&progress.to_string());
            !stop.is_cancelled()
        };
        let opened = Store::open_with(&settings, &watch)?;
        for repair in &opened.repairs {
            warn!("{repair}");
        }
        status.store_does(None);
        Ok(opened.store)
    };
    let opened = tokio::task::spawn_blocking(work).await;
    opened.map_err(|panic| StoreError::Damaged { path, cause: panic.to_string() })?
}

/// Opens the store beside the runtime, and says what had to be mended.
pub(crate) async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let settings = assemble::store_settings(config);
    let path = settings.path.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&settings))
        .await
        .map_err(|panic| StoreError::Damaged { path, cause: panic.to_string() })??;
    for repair in &opened.repairs {
        warn!("{repair}");
    }
    Ok(opened.store)
}
