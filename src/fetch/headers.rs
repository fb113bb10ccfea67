//! Header fields of requests and responses to values and back.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CONNECTION, CONTENT_LENGTH, CONTENT_LOCATION, ETAG, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
        IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, REFERER, TE, TRANSFER_ENCODING, UPGRADE,
    },
};
use url::Url;

use super::request::bare;
use crate::model::Validators;

/// Fields that are the protocol's or the fetcher's business, so that the admin's are not sent.
const NOT_THE_ADMINS: [HeaderName; 13] = [
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    UPGRADE,
    RANGE,
    IF_RANGE,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    REFERER,
];

/// The admin's header fields for a source; the error says which one cannot be sent.
pub(super) fn admins_headers(configured: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header name"))?;
        if NOT_THE_ADMINS.contains(&parsed) {
            return Err(format!("the header {name} is not for the configuration to set"));
        }
        // The value may be a secret and is not shown.
        let mut value =
            HeaderValue::from_str(value).map_err(|_| format!("the value of the header {name} cannot be sent"))?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// The conditional fields, exactly as they came (POLL-2). Octets that cannot be in a field, which no publisher can have sent,
/// are not sent either (SEC-1).
pub(super) fn validator_headers(validators: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, stored) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
        if let Some(value) = stored.as_deref().and_then(|stored| HeaderValue::from_bytes(stored).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The first of each, untouched; one without content is none.
pub(super) fn validators_of(headers: &HeaderMap) -> Validators {
    let value =
        |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_vec()).filter(|value| !value.is_empty());
    Validators { etag: value(ETAG), last_modified: value(LAST_MODIFIED) }
}

/// `Content-Location` as a base, if it is at the origin that answered: publishers behind a proxy often name an inner host
/// there, which would break every relative link, and RFC 9110 §8.7 gives another origin's no authority.
pub(super) fn content_location(headers: &HeaderMap, url: &Url) -> Option<Url> {
    let value = headers.get(CONTENT_LOCATION)?.to_str().ok()?;
    let base = url.join(value).ok().filter(|base| base.origin() == url.origin())?;
    Some(bare(&base))
}
