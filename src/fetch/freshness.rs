//! What a response's headers say about when to ask again: values in, times out.

use chrono::{DateTime, TimeDelta, Utc};
use http::{
    HeaderMap, StatusCode,
    header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName, RETRY_AFTER},
};

use crate::model::Freshness;

/// A day: as long as we believe `max-age` and `Expires` (SCHED-2).
const LONGEST_FRESHNESS: TimeDelta = TimeDelta::hours(24);
/// A year: as long as `max-age` and `Expires` are believed where the admin trusts the publisher.
const LONGEST_TRUSTED_FRESHNESS: TimeDelta = TimeDelta::days(365);
/// As long as we believe `Retry-After` (SCHED-4).
const LONGEST_RETRY: TimeDelta = TimeDelta::days(7);
/// What a 429 means that does not say how long (SCHED-4).
const TOO_MANY_REQUESTS_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Reads a response that arrived at `now`.
///
/// A lifetime is read from 200 and 304 only: how long an error page may be cached says nothing about the feed. The exception is
/// 429, where it can only lengthen the pause. `Retry-After` is read from every status from 300 on.
pub(super) fn freshness(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>, trusted: bool) -> Freshness {
    let longest = if trusted { LONGEST_TRUSTED_FRESHNESS } else { LONGEST_FRESHNESS };
    let remaining = remaining_lifetime(headers, now);
    let fresh_until = remaining.map(|remaining| now + remaining.min(longest));
    let mut freshness = Freshness::default();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        freshness.fresh_until = fresh_until;
        freshness.explicit = remaining.is_some();
    }
    if status.as_u16() >= 300 {
        freshness.retry_until = retry_until(headers, now);
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        let long_cache_life =
            remaining.map(|remaining| now + remaining.min(LONGEST_RETRY)).filter(|until| *until > now);
        freshness.retry_until =
            freshness.retry_until.or(Some(now + TOO_MANY_REQUESTS_PAUSE)).into_iter().chain(long_cache_life).max();
    }
    freshness
}

/// What the clock said of whoever made the response (RFC 9110 §6.6.1), with the time it has lain in caches.
pub(super) fn sent_at(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let age = single(headers, AGE).and_then(delta_seconds).unwrap_or_default();
    single(headers, DATE).and_then(http_date)?.checked_add_signed(age)
}

/// How long the response stays fresh from now on (RFC 9111 §4.2), never negative; `None` if the publisher does not say.
fn remaining_lifetime(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let lifetime = match max_age(headers) {
        Some(seconds) => seconds,
        None => expires_less_date(headers, now)?,
    };
    let age = single(headers, AGE).and_then(delta_seconds).unwrap_or_default();
    Some((lifetime - age).max(TimeDelta::zero()))
}

/// `max-age`; zero if it is invalid or given more than once. `s-maxage` is for shared caches, which we are not.
fn max_age(headers: &HeaderMap) -> Option<TimeDelta> {
    let mut found = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in directives(value.as_bytes()) {
            let (name, argument) = match directive.iter().position(|&byte| byte == b'=') {
                Some(at) => (&directive[..at], &directive[at + 1..]),
                None => (directive, &b""[..]),
            };
            if name.trim_ascii().eq_ignore_ascii_case(b"max-age") {
                let argument = argument.trim_ascii();
                // RFC 9111 §5.2: the quoted form is not to be sent but is to be understood.
                let argument =
                    argument.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(argument);
                let seconds = delta_seconds(argument).unwrap_or_default();
                found = Some(if found.is_some() { TimeDelta::zero() } else { seconds });
            }
        }
    }
    found
}

/// Splits at commas outside quoted strings.
fn directives(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value.split(move |&byte| {
        let split = byte == b',' && !quoted;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        split
    })
}

/// `Expires` less `Date`, by the publisher's own clock; zero if `Expires` is no date (RFC 9111 §5.3), such as `0` or `-1`.
fn expires_less_date(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    headers.get(EXPIRES)?;
    let expires = single(headers, EXPIRES).and_then(http_date);
    let date = single(headers, DATE).and_then(http_date).unwrap_or(now);
    Some(expires.map_or(TimeDelta::zero(), |expires| expires - date))
}

/// The latest usable `Retry-After`: seconds, or a date, which counts from the publisher's own `Date` so that a wrong clock of
/// theirs does no harm. One that is past, zero or garbage is not usable.
fn retry_until(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let date = single(headers, DATE).and_then(http_date).unwrap_or(now);
    headers
        .get_all(RETRY_AFTER)
        .iter()
        .filter_map(|value| {
            let value = value.as_bytes().trim_ascii();
            delta_seconds(value).or_else(|| http_date(value).map(|until| until - date))
        })
        .filter(|wait| *wait > TimeDelta::zero())
        .map(|wait| now + wait.min(LONGEST_RETRY))
        .max()
}

/// The value of a field that came exactly once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes().trim_ascii())
}

/// `delta-seconds` (RFC 9111 §1.2.2): digits only; more than fit count as very many.
fn delta_seconds(value: &[u8]) -> Option<TimeDelta> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let most = LONGEST_TRUSTED_FRESHNESS.num_seconds() * 100;
    let seconds = std::str::from_utf8(value).ok()?.parse::<i64>().unwrap_or(most).min(most);
    Some(TimeDelta::seconds(seconds))
}

/// One of the three forms of RFC 9110 §5.6.7.
fn http_date(value: &[u8]) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok().map(DateTime::from)
}

#[cfg(test)]
mod tests;
