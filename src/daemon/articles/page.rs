//! One page: whether it is still wanted, the request, the article on it.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use tracing::debug;
use url::Url;

use super::rounds::Work;
use crate::{
    article::{MOST_BYTES, extract},
    fetch::{FetchError, FetchErrorKind, FetchRequest, Fetched},
    ingest::{ArticleEnd, OLDEST},
    model::{Document, EntryNumber, SourceNumber},
    poll::{SourceSettings, Surroundings},
    store::{ArticleJob, StoreError},
};

/// How long to wait after a failure that may pass; after the last of them it is given up.
const PAUSES: [TimeDelta; 3] = [TimeDelta::minutes(10), TimeDelta::hours(1), TimeDelta::hours(6)];

/// What a page may be.
const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";

/// The longest that finding the article on a page may take.
const LONGEST_EXTRACTION: Duration = Duration::from_secs(60);

/// Pages as the store and the fetcher have them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pages {
    sources: Arc<[SourceSettings]>,
    around: Surroundings,
    stop: CancellationToken,
}

impl Pages {
    pub(super) fn new(sources: Vec<SourceSettings>, around: Surroundings, stop: CancellationToken) -> Self {
        Self { sources: sources.into(), around, stop }
    }
}

impl Work for Pages {
    async fn waiting(&self, of: Option<SourceNumber>) -> Result<Vec<ArticleJob>, StoreError> {
        let store = self.around.store.clone();
        let read = tokio::task::spawn_blocking(move || match of {
            None => store.article_jobs(),
            Some(source) => store.article_jobs_of(source),
        });
        read.await.unwrap_or_else(|_| Ok(Vec::new()))
    }

    async fn work_off(&self, job: ArticleJob) -> bool {
        work_off(job, &self.sources, &self.around, &self.stop).await
    }
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
