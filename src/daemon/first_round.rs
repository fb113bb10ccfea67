use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::pollers::state_of;
use crate::{
    ingest::Outcome,
    model::{SourceId, TopicId},
    poll::{Ended, PollReport, SourceSettings},
    publish::TopicPage,
    schedule::{self, SourceSchedule, Spread},
    store::Store,
};

/// Watches a round of polls: a progress bar, a log, a test.
pub trait RoundObserver: Send {
    /// So many sources are going to be polled.
    fn begins(&mut self, sources: usize);
    /// One of them was.
    fn polled(&mut self, report: &PollReport);
    /// All of them were.
    fn ends(&mut self, summary: &RoundSummary);
}

/// What a round of polls came to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RoundSummary {
    pub sources: usize,
    /// Sources that answered, with something new or without.
    pub answered: usize,
    pub outcome: Outcome,
    /// What failed, and why.
    pub failures: BTreeMap<SourceId, String>,
    /// Stories per topic, by the topic's title, in the order of the configuration.
    pub topics: Vec<(String, usize)>,
    /// Stories in all.
    pub stories: usize,
}

impl RoundSummary {
    pub fn add(&mut self, report: &PollReport) {
        self.sources += 1;
        match &report.ended {
            Ended::Read(outcome) => {
                self.answered += 1;
                self.outcome += *outcome;
            }
            Ended::Unchanged => self.answered += 1,
            Ended::Failed(why) => {
                self.failures.insert(report.source.clone(), why.clone());
            }
            Ended::Waiting(until) => {
                let why = format!("the publisher wants no request before {}", until.format("%Y-%m-%d %H:%M UTC"));
                self.failures.insert(report.source.clone(), why);
            }
        }
    }

    /// Counts what the store holds now.
    pub fn count_stories(&mut self, store: &Store, topics: &[TopicPage]) {
        let count = |topic: &TopicId| store.stories_in(Some(topic));
        self.topics = topics.iter().map(|page| (page.title.clone(), count(&page.id))).collect();
        self.stories = store.stories_in(None);
    }
}

/// The sources that are due when the daemon starts.
pub struct FirstRound {
    waiting_for: BTreeSet<SourceId>,
}

impl FirstRound {
    pub(super) fn new(sources: &[SourceSettings], store: &Store, now: DateTime<Utc>) -> Self {
        let mut waiting_for = BTreeSet::new();
        for source in sources {
            let state = state_of(store, source);
            let schedule = SourceSchedule { schedule: &source.schedule, own: source.schedule_is_own };
            let due = schedule::next_poll(schedule, &state, now, Spread::of(&source.id));
            if due.at.is_some_and(|at| at <= now) {
                waiting_for.insert(source.id.clone());
            }
        }
        Self { waiting_for }
    }

    /// Tells the observer of each poll until every source that was due has been polled once.
    pub(super) async fn observe(
        mut self,
        mut reports: mpsc::UnboundedReceiver<PollReport>,
        mut observer: Box<dyn RoundObserver>,
        store: Store,
        topics: Vec<TopicPage>,
    ) {
        let mut summary = RoundSummary::default();
        observer.begins(self.waiting_for.len());
        while !self.waiting_for.is_empty() {
            let Some(report) = reports.recv().await else { return };
            if self.waiting_for.remove(&report.source) {
                summary.add(&report);
                observer.polled(&report);
            }
        }
        let counted = tokio::task::spawn_blocking(move || {
            summary.count_stories(&store, &topics);
            summary
        });
        if let Ok(summary) = counted.await {
            observer.ends(&summary);
        }
        // Later reports are nobody's; they are taken in so that they do not pile up.
        while reports.recv().await.is_some() {}
    }
}
