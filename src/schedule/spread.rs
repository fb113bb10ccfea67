use chrono::TimeDelta;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::SourceId;

/// A source's own place in time, so that sources with the same schedule do not all poll in the same second.
///
/// It is a hash of the source's id: stable over restarts, and different from one source to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread(u64);

impl Spread {
    /// No spread: the source polls on the tick.
    pub const NONE: Self = Self(0);

    pub fn of(source: &SourceId) -> Self {
        Self::seeded(source, 0)
    }

    /// Another place for every seed, for an installation that is to poll at other times than its neighbour.
    pub fn seeded(source: &SourceId, seed: u64) -> Self {
        Self(xxh3_64_with_seed(source.as_str().as_bytes(), seed))
    }

    /// From zero to less than `over`, in whole seconds.
    pub(super) fn offset(self, over: TimeDelta) -> TimeDelta {
        let seconds = u64::try_from(over.num_seconds()).unwrap_or(0).max(1);
        TimeDelta::seconds(i64::try_from(self.0 % seconds).unwrap_or(0))
    }

    /// `delay` and up to a fifth more or less, stable for a source and its number of failures.
    pub(super) fn jitter(self, delay: TimeDelta, failures: u32) -> TimeDelta {
        let chance = xxh3_64_with_seed(&failures.to_le_bytes(), self.0) % 401;
        let per_mille = 800 + i64::try_from(chance).unwrap_or(200);
        TimeDelta::milliseconds(delay.num_milliseconds().saturating_mul(per_mille) / 1000)
    }
}
