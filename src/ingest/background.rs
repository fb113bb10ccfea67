//! What goes on between deliveries: pruning, tagging again, reading again, going over to what was learnt. A step at a time, each
//! leaving a mark in the store until all is done, so that a kill only delays it.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use tracing::{error, info, warn};

use super::{
    desk::{Desk, LOOK_UP},
    press::Press,
    retagging::{PressState, Retagging},
};
use crate::{
    publish::Held,
    store::{ChangedEditions, StoreError},
};

/// However much is delivered, what goes on in the background has a turn so often.
pub(super) const LONGEST_WITHOUT_A_TURN: Duration = Duration::from_millis(200);

impl Desk {
    /// Before anything is removed, or not kept, for its age: whether the clock can be believed.
    pub(super) fn look_at_the_clock(&mut self) {
        let was_doubtful = self.retention_time.is_doubtful();
        let now = self.clock.now();
        let time = self.retention_time.at(now, self.clock.is_agreed(now), Instant::now());
        self.ingest.retention_time = Some(time);
        if self.retention_time.is_doubtful() && !was_doubtful {
            warn!(
                "the clock says {now}, {} days after anything was last read: nothing is removed for its age until a publisher's \
                 answer has about the same date, or newsdesk has run for a day",
                (now - time).num_days()
            );
        }
    }

    /// What is due at start and after a reload.
    pub(super) fn begin_work(&mut self) {
        let renamed = self.ingest.rename_sources();
        self.note("renaming sources", renamed);
        let mut refresh = self.ingest.store.refresh();
        refresh.remember_topics(&self.tagging.topics);
        let remembered = refresh.apply().map(drop);
        self.note("remembering topics", remembered);
        let retag = self.begin_tagging();
        self.note("tagging stored entries", retag);
        let unsettled = self.ingest.find_unsettled();
        self.note("looking for entries to be read again", unsettled);
        self.pruning = true;
    }

    /// Has every stored entry tagged again if the topics, or the sources' priorities, are not those it was tagged with.
    fn begin_tagging(&mut self) -> Result<(), StoreError> {
        self.retagging = None;
        if !self.ingest.has_tags_of(&self.tagging)? {
            // Until all is done, the entries are tagged with neither: topics put back half-way must not be taken for done.
            let mut refresh = self.ingest.store.refresh();
            refresh.put_tagged_with(None);
            refresh.apply()?;
            let sources = self.ingest.store.sources();
            let all = sources.iter().map(|(_, source)| source.entries).sum();
            self.retagging = Some(Retagging::new(all));
        } else if self.ingest.store.tagged_with()? != Some(self.tagging.fingerprint) {
            self.ingest.end_tagging(&self.tagging)?;
        }
        self.tell_of_tagging();
        Ok(())
    }

    fn tell_of_tagging(&self) {
        self.status.tagging_is(self.retagging.as_ref().map(Retagging::told));
    }

    /// Keeps back what would show half of a change of topics.
    pub(super) fn hold(&self) {
        match self.ingest.held_by(&self.tagging) {
            Ok(held) => self.press(Press::Hold(held, None)),
            Err(error) => self.note("looking for what the topics were", Err(error)),
        }
    }

    /// Goes over to what was learnt meanwhile, and has it learnt anew when it is time. Returns why it could not be kept.
    pub(super) fn keep_what_was_learnt(&mut self, changed: &mut ChangedEditions) -> Option<StoreError> {
        let texts = self.ingest.texts.len();
        self.learning.begin_if_due(&self.ingest.store, texts, self.clock.now(), &self.is_closing);
        let learnt = self.learning.finished()?;
        match self.ingest.keep_learnt(learnt) {
            Ok(editions) => changed.extend(editions),
            Err(error) => return Some(error),
        }
        None
    }

    /// A step of what goes on between deliveries. Returns why it could not be written, if it could not.
    pub(super) fn work_in_background(&mut self, changed: &mut ChangedEditions) -> Option<StoreError> {
        if self.pruning {
            match self.ingest.prune(self.ingest.retention_now(self.clock.now())) {
                Ok((editions, more)) => {
                    changed.extend(editions);
                    self.pruning = more;
                }
                Err(error) => return Some(error),
            }
        } else if self.retagging.is_some() {
            match self.tag_again() {
                Ok(editions) => changed.extend(editions),
                Err(error) => return Some(error),
            }
        } else if self.ingest.is_unsettled() {
            match self.ingest.settle(self.clock.now()) {
                Ok(editions) => changed.extend(editions),
                Err(error) => return Some(error),
            }
        }
        None
    }

    /// A step of tagging stored entries again: they are all read first, then all that differ take their new tags over.
    fn tag_again(&mut self) -> Result<ChangedEditions, StoreError> {
        let Some(mut retagging) = self.retagging.take() else { return Ok(ChangedEditions::new()) };
        let result = self.tag_some_again(&mut retagging);
        if !matches!(result, Ok((_, true))) {
            self.retagging = Some(retagging);
        }
        self.tell_of_tagging();
        Ok(result?.0)
    }

    /// Returns the editions that changed, and whether all is done.
    fn tag_some_again(&self, retagging: &mut Retagging) -> Result<(ChangedEditions, bool), StoreError> {
        if let Some(first) = retagging.next {
            let again = self.ingest.tag_again(first, self.clock.now())?;
            retagging.next = again.next;
            retagging.read += again.read as u64;
            retagging.differing.extend(again.differing);
            return Ok((again.changed, false));
        }
        let mut changed = ChangedEditions::new();
        if !retagging.differing.is_empty() {
            match &retagging.press {
                PressState::Goes => {
                    let (stopped, stopping) = mpsc::channel();
                    self.press(Press::Hold(Held::Everything, Some(stopped)));
                    retagging.press = PressState::Stopping(stopping);
                    return Ok((changed, false));
                }
                // A press that has ended makes no edition either.
                PressState::Stopping(stopping) => match stopping.recv_timeout(LOOK_UP) {
                    Err(mpsc::RecvTimeoutError::Timeout) => return Ok((changed, false)),
                    Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                        self.ingest.begin_taking_over()?;
                        retagging.press = PressState::Stopped;
                    }
                },
                PressState::Stopped => {}
            }
            changed.extend(self.ingest.take_over(&mut retagging.differing)?);
            if !retagging.differing.is_empty() {
                return Ok((changed, false));
            }
        }
        self.ingest.end_tagging(&self.tagging)?;
        self.press(Press::Hold(Held::Nothing, None));
        info!("every stored entry is tagged with the present topics");
        Ok((changed, true))
    }

    pub(super) fn note(&self, what: &str, result: Result<(), StoreError>) {
        if let Err(error) = result {
            error!(%error, "{what} failed");
            self.status.background_is(Some(format!("{what} failed: {error}")));
        }
    }
}
