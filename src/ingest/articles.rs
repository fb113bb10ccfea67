//! The page behind an entry's link: asked for once the entry is kept, its text kept beside the entry.
//!
//! An entry is taken in and published from the feed's text; with it a job is committed, which whoever fetches pages finds in
//! the store. What became of it comes back as an [`ArticleEnd`]. The article's text is kept apart from the entry: what the
//! publisher's feed says next is compared with what it said before, and an article never makes a story new.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::Notify;

use super::{Ingest, take_in::dated};
use crate::{
    model::{ArticlePolicy, EntryNumber, SourceId, SourceNumber},
    store::{ArticleJob, ArticleRecord, ChangedEditions, EntryRecord, Refresh, StoreError},
    text::blocks_of_html,
};

/// Pages of entries that are older than this are not fetched: nobody waits for their topics.
pub const OLDEST: Duration = Duration::days(7);

/// So many pages of one source may wait; of more, those of the newest entries.
const MOST_WAITING: usize = 100;

/// More of an article is not kept, in bytes of HTML.
const MOST_KEPT: usize = 64 * 1024;

/// What became of fetching an entry's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleEnd {
    /// The article on it, sanitised HTML.
    Found { html: String },
    /// It is to be tried again, then.
    Again {
        due: DateTime<Utc>,
        /// The publisher was asked.
        was_asked: bool,
    },
    /// There will be none.
    GivenUp,
}

/// Sources that have new pages to be fetched, for whoever fetches them. Cheap to clone.
#[derive(Clone, Default)]
pub struct NewArticles(Arc<Untold>);

#[derive(Default)]
struct Untold {
    sources: Mutex<BTreeSet<SourceNumber>>,
    told: Notify,
}

impl NewArticles {
    /// This source has.
    pub fn tell(&self, source: SourceNumber) {
        self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).insert(source);
        self.0.told.notify_one();
    }

    /// Waits until there are any, and returns them; for one who waits. Nothing is lost when the wait is given up.
    pub async fn wait(&self) -> BTreeSet<SourceNumber> {
        loop {
            let sources = std::mem::take(&mut *self.0.sources.lock().unwrap_or_else(PoisonError::into_inner));
            if !sources.is_empty() {
                return sources;
            }
            self.0.told.notified().await;
        }
    }
}

impl Ingest {
    /// Has the page of a new entry fetched, if that is what the admin wants of its source.
    pub(super) fn ask_for_article(&self, refresh: &mut Refresh<'_>, record: &EntryRecord, now: DateTime<Utc>) {
        let Some((id, _)) = refresh.source_by_number(record.source) else { return };
        let has_page = record.entry.link.as_ref().is_some_and(|link| link.starts_with("http"));
        if self.article_policy(&id) != ArticlePolicy::None && has_page && dated(&record.entry, now) >= now - OLDEST {
            refresh.put_article_job(ArticleJob { source: record.source, number: record.number, tries: 0, due: now });
        }
    }

    fn article_policy(&self, id: &SourceId) -> ArticlePolicy {
        self.rules.sources.get(id).map(|rules| rules.article).unwrap_or_default()
    }

    /// Drops jobs of a source that has too many, those of the entries that came first.
    pub(super) fn bound_article_jobs(&self, refresh: &mut Refresh<'_>, source: SourceNumber) -> Result<(), StoreError> {
        if !refresh.has_new_article_jobs() {
            return Ok(());
        }
        let waiting = refresh.article_jobs_of(source)?;
        for number in waiting.iter().take(waiting.len().saturating_sub(MOST_WAITING)) {
            refresh.remove_article_job(source, *number);
        }
        Ok(())
    }

    /// Notes what became of fetching an entry's page. An article has a say in the entry's topics from now on. Returns the
    /// editions that changed.
    pub fn take_article(
        &self,
        source: SourceNumber,
        number: EntryNumber,
        end: ArticleEnd,
        now: DateTime<Utc>,
    ) -> Result<ChangedEditions, StoreError> {
        let mut refresh = self.store.refresh();
        let record = refresh.entry(number)?.filter(|record| record.source == source);
        let Some(job) = self.store.article_job(source, number)? else { return Ok(ChangedEditions::new()) };
        let mut shown = ChangedEditions::new();
        match (end, record) {
            (ArticleEnd::Again { due, was_asked }, Some(_)) => {
                refresh.put_article_job(ArticleJob {
                    tries: job.tries.saturating_add(u8::from(was_asked)),
                    due,
                    ..job
                });
            }
            (ArticleEnd::Found { html }, Some(record)) => {
                refresh.remove_article_job(source, number);
                refresh.put_article(ArticleRecord { number, at: now, html: bounded(html) });
                if let Some(tagger) = &self.tagger {
                    let learnt = refresh.boilerplate(source)?;
                    self.read_again(&mut refresh, number, &learnt.boilerplate, tagger, now)?;
                }
                let id = refresh.source_by_number(source).map(|(id, _)| id);
                if id.is_some_and(|id| self.article_policy(&id) == ArticlePolicy::Publish)
                    && let Some(story) = refresh.story(record.story)?
                {
                    shown.extend(story.editions().map(|topic| topic.cloned()));
                }
            }
            (ArticleEnd::GivenUp, _) | (_, None) => refresh.remove_article_job(source, number),
        }
        let mut changed = refresh.apply()?;
        changed.extend(shown);
        Ok(changed)
    }
}

/// An article that is too long is cut between two of its blocks, which are kept as plain paragraphs then.
fn bounded(html: String) -> String {
    if html.len() <= MOST_KEPT {
        return html;
    }
    let mut kept = String::new();
    for block in blocks_of_html(&html) {
        let escaped = block.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        if kept.len() + escaped.len() > MOST_KEPT {
            break;
        }
        kept.push_str("<p>");
        kept.push_str(&escaped);
        kept.push_str("</p>");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_article_is_cut_between_blocks() {
        let paragraph = |number: usize| format!("<p>Number {number} &lt; <b>{}</b></p>", "word ".repeat(200));
        let long: String = (0..100).map(paragraph).collect();
        let kept = bounded(long.clone());
        assert!((MOST_KEPT - 2_000..MOST_KEPT + 100).contains(&kept.len()), "{}", kept.len());
        assert!(kept.starts_with("<p>Number 0 &lt; word word") && kept.ends_with("</p>"));
        let (whole, cut) = (blocks_of_html(&long), blocks_of_html(&kept));
        assert!(cut.iter().zip(&whole).all(|(cut, whole)| cut.text == whole.text));
        assert_eq!(bounded(paragraph(1)), paragraph(1));
    }
}
