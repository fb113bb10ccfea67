//! Who is subscribed, and what each is to be sent now. Decides; sends and keeps nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};
use url::Url;

use super::{
    HubSettings, Wish,
    places::{Lane, host_of},
    request::Action,
    retry::{Next, next_try},
};
use crate::store::{SubscriptionKey, SubscriptionRecord};

/// A subscriber that takes longer is one of those who may hold others up.
const SLOW: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Subscriptions {
    all: BTreeMap<SubscriptionKey, Subscriber>,
    by_topic: BTreeMap<String, BTreeSet<SubscriptionKey>>,
    /// What is up at each topic now, as far as that is known.
    versions: HashMap<String, u64>,
    /// Deliveries under way; a subscription may end before its delivery does.
    under_way: BTreeSet<SubscriptionKey>,
}

pub(super) struct Subscriber {
    pub(super) record: SubscriptionRecord,
    pub(super) callback: Url,
    pub(super) host: String,
    is_slow: bool,
    /// Since when there is something to be delivered.
    waiting_since: Option<DateTime<Utc>>,
}

impl Subscriptions {
    pub(super) fn new(records: Vec<SubscriptionRecord>) -> Self {
        let mut subscriptions = Self::default();
        for record in records {
            // It was parsed before it was kept.
            if let Ok(callback) = Url::parse(&record.callback) {
                subscriptions.insert(record, callback);
            }
        }
        subscriptions
    }

    fn insert(&mut self, record: SubscriptionRecord, callback: Url) {
        self.by_topic.entry(record.topic.clone()).or_default().insert(record.key);
        let host = host_of(&callback);
        let subscriber = Subscriber { record, callback, host, is_slow: false, waiting_since: None };
        self.all.insert(subscriber.record.key, subscriber);
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many of them did not take what they were sent last.
    pub(super) fn failing(&self) -> usize {
        self.all.values().filter(|subscriber| subscriber.record.failures > 0).count()
    }

    pub(super) fn count_of_host(&self, host: &str) -> usize {
        self.all.values().filter(|subscriber| subscriber.host == host).count()
    }

    pub(super) fn get(&self, key: &SubscriptionKey) -> Option<&Subscriber> {
        self.all.get(key)
    }

    /// Every topic that somebody is subscribed to.
    pub(super) fn topics(&self) -> Vec<String> {
        self.by_topic.keys().cloned().collect()
    }

    pub(super) fn has_topic(&self, topic: &str) -> bool {
        self.by_topic.contains_key(topic)
    }

    pub(super) fn of_topic(&self, topic: &str) -> Vec<SubscriptionKey> {
        self.by_topic.get(topic).into_iter().flatten().copied().collect()
    }

    /// The edition at a topic is this one now.
    pub(super) fn topic_is(&mut self, topic: &str, version: u64, now: DateTime<Utc>) {
        let Some(keys) = self.by_topic.get(topic) else { return };
        self.versions.insert(topic.to_owned(), version);
        for key in keys {
            if let Some(subscriber) = self.all.get_mut(key) {
                subscriber.wants(version, now);
            }
        }
    }

    /// There is no edition at a topic at present.
    pub(super) fn topic_is_unknown(&mut self, topic: &str) {
        self.versions.remove(topic);
    }

    /// A confirmed wish to subscribe is granted; one who is subscribed already has it renewed. `version` is what is up now: it
    /// is not delivered to who is new, since whoever subscribes has seen it.
    pub(super) fn subscribe(
        &mut self,
        wish: &Wish,
        version: Option<u64>,
        now: DateTime<Utc>,
    ) -> Option<SubscriptionRecord> {
        let Action::Subscribe { lease, secret } = &wish.action else { return None };
        let key = wish.key();
        if let Some(subscriber) = self.all.get_mut(&key) {
            let record = &mut subscriber.record;
            record.until = now + *lease;
            record.secret = secret.clone();
            // It answered just now, so that it is worth a try.
            (record.failures, record.failing_since, record.retry_at) = (0, None, None);
            return Some(record.clone());
        }
        let record = SubscriptionRecord {
            key,
            callback: wish.callback.to_string(),
            topic: wish.topic.clone(),
            secret: secret.clone(),
            since: now,
            until: now + *lease,
            delivered: version,
            failures: 0,
            failing_since: None,
            retry_at: None,
        };
        self.insert(record.clone(), wish.callback.clone());
        Some(record)
    }

    pub(super) fn remove(&mut self, key: &SubscriptionKey) -> Option<Subscriber> {
        let subscriber = self.all.remove(key)?;
        let topic = &subscriber.record.topic;
        if let Some(keys) = self.by_topic.get_mut(topic) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_topic.remove(topic);
                self.versions.remove(topic);
            }
        }
        Some(subscriber)
    }

    /// Whose lease has ended.
    pub(super) fn expired(&self, now: DateTime<Utc>) -> Vec<SubscriptionKey> {
        self.all
            .values()
            .map(|subscriber| &subscriber.record)
            .filter(|record| record.until <= now)
            .map(|r| r.key)
            .collect()
    }

    /// Who is to be sent something now: those who wait longest first, and those who fail or are slow last.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Vec<(SubscriptionKey, Lane)> {
        let due = self.waiting().filter(|subscriber| subscriber.record.retry_at.is_none_or(|at| at <= now));
        let mut due: Vec<_> = due.map(|one| (one.lane(), one.waiting_since, one.record.key)).collect();
        due.sort_unstable();
        due.into_iter().map(|(lane, _, key)| (key, lane)).collect()
    }

    /// When the next one is due that waits for its time.
    pub(super) fn next_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.waiting().filter_map(|subscriber| subscriber.record.retry_at).filter(|at| *at > now).min()
    }

    /// Those for whom there is something that is not under way.
    fn waiting(&self) -> impl Iterator<Item = &Subscriber> {
        self.all.values().filter(|subscriber| {
            let record = &subscriber.record;
            let version = self.versions.get(&record.topic);
            version.is_some_and(|version| record.delivered != Some(*version)) && !self.under_way.contains(&record.key)
        })
    }

    pub(super) fn begin(&mut self, key: SubscriptionKey) {
        self.under_way.insert(key);
    }

    /// A delivery was taken. Returns the record to be kept, and whether the subscriber had failed before.
    pub(super) fn delivered(
        &mut self,
        key: &SubscriptionKey,
        version: u64,
        took: Duration,
        now: DateTime<Utc>,
    ) -> Option<(SubscriptionRecord, bool)> {
        self.under_way.remove(key);
        let subscriber = self.all.get_mut(key)?;
        subscriber.is_slow = took > SLOW;
        subscriber.waiting_since = None;
        let record = &mut subscriber.record;
        let had_failed = record.failures > 0;
        record.delivered = Some(version);
        (record.failures, record.failing_since, record.retry_at) = (0, None, None);
        let record = record.clone();
        if let Some(version) = self.versions.get(&record.topic) {
            subscriber.wants(*version, now);
        }
        Some((record, had_failed))
    }

    /// A delivery failed. Returns the record to be kept, and when it is tried again.
    pub(super) fn failed(
        &mut self,
        settings: &HubSettings,
        key: &SubscriptionKey,
        asked: Option<Duration>,
        now: DateTime<Utc>,
    ) -> Option<(SubscriptionRecord, Next)> {
        self.under_way.remove(key);
        let record = &mut self.all.get_mut(key)?.record;
        let since = *record.failing_since.get_or_insert(now);
        record.failures = record.failures.saturating_add(1);
        let next = next_try(settings, *key, record.failures, since, asked, now);
        if let Next::At(at) = next {
            record.retry_at = Some(at);
        }
        Some((record.clone(), next))
    }

    /// A delivery was not made after all.
    pub(super) fn not_begun(&mut self, key: &SubscriptionKey) {
        self.under_way.remove(key);
    }
}

impl Subscriber {
    fn wants(&mut self, version: u64, now: DateTime<Utc>) {
        match self.record.delivered == Some(version) {
            true => self.waiting_since = None,
            false => drop(self.waiting_since.get_or_insert(now)),
        }
    }

    fn lane(&self) -> Lane {
        if self.is_slow || self.record.failures > 0 { Lane::Troubled } else { Lane::Steady }
    }
}

#[cfg(test)]
mod tests;
