use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{PollHints, Validators};

/// What is remembered of a source's polls: enough to decide when the next one is due and what it must send.
///
/// It is on disk before a request leaves (`last_start`) and again with the entries the response brought (the rest), so that
/// no restart polls early and no validator is ahead of its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollState {
    /// The URL the validators and the freshness belong to. Another URL in the configuration starts afresh.
    pub url: String,
    pub validators: Validators,
    /// The URL that gave the validators, at the end of every redirect. They are sent to it and to no other.
    pub validators_url: Option<String>,
    /// xxh3 of the last body that was read to its end and parsed.
    pub body_hash: Option<u64>,
    /// When the last poll began, answered or not.
    pub last_start: Option<DateTime<Utc>>,
    /// When a 200 or a 304 last arrived.
    pub last_response: Option<DateTime<Utc>>,
    /// Since when nothing but 304 has arrived; `None` after a 200.
    pub unchanged_since: Option<DateTime<Utc>>,
    /// From the publisher's HTTP headers: no request before.
    pub fresh_until: Option<DateTime<Utc>>,
    /// The publisher named a freshness lifetime of its own in the last response.
    pub explicit_freshness: bool,
    /// From `Retry-After`, or our own answer to a 429 or 503 without one: no request before, whoever asks.
    pub retry_until: Option<DateTime<Utc>>,
    /// `retry_until` holds for the whole host (429), not for this feed alone (503).
    pub retry_is_for_host: bool,
    /// Failed polls in a row.
    pub failures: u32,
    /// Since when every poll has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Since when every answer was a refusal: 401, 403, 404 or 451.
    pub refused_since: Option<DateTime<Utc>>,
    /// When the publisher first answered 410, before a second one a day later confirms it.
    pub gone_seen: Option<DateTime<Utc>>,
    /// When the publisher's 410 was confirmed: no poll any more until the admin edits the source.
    pub gone_since: Option<DateTime<Utc>>,
    /// The feed has given an ETag or a Last-Modified at least once.
    pub ever_validated: bool,
    /// From the feed's own elements.
    pub hints: PollHints,
    /// A permanent redirect that has been seen and not yet believed, or is believed.
    pub moved: Option<Moved>,
    /// What the last poll ended in, for the admin.
    pub last_outcome: Option<String>,
}

/// A permanent redirect and how often it was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub to: String,
    pub first_seen: DateTime<Utc>,
    /// Polls in a row that ended there.
    pub times: u32,
    /// It has been believed: polls go to `to`.
    pub accepted: bool,
}
