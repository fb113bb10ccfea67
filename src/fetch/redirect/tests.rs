use super::*;

fn route(url: &str) -> Route {
    Route::new(&Url::parse(url).unwrap(), 5).unwrap()
}

fn follow(route: &mut Route, status: u16, location: &str) -> Result<bool, FetchErrorKind> {
    route.follow(StatusCode::from_u16(status).unwrap(), Some(location.as_bytes())).map_err(|refusal| refusal.kind)
}

#[test]
fn ssrf_1_only_http_and_https_with_a_host() {
    for url in ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "data:text/xml,<rss/>"] {
        let refusal = Route::new(&Url::parse(url).unwrap(), 5).unwrap_err();
        assert_eq!(refusal.kind, FetchErrorKind::BadUrl, "{url}");
    }
}

#[test]
fn ssrf_1_where_a_redirect_may_lead() {
    for (case, from, location, expected) in [
        ("relative", "http://example.com:8080/a/feed", "b?c=d", Ok("http://example.com:8080/a/b?c=d")),
        ("scheme-relative", "https://example.com/", "//www.example.com/f", Ok("https://www.example.com/f")),
        ("fragment dropped", "https://example.com/", "/f#top", Ok("https://example.com/f")),
        ("raw UTF-8", "https://example.com/", "/é", Ok("https://example.com/%C3%A9")),
        ("the other standard port", "http://example.com:8080/", "https://example.org/", Ok("https://example.org/")),
        (
            "the admin's port elsewhere",
            "http://example.com:8080/",
            "http://example.org:8080/",
            Ok("http://example.org:8080/"),
        ),
        ("another port", "http://example.com/", "http://example.com:8080/", Err(FetchErrorKind::RedirectRefused)),
        (
            "another port, from the admin's",
            "http://example.com:8080/",
            "http://example.com:22/",
            Err(FetchErrorKind::RedirectRefused),
        ),
        ("userinfo", "http://example.com/", "http://user@example.com/b", Err(FetchErrorKind::RedirectRefused)),
        ("password", "http://example.com/", "http://:secret@example.com/b", Err(FetchErrorKind::RedirectRefused)),
        ("file", "http://example.com/", "file:///etc/passwd", Err(FetchErrorKind::RedirectRefused)),
        ("ftp", "http://example.com/", "ftp://example.com/", Err(FetchErrorKind::RedirectRefused)),
        ("unparsable", "http://example.com/", "http://[::1", Err(FetchErrorKind::RedirectRefused)),
        ("itself", "http://example.com/a", "/a", Err(FetchErrorKind::RedirectLoop)),
        ("itself with a fragment", "http://example.com/a", "#b", Err(FetchErrorKind::RedirectLoop)),
    ] {
        let mut route = route(from);
        let found = follow(&mut route, 302, location).map(|_| route.current().as_str());
        assert_eq!(found, expected, "{case}");
    }
    let mut latin = route("https://example.com/");
    assert_eq!(latin.follow(StatusCode::FOUND, Some(b"/\xe9")), Ok(true));
    assert_eq!(latin.current().as_str(), "https://example.com/%E9");
    assert_eq!(
        route("http://example.com/").follow(StatusCode::FOUND, None).unwrap_err().kind,
        FetchErrorKind::RedirectRefused
    );
}

#[test]
fn other_statuses_are_no_redirects() {
    for status in [200, 300, 304, 305, 306, 404] {
        assert_eq!(follow(&mut route("http://example.com/"), status, "/b"), Ok(false), "{status}");
    }
}

#[test]
fn stat_3_at_most_five() {
    let mut route = route("http://example.com/0");
    for hop in 1..=5 {
        assert_eq!(follow(&mut route, 302, &format!("/{hop}")), Ok(true));
    }
    assert_eq!(follow(&mut route, 302, "/6"), Err(FetchErrorKind::TooManyRedirects));
}

#[test]
fn stat_1_permanent_only_if_every_hop_is_and_encryption_is_kept() {
    for (case, from, hops, expected) in [
        ("none", "http://a.example/", &[][..], None),
        ("one 301", "http://a.example/", &[(301, "https://a.example/")], Some("https://a.example/")),
        ("301, 308", "http://a.example/", &[(301, "/b"), (308, "/c")], Some("http://a.example/c")),
        ("302", "http://a.example/", &[(302, "/b")], None),
        ("301, 302", "http://a.example/", &[(301, "/b"), (302, "/c")], None),
        ("307, 301", "http://a.example/", &[(307, "/b"), (301, "/c")], None),
        ("downgrade", "https://a.example/", &[(301, "http://a.example/")], None),
        ("downgrade and back", "https://a.example/", &[(301, "http://a.example/"), (301, "https://a.example/b")], None),
    ] {
        let mut route = route(from);
        for (status, location) in hops {
            assert_eq!(follow(&mut route, *status, location), Ok(true), "{case}");
        }
        assert_eq!(route.moved_permanently_to().as_ref().map(Url::as_str), expected, "{case}");
    }
}

#[test]
fn req_2_origin_and_host() {
    for (from, to, origin, host) in [
        ("https://a.example/x", "/y", true, true),
        ("https://a.example/x", "https://a.example:443/y", true, true),
        ("http://a.example/x", "https://a.example/x", false, true),
        ("https://a.example/x", "https://b.a.example/x", false, false),
        ("https://a.example/x", "https://b.example/x", false, false),
    ] {
        let mut route = route(from);
        follow(&mut route, 302, to).unwrap();
        assert_eq!((route.at_requested_origin(), route.at_requested_host()), (origin, host), "{from} {to}");
    }
}
