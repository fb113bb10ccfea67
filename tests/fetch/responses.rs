use chrono::TimeDelta;

use super::*;

fn after(seconds: i64) -> Option<DateTime<Utc>> {
    Some(now() + TimeDelta::seconds(seconds))
}

#[tokio::test]
async fn bodies_in_every_framing_and_coding_arrive_whole() {
    for (case, resource) in [
        ("Content-Length", Resource::feed(FEED)),
        ("chunked", Resource::feed(FEED).chunked()),
        ("until close", Resource::feed(FEED).until_close()),
        ("gzip", Resource::feed(FEED).gzip()),
        ("gzip, chunked, dripping", Resource::feed(FEED).gzip().chunked().drip(16, Duration::from_millis(1))),
        ("br", Resource::feed(FEED).brotli()),
        ("zstd", Resource::feed(FEED).zstd()),
        ("203", Resource::raw(format!("HTTP/1.1 203 x\r\nContent-Length: {}\r\n\r\n{FEED}", FEED.len()))),
        ("HTTP/1.0", Resource::raw(format!("HTTP/1.0 200 OK\r\n\r\n{FEED}"))),
        ("gzip that is none", Resource::feed(FEED).header("Content-Encoding", "gzip")),
        ("a coding that is none", Resource::feed(FEED).header("Content-Encoding", "utf-8")),
        ("a folded header", Resource::raw(format!("HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\r\n{FEED}"))),
        ("a broken header", Resource::raw(format!("HTTP/1.1 200 OK\r\nno colon here\r\nB@d: x\r\n\r\n{FEED}"))),
        ("a space before the colon", Resource::raw(format!("HTTP/1.1 200 OK\r\nX-A : a\r\n\r\n{FEED}"))),
    ] {
        let publisher = Publisher::start();
        publisher.serve("/feed", resource);
        let fetched = get(&fetcher(), publisher.url("/feed")).await;
        match fetched {
            Ok(Fetched::Document(document, _)) => assert_eq!(document.body, FEED.as_bytes(), "{case}"),
            other => panic!("{case}: {other:?}"),
        }
        assert_eq!(publisher.requests().len(), 1, "{case}: one request is enough");
    }
}

#[tokio::test]
async fn stat_6_bodies_that_are_not_whole_are_failures() {
    let gzip = Resource::feed(FEED).gzip();
    let half = gzip.body_length() / 2;
    for (case, resource, kind) in [
        ("shorter than Content-Length", Resource::feed(FEED).false_length(1000), FetchErrorKind::Truncated),
        ("cut", Resource::feed(FEED).cut_after(20), FetchErrorKind::Truncated),
        ("cut before the first octet", Resource::feed(FEED).cut_after(0), FetchErrorKind::Truncated),
        ("chunked without the last chunk", Resource::feed(FEED).chunked().cut_after(40), FetchErrorKind::Truncated),
        ("gzip cut, HTTP whole", gzip.clone().until_close().cut_after(half), FetchErrorKind::Truncated),
        (
            "gzip without its checksum",
            gzip.clone().until_close().cut_after(gzip.body_length() - 8),
            FetchErrorKind::Truncated,
        ),
        ("empty", Resource::feed(""), FetchErrorKind::Empty),
        ("empty chunked", Resource::feed("").chunked(), FetchErrorKind::Empty),
        ("empty gzip", Resource::feed("").gzip(), FetchErrorKind::Empty),
        ("white space", Resource::feed("\r\n \n"), FetchErrorKind::Empty),
        ("204", Resource::status(204), FetchErrorKind::Empty),
        ("206", Resource::status(206), FetchErrorKind::Protocol),
        ("226", Resource::status(226), FetchErrorKind::Protocol),
        ("deflate", Resource::feed(FEED).header("Content-Encoding", "deflate"), FetchErrorKind::Protocol),
        ("no HTTP", Resource::raw("220 mail.example ESMTP\r\n"), FetchErrorKind::Protocol),
        ("nothing at all", Resource::raw(""), FetchErrorKind::Protocol),
    ] {
        let error = failure(get_resource(resource).await);
        assert_eq!(error.kind, kind, "{case}: {error}");
    }
}

#[tokio::test]
async fn stat_4_and_5_a_status_is_reported_once_with_advice() {
    for (status, advice) in [
        (401, "credentials"),
        (403, "refuses us"),
        (404, "look for its new URL"),
        (410, "ended this feed"),
        (429, "asked too often"),
        (451, "refuses us"),
        (500, "asked again later"),
        (503, "asked again later"),
        (599, "asked again later"),
    ] {
        let publisher = Publisher::start();
        publisher.serve("/feed", Resource::status(status));
        let error = failure(get(&fetcher(), publisher.url("/feed")).await);
        assert_eq!((error.kind, error.status), (FetchErrorKind::Status, Some(status)));
        assert!(error.to_string().contains(advice), "{error}");
        assert!(error.to_string().contains(publisher.url("/feed").as_str()), "{error}");
        assert_eq!(publisher.requests().len(), 1, "{status} is not tried again");
    }
}

#[tokio::test]
async fn stat_5_a_challenge_is_told_from_a_refusal() {
    let challenge = Resource::status(403).header("cf-mitigated", "challenge").header("Retry-After", "60");
    let error = failure(get_resource(challenge).await);
    assert_eq!((error.kind, error.status), (FetchErrorKind::Challenge, Some(403)));
    assert_eq!(error.freshness.retry_until, after(60));
}

#[tokio::test]
async fn sched_1_freshness_comes_with_a_200_and_with_a_304() {
    let (publisher, fetcher) = (Publisher::start(), fetcher());
    publisher
        .serve("/feed", Resource::feed(FEED).etag("\"1\"").max_age(600).header_of_304("Cache-Control", "max-age=900"));
    let request = FetchRequest::new(publisher.url("/feed"));
    let fetched = fetcher.fetch(&request).await.unwrap();
    let next = next_request(&request, &fetched);
    let first = document(Ok(fetched)).freshness;
    assert_eq!((first.fresh_until, first.explicit), (after(600), true));
    let second = not_modified(fetcher.fetch(&next).await).freshness;
    assert_eq!((second.fresh_until, second.explicit), (after(900), true));
    assert!(!document(get_resource(Resource::feed(FEED)).await).freshness.explicit);
}

#[tokio::test]
async fn sched_3_a_503_is_the_feeds_and_a_429_the_hosts() {
    let (publisher, fetcher) = (Publisher::start(), fetcher());
    publisher.serve("/busy", Resource::status(503).header("Retry-After", "Sun, 01 Mar 2026 12:10:00 GMT"));
    publisher.serve("/fine", Resource::feed(FEED));
    publisher.serve("/much", Resource::status(429));

    let busy = failure(get(&fetcher, publisher.url("/busy")).await);
    assert_eq!((busy.freshness.retry_until, busy.retry_is_for_host), (after(600), false));
    document(get(&fetcher, publisher.url("/fine")).await);

    let much = failure(get(&fetcher, publisher.url("/much")).await);
    assert_eq!((much.freshness.retry_until, much.retry_is_for_host), (after(3600), true));
    assert_eq!(fetcher.host_held_until(&publisher.url("/")), after(3600));

    publisher.forget_requests();
    let held = failure(get(&fetcher, publisher.url("/fine")).await);
    assert_eq!((held.kind, held.freshness.retry_until), (FetchErrorKind::HostOnHold, after(3600)));
    assert!(held.to_string().contains("2026-03-01T13:00:00Z"), "{held}");
    assert_eq!(publisher.requests().len(), 0);
}

#[tokio::test]
async fn the_content_type_is_handed_on_as_sent() {
    let document = document(get_resource(Resource::feed(FEED).content_type("Text/XML; charset=ISO-8859-1")).await);
    assert_eq!(document.content_type.as_deref(), Some("Text/XML; charset=ISO-8859-1"));
}

#[tokio::test]
async fn a_publishers_date_bears_the_clock_out_or_does_not() {
    for (date, age, agrees) in [
        (Some("Sun, 01 Mar 2026 11:59:58 GMT"), None, true),
        (Some("Thu, 26 Feb 2026 12:00:00 GMT"), None, false),
        (Some("Thu, 26 Feb 2026 12:00:00 GMT"), Some("259200"), true),
        (Some("Fri, 01 Mar 2024 12:00:00 GMT"), None, false),
        (Some("today"), None, false),
        (None, None, false),
    ] {
        let publisher = Publisher::start();
        let mut resource = Resource::feed(FEED);
        resource = date.map_or(resource.clone(), |date| resource.header("Date", date));
        resource = age.map_or(resource.clone(), |age| resource.header("Age", age));
        publisher.serve("/feed", resource);
        let clock = Clock::new(now);
        document(get(&Fetcher::new(settings(), clock.clone()).unwrap(), publisher.url("/feed")).await);
        assert_eq!(clock.is_agreed(now()), agrees, "{date:?}, age {age:?}");
    }
}
