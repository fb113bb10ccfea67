use std::{net::IpAddr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, HOST, IF_MATCH,
        IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, LOCATION, RANGE, REFERER, TE,
        TRANSFER_ENCODING, UPGRADE,
    },
};
use reqwest::Response;
use tokio::time::{Instant, timeout};
use url::{Host, Url};

use super::{
    FetchError, FetchErrorKind, FetchRequest, FetchSettings, FetcherError,
    address::{Reach, special_use},
    body,
    client::{Clients, MOST_HEADER_OCTETS, chain, kind_of},
    freshness::freshness,
    host_gate::{HostGate, HostKey, Pass},
    redirect::{Refusal, Route},
    resolver::{Lookup, Names, ResolveError},
};
use crate::{
    clock::Clock,
    model::{Document, Freshness, Validators},
};

/// Fields that are the protocol's or the fetcher's business, so that the admin's are not sent.
const NOT_THE_ADMINS: [HeaderName; 13] = [
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    UPGRADE,
    RANGE,
    IF_RANGE,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    REFERER,
];

/// Asks publishers for their documents. Clones share connections and manners: one per process.
#[derive(Clone)]
pub struct Fetcher(Arc<Shared>);

struct Shared {
    settings: FetchSettings,
    clock: Clock,
    names: Names,
    clients: Clients,
    gate: HostGate,
}

/// What a fetch brought.
#[derive(Debug, Clone)]
pub enum Fetched {
    Document(Document),
    NotModified(NotModified),
}

/// The publisher has nothing new (304).
#[derive(Debug, Clone)]
pub struct NotModified {
    /// The URL that answered, after every redirect.
    pub url: Url,
    /// The stored ones, each replaced by the one this answer carries, if any (POLL-4).
    pub validators: Validators,
    pub freshness: Freshness,
    /// As in [`Document`].
    pub moved_permanently_to: Option<Url>,
}

impl Fetcher {
    /// Errors mean that nothing can be fetched at all: a contact that is no header text, or no usable TLS set-up.
    pub fn new(settings: FetchSettings, clock: Clock) -> Result<Self, FetcherError> {
        Self::with_lookup(settings, clock, Names::system_lookup())
    }

    pub(super) fn with_lookup(settings: FetchSettings, clock: Clock, lookup: Lookup) -> Result<Self, FetcherError> {
        let names = Names::new(lookup, &settings.allow_networks);
        let clients = Clients::new(&settings, &names)?;
        let gate = HostGate::new(settings.host_gap, settings.concurrency);
        Ok(Self(Arc::new(Shared { settings, clock, names, clients, gate })))
    }

    /// No request goes to this URL's host before `until`: what an earlier run of the service was told with a 429. A later hold
    /// stays. Answers with 429 set this by themselves.
    pub fn hold_host(&self, url: &Url, until: DateTime<Utc>) {
        if let Some(key) = HostKey::of(url) {
            self.0.gate.hold(key, until, self.0.clock.now());
        }
    }

    /// Until when this URL's host wants no request, if it does.
    pub fn host_held_until(&self, url: &Url) -> Option<DateTime<Utc>> {
        self.0.gate.held_until(&HostKey::of(url)?, self.0.clock.now())
    }

    /// Asks once, following redirects, after waiting for the host's turn. The future may be dropped at any time.
    pub async fn fetch(&self, request: &FetchRequest) -> Result<Fetched, FetchError> {
        Fetching::new(&self.0, request)?.run().await
    }
}

/// One fetch on its way.
struct Fetching<'a> {
    shared: &'a Shared,
    request: &'a FetchRequest,
    route: Route,
    /// The admin's header fields, for the requested origin.
    headers: HeaderMap,
    time_left: Duration,
    /// What `Retry-After` on the way asked for (SCHED-3).
    retry_until: Option<DateTime<Utc>>,
    /// A host of the public Internet has answered, so that the way into the admin's networks is closed (SSRF-4).
    met_the_public: bool,
    retried: bool,
}

impl<'a> Fetching<'a> {
    fn new(shared: &'a Shared, request: &'a FetchRequest) -> Result<Self, FetchError> {
        let route = Route::new(&request.url, shared.settings.max_redirects)
            .map_err(|Refusal { kind, why }| FetchError::new(kind, &request.url, why))?;
        let headers = admins_headers(&request.headers)
            .map_err(|why| FetchError::new(FetchErrorKind::BadHeader, &request.url, why))?;
        let time_left = request.timeout.unwrap_or(shared.settings.timeout);
        Ok(Self {
            shared,
            request,
            route,
            headers,
            time_left,
            retry_until: None,
            met_the_public: false,
            retried: false,
        })
    }

    async fn run(mut self) -> Result<Fetched, FetchError> {
        let mut pass = None;
        loop {
            let entered = self.enter(pass.take()).await?;
            let conditional = self.validators_here();
            let response = self.send(conditional).await?;
            let status = response.status();
            let freshness = self.read_headers(&response)?;
            match status.as_u16() {
                304 if conditional => return Ok(Fetched::NotModified(self.not_modified(&response, freshness))),
                200 | 203 => return self.document(response, freshness).await.map(Fetched::Document),
                _ => {}
            }
            let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
            let hop = self.route.current().clone();
            match self.route.follow(status, location) {
                Ok(true) => pass = Some(entered),
                Ok(false) => return Err(self.unwanted_status(status, freshness)),
                Err(Refusal { kind, why }) => return Err(FetchError::new(kind, &hop, why).answered(status, freshness)),
            }
        }
    }

    fn error(&self, kind: FetchErrorKind, why: impl AsRef<str>) -> FetchError {
        FetchError::new(kind, self.route.current(), why)
    }

    fn reach(&self) -> Reach {
        if self.request.allow_private && self.route.at_requested_host() {
            Reach::Anywhere
        } else if self.met_the_public {
            Reach::Public
        } else {
            Reach::Listed
        }
    }

    /// Waits for this hop's turn, having made sure that its host may be asked.
    async fn enter(&mut self, previous: Option<Pass>) -> Result<Pass, FetchError> {
        let reach = self.reach();
        let literal = match self.route.current().host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if let Some(address) = literal
            && let Some(special) = self.shared.names.refuses(address, reach)
        {
            return Err(self.error(FetchErrorKind::AddressRefused, format!("{address} is {special}")));
        }
        let key =
            HostKey::of(self.route.current()).ok_or_else(|| self.error(FetchErrorKind::BadUrl, "it names no host"))?;
        self.check_hold(&key)?;
        let mut pass = self.shared.gate.enter(key.clone(), previous).await;
        let addresses = match literal {
            Some(address) => vec![address.to_canonical()],
            None => self.addresses(reach).await?,
        };
        self.shared.gate.proceed(&mut pass, addresses).await;
        // The request before ours may just have been answered with 429.
        self.check_hold(&key)?;
        Ok(pass)
    }

    fn check_hold(&self, key: &HostKey) -> Result<(), FetchError> {
        match self.shared.gate.held_until(key, self.shared.clock.now()) {
            None => Ok(()),
            Some(until) => {
                let mut error = self.error(FetchErrorKind::HostOnHold, "");
                error.freshness.retry_until = Some(until);
                error.retry_is_for_host = self.is_requested_host(key);
                Err(error)
            }
        }
    }

    fn is_requested_host(&self, key: &HostKey) -> bool {
        HostKey::of(self.route.requested()).as_ref() == Some(key)
    }

    async fn addresses(&mut self, reach: Reach) -> Result<Vec<IpAddr>, FetchError> {
        let name = self.route.current().host_str().unwrap_or_default().to_owned();
        let names = self.shared.names.clone();
        match self.within_time(names.addresses(&name, reach)).await? {
            Ok(addresses) => Ok(addresses),
            Err(error) => {
                let kind = match error {
                    ResolveError::Refused { .. } => FetchErrorKind::AddressRefused,
                    ResolveError::Lookup(_) | ResolveError::NoAddress => FetchErrorKind::Dns,
                };
                Err(self.error(kind, error.to_string()).caused_by(error))
            }
        }
    }

    /// Whether the validators belong to the URL about to be asked.
    fn validators_here(&self) -> bool {
        let current = self.route.current();
        let belongs = match &self.request.validators_url {
            Some(url) => super::request::bare(url) == *current,
            None => self.route.requested() == current,
        };
        belongs && !validator_headers(&self.request.validators).is_empty()
    }

    /// Sends the request of this hop: twice if the first could not be connected, but only once in a fetch (SCHED-5).
    async fn send(&mut self, conditional: bool) -> Result<Response, FetchError> {
        loop {
            let client = self.shared.clients.get(self.reach());
            let mut url = self.route.current().clone();
            let mut headers = HeaderMap::new();
            if conditional {
                headers.extend(validator_headers(&self.request.validators));
            }
            let mut auth = None;
            if self.route.at_requested_origin() {
                headers.extend(self.headers.clone());
                if !headers.contains_key(AUTHORIZATION) {
                    auth = self.request.basic_auth.as_ref();
                    if auth.is_none() {
                        // The client turns userinfo into a header and keeps it out of the request line.
                        let _ = url.set_username(self.request.url.username());
                        let _ = url.set_password(self.request.url.password());
                    }
                }
            }
            let mut builder = client.get(url).headers(headers);
            if let Some(auth) = auth {
                builder = builder.basic_auth(&auth.username, Some(&auth.password));
            }
            tracing::debug!(url = %self.route.current(), conditional, "asking");
            match self.within_time(builder.send()).await? {
                Ok(response) => return Ok(response),
                Err(error) => {
                    let kind = kind_of(&error);
                    if kind == FetchErrorKind::Connect && !self.retried {
                        self.retried = true;
                        tokio::time::sleep(self.shared.settings.host_gap).await;
                        continue;
                    }
                    let error = error.without_url();
                    return Err(self.error(kind, chain(&error)).caused_by(error));
                }
            }
        }
    }

    /// What the header section says, whatever the status.
    fn read_headers(&mut self, response: &Response) -> Result<Freshness, FetchError> {
        let (status, headers) = (response.status(), response.headers());
        let octets: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if octets > MOST_HEADER_OCTETS {
            let why = format!("{octets} octets of header fields, more than {MOST_HEADER_OCTETS}");
            return Err(self.error(FetchErrorKind::Protocol, why));
        }
        // An address we cannot tell counts as public, which only closes doors.
        self.met_the_public |= response.remote_addr().is_none_or(|socket| special_use(socket.ip()).is_none());
        let now = self.shared.clock.now();
        let mut freshness = freshness(status, headers, now, self.request.believe_long_freshness);
        self.retry_until = self.retry_until.max(freshness.retry_until);
        freshness.retry_until = self.retry_until;
        let key = HostKey::of(self.route.current());
        if status == StatusCode::TOO_MANY_REQUESTS
            && let (Some(key), Some(until)) = (&key, freshness.retry_until)
        {
            self.shared.gate.hold(key.clone(), until, now);
        }
        if headers.get("cf-mitigated").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"challenge")) {
            let why = format!("status {}, cf-mitigated: challenge", status.as_u16());
            let mut error = self.error(FetchErrorKind::Challenge, why).answered(status, freshness);
            error.retry_is_for_host =
                status == StatusCode::TOO_MANY_REQUESTS && key.is_some_and(|key| self.is_requested_host(&key));
            return Err(error);
        }
        Ok(freshness)
    }

    fn unwanted_status(&self, status: StatusCode, freshness: Freshness) -> FetchError {
        let error = match status.as_u16() {
            204 | 205 => self.error(FetchErrorKind::Empty, ""),
            206 | 226 => {
                self.error(FetchErrorKind::Protocol, format!("{} to a request for the whole", status.as_u16()))
            }
            304 => self.error(FetchErrorKind::Protocol, "304 to a request without conditions"),
            _ => self.error(FetchErrorKind::Status, ""),
        };
        let mut error = error.answered(status, freshness);
        let key = HostKey::of(self.route.current());
        error.retry_is_for_host =
            status == StatusCode::TOO_MANY_REQUESTS && key.is_some_and(|key| self.is_requested_host(&key));
        error
    }

    fn not_modified(&self, response: &Response, freshness: Freshness) -> NotModified {
        let carried = validators_of(response.headers());
        let stored = &self.request.validators;
        NotModified {
            url: self.route.current().clone(),
            validators: Validators {
                etag: carried.etag.or_else(|| stored.etag.clone()),
                last_modified: carried.last_modified.or_else(|| stored.last_modified.clone()),
            },
            freshness,
            moved_permanently_to: self.route.moved_permanently_to(),
        }
    }

    async fn document(&mut self, response: Response, freshness: Freshness) -> Result<Document, FetchError> {
        let status = response.status();
        let headers = response.headers();
        let url = self.route.current().clone();
        let validators = validators_of(headers);
        let base = content_location(headers, &url).unwrap_or_else(|| url.clone());
        let content_type =
            headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
        let limit = self.shared.settings.max_body;
        let body = self
            .within_time(body::read(response, limit))
            .await
            .map_err(|error| error.answered(status, freshness))?
            .map_err(|(kind, why)| self.error(kind, why).answered(status, freshness))?;
        Ok(Document {
            url,
            base,
            moved_permanently_to: self.route.moved_permanently_to(),
            content_type,
            body: body.into(),
            validators,
            freshness,
        })
    }

    /// Lets something happen within the time the fetch has left, and takes it off.
    async fn within_time<T>(&mut self, what: impl Future<Output = T>) -> Result<T, FetchError> {
        let start = Instant::now();
        let result = timeout(self.time_left, what).await;
        self.time_left = self.time_left.saturating_sub(start.elapsed());
        result.map_err(|_| {
            let allowed = self.request.timeout.unwrap_or(self.shared.settings.timeout);
            self.error(FetchErrorKind::Timeout, format!("not done within {} s", allowed.as_secs_f64()))
        })
    }
}

fn admins_headers(configured: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header name"))?;
        if NOT_THE_ADMINS.contains(&parsed) {
            return Err(format!("the header {name} is not for the configuration to set"));
        }
        // The value may be a secret and is not shown.
        let mut value =
            HeaderValue::from_str(value).map_err(|_| format!("the value of the header {name} cannot be sent"))?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// The conditional fields, exactly as they came (POLL-2). Octets that cannot be in a field, which no publisher can have sent,
/// are not sent either (SEC-1).
fn validator_headers(validators: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, stored) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
        if let Some(value) = stored.as_deref().and_then(|stored| HeaderValue::from_bytes(stored).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The first of each, untouched; one without content is none.
fn validators_of(headers: &HeaderMap) -> Validators {
    let value =
        |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_vec()).filter(|value| !value.is_empty());
    Validators { etag: value(ETAG), last_modified: value(LAST_MODIFIED) }
}

/// `Content-Location` as a base, if it is at the origin that answered: publishers behind a proxy often name an inner host
/// there, which would break every relative link, and RFC 9110 §8.7 gives another origin's no authority.
fn content_location(headers: &HeaderMap, url: &Url) -> Option<Url> {
    let value = headers.get(CONTENT_LOCATION)?.to_str().ok()?;
    let base = url.join(value).ok().filter(|base| base.origin() == url.origin())?;
    Some(super::request::bare(&base))
}
