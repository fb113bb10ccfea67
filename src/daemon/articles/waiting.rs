//! What waits to be fetched, as the store has it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use chrono::{DateTime, Utc};

use crate::{model::SourceNumber, store::ArticleJob};

/// Pages that wait, by source, the oldest entry first; and whose page is under way.
#[derive(Default)]
pub(super) struct Waiting {
    jobs: BTreeMap<SourceNumber, Vec<ArticleJob>>,
    under_way: BTreeSet<SourceNumber>,
    /// Whose page was begun last: those after it have their turn first.
    last: Option<SourceNumber>,
}

impl Waiting {
    /// All there is in the store.
    pub(super) fn all_are(&mut self, jobs: Vec<ArticleJob>) {
        self.jobs.clear();
        for job in jobs {
            self.jobs.entry(job.source).or_default().push(job);
        }
    }

    /// All there is in the store of one source.
    pub(super) fn of_source_are(&mut self, source: SourceNumber, jobs: Vec<ArticleJob>) {
        match jobs.is_empty() {
            true => drop(self.jobs.remove(&source)),
            false => drop(self.jobs.insert(source, jobs)),
        }
    }

    /// The first page that is due of each source that has none under way, at most `most`: these are under way now.
    pub(super) fn begin(&mut self, now: DateTime<Utc>, most: usize) -> Vec<ArticleJob> {
        let after = (self.last.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let up_to = (Bound::Unbounded, self.last.map_or(Bound::Unbounded, Bound::Included));
        let in_turn = self.jobs.range(after).chain(self.last.map(|_| self.jobs.range(up_to)).into_iter().flatten());
        let idle = in_turn.filter(|(source, _)| !self.under_way.contains(*source));
        let due = idle.filter_map(|(_, jobs)| jobs.iter().find(|job| job.due <= now).copied());
        let begun: Vec<ArticleJob> = due.take(most).collect();
        self.under_way.extend(begun.iter().map(|job| job.source));
        self.last = begun.last().map(|job| job.source).or(self.last);
        begun
    }

    /// A source's page is no longer under way.
    pub(super) fn ended(&mut self, source: SourceNumber) {
        self.under_way.remove(&source);
    }

    /// When the next page is due of a source that has none under way.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        let idle = self.jobs.iter().filter(|(source, _)| !self.under_way.contains(*source));
        idle.flat_map(|(_, jobs)| jobs).map(|job| job.due).min()
    }
}
