//! Editions that are made when somebody asks for them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Semaphore;

use crate::publish::{Address, AddressError, Edition, Editions, Found, Made};

/// Bounds what readers can have made, in number and in work.
#[derive(Clone)]
pub(super) struct OnDemand(Arc<Shared>);

struct Shared {
    editions: Editions,
    /// For topics and everything: many readers may want one, but there are only so many of them.
    standing: Queue,
    /// For what anybody may combine.
    combined: Queue,
    preparing: Arc<Semaphore>,
}

struct Queue {
    places: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// Requests that may wait for a place before others are told to come again.
const MOST_WAITING: (usize, usize) = (512, 32);

/// What there is to answer.
pub(super) enum Asked {
    Edition(Arc<Edition>),
    /// It cannot be made now.
    NotYet,
    /// Too many want something made.
    Busy,
    Moved(String),
    Gone,
    /// It cannot be read until somebody has mended it.
    Damaged,
    Refused(AddressError),
    Nothing,
}

impl OnDemand {
    pub(super) fn new(editions: Editions) -> Self {
        let queue =
            |most_waiting, places| Queue { places: Semaphore::new(places), waiting: AtomicUsize::new(0), most_waiting };
        Self(Arc::new(Shared {
            editions,
            standing: queue(MOST_WAITING.0, 2),
            combined: queue(MOST_WAITING.1, 1),
            preparing: Arc::new(Semaphore::new(1)),
        }))
    }

    /// What there is at an address, made if it has to be.
    pub(super) async fn ask(&self, target: &str) -> Asked {
        let address = match self.find(target) {
            Ok(asked) => return asked,
            Err(address) => address,
        };
        let is_combined = match &*address {
            Address::Stories(stories) => stories.topic().is_none(),
            Address::Story(_) | Address::Archive(..) => true,
            Address::Index | Address::TopicsOutline | Address::SourcesOutline => false,
        };
        let queue = if is_combined { &self.0.combined } else { &self.0.standing };
        let Some(waiting) = queue.wait() else { return self.former(target).unwrap_or(Asked::Busy) };
        let Ok(_place) = queue.places.acquire().await else { return Asked::NotYet };
        drop(waiting);
        // Who stood before us may have had the same made.
        let address = match self.find(target) {
            Ok(asked) => return asked,
            Err(address) => address,
        };
        let editions = self.0.editions.clone();
        let made = tokio::task::spawn_blocking(move || editions.make(&address)).await;
        match made {
            Ok(Made::Edition(edition)) => {
                self.prepare(&edition);
                Asked::Edition(edition)
            }
            Ok(Made::Moved(to)) => Asked::Moved(to),
            Ok(Made::Damaged) => Asked::Damaged,
            Ok(Made::NotYet) => Asked::NotYet,
            Ok(Made::Nothing) => Asked::Nothing,
            Err(panic) => {
                tracing::error!(%panic, target, "making an edition ended in a panic");
                self.former(target).unwrap_or(Asked::NotYet)
            }
        }
    }

    /// Does what reads from the disk, beside the requests and a few at once; `None` if it cannot be done now.
    pub(super) async fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let waiting = self.0.standing.wait()?;
        let _place = self.0.standing.places.acquire().await.ok()?;
        drop(waiting);
        tokio::task::spawn_blocking(work).await.ok()
    }

    fn find(&self, target: &str) -> Result<Asked, Box<Address>> {
        Ok(match self.0.editions.find(target) {
            Found::Edition(edition) => {
                self.prepare(&edition);
                Asked::Edition(edition)
            }
            Found::ToMake(address) => return Err(address),
            Found::Moved(to) => Asked::Moved(to),
            Found::Gone => Asked::Gone,
            Found::Refused(error) => Asked::Refused(error),
            Found::Nothing => Asked::Nothing,
        })
    }

    /// Has it compressed for those who come next, one at a time; this reader gets it as it is.
    pub(super) fn prepare(&self, edition: &Arc<Edition>) {
        if edition.is_prepared() {
            return;
        }
        if let Ok(place) = self.0.preparing.clone().try_acquire_owned() {
            let edition = edition.clone();
            tokio::task::spawn_blocking(move || {
                edition.prepare();
                drop(place);
            });
        }
    }

    fn former(&self, target: &str) -> Option<Asked> {
        self.0.editions.former(target).map(Asked::Edition)
    }
}

impl Queue {
    /// A place in the queue, given back when it is dropped; `None` if too many wait already.
    fn wait(&self) -> Option<Waiting<'_>> {
        let waiting = Waiting(self);
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        (before < self.most_waiting).then_some(waiting)
    }
}

struct Waiting<'a>(&'a Queue);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
