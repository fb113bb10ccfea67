use std::{
    cell::Cell,
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

/// A database that cannot be made anew, for want of room, is tried again so late.
const BETWEEN_RENEWALS: chrono::Duration = chrono::Duration::hours(1);

/// How often all of the store is read and compared with what was written.
const CHECK_EVERY: chrono::Duration = chrono::Duration::hours(24);

/// Keeps the store whole and small beside the desk: mends damage it is told of or finds, folds the journal, gives room back.
pub(super) struct Caretaker {
    pub(super) store: Store,
    pub(super) status: Status,
    pub(super) clock: Clock,
    pub(super) is_closing: Arc<AtomicBool>,
    /// When the database was last to be made anew because something was taken down.
    pub(super) renewed: Cell<Option<DateTime<Utc>>>,
    /// Told when the database was replaced, so that editions are made from the new one.
    pub(super) mended: Sender<()>,
}

impl Caretaker {
    /// Works until nobody can tell it of damage any more.
    ///
    /// Begins with a check, for nobody knows what happened to the files meanwhile; `begun` is told once commits wait for it.
    pub(super) fn run(self, damage: &Receiver<StoreError>, begun: Sender<()>) {
        let mut checked = self.clock.now();
        let was_damaged = self.check(|| {
            // Told more than once; who waits for the first has gone by then.
            let _ = begun.send(());
        });
        drop(begun);
        if was_damaged {
            self.forget(damage);
        }
        self.look_round(&mut checked);
        // Somebody met damage that a check did not find.
        let mut is_doubtful = false;
        loop {
            match damage.recv_timeout(ROUND) {
                Ok(why) if is_doubtful => {
                    self.mend(&why);
                    is_doubtful = false;
                    self.forget(damage);
                }
                Ok(_) => {
                    // It may have been mended since: who told of it could still read the database before.
                    is_doubtful = !self.check(|| ());
                    self.forget(damage);
                }
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
        let reclaimed = self.renew_if_taken_down(now, &watch).unwrap_or_else(|| self.store.reclaim(&watch));
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

    /// Makes the database anew if something was taken down, so that it leaves its file too; `None` if nothing was.
    fn renew_if_taken_down(
        &self,
        now: DateTime<Utc>,
        watch: &dyn Fn(Progress) -> bool,
    ) -> Option<Result<bool, StoreError>> {
        let tried = self.renewed.get();
        if tried.is_some_and(|tried| now.signed_duration_since(tried).abs() < BETWEEN_RENEWALS) {
            return None;
        }
        match self.store.must_be_renewed() {
            Ok(true) => {
                self.renewed.set(Some(now));
                Some(self.store.renew(watch).map(|()| true))
            }
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// What was told while the database was checked or rebuilt is about the one before. It is told again if it is not over.
    fn forget(&self, damage: &Receiver<StoreError>) {
        damage.try_iter().for_each(drop);
    }

    /// Reads all of the store. What is damaged is mended: the database at once, the journal when it is next folded. Returns
    /// whether the database was damaged.
    fn check(&self, begun: impl Fn()) -> bool {
        let watch = |progress: Progress| {
            begun();
            self.goes_on(progress)
        };
        let checked = self.store.verify_and_mend(&watch);
        self.status.store_does(None);
        let mut is_whole = matches!(checked, Ok(None));
        let was_damaged = matches!(checked, Ok(Some(_)));
        if was_damaged {
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
        was_damaged
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
