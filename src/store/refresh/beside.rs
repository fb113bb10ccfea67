//! What is kept beside entries and sources: how entries were understood, what was learnt, articles.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        StoreError,
        articles::{ArticleJob, ArticleRecord},
        commit::{Change, Subject},
        readings::{BoilerplateRecord, Outlined, ReadingRecord, TaggingRecord},
        subscriptions::SubscriptionChange,
    },
    Refresh,
};
use crate::model::{EntryNumber, SourceNumber};

impl Refresh<'_> {
    pub(in crate::store) fn put_beside(&mut self, change: Change) {
        self.beside.insert(change.subject(), change);
    }

    /// How an entry was understood when it was last tagged.
    pub fn reading(&self, number: EntryNumber) -> Result<Option<ReadingRecord>, StoreError> {
        match self.beside.get(&Subject::Reading(number)) {
            Some(Change::Reading(record)) => Ok(Some((**record).clone())),
            Some(_) => Ok(None),
            None if number >= self.new_from.0 => Ok(None),
            None => self.store.reading(number),
        }
    }

    pub fn put_reading(&mut self, record: ReadingRecord) {
        self.put_beside(Change::Reading(Box::new(record)));
    }

    /// The outlines of a source's newest entries, newest first: those with so many identities.
    pub fn newest_outlines(&self, source: SourceNumber, identities: usize) -> Result<Vec<Outlined>, StoreError> {
        let pending: BTreeMap<_, _> = self.changed_readings().collect();
        let mut outlines: Vec<Outlined> = Vec::new();
        let mut known = BTreeSet::new();
        let mut last = None;
        while known.len() < identities {
            let page = self.store.outlines_after(source, last.as_ref(), identities)?;
            let is_last = page.len() < identities;
            last = page.last().cloned();
            let page = page.into_iter().filter(|one| !pending.contains_key(&one.number));
            let page: Vec<Outlined> = page.collect();
            known.extend(page.iter().map(|one| one.outline.identity));
            outlines.extend(page);
            if is_last {
                break;
            }
        }
        let changed = pending.into_values().flatten().filter(|record| record.source == source);
        outlines.extend(changed.map(ReadingRecord::outlined));
        outlines.sort_by_key(Outlined::place);
        let mut seen = BTreeSet::new();
        let past = outlines.iter().position(|one| seen.insert(one.outline.identity) && seen.len() > identities);
        outlines.truncate(past.unwrap_or(outlines.len()));
        Ok(outlines)
    }

    /// The outlines of a source's entries that were read in this refresh.
    pub fn changed_outlines(&self, source: SourceNumber) -> impl Iterator<Item = Outlined> {
        let changed = self.changed_readings().filter_map(|(_, record)| record);
        changed.filter(move |record| record.source == source).map(ReadingRecord::outlined)
    }

    fn changed_readings(&self) -> impl Iterator<Item = (EntryNumber, Option<&ReadingRecord>)> {
        let changed = self.beside.range(Subject::Reading(EntryNumber(0))..=Subject::Reading(EntryNumber(u64::MAX)));
        changed.filter_map(|(_, change)| match change {
            Change::Reading(record) => Some((record.number, Some(record.as_ref()))),
            Change::ReadingRemoved { number } => Some((*number, None)),
            _ => None,
        })
    }

    pub fn boilerplate(&self, source: SourceNumber) -> Result<BoilerplateRecord, StoreError> {
        match self.beside.get(&Subject::Boilerplate(source)) {
            Some(Change::Boilerplate { record, .. }) => Ok(record.clone()),
            _ => self.store.boilerplate(source),
        }
    }

    pub fn put_boilerplate(&mut self, source: SourceNumber, record: BoilerplateRecord) {
        self.put_beside(Change::Boilerplate { source, record });
    }

    /// What an entry's page says, if it was fetched.
    pub fn article(&self, number: EntryNumber) -> Result<Option<ArticleRecord>, StoreError> {
        match self.beside.get(&Subject::Article(number)) {
            Some(Change::Article(record)) => Ok(Some((**record).clone())),
            Some(_) => Ok(None),
            None if number >= self.new_from.0 => Ok(None),
            None => self.store.article(number),
        }
    }

    pub fn put_article(&mut self, record: ArticleRecord) {
        self.put_beside(Change::Article(Box::new(record)));
    }

    /// Has an entry's page fetched, or tried again.
    pub fn put_article_job(&mut self, job: ArticleJob) {
        self.put_beside(Change::ArticleJob(job));
    }

    /// Whether pages are to be fetched that were not before.
    pub fn has_new_article_jobs(&self) -> bool {
        self.beside.values().any(|change| matches!(change, Change::ArticleJob(_)))
    }

    /// The entries of a source whose pages are still to be fetched, the oldest first.
    pub fn article_jobs_of(&self, source: SourceNumber) -> Result<BTreeSet<EntryNumber>, StoreError> {
        let mut waiting: BTreeSet<_> = self.store.article_jobs_of(source)?.iter().map(|job| job.number).collect();
        for change in self.beside.values() {
            match change {
                Change::ArticleJob(job) if job.source == source => drop(waiting.replace(job.number)),
                Change::ArticleJobRemoved { source: of, number } if *of == source => drop(waiting.take(number)),
                _ => {}
            }
        }
        Ok(waiting)
    }

    pub fn remove_article_job(&mut self, source: SourceNumber, number: EntryNumber) {
        self.put_beside(Change::ArticleJobRemoved { source, number });
    }

    /// Keeps a subscription, or takes it away.
    pub fn put_subscription(&mut self, change: SubscriptionChange) {
        self.put_beside(match change {
            SubscriptionChange::Kept(record) => Change::Subscription(record),
            SubscriptionChange::Ended(key) => Change::SubscriptionRemoved { key },
        });
    }

    /// Notes the topics that the stored entries' tags are of.
    pub fn put_tagging(&mut self, tagging: TaggingRecord) {
        self.put_beside(Change::Tagging(tagging));
    }
}
