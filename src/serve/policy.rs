//! What a browser may do with what it gets from us.

use http::{HeaderMap, HeaderValue, header};

/// A page may load its own style and pictures, and nothing else; nobody may put it into a frame.
const PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A feed holds publishers' markup: shown in a browser it may do nothing at all.
const ANYTHING_ELSE: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// What somebody reads here is nobody's business.
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// Adds what protects a reader's browser. Fields that are there already stay.
pub(super) fn protect(fields: &mut HeaderMap, media_type: &str) {
    let is_page = media_type.starts_with("text/html");
    fields.entry(header::CONTENT_SECURITY_POLICY).or_insert(if is_page { PAGE } else { ANYTHING_ELSE });
    fields.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(NOSNIFF);
    if is_page {
        fields.entry(header::REFERRER_POLICY).or_insert(NO_REFERRER);
    }
}
