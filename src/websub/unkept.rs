//! What became of subscriptions and is not on the disk yet.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::store::{SubscriptionChange, SubscriptionKey};

/// What is not on the disk yet.
#[derive(Default)]
pub(super) struct Unkept {
    pub changes: BTreeMap<SubscriptionKey, SubscriptionChange>,
    /// When they are to be.
    pub by: Option<Instant>,
    /// On their way, one hand-in after the other so that the last word stays the last.
    pub under_way: Option<BTreeMap<SubscriptionKey, SubscriptionChange>>,
}

impl Unkept {
    pub(super) fn put(&mut self, change: SubscriptionChange, within: Duration) {
        let key = match &change {
            SubscriptionChange::Kept(record) => record.key,
            SubscriptionChange::Ended(key) => *key,
        };
        self.changes.insert(key, change);
        let by = Instant::now() + within;
        self.by = Some(self.by.map_or(by, |before| before.min(by)));
    }

    /// Those under way were not kept: they are tried again, but for those that changed meanwhile.
    pub(super) fn put_back(&mut self, within: Duration) {
        let mut changes = self.under_way.take().unwrap_or_default();
        changes.append(&mut self.changes);
        self.changes = changes;
        self.by = (!self.changes.is_empty()).then(|| Instant::now() + within);
    }
}
