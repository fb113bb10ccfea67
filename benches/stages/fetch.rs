//! The fetcher against a publisher in the same process, over loopback: figures include the publisher's share of the work.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::Request, response::IntoResponse};
use divan::{
    Bencher,
    counter::{BytesCount, ItemsCount},
};
use http::{StatusCode, header};
use newsdesk::{
    clock::Clock,
    fetch::{FetchRequest, FetchSettings, Fetched, Fetcher},
    model::Validators,
};
use tokio::task::JoinSet;
use url::Url;

use crate::feeds::document;

/// Publishers, each at a loopback address of its own: a host is asked one request at a time.
const HOSTS: u8 = 64;
const REQUESTS: usize = 512;
const ETAG: &str = "\"an-edition\"";

/// Publishers that give the same document at every address, or 304 to who has it. Returns their URLs.
async fn open_publishers(body: Bytes) -> Vec<Url> {
    let mut urls = Vec::new();
    for host in 1..=HOSTS {
        let body = body.clone();
        let answer = move |request: Request| async move {
            let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|etag| etag == ETAG);
            let fields = [(header::ETAG, ETAG), (header::CONTENT_TYPE, "application/rss+xml")];
            if known { (StatusCode::NOT_MODIFIED, fields).into_response() } else { (fields, body).into_response() }
        };
        let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::new(127, 21, 0, host), 0)));
        let listener = listener.await.expect("a loopback address");
        let address = listener.local_addr().expect("an address");
        urls.push(Url::parse(&format!("http://{address}/feed")).expect("a URL"));
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    }
    urls
}

fn fetch(bencher: Bencher, validators: &Validators, octets: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let urls = runtime.block_on(open_publishers(document(0).body));
    let settings = FetchSettings { host_gap: Duration::ZERO, concurrency: 64, ..FetchSettings::default() };
    let fetcher = Fetcher::new(settings, Clock::system()).unwrap_or_else(|error| panic!("{error}"));
    bencher.counter(ItemsCount::new(REQUESTS)).counter(BytesCount::new(octets * REQUESTS)).bench_local(|| {
        runtime.block_on(async {
            let mut fetches = JoinSet::new();
            for url in urls.iter().cycle().take(REQUESTS) {
                let validators = validators.clone();
                let request = FetchRequest { validators, allow_private: true, ..FetchRequest::new(url.clone()) };
                let fetcher = fetcher.clone();
                fetches.spawn(async move { fetcher.fetch(&request).await });
            }
            while let Some(fetched) = fetches.join_next().await {
                match fetched.expect("no panic") {
                    Ok(Fetched::Document(document, _)) => assert_eq!(document.body.len(), octets),
                    Ok(Fetched::NotModified(_)) => assert_eq!(octets, 0),
                    Err(error) => panic!("{error}"),
                }
            }
        });
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn fetch_documents(bencher: Bencher) {
    fetch(bencher, &Validators::default(), document(0).body.len());
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn fetch_not_modified(bencher: Bencher) {
    fetch(bencher, &Validators { etag: Some(ETAG.into()), last_modified: None }, 0);
}

/// What a start of the daemon pays for its clients: among others, the system's certificates.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn make_a_fetcher(bencher: Bencher) {
    bencher.bench_local(|| Fetcher::new(FetchSettings::default(), Clock::system()).is_ok());
}
