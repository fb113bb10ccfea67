//! Over TLS, in processes that trust the tests' own authority as a system would: through `SSL_CERT_FILE`.

use newsdesk::fetch::BasicAuth;

use super::*;
use crate::support::{AUTHORITY, SecurePublisher, in_process_with};

fn url(publisher: &SecurePublisher) -> Url {
    Url::parse(&format!("https://localhost:{}/feed", publisher.address().port())).unwrap()
}

fn settings() -> FetchSettings {
    let networks = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    FetchSettings { allow_networks: networks, ..super::settings() }
}

#[tokio::test]
async fn req_4_http_1_and_http_2_over_tls() {
    if !in_process_with("tls::req_4_http_1_and_http_2_over_tls", &[("SSL_CERT_FILE", AUTHORITY)]) {
        return;
    }
    for (protocols, spoken) in [(&["http/1.1"][..], "HTTP/1.1"), (&["h2", "http/1.1"], "HTTP/2"), (&[], "HTTP/1.1")] {
        let publisher =
            SecurePublisher::start(0, protocols, 200, &[("etag", "\"1\""), ("cache-control", "max-age=60")], FEED);
        let fetcher = fetcher_with(settings());
        for _ in 0..2 {
            let document = document(get(&fetcher, url(&publisher)).await);
            assert_eq!(document.body, FEED.as_bytes(), "{spoken}");
            assert_eq!(document.validators, validators("\"1\"", ""), "{spoken}");
            assert!(document.freshness.explicit, "{spoken}");
        }
        let log = publisher.log();
        assert!(log.len() == 2 && log.iter().all(|entry| entry.starts_with(spoken)), "{spoken}: {log:?}");
    }
}

#[tokio::test]
async fn req_4_http_2_large_header_sections_and_bodies_are_limited_too() {
    let test = "tls::req_4_http_2_large_header_sections_and_bodies_are_limited_too";
    if !in_process_with(test, &[("SSL_CERT_FILE", AUTHORITY)]) {
        return;
    }
    let many: Vec<(String, String)> = (0..800).map(|at| (format!("x-{at:03}"), "x".repeat(100))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // One frame holds 16,384 octets; 100 fields fit and are fine, 800 do not.
    let publisher = SecurePublisher::start(0, &["h2"], 200, &many[..100], FEED);
    document(get(&fetcher_with(settings()), url(&publisher)).await);
    let publisher = SecurePublisher::start(0, &["h2"], 200, &many, FEED);
    let error = failure(get(&fetcher_with(settings()), url(&publisher)).await);
    assert_eq!(error.kind, FetchErrorKind::Protocol, "{error}");
    let publisher = SecurePublisher::start(0, &["h2"], 200, &[], FEED);
    let small = FetchSettings { max_body: 10, ..settings() };
    assert_eq!(failure(get(&fetcher_with(small), url(&publisher)).await).kind, FetchErrorKind::TooLarge);
}

#[tokio::test]
async fn stat_1_to_https_is_a_permanent_move_and_back_to_http_is_not() {
    let test = "tls::stat_1_to_https_is_a_permanent_move_and_back_to_http_is_not";
    if !in_process_with(test, &[("SSL_CERT_FILE", AUTHORITY)]) {
        return;
    }
    let plain = Publisher::start();
    let port = plain.address().port();
    let secure = SecurePublisher::start(port, &[], 200, &[], FEED);
    plain.serve("/feed", Resource::redirect(301, url(&secure).as_str()));
    let auth = BasicAuth { username: "me".into(), password: "secret".into() };
    let request = FetchRequest { basic_auth: Some(auth), ..FetchRequest::new(plain.url("/feed")) };
    let up = document(fetcher_with(settings()).fetch(&request).await);
    assert_eq!(up.moved_permanently_to, Some(url(&secure)));
    assert!(!secure.log()[0].to_ascii_lowercase().contains("authorization"), "another origin");

    let plain = Publisher::start();
    plain.serve("/feed", Resource::feed(FEED));
    let location = plain.url("/feed").to_string();
    let secure = SecurePublisher::start(plain.address().port(), &[], 301, &[("location", &location)], "");
    let down = document(get(&fetcher_with(settings()), url(&secure)).await);
    assert_eq!((down.url, down.moved_permanently_to), (plain.url("/feed"), None));
}

#[tokio::test]
async fn connections_that_cannot_be_trusted_are_named_so() {
    let unknown_authority = SecurePublisher::start(0, &[], 200, &[], FEED);
    let error = failure(get(&fetcher_with(settings()), url(&unknown_authority)).await);
    assert_eq!(error.kind, FetchErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");

    let plain = Publisher::start();
    let mut https = plain.url("/feed");
    https.set_scheme("https").unwrap();
    let error = failure(get(&fetcher_with(settings()), https).await);
    assert_eq!(error.kind, FetchErrorKind::Tls, "{error}");
    assert_eq!(plain.connections(), 1, "and is not tried again");
    assert!(unknown_authority.log().is_empty() && plain.requests().is_empty());
}

#[tokio::test]
async fn without_certificates_of_the_system_the_built_in_ones_serve() {
    let variables = [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("SSL_CERT_DIR", "/nowhere")];
    if !in_process_with("tls::without_certificates_of_the_system_the_built_in_ones_serve", &variables) {
        return;
    }
    document(get_resource(Resource::feed(FEED)).await);
    let publisher = SecurePublisher::start(0, &[], 200, &[], FEED);
    assert_eq!(failure(get(&fetcher_with(settings()), url(&publisher)).await).kind, FetchErrorKind::Tls);
}
