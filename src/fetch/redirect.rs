//! Where a fetch may go, and what a chain of redirects amounts to. Decides; connects nothing.

use http::StatusCode;
use url::{Host, Url};

use super::{error::FetchErrorKind, request::bare};

/// Why a URL or a redirect is not followed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub kind: FetchErrorKind,
    pub why: String,
}

impl Refusal {
    fn new(kind: FetchErrorKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }
}

/// The way from the requested URL to where its redirects have led so far.
#[derive(Debug)]
pub(super) struct Route {
    /// Every URL asked, the requested one first, the current one last; without userinfo and fragment. Never empty.
    hops: Vec<Url>,
    current: Url,
    all_permanent: bool,
    downgraded: bool,
    most_redirects: usize,
}

impl Route {
    /// The beginning: the URL the admin wrote. Its port is the admin's choice, its userinfo is not part of the route.
    pub(super) fn new(url: &Url, most_redirects: usize) -> Result<Self, Refusal> {
        check_scheme_and_host(url).map_err(|why| Refusal::new(FetchErrorKind::BadUrl, why))?;
        let current = bare(url);
        Ok(Self { hops: vec![current.clone()], current, all_permanent: true, downgraded: false, most_redirects })
    }

    pub(super) fn requested(&self) -> &Url {
        self.hops.first().unwrap_or(&self.current)
    }

    pub(super) fn current(&self) -> &Url {
        &self.current
    }

    /// Still at the scheme, host and port of the requested URL, so that credentials for it may be sent (REQ-2).
    pub(super) fn at_requested_origin(&self) -> bool {
        self.current.origin() == self.requested().origin()
    }

    /// Still at the host of the requested URL, so that the admin's word about its address holds (SSRF-4).
    pub(super) fn at_requested_host(&self) -> bool {
        self.current.host() == self.requested().host()
    }

    /// Where to if `status` and `Location` say so: `true` if there is another hop to make (STAT-1, STAT-3).
    pub(super) fn follow(&mut self, status: StatusCode, location: Option<&[u8]>) -> Result<bool, Refusal> {
        let permanent = match status.as_u16() {
            301 | 308 => true,
            302 | 303 | 307 => false,
            _ => return Ok(false),
        };
        let refused = |why: String| Refusal::new(FetchErrorKind::RedirectRefused, why);
        let location = location.ok_or_else(|| refused("it does not say where to (no Location)".into()))?;
        let target = self
            .current
            .join(&as_reference(location))
            .map_err(|error| refused(format!("its Location is not a URL: {error}")))?;
        check_scheme_and_host(&target).map_err(&refused)?;
        if !target.username().is_empty() || target.password().is_some() {
            return Err(refused("it names a user, which only the configuration may".into()));
        }
        // Url::port is None for the scheme's own port.
        let port = target.port_or_known_default();
        if ![Some(80), Some(443), self.requested().port_or_known_default()].contains(&port) {
            return Err(refused(format!("it leads to port {}", port.unwrap_or_default())));
        }
        let target = bare(&target);
        if self.hops.contains(&target) {
            return Err(Refusal::new(FetchErrorKind::RedirectLoop, format!("it leads back to {target}")));
        }
        if self.hops.len() > self.most_redirects {
            let why = format!("more than {} redirects", self.most_redirects);
            return Err(Refusal::new(FetchErrorKind::TooManyRedirects, why));
        }
        self.all_permanent &= permanent;
        self.downgraded |= self.current.scheme() == "https" && target.scheme() == "http";
        self.hops.push(target.clone());
        self.current = target;
        Ok(true)
    }

    /// The current URL, if every redirect on the way was permanent and none gave up encryption.
    pub(super) fn moved_permanently_to(&self) -> Option<Url> {
        (self.hops.len() > 1 && self.all_permanent && !self.downgraded).then(|| self.current.clone())
    }
}

fn check_scheme_and_host(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is {}, not http or https", url.scheme()));
    }
    match url.host() {
        None | Some(Host::Domain("")) => Err("it names no host".into()),
        Some(_) => Ok(()),
    }
}

/// `Location` as text. Servers send raw UTF-8, which the URL parser encodes, and raw bytes of other charsets, which can only be
/// meant as themselves.
fn as_reference(location: &[u8]) -> String {
    match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => location
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
