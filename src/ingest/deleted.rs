//! What publishers delete from their feeds (RFC 6721): where the admin wants it so, it goes from the store, and does not come back
//! unless its publisher has updated it since.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tracing::info;

use super::{
    TaggedEntry,
    known::known,
    take_in::{FUTURE_TOLERANCE, Ingest, TOMBSTONE_RENEWAL},
};
use crate::{
    model::{DeletedEntry, DeletedPolicy, Entry, SourceId},
    store::{Identity, IdentityKey, IdentityPolicy, Refresh, SourceRecord, StoreError},
    stories::{Identified, guid_key, shared_guid_mark},
};

/// What a document says is deleted, as far as it is heeded: when, by the entry's id.
#[derive(Debug, Default)]
pub(super) struct Deletions(BTreeMap<String, DateTime<Utc>>);

impl Deletions {
    /// Whether the document itself lists this entry in a state from before it was deleted.
    pub(super) fn cover(&self, one: &Identified<TaggedEntry>, now: DateTime<Utc>) -> bool {
        let guid = one.item.entry.guid.as_ref().filter(|_| one.guid_is_its_own);
        let when = guid.and_then(|guid| self.0.get(guid));
        when.is_some_and(|when| !is_later(&one.item.entry, *when, now))
    }
}

/// Whether the publisher has updated an entry since a moment (RFC 6721 §3), by its own word, if that is to be believed.
pub(super) fn is_later(entry: &Entry, moment: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let believable = |date: &DateTime<Utc>| *date <= now + FUTURE_TOLERANCE;
    let updated = entry.updated.filter(believable).or(entry.published.filter(believable));
    updated.is_some_and(|updated| updated > moment)
}

impl Ingest {
    /// Which of a document's deletions are heeded: of a source whose ids tell its entries apart, dated no more than a day ahead.
    pub(super) fn deletions(
        &self,
        refresh: &Refresh<'_>,
        id: &SourceId,
        source: &SourceRecord,
        deleted: Vec<DeletedEntry>,
        now: DateTime<Utc>,
    ) -> Result<Deletions, StoreError> {
        let policy = self.rules.sources.get(id).map_or(DeletedPolicy::Keep, |rules| rules.deleted);
        let mut heeded = BTreeMap::new();
        if policy == DeletedPolicy::Keep || source.identity_policy == IdentityPolicy::WithoutGuid {
            return Ok(Deletions(heeded));
        }
        for DeletedEntry { id, when } in deleted {
            // An id that several entries bear names none of them.
            let is_shared = source.identity_policy == IdentityPolicy::ByGuidAndLink
                && refresh.identity(source.number, shared_guid_mark(&id))?.is_some();
            if !is_shared && when <= now + FUTURE_TOLERANCE {
                let latest = heeded.entry(id).or_insert(when);
                *latest = when.max(*latest);
            }
        }
        Ok(Deletions(heeded))
    }

    /// Removes what was deleted after its last update, and remembers what else was, in case it is listed later. Returns how many
    /// entries were removed.
    pub(super) fn delete(
        &self,
        refresh: &mut Refresh<'_>,
        id: &SourceId,
        source: &SourceRecord,
        deletions: Deletions,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut removed = 0;
        for (guid, when) in deletions.0 {
            match known(refresh, source.number, guid_key(&guid))? {
                (_, Some(Identity::Kept { entry, .. })) => {
                    let Some(record) = refresh.entry(entry)? else { continue };
                    // Under another id it is another entry to its publisher, which has not deleted that one.
                    if record.entry.guid.as_ref() != Some(&guid) || is_later(&record.entry, when, now) {
                        continue;
                    }
                    self.forget(refresh, entry, now)?;
                    refresh.put_identity(source.number, record.identity, Identity::Deleted { when, last_listed: now });
                    removed += 1;
                }
                (key, Some(Identity::Deleted { when: before, .. })) if when > before => {
                    refresh.put_identity(source.number, key, Identity::Deleted { when, last_listed: now });
                }
                (key, Some(Identity::Deleted { .. })) => self.still_deleted(refresh, source, key, now)?,
                (key, None) => {
                    refresh.put_identity(source.number, key, Identity::Deleted { when, last_listed: now });
                }
                // It is not kept, and would not come back by itself either.
                (_, Some(Identity::Tombstone { .. } | Identity::Alias { .. })) => {}
            }
        }
        if removed > 0 {
            info!(source = %id, entries = removed, "removed: their publisher has deleted them");
        }
        Ok(removed)
    }

    /// Renews the date of what keeps a deleted entry out, for as long as its publisher speaks of it.
    pub(super) fn still_deleted(
        &self,
        refresh: &mut Refresh<'_>,
        source: &SourceRecord,
        key: IdentityKey,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(Identity::Deleted { when, last_listed }) = refresh.identity(source.number, key)?
            && now - last_listed >= TOMBSTONE_RENEWAL
        {
            refresh.put_identity(source.number, key, Identity::Deleted { when, last_listed: now });
        }
        Ok(())
    }
}
