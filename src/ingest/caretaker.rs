use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tracing::{debug, error, info};

use crate::{
    clock::Clock,
    status::Status,
    store::{Progress, Store, StoreError},
};

/// How often the caretaker looks whether something is to be done.
const ROUND: Duration = Duration::from_secs(60);

/// How often all of the store is read and compared with what was written.
const CHECK_EVERY: chrono::Duration = chrono::Duration::hours(24);

/// Keeps the store whole and small beside the desk: mends damage it is told of or finds, folds the journal, gives room back.
pub(super) struct Caretaker {
    pub(super) store: Store,
    pub(super) status: Status,
    pub(super) clock: Clock,
    pub(super) is_closing: Arc<AtomicBool>,
    /// Told when the database was replaced, so that editions are made from the new one.
    pub(super) mended: Sender<()>,
}

impl Caretaker {
    /// Works until nobody can tell it of damage any more.
    ///
    /// Begins with a check, for nobody knows what happened to the files meanwhile; `begun` is told once commits wait for it.
    pub(super) fn run(self, damage: &Receiver<StoreError>, begun: Sender<()>) {
        let mut checked = self.clock.now();
        self.check(|| {
            // Told more than once; who waits for the first has gone by then.
            let _ = begun.send(());
        });
        drop(begun);
        self.look_round(&mut checked);
        loop {
            match damage.recv_timeout(ROUND) {
                Ok(why) => self.mend(&why),
                Err(RecvTimeoutError::Timeout) => self.look_round(&mut checked),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look_round(&self, checked: &mut DateTime<Utc>) {
        let watch = |progress: Progress| self.goes_on(progress);
        let now = self.clock.now();
        if now - *checked >= CHECK_EVERY {
            *checked = now;
            self.check(|| ());
        }
        let folded = self.store.fold(&self.is_closing);
        self.note(
            "folding the journal",
            folded.map(|done| {
                if done {
                    info!("the journal was folded")
                }
            }),
        );
        let reclaimed = self.store.reclaim(&watch);
        self.note(
            "giving room back",
            reclaimed.map(|done| {
                if done {
                    info!("the database was made anew")
                }
            }),
        );
        self.status.store_does(None);
    }

    /// Reads all of the store. What is damaged is mended: the database at once, the journal when it is next folded.
    fn check(&self, begun: impl Fn()) {
        let watch = |progress: Progress| {
            begun();
            self.goes_on(progress)
        };
        let checked = self.store.verify_and_mend(&watch);
        self.status.store_does(None);
        let mut is_whole = matches!(checked, Ok(None));
        if matches!(checked, Ok(Some(_))) {
            // A desk that is gone publishes nothing more.
            let _ = self.mended.send(());
        }
        self.note("checking the database", checked.map(drop));
        let checked = self.store.verify_journal(&self.is_closing);
        is_whole &= checked.is_ok() && self.store.journal_damage().is_none();
        self.note("checking the journal", checked);
        if is_whole {
            debug!("the store is whole");
        }
    }

    fn mend(&self, why: &StoreError) {
        error!("{why}; the database is rebuilt from the journal, polls wait, editions stay up");
        let mended = self.store.mend(why, &|progress| self.goes_on(progress));
        self.status.store_does(None);
        if mended.is_ok() {
            // A desk that is gone publishes nothing more.
            let _ = self.mended.send(());
        }
        self.note("rebuilding the database", mended);
    }

    fn goes_on(&self, progress: Progress) -> bool {
        self.status.store_does(Some(progress));
        !self.is_closing.load(Ordering::Relaxed)
    }

    fn note(&self, what: &str, result: Result<(), StoreError>) {
        match result {
            Ok(()) | Err(StoreError::Stopped) => {}
            Err(error) => {
                error!(%error, "{what} failed");
                self.status.background_is(Some(format!("{what} failed: {error}")));
            }
        }
    }
}
