//! Faults of the disk, for tests: what they name fails until they are cleared.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use super::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Rows cannot be written to the database.
    Apply,
    /// The database cannot be flushed.
    Flush,
    /// Nothing can be appended to the journal.
    Append,
    /// The journal cannot be synced.
    Sync,
    /// There is less room than the floor.
    Room,
}

/// Shared by whoever breaks the disk and whoever uses it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    pub(crate) fn set(&self, faults: &[Fault]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = faults.to_vec();
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&fault)
    }

    pub(crate) fn check(&self, fault: Fault) -> Result<(), StoreError> {
        if self.has(fault) { Err(StoreError::Write(io::Error::other("no space left"))) } else { Ok(()) }
    }
}
