use super::*;

#[tokio::test]
async fn poll_1_ten_polls_make_one_unconditional_request() {
    for (case, etag, date) in [
        ("both", "\"v1\"", "Sun, 01 Mar 2026 10:00:00 GMT"),
        ("ETag alone", "\"v1\"", ""),
        ("Last-Modified alone", "", "Sun, 01 Mar 2026 10:00:00 GMT"),
    ] {
        let publisher = Publisher::start();
        let mut resource = Resource::feed(FEED);
        if !etag.is_empty() {
            resource = resource.etag(etag);
        }
        if !date.is_empty() {
            resource = resource.last_modified(date);
        }
        publisher.serve("/feed", resource);
        let fetcher = fetcher();
        let mut request = FetchRequest::new(publisher.url("/feed"));
        for poll in 0..10 {
            let fetched = fetcher.fetch(&request).await.unwrap();
            assert_eq!(matches!(fetched, Fetched::NotModified(_)), poll > 0, "{case}, poll {poll}");
            request = next_request(&request, &fetched);
        }
        let log = publisher.requests();
        assert_eq!(log.iter().filter(|request| !request.is_conditional()).count(), 1, "{case}");
        for request in &log[1..] {
            assert_eq!(request.header("if-none-match").unwrap_or_default(), etag, "{case}");
            assert_eq!(request.header("if-modified-since").unwrap_or_default(), date, "{case}");
        }
    }
}

#[tokio::test]
async fn poll_2_validators_are_echoed_to_the_octet() {
    let publisher = Publisher::start();
    let fetcher = fetcher();
    for (etag, date) in [
        (&b"\"a-gzip\""[..], &b"Sun, 01 Mar 2026 10:00:00 GMT"[..]),
        (b"W/\"x\"", b"Thu, 1 Jan 1970 00:00:00 UTC"),
        (b"abc", b"2041-01-01T00:00:00Z"),
        (b"\"\"", b"Fri, 01 Feb 2041 10:00:00 +0200"),
        (b"w/x", b"sun, 01 mar 2026 10:00:00 gmt"),
        (b"\"a\", \"b\"", b"0"),
        (b"\"caf\xe9\"", b"-1"),
        (b"\"caf\xc3\xa9\"", b"yesterday"),
    ] {
        publisher.forget_requests();
        publisher.serve("/feed", Resource::feed(FEED).etag(etag).last_modified(date));
        let request = FetchRequest::new(publisher.url("/feed"));
        let first = fetcher.fetch(&request).await.unwrap();
        not_modified(fetcher.fetch(&next_request(&request, &first)).await);
        let log = publisher.requests();
        assert_eq!(log[1].header_octets("if-none-match"), Some(etag));
        assert_eq!(log[1].header_octets("if-modified-since"), Some(date));
    }
}

#[tokio::test]
async fn poll_3_each_200_says_the_whole_pair_anew() {
    let publisher = Publisher::start();
    publisher.serve(
        "/feed",
        Resource::feed(FEED)
            .etag("\"1\"")
            .last_modified("Sun, 01 Mar 2026 10:00:00 GMT")
            .then(Resource::feed(FEED).etag("\"2\""))
            .then(Resource::feed(FEED)),
    );
    let fetcher = fetcher();
    let mut request = FetchRequest::new(publisher.url("/feed"));
    let mut seen = Vec::new();
    for _ in 0..3 {
        let fetched = fetcher.fetch(&request).await.unwrap();
        request = next_request(&request, &fetched);
        seen.push(document(Ok(fetched)).validators);
    }
    assert_eq!(
        seen,
        [validators("\"1\"", "Sun, 01 Mar 2026 10:00:00 GMT"), validators("\"2\"", ""), Validators::default()]
    );
    assert_eq!(publisher.requests()[2].header("if-modified-since"), None);
}

#[tokio::test]
async fn poll_4_a_304_replaces_what_it_carries_and_keeps_the_rest() {
    let stored = ("\"1\"", "Sun, 01 Mar 2026 10:00:00 GMT");
    for (case, headers, expected) in [
        ("nothing", &[("ETag", ""), ("Last-Modified", "")][..], stored),
        ("a new ETag", &[("ETag", "\"2\""), ("Last-Modified", "")], ("\"2\"", stored.1)),
        ("a new date", &[("ETag", ""), ("Last-Modified", "tomorrow")], ("\"1\"", "tomorrow")),
        ("both", &[("ETag", "x"), ("Last-Modified", "y")], ("x", "y")),
    ] {
        let publisher = Publisher::start();
        let mut resource = Resource::feed(FEED).etag(stored.0).last_modified(stored.1);
        for (name, value) in headers {
            resource = resource.header_of_304(name, value);
        }
        publisher.serve("/feed", resource);
        let request =
            FetchRequest { validators: validators(stored.0, stored.1), ..FetchRequest::new(publisher.url("/feed")) };
        let unchanged = not_modified(fetcher().fetch(&request).await);
        assert_eq!(unchanged.validators, validators(expected.0, expected.1), "{case}");
    }
}

#[tokio::test]
async fn poll_5_validators_go_to_the_url_they_came_from_only() {
    let (publisher, fetcher) = (Publisher::start(), fetcher());
    publisher.serve("/old", Resource::redirect(302, "/new").etag("\"of-the-redirect\""));
    publisher.serve("/new", Resource::feed(FEED).etag("\"of-the-feed\""));
    let request = FetchRequest::new(publisher.url("/old"));
    let first = fetcher.fetch(&request).await.unwrap();
    not_modified(fetcher.fetch(&next_request(&request, &first)).await);
    let sent: Vec<_> =
        publisher.requests().iter().map(|request| (request.path.clone(), request.header("if-none-match"))).collect();
    let expected = [("/old", None), ("/new", None), ("/old", None), ("/new", Some("\"of-the-feed\""))];
    assert_eq!(sent, expected.map(|(path, etag)| (path.to_owned(), etag.map(str::to_owned))));

    // The feed moves on: the same octets mean nothing at the third URL.
    publisher.forget_requests();
    publisher.serve("/old", Resource::redirect(302, "/third"));
    publisher.serve("/third", Resource::feed(FEED).etag("\"of-the-feed\""));
    document(fetcher.fetch(&next_request(&request, &first)).await);
    assert!(publisher.requests().iter().all(|request| !request.is_conditional()));

    // The first URL stops redirecting: its own answer was never conditional.
    publisher.forget_requests();
    publisher.serve("/old", Resource::feed(FEED).etag("\"of-the-feed\""));
    document(fetcher.fetch(&next_request(&request, &first)).await);
    assert!(!publisher.requests()[0].is_conditional());
}

#[tokio::test]
async fn poll_6_and_9_what_a_bad_or_uncacheable_answer_leaves() {
    let broken = failure(get_resource(Resource::feed(FEED).etag("\"1\"").cut_after(10)).await);
    assert_eq!(broken.kind, FetchErrorKind::Truncated, "an error has no validators to store");
    let uncacheable = Resource::feed(FEED).etag("\"1\"").header("Expires", "0").header("Cache-Control", "no-cache");
    assert_eq!(document(get_resource(uncacheable).await).validators, validators("\"1\"", ""));
}

#[tokio::test]
async fn sec_1_octets_that_fit_no_header_are_not_sent() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED));
    let request = FetchRequest {
        validators: validators("\"1\"\r\nCookie: a=b", "x\ny"),
        ..FetchRequest::new(publisher.url("/feed"))
    };
    document(fetcher().fetch(&request).await);
    let log = publisher.requests();
    assert!(!log[0].is_conditional());
    assert_eq!(log[0].header("cookie"), None);
}

#[tokio::test]
async fn a_304_that_was_not_asked_for_is_no_news() {
    assert_eq!(failure(get_resource(Resource::status(304)).await).kind, FetchErrorKind::Protocol);
}
