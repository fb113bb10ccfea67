//! Under which id an entry goes out.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    model::{Entry, EntryNumber, SourceNumber},
    normalize::is_portable_id,
    publish::copy_id,
    store::{IdentityKey, SourceRecord, Store, StoreError},
};

/// The publisher's id where it is fit to be one (RFC 4287 §4.2.6), else one minted from the source and the entry's key.
pub(super) fn public_id(entry: &Entry, guid_is_its_own: bool, source: &SourceRecord, key: IdentityKey) -> String {
    match &entry.guid {
        Some(guid) if guid_is_its_own && is_portable_id(guid) => guid.clone(),
        _ => minted_id(source, key),
    }
}

pub(super) fn minted_id(source: &SourceRecord, key: IdentityKey) -> String {
    let feed = Uuid::new_v5(&Uuid::NAMESPACE_URL, source.first_url.as_bytes());
    Uuid::new_v5(&feed, key.as_bytes()).urn().to_string()
}

/// The kept entry that goes out, or would go out by itself, under an id that was minted. Nothing leads from such an id to its entry:
/// every identity is looked at, which is for an admin to wait for, not for a poll.
pub(super) fn entry_of_minted(store: &Store, id: &str) -> Result<Option<EntryNumber>, StoreError> {
    if !id.starts_with("urn:uuid:") {
        return Ok(None);
    }
    let sources: BTreeMap<SourceNumber, _> =
        store.sources().into_iter().map(|(_, source)| (source.number, source)).collect();
    store.kept_entry(|source, key, entry| {
        sources.get(&source).is_some_and(|source| minted_id(source, key) == id) || copy_id(store, entry) == id
    })
}
