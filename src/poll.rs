//! The life of one source: wait until it is due, fetch, read, hand on, learn when it is due next.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    clock::Clock,
    fetch::{BasicAuth, FetchError, FetchErrorKind, FetchRequest, Fetched, Fetcher},
    ingest::{Delivery, DeskHandle, DeskStopped, Outcome, Reading},
    model::{Document, Freshness, PollState, SourceId},
    reading::{Read, Reader},
    schedule::{self, FailureKind, Schedule, SourceSchedule, Spread},
    status::{SourceStatus, Status},
    store::Store,
    text::Boilerplate,
};

/// A source as the admin configured it, as far as polling goes.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSettings {
    pub id: SourceId,
    pub url: Url,
    /// The admin's word on the language.
    pub language: Option<String>,
    pub schedule: Schedule,
    /// The admin wrote the schedule for this source.
    pub schedule_is_own: bool,
    pub timeout: Option<Duration>,
    pub headers: Vec<(String, String)>,
    pub basic_auth: Option<BasicAuth>,
    pub allow_private: bool,
    /// The pages behind its entries' links are fetched.
    pub wants_articles: bool,
}

/// What every poller works with.
#[derive(Clone)]
pub struct Tools {
    pub fetcher: Fetcher,
    pub reader: Arc<Reader>,
}

/// The tools of today: replaced when the configuration is reloaded, seen by every poll that begins afterwards.
#[derive(Clone)]
pub struct SharedTools(Arc<RwLock<Tools>>);

impl SharedTools {
    pub fn new(tools: Tools) -> Self {
        Self(Arc::new(RwLock::new(tools)))
    }

    pub fn get(&self) -> Tools {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, tools: Tools) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = tools;
    }
}

/// How one poll ended.
#[derive(Debug, Clone)]
pub struct PollReport {
    pub source: SourceId,
    pub ended: Ended,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Entries in the document.
    pub entries: usize,
}

#[derive(Debug, Clone)]
pub enum Ended {
    /// A document was read.
    Read(Outcome),
    /// The publisher has nothing new: 304, or the same bytes again.
    Unchanged,
    /// For the admin: what went wrong and what to do.
    Failed(String),
    /// The publisher wants no request before that time.
    Waiting(DateTime<Utc>),
}

/// Somebody wants a poll now, and hears how it ended.
pub type PollNow = oneshot::Sender<PollReport>;

/// What a poller shares with the others.
#[derive(Clone)]
pub struct Surroundings {
    pub tools: SharedTools,
    pub desk: DeskHandle,
    pub clock: Clock,
    pub status: Status,
    /// Documents being read at once: as many as there are processors.
    pub processors: Arc<Semaphore>,
    /// Knows what each source repeats.
    pub store: Store,
    /// Where reports go, for whoever shows them.
    pub reports: Option<mpsc::UnboundedSender<PollReport>>,
}

/// Polls one source.
pub struct Poller {
    pub settings: SourceSettings,
    pub surroundings: Surroundings,
}

/// The longest sleep before looking at the clock again: it may have been set, or the machine may have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Reading a document takes milliseconds; what takes this long is stuck.
const READING_DEADLINE: Duration = Duration::from_secs(60);

impl Poller {
    /// Polls whenever the source is due or somebody asks, until `soft_stop` (between two polls) or `hard_stop` (at once:
    /// nothing of a poll under way has been committed yet). Who asks while a poll is under way hears of that one: the
    /// publisher is not asked twice.
    pub async fn run(
        self,
        mut state: PollState,
        mut asked: mpsc::Receiver<PollNow>,
        soft_stop: CancellationToken,
        hard_stop: CancellationToken,
    ) {
        state = schedule::for_url(state, self.settings.url.as_str());
        let mut waiting = Vec::new();
        loop {
            tokio::select! {
                () = self.until_due(&mut state) => {}
                Some(ask) = asked.recv() => {
                    if ask.is_closed() {
                        continue;
                    }
                    waiting.push(ask);
                }
                () = soft_stop.cancelled() => return,
                () = hard_stop.cancelled() => return,
            }
            let polled = tokio::select! {
                polled = self.poll_once(&mut state) => polled,
                () = hard_stop.cancelled() => return,
            };
            match polled {
                Ok(report) => {
                    self.tell(report.clone(), &state);
                    waiting.extend(std::iter::from_fn(|| asked.try_recv().ok()));
                    for ask in waiting.drain(..) {
                        // Whoever asked may have gone.
                        let _ = ask.send(report.clone());
                    }
                }
                Err(DeskStopped) => return,
            }
        }
    }

    /// Waits until the source is due; for ever if it never is.
    async fn until_due(&self, state: &mut PollState) {
        loop {
            let now = self.surroundings.clock.now();
            *state = schedule::after_clock_step(std::mem::take(state), now);
            let due = schedule::next_poll(self.schedule(), state, now, self.spread()).at;
            let wait = due.map_or(LONGEST_SLEEP, |at| (at - now).to_std().unwrap_or_default());
            if wait.is_zero() {
                return;
            }
            tokio::time::sleep(wait.min(LONGEST_SLEEP)).await;
        }
    }

    /// One poll now, whatever the schedule says. `state` becomes what the next decision is made from.
    ///
    /// # Errors
    /// The desk is closed: the daemon is stopping.
    pub async fn poll_once(&self, state: &mut PollState) -> Result<PollReport, DeskStopped> {
        let now = self.surroundings.clock.now();
        *state = schedule::for_url(std::mem::take(state), self.settings.url.as_str());
        if let Err(until) = schedule::may_poll_now(state, now) {
            return Ok(self.report(Ended::Waiting(until), None, 0));
        }
        *state = schedule::started(std::mem::take(state), now);
        // On the disk before the request leaves, so that no crash loop asks a publisher twice.
        if let Err(error) = self.surroundings.desk.begin(self.settings.id.clone(), state.clone()).await? {
            return Ok(self.report(
                Ended::Failed(format!("not polled, for the store cannot take it: {error}")),
                None,
                0,
            ));
        }
        debug!(source = %self.settings.id, "fetch begins");
        let tools = self.surroundings.tools.get();
        let fetched = match request(&self.settings, state, now) {
            Ok(request) => tools.fetcher.fetch(&request).await,
            Err(why) => {
                let next = self.failed(state, FailureKind::Unreachable, Freshness::default(), &why);
                return self.hand_on(state, next, None, Ended::Failed(why), None, 0).await;
            }
        };
        debug!(source = %self.settings.id, "fetch ends");
        match fetched {
            Ok(Fetched::NotModified(answer)) => {
                let (moved, at) = (answer.moved_permanently_to.as_ref(), self.surroundings.clock.now());
                let mut next = schedule::after_not_modified(
                    state.clone(),
                    answer.validators,
                    answer.freshness,
                    moved,
                    "not modified",
                    at,
                );
                next.validators_url = Some(answer.url.to_string());
                self.hand_on(state, next, None, Ended::Unchanged, Some(304), 0).await
            }
            Ok(Fetched::Document(document, place)) => {
                let taken = self.take_document(state, document, &tools.reader).await;
                drop(place);
                taken
            }
            Err(error) => {
                if error.retry_is_for_host
                    && let Some(until) = error.freshness.retry_until
                {
                    let asked = Url::parse(schedule::url_to_poll(state)).unwrap_or_else(|_| self.settings.url.clone());
                    tools.fetcher.hold_host(&asked, until);
                }
                let next = self.failed(state, failure_kind(&error), error.freshness, &error.to_string());
                self.hand_on(state, next, None, Ended::Failed(error.to_string()), error.status, 0).await
            }
        }
    }

    async fn take_document(
        &self,
        state: &mut PollState,
        document: Document,
        reader: &Arc<Reader>,
    ) -> Result<PollReport, DeskStopped> {
        let hash = xxh3_64(&document.body);
        let now = self.surroundings.clock.now();
        if state.body_hash == Some(hash) {
            let next = schedule::after_success(state.clone(), &document, hash, None, "the same body again", now);
            return self.hand_on(state, next, None, Ended::Unchanged, Some(200), 0).await;
        }
        match self.read(document.clone(), reader.clone()).await {
            Ok(read) => {
                for defect in &read.defects {
                    debug!(source = %self.settings.id, entry = defect.entry, "mended: {}", defect.message);
                }
                let entries = read.reading.entries.len();
                let outcome = format!("{entries} entries");
                let next = schedule::after_success(state.clone(), &document, hash, Some(read.hints), &outcome, now);
                self.hand_on(state, next, Some(read.reading), Ended::Unchanged, Some(200), entries).await
            }
            Err(why) => {
                let next = self.failed(state, FailureKind::Unreadable, document.freshness, &why);
                self.hand_on(state, next, None, Ended::Failed(why), Some(200), 0).await
            }
        }
    }

    /// Reads the document beside the other work. A panic on it is this document's error and nobody else's.
    async fn read(&self, document: Document, reader: Arc<Reader>) -> Result<Read, String> {
        let Ok(permit) = self.surroundings.processors.clone().acquire_owned().await else {
            return Err("not read: the daemon is stopping".into());
        };
        let language = self.settings.language.clone();
        let source = self.settings.id.clone();
        let store = self.surroundings.store.clone();
        let url = document.url.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let boilerplate = boilerplate_of(&store, &source);
            let read = reader.read(&document, language.as_deref(), Some(&source), &boilerplate);
            drop(permit);
            read
        });
        match tokio::time::timeout(READING_DEADLINE, reading).await {
            Ok(Ok(Ok(read))) => Ok(read),
            Ok(Ok(Err(error))) => Err(format!("{url} cannot be read: {error}")),
            Ok(Err(panic)) => Err(format!("{url} cannot be read: a fault of newsdesk ({panic}); please report it")),
            Err(_) => Err(format!("{url} cannot be read: gave up after {} s", READING_DEADLINE.as_secs())),
        }
    }

    /// Hands a delivery in and reports. Only what is on the disk counts: if the store refuses, the poll is not done, and
    /// its validators are not kept.
    async fn hand_on(
        &self,
        state: &mut PollState,
        next: PollState,
        reading: Option<Reading>,
        ended: Ended,
        status: Option<u16>,
        entries: usize,
    ) -> Result<PollReport, DeskStopped> {
        let has_reading = reading.is_some();
        let delivery = Delivery {
            source: self.settings.id.clone(),
            configured_url: self.settings.url.to_string(),
            at: self.surroundings.clock.now(),
            state: next.clone(),
            reading,
        };
        let ended = match self.surroundings.desk.deliver(delivery).await? {
            Ok(outcome) => {
                *state = next;
                if has_reading { Ended::Read(outcome) } else { ended }
            }
            Err(error) => Ended::Failed(format!("polled, but the store cannot take it: {error}")),
        };
        Ok(self.report(ended, status, entries))
    }

    fn failed(&self, state: &PollState, kind: FailureKind, freshness: Freshness, why: &str) -> PollState {
        schedule::after_failure(state.clone(), kind, freshness, why, self.spread(), self.surroundings.clock.now())
    }

    fn report(&self, ended: Ended, status: Option<u16>, entries: usize) -> PollReport {
        PollReport { source: self.settings.id.clone(), ended, status, entries }
    }

    fn schedule(&self) -> SourceSchedule<'_> {
        SourceSchedule { schedule: &self.settings.schedule, own: self.settings.schedule_is_own }
    }

    fn spread(&self) -> Spread {
        Spread::of(&self.settings.id)
    }

    /// Logs the report, notes it for the status, and passes it on.
    fn tell(&self, report: PollReport, state: &PollState) {
        let source = &report.source;
        let now = self.surroundings.clock.now();
        let due = schedule::next_poll(self.schedule(), state, now, self.spread());
        let next = due.at.map_or("never".to_string(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        let mut error = None;
        match &report.ended {
            Ended::Read(outcome) => info!(
                %source,
                entries = report.entries,
                new = outcome.new,
                revised = outcome.revised,
                duplicates = outcome.duplicates,
                deleted = outcome.deleted,
                %next,
                "polled"
            ),
            Ended::Unchanged => debug!(%source, %next, "unchanged"),
            Ended::Failed(why) => {
                warn!(%source, status = report.status, failures = state.failures, %next, "poll failed: {why}");
                error = Some(for_strangers(&self.settings.url, why));
            }
            Ended::Waiting(until) => debug!(%source, %until, "the publisher wants no request yet"),
        }
        let moved_to = moved_to(state);
        let was_polled = !matches!(report.ended, Ended::Waiting(_));
        if let Some(to) = &moved_to {
            warn!(%source, "has moved for good to {to} and is asked there; change its url in the configuration");
        }
        if was_polled {
            self.surroundings.status.polled(source, SourceStatus { polled: now, error, moved_to, next: due.at });
        }
        if let Some(reports) = &self.surroundings.reports {
            // Nobody may be listening any more.
            let _ = reports.send(report);
        }
    }
}

/// What is known by now to repeat in a source's entries. What cannot be read is learnt again by whoever writes.
fn boilerplate_of(store: &Store, source: &SourceId) -> Boilerplate {
    let record = store.source(source).and_then(|record| store.boilerplate(record.number).ok());
    record.map(|record| record.boilerplate).unwrap_or_default()
}

/// What to ask, and with what.
///
/// Where the publisher has moved to another origin for good, the admin's credentials, headers and leave to use private
/// addresses stay behind: they were given for the origin in the configuration.
fn request(settings: &SourceSettings, state: &PollState, now: DateTime<Utc>) -> Result<FetchRequest, String> {
    let address = schedule::url_to_poll(state);
    let url = Url::parse(address).map_err(|error| format!("cannot ask {address}: {error}"))?;
    let is_the_admins = url.origin() == settings.url.origin();
    let mut request = FetchRequest::new(url);
    if !schedule::wants_unconditional(state, now) {
        request.validators = state.validators.clone();
        request.validators_url = state.validators_url.as_deref().and_then(|url| Url::parse(url).ok());
    }
    request.timeout = settings.timeout;
    if is_the_admins {
        request.headers = settings.headers.clone();
        request.basic_auth = settings.basic_auth.clone();
        request.allow_private = settings.allow_private;
    }
    Ok(request)
}

/// The reason as anybody may read it in `/healthz`: a feed's query may hold what only subscribers know.
pub(crate) fn for_strangers(url: &Url, why: &str) -> String {
    match url.query().filter(|query| !query.is_empty()) {
        Some(query) => why.replace(query, "…"),
        None => why.to_string(),
    }
}

/// Where the source has moved to for good, if it has and that is known.
pub(crate) fn moved_to(state: &PollState) -> Option<String> {
    let moved = state.moved.as_ref().filter(|moved| moved.accepted)?;
    // Its query may be meant for us alone.
    let mut url = Url::parse(&moved.to).ok()?;
    url.set_query(url.query().map(|_| "…"));
    Some(url.into())
}

fn failure_kind(error: &FetchError) -> FailureKind {
    match (error.kind, error.status) {
        (FetchErrorKind::Status | FetchErrorKind::Challenge, Some(status)) => FailureKind::Status(status),
        (FetchErrorKind::Empty, _) => FailureKind::Unreadable,
        _ => FailureKind::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Moved;

    fn settings() -> SourceSettings {
        SourceSettings {
            id: SourceId::new("gazette"),
            url: Url::parse("https://gazette.example/feed").expect("a URL"),
            language: None,
            schedule: Schedule::parse("@hourly", chrono_tz::UTC).expect("a schedule"),
            schedule_is_own: false,
            timeout: None,
            headers: vec![("X-Key".into(), "secret".into())],
            basic_auth: Some(BasicAuth { username: "desk".into(), password: "secret".into() }),
            allow_private: true,
            wants_articles: false,
        }
    }

    fn moved(to: &str) -> PollState {
        let moved = Moved { to: to.into(), first_seen: DateTime::UNIX_EPOCH, times: 9, accepted: true };
        PollState { url: "https://gazette.example/feed".into(), moved: Some(moved), ..PollState::default() }
    }

    #[test]
    fn what_was_given_for_one_origin_does_not_move_to_another() {
        let cases = [
            ("https://gazette.example/new", true),
            ("https://gazette.example:8443/feed", false),
            ("http://gazette.example/feed", false),
            ("https://elsewhere.example/feed", false),
        ];
        for (to, expected) in cases {
            let request = request(&settings(), &moved(to), DateTime::UNIX_EPOCH).expect("a request");
            assert_eq!(request.url.as_str(), to);
            let given = (!request.headers.is_empty(), request.basic_auth.is_some(), request.allow_private);
            assert_eq!(given, (expected, expected, expected), "{to}");
        }
    }

    #[test]
    fn a_move_is_told_without_its_query() {
        assert_eq!(
            moved_to(&moved("https://new.example/feed?key=secret")).as_deref(),
            Some("https://new.example/feed?%E2%80%A6")
        );
        assert_eq!(moved_to(&PollState::default()), None);
    }
}
