//! Conditional requests, seen from the publisher's side (RFC 9110 §13).

use std::time::SystemTime;

use axum::http::{HeaderMap, header};
use xxhash_rust::xxh3::xxh3_64;

/// What names one version of a feed.
pub struct Version {
    pub etag: String,
    pub last_modified: SystemTime,
}

impl Version {
    pub fn of(body: &[u8], last_modified: SystemTime) -> Self {
        Self { etag: format!("\"{:016x}\"", xxh3_64(body)), last_modified }
    }

    /// Whether the client holds this version already: `If-None-Match` decides if there is one, else `If-Modified-Since`.
    pub fn is_held_by(&self, request: &HeaderMap) -> bool {
        let mut tags = request.get_all(header::IF_NONE_MATCH).iter().peekable();
        if tags.peek().is_some() {
            return tags.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag
            });
        }
        let since = request.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        since.and_then(|date| httpdate::parse_http_date(date).ok()).is_some_and(|since| self.last_modified <= since)
    }
}

/// Whether the request holds any validator at all.
pub fn is_conditional(request: &HeaderMap) -> bool {
    request.contains_key(header::IF_NONE_MATCH) || request.contains_key(header::IF_MODIFIED_SINCE)
}
