//! The form in which two links are compared (URL-3).

use url::Url;

use super::tracking::{Purpose, is_route, without_tracking};

/// What two links have in common when they lead to the same article. For comparing only, never to be followed.
///
/// Scheme (`http` is `https`), default port, leading `www.`, trailing slash, letter case of the host, needless percent
/// escapes, the order of parameters, tracking parameters and fragments make no difference; a fragment that is a route
/// (`#!…`, `#/…`) does. Other parameters and the letter case of the path always do: they may name the article.
pub fn link_key(link: &Url) -> String {
    if !matches!(link.scheme(), "http" | "https") {
        return link.as_str().to_owned();
    }
    let link = without_tracking(link, Purpose::Comparing);
    let host = link.host_str().unwrap_or_default().trim_end_matches('.');
    let mut key = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host).to_owned();
    // The other scheme's default port is as good as none, since the schemes are taken for the same.
    if let Some(port) = link.port().filter(|port| !matches!(port, 80 | 443)) {
        key.push_str(&format!(":{port}"));
    }
    key.push_str(plainest_escapes(link.path()).trim_end_matches('/'));
    let mut parameters: Vec<String> =
        link.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(plainest_escapes).collect();
    parameters.sort_unstable();
    if !parameters.is_empty() {
        key.push('?');
        key.push_str(&parameters.join("&"));
    }
    if let Some(route) = link.fragment().filter(|fragment| is_route(fragment)) {
        key.push('#');
        key.push_str(route.trim_end_matches('/'));
    }
    key
}

/// Escapes in upper case, and none where none is needed (RFC 3986 §6.2.2).
fn plainest_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('%');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let octet = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match octet.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => {
                let character = char::from(octet);
                if character.is_ascii_alphanumeric() || "-._~".contains(character) {
                    plain.push(character);
                } else {
                    plain.push_str(&format!("%{octet:02X}"));
                }
                plain.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(link: &str) -> String {
        link_key(&Url::parse(link).expect(link))
    }

    #[test]
    fn the_same_article_under_many_links() {
        let expected = "example.org/2026/a?id=1";
        for link in [
            "https://example.org/2026/a?id=1",
            "http://example.org/2026/a?id=1",
            "HTTP://WWW.EXAMPLE.ORG:80/2026/a?id=1",
            "https://www.example.org:443/2026/a/?id=1",
            "http://example.org:443/2026/a?id=1",
            "https://example.org./2026/a?id=1",
            "https://example.org/2026/a?id=1&utm_source=rss",
            "https://example.org/2026/a?fbclid=x&id=1&fbclid=x",
            "https://example.org/2026/a?s=09&id=1&ref=rss",
            "https://example.org/2026/a?id=1&ref=some-newsletter.com",
            "https://example.org/2026/a?id=1#comments",
            "https://example.org/2026/a?id=1#xtor=RSS-1",
            "https://example.org/2026/%61?id=%31&",
        ] {
            assert_eq!(key(link), expected, "{link}");
        }
        assert_eq!(key("https://example.org/?b=2&a=1"), key("https://example.org?a=1&b=2"));
        assert_eq!(key("https://example.org/%c3%a9"), key("https://example.org/é"));
    }

    #[test]
    fn different_articles() {
        for (a, b) in [
            ("https://example.org/a", "https://example.org/b"),
            ("https://example.org/a", "https://example.org/A"),
            ("https://example.org/a", "https://example.net/a"),
            ("https://example.org/a", "https://news.example.org/a"),
            ("https://example.org/a", "https://example.org:8080/a"),
            ("https://example.org/?id=1", "https://example.org/?id=2"),
            ("https://example.org/?s=why", "https://example.org/?s=how"),
            ("https://example.org/?ref=main", "https://example.org/?ref=develop"),
            ("https://example.org/#!/story/12", "https://example.org/#!/story/13"),
            ("https://example.org/a%2Fb", "https://example.org/a/b"),
            ("https://example.org/100%", "https://example.org/100"),
            ("https://www.com/", "https://com/"),
            ("mailto:a@example.org", "mailto:b@example.org"),
        ] {
            assert_ne!(key(a), key(b), "{a} {b}");
        }
    }

    /// Labelled pairs of links, named by `NEWSDESK_CORPUS`: nothing that differs may be merged, little that is the same missed.
    #[test]
    fn labelled_pairs() {
        let Some(corpus) = std::env::var_os("NEWSDESK_CORPUS") else {
            eprintln!("skipped: NEWSDESK_CORPUS names no folder of labelled data");
            return;
        };
        let path = std::path::Path::new(&corpus).join("eval/url-canon/dev.jsonl");
        let lines = std::fs::read_to_string(&path).expect("the pairs can be read");
        let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
        for line in lines.lines() {
            let pair: serde_json::Value = serde_json::from_str(line).expect("one JSON object a line");
            let (a, b) = (pair["a"].as_str().expect("a"), pair["b"].as_str().expect("b"));
            match (key(a) == key(b), pair["same"].as_bool().expect("same")) {
                (true, true) => right += 1,
                (true, false) => wrong.push((a.to_owned(), b.to_owned())),
                (false, true) => missed.push((a.to_owned(), b.to_owned())),
                (false, false) => {}
            }
        }
        let recall = f64::from(right) / (f64::from(right) + missed.len() as f64);
        eprintln!("{right} found, {} wrong, {} missed, recall {recall:.3}: {missed:?}", wrong.len(), missed.len());
        assert!(right > 0 && wrong.is_empty(), "different articles merged: {wrong:?}");
        assert!(recall >= 0.97, "missed: {missed:?}");
    }
}
