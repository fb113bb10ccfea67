//! What can be asked of a newsdesk while it runs, and done in a process of its own where none does.
//!
//! One file per command: the request, the lines of its answer, and one function that works on a [`Newsdesk`]. A new one is
//! entered in [`commands`].

mod doctor;
mod export;
mod find_stories;
mod import;
mod kept_entries;
mod newsdesk;
mod poll;
mod publish_files;
mod reasons;
mod reload;
mod status;
mod stories;
mod takedown;

pub use doctor::{Doctor, DoctorLine, Finding, FindingState};
pub use export::Export;
pub use find_stories::{FindStories, FoundCopy, FoundEntry, FoundReading, FoundStory};
pub use import::{Import, ImportLine, Restore};
pub use kept_entries::{KeptEntries, KeptEntry};
pub use newsdesk::Newsdesk;
pub(super) use newsdesk::{Asking, Reload, Reloading, Roster, Running, Wish};
pub use poll::{Poll, PollLine, PolledSource};
pub use publish_files::PublishFiles;
pub use reasons::{FoundEvent, FoundPair};
pub use reload::{AskReload, Reloaded};
pub use status::AskStatus;
pub use stories::{MergedStories, TellStories};
pub use takedown::{LiftTakedown, Lifted, ListTakedowns, ListedTakedown, TakeItDown, TakenItDown};

use super::{AssembleError, DaemonError};
use crate::{
    config::ConfigProblems,
    control::{Commands, Failure, FailureKind},
    store::StoreError,
};

/// Every command that the daemon takes.
pub(super) fn commands() -> Commands<Newsdesk> {
    Commands::new()
        .with::<FindStories>()
        .with::<KeptEntries>()
        .with::<MergedStories>()
        .with::<TellStories>()
        .with::<TakeItDown>()
        .with::<LiftTakedown>()
        .with::<ListTakedowns>()
        .with::<Poll>()
        .with::<PublishFiles>()
        .with::<AskReload>()
        .with::<AskStatus>()
        .with::<Doctor>()
        .with::<Export>()
        .with::<Import>()
        .with::<Restore>()
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::InUse { .. } => FailureKind::StoreInUse,
            _ => FailureKind::Store,
        };
        Failure::new(kind, error.to_string())
    }
}

impl From<ConfigProblems> for Failure {
    fn from(problems: ConfigProblems) -> Self {
        Failure::new(FailureKind::Configuration, problems.to_string())
    }
}

impl From<AssembleError> for Failure {
    fn from(error: AssembleError) -> Self {
        Failure::new(FailureKind::Configuration, error.to_string())
    }
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Store(error) => error.into(),
            DaemonError::Config(problems) => problems.into(),
            DaemonError::Assemble(error) => error.into(),
            DaemonError::Listen { .. } | DaemonError::DeskEnded | DaemonError::Thread(_) => {
                Failure::new(FailureKind::Other, error.to_string())
            }
        }
    }
}

/// Runs what reads the store on a blocking thread.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|panic| Failure::new(FailureKind::Other, format!("a fault of newsdesk ({panic}); please report it")))?
}
