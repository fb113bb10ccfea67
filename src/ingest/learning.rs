//! What publishers print everywhere and how frequent words are, learnt anew once a day, beside the desk.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use chrono::{DateTime, Duration, Utc};
use tracing::{debug, error};

use crate::{
    model::EntryNumber,
    store::{Learnt, Store, StoreError, TextRecord},
    stories::{PublisherBoilerplate, WordStatistics},
};

/// How long what was learnt is held to be true.
const EVERY: Duration = Duration::hours(24);

/// Fewer texts teach nothing.
const FEWEST: usize = 200;

/// No more texts than this, the newest, are learnt from: they take some 70 MB meanwhile.
const MOST: usize = 20_000;

/// Texts read from the store in one go.
const BATCH: usize = 500;

/// Learns on a thread of its own, now and then. Until that is done the desk goes by what was learnt before.
#[derive(Debug, Default)]
pub(super) struct Learning {
    thread: Option<thread::JoinHandle<Result<Learnt, StoreError>>>,
    /// When something was last learnt; unknown until the store was asked.
    last: Option<Option<DateTime<Utc>>>,
}

impl Learning {
    /// Begins to learn if it is time; `texts` are kept.
    pub(super) fn begin_if_due(&mut self, store: &Store, texts: usize, now: DateTime<Utc>, stop: &Arc<AtomicBool>) {
        if self.thread.is_some() || texts < FEWEST {
            return;
        }
        if self.last.is_none() {
            self.last = store.learnt_at().ok();
        }
        // A date far ahead was written before the clock was set back.
        if self.last.flatten().is_some_and(|last| (now - last).abs() < EVERY) {
            return;
        }
        let (store, stop) = (store.clone(), stop.clone());
        let learn = move || learn(&store, now, &stop);
        match thread::Builder::new().name("learn".into()).spawn(learn) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => error!(%error, "what publishers print everywhere cannot be learnt"),
        }
    }

    /// What was learnt, once that is done.
    pub(super) fn finished(&mut self) -> Option<Learnt> {
        let thread = self.thread.take_if(|thread| thread.is_finished())?;
        match thread.join() {
            Ok(Ok(learnt)) => {
                self.last = Some(Some(learnt.at));
                Some(learnt)
            }
            Ok(Err(error)) => {
                // Tried again with the next delivery or the next hour.
                debug!(%error, "nothing was learnt");
                None
            }
            Err(_) => {
                error!("learning what publishers print everywhere ended in a panic");
                self.last = Some(Some(DateTime::<Utc>::MAX_UTC));
                None
            }
        }
    }

    /// Waits for what goes on; it was told to stop.
    pub(super) fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            // What it would have said nobody asks any more.
            let _ = thread.join();
        }
    }
}

/// Learns from the newest texts.
pub(super) fn learn(store: &Store, now: DateTime<Utc>, stop: &AtomicBool) -> Result<Learnt, StoreError> {
    let (mut entries, mut terms) = (VecDeque::new(), VecDeque::new());
    let mut first = EntryNumber(0);
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(StoreError::Stopped);
        }
        let texts = store.texts_from(first, BATCH)?;
        let Some(last) = texts.last() else { break };
        first = EntryNumber(last.number.0 + 1);
        for text in texts {
            if entries.len() == MOST {
                entries.pop_front();
                terms.pop_front();
            }
            entries.push_back(text.entry());
            let TextRecord { terms: words, .. } = text;
            terms.push_back(words);
        }
    }
    debug!(texts = entries.len(), "learnt what publishers print everywhere, and how frequent words are");
    Ok(Learnt { at: now, boilerplate: PublisherBoilerplate::learn(&entries), words: WordStatistics::learn(&terms) })
}
