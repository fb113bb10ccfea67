//! Which of our addresses can be subscribed to, and what is there.

use bytes::Bytes;
use http::HeaderValue;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::publish::{Coding, Editions, Found};

/// An edition as subscribers get it.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub media_type: &'static str,
    pub body: Bytes,
}

impl Current {
    /// Editions of equal bytes have equal versions.
    pub(super) fn version(&self) -> u64 {
        xxh3_64(&self.body)
    }
}

/// What is at a topic's address now.
pub(super) enum AtTopic {
    Edition(Current),
    /// It is being made.
    NotYet,
    /// Nothing that could be subscribed to; why.
    None(&'static str),
}

/// The hub's own address.
pub fn hub_url(public_url: &Url) -> String {
    format!("{}/hub", base(public_url))
}

/// The address at which an edition is, as its own `self` link has it.
pub(super) fn self_url(public_url: &Url, path: &str) -> String {
    format!("{}{path}", base(public_url))
}

/// The path of a topic that is one of ours.
pub(super) fn path_of<'a>(public_url: &Url, topic: &'a str) -> Option<&'a str> {
    topic.strip_prefix(base(public_url)).filter(|path| path.starts_with('/'))
}

fn base(public_url: &Url) -> &str {
    public_url.as_str().trim_end_matches('/')
}

/// What is at a topic's address. Asking counts as asking for the edition, so that it goes on being made.
pub(super) fn look(editions: &Editions, public_url: &Url, topic: &str) -> AtTopic {
    let not_ours = "hub.topic is no feed of this hub; it must be exactly the address in a feed's own rel=self link";
    let Some(path) = path_of(public_url, topic).filter(|path| is_feed_path(path)) else {
        return AtTopic::None(not_ours);
    };
    match editions.find(path) {
        Found::Edition(edition) if is_feed(edition.media_type) => {
            let body = edition.body(Coding::Identity).clone();
            AtTopic::Edition(Current { media_type: edition.media_type, body })
        }
        Found::NotYet => AtTopic::NotYet,
        Found::Moved(_) => {
            AtTopic::None("the feed of hub.topic has another address now; ask for hub.topic to learn it")
        }
        Found::Gone => AtTopic::None("the feed of hub.topic is no longer published"),
        Found::Edition(_) | Found::Nothing => AtTopic::None(not_ours),
    }
}

/// Feeds change; archives and pages cannot be subscribed to.
fn is_feed_path(path: &str) -> bool {
    let has_ending = [".atom", ".rss", ".json"].iter().any(|ending| path.ends_with(ending));
    has_ending && !path.contains(['?', '#']) && !path.contains("/archive")
}

fn is_feed(media_type: &str) -> bool {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    ["application/atom+xml", "application/rss+xml", "application/feed+json"].contains(&kind)
}

/// The `Link` field of an edition (RFC 8288; WS-8), if it can be subscribed to.
pub(super) fn link_header(public_url: &Url, path: &str) -> Option<HeaderValue> {
    if !is_feed_path(path) {
        return None;
    }
    let link = format!("<{}>; rel=\"hub\", <{}>; rel=\"self\"", hub_url(public_url), self_url(public_url, path));
    HeaderValue::try_from(link).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ours_and_of_others() {
        let cases = [
            ("https://news.example/", "https://news.example/topics/ai.atom", Some("/topics/ai.atom")),
            ("https://news.example/desk", "https://news.example/desk/all.rss", Some("/all.rss")),
            ("https://news.example/desk/", "https://news.example/desk/all.rss", Some("/all.rss")),
            ("https://news.example/", "https://news.example.org/all.rss", None),
            ("https://news.example/", "http://news.example/all.rss", None),
            ("https://news.example/", "https://news.example", None),
            ("https://news.example/desk", "https://news.example/desktop/all.rss", None),
        ];
        for (public_url, topic, path) in cases {
            let public_url = Url::parse(public_url).expect("a URL");
            assert_eq!(path_of(&public_url, topic), path, "{topic}");
            if let Some(path) = path {
                assert_eq!(self_url(&public_url, path), topic);
            }
        }
    }

    #[test]
    fn ws_8_feeds_name_hub_and_self_and_nothing_else_does() {
        let public_url = Url::parse("https://news.example/desk/").expect("a URL");
        let link = link_header(&public_url, "/topics/ai.atom").expect("a link");
        let expected =
            "<https://news.example/desk/hub>; rel=\"hub\", <https://news.example/desk/topics/ai.atom>; rel=\"self\"";
        assert_eq!(link, expected);
        for path in ["/", "/style.css", "/topics/ai", "/topics/ai/archive/1.atom", "/sources.opml", "/healthz"] {
            assert_eq!(link_header(&public_url, path), None, "{path}");
        }
    }
}
