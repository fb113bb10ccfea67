//! Fetches the pages behind entries' links, with the manners of every other request.
//!
//! What is to be fetched stands in the store, so that a restart loses nothing and asks nobody twice. A source has one page
//! under way at a time; its host's turn, the permits for all requests and the limits of a fetch are those of polls.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use url::Url;

use crate::{
    article::{MOST_BYTES, extract},
    fetch::{FetchError, FetchErrorKind, FetchRequest, Fetched},
    ingest::{ArticleEnd, OLDEST},
    model::{Document, EntryNumber, SourceNumber},
    poll::{SourceSettings, Surroundings},
    store::{ArticleJob, StoreError},
};

/// Pages under way at once, over all sources: polls come first.
const AT_ONCE: usize = 8;

/// How often the store is looked at for pages that are due.
const LOOK: Duration = Duration::from_secs(1);

/// How long to wait after a failure that may pass; after the last of them it is given up.
const PAUSES: [TimeDelta; 3] = [TimeDelta::minutes(10), TimeDelta::hours(1), TimeDelta::hours(6)];

/// What a page may be.
const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";

/// The longest that finding the article on a page may take.
const LONGEST_EXTRACTION: Duration = Duration::from_secs(60);

/// Fetches pages for as long as any source wants them, until it is stopped. Nothing of a page under way is kept then; it is
/// fetched after the next start.
pub(super) async fn fetch_articles(sources: Vec<SourceSettings>, around: Surroundings, stop: CancellationToken) {
    let mut under_way: BTreeSet<SourceNumber> = BTreeSet::new();
    let mut pages: JoinSet<(SourceNumber, bool)> = JoinSet::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(done) = pages.join_next(), if !pages.is_empty() => match done {
                Ok((source, true)) => drop(under_way.remove(&source)),
                Ok((_, false)) => return,
                Err(panic) => {
                    // Which source it was is not known any more; no page is under way once all have ended.
                    warn!(%panic, "fetching a page ended in a panic");
                    if pages.is_empty() {
                        under_way.clear();
                    }
                }
            },
            _ = look.tick() => {}
        }
        if pages.len() >= AT_ONCE {
            continue;
        }
        let due = match due(&around, &under_way, AT_ONCE - pages.len()).await {
            Ok(due) => due,
            Err(error) => {
                // The desk tells of a store that cannot be read, and mends it.
                debug!(%error, "cannot look for pages to fetch");
                continue;
            }
        };
        for job in due {
            under_way.insert(job.source);
            let (sources, around, stop) = (sources.clone(), around.clone(), stop.clone());
            pages.spawn(async move { (job.source, work_off(job, &sources, &around, &stop).await) });
        }
    }
}

/// The first page that is due of each source that has none under way, at most `most`.
async fn due(
    around: &Surroundings,
    under_way: &BTreeSet<SourceNumber>,
    most: usize,
) -> Result<Vec<ArticleJob>, StoreError> {
    let (store, now, mut taken) = (around.store.clone(), around.clock.now(), under_way.clone());
    let look = tokio::task::spawn_blocking(move || {
        let jobs = store.article_jobs()?.into_iter().filter(|job| job.due <= now);
        Ok(jobs.filter(|job| taken.insert(job.source)).take(most).collect())
    });
    look.await.unwrap_or_else(|_| Ok(Vec::new()))
}

/// Fetches one page and hands in what became of it. `false` if newsdesk is stopping.
async fn work_off(
    job: ArticleJob,
    sources: &[SourceSettings],
    around: &Surroundings,
    stop: &CancellationToken,
) -> bool {
    let end = tokio::select! {
        end = end_of(&job, sources, around) => end,
        () = stop.cancelled() => return false,
    };
    let Some((end, place)) = end else { return true };
    let done = around.desk.article(job.source, job.number, end).await;
    // The page keeps its place among the requests until it is on the disk.
    drop(place);
    match done {
        Ok(Ok(())) => true,
        // Tried again once the store can be written: until then nothing is gained by asking at once.
        Ok(Err(_)) => {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(10)) => true,
                () = stop.cancelled() => false,
            }
        }
        Err(_) => false,
    }
}

type Place = Option<crate::fetch::Place>;

/// What became of a page; `None` if the store could not be read.
async fn end_of(job: &ArticleJob, sources: &[SourceSettings], around: &Surroundings) -> Option<(ArticleEnd, Place)> {
    let given_up = Some((ArticleEnd::GivenUp, None));
    let now = around.clock.now();
    let Some((settings, link)) = wanted(job.source, job.number, now, sources, around).ok()? else { return given_up };
    let (source, tools) = (&settings.id, around.tools.get());
    match tools.fetcher.fetch(&request(settings, &link)).await {
        Ok(Fetched::Document(document, place)) => {
            let end = match article_of(document).await {
                Ok(html) => ArticleEnd::Found { html },
                Err(why) => {
                    debug!(%source, %link, "no article: {why}");
                    ArticleEnd::GivenUp
                }
            };
            Some((end, Some(place)))
        }
        // Nothing was asked for under a condition.
        Ok(Fetched::NotModified(_)) => given_up,
        Err(error) => {
            debug!(%source, %link, tries = job.tries, "page not fetched: {error}");
            Some((after_failure(job, &error, around.clock.now()), None))
        }
    }
}

/// The source's settings and the page's address, if the page is still wanted.
fn wanted<'a>(
    source: SourceNumber,
    number: EntryNumber,
    now: DateTime<Utc>,
    sources: &'a [SourceSettings],
    around: &Surroundings,
) -> Result<Option<(&'a SourceSettings, Url)>, StoreError> {
    let Some((id, _)) = around.store.source_by_number(source) else { return Ok(None) };
    let Some(settings) = sources.iter().find(|settings| settings.id == id && settings.wants_articles) else {
        return Ok(None);
    };
    let record = around.store.entry(number)?.filter(|record| record.dated() >= now - OLDEST);
    let link = record.and_then(|record| Url::parse(record.entry.link.as_deref()?).ok());
    Ok(link.map(|link| (settings, link)))
}

/// What the admin gave for the feed's origin goes to no other.
fn request(settings: &SourceSettings, link: &Url) -> FetchRequest {
    let mut request = FetchRequest::new(link.clone());
    request.accept = Some(ACCEPT);
    request.max_body = Some(MOST_BYTES as u64);
    request.timeout = settings.timeout;
    if link.origin() == settings.url.origin() {
        request.headers = settings.headers.clone();
        request.basic_auth = settings.basic_auth.clone();
        request.allow_private = settings.allow_private;
    }
    request
}

async fn article_of(document: Document) -> Result<String, String> {
    let media_type = document.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if !(media_type.is_empty() || media_type.contains("html") || media_type.starts_with("text/plain")) {
        return Err(format!("it is {media_type}"));
    }
    let found = tokio::task::spawn_blocking(move || {
        extract(&document.body, document.content_type.as_deref(), &document.url).map(|article| article.html)
    });
    match tokio::time::timeout(LONGEST_EXTRACTION, found).await {
        Ok(Ok(found)) => found.map_err(|error| error.to_string()),
        Ok(Err(panic)) => Err(panic.to_string()),
        Err(_) => Err(format!("gave up after {} s", LONGEST_EXTRACTION.as_secs())),
    }
}

/// A failure that may pass is tried again a few times. A host that wants quiet has not been asked.
fn after_failure(job: &ArticleJob, error: &FetchError, now: DateTime<Utc>) -> ArticleEnd {
    use FetchErrorKind::*;
    let passes = match error.kind {
        Dns | Connect | Timeout | Truncated | HostOnHold => true,
        Status => matches!(error.status, Some(408 | 425 | 429 | 500..=599)),
        _ => false,
    };
    match PAUSES.get(usize::from(job.tries)) {
        Some(pause) if passes => {
            let due = now + *pause;
            let due = error.freshness.retry_until.map_or(due, |until| until.max(due));
            ArticleEnd::Again { due, was_asked: error.kind != HostOnHold }
        }
        _ => ArticleEnd::GivenUp,
    }
}

/// The task that fetches pages, while there is one.
#[derive(Default)]
pub(super) struct ArticleTask {
    running: Option<(CancellationToken, tokio::task::JoinHandle<()>)>,
}

impl ArticleTask {
    /// Goes over to these sources: what is under way is dropped and, if it is still wanted, fetched anew.
    pub(super) async fn arrange(&mut self, sources: Vec<SourceSettings>, around: Surroundings) {
        self.stop().await;
        // Jobs that nobody wants any more are taken off the list by the task as well.
        let has_jobs = around.store.article_jobs().map_or(true, |jobs| !jobs.is_empty());
        if has_jobs || sources.iter().any(|source| source.wants_articles) {
            let stop = CancellationToken::new();
            let task = tokio::spawn(fetch_articles(sources, around, stop.clone()));
            self.running = Some((stop, task));
        }
    }

    pub(super) async fn stop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            let _ = task.await;
        }
    }
}
