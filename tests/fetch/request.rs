use newsdesk::fetch::BasicAuth;

use super::*;

#[tokio::test]
async fn req_1_to_4_what_a_request_says_and_what_it_does_not() {
    let publisher = Publisher::start();
    publisher.serve("/feed?b=2&a=%20x", Resource::feed(FEED).header("Set-Cookie", "a=b; Path=/"));
    let settings = FetchSettings { user_agent_contact: Some("https://reader.example/about".into()), ..settings() };
    let fetcher = fetcher_with(settings);
    for _ in 0..2 {
        document(get(&fetcher, publisher.url("/feed?b=2&a=%20x")).await);
    }
    let log = publisher.requests();
    assert_eq!(log.len(), 2, "no probe before the request");
    for request in log {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/feed?b=2&a=%20x"));
        let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
        let agent = format!("newsdesk/{} (+https://reader.example/about)", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.header("user-agent"), Some(agent));
        assert_eq!(request.header("accept-encoding").as_deref(), Some("gzip, br, zstd"));
        let accept = request.header("accept").unwrap();
        assert!(accept.starts_with("application/atom+xml, application/rss+xml"), "{accept}");
        assert!(accept.ends_with("*/*;q=0.1"), "{accept}");
    }
}

#[tokio::test]
async fn req_1_without_a_contact_and_with_an_impossible_one() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED));
    document(get(&fetcher(), publisher.url("/feed")).await);
    let agent = publisher.requests()[0].header("user-agent").unwrap();
    assert_eq!(agent, format!("newsdesk/{}", env!("CARGO_PKG_VERSION")));
    for contact in ["me\r\nCookie: a=b", "café"] {
        let settings = FetchSettings { user_agent_contact: Some(contact.into()), ..settings() };
        let error = Fetcher::new(settings, Clock::new(now)).err().expect(contact);
        assert!(error.to_string().contains("cannot be sent"), "{error}");
    }
}

#[tokio::test]
async fn req_2_credentials_and_configured_headers_stay_at_their_origin() {
    let publisher = Publisher::start();
    let other = publisher.start_beside();
    publisher.serve("/feed", Resource::redirect(302, "/here").header("Set-Cookie", "a=b"));
    publisher.serve("/here", Resource::redirect(302, other.url("/there").as_str()));
    other.serve("/there", Resource::redirect(302, publisher.url("/back").as_str()));
    publisher.serve("/back", Resource::feed(FEED));
    let auth = BasicAuth { username: "me".into(), password: "se:cret".into() };
    let with_userinfo = |user: &str, password: &str| {
        let mut url = publisher.url("/feed");
        url.set_username(user).unwrap();
        url.set_password(Some(password)).unwrap();
        url
    };
    let configured = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    for (case, request, expected) in [
        (
            "basic_auth",
            FetchRequest { basic_auth: Some(auth), ..FetchRequest::new(publisher.url("/feed")) },
            ("authorization", "Basic bWU6c2U6Y3JldA=="),
        ),
        (
            "userinfo, percent-encoded",
            FetchRequest::new(with_userinfo("me", "se%3Acret")),
            ("authorization", "Basic bWU6c2U6Y3JldA=="),
        ),
        (
            "a header of the admin's",
            FetchRequest {
                headers: configured(&[("Authorization", "Bearer x")]),
                ..FetchRequest::new(with_userinfo("me", "other"))
            },
            ("authorization", "Bearer x"),
        ),
        (
            "a cookie of the admin's",
            FetchRequest { headers: configured(&[("Cookie", "paid=1")]), ..FetchRequest::new(publisher.url("/feed")) },
            ("cookie", "paid=1"),
        ),
    ] {
        publisher.forget_requests();
        other.forget_requests();
        let document = document(fetcher().fetch(&request).await);
        assert_eq!(document.url.as_str(), publisher.url("/back").as_str(), "{case}: no userinfo in what is stored");
        for logged in publisher.requests() {
            assert_eq!(logged.header(expected.0).as_deref(), Some(expected.1), "{case}, {}", logged.path);
            assert_eq!(logged.headers.iter().filter(|(name, _)| name == expected.0).count(), 1, "{case}");
        }
        for logged in other.requests() {
            assert_eq!(logged.header("authorization"), None, "{case}");
            assert_eq!(logged.header("cookie"), None, "{case}");
        }
        for logged in publisher.requests().iter().chain(&other.requests()) {
            assert_eq!(logged.header("referer"), None, "{case}");
            assert_ne!(logged.header("cookie").as_deref(), Some("a=b"), "{case}: the cookie set on the way");
        }
        assert_eq!(other.requests().len(), 1, "{case}");
    }
}

#[tokio::test]
async fn headers_that_are_not_the_admins_to_set_are_refused_by_name() {
    for (name, value) in
        [("If-None-Match", "x"), ("host", "x"), ("Content-Length", "5"), ("bad name", "x"), ("X-A", "a\r\nb: c")]
    {
        let url = Url::parse("http://feed.example/").unwrap();
        let request = FetchRequest { headers: vec![(name.into(), value.into())], ..FetchRequest::new(url) };
        let error = failure(fetcher().fetch(&request).await);
        assert_eq!(error.kind, FetchErrorKind::BadHeader, "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn sec_3_secrets_are_not_in_debug_output() {
    let mut request = FetchRequest::new(Url::parse("https://me:secret1@feed.example/").unwrap());
    request.basic_auth = Some(BasicAuth { username: "secret2".into(), password: "secret3".into() });
    request.headers = vec![("X-Key".into(), "secret4".into())];
    let text = format!("{request:?} {request:#?}");
    assert!(!text.contains("secret") && text.contains("X-Key"), "{text}");
}
