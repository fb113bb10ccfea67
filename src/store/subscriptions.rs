//! Who asked to be told when an edition changes, and how far they have been told.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{StoreError, codec, engine::TreeName, keys::SubscriptionKey, read::Store};

/// A subscription that its callback confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRecord {
    pub key: SubscriptionKey,
    /// Where editions are sent to: an absolute http or https URL.
    pub callback: String,
    /// The edition's own address, as the subscriber wrote it.
    pub topic: String,
    /// What deliveries are signed with.
    pub secret: Option<SubscriptionSecret>,
    /// When it was confirmed first.
    pub since: DateTime<Utc>,
    /// When it ends unless it is renewed.
    pub until: DateTime<Utc>,
    /// A hash of the edition that was delivered last, or that was up when the subscription began.
    pub delivered: Option<u64>,
    /// Deliveries that failed since the last that did not.
    pub failures: u32,
    /// When the first of them failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Nothing is delivered before, because the last delivery failed.
    pub retry_at: Option<DateTime<Utc>>,
}

/// What deliveries to a subscriber are signed with. It is kept and exported, for without it deliveries would be discarded, and
/// shown nowhere (SEC-3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionSecret(String);

impl SubscriptionSecret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that signs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SubscriptionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What becomes of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionChange {
    /// It is new, or other than it was.
    Kept(Box<SubscriptionRecord>),
    Ended(SubscriptionKey),
}

impl Store {
    /// Every subscription.
    pub fn subscriptions(&self) -> Result<Vec<SubscriptionRecord>, StoreError> {
        let database = self.database()?;
        let items = database.scan(TreeName::Subscriptions, &[]);
        items.map(|item| codec::decode("subscription", &item?.1)).collect()
    }
}
