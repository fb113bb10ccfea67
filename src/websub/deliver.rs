//! An edition on its way to one subscriber (WebSub §7).

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_TYPE, LINK},
};
use url::Url;

use super::{
    retry::retry_after,
    signature::signature,
    topic::{Current, link_header},
};
use crate::{
    fetch::{CallbackAnswer, CallbackError},
    store::SubscriptionSecret,
};

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// What is sent: the whole edition, as it is served without coding.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub version: u64,
}

impl Delivery {
    pub(super) fn new(public_url: &Url, topic: &str, current: Current, secret: Option<&SubscriptionSecret>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(current.media_type));
        headers.extend(link_header(public_url, topic).map(|link| (LINK, link)));
        let signature = secret.and_then(|secret| HeaderValue::try_from(signature(secret, &current.body)).ok());
        headers.extend(signature.map(|signature| (SIGNATURE, signature)));
        Self { headers, version: current.version, body: current.body }
    }
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Taken,
    /// The subscription is over (410).
    Gone,
    Failed {
        why: String,
        /// How long the subscriber wants quiet, if it says so.
        asked: Option<Duration>,
    },
}

/// What an answer means. A redirect is no success: whoever moves subscribes anew.
pub(super) fn outcome(answer: Result<CallbackAnswer, CallbackError>, now: DateTime<Utc>) -> Outcome {
    match answer {
        Ok(CallbackAnswer { status: 200..=299, .. }) => Outcome::Taken,
        Ok(CallbackAnswer { status: 410, .. }) => Outcome::Gone,
        Ok(answer) => Outcome::Failed {
            why: format!("it answered {}", answer.status),
            asked: answer.retry_after.as_deref().and_then(|value| retry_after(value, now)),
        },
        Err(error) => Outcome::Failed { why: error.to_string(), asked: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_names_the_edition_the_hub_and_who_it_is_from() {
        let public_url = Url::parse("https://news.example/").expect("a URL");
        let body = Bytes::from_static(b"<feed/>");
        let current = Current { media_type: "application/atom+xml; charset=utf-8", body, version: 7 };
        let topic = "https://news.example/topics/ai.atom";
        let secret = SubscriptionSecret::new("sesame");
        let signed = Delivery::new(&public_url, topic, current.clone(), Some(&secret));
        let header = |name: &str| signed.headers.get(name).map(|value| value.to_str().expect("text"));
        assert_eq!(header("content-type"), Some("application/atom+xml; charset=utf-8"));
        let link = "<https://news.example/hub>; rel=\"hub\", <https://news.example/topics/ai.atom>; rel=\"self\"";
        assert_eq!(header("link"), Some(link));
        // printf '<feed/>' | openssl dgst -sha256 -hmac sesame
        let expected = "sha256=ce5ba6b4fcde7993dab9367f2a69ed489f518d6c8cb734c18d900e1f262b6ddd";
        assert_eq!(header("x-hub-signature"), Some(expected));
        let plain = Delivery::new(&public_url, topic, current, None);
        assert_eq!(plain.headers.get("x-hub-signature"), None);
        assert_eq!((plain.version, plain.body), (signed.version, signed.body));
    }

    #[test]
    fn what_answers_mean() {
        let failed =
            |why: &str, asked: Option<u64>| Outcome::Failed { why: why.into(), asked: asked.map(Duration::from_secs) };
        let cases = [
            (200, None, Outcome::Taken),
            (202, None, Outcome::Taken),
            (204, None, Outcome::Taken),
            (410, None, Outcome::Gone),
            (404, None, failed("it answered 404", None)),
            (302, None, failed("it answered 302", None)),
            (429, Some("60"), failed("it answered 429", Some(60))),
            (503, Some("Thu, 01 Jan 1970 00:02:00 GMT"), failed("it answered 503", Some(120))),
            (503, Some("later"), failed("it answered 503", None)),
        ];
        for (status, retry_after, expected) in cases {
            let answer = CallbackAnswer { status, retry_after: retry_after.map(str::to_owned), body: Vec::new() };
            assert_eq!(outcome(Ok(answer), DateTime::UNIX_EPOCH), expected, "{status}");
        }
        let error = CallbackError("no answer within 10 s".into());
        assert_eq!(outcome(Err(error), DateTime::UNIX_EPOCH), failed("no answer within 10 s", None));
    }
}
