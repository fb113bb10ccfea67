//! Answers of the router, without a socket.

use axum::{Router, body::Body};
use divan::Bencher;
use http::{Request, StatusCode, header};
use newsdesk::{
    serve::{Site, router},
    status::Status,
};
use tower::ServiceExt as _;

use crate::publish::{desk, publisher};

fn site() -> Router {
    let desk = desk();
    let (mut publisher, editions) = publisher(&desk);
    let all = publisher.all();
    assert!(publisher.publish(&all).finished);
    while publisher.settle_one() {}
    router(Site {
        editions,
        status: Status::default(),
        clock: newsdesk::clock::Clock::system(),
        hub: Default::default(),
    })
}

async fn ask(router: &Router, coding: &str, etag: Option<&str>) -> http::Response<Body> {
    let mut request = Request::builder().uri("/all.atom").header(header::ACCEPT_ENCODING, coding);
    if let Some(etag) = etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    let request = request.body(Body::empty()).expect("a request");
    router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

#[divan::bench(args = ["identity", "gzip"])]
fn serve_an_edition(bencher: Bencher, coding: &str) {
    let (router, runtime) = (site(), runtime());
    bencher.bench_local(|| {
        let response = runtime.block_on(ask(&router, coding, None));
        assert_eq!(response.status(), StatusCode::OK);
    });
}

#[divan::bench]
fn serve_not_modified(bencher: Bencher) {
    let (router, runtime) = (site(), runtime());
    let full = runtime.block_on(ask(&router, "gzip", None));
    let etag = full.headers()[header::ETAG].to_str().expect("text").to_owned();
    bencher.bench_local(|| {
        let response = runtime.block_on(ask(&router, "gzip", Some(&etag)));
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    });
}
