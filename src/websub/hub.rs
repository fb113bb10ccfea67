//! The task that owns the hub: takes wishes, watches editions, starts requests, hands what is to be kept to the desk.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Utc};
use http::StatusCode;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::{
    sync::{broadcast, mpsc},
    task::{Id, JoinError, JoinHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use url::Url;

use super::{
    HubDoor, HubSettings, Refusal, Wish,
    deliver::{Delivery, Outcome, outcome},
    door::Ask,
    pending::Pending,
    places::{Lane, Places, host_of},
    request::Action,
    retry::Next,
    subscriptions::Subscriptions,
    topic::{AtTopic, Current, look, path_of, self_url},
    verify::{CHALLENGE, challenge, confirms, denial, question},
};
use crate::{
    clock::Clock,
    fetch::Caller,
    publish::{Address, Editions, Made},
    store::{SubscriptionChange, SubscriptionKey, SubscriptionRecord},
};

/// Where subscriptions are kept over restarts.
pub trait Keep: Send + Sync + Clone + 'static {
    /// Returns once the changes are on the disk, or why they are not.
    fn keep(&self, changes: Vec<SubscriptionChange>) -> impl Future<Output = Result<(), String>> + Send;
}

/// What a hub starts with.
pub struct HubSetup<K> {
    pub settings: HubSettings,
    pub caller: Caller,
    pub editions: Editions,
    /// Those that were kept.
    pub subscriptions: Vec<SubscriptionRecord>,
    pub keeper: K,
    pub clock: Clock,
    pub door: HubDoor,
}

/// A hub that runs.
pub struct Hub {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Wishes that may wait until the hub has looked at them, which takes it no time to speak of.
const INBOX: usize = 64;

/// How often every topic is looked at: what was missed is made up for, and what somebody is subscribed to counts as asked for.
const LOOK: Duration = Duration::from_secs(60);

/// How soon what could not be kept is handed in again.
const KEEP_AGAIN: Duration = Duration::from_secs(5);

/// How long keeping what is left may take once we are stopping.
const LAST_KEEPING: Duration = Duration::from_secs(3);

/// Denials that wait to be sent; a reader that misses one finds out when its lease ends.
const MOST_DENIALS: usize = 1_000;

impl Hub {
    /// Starts the hub and opens the door to it. Editions that changed while it did not run are delivered at once.
    pub fn start<K: Keep>(setup: HubSetup<K>) -> Self {
        let (inbox, wishes) = mpsc::channel(INBOX);
        let stop = CancellationToken::new();
        let HubSetup { settings, caller, editions, subscriptions, keeper, clock, door } = setup;
        // Nothing that changes from here on is missed.
        let changes = editions.changes();
        door.announce(Some(settings.clone()));
        door.open(inbox);
        let running = Running {
            places: Places::new(&settings),
            subscriptions: Subscriptions::new(subscriptions),
            pending: Pending::default(),
            denials: VecDeque::new(),
            to_make: BTreeMap::new(),
            is_making: false,
            requests: JoinSet::new(),
            jobs: HashMap::new(),
            unkept: Unkept::default(),
            random: SystemRandom::new(),
            settings,
            caller,
            editions,
            keeper,
            clock,
        };
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            running.run(wishes, changes, &stopped).await;
            door.close();
        });
        Self { stop, task }
    }

    /// Takes no more wishes, drops what is under way and keeps what there is to be kept. What was under way is delivered after
    /// the next start.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(panic) = self.task.await {
            warn!(%panic, "the hub ended in a panic");
        }
    }
}

struct Running<K> {
    settings: HubSettings,
    caller: Caller,
    editions: Editions,
    keeper: K,
    clock: Clock,
    subscriptions: Subscriptions,
    pending: Pending,
    denials: VecDeque<(Url, String)>,
    /// Editions that somebody is subscribed to and that nobody else has asked for.
    to_make: BTreeMap<String, Address>,
    is_making: bool,
    places: Places,
    requests: JoinSet<Done>,
    jobs: HashMap<Id, Job>,
    unkept: Unkept,
    random: SystemRandom,
}

/// What the task of a request is about; known also when it ends in a panic.
enum Job {
    Verification { key: SubscriptionKey, number: u64, host: String },
    Delivery { key: SubscriptionKey, version: u64, lane: Lane, host: String, begun: Instant },
    Denial { host: String },
    Making { topic: String },
    Keeping,
}

/// How a task ended.
enum Done {
    Verified(Result<(), String>),
    Delivered(Outcome),
    Denied,
    Made(Made),
    Kept(Result<(), String>),
}

/// What is not on the disk yet.
#[derive(Default)]
struct Unkept {
    changes: BTreeMap<SubscriptionKey, SubscriptionChange>,
    /// When they are to be.
    by: Option<Instant>,
    /// On their way, one hand-in after the other so that the last word stays the last.
    under_way: Option<BTreeMap<SubscriptionKey, SubscriptionChange>>,
}

impl Unkept {
    fn put(&mut self, change: SubscriptionChange, within: Duration) {
        let key = match &change {
            SubscriptionChange::Kept(record) => record.key,
            SubscriptionChange::Ended(key) => *key,
        };
        self.changes.insert(key, change);
        let by = Instant::now() + within;
        self.by = Some(self.by.map_or(by, |before| before.min(by)));
    }

    /// Those under way were not kept: they are tried again, but for those that changed meanwhile.
    fn put_back(&mut self, within: Duration) {
        let mut changes = self.under_way.take().unwrap_or_default();
        changes.append(&mut self.changes);
        self.changes = changes;
        self.by = (!self.changes.is_empty()).then(|| Instant::now() + within);
    }
}

impl<K: Keep> Running<K> {
    async fn run(
        mut self,
        mut wishes: mpsc::Receiver<Ask>,
        mut changes: broadcast::Receiver<String>,
        stop: &CancellationToken,
    ) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.start_what_is_due();
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
        self.requests.shutdown().await;
        self.unkept.put_back(Duration::ZERO);
        let left: Vec<_> = self.unkept.changes.into_values().collect();
        if !left.is_empty() && !matches!(tokio::time::timeout(LAST_KEEPING, self.keeper.keep(left)).await, Ok(Ok(()))) {
            warn!("what was delivered last could not be kept; it is delivered again after the next start");
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
    fn look_at(&mut self, topic: &str) {
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

    fn start_what_is_due(&mut self) {
        self.start_keeping();
        self.start_making();
        let now = self.clock.now();
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
        if self.places.are_full() {
            return;
        }
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
            let made = tokio::task::spawn_blocking(move || editions.make(&address)).await;
            Done::Made(made.unwrap_or(Made::NotYet))
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
                // What could not be made is tried again by the next look at all topics.
                if let Ok(Done::Made(Made::Edition(edition))) = done {
                    self.subscriptions.topic_is(&topic, Current::of(&edition).version, now);
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
