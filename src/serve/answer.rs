//! The answer to a request for an edition that is there. It formats nothing and reads no store.

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use super::{
    accept::{Liking, takes_news},
    conditional::{Held, held},
    pieces::Pieces,
    policy,
};
use crate::{
    clock::Clock,
    publish::{Coding, Edition, News},
};

const IM: HeaderName = HeaderName::from_static("im");
const DELTA_BASE: HeaderName = HeaderName::from_static("delta-base");
const FEED: HeaderValue = HeaderValue::from_static("feed");

/// Whole editions are quick to send and rarely broken off: ranges are not offered (RFC 9110 §14.3), and a request for one gets
/// all of it, which §14.2 allows.
const NO_RANGES: HeaderValue = HeaderValue::from_static("none");

/// Fields that an answer has at most.
const MOST_FIELDS: usize = 12;

/// Answers GET, or HEAD, which is the same without the body.
pub(super) fn answer(edition: &Edition, method: &Method, asked: &HeaderMap, clock: &Clock) -> Response<Pieces> {
    // RFC 9110 §8.8.2.1: never later than the answer.
    let last_modified = || edition.updated.min(clock.now());
    let liking = Liking::new(asked);
    let chosen = liking.choose(edition);
    let mut response = match held(asked, edition, &liking, chosen, last_modified) {
        Held::Current(coding) => not_modified(edition, coding),
        Held::Former(hash, coding, news) if is_incremental(edition) && takes_news(asked) => {
            if news.entries == 0 {
                not_modified(edition, chosen)
            } else if news.length() < edition.body(chosen).map_or(usize::MAX, bytes::Bytes::len) {
                new_entries(edition, hash, coding, &news)
            } else {
                whole(edition, chosen, last_modified())
            }
        }
        Held::Former(..) | Held::Nothing => whole(edition, chosen, last_modified()),
    };
    if method == Method::HEAD && response.status() != StatusCode::NOT_MODIFIED {
        let length = http_body::Body::size_hint(response.body()).exact().unwrap_or_default();
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *response.body_mut() = Pieces::default();
    }
    response
}

/// Whether only the new entries can be asked for at its address.
fn is_incremental(edition: &Edition) -> bool {
    edition.media_type.starts_with("application/atom+xml") || edition.media_type.starts_with("application/rss+xml")
}

/// The fields of every answer; 304 has no others (RFC 9110 §15.4.5).
fn common(edition: &Edition, etag: &HeaderValue) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(MOST_FIELDS);
    fields.insert(header::ETAG, etag.clone());
    let vary = if is_incremental(edition) { "Accept-Encoding, A-IM" } else { "Accept-Encoding" };
    fields.insert(header::VARY, HeaderValue::from_static(vary));
    policy::protect(&mut fields, edition.media_type);
    fields
}

fn not_modified(edition: &Edition, coding: Coding) -> Response<Pieces> {
    let mut fields = common(edition, edition.etag(coding));
    fields.insert(header::CACHE_CONTROL, edition.fields().cache_control.clone());
    respond(StatusCode::NOT_MODIFIED, fields, Pieces::default())
}

fn whole(edition: &Edition, coding: Coding, last_modified: DateTime<Utc>) -> Response<Pieces> {
    let mut fields = common(edition, edition.etag(coding));
    let ready = edition.fields();
    fields.insert(header::CACHE_CONTROL, ready.cache_control.clone());
    fields.insert(header::CONTENT_TYPE, ready.content_type.clone());
    if let Some(name) = coding.name() {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if last_modified == edition.updated {
        fields.insert(header::LAST_MODIFIED, ready.last_modified.clone());
    } else if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(last_modified.into())) {
        fields.insert(header::LAST_MODIFIED, date);
    }
    fields.insert(header::ACCEPT_RANGES, NO_RANGES);
    if let Some(links) = &edition.links {
        fields.insert(header::LINK, links.clone());
    }
    let body = edition.body(coding).unwrap_or(edition.document());
    respond(StatusCode::OK, fields, body.clone().into())
}

/// 226: the document with only the entries that the client does not have (RFC 3229 §10.4.1). Caches that do not know of this must
/// not keep it as if it were the whole, those that do may: `no-store, im` (§10.8).
fn new_entries(edition: &Edition, hash: u128, coding: Coding, news: &News) -> Response<Pieces> {
    let mut fields = common(edition, edition.etag(Coding::Identity));
    let ready = edition.fields();
    fields.insert(header::CONTENT_TYPE, ready.content_type.clone());
    let own = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-store"));
    fields.insert(header::CACHE_CONTROL, own(format!("no-store, im, max-age={}", edition.max_age.as_secs())));
    fields.insert(DELTA_BASE, own(crate::publish::etag(hash, coding)));
    fields.insert(IM, FEED);
    if let Some(links) = &edition.links {
        fields.insert(header::LINK, links.clone());
    }
    let document = edition.document();
    let pieces = news.parts.iter().map(|part| document.slice(part.clone())).collect();
    respond(StatusCode::IM_USED, fields, pieces)
}

fn respond(status: StatusCode, fields: HeaderMap, body: Pieces) -> Response<Pieces> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    response
}
