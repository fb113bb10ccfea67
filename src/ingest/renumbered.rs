//! Publishers that give known entries new guids, or an old guid to a new entry.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tracing::{info, warn};
use url::Url;

use super::{TaggedEntry, known::known, take_in::Ingest};
use crate::{
    model::{Entry, SourceId},
    normalize::link_key,
    store::{Identity, IdentityKey, IdentityPolicy, Refresh, RenumberedRecord, SourceRecord, StoreError},
    stories::{EntryFacts, Identified, Renumbering, Wording, renumbering, reused_guid, shared_guid_mark},
    text::ReadableEntry,
};

/// So many of a source's newest entries are looked through for those that a document lists under new guids: more than any
/// document lists.
const LOOKED_THROUGH: usize = 300;

impl Ingest {
    /// Notices a document whose entries are known under other guids. From then on they are known under the new ones too; what is
    /// older than those and not known at all is remembered as passed over.
    pub(super) fn notice_renumbering(
        &self,
        refresh: &mut Refresh<'_>,
        id: &SourceId,
        source: &SourceRecord,
        identified: &[Identified<TaggedEntry>],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut arriving = Vec::new();
        let mut listed = BTreeSet::new();
        for one in identified {
            match known(refresh, source.number, one.key)?.1 {
                Some(Identity::Kept { entry, .. }) => {
                    listed.insert(entry);
                }
                Some(_) => {}
                None => arriving.push(facts(one.key, &one.item.entry, one.item.text.wording.clone())),
            }
        }
        if !Renumbering::is_possible(arriving.len(), identified.len()) {
            return Ok(());
        }
        let mut kept = Vec::new();
        for number in self.store.newest_of(source.number, LOOKED_THROUGH.max(identified.len() * 2))? {
            if !listed.contains(&number)
                && let Some(record) = refresh.entry(number)?
            {
                let wording = refresh.text(number)?.map(|text| text.wording).unwrap_or_default();
                kept.push(facts(record.identity, &record.entry, wording));
            }
        }
        let Some(renumbering) = renumbering(&arriving, identified.len(), &kept) else { return Ok(()) };
        warn!(source = %id, "{renumbering}");
        for alias in &renumbering.aliases {
            refresh.put_identity(source.number, alias.arriving, Identity::Alias { of: alias.kept });
        }
        for key in &renumbering.held_back {
            refresh.put_identity(source.number, *key, Identity::Tombstone { last_listed: now });
        }
        refresh.put_renumbered(source.number, RenumberedRecord { at: now, renumbering });
        Ok(())
    }

    /// Gives an entry that arrives under the guid of quite another one, a month or more after it, a key of its own. Returns
    /// whether it did.
    pub(super) fn notice_reused_guid(
        &self,
        refresh: &mut Refresh<'_>,
        id: &SourceId,
        source: &mut SourceRecord,
        one: &mut Identified<TaggedEntry>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(guid) = one.item.entry.guid.clone().filter(|_| source.identity_policy != IdentityPolicy::WithoutGuid)
        else {
            return Ok(false);
        };
        let (_, Some(Identity::Kept { entry: number, .. })) = known(refresh, source.number, one.key)? else {
            return Ok(false);
        };
        let Some(kept) = refresh.entry(number)? else { return Ok(false) };
        let entry = &one.item.entry;
        // Most changes are of the text alone, and texts are long.
        if entry.link == kept.entry.link {
            return Ok(false);
        }
        let [ours, theirs] = [entry, &kept.entry].map(|entry| Wording::of(&ReadableEntry::from_entry(entry, &[])));
        let (arriving, kept) = (facts(one.key, entry, ours), facts(kept.identity, &kept.entry, theirs));
        let Some(reused) = reused_guid(&arriving, &kept) else { return Ok(false) };
        info!(source = %id, guid, "{reused}");
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok()).map(|url| link_key(&url));
        // As those of one document that share a guid: it is told apart by its link from here on.
        refresh.put_identity(source.number, shared_guid_mark(&guid), Identity::Tombstone { last_listed: now });
        source.identity_policy = IdentityPolicy::ByGuidAndLink;
        refresh.put_source(id, source.clone());
        one.key = IdentityKey::new("guid and link", &[&guid, link.as_deref().unwrap_or_default()]);
        one.guid_is_its_own = false;
        Ok(true)
    }
}

fn facts(key: IdentityKey, entry: &Entry, wording: Wording) -> EntryFacts {
    EntryFacts {
        key,
        guid: entry.guid.clone(),
        link: entry.link.clone(),
        title: entry.title.clone(),
        dated: entry.published.or(entry.updated),
        wording,
    }
}
