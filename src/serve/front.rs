use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::Router;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::Either;
use hyper::{body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;

use super::{
    answer::answer,
    pace,
    pace::Pace,
    pieces::Pieces,
    policy,
    router::Site,
    sheet::{Next, Sheets},
};
use crate::publish::Found;

/// What a connection asks: an edition that is there is answered at once, without a detour through the router or a task; all
/// else goes to the router.
#[derive(Clone)]
pub struct Front {
    site: Arc<Site>,
    router: TowerToHyperService<Router>,
    sheets: Arc<Sheets>,
}

impl Front {
    pub fn new(site: Site, router: Router) -> Self {
        Self { site: Arc::new(site), router: TowerToHyperService::new(router), sheets: Arc::default() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.site.clock.now()
    }

    /// As one connection meets it: what is asked is counted, and the line is told what it sends next.
    pub(super) fn counting(&self, pace: Arc<Pace>, next: Arc<Next>) -> Counting {
        Counting { front: self.clone(), pace, next }
    }

    fn at_once(&self, request: &Request<Incoming>) -> Option<Response<Pieces>> {
        if !names_its_host(request) {
            return Some(bad_request());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        match self.site.editions.find(request.uri().path_and_query()?.as_str()) {
            // One that is not in its codings yet is put into them by the way of the router.
            Found::Edition(edition) if edition.is_prepared() => {
                Some(answer(&edition, request.method(), request.headers(), &self.site.clock))
            }
            _ => None,
        }
    }
}

/// RFC 9112 §3.2: a request of HTTP/1.1 has one `Host` field, or is refused. What it says does not matter to us.
fn names_its_host(request: &Request<Incoming>) -> bool {
    if request.version() != Version::HTTP_11 {
        return true;
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    hosts.next().is_some() && hosts.next().is_none()
}

fn bad_request() -> Response<Pieces> {
    let text = "A request names one host.\n";
    let mut response = Response::new(Pieces::from(bytes::Bytes::from_static(text.as_bytes())));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let fields: &mut HeaderMap = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    policy::protect(fields, "text/plain");
    response
}

/// The front as one connection meets it.
pub(super) struct Counting {
    front: Front,
    pace: Arc<Pace>,
    next: Arc<Next>,
}

impl Service<Request<Incoming>> for Counting {
    type Response = Response<Either<Pieces, axum::body::Body>>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        self.pace.request();
        match self.front.at_once(&request) {
            Some(response) => {
                self.next.is(response.body().first().and_then(|body| self.front.sheets.of(body)));
                Answer::AtOnce(Some(response))
            }
            None => {
                let routed = Box::pin(self.front.router.call(request));
                Answer::Routed(routed, self.pace.clone().answering())
            }
        }
    }
}

/// The router's answer in the making.
type Routed = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

pub(super) enum Answer {
    AtOnce(Option<Response<Pieces>>),
    Routed(Pin<Box<Routed>>, #[expect(dead_code, reason = "counts until it is dropped")] pace::Answering),
}

impl Future for Answer {
    type Output = Result<Response<Either<Pieces, axum::body::Body>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Answer::AtOnce(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(Either::Left))),
                None => unreachable!("an answer is given once"),
            },
            Answer::Routed(routed, _) => {
                routed.as_mut().poll(cx).map(|answered| answered.map(|response| response.map(Either::Right)))
            }
        }
    }
}
