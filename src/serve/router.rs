use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::{
    conditional::{choose_coding, is_not_modified},
    hub::hub_router,
};
use crate::{
    clock::Clock,
    publish::{Edition, Editions, Found},
    status::Status,
    websub::HubDoor,
};

/// What is served, and for how long it may be kept.
#[derive(Clone)]
pub struct Site {
    pub editions: Editions,
    pub status: Status,
    /// For `Last-Modified`, which must not lie in the future (RFC 9110 §8.8.2.1).
    pub clock: Clock,
    /// Where readers subscribe.
    pub hub: HubDoor,
}

/// A page may load its own style and pictures, and nothing else.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src https: data:; base-uri 'none'; form-action 'none'";

/// A feed holds publishers' markup: shown in a browser it may do nothing at all.
const FEED_POLICY: &str = "default-src 'none'; sandbox";

/// How soon a reader that came while the first edition was being made should come again, in seconds.
const FIRST_EDITION_SOON: HeaderValue = HeaderValue::from_static("5");

const NOSNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

/// Everything that is served, without a socket.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/style.css", get(style))
        .merge(hub_router(site.hub.clone()))
        .fallback(edition)
        .with_state(Arc::new(site))
}

async fn edition(State(site): State<Arc<Site>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match site.editions.find(request.uri().path()) {
        Found::Edition(edition) => {
            let mut response = answer(&edition, &request, &site);
            let link = site.hub.link_header(request.uri().path());
            response.headers_mut().extend(link.map(|link| (header::LINK, link)));
            response
        }
        Found::NotYet => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "This feed is being made; try again shortly.\n");
            response.headers_mut().insert(header::RETRY_AFTER, FIRST_EDITION_SOON);
            response
        }
        Found::Moved(to) => {
            let mut response = plain(StatusCode::MOVED_PERMANENTLY, "This topic has another name now.\n");
            if let Ok(to) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(header::LOCATION, to);
            }
            response
        }
        Found::Gone => plain(StatusCode::GONE, "This topic is no longer published.\n"),
        Found::Nothing => plain(StatusCode::NOT_FOUND, "There is nothing here. The index is at /.\n"),
    }
}

fn answer(edition: &Edition, request: &Request, site: &Site) -> Response {
    let last_modified = edition.updated.min(site.clock.now());
    let coding = choose_coding(request.headers());
    let mut response = if is_not_modified(request.headers(), edition.etag(coding), last_modified) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = Response::new(Body::from(edition.body(coding).clone()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(edition.media_type));
        if let Some(name) = coding.name() {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    };
    let headers = response.headers_mut();
    let is_page = edition.media_type.starts_with("text/html");
    let policy = if is_page { PAGE_POLICY } else { FEED_POLICY };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.extend([NOSNIFF]);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // Every text below is our own digits and letters.
    let own = |text: String| HeaderValue::try_from(text).ok();
    headers.extend(own(edition.etag(coding).to_string()).map(|etag| (header::ETAG, etag)));
    headers.extend(own(httpdate::fmt_http_date(last_modified.into())).map(|date| (header::LAST_MODIFIED, date)));
    let cache = format!("public, max-age={}", site.editions.max_age().as_secs());
    headers.extend(own(cache).map(|cache| (header::CACHE_CONTROL, cache)));
    response
}

async fn health(State(site): State<Arc<Site>>) -> Response {
    let health = site.status.health();
    let status = if health.status == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string_pretty(&health).unwrap_or_default();
    let mut response = Response::new(Body::from(body + "\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend([NOSNIFF]);
    response
}

async fn style(State(site): State<Arc<Site>>, request: Request) -> Response {
    static STYLE: std::sync::LazyLock<Edition> = std::sync::LazyLock::new(|| {
        let written = chrono::DateTime::UNIX_EPOCH;
        Edition::new("text/css; charset=utf-8", written, include_bytes!("style.css").to_vec())
    });
    answer(&STYLE, &request, &site)
}

/// A short text of our own. Nothing of the request is repeated in it.
fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FEED_POLICY));
    headers.extend([NOSNIFF]);
    response
}
