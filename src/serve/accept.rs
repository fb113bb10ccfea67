//! What a client takes: `Accept-Encoding` (RFC 9110 §12.5.3), `A-IM` (RFC 3229 §10.5.3).

use http::{HeaderMap, HeaderName, header};

use crate::publish::{Coding, Edition};

/// How much a client likes each coding, in thousandths; 0 is a refusal. In the order of [`Coding::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Liking([u16; 4]);

impl Liking {
    pub(super) fn new(headers: &HeaderMap) -> Self {
        let (mut named, mut others) = ([None; 4], None);
        for value in headers.get_all(header::ACCEPT_ENCODING) {
            for (name, weight) in value.as_bytes().split(|byte| *byte == b',').map(weighed) {
                let known = match name {
                    b"*" => &mut others,
                    name => match named_coding(name) {
                        Some(coding) => &mut named[coding.index()],
                        None => continue,
                    },
                };
                // What is said first counts.
                known.get_or_insert(weight);
            }
        }
        // As it is it may always come, but only if nothing else is to be had: RFC 9110 §12.5.3 allows it unless it is refused.
        let otherwise = |coding| if coding == Coding::Identity { others.unwrap_or(1) } else { others.unwrap_or(0) };
        Self(Coding::ALL.map(|coding| named[coding.index()].unwrap_or_else(|| otherwise(coding))))
    }

    pub(super) fn takes(&self, coding: Coding) -> bool {
        self.weight(coding) > 0
    }

    fn weight(&self, coding: Coding) -> u16 {
        self.0[coding.index()]
    }

    /// The coding that the client likes best among those in which the edition is there. Ties go to the shorter body. Who
    /// refuses all of them gets it as it is, which says more than an error.
    pub(super) fn choose(&self, edition: &Edition) -> Coding {
        let there = Coding::ALL.into_iter().filter(|coding| self.takes(*coding));
        let there = there.filter_map(|coding| Some((coding, edition.body(coding)?.len())));
        let best = there.max_by_key(|(coding, length)| (self.weight(*coding), usize::MAX - length));
        best.map_or(Coding::Identity, |(coding, _)| coding)
    }
}

fn named_coding(name: &[u8]) -> Option<Coding> {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    match name.len() {
        2 if is(b"br") => Some(Coding::Brotli),
        4 if is(b"gzip") => Some(Coding::Gzip),
        4 if is(b"zstd") => Some(Coding::Zstd),
        // RFC 9110 §8.4.1.3.
        6 if is(b"x-gzip") => Some(Coding::Gzip),
        8 if is(b"identity") => Some(Coding::Identity),
        _ => None,
    }
}

/// Whether the client would take only the entries of a feed that it does not have yet.
pub(super) fn takes_news(headers: &HeaderMap) -> bool {
    static A_IM: HeaderName = HeaderName::from_static("a-im");
    headers.get_all(&A_IM).iter().any(|value| {
        let mut items = value.as_bytes().split(|byte| *byte == b',').map(weighed);
        items.any(|(name, weight)| name.eq_ignore_ascii_case(b"feed") && weight > 0)
    })
}

/// A list item and its weight in thousandths: `gzip;q=0.5`. A weight that cannot be read counts as 0.
fn weighed(item: &[u8]) -> (&[u8], u16) {
    let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    (name, weight.map_or(1000, |weight| thousandths(weight).unwrap_or(0)))
}

/// A `qvalue` (RFC 9110 §12.4.2): `0`, `1`, or either with up to three decimals.
fn thousandths(text: &[u8]) -> Option<u16> {
    let (whole, decimals) = match text {
        [whole] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    let mut value = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    for (digit, unit) in decimals.iter().zip([100, 10, 1]) {
        value += u16::from(digit.is_ascii_digit().then_some(digit - b'0')?) * unit;
    }
    (value <= 1000 && decimals.len() <= 3).then_some(value)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use http::HeaderValue;

    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))])
    }

    #[test]
    fn the_best_liked_coding_is_served() {
        let body: Vec<u8> = (0..500).flat_map(|n| format!("<entry>number {n}</entry>\n").into_bytes()).collect();
        let edition = Edition::new("text/plain", DateTime::UNIX_EPOCH, body.into());
        edition.prepare();
        let length = |coding| edition.body(coding).expect("there").len();
        let shortest = Coding::ALL.into_iter().min_by_key(|coding| length(*coding)).expect("one");
        let shorter = |one, other| if length(one) <= length(other) { one } else { other };
        let cases = [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("zstd", Coding::Zstd),
            ("gzip, deflate, br", shorter(Coding::Brotli, Coding::Gzip)),
            ("gzip, deflate, br, zstd", shortest),
            ("br;q=0.1, gzip;q=0.9", Coding::Gzip),
            ("zstd;q=0.901, gzip;q=0.9", Coding::Zstd),
            ("br;q=0, gzip;q=0", Coding::Identity),
            ("*", shortest),
            ("*;q=0.001, identity;q=0", shortest),
            ("gzip;q=0, br;q=0, *;q=0.5", Coding::Zstd),
            ("identity", Coding::Identity),
            ("identity;q=1, gzip;q=0.5", Coding::Identity),
            ("identity;q=0", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("GZIP", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("gzip ; q=1.000", Coding::Gzip),
            ("gzip;q=rubbish", Coding::Identity),
            ("gzip;q=2", Coding::Identity),
            ("gzip;q=1.001", Coding::Identity),
            ("gzip;q=0.5000", Coding::Identity),
            ("gzip;q=", Coding::Identity),
            ("deflate, compress", Coding::Identity),
            (",,;q=1, ;, gzip", Coding::Gzip),
        ];
        for (value, expected) in cases {
            assert_eq!(Liking::new(&headers("accept-encoding", value)).choose(&edition), expected, "{value}");
        }
        assert_eq!(Liking::new(&HeaderMap::new()).choose(&edition), Coding::Identity);
        let unprepared = Edition::new("text/plain", DateTime::UNIX_EPOCH, vec![b'a'; 1000].into());
        for value in ["gzip", "br, zstd, identity;q=0", "*"] {
            assert_eq!(
                Liking::new(&headers("accept-encoding", value)).choose(&unprepared),
                Coding::Identity,
                "{value}"
            );
        }
    }

    #[test]
    fn news_alone_are_sent_to_those_who_say_so() {
        let cases = [
            ("feed", true),
            ("gzip, feed", true),
            ("FEED;q=0.5", true),
            ("feed;q=0", false),
            ("vcdiff", false),
            ("feeds", false),
            ("", false),
        ];
        for (value, expected) in cases {
            assert_eq!(takes_news(&headers("a-im", value)), expected, "{value}");
        }
        assert!(!takes_news(&HeaderMap::new()));
    }
}
