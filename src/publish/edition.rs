use std::{ops::Range, sync::OnceLock, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::HeaderValue;
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use super::{
    coding::{Coding, Packed, WORTH_PACKING},
    history::{History, News},
};

/// A document as it was written, before it is an edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    pub bytes: Vec<u8>,
    /// Where each entry is, in order. What comes before the first and what comes after the last make a document of any of
    /// them. Empty where that is not so, or where there are none.
    pub entries: Vec<Range<usize>>,
}

impl From<Vec<u8>> for Rendered {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, entries: Vec::new() }
    }
}

/// One topic rendered in one format at one moment. Its body never changes: a newer edition takes its place.
///
/// Making one costs a hash. It can be served as it is at once, and in the codings once somebody has called [`prepare`],
/// which may be while it is being served.
///
/// [`prepare`]: Edition::prepare
#[derive(Debug, Clone)]
pub struct Edition {
    /// The `Content-Type` it is served with.
    pub media_type: &'static str,
    /// When the newest of its stories was updated: `Last-Modified`.
    pub updated: DateTime<Utc>,
    /// For how long readers may keep it: the shortest time in which one of its sources may bring something new. To be set
    /// before the edition is served.
    pub max_age: Duration,
    /// The `Link` field it is served with, as [`link_field`] writes it. To be set before the edition is served.
    pub links: Option<HeaderValue>,
    body: Bytes,
    hash: u128,
    history: History,
    packed: OnceLock<Packed>,
    fields: OnceLock<Box<Fields>>,
}

/// Header fields, ready to be sent. They are the same for everybody, so that answering formats nothing.
#[derive(Debug, Clone)]
pub struct Fields {
    pub content_type: HeaderValue,
    /// `updated`, though it may lie in the future.
    pub last_modified: HeaderValue,
    pub cache_control: HeaderValue,
    /// In the order of [`Coding::ALL`].
    etags: [HeaderValue; 4],
}

/// What readers are told where nobody said otherwise.
const MAX_AGE: Duration = Duration::from_secs(900);

/// For how long a cache may still hand out what it has while it asks for the present edition (RFC 5861 §3). It spares
/// us a crowd at the moment an edition gets old, and a reader one round trip, for news that is a minute later.
const WHILE_REVALIDATE: Duration = Duration::from_secs(60);

/// For how long a cache may hand out what it has while we fail (RFC 5861 §4): old news is better than an error. A topic that
/// was taken out is no error, so that it does not live on by this.
const IF_ERROR: Duration = Duration::from_secs(86_400);

impl Edition {
    /// An edition in no coding yet, without a history.
    pub fn new(media_type: &'static str, updated: DateTime<Utc>, body: Rendered) -> Self {
        let Rendered { bytes, entries } = body;
        let history = History::new(&bytes, &entries);
        // Without the room that was left for more.
        let body = Bytes::from(bytes.into_boxed_slice());
        Self {
            media_type,
            updated,
            max_age: MAX_AGE,
            links: None,
            hash: xxh3_128(&body),
            body,
            history,
            packed: OnceLock::new(),
            fields: OnceLock::new(),
        }
    }

    /// The edition that takes the place of `former` at its address: it knows what is new in it. If it is the same edition, it
    /// is in the same codings already.
    pub fn succeeding(mut self, former: &Edition) -> Self {
        if self.media_type != former.media_type {
            return self;
        }
        if self.hash == former.hash {
            self.history.keep(&former.history);
            if let Some(packed) = former.packed.get() {
                self.packed = OnceLock::from(packed.clone());
            }
        } else {
            self.history.go_on_from(&former.history, former.hash);
        }
        self
    }

    /// Puts the body into every coding, once and for all. Takes milliseconds; may be called while the edition is served.
    pub fn prepare(&self) {
        self.packed.get_or_init(|| Packed::new(&self.body));
    }

    /// Whether it is in every coding that it will ever be in.
    pub fn is_prepared(&self) -> bool {
        self.body.len() < WORTH_PACKING || self.packed.get().is_some()
    }

    /// The body in a coding, if it is there: as identity always, in others once prepared and if they make it smaller.
    pub fn body(&self, coding: Coding) -> Option<&Bytes> {
        match coding {
            Coding::Identity => Some(&self.body),
            _ => self.packed.get()?.body(coding),
        }
    }

    /// The document itself: the body as identity.
    pub fn document(&self) -> &Bytes {
        &self.body
    }

    /// A hash of the document: two editions with the same are the same to the byte.
    pub fn hash(&self) -> u128 {
        self.hash
    }

    /// The strong entity tag of the edition in that coding, quotes included, whether it is in that coding or not.
    pub fn etag(&self, coding: Coding) -> &HeaderValue {
        let [identity, gzip, brotli, zstd] = &self.fields().etags;
        match coding {
            Coding::Identity => identity,
            Coding::Gzip => gzip,
            Coding::Brotli => brotli,
            Coding::Zstd => zstd,
        }
    }

    /// The header fields, made when they are first asked for.
    pub fn fields(&self) -> &Fields {
        self.fields.get_or_init(|| Box::new(Fields::new(self)))
    }

    /// What is new since a former edition at the same address, named by its hash; `None` if it is not remembered.
    pub fn news_since(&self, former: u128) -> Option<News> {
        self.history.since(former, self.body.len())
    }

    /// Bytes of memory that it takes, about.
    pub fn bytes_held(&self) -> usize {
        let packed = self.packed.get().map_or(0, Packed::bytes_held);
        let fields = self.fields.get().map_or(0, |_| size_of::<Fields>() + 512);
        size_of::<Self>() + self.body.len() + self.history.bytes_held() + packed + fields
    }
}

impl Fields {
    fn new(edition: &Edition) -> Self {
        // Every text below is our own digits and letters.
        let own = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        Self {
            content_type: HeaderValue::from_static(edition.media_type),
            last_modified: own(httpdate::fmt_http_date(edition.updated.into())),
            cache_control: own(format!(
                "public, max-age={}, stale-while-revalidate={}, stale-if-error={}",
                edition.max_age.as_secs(),
                WHILE_REVALIDATE.as_secs(),
                IF_ERROR.as_secs()
            )),
            etags: Coding::ALL.map(|coding| own(etag(edition.hash, coding))),
        }
    }
}

pub(crate) fn etag(hash: u128, coding: Coding) -> String {
    match coding.name() {
        None => format!("\"{hash:032x}\""),
        Some(name) => format!("\"{hash:032x}-{name}\""),
    }
}

/// The edition, and the coding, that an entity tag of ours names: one in quotes, without `W/`.
pub(crate) fn named_by(etag: &[u8]) -> Option<(u128, Coding)> {
    let text = etag.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let (digits, suffix) = text.split_at_checked(32)?;
    let suffix = match suffix {
        [] => None,
        [b'-', name @ ..] => Some(name),
        _ => return None,
    };
    let coding = Coding::ALL.into_iter().find(|coding| coding.name().map(str::as_bytes) == suffix)?;
    if !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let hash = u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((hash, coding))
}

/// A `Link` field (RFC 8288) with an edition's own address and, where there is a hub, the hub's (W3C WebSub §4).
pub fn link_field(own: &Url, hub: Option<&Url>) -> Option<HeaderValue> {
    // A URL that was parsed has no `>` left in it that could end it early, but a fragment may.
    let target = |url: &Url| url.as_str().replace('>', "%3E");
    let mut field = format!("<{}>; rel=\"self\"", target(own));
    if let Some(hub) = hub {
        field = format!("<{}>; rel=\"hub\", {field}", target(hub));
    }
    HeaderValue::try_from(field).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(body: &str) -> Edition {
        Edition::new("text/plain", DateTime::UNIX_EPOCH, body.as_bytes().to_vec().into())
    }

    #[test]
    fn an_edition_is_whole_at_once_and_gets_its_codings_later() {
        let edition = edition(&"all the news ".repeat(100));
        assert!(!edition.is_prepared());
        assert!(edition.body(Coding::Gzip).is_none());
        assert_eq!(edition.body(Coding::Identity), Some(edition.document()));
        let before = edition.bytes_held();
        edition.prepare();
        assert!(edition.is_prepared());
        let packed: usize = Coding::ALL[1..].iter().map(|coding| edition.body(*coding).expect("there").len()).sum();
        assert_eq!(edition.bytes_held(), before + packed);
        let again = super::tests::edition(&"all the news ".repeat(100)).succeeding(&edition);
        assert!(again.is_prepared(), "the same edition is not packed twice");
        assert!(super::tests::edition("other").succeeding(&edition).body(Coding::Gzip).is_none());
        assert!(super::tests::edition("short").is_prepared(), "there is nothing to prepare");
    }

    #[test]
    fn entity_tags_are_strong_told_apart_by_coding_and_recognised_again() {
        let edition = edition("body");
        let mut tags: Vec<_> = Coding::ALL.map(|coding| edition.etag(coding).clone()).to_vec();
        for (coding, tag) in Coding::ALL.into_iter().zip(&tags) {
            assert!(tag.to_str().expect("text").starts_with('"'), "strong");
            assert_eq!(named_by(tag.as_bytes()), Some((edition.hash(), coding)));
        }
        tags.dedup();
        assert_eq!(tags.len(), 4);
        let hash = "0123456789abcdef0123456789abcdef";
        for foreign in ["", "\"", "\"\"", hash, "\"0123\"", "\"+123456789abcdef0123456789abcdef\""] {
            assert_eq!(named_by(foreign.as_bytes()), None, "{foreign}");
        }
        for suffix in ["gzip", "-", "-deflate", "-gzip-gzip", "é"] {
            assert_eq!(named_by(format!("\"{hash}{suffix}\"").as_bytes()), None, "{suffix}");
        }
    }

    #[test]
    fn links_cannot_be_broken_out_of() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let own = url("https://news.example/all.atom#>; rel=\"hub\"");
        assert_eq!(
            link_field(&own, None).expect("a field"),
            "<https://news.example/all.atom#%3E;%20rel=%22hub%22>; rel=\"self\""
        );
        let links = link_field(&url("https://news.example/all.atom"), Some(&url("https://hub.example/")));
        assert_eq!(
            links.expect("a field"),
            "<https://hub.example/>; rel=\"hub\", <https://news.example/all.atom>; rel=\"self\""
        );
    }
}
