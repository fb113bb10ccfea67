//! When which page is fetched.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::waiting::Waiting;
use crate::{
    clock::Clock,
    ingest::NewArticles,
    model::SourceNumber,
    store::{ArticleJob, StoreError},
};

/// Pages under way at once, over all sources: polls come first.
const AT_ONCE: usize = 8;

/// How often the clock is looked at where by it the next page is due later: it may be set.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);

/// How soon a store that could not be read is read again.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// Knows the pages that wait, and fetches them.
pub(super) trait Work: Clone + Send + Sync + 'static {
    /// Every page that is to be fetched, or those of one source; by source, the oldest entry first.
    fn waiting(&self, of: Option<SourceNumber>) -> impl Future<Output = Result<Vec<ArticleJob>, StoreError>> + Send;

    /// Fetches one page and hands in what became of it. `false` if newsdesk is stopping.
    fn work_off(&self, job: ArticleJob) -> impl Future<Output = bool> + Send;
}

/// Fetches pages for as long as any source wants them, until it is stopped. Nothing of a page under way is kept then; it is
/// fetched after the next start. While nothing is due the store is not read.
pub(super) async fn fetch_articles(work: impl Work, news: NewArticles, clock: Clock, stop: CancellationToken) {
    let mut rounds = Rounds { work, waiting: Waiting::default(), unread: Unread::All, pages: JoinSet::new() };
    loop {
        rounds.read().await;
        let now = clock.now();
        rounds.begin(now);
        let wake = match (&rounds.unread, rounds.waiting.next_due()) {
            (Unread::All, _) => Some(READ_AGAIN),
            (Unread::Of(sources), _) if !sources.is_empty() => Some(READ_AGAIN),
            // What is due has no place: it is begun when a page ends.
            (_, Some(due)) if due > now => Some((due - now).to_std().unwrap_or_default().min(LOOK_AT_CLOCK)),
            _ => None,
        };
        tokio::select! {
            () = stop.cancelled() => return,
            Some(ended) = rounds.pages.join_next(), if !rounds.pages.is_empty() => {
                if !rounds.ended(ended) {
                    return;
                }
            }
            sources = news.wait() => rounds.unread.add(sources),
            () = tokio::time::sleep(wake.unwrap_or_default()), if wake.is_some() => {}
        }
    }
}

struct Rounds<W> {
    work: W,
    waiting: Waiting,
    unread: Unread,
    pages: JoinSet<(SourceNumber, bool)>,
}

/// Of whom the store may know more than we.
enum Unread {
    All,
    Of(BTreeSet<SourceNumber>),
}

impl Unread {
    fn add(&mut self, more: impl IntoIterator<Item = SourceNumber>) {
        if let Unread::Of(sources) = self {
            sources.extend(more);
        }
    }
}

impl<W: Work> Rounds<W> {
    /// Learns what there is in the store. What cannot be read stays to be read.
    async fn read(&mut self) {
        let read = match &mut self.unread {
            Unread::All => {
                let all = self.work.waiting(None).await;
                all.map(|jobs| {
                    self.waiting.all_are(jobs);
                    self.unread = Unread::Of(BTreeSet::new());
                })
            }
            Unread::Of(sources) => {
                let mut read = Ok(());
                while let Some(source) = sources.first().copied() {
                    match self.work.waiting(Some(source)).await {
                        Ok(jobs) => self.waiting.of_source_are(source, jobs),
                        Err(error) => {
                            read = Err(error);
                            break;
                        }
                    }
                    sources.remove(&source);
                }
                read
            }
        };
        if let Err(error) = read {
            // The desk tells of a store that cannot be read, and mends it.
            debug!(%error, "cannot look for pages to fetch");
        }
    }

    fn begin(&mut self, now: DateTime<Utc>) {
        for job in self.waiting.begin(now, AT_ONCE.saturating_sub(self.pages.len())) {
            let work = self.work.clone();
            self.pages.spawn(async move { (job.source, work.work_off(job).await) });
        }
    }

    /// A page is done. `false` if newsdesk is stopping.
    fn ended(&mut self, ended: Result<(SourceNumber, bool), JoinError>) -> bool {
        match ended {
            Ok((source, true)) => {
                self.waiting.ended(source);
                self.unread.add([source]);
            }
            Ok((_, false)) => return false,
            // It would end so again: its source counts as having a page under way until the next start or reload.
            Err(panic) => warn!(%panic, "fetching a page ended in a panic"),
        }
        true
    }
}
