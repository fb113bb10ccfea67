use std::{
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::store::CommitNumber;

/// A place in the journal that cannot be what was once written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal is damaged: {file}, byte {offset}: {cause}")]
pub struct Damage {
    pub file: PathBuf,
    /// Where the damaged frame begins, bytes from the beginning of the file.
    pub offset: u64,
    pub cause: String,
}

/// Why the journal could not do what was asked. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot {doing} {path}: {cause}; check that there is room and that this user may write there")]
    Io { doing: &'static str, path: PathBuf, cause: io::Error },
    #[error(
        "{0}; as long as the store itself opens, newsdesk writes the journal anew from it; \
         else restore a backup, or keep what stands before the damage"
    )]
    Damaged(Damage),
    #[error(
        "the journal file {path} has format {found}, and this newsdesk knows formats up to {known}; \
         run the newer newsdesk that wrote it"
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error(
        "the journal file {path} belongs to another store ({found}, this one is {expected}); \
         put the folder back where it came from, or move it aside"
    )]
    OtherStore { path: PathBuf, found: Uuid, expected: Uuid },
    #[error("commit {} cannot follow commit {} in the journal; this is a mistake in newsdesk, please report it", found.0, last.0)]
    OutOfOrder { last: CommitNumber, found: CommitNumber },
    #[error("commit {} cannot be written to the journal: {cause}; this is a mistake in newsdesk, please report it", number.0)]
    Unwritable { number: CommitNumber, cause: String },
    #[error(
        "the journal no longer holds the commits after {} one by one, they are folded into the base of commit {}; \
         read it from the beginning",
        asked.0, base.0
    )]
    Folded { asked: CommitNumber, base: CommitNumber },
    #[error("the journal's base is being written already; wait until that is done")]
    Busy,
    #[error("stopped before the end, as was asked; nothing was changed")]
    Stopped,
}

impl JournalError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.to_path_buf(), cause }
    }

    /// Whether the disk is full: room, and nothing else, mends it.
    pub fn is_out_of_room(&self) -> bool {
        matches!(self, Self::Io { cause, .. }
            if matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}
