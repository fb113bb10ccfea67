//! Under which id an entry goes out.

use uuid::Uuid;

use crate::{
    model::Entry,
    normalize::is_portable_id,
    store::{IdentityKey, SourceRecord},
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
