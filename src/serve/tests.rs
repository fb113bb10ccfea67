//! What clients see, without a socket: each case is a request and what must come of it.

use std::sync::Arc;

use axum::body::Body;
use chrono::DateTime;
use http::{Method, Request, StatusCode, header};
use tower::ServiceExt as _;

use super::*;
use crate::{
    clock::Clock,
    model::TopicId,
    publish::{Editions, PublishSettings, Publisher, SavedEditions, TopicPage},
    status::Status,
    store::{Store, StoreSettings},
};

fn page(id: &str, formerly: &[&str]) -> TopicPage {
    TopicPage {
        formerly: formerly.iter().map(|id| TopicId::new(*id)).collect(),
        ..TopicPage::new(TopicId::new(id), id.to_uppercase())
    }
}

/// A site with topics `ai` (once `robots`) and `space`, and a topic `sport` that was taken out.
fn site(published: bool) -> (axum::Router, Status) {
    let site = whole_site(published);
    (router(site.clone()), site.status)
}

pub(super) fn whole_site(published: bool) -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = StoreSettings::new(folder.path());
    let store = Store::open(&settings).map_err(|e| e.to_string()).expect("opened").store;
    let public_url = url::Url::parse("https://news.example/").expect("a URL");
    let topics = vec![page("ai", &["robots"]), page("space", &[])];
    let editions = Editions::default();
    let former = ["sport", "ai", "robots"].map(|id| (TopicId::new(id), TopicId::new(id))).into();
    let settings = PublishSettings { entries: 10, topics, ..PublishSettings::new(public_url) };
    let status = Status::default();
    if published {
        let mut publisher = Publisher::new(store, settings, editions.clone(), &former, None);
        let all = publisher.all();
        assert!(publisher.publish(&all).failed.is_empty());
        while publisher.settle_one() {}
        status.published(None);
    } else {
        editions.restore(&Arc::new(settings), SavedEditions::new(folder.path().join("none")));
    }
    Site { editions, status, clock: Clock::new(|| DateTime::UNIX_EPOCH), hub: Default::default() }
}

async fn ask(router: &axum::Router, method: Method, path: &str, headers: &[(&str, &str)]) -> http::Response<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let (head, body) = router.clone().oneshot(request).await.expect("an answer").into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    http::Response::from_parts(head, body.to_vec())
}

fn field<'a>(response: &'a http::Response<Vec<u8>>, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

#[tokio::test]
async fn every_address_answers_as_it_should() {
    let (router, _) = site(true);
    let cases = [
        (Method::GET, "/topics/ai.atom", StatusCode::OK, "application/atom+xml; charset=utf-8"),
        (Method::GET, "/topics/ai.rss", StatusCode::OK, "application/rss+xml; charset=utf-8"),
        (Method::GET, "/all.atom", StatusCode::OK, "application/atom+xml; charset=utf-8"),
        (Method::GET, "/", StatusCode::OK, "text/html; charset=utf-8"),
        (Method::GET, "/style.css", StatusCode::OK, "text/css; charset=utf-8"),
        (Method::GET, "/healthz", StatusCode::OK, "application/json"),
        (Method::GET, "/topics/robots.atom", StatusCode::MOVED_PERMANENTLY, "text/plain; charset=utf-8"),
        (Method::GET, "/topics/sport.atom", StatusCode::GONE, "text/plain; charset=utf-8"),
        (Method::GET, "/topics/nothing.atom", StatusCode::NOT_FOUND, "text/plain; charset=utf-8"),
        (Method::GET, "/topics/ai.atom/", StatusCode::NOT_FOUND, "text/plain; charset=utf-8"),
        (Method::GET, "/%3Cscript%3E", StatusCode::NOT_FOUND, "text/plain; charset=utf-8"),
        (Method::POST, "/topics/ai.atom", StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8"),
        (Method::DELETE, "/healthz", StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8"),
        (Method::POST, "/topics/nothing.atom", StatusCode::NOT_FOUND, "text/plain; charset=utf-8"),
        (Method::OPTIONS, "/topics/ai.atom", StatusCode::NO_CONTENT, ""),
        (Method::OPTIONS, "/healthz", StatusCode::NO_CONTENT, ""),
        (Method::OPTIONS, "*", StatusCode::NO_CONTENT, ""),
        (Method::OPTIONS, "/topics/nothing.atom", StatusCode::NOT_FOUND, "text/plain; charset=utf-8"),
    ];
    for (method, path, status, media_type) in cases {
        let response = ask(&router, method.clone(), path, &[]).await;
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(field(&response, "content-type"), media_type, "{method} {path}");
        let body = String::from_utf8_lossy(response.body()).to_lowercase();
        assert!(!body.contains("<script") && !body.contains("%3cscript"), "{path} is not repeated");
        assert_eq!(field(&response, "x-content-type-options"), "nosniff", "{method} {path}");
        assert!(field(&response, "content-security-policy").starts_with("default-src 'none'"), "{method} {path}");
        let allowed =
            if matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NO_CONTENT) { ALLOWED } else { "" };
        assert_eq!(field(&response, "allow"), allowed, "{method} {path}");
    }
    let moved = ask(&router, Method::GET, "/topics/robots.atom", &[]).await;
    assert_eq!(field(&moved, "location"), "/topics/ai.atom");
}

const CACHED: &str = "public, max-age=900, stale-while-revalidate=60, stale-if-error=86400";

#[tokio::test]
async fn an_edition_carries_all_that_caches_and_browsers_need() {
    let (router, _) = site(true);
    let cases = [
        ("/topics/ai.atom", "default-src 'none'; sandbox", "", "Accept-Encoding, A-IM"),
        ("/", "default-src 'none'; style-src 'self'", "no-referrer", "Accept-Encoding"),
    ];
    for (path, policy, referrer, vary) in cases {
        let response = ask(&router, Method::GET, path, &[]).await;
        assert_eq!(field(&response, "cache-control"), CACHED);
        assert_eq!(field(&response, "vary"), vary);
        assert_eq!(field(&response, "referrer-policy"), referrer);
        assert_eq!(field(&response, "accept-ranges"), "none");
        assert_eq!(field(&response, "link"), format!("<https://news.example{path}>; rel=\"self\""));
        assert_eq!(field(&response, "x-content-type-options"), "nosniff");
        assert!(field(&response, "content-security-policy").starts_with(policy));
        assert!(field(&response, "etag").starts_with('"'), "a strong tag");
        let date = httpdate::fmt_http_date(DateTime::UNIX_EPOCH.into());
        assert_eq!(field(&response, "last-modified"), date, "an empty edition is as old as can be, never new");
    }
}

#[tokio::test]
async fn each_coding_has_its_own_tag_and_304_repeats_it() {
    let (router, _) = site(true);
    let mut tags = Vec::new();
    for coding in ["identity", "gzip", "br", "zstd"] {
        let accept = [(header::ACCEPT_ENCODING.as_str(), coding)];
        let full = ask(&router, Method::GET, "/all.atom", &accept).await;
        let named = if coding == "identity" { "" } else { coding };
        assert_eq!(field(&full, "content-encoding"), named);
        let tag = field(&full, "etag").to_string();
        let again = ask(&router, Method::GET, "/all.atom", &[accept[0], ("if-none-match", &tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.body().is_empty());
        for name in ["etag", "cache-control", "vary"] {
            assert_eq!(field(&again, name), field(&full, name), "{name}");
        }
        let head = ask(&router, Method::HEAD, "/all.atom", &accept).await;
        assert_eq!((head.status(), field(&head, "etag")), (StatusCode::OK, tag.as_str()));
        assert_eq!(field(&head, "content-length"), full.body().len().to_string());
        assert!(head.body().is_empty());
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[tokio::test]
async fn before_the_first_edition_readers_are_asked_to_come_again() {
    let (router, _) = site(false);
    let response = ask(&router, Method::GET, "/topics/ai.atom", &[]).await;
    assert_eq!((response.status(), field(&response, "retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert_eq!(ask(&router, Method::GET, "/topics/nothing.atom", &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&router, Method::GET, "/healthz", &[]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_store_that_fails_is_said_while_editions_go_on() {
    let (router, status) = site(true);
    status.store_is(Some("the disk is full".into()));
    let health = ask(&router, Method::GET, "/healthz", &[]).await;
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(String::from_utf8_lossy(health.body()).contains("the disk is full"));
    assert_eq!(ask(&router, Method::GET, "/topics/ai.atom", &[]).await.status(), StatusCode::OK);
}
