//! The hub from outside: what it is started with, and how it is stopped.

use std::collections::{BTreeMap, HashMap, VecDeque};

use ring::rand::SystemRandom;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    HubDoor, HubSettings, pending::Pending, places::Places, running::Running, subscriptions::Subscriptions,
    unkept::Unkept,
};
use crate::{
    clock::Clock,
    fetch::Caller,
    publish::Editions,
    status::Status,
    store::{SubscriptionChange, SubscriptionRecord},
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
    /// Told how many are subscribed.
    pub status: Status,
}

/// A hub that runs.
pub struct Hub {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Wishes that may wait until the hub has looked at them, which takes it no time to speak of.
const INBOX: usize = 64;

impl Hub {
    /// Starts the hub and opens the door to it. Editions that changed while it did not run are delivered at once.
    pub fn start<K: Keep>(setup: HubSetup<K>) -> Self {
        let (inbox, wishes) = mpsc::channel(INBOX);
        let stop = CancellationToken::new();
        let HubSetup { settings, caller, editions, subscriptions, keeper, clock, door, status } = setup;
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
            status,
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
