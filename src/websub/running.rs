//! The hub at work: takes wishes, watches editions, decides what follows from what happened.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Utc};
use http::StatusCode;
use ring::rand::SystemRandom;
use tokio::{
    sync::{broadcast, mpsc},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use url::Url;

use super::{
    HubSettings, Refusal, Wish,
    deliver::Outcome,
    door::Ask,
    hub::Keep,
    pending::Pending,
    places::{Lane, Places, host_of},
    request::Action,
    retry::Next,
    subscriptions::Subscriptions,
    topic::{AtTopic, look, path_of, self_url},
    unkept::Unkept,
    verify::denial,
};
use crate::{
    clock::Clock,
    fetch::Caller,
    publish::{Address, Editions},
    status::{HubCounts, Status},
    store::{SubscriptionChange, SubscriptionKey},
};

/// How often every topic is looked at: what was missed is made up for, and what somebody is subscribed to counts as asked for.
const LOOK: Duration = Duration::from_secs(60);

/// How soon what could not be kept is handed in again.
const KEEP_AGAIN: Duration = Duration::from_secs(5);

/// How long keeping what is left may take once we are stopping.
const LAST_KEEPING: Duration = Duration::from_secs(3);

/// Denials that wait to be sent; a reader that misses one finds out when its lease ends.
const MOST_DENIALS: usize = 1_000;

/// The hub as it runs.
pub(super) struct Running<K> {
    pub(super) settings: HubSettings,
    pub(super) caller: Caller,
    pub(super) editions: Editions,
    pub(super) keeper: K,
    pub(super) clock: Clock,
    pub(super) subscriptions: Subscriptions,
    pub(super) pending: Pending,
    pub(super) denials: VecDeque<(Url, String)>,
    /// Editions that somebody is subscribed to and that nobody else has asked for.
    pub(super) to_make: BTreeMap<String, Address>,
    pub(super) is_making: bool,
    pub(super) places: Places,
    pub(super) requests: JoinSet<Done>,
    pub(super) jobs: HashMap<Id, Job>,
    pub(super) unkept: Unkept,
    pub(super) random: SystemRandom,
    pub(super) status: Status,
}

/// What a task is about; known also when it ends in a panic.
pub(super) enum Job {
    Verification { key: SubscriptionKey, number: u64, host: String },
    Delivery { key: SubscriptionKey, version: u64, lane: Lane, host: String, begun: Instant },
    Denial { host: String },
    Making { topic: String },
    Keeping,
}

/// How a task ended.
pub(super) enum Done {
    Verified(Result<(), String>),
    Delivered(Outcome),
    Denied,
    Made,
    Kept(Result<(), String>),
}

impl<K: Keep> Running<K> {
    pub(super) async fn run(
        mut self,
        mut wishes: mpsc::Receiver<Ask>,
        mut changes: broadcast::Receiver<String>,
        stop: &CancellationToken,
    ) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.start_what_is_due();
            self.status.hub_is(Some(self.counts()));
            let wake = self.next_wake();
            tokio::select! {
                () = stop.cancelled() => break,
                _ = look.tick() => self.look_at_all(),
                changed = changes.recv() => match changed {
                    Ok(path) => self.changed(&path),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.look_at_all(),
                    // The editions are part of `self`, and so is the sender.
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                Some(ended) = self.requests.join_next_with_id(), if !self.requests.is_empty() => self.ended(ended),
                ask = wishes.recv() => if let Some(Ask { wish, answer }) = ask {
                    // Who asked may have gone.
                    let _ = answer.send(self.take(wish));
                },
                () = tokio::time::sleep_until(wake) => {}
            }
        }
        self.status.hub_is(None);
        self.requests.shutdown().await;
        self.unkept.put_back(Duration::ZERO);
        let left: Vec<_> = self.unkept.changes.into_values().collect();
        if !left.is_empty() && !matches!(tokio::time::timeout(LAST_KEEPING, self.keeper.keep(left)).await, Ok(Ok(()))) {
            warn!("what was delivered last could not be kept; it is delivered again after the next start");
        }
    }

    fn counts(&self) -> HubCounts {
        HubCounts {
            confirmed: self.subscriptions.len(),
            waiting: self.pending.len(),
            failing: self.subscriptions.failing(),
        }
    }

    /// When there is something to do though nothing happens.
    fn next_wake(&self) -> Instant {
        let now = self.clock.now();
        let waiting = if self.places.are_full() { None } else { self.subscriptions.next_due(now) };
        let retry = waiting.and_then(|due| (due - now).to_std().ok()).unwrap_or(LOOK).min(LOOK);
        let keep = self.unkept.by.filter(|_| self.unkept.under_way.is_none());
        let others = [keep, self.pending.next_due(Instant::now())].into_iter().flatten();
        others.fold(Instant::now() + retry, Instant::min)
    }

    /// Looks whether a wish may be verified.
    fn take(&mut self, wish: Wish) -> Result<(), Refusal> {
        let (now, key) = (Instant::now(), wish.key());
        if let Some(why) = self.caller.refuses(&wish.callback) {
            let why = format!("hub.callback is where this hub does not call: {why}");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, why));
        }
        match &wish.action {
            Action::Subscribe { .. } => match look(&self.editions, &self.settings.public_url, &wish.topic) {
                AtTopic::Edition(_) | AtTopic::ToMake(_) => self.has_room(&key, &host_of(&wish.callback))?,
                AtTopic::None(why) => return Err(Refusal::new(StatusCode::NOT_FOUND, why)),
            },
            // Nobody is asked about what there is not.
            Action::Unsubscribe if self.subscriptions.get(&key).is_none() && !self.pending.contains(&key) => {
                return Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such subscription"));
            }
            Action::Unsubscribe => {}
        }
        self.pending.put(&self.settings, wish, now + self.settings.verify_after, now)
    }

    /// Whether one more may subscribe; who is subscribed already may always renew.
    fn has_room(&self, key: &SubscriptionKey, host: &str) -> Result<(), Refusal> {
        let later = Duration::from_secs(3600);
        if self.subscriptions.get(key).is_some() {
            Ok(())
        } else if self.subscriptions.count_of_host(host) >= self.settings.subscriptions_per_host {
            let why = "there are as many subscriptions for callbacks at this host as one host may have";
            Err(Refusal::later(StatusCode::TOO_MANY_REQUESTS, why, later))
        } else if self.subscriptions.len() >= self.settings.subscriptions {
            let why = "there are as many subscriptions as this hub takes";
            Err(Refusal::later(StatusCode::SERVICE_UNAVAILABLE, why, later))
        } else {
            Ok(())
        }
    }

    fn changed(&mut self, path: &str) {
        let topic = self_url(&self.settings.public_url, path);
        if self.subscriptions.has_topic(&topic) {
            self.look_at(&topic);
        }
    }

    fn look_at_all(&mut self) {
        for key in self.subscriptions.expired(self.clock.now()) {
            self.end(&key, "its lease is over");
        }
        for topic in self.subscriptions.topics() {
            self.look_at(&topic);
        }
    }

    /// Learns what is at a topic now. Where nothing is any more, its subscribers are told.
    pub(super) fn look_at(&mut self, topic: &str) {
        match look(&self.editions, &self.settings.public_url, topic) {
            AtTopic::Edition(current) => self.subscriptions.topic_is(topic, current.version, self.clock.now()),
            AtTopic::ToMake(address) => {
                // What is sent must be the newest: nobody is sent the one before meanwhile.
                self.subscriptions.topic_is_unknown(topic);
                self.to_make.insert(topic.to_owned(), *address);
            }
            AtTopic::None(why) => {
                for key in self.subscriptions.of_topic(topic) {
                    if let Some(subscriber) = self.subscriptions.get(&key) {
                        let callback = subscriber.callback.clone();
                        self.deny(&callback, topic, why);
                    }
                    self.end(&key, why);
                }
            }
        }
    }

    fn end(&mut self, key: &SubscriptionKey, why: &str) {
        if let Some(subscriber) = self.subscriptions.remove(key) {
            let topic = path_of(&self.settings.public_url, &subscriber.record.topic).unwrap_or_default();
            info!(topic, host = subscriber.host, "a subscription has ended: {why}");
            self.unkept.put(SubscriptionChange::Ended(*key), Duration::ZERO);
        }
    }

    fn deny(&mut self, callback: &Url, topic: &str, reason: &str) {
        if self.denials.len() < MOST_DENIALS {
            self.denials.push_back((denial(callback, topic, reason), host_of(callback)));
        }
    }

    fn ended(&mut self, ended: Result<(Id, Done), JoinError>) {
        let (id, done) = match ended {
            Ok((id, done)) => (id, Ok(done)),
            Err(panic) => (panic.id(), Err(format!("it ended in a panic: {panic}"))),
        };
        let now = self.clock.now();
        match self.jobs.remove(&id) {
            Some(Job::Verification { key, number, host }) => {
                self.places.give_back(Lane::Unasked, &host);
                let confirmed = match done {
                    Ok(Done::Verified(confirmed)) => confirmed,
                    other => Err(other.err().unwrap_or_default()),
                };
                if let Some(wish) = self.pending.end(&key, number) {
                    self.verified(&wish, &host, confirmed, now);
                }
            }
            Some(Job::Delivery { key, version, lane, host, begun }) => {
                self.places.give_back(lane, &host);
                let outcome = match done {
                    Ok(Done::Delivered(outcome)) => outcome,
                    other => Outcome::Failed { why: other.err().unwrap_or_default(), asked: None },
                };
                self.delivered(&key, &host, version, begun.elapsed(), outcome, now);
            }
            Some(Job::Denial { host }) => self.places.give_back(Lane::Unasked, &host),
            Some(Job::Making { topic }) => {
                self.is_making = false;
                // What could not be made, or is old already, is had by the next change or the next look at all topics.
                if let AtTopic::Edition(current) = look(&self.editions, &self.settings.public_url, &topic) {
                    self.subscriptions.topic_is(&topic, current.version, now);
                }
            }
            Some(Job::Keeping) => match done {
                Ok(Done::Kept(Ok(()))) => self.unkept.under_way = None,
                // Why is told by whoever writes the store.
                _ => self.unkept.put_back(KEEP_AGAIN),
            },
            None => {}
        }
    }

    /// A callback confirmed a wish, or did not. Only the first changes anything (WS-9).
    fn verified(&mut self, wish: &Wish, host: &str, confirmed: Result<(), String>, now: DateTime<Utc>) {
        let (key, mode) = (wish.key(), wish.action.mode());
        self.pending.was_confirmed(host, confirmed.is_ok(), Instant::now());
        if let Err(why) = confirmed {
            debug!(host, mode, "a wish was not confirmed: {why}");
            return;
        }
        let Action::Subscribe { .. } = &wish.action else { return self.end(&key, "its subscriber has unsubscribed") };
        // What was so when the wish came may be so no longer.
        if let Err(refusal) = self.has_room(&key, host) {
            return self.deny(&wish.callback, &wish.topic, &refusal.why);
        }
        let version = match look(&self.editions, &self.settings.public_url, &wish.topic) {
            AtTopic::Edition(current) => Some(current.version),
            AtTopic::ToMake(_) => None,
            AtTopic::None(why) => return self.deny(&wish.callback, &wish.topic, why),
        };
        let is_new = self.subscriptions.get(&key).is_none();
        if let Some(record) = self.subscriptions.subscribe(wish, version, now) {
            let topic = path_of(&self.settings.public_url, &record.topic).unwrap_or_default();
            info!(topic, host, until = %record.until, "{}", if is_new { "a new subscription" } else { "a subscription is renewed" });
            self.unkept.put(SubscriptionChange::Kept(Box::new(record)), Duration::ZERO);
            self.look_at(&wish.topic);
        }
    }

    fn delivered(
        &mut self,
        key: &SubscriptionKey,
        host: &str,
        version: u64,
        took: Duration,
        outcome: Outcome,
        now: DateTime<Utc>,
    ) {
        let record = match outcome {
            Outcome::Taken => self.subscriptions.delivered(key, version, took, now).map(|(record, had_failed)| {
                if had_failed {
                    info!(host, "a subscriber takes deliveries again");
                }
                debug!(host, took = ?took, "delivered");
                record
            }),
            Outcome::Gone => {
                self.subscriptions.not_begun(key);
                return self.end(key, "its callback is gone (410)");
            }
            Outcome::Failed { why, asked } => match self.subscriptions.failed(&self.settings, key, asked, now) {
                Some((record, Next::At(at))) => {
                    debug!(host, failures = record.failures, %at, "a delivery failed and is tried again: {why}");
                    Some(record)
                }
                Some((record, Next::GivenUp)) => {
                    let times = record.failures;
                    return self.end(key, &format!("{times} deliveries in a row have failed, the last because {why}"));
                }
                None => None,
            },
        };
        // Should we be killed before it is kept, it is delivered once more.
        if let Some(record) = record {
            self.unkept.put(SubscriptionChange::Kept(Box::new(record)), self.settings.keep_within);
        }
    }
}
