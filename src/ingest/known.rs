//! Under which key a source's entry is known, when the publisher has given it another.

use crate::{
    model::SourceNumber,
    store::{EntryName, EntryRecord, Identity, IdentityKey, Refresh, StoreError},
};

/// A publisher changes its guids now and then, not daily.
const MOST_ALIASES: usize = 16;

/// The key that an entry is kept under, and what that leads to: an alias is followed.
pub(super) fn known(
    refresh: &Refresh<'_>,
    source: SourceNumber,
    key: IdentityKey,
) -> Result<(IdentityKey, Option<Identity>), StoreError> {
    let mut key = key;
    for _ in 0..MOST_ALIASES {
        match refresh.identity(source, key)? {
            Some(Identity::Alias { of }) => key = of,
            identity => return Ok((key, identity)),
        }
    }
    Ok((key, None))
}

/// The name under which the admin's word on an entry is kept.
pub(super) fn name_of(record: &EntryRecord) -> EntryName {
    EntryName { source: record.source, key: record.identity }
}
