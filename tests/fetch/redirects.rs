use super::*;

#[tokio::test]
async fn stat_1_and_3_what_a_chain_of_redirects_amounts_to() {
    for (case, statuses, permanent) in [
        ("none", &[][..], false),
        ("301", &[301], true),
        ("308", &[308], true),
        ("301, 308", &[301, 308], true),
        ("302", &[302], false),
        ("303", &[303], false),
        ("307", &[307], false),
        ("301, 302, 301", &[301, 302, 301], false),
        ("five hops", &[301, 301, 301, 301, 301], true),
    ] {
        let publisher = Publisher::start();
        for (at, status) in statuses.iter().enumerate() {
            publisher.serve(&format!("/{at}"), Resource::redirect(*status, format!("/{}", at + 1)));
        }
        let last = format!("/{}", statuses.len());
        publisher.serve(&last, Resource::feed(FEED).etag("\"1\""));
        let (fetcher, request) = (fetcher(), FetchRequest::new(publisher.url("/0")));
        let expected = permanent.then(|| publisher.url(&last));

        let fetched = fetcher.fetch(&request).await.unwrap();
        let next = next_request(&request, &fetched);
        let document = document(Ok(fetched));
        assert_eq!(document.url, publisher.url(&last), "{case}");
        assert_eq!(document.moved_permanently_to, expected, "{case}");
        let unchanged = not_modified(fetcher.fetch(&next).await);
        assert_eq!(unchanged.moved_permanently_to, expected, "{case}, 304");
    }
}

#[tokio::test]
async fn stat_3_where_following_ends() {
    let long = |publisher: &Publisher| {
        for at in 0..10 {
            publisher.serve(&format!("/{at}"), Resource::redirect(302, format!("/{}", at + 1)));
        }
    };
    for (case, resource, kind) in [
        ("a circle of two", Resource::redirect(302, "/1"), FetchErrorKind::RedirectLoop),
        ("itself", Resource::redirect(301, "/0"), FetchErrorKind::RedirectLoop),
        ("no Location", Resource::status(302), FetchErrorKind::RedirectRefused),
        ("another port", Resource::redirect(302, "http://127.0.0.1:22/"), FetchErrorKind::RedirectRefused),
        ("a file", Resource::redirect(302, "file:///etc/passwd"), FetchErrorKind::RedirectRefused),
        ("a user", Resource::redirect(302, "http://user:pw@127.0.0.1/"), FetchErrorKind::RedirectRefused),
        ("300", Resource::redirect(300, "/1"), FetchErrorKind::Status),
        ("a 404 behind it", Resource::redirect(302, "/nowhere"), FetchErrorKind::Status),
    ] {
        let publisher = Publisher::start();
        publisher.serve("/0", resource);
        publisher.serve("/1", Resource::redirect(302, "/0"));
        let error = failure(get(&fetcher(), publisher.url("/0")).await);
        assert_eq!(error.kind, kind, "{case}: {error}");
        assert!(error.status.is_some(), "{case}");
    }
    let publisher = Publisher::start();
    long(&publisher);
    let error = failure(get(&fetcher(), publisher.url("/0")).await);
    assert_eq!(error.kind, FetchErrorKind::TooManyRedirects);
    assert_eq!(publisher.requests().len(), 6, "the first and five hops");
}

#[tokio::test]
async fn the_base_is_content_location_at_the_same_origin_else_the_final_url() {
    for (location, expected) in [
        (None, "/there/feed"),
        (Some("/other/feed.en.xml"), "/other/feed.en.xml"),
        (Some("feed.en.xml#top"), "/there/feed.en.xml"),
        (Some("http://inner.example:8080/feed"), "/there/feed"),
        (Some("http://[broken"), "/there/feed"),
    ] {
        let publisher = Publisher::start();
        let mut resource = Resource::feed(FEED);
        if let Some(location) = location {
            resource = resource.header("Content-Location", location);
        }
        publisher.serve("/feed", Resource::redirect(302, "/there/feed"));
        publisher.serve("/there/feed", resource);
        let document = document(get(&fetcher(), publisher.url("/feed")).await);
        assert_eq!(document.base, publisher.url(expected), "{location:?}");
    }
}

#[tokio::test]
async fn sched_3_retry_after_on_the_way_is_not_lost() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::redirect(302, "/there").header("Retry-After", "120"));
    publisher.serve("/there", Resource::feed(FEED));
    let document = document(get(&fetcher(), publisher.url("/feed")).await);
    assert_eq!(document.freshness.retry_until, Some(now() + chrono::TimeDelta::seconds(120)));
}
