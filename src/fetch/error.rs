use std::{error::Error, fmt};

use chrono::SecondsFormat;
use http::StatusCode;
use thiserror::Error;
use url::Url;

use super::request::shown;
use crate::model::Freshness;

/// Why no [`Fetcher`](super::Fetcher) can be made: the service must not start.
#[derive(Debug, Error)]
pub enum FetcherError {
    #[error("the contact {contact:?} cannot be sent in User-Agent; write a URL or an e-mail address in plain ASCII")]
    Contact { contact: String },
    #[error("the HTTP client cannot be set up, neither with this system's certificates nor with the built-in ones")]
    Client { source: Box<dyn Error + Send + Sync> },
}

/// What kept a fetch from bringing a document. Its text is for the admin: what, where, why, what to do next.
#[derive(Debug)]
pub struct FetchError {
    pub kind: FetchErrorKind,
    /// The URL that failed, after the redirects that led to it; without userinfo.
    pub url: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// `retry_until` says before when nothing may be asked again; a 429 always has one.
    pub freshness: Freshness,
    /// `retry_until` holds for the whole host of the requested URL (429), not for this feed alone.
    pub retry_is_for_host: bool,
    /// Printable.
    why: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong, by what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchErrorKind {
    /// The configured URL is not one that can be asked.
    BadUrl,
    /// A configured header field is not one that can be sent.
    BadHeader,
    /// The host is, or has an address, outside the public Internet.
    AddressRefused,
    /// The host's name has no address.
    Dns,
    /// No connection.
    Connect,
    /// A connection, but none that can be trusted.
    Tls,
    /// No answer, or not the whole of it, within the time allowed.
    Timeout,
    /// The body is over the limit, content coding removed.
    TooLarge,
    /// The body ends before its announced end.
    Truncated,
    /// An answer without a body.
    Empty,
    /// A status that brings no document.
    Status,
    TooManyRedirects,
    RedirectLoop,
    /// A redirect to where redirects may not lead.
    RedirectRefused,
    /// A page that only a browser gets past (`cf-mitigated: challenge`).
    Challenge,
    /// Not HTTP, or not as we asked for it.
    Protocol,
    /// Not asked at all: the host wants no request yet.
    HostOnHold,
}

impl FetchError {
    pub(super) fn new(kind: FetchErrorKind, url: &Url, why: impl AsRef<str>) -> Self {
        Self {
            kind,
            url: shown(url),
            status: None,
            freshness: Freshness::default(),
            retry_is_for_host: false,
            why: printable(why.as_ref()),
            source: None,
        }
    }

    pub(super) fn answered(mut self, status: StatusCode, freshness: Freshness) -> Self {
        self.status = Some(status.as_u16());
        self.freshness = freshness;
        self
    }

    pub(super) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The reason alone, without the URL and the advice. May be empty.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use FetchErrorKind::*;
        let Self { url, why, .. } = self;
        match self.kind {
            BadUrl => write!(f, "cannot ask {url}: {why}; correct the source's URL"),
            BadHeader => write!(f, "cannot ask {url}: {why}; correct the source's headers"),
            AddressRefused => write!(
                f,
                "will not connect to {url}: {why}; if the source is meant to be there, give it this very URL with \
                 allow_private = true, or list its network in polling.allow_networks"
            ),
            Dns => {
                write!(f, "cannot find the host of {url}: {why}; check its spelling, then this machine's name service")
            }
            Connect => write!(f, "cannot connect to {url}: {why}; the server may be down, or a firewall in between"),
            Tls => write!(
                f,
                "no trustworthy connection to {url}: {why}; the publisher must mend its certificate, or this machine's clock \
                 or certificates are out of date"
            ),
            Timeout => write!(f, "{url} took too long: {why}; raise the source's timeout if this goes on"),
            TooLarge => write!(f, "{url} is too large: {why}; look for a shorter feed of the same publisher"),
            Truncated => write!(f, "{url} arrived incomplete: {why}; nothing of it was used, the next poll asks again"),
            Empty => {
                write!(f, "{url} answered with an empty body; the entries known so far stay, the next poll asks again")
            }
            Status => self.fmt_status(f),
            TooManyRedirects => write!(f, "{url} is still not the feed after {why}; look for the feed's own URL"),
            RedirectLoop => {
                write!(
                    f,
                    "{url} redirects in a circle: {why}; it may want a cookie, so look for another URL of the feed"
                )
            }
            RedirectRefused => write!(f, "the redirect from {url} is not followed: {why}; look for the feed's own URL"),
            Challenge => write!(
                f,
                "{url} wants proof of being a browser ({why}); ask the publisher to let feed readers in, or drop the source"
            ),
            Protocol => {
                write!(f, "{url} did not answer properly: {why}; open it with another client to see whose fault it is")
            }
            HostOnHold => match self.freshness.retry_until {
                Some(until) => {
                    let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
                    write!(f, "{url} was not asked: its host wants no request before {until}; it is asked after that")
                }
                None => write!(f, "{url} was not asked: its host wants no request yet"),
            },
        }
    }
}

impl FetchError {
    fn fmt_status(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.status.unwrap_or_default();
        // The standard's phrase for the code, not the publisher's.
        let phrase =
            StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()).unwrap_or("unknown status");
        let advice = match code {
            401 | 407 => "check the source's credentials",
            403 | 451 => "the publisher refuses us; open the URL in a browser, then ask the publisher",
            404 => "the feed may have moved; look for its new URL on the publisher's site",
            410 => "the publisher has ended this feed; remove the source or give it another URL",
            429 => "we asked too often for this host's taste; it is left alone for a while",
            500..=599 => "the publisher's server has a problem; it is asked again later",
            _ => "open the URL with another client to see what it wants",
        };
        write!(f, "{} answered {code} {phrase}; {advice}", self.url)
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Text of unknown origin, fit for a log line (SEC-1): control characters escaped, of bounded length.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut out = String::new();
    for character in text.chars() {
        if out.len() >= LONGEST {
            out.push('…');
            break;
        }
        // The second group turns the direction of text and would let a line look like another.
        if character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_1_and_3_no_control_character_and_no_userinfo_in_the_text() {
        let url = Url::parse("https://me:secret@example.com/feed#part").unwrap();
        let error = FetchError::new(FetchErrorKind::Connect, &url, "bad\r\nSet-Cookie: x\u{1b}[31m\u{202e}");
        let text = error.to_string();
        assert!(
            text.starts_with(r"cannot connect to https://example.com/feed: bad\r\nSet-Cookie: x\u{1b}[31m\u{202e};"),
            "{text}"
        );
        assert!(!format!("{error:?}").contains("secret"));
        assert!(printable(&"x".repeat(10_000)).len() < 500);
    }
}
