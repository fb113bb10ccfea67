//! One fetch on its way: hop by hop to an answer.

use std::{net::IpAddr, time::Duration};

use chrono::{DateTime, Utc};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION},
};
use reqwest::Response;
use tokio::time::{Instant, timeout};
use url::Host;

use super::{
    FetchError, FetchErrorKind, FetchRequest, Fetched, NotModified,
    address::{Reach, special_use},
    body,
    client::{MOST_HEADER_OCTETS, chain, kind_of},
    fetcher::Shared,
    freshness::{freshness, sent_at},
    headers::{admins_headers, content_location, validator_headers, validators_of},
    host_gate::{HostKey, Pass},
    redirect::{Refusal, Route},
    request::bare,
    resolver::ResolveError,
};
use crate::model::{Document, Freshness, Validators};

/// One fetch on its way.
pub(super) struct Fetching<'a> {
    shared: &'a Shared,
    request: &'a FetchRequest,
    route: Route,
    /// The admin's header fields, for the requested origin.
    headers: HeaderMap,
    time_left: Duration,
    /// The longest silence: a source with a longer time of its own may use all of it.
    silence: Duration,
    /// What `Retry-After` on the way asked for (SCHED-3).
    retry_until: Option<DateTime<Utc>>,
    /// A host of the public Internet has answered, so that the way into the admin's networks is closed (SSRF-4).
    met_the_public: bool,
    retried: bool,
}

impl<'a> Fetching<'a> {
    pub(super) fn new(shared: &'a Shared, request: &'a FetchRequest) -> Result<Self, FetchError> {
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
            silence: shared.settings.read_timeout.max(request.timeout.unwrap_or_default()),
            retry_until: None,
            met_the_public: false,
            retried: false,
        })
    }

    pub(super) async fn run(mut self) -> Result<Fetched, FetchError> {
        let mut pass = None;
        loop {
            let entered = self.enter(pass.take()).await?;
            let conditional = self.validators_here();
            let response = self.send(conditional).await?;
            let status = response.status();
            let freshness = self.read_headers(&response)?;
            match status.as_u16() {
                304 if conditional => return Ok(Fetched::NotModified(self.not_modified(&response, freshness))),
                200 | 203 => {
                    let document = self.document(response, freshness).await?;
                    return Ok(Fetched::Document(document, entered.into_place()));
                }
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
        // The request whose end we waited for may have been answered with 429.
        self.check_hold(&key)?;
        let addresses = match literal {
            Some(address) => vec![address.to_canonical()],
            None => self.addresses(reach).await?,
        };
        self.shared.gate.proceed(&mut pass, addresses).await;
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
            Some(url) => bare(url) == *current,
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
            if let Some(accept) = self.request.accept {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
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
            let silence = self.silence;
            match self.within_time(timeout(silence, builder.send())).await? {
                Ok(Ok(response)) => return Ok(response),
                Err(_) => {
                    let why = format!("no answer for {} s", silence.as_secs_f64());
                    return Err(self.error(FetchErrorKind::Timeout, why));
                }
                Ok(Err(error)) => {
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
        if let Some(theirs) = sent_at(headers) {
            self.shared.clock.compare(theirs);
        }
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
        let limit = self.request.max_body.unwrap_or(self.shared.settings.max_body).min(self.shared.settings.max_body);
        let silence = self.silence;
        let body = self
            .within_time(body::read(response, limit, silence))
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

#[cfg(test)]
mod tests;
