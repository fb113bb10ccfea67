use std::path::PathBuf;

/// Why the store could not do what was asked. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store in {path} is in use by another newsdesk; stop that one first, or name another folder in [store] path"
    )]
    InUse { path: PathBuf },
    #[error(
        "cannot use the folder {path} for the store: {cause}; check that it exists and that this user may write to it"
    )]
    Folder { path: PathBuf, cause: std::io::Error },
    #[error(
        "the store in {path} has format {found}, and this newsdesk knows formats up to {known}; \
         run the newer newsdesk that wrote it"
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error(
        "the store in {path} is damaged beyond repair: {cause}; move the folder aside and start again: \
         sources are polled afresh"
    )]
    Damaged { path: PathBuf, cause: String },
    #[error("a record in the store cannot be read ({what}): {cause}")]
    Record { what: &'static str, cause: String },
    #[error("the store cannot write: {0}; is the disk full?")]
    Write(std::io::Error),
    #[error("the store cannot be read: {0}")]
    Read(#[from] sled::Error),
}
