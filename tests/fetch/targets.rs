use std::net::Ipv4Addr;

use super::*;
use crate::support::in_process_with;

/// As an installation that allows nothing beyond the public Internet.
fn strict() -> Fetcher {
    fetcher_with(FetchSettings { allow_networks: Vec::new(), ..settings() })
}

#[tokio::test]
async fn ssrf_1_only_http_and_https() {
    for url in ["file:///etc/passwd", "ftp://feed.example/", "gopher://feed.example/", "data:,x"] {
        assert_eq!(failure(get(&strict(), Url::parse(url).unwrap()).await).kind, FetchErrorKind::BadUrl, "{url}");
    }
}

#[tokio::test]
async fn ssrf_2_and_3_private_addresses_in_every_spelling_are_never_connected() {
    let publisher = Publisher::start_at(Ipv4Addr::LOCALHOST, 0);
    publisher.serve("/feed", Resource::feed(FEED));
    let port = publisher.address().port();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127。0。0。1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "169.254.169.254",
        // Through the system's name service and the connector.
        "localhost",
        "localhost.",
        "LOCALHOST",
    ] {
        let error = failure(get(&strict(), Url::parse(&format!("http://{host}:{port}/feed")).unwrap()).await);
        // Some systems do not know the rooted form of the name, which is as safe.
        let unknown = host == "localhost." && error.kind == FetchErrorKind::Dns;
        assert!(error.kind == FetchErrorKind::AddressRefused || unknown, "{host}: {error}");
        assert!(unknown || error.to_string().contains("allow_private"), "{host}: {error}");
    }
    assert_eq!(publisher.connections(), 0);
}

#[tokio::test]
async fn ssrf_4_what_the_admin_allows_is_connected() {
    let publisher = Publisher::start_at(Ipv4Addr::LOCALHOST, 0);
    publisher.serve("/feed", Resource::feed(FEED));
    let port = publisher.address().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = Url::parse(&format!("http://{host}:{port}/feed")).unwrap();
        document(strict().fetch(&FetchRequest { allow_private: true, ..FetchRequest::new(url.clone()) }).await);
        let networks = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        document(get(&fetcher_with(FetchSettings { allow_networks: networks, ..settings() }), url).await);
    }
}

#[tokio::test]
async fn ssrf_4_allow_private_is_for_the_sources_own_host() {
    let publisher = Publisher::start();
    let other = publisher.start_beside();
    publisher.serve("/here", Resource::redirect(302, "/feed"));
    publisher.serve("/feed", Resource::feed(FEED));
    publisher.serve("/away", Resource::redirect(302, other.url("/feed").as_str()));
    publisher.serve("/name", Resource::redirect(302, format!("http://localhost:{}/feed", publisher.address().port())));
    other.serve("/feed", Resource::feed(FEED));
    let fetcher = strict();
    let ask = |path: &str| {
        let (fetcher, url) = (fetcher.clone(), publisher.url(path));
        async move { fetcher.fetch(&FetchRequest { allow_private: true, ..FetchRequest::new(url) }).await }
    };
    document(ask("/here").await);
    for path in ["/away", "/name"] {
        let error = failure(ask(path).await);
        assert_eq!(error.kind, FetchErrorKind::AddressRefused, "{path}: {error}");
    }
    assert_eq!(other.connections(), 0);
    // A connection made with the permission does not serve a request without it.
    document(ask("/feed").await);
    assert_eq!(failure(get(&fetcher, publisher.url("/feed")).await).kind, FetchErrorKind::AddressRefused);
}

#[tokio::test]
async fn ssrf_5_a_proxy_of_the_environment_is_not_asked() {
    // Nobody listens at the discard port: a request that went there would fail.
    let proxy = "http://127.0.0.1:9/";
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, proxy));
    if in_process_with("targets::ssrf_5_a_proxy_of_the_environment_is_not_asked", &variables) {
        document(get_resource(Resource::feed(FEED)).await);
    }
}
