use std::{io, net::SocketAddr};

use super::{AssembleError, hub::HubError};
use crate::{config::ConfigProblems, ingest::DeskError, store::StoreError};

/// Why the daemon could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error(transparent)]
    Config(#[from] ConfigProblems),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot listen on {address}: {cause}; stop what listens there, or change [server] listen")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error("the thread that writes the store ended; the log says why")]
    DeskEnded,
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl From<HubError> for DaemonError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Assemble(error) => DaemonError::Assemble(error),
            HubError::Store(error) => DaemonError::Store(error),
        }
    }
}

impl From<DeskError> for DaemonError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Store(error) => DaemonError::Store(error),
            DeskError::Thread(error) => DaemonError::Thread(error),
        }
    }
}
