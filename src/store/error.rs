use std::{io, path::PathBuf};

use super::{commit::CommitNumber, journal::JournalError};

/// Why the store could not do what was asked. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store in {path} is in use by another newsdesk; stop that one first, or name another folder in [store] path"
    )]
    InUse { path: PathBuf },
    #[error("cannot use the folder {path} for the store: {cause}; {}", advice(cause))]
    Folder { path: PathBuf, cause: io::Error },
    #[error(
        "the store in {path} has format {found}, and this newsdesk knows formats up to {known}; \
         run the newer newsdesk that wrote it, or restore a backup that this one made"
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error(
        "the store in {path} is damaged beyond repair: {cause}; move the folder aside, then restore a backup into it, \
         or start again: sources are polled afresh"
    )]
    Damaged { path: PathBuf, cause: String },
    #[error("a record in the store cannot be read ({what}): {cause}")]
    Record { what: &'static str, cause: String },
    #[error("the database is not what was written to it ({tree}: {cause})")]
    Differs { tree: String, cause: String },
    #[error("the store cannot write: {0}; is the disk full?")]
    Write(io::Error),
    #[error("the store cannot be read: {0}")]
    Read(#[from] sled::Error),
    #[error(transparent)]
    Journal(JournalError),
    #[error(
        "the disk of {path} has {} MB left and [store] free_space wants {} MB; nothing is kept until there is room: \
         delete something, or lower free_space or retention", free >> 20, floor >> 20
    )]
    NoRoom { path: PathBuf, free: u64, floor: u64 },
    #[error(
        "the database has commit {} and the journal commit {}; nothing is kept until it is brought up", database.0, journal.0
    )]
    Behind { database: CommitNumber, journal: CommitNumber },
    #[error("the last changes could not be made durable; nothing is published until they are")]
    Doubtful,
    #[error("the database is closed, to be opened anew")]
    Closed,
    #[error("stopped before the end, as was asked")]
    Stopped,
}

impl From<JournalError> for StoreError {
    /// A journal's work that was stopped is nothing that went wrong, as all of the store's.
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Stopped => Self::Stopped,
            error => Self::Journal(error),
        }
    }
}

impl StoreError {
    /// Whether the database is not what was written to it: it is to be rebuilt from the journal.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Record { .. } | Self::Differs { .. } => true,
            // A file that ends too early was longer once.
            Self::Read(sled::Error::Io(cause)) | Self::Write(cause) => cause.kind() == io::ErrorKind::UnexpectedEof,
            Self::Read(_) => true,
            _ => false,
        }
    }

    /// What is wrong with the database, without advice: it is mended already.
    pub(super) fn damage(&self) -> String {
        match self {
            Self::Damaged { cause, .. } => cause.clone(),
            other => other.to_string(),
        }
    }

    /// Whether the journal has folded what was asked for.
    pub(super) fn is_folded(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Folded { .. }))
    }

    /// Whether more room on the disk would mend it.
    pub fn is_out_of_room(&self) -> bool {
        match self {
            Self::NoRoom { .. } => true,
            Self::Write(cause) | Self::Read(sled::Error::Io(cause)) | Self::Folder { cause, .. } => is_full(cause),
            Self::Journal(error) => error.is_out_of_room(),
            _ => false,
        }
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn advice(cause: &io::Error) -> &'static str {
    if is_full(cause) {
        "delete something until there is room"
    } else {
        "check that it exists and that this user may write to it"
    }
}
