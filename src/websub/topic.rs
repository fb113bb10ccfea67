//! Which of our addresses can be subscribed to, and what is there.

use bytes::Bytes;
use http::HeaderValue;
use url::Url;

use crate::publish::{Address, Edition, Editions, Found, link_field};

/// An edition as subscribers get it.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub media_type: &'static str,
    pub body: Bytes,
    /// Editions of equal bytes have equal versions.
    pub version: u64,
}

impl Current {
    pub(super) fn of(edition: &Edition) -> Self {
        Self { media_type: edition.media_type, body: edition.document().clone(), version: edition.hash() as u64 }
    }
}

/// What is at a topic's address now.
pub(super) enum AtTopic {
    Edition(Current),
    /// [`Editions::make`] has to make it.
    ToMake(Box<Address>),
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

/// What is at a topic's address. Asking counts as asking for the edition, so that it goes on being kept current.
pub(super) fn look(editions: &Editions, public_url: &Url, topic: &str) -> AtTopic {
    let not_ours =
        "hub.topic is no feed of this hub; it must be exactly the address in the rel=self link of a topic's feed";
    let address = path_of(public_url, topic).and_then(|path| Some((path, Address::parse(path, None).ok()?)));
    let Some((path, _)) = address.filter(|(_, address)| address.can_be_subscribed_to()) else {
        return AtTopic::None(not_ours);
    };
    match editions.find(path) {
        Found::Edition(edition) => AtTopic::Edition(Current::of(&edition)),
        Found::ToMake(address) => AtTopic::ToMake(address),
        Found::Moved(_) => {
            AtTopic::None("the feed of hub.topic has another address now; ask for hub.topic to learn it")
        }
        Found::Gone => AtTopic::None("the feed of hub.topic is no longer published"),
        Found::Refused(_) | Found::Nothing => AtTopic::None(not_ours),
    }
}

/// The `Link` field of a delivery (RFC 8288; WS-8).
pub(super) fn link_header(public_url: &Url, topic: &str) -> Option<HeaderValue> {
    link_field(&Url::parse(topic).ok()?, Url::parse(&hub_url(public_url)).ok().as_ref())
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
    fn what_can_be_subscribed_to() {
        let public_url = Url::parse("https://news.example/desk").expect("a URL");
        let editions = Editions::of_topics(public_url.clone(), &["ai", "rain"]);
        let cases = [
            ("/topics/ai.atom", true),
            ("/topics/ai.rss", true),
            ("/topics/ai.json", true),
            ("/all.atom", true),
            ("/topics/ai", false),
            ("/topics/ai.atom?limit=5", false),
            ("/topics/ai+rain.atom", false),
            ("/topics/snow.atom", false),
            ("/topics.opml", false),
            ("/", false),
            ("/style.css", false),
            ("/healthz", false),
        ];
        for (path, can_be) in cases {
            let found = look(&editions, &public_url, &self_url(&public_url, path));
            assert_eq!(!matches!(found, AtTopic::None(_)), can_be, "{path}");
        }
    }

    #[test]
    fn ws_8_a_delivery_names_hub_and_self() {
        let public_url = Url::parse("https://news.example/desk/").expect("a URL");
        let link = link_header(&public_url, "https://news.example/desk/topics/ai.atom").expect("a link");
        let expected =
            "<https://news.example/desk/hub>; rel=\"hub\", <https://news.example/desk/topics/ai.atom>; rel=\"self\"";
        assert_eq!(link, expected);
    }
}
