//! The fetcher against a publisher on loopback: real sockets, the code of a release; only `allow_networks` lets loopback in and
//! `host_gap` is short where a test is not about pauses. Each test is named by the rule it checks.

mod support;

#[path = "fetch/conditional.rs"]
mod conditional;
#[path = "fetch/limits.rs"]
mod limits;
#[path = "fetch/manners.rs"]
mod manners;
#[path = "fetch/redirects.rs"]
mod redirects;
#[path = "fetch/request.rs"]
mod request;
#[path = "fetch/responses.rs"]
mod responses;
#[path = "fetch/targets.rs"]
mod targets;
#[path = "fetch/tls.rs"]
mod tls;

use std::time::Duration;

use chrono::{DateTime, Utc};
use newsdesk::{
    clock::Clock,
    fetch::{FetchError, FetchErrorKind, FetchRequest, FetchSettings, Fetched, Fetcher, NotModified},
    model::{Document, Validators},
};
use support::{Publisher, Resource};
use url::Url;

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Water</title></channel></rss>";
const NOW: &str = "2026-03-01T12:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn settings() -> FetchSettings {
    FetchSettings {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        host_gap: Duration::ZERO,
        ..FetchSettings::default()
    }
}

fn fetcher_with(settings: FetchSettings) -> Fetcher {
    Fetcher::new(settings, Clock::new(now)).unwrap()
}

/// The same one throughout a test, for reading the system's certificates takes its time without optimisation.
fn fetcher() -> Fetcher {
    thread_local!(static FETCHER: Fetcher = fetcher_with(settings()));
    FETCHER.with(Fetcher::clone)
}

async fn get(fetcher: &Fetcher, url: Url) -> Result<Fetched, FetchError> {
    fetcher.fetch(&FetchRequest::new(url)).await
}

/// One fetch of one resource, from a publisher of its own.
async fn get_resource(resource: Resource) -> Result<Fetched, FetchError> {
    let publisher = Publisher::start();
    publisher.serve("/feed", resource);
    get(&fetcher(), publisher.url("/feed")).await
}

/// What a poll would ask next, having stored what this fetch brought.
fn next_request(request: &FetchRequest, fetched: &Fetched) -> FetchRequest {
    let (validators, url) = match fetched {
        Fetched::Document(document, _) => (&document.validators, &document.url),
        Fetched::NotModified(unchanged) => (&unchanged.validators, &unchanged.url),
    };
    FetchRequest { validators: validators.clone(), validators_url: Some(url.clone()), ..request.clone() }
}

fn document(fetched: Result<Fetched, FetchError>) -> Document {
    match fetched {
        Ok(Fetched::Document(document, _)) => document,
        other => panic!("not a document: {other:?}"),
    }
}

fn not_modified(fetched: Result<Fetched, FetchError>) -> NotModified {
    match fetched {
        Ok(Fetched::NotModified(unchanged)) => unchanged,
        other => panic!("not 304: {other:?}"),
    }
}

fn failure(fetched: Result<Fetched, FetchError>) -> FetchError {
    match fetched {
        Err(error) => error,
        Ok(fetched) => panic!("no failure: {fetched:?}"),
    }
}

fn validators(etag: &str, last_modified: &str) -> Validators {
    let value = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
    Validators { etag: value(etag), last_modified: value(last_modified) }
}
