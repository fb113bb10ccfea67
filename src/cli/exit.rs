use std::{io, process::ExitCode};

use crate::{
    config::ConfigProblems,
    control::{AskError, Failure, FailureKind, Finished},
    daemon::{AssembleError, DaemonError},
    store::StoreError,
};

/// How a command ended, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    Done = 0,
    PartFailed = 1,
    Configuration = 2,
    Store = 3,
    AddressInUse = 4,
}

/// The command line asks for something that the configuration does not have.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misuse(pub(super) String);

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<Finished> for Exit {
    fn from(finished: Finished) -> Self {
        match finished {
            Finished::Done => Exit::Done,
            Finished::PartFailed => Exit::PartFailed,
        }
    }
}

impl Exit {
    /// The exit code of an error, by what lies at its bottom.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if cause.is::<ConfigProblems>() || cause.is::<AssembleError>() || cause.is::<Misuse>() {
                return Exit::Configuration;
            }
            if cause.is::<StoreError>() {
                return Exit::Store;
            }
            match cause.downcast_ref::<AskError>() {
                Some(AskError::Failed(Failure { kind, .. })) => return Exit::of_failure(*kind),
                Some(AskError::Forbidden { .. }) => return Exit::Store,
                _ => {}
            }
            match cause.downcast_ref::<DaemonError>() {
                Some(DaemonError::Config(_) | DaemonError::Assemble(_)) => return Exit::Configuration,
                Some(DaemonError::Store(_)) => return Exit::Store,
                Some(DaemonError::Listen { .. }) => return Exit::AddressInUse,
                Some(DaemonError::DeskEnded | DaemonError::Thread(_)) | None => {}
            }
        }
        Exit::PartFailed
    }

    fn of_failure(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Configuration => Exit::Configuration,
            FailureKind::Store | FailureKind::StoreInUse => Exit::Store,
            FailureKind::Other => Exit::PartFailed,
        }
    }
}

pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}
