//! The pages behind entries' links: those that are still to be fetched, and what the fetched ones said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{StoreError, codec, engine::TreeName, keys, read::Store};
use crate::model::{EntryNumber, SourceNumber};

/// An entry whose page is to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleJob {
    pub source: SourceNumber,
    pub number: EntryNumber,
    /// How often it was tried in vain.
    pub tries: u8,
    /// Not before this time.
    pub due: DateTime<Utc>,
}

/// What an entry's page says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleRecord {
    pub number: EntryNumber,
    /// When the page was fetched.
    pub at: DateTime<Utc>,
    /// The article, sanitised HTML with absolute links.
    pub html: String,
}

impl Store {
    /// What an entry's page says, if it was fetched.
    pub fn article(&self, number: EntryNumber) -> Result<Option<ArticleRecord>, StoreError> {
        self.record("article", TreeName::Articles, &number.0.to_be_bytes())
    }

    /// Every page that is still to be fetched, by source, the oldest entry first.
    pub fn article_jobs(&self) -> Result<Vec<ArticleJob>, StoreError> {
        let database = self.database()?;
        let jobs = database.scan(TreeName::ArticleJobs, &[]);
        jobs.map(|item| codec::decode("article job", &item?.1)).collect()
    }

    /// Those of one source.
    pub fn article_jobs_of(&self, source: SourceNumber) -> Result<Vec<ArticleJob>, StoreError> {
        let database = self.database()?;
        let jobs = database.prefixed(TreeName::ArticleJobs, &keys::age_prefix(source));
        jobs.map(|item| codec::decode("article job", &item?.1)).collect()
    }

    pub fn article_job(&self, source: SourceNumber, number: EntryNumber) -> Result<Option<ArticleJob>, StoreError> {
        self.record("article job", TreeName::ArticleJobs, &keys::article_job(source, number))
    }

    /// Every page that was fetched, in the order of the entries' numbers.
    pub(super) fn each_article(
        &self,
        take: &mut dyn FnMut(ArticleRecord) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for item in self.database()?.scan(TreeName::Articles, &[]) {
            take(codec::decode("article", &item?.1)?)?;
        }
        Ok(())
    }
}
