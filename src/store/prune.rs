use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{StoreError, read::Store, records::SourceNumber};
use crate::model::EntryNumber;

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetentionLimits {
    /// How long after its date an entry is kept.
    pub age: Duration,
    /// The most entries kept of one source; the oldest go first.
    pub entries_per_source: u64,
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
        for row in self.ages(source) {
            let (date, entry) = row?;
            if surplus == 0 && horizon.is_none_or(|horizon| date >= horizon) {
                break;
            }
            if pruned.entries.len() == limit {
                pruned.more = true;
                break;
            }
            surplus = surplus.saturating_sub(1);
            pruned.entries.push(entry);
        }
        Ok(pruned)
    }
}
