use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::map_response,
    response::Response,
    routing::get,
};
use http::{HeaderValue, Method, StatusCode, header};

use super::{
    answer::answer,
    archives,
    hub::hub_router,
    on_demand::{Asked, OnDemand},
    policy,
};
use crate::{
    clock::Clock,
    publish::{Edition, Editions, Found, pages},
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

/// What is served, and what is made for those who ask.
struct Shown {
    site: Site,
    on_demand: OnDemand,
}

/// How soon a reader for whom nothing could be made because others were before should come again, in seconds.
const LESS_BUSY_SOON: HeaderValue = HeaderValue::from_static("2");

/// How soon a reader that came while the first edition was being made should come again, in seconds.
const FIRST_EDITION_SOON: HeaderValue = HeaderValue::from_static("5");

/// What can be done at an address of ours.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// How long an error or a redirect may be kept: not so long that a topic which comes back stays gone.
pub(super) const SHORTLY: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(super) const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// Everything that is served, without a socket.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/healthz", get(health).options(options))
        .route("/style.css", get(style).options(options))
        .method_not_allowed_fallback(not_allowed)
        .merge(hub_router(site.hub.clone()))
        .fallback(edition)
        .layer(map_response(protect))
        .with_state(Arc::new(Shown { on_demand: OnDemand::new(site.editions.clone()), site }))
}

async fn edition(State(shown): State<Arc<Shown>>, request: Request) -> Response {
    // RFC 9110 §9.3.7: the server as a whole.
    if request.method() == Method::OPTIONS && request.uri().path() == "*" {
        return options().await;
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return match shown.site.editions.find(target) {
            Found::Nothing if !is_archive(&request) => nothing(),
            _ if request.method() == Method::OPTIONS => options().await,
            _ => not_allowed().await,
        };
    }
    if let (true, Some(archives)) = (is_archive(&request), shown.site.editions.archives()) {
        match archives::find(archives, &shown.on_demand, request.uri().path()).await {
            archives::Asked::Page(page) => {
                shown.on_demand.prepare(&page);
                return answer(&page, request.method(), request.headers(), &shown.site.clock).map(Body::new);
            }
            archives::Asked::ToMake => {}
            archives::Asked::Instead(response) => return response,
        }
    }
    match shown.on_demand.ask(target).await {
        Asked::Edition(edition) => {
            answer(&edition, request.method(), request.headers(), &shown.site.clock).map(Body::new)
        }
        Asked::NotYet => come_again(FIRST_EDITION_SOON, "This feed is being made; try again shortly.\n"),
        Asked::Busy => come_again(LESS_BUSY_SOON, "Too much is being made at once; try again shortly.\n"),
        Asked::Moved(to) => {
            let mut response = plain(StatusCode::MOVED_PERMANENTLY, SHORTLY, "It is at another address.\n");
            if let Ok(to) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(header::LOCATION, to);
            }
            response
        }
        Asked::Gone => plain(StatusCode::GONE, SHORTLY, "This topic is no longer published.\n"),
        Asked::Damaged => archives::damaged(),
        Asked::Refused(error) => plain(StatusCode::BAD_REQUEST, SHORTLY, format!("{error}.\n")),
        Asked::Nothing => nothing(),
    }
}

fn is_archive(request: &Request) -> bool {
    request.uri().path().starts_with("/archives/")
}

pub(super) fn nothing() -> Response {
    plain(StatusCode::NOT_FOUND, SHORTLY, "There is nothing here. The index is at /.\n")
}

pub(super) fn come_again(after: HeaderValue, why: &'static str) -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, NOT_KEPT, why);
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}

async fn health(State(shown): State<Arc<Shown>>) -> Response {
    let health = shown.site.status.health();
    let status = if health.status == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string_pretty(&health).unwrap_or_default();
    let mut response = Response::new(Body::from(body + "\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, NOT_KEPT);
    response
}

async fn style(State(shown): State<Arc<Shown>>, request: Request) -> Response {
    static STYLE: LazyLock<Edition> = LazyLock::new(|| {
        let written = chrono::DateTime::UNIX_EPOCH;
        let style = Edition::new("text/css; charset=utf-8", written, pages::STYLE.to_vec().into());
        style.prepare();
        style
    });
    answer(&STYLE, request.method(), request.headers(), &shown.site.clock).map(Body::new)
}

async fn options() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, METHODS);
    response
}

async fn not_allowed() -> Response {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, NOT_KEPT, "Only GET and HEAD.\n");
    response.headers_mut().insert(header::ALLOW, METHODS);
    response
}

/// No answer goes out without what protects a reader's browser.
async fn protect(mut response: Response) -> Response {
    let media_type = response.headers().get(header::CONTENT_TYPE).cloned();
    let media_type = media_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
    policy::protect(response.headers_mut(), media_type);
    response
}

/// A short text of our own. Nothing of the request is repeated in it.
pub(super) fn plain(status: StatusCode, kept: HeaderValue, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, kept);
    response
}
