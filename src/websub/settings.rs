use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

/// Where the hub is, and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSettings {
    /// What the addresses of editions, and the hub's own, begin with.
    pub public_url: Url,
    /// For a subscriber that names no lease.
    pub lease: TimeDelta,
    pub shortest_lease: TimeDelta,
    pub longest_lease: TimeDelta,
    /// Subscriptions in all.
    pub subscriptions: usize,
    /// Subscriptions of one callback host.
    pub subscriptions_per_host: usize,
    /// Wishes that wait to be confirmed, in all.
    pub pending: usize,
    /// Wishes of one callback host that wait to be confirmed.
    pub pending_per_host: usize,
    /// Requests under way at once.
    pub at_once: usize,
    /// Requests under way to one callback host.
    pub at_once_per_host: usize,
    /// For one request, from the first to the last byte.
    pub timeout: Duration,
    /// How long after its answer a wish is verified: a subscriber may note first what it asked for.
    pub verify_after: Duration,
    /// The first pause after a delivery that failed; those after it grow in proportion.
    pub first_retry: Duration,
    /// A subscription that has failed for so long is ended.
    pub give_up_after: TimeDelta,
    /// How long after a delivery it may take until that is on the disk: a kill has it repeated.
    pub keep_within: Duration,
}

impl HubSettings {
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            lease: TimeDelta::days(10),
            shortest_lease: TimeDelta::hours(1),
            longest_lease: TimeDelta::days(30),
            subscriptions: 1_000,
            subscriptions_per_host: 50,
            pending: 100,
            pending_per_host: 5,
            at_once: 32,
            at_once_per_host: 2,
            timeout: Duration::from_secs(10),
            verify_after: Duration::from_millis(100),
            first_retry: Duration::from_secs(10),
            give_up_after: TimeDelta::days(3),
            keep_within: Duration::from_secs(60),
        }
    }
}
