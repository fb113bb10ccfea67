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
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    fn read(status: u16, lines: &[(&'static str, &str)]) -> (Option<i64>, Option<i64>) {
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let read = freshness(StatusCode::from_u16(status).unwrap(), &headers(lines), now, false);
        let seconds = |time: DateTime<Utc>| (time - now).num_seconds();
        (read.fresh_until.map(seconds), read.retry_until.map(seconds))
    }

    #[test]
    fn sched_1_and_2_lifetime() {
        const DATE: (&str, &str) = ("date", "Sun, 01 Mar 2026 12:00:00 GMT");
        let table: &[(&str, &[(&'static str, &str)], Option<i64>)] = &[
            ("nothing said", &[], None),
            ("max-age", &[("cache-control", "max-age=3600")], Some(3600)),
            ("among others, upper case", &[("cache-control", "public, Max-Age = 60, must-revalidate")], Some(60)),
            ("quoted", &[("cache-control", "max-age=\"60\"")], Some(60)),
            ("less Age", &[("cache-control", "max-age=3600"), ("age", "600")], Some(3000)),
            ("Age beyond it", &[("cache-control", "max-age=60"), ("age", "600")], Some(0)),
            ("invalid Age is ignored", &[("cache-control", "max-age=60"), ("age", "-5")], Some(60)),
            (
                "beats Expires",
                &[("cache-control", "max-age=60"), ("expires", "Mon, 02 Mar 2026 12:00:00 GMT"), DATE],
                Some(60),
            ),
            ("Expires less Date", &[("expires", "Sun, 01 Mar 2026 12:30:00 GMT"), DATE], Some(1800)),
            (
                "by the publisher's clock",
                &[("expires", "Sat, 01 Mar 2025 12:30:00 GMT"), ("date", "Sat, 01 Mar 2025 12:00:00 GMT")],
                Some(1800),
            ),
            ("Expires without Date counts from arrival", &[("expires", "Sun, 01 Mar 2026 12:10:00 GMT")], Some(600)),
            ("Expires 0", &[("expires", "0"), DATE], Some(0)),
            ("Expires -1", &[("expires", "-1"), DATE], Some(0)),
            ("Expires past", &[("expires", "Sun, 01 Mar 2026 11:00:00 GMT"), DATE], Some(0)),
            (
                "Expires twice",
                &[("expires", "Sun, 01 Mar 2026 13:00:00 GMT"), ("expires", "Sun, 01 Mar 2026 14:00:00 GMT"), DATE],
                Some(0),
            ),
            ("s-maxage is not for us", &[("cache-control", "s-maxage=600")], None),
            ("no-cache alone is no lifetime", &[("cache-control", "no-cache")], None),
            ("negative", &[("cache-control", "max-age=-60")], Some(0)),
            ("fraction", &[("cache-control", "max-age=60.5")], Some(0)),
            ("words", &[("cache-control", "max-age=soon")], Some(0)),
            ("no value", &[("cache-control", "max-age")], Some(0)),
            ("twice in one field", &[("cache-control", "max-age=60, max-age=90")], Some(0)),
            ("twice in two fields", &[("cache-control", "max-age=60"), ("cache-control", "max-age=60")], Some(0)),
            ("inside a quoted argument", &[("cache-control", "private=\"x, max-age=60, y\"")], None),
            ("over a day", &[("cache-control", "max-age=31536000")], Some(86400)),
            ("does not fit", &[("cache-control", "max-age=99999999999999999999999")], Some(86400)),
            ("sixteen years", &[("expires", "Sat, 01 Mar 2042 12:00:00 GMT"), DATE], Some(86400)),
        ];
        for (case, lines, expected) in table {
            for status in [200, 304] {
                assert_eq!(read(status, lines).0, *expected, "{case}, {status}");
            }
            assert_eq!(read(404, lines).0, None, "{case}, 404");
        }
        let trusted =
            freshness(StatusCode::OK, &headers(&[("cache-control", "max-age=259200")]), NOW.parse().unwrap(), true);
        assert_eq!(trusted.fresh_until, Some("2026-03-04T12:00:00Z".parse().unwrap()));
    }

    #[test]
    fn explicit_is_said_of_zero_too_and_not_of_silence() {
        let explicit = |lines: &[(&'static str, &str)]| {
            freshness(StatusCode::OK, &headers(lines), NOW.parse().unwrap(), false).explicit
        };
        assert!(explicit(&[("cache-control", "max-age=0")]));
        assert!(explicit(&[("expires", "0")]));
        assert!(!explicit(&[("cache-control", "no-store")]));
        assert!(!explicit(&[]));
    }

    #[test]
    fn sched_3_and_4_retry_after() {
        const HOUR: i64 = 3600;
        let table: &[(&str, u16, &[(&'static str, &str)], Option<i64>)] = &[
            ("seconds", 503, &[("retry-after", "120")], Some(120)),
            ("IMF-fixdate", 503, &[("retry-after", "Sun, 01 Mar 2026 12:02:00 GMT")], Some(120)),
            ("RFC 850", 503, &[("retry-after", "Sunday, 01-Mar-26 12:02:00 GMT")], Some(120)),
            ("asctime", 503, &[("retry-after", "Sun Mar  1 12:02:00 2026")], Some(120)),
            (
                "date by the publisher's slow clock",
                503,
                &[("retry-after", "Sat, 28 Feb 2026 12:02:00 GMT"), ("date", "Sat, 28 Feb 2026 12:00:00 GMT")],
                Some(120),
            ),
            ("past date", 503, &[("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")], None),
            ("garbage", 503, &[("retry-after", "tomorrow")], None),
            ("negative", 503, &[("retry-after", "-1")], None),
            ("zero", 503, &[("retry-after", "0")], None),
            ("huge", 503, &[("retry-after", "99999999999999999999")], Some(7 * 24 * HOUR)),
            ("far date", 503, &[("retry-after", "Sun, 01 Mar 2099 12:00:00 GMT")], Some(7 * 24 * HOUR)),
            ("the later of two", 503, &[("retry-after", "60"), ("retry-after", "120")], Some(120)),
            ("on a redirect", 302, &[("retry-after", "60")], Some(60)),
            ("on a 304", 304, &[("retry-after", "60")], Some(60)),
            ("on a 403", 403, &[("retry-after", "60")], Some(60)),
            ("not on a 200", 200, &[("retry-after", "60")], None),
            ("503 that does not say", 503, &[], None),
            ("503 does not read a lifetime", 503, &[("cache-control", "max-age=600")], None),
            ("429 with seconds", 429, &[("retry-after", "86400")], Some(24 * HOUR)),
            ("429 with few seconds", 429, &[("retry-after", "30")], Some(30)),
            ("429 that does not say", 429, &[], Some(HOUR)),
            ("429 with garbage", 429, &[("retry-after", "later")], Some(HOUR)),
            ("429 with a past date", 429, &[("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT")], Some(HOUR)),
            (
                "429 with a lifetime of two days",
                429,
                &[("retry-after", "60"), ("cache-control", "max-age=172800")],
                Some(48 * HOUR),
            ),
            ("429 with a short lifetime", 429, &[("cache-control", "max-age=60")], Some(HOUR)),
        ];
        for (case, status, lines, expected) in table {
            assert_eq!(read(*status, lines).1, *expected, "{case}");
        }
    }
}
