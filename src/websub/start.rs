//! What the hub begins: everything that takes a while runs beside it, and what came of it comes back to [`Running`].

use chrono::{DateTime, Utc};
use ring::rand::SecureRandom as _;
use tokio::time::Instant;
use url::Url;

use super::{
    deliver::{Delivery, outcome},
    hub::Keep,
    places::Lane,
    running::{Done, Job, Running},
    topic::{AtTopic, look},
    verify::{CHALLENGE, challenge, confirms, question},
};
use crate::store::SubscriptionKey;

impl<K: Keep> Running<K> {
    /// Starts all there is a place for.
    pub(super) fn start_what_is_due(&mut self) {
        self.start_keeping();
        self.start_asking();
        self.start_delivering();
        // Last, for those before may have found out that something is to be made.
        self.start_making();
    }

    fn start_asking(&mut self) {
        for _ in 0..self.denials.len() {
            let Some((url, host)) = self.denials.pop_front() else { break };
            match self.places.take(Lane::Unasked, &host) {
                true => self.start_denial(url, host),
                false => self.denials.push_back((url, host)),
            }
        }
        for (key, host) in self.pending.due(Instant::now()) {
            if self.places.take(Lane::Unasked, &host) {
                self.start_verification(key, host);
            }
        }
    }

    fn start_delivering(&mut self) {
        if self.places.are_full() {
            return;
        }
        let now = self.clock.now();
        for (key, lane) in self.subscriptions.due(now) {
            let Some(host) = self.subscriptions.get(&key).map(|subscriber| subscriber.host.clone()) else { continue };
            if self.places.take(lane, &host) {
                self.start_delivery(key, lane, host, now);
            }
        }
    }

    fn start_keeping(&mut self) {
        let is_time = self.unkept.by.is_some_and(|by| by <= Instant::now());
        if self.unkept.under_way.is_some() || !is_time {
            return;
        }
        let changes = std::mem::take(&mut self.unkept.changes);
        let (keeper, handed_in) = (self.keeper.clone(), changes.values().cloned().collect());
        (self.unkept.under_way, self.unkept.by) = (Some(changes), None);
        self.spawn(Job::Keeping, async move { Done::Kept(keeper.keep(handed_in).await) });
    }

    /// One at a time: it takes a processor, and most editions are kept current by who publishes them.
    fn start_making(&mut self) {
        if self.is_making {
            return;
        }
        let Some((topic, address)) = self.to_make.pop_first() else { return };
        self.is_making = true;
        let editions = self.editions.clone();
        self.spawn(Job::Making { topic }, async move {
            // A panic is as good as nothing made.
            let _ = tokio::task::spawn_blocking(move || drop(editions.make(&address))).await;
            Done::Made
        });
    }

    fn start_denial(&mut self, url: Url, host: String) {
        let (caller, timeout) = (self.caller.clone(), self.settings.timeout);
        self.spawn(Job::Denial { host }, async move {
            // Whether it was heard makes no difference.
            let _ = caller.get(&url, 0, timeout).await;
            Done::Denied
        });
    }

    fn start_verification(&mut self, key: SubscriptionKey, host: String) {
        let Some((wish, number)) = self.pending.begin(&key) else {
            return self.places.give_back(Lane::Unasked, &host);
        };
        let mut random = [0; CHALLENGE];
        // Without randomness nothing can be verified, and the wish fails as one that is not confirmed.
        let has_random = self.random.fill(&mut random).is_ok();
        let (caller, timeout) = (self.caller.clone(), self.settings.timeout);
        self.spawn(Job::Verification { key, number, host }, async move {
            if !has_random {
                return Done::Verified(Err("the system gives no random numbers".into()));
            }
            let challenge = challenge(random);
            let answer = caller.get(&question(&wish, &challenge), challenge.len(), timeout).await;
            let answer = answer.map_err(|error| error.to_string());
            Done::Verified(answer.and_then(|answer| confirms(answer.status, &answer.body, &challenge)))
        });
    }

    fn start_delivery(&mut self, key: SubscriptionKey, lane: Lane, host: String, now: DateTime<Utc>) {
        let Some(subscriber) = self.subscriptions.get(&key) else { return self.places.give_back(lane, &host) };
        let (topic, delivered) = (subscriber.record.topic.clone(), subscriber.record.delivered);
        let callback = subscriber.callback.clone();
        let AtTopic::Edition(current) = look(&self.editions, &self.settings.public_url, &topic) else {
            // It went just now, or there is a newer one to be made.
            self.places.give_back(lane, &host);
            return self.look_at(&topic);
        };
        let delivery = Delivery::new(&self.settings.public_url, &topic, current, subscriber.record.secret.as_ref());
        if delivered == Some(delivery.version) {
            self.subscriptions.topic_is(&topic, delivery.version, now);
            return self.places.give_back(lane, &host);
        }
        self.subscriptions.begin(key);
        let (caller, timeout, clock) = (self.caller.clone(), self.settings.timeout, self.clock.clone());
        let job = Job::Delivery { key, version: delivery.version, lane, host, begun: Instant::now() };
        self.spawn(job, async move {
            let answer = caller.post(&callback, delivery.headers, delivery.body, timeout).await;
            Done::Delivered(outcome(answer, clock.now()))
        });
    }

    fn spawn(&mut self, job: Job, work: impl Future<Output = Done> + Send + 'static) {
        let id = self.requests.spawn(work).id();
        self.jobs.insert(id, job);
    }
}
