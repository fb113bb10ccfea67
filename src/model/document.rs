use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use super::Validators;

/// The bytes one poll brought, with where they came from and what their headers said.
#[derive(Debug, Clone)]
pub struct Document {
    /// The URL that answered 200, after every redirect.
    pub url: Url,
    /// The URL that relative references resolve against when the document names no base of its own:
    /// `Content-Location` if given, else [`Document::url`] (RFC 3986 §5.1).
    pub base: Url,
    /// The target of an unbroken chain of permanent redirects (301, 308), if there was one.
    pub moved_permanently_to: Option<Url>,
    /// The `Content-Type` field as sent.
    pub content_type: Option<String>,
    /// The body, content codings removed.
    pub body: Bytes,
    /// What the next conditional request must echo.
    pub validators: Validators,
    /// When the publisher's HTTP headers allow the next request.
    pub freshness: Freshness,
}

/// What the response's headers say about when to ask again (RFC 9111 §4.2, RFC 9110 §10.2.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    /// No request before this time: `max-age` less `Age`, or `Expires` less `Date`, counted from the response's arrival.
    pub fresh_until: Option<DateTime<Utc>>,
    /// No request before this time: `Retry-After`.
    pub retry_until: Option<DateTime<Utc>>,
    /// Whether the publisher gave an explicit freshness lifetime of its own, even one of zero.
    pub explicit: bool,
}
