use http::HeaderValue;

use super::*;

type Lines = &'static [(&'static str, &'static str)];

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
    let table: &[(&str, Lines, Option<i64>)] = &[
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
    let table: &[(&str, u16, Lines, Option<i64>)] = &[
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
