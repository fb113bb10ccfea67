//! Manners per host: one request at a time, a pause after it, and silence when the host asked for it (SCHED-12, SCHED-3).
//!
//! A request passes lanes: one for its host (the registrable domain, or the address where the URL names one), then one for each
//! address the name resolves to, in order of address. Every request takes its lanes in that one order, host lanes before address
//! lanes and never a second host lane while it holds any, so no two can wait for each other. A lane serves in order of arrival.
//! The pause is measured from the end of one request to the start of the next.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Mutex as Lane, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};
use url::{Host, Url};

use super::fetcher::Place;

/// Whom we owe manners as one: a registrable domain, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum HostKey {
    Domain(String),
    Address(IpAddr),
}

impl HostKey {
    /// `None` only for a URL without a host.
    pub(super) fn of(url: &Url) -> Option<Self> {
        Some(match url.host()? {
            Host::Ipv4(address) => Self::Address(address.into()),
            Host::Ipv6(address) => Self::Address(IpAddr::V6(address).to_canonical()),
            Host::Domain(name) => Self::of_name(name),
        })
    }

    fn of_name(name: &str) -> Self {
        let name = name.trim_end_matches('.');
        Self::Domain(psl::domain_str(name).unwrap_or(name).to_owned())
    }
}

/// When the next request of a lane may start; `None` if at once.
type NextStart = Option<Instant>;

pub(super) struct HostGate {
    lanes: Mutex<Lanes>,
    holds: Mutex<HashMap<HostKey, DateTime<Utc>>>,
    permits: Arc<Semaphore>,
    gap: Duration,
}

#[derive(Default)]
struct Lanes {
    by_key: HashMap<HostKey, Arc<Lane<NextStart>>>,
    /// Idle lanes are dropped when as many are known: twice what was left after the last time.
    sweep_at: usize,
}

/// The turn of one request: held while it is under way, its end starts the pause.
pub(super) struct Pass {
    host: Turn,
    key: HostKey,
    addresses: Vec<Turn>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pass {
    /// Ends the turn; its place among all requests stays taken.
    pub(super) fn into_place(mut self) -> Place {
        Place { _permit: self.permit.take() }
    }
}

/// One lane, taken.
struct Turn {
    next_start: OwnedMutexGuard<NextStart>,
    gap: Duration,
    /// A turn that was given up before anything was sent leaves no pause.
    used: bool,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.used {
            *self.next_start = Some(Instant::now() + self.gap);
        }
    }
}

impl HostGate {
    pub(super) fn new(gap: Duration, concurrency: usize) -> Self {
        Self {
            lanes: Mutex::default(),
            holds: Mutex::default(),
            permits: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            gap,
        }
    }

    /// Waits for the host's turn. `previous` is what the hop before held: kept if the host is the same, given back first if not.
    pub(super) async fn enter(&self, key: HostKey, previous: Option<Pass>) -> Pass {
        if let Some(mut pass) = previous {
            pass.addresses.clear();
            pass.permit = None;
            if pass.key == key {
                sleep_until(Instant::now() + self.gap).await;
                return pass;
            }
        }
        let host = self.turn(key.clone()).await;
        Pass { host, key, addresses: Vec::new(), permit: None }
    }

    /// Waits for the turn of every address the host may be reached at, then for a place among all requests. From here on the
    /// pass counts as used.
    pub(super) async fn proceed(&self, pass: &mut Pass, mut addresses: Vec<IpAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        for address in addresses {
            let key = HostKey::Address(address);
            if key != pass.key {
                let turn = self.turn(key).await;
                pass.addresses.push(turn);
            }
        }
        // The semaphore is never closed, so there is always a permit in the end.
        pass.permit = self.permits.clone().acquire_owned().await.ok();
        pass.host.used = true;
        pass.addresses.iter_mut().for_each(|turn| turn.used = true);
    }

    /// Nothing is sent to this host before `until`. A later hold stays.
    pub(super) fn hold(&self, key: HostKey, until: DateTime<Utc>, now: DateTime<Utc>) {
        let mut holds = lock(&self.holds);
        holds.retain(|_, until| *until > now);
        if until > now {
            let held = holds.entry(key).or_insert(until);
            *held = until.max(*held);
        }
    }

    pub(super) fn held_until(&self, key: &HostKey, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        lock(&self.holds).get(key).copied().filter(|until| *until > now)
    }

    async fn turn(&self, key: HostKey) -> Turn {
        let lane = self.lane(key);
        let next_start = lane.lock_owned().await;
        if let Some(at) = *next_start {
            sleep_until(at).await;
        }
        Turn { next_start, gap: self.gap, used: false }
    }

    fn lane(&self, key: HostKey) -> Arc<Lane<NextStart>> {
        let mut lanes = lock(&self.lanes);
        if lanes.by_key.len() >= lanes.sweep_at {
            let now = Instant::now();
            // New handles are made under this lock only, so a lane nobody else holds stays so while we look.
            lanes.by_key.retain(|_, lane| match Arc::get_mut(lane) {
                Some(lane) => lane.get_mut().is_some_and(|at| at > now),
                None => true,
            });
            lanes.sweep_at = (lanes.by_key.len() * 2).max(64);
        }
        lanes.by_key.entry(key).or_default().clone()
    }
}

/// What these locks guard is whole after every statement, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
