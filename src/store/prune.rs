use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, Utc};

use super::{
    StoreError, codec,
    engine::TreeName,
    keys::{self, IdentityKey},
    read::Store,
    records::Identity,
};
use crate::model::{EntryNumber, SourceNumber};

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetentionLimits {
    /// How long after its date an entry is kept.
    pub age: Duration,
    /// The most entries kept of one source; the oldest go first.
    pub entries_per_source: u64,
    /// The most bytes the database's content may take; the oldest entries of the source that has most go first. `None` is no
    /// limit.
    pub size: Option<u64>,
}

/// Entries whose time is over.
#[derive(Debug, Default, PartialEq)]
pub struct Pruned {
    pub entries: Vec<EntryNumber>,
    /// There are more than were asked for: call again after these are gone.
    pub more: bool,
}

impl Store {
    /// The entries of a source that retention no longer covers at `now`, oldest first, at most `limit`.
    pub fn outlived(
        &self,
        source: SourceNumber,
        kept: u64,
        limits: &RetentionLimits,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Pruned, StoreError> {
        let horizon = chrono::Duration::from_std(limits.age).ok().and_then(|age| now.checked_sub_signed(age));
        let mut surplus = kept.saturating_sub(limits.entries_per_source);
        let mut pruned = Pruned::default();
        self.ages(source, |date, entry| {
            if surplus == 0 && horizon.is_none_or(|horizon| date >= horizon) {
                return false;
            }
            if pruned.entries.len() == limit {
                pruned.more = true;
                return false;
            }
            surplus = surplus.saturating_sub(1);
            pruned.entries.push(entry);
            true
        })?;
        Ok(pruned)
    }
}

impl Store {
    /// The newest entries of a source by the date that retention goes by, at most `limit`.
    pub fn newest_of(&self, source: SourceNumber, limit: usize) -> Result<Vec<EntryNumber>, StoreError> {
        let mut newest = VecDeque::with_capacity(limit);
        self.ages(source, |_, entry| {
            if newest.len() == limit {
                newest.pop_front();
            }
            newest.push_back(entry);
            true
        })?;
        Ok(newest.into())
    }

    /// Whether all that is kept takes more than the limits allow.
    pub fn is_oversized(&self, limits: &RetentionLimits) -> Result<bool, StoreError> {
        Ok(match limits.size {
            Some(most) => self.size()?.content > most,
            None => false,
        })
    }

    /// Tombstones of sources that have more than `most`, those least recently listed first, at most `limit`. Walks every
    /// identity.
    pub fn surplus_tombstones(
        &self,
        most: usize,
        limit: usize,
    ) -> Result<Vec<(SourceNumber, IdentityKey)>, StoreError> {
        let mut surplus = Vec::new();
        let mut of_source: (Option<SourceNumber>, Vec<(DateTime<Utc>, IdentityKey)>) = (None, Vec::new());
        let mut close = |(source, mut tombstones): (Option<SourceNumber>, Vec<(DateTime<Utc>, IdentityKey)>)| {
            let Some(source) = source else { return };
            let too_many = tombstones.len().saturating_sub(most).min(limit - surplus.len());
            tombstones.sort_unstable();
            surplus.extend(tombstones.into_iter().take(too_many).map(|(_, key)| (source, key)));
        };
        let database = self.database()?;
        for item in database.scan(TreeName::Identities, &[]) {
            let (key, value) = item?;
            let Some((source, key)) = keys::read_identity(&key) else { continue };
            if of_source.0 != Some(source) {
                close(std::mem::replace(&mut of_source, (Some(source), Vec::new())));
            }
            if let Identity::Tombstone { last_listed } | Identity::Deleted { last_listed, .. } =
                codec::decode("identity", &value)?
            {
                of_source.1.push((last_listed, key));
            }
        }
        close(of_source);
        Ok(surplus)
    }

    /// Tombstones whose entries were last listed before their source's `horizon`, at most `limit`. Walks every identity.
    pub fn expired_tombstones(
        &self,
        horizon: impl Fn(SourceNumber) -> DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(SourceNumber, IdentityKey)>, StoreError> {
        let mut expired = Vec::new();
        let database = self.database()?;
        for item in database.scan(TreeName::Identities, &[]) {
            let (key, value) = item?;
            let Some((source, key)) = keys::read_identity(&key) else { continue };
            let is_over = match codec::decode("identity", &value)? {
                Identity::Tombstone { last_listed } | Identity::Deleted { last_listed, .. } => {
                    last_listed < horizon(source)
                }
                // It goes after the key that it leads to.
                Identity::Alias { of } => self.identity(source, of)?.is_none(),
                Identity::Kept { .. } => false,
            };
            if is_over {
                expired.push((source, key));
                if expired.len() == limit {
                    break;
                }
            }
        }
        Ok(expired)
    }
}
