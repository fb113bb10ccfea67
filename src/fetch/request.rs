use std::{fmt, time::Duration};

use url::Url;

use crate::model::Validators;

/// One document to ask for.
#[derive(Clone)]
pub struct FetchRequest {
    pub url: Url,
    /// What the last good response gave; empty for an unconditional request.
    pub validators: Validators,
    /// The URL whose response gave the validators: [`Document::url`](crate::model::Document::url) of that fetch. `None` means
    /// [`FetchRequest::url`]. They are sent to that URL and to no other (POLL-5), so a feed behind a redirect needs it.
    pub validators_url: Option<Url>,
    /// Header fields of the admin's, sent to the origin of [`FetchRequest::url`] only.
    pub headers: Vec<(String, String)>,
    /// Sent to the origin of [`FetchRequest::url`] only. Userinfo in the URL itself does the same.
    pub basic_auth: Option<BasicAuth>,
    /// For the whole fetch; `None` means the settings' own.
    pub timeout: Option<Duration>,
    /// The admin lets this source be at a private address. Holds for the URL's own host, not for one it redirects to (SSRF-4).
    pub allow_private: bool,
    /// Believe freshness lifetimes of more than a day, up to a year (the opt-out of SCHED-2).
    pub believe_long_freshness: bool,
    /// The media types that are wanted, as an `Accept` field has them; `None` means those of feeds (REQ-3).
    pub accept: Option<&'static str>,
    /// Octets of the body; `None` means the settings' own (LIM-1).
    pub max_body: Option<u64>,
}

impl FetchRequest {
    /// An unconditional request without anything special.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            validators: Validators::default(),
            validators_url: None,
            headers: Vec::new(),
            basic_auth: None,
            timeout: None,
            allow_private: false,
            believe_long_freshness: false,
            accept: None,
            max_body: None,
        }
    }
}

impl fmt::Debug for FetchRequest {
    /// Header values and userinfo may be secrets and are left out (SEC-3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("url", &shown(&self.url))
            .field("validators", &self.validators)
            .field("validators_url", &self.validators_url.as_ref().map(shown))
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("basic_auth", &self.basic_auth)
            .field("timeout", &self.timeout)
            .field("allow_private", &self.allow_private)
            .field("believe_long_freshness", &self.believe_long_freshness)
            .finish()
    }
}

/// A user name and a password (RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct BasicAuth {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAuth(redacted)")
    }
}

/// The URL without what must not be shown or handed on: userinfo, and the fragment, which is never sent.
pub(super) fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    // Both fail only for a URL without a host, which cannot hold userinfo either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// The URL as it may be shown to the admin.
pub(super) fn shown(url: &Url) -> String {
    bare(url).into()
}
