//! One publisher: an address, a feed with its validators, and a page for each of its articles.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, Response, StatusCode, header},
};
use maud::{DOCTYPE, html};

use crate::{
    access_log::AccessLog,
    validators::{Version, is_conditional},
};

/// How long the publishers ask readers to wait, seconds: short, so that a correction shows while one is watching.
const MAX_AGE: &str = "max-age=300";

/// How much later the corrected feed says it was changed.
const CORRECTED_AFTER: Duration = Duration::from_secs(3600);

pub struct Publisher {
    /// The source's key in the configuration.
    pub id: String,
    /// What readers see on its pages.
    pub name: String,
    /// The `language` key of its source; `None` leaves it to the feed and the detector.
    pub language: Option<String>,
    pub address: SocketAddr,
    /// Begins with a slash and is percent-encoded, as requests name it.
    pub feed_path: String,
    pub content_type: &'static str,
    pub feed: Vec<u8>,
    /// The same feed a little later, with a title corrected: what a reader gets that comes back with its validators.
    pub corrected: Option<Vec<u8>>,
    pub last_modified: SystemTime,
    /// The paths of the articles that open here.
    pub articles: Vec<String>,
}

/// The address of the publisher with this number: 127.20.0.1 and onwards, 250 in each of the third octet's blocks.
pub fn address(number: usize, port: u16) -> SocketAddr {
    let (block, host) = (number / 250, number % 250 + 1);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 20, (block % 256) as u8, host as u8)), port)
}

/// The port for every publisher: the one asked for, or one that is free now.
pub fn choose_port(asked: u16) -> Result<u16> {
    if asked != 0 {
        return Ok(asked);
    }
    let probe = TcpListener::bind(address(0, 0)).context("cannot find a free port")?;
    Ok(probe.local_addr()?.port())
}

impl Publisher {
    pub fn feed_url(&self) -> String {
        format!("http://{}{}", self.address, self.feed_path)
    }

    /// Begins to answer, on the given runtime, until the program ends.
    pub fn open(self, runtime: &tokio::runtime::Runtime, log: Arc<AccessLog>) -> Result<()> {
        let address = self.address;
        let listener = TcpListener::bind(address)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .with_context(|| {
                format!(
                    "cannot listen on {address} for {}; if the port is taken, choose another with --port",
                    self.name
                )
            })?;
        let desk = Desk {
            version: Version::of(&self.feed, self.last_modified),
            corrected_version: self
                .corrected
                .as_ref()
                .map(|feed| Version::of(feed, self.last_modified + CORRECTED_AFTER)),
            publisher: self,
            log,
        };
        let _guard = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = Router::new().fallback(answer).with_state(Arc::new(desk));
        runtime.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("newsroom: the publisher at {address} stopped: {error}");
            }
        });
        Ok(())
    }
}

/// A publisher that is open.
struct Desk {
    publisher: Publisher,
    version: Version,
    corrected_version: Option<Version>,
    log: Arc<AccessLog>,
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let response = if !matches!(*request.method(), Method::GET | Method::HEAD) {
        respond(StatusCode::METHOD_NOT_ALLOWED, &[(header::ALLOW, "GET, HEAD")], Body::empty())
    } else if path == desk.publisher.feed_path {
        desk.feed(request.headers())
    } else if path == "/" {
        page(&desk.publisher.name, &format!("The feed is at {}", desk.publisher.feed_path))
    } else if desk.publisher.articles.iter().any(|article| article == path) {
        page(&headline(path), &format!("An invented article of {}.", desk.publisher.name))
    } else {
        respond(StatusCode::NOT_FOUND, &[], Body::from("There is nothing here.\n"))
    };
    desk.log.note(desk.publisher.address, path, response.status(), is_conditional(request.headers()));
    response
}

impl Desk {
    /// The feed, or 304. A first, unconditional request gets the feed as it was written; one that brings validators gets the
    /// corrected one, so that the change is seen once however often either side is started again.
    fn feed(&self, request: &HeaderMap) -> Response<Body> {
        let (version, feed) = match (&self.corrected_version, &self.publisher.corrected) {
            (Some(version), Some(feed)) if is_conditional(request) => (version, feed),
            _ => (&self.version, &self.publisher.feed),
        };
        let date = httpdate::fmt_http_date(version.last_modified);
        let validators =
            [(header::ETAG, version.etag.as_str()), (header::LAST_MODIFIED, &date), (header::CACHE_CONTROL, MAX_AGE)];
        if version.is_held_by(request) {
            return respond(StatusCode::NOT_MODIFIED, &validators, Body::empty());
        }
        let [etag, last_modified, cache] = validators;
        let fields = [etag, last_modified, cache, (header::CONTENT_TYPE, self.publisher.content_type)];
        respond(StatusCode::OK, &fields, Body::from(feed.clone()))
    }
}

/// `/2026/11/21/giant-leek.html` reads `Giant leek`.
fn headline(path: &str) -> String {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let words = name.split('.').next().unwrap_or(name).replace('-', " ");
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn page(title: &str, text: &str) -> Response<Body> {
    let page = html! {
        (DOCTYPE)
        html {
            head { meta charset="utf-8"; title { (title) } }
            body { h1 { (title) } p { (text) } }
        }
    };
    respond(StatusCode::OK, &[(header::CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(page.into_string()))
}

fn respond(status: StatusCode, fields: &[(header::HeaderName, &str)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in fields {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
