//! Links made absolute, and the publisher's own address found behind a proxied one (SAN-3, SAN-5, URL-4).

use url::Url;

use super::characters::legible;

/// Longer addresses lead nowhere: no server takes them.
const LONGEST: usize = 8 * 1024;

/// The absolute http or https URL that a reference means, or `None` if it means none.
pub(super) fn resolve(base: &Url, reference: &str) -> Option<Url> {
    let resolved = join(base, reference)?;
    (matches!(resolved.scheme(), "http" | "https") && resolved.has_host()).then_some(resolved)
}

/// Like [`resolve`], but `mailto:` is welcome too: where a person may be meant.
pub(super) fn resolve_or_mail(base: &Url, reference: &str) -> Option<Url> {
    resolve(base, reference).or_else(|| join(base, reference).filter(is_mail_address))
}

fn is_mail_address(url: &Url) -> bool {
    url.scheme() == "mailto" && !url.path().is_empty()
}

fn join(base: &Url, reference: &str) -> Option<Url> {
    let legible = legible(reference);
    let reference = legible.trim();
    if reference.is_empty() || reference.len() > LONGEST {
        return None;
    }
    // Hand-written feeds leave the scheme out; read as a relative reference it would never be what they mean.
    if reference.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) {
        return Url::parse(&format!("{}://{reference}", base.scheme())).ok();
    }
    base.join(reference).ok().filter(|url| url.as_str().len() <= LONGEST)
}

/// The base in force inside an element that sets `xml:base`, or `outer` if it sets none that can be used.
pub(super) fn narrow(outer: &Url, xml_base: Option<&str>) -> Url {
    xml_base.and_then(|base| resolve(outer, base)).unwrap_or_else(|| outer.clone())
}

/// The publisher's own address behind a proxied one, where the proxied one spells it out; nothing is asked of the network.
pub fn unwrap_proxied(link: Url) -> Url {
    let host = link.host_str().unwrap_or_default();
    let behind = if host == "feedsportal.com" || host.ends_with(".feedsportal.com") {
        feedsportal(link.path())
    } else if matches!(host, "www.google.com" | "google.com") && link.path() == "/url" {
        link.query_pairs().find(|(name, _)| matches!(name.as_ref(), "url" | "q")).map(|(_, url)| url.into_owned())
    } else {
        None
    };
    behind
        .and_then(|address| Url::parse(&address).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .unwrap_or(link)
}

/// Hosts whose links only forward to the article.
pub(super) fn is_proxied(link: &Url) -> bool {
    matches!(link.host_str(), Some("feedproxy.google.com" | "feeds.feedburner.com" | "rss.feedsportal.com"))
}

/// Mediafed wrote the target after `/l/`, each special character as `0` and a letter.
fn feedsportal(path: &str) -> Option<String> {
    let coded = path.split_once("/l/")?.1.split('/').next()?;
    let mut parts = coded.split('0');
    let mut address = parts.next()?.to_owned();
    for part in parts {
        let mut characters = part.chars();
        address.push_str(match characters.next()? {
            'A' => "0",
            'B' => ".",
            'C' => "/",
            'D' => "?",
            'E' => "-",
            'F' => "=",
            'G' => "&",
            'H' => ",",
            'I' => "_",
            'J' => "%",
            'K' => "+",
            'L' => "http://",
            'M' => "https://",
            'N' => ".com",
            'O' => ".co.uk",
            'P' => ";",
            'Q' => "|",
            'R' => ":",
            'S' => "www.",
            'T' => "#",
            'U' => "$",
            'V' => "~",
            'W' => "!",
            'X' => "(",
            'Y' => ")",
            _ => return None,
        });
        address.push_str(characters.as_str());
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://example.org/blog/feed.xml").expect("a URL")
    }

    #[test]
    fn references_become_absolute_or_nothing() {
        for (reference, expected) in [
            ("https://a.org/x?y#z", Some("https://a.org/x?y#z")),
            ("HTTP://A.org", Some("http://a.org/")),
            ("post/1", Some("https://example.org/blog/post/1")),
            ("/post/1", Some("https://example.org/post/1")),
            ("//cdn.example.org/a.png", Some("https://cdn.example.org/a.png")),
            ("?p=1", Some("https://example.org/blog/feed.xml?p=1")),
            (" \n https://a.org/x \t", Some("https://a.org/x")),
            ("https://a.org/x y", Some("https://a.org/x%20y")),
            ("www.a.org/x", Some("https://www.a.org/x")),
            ("https://a.org/\u{8}x", Some("https://a.org/x")),
            ("", None),
            ("  ", None),
            ("javascript:alert(1)", None),
            ("java\tscript:alert(1)", None),
            ("\u{1}javascript:alert(1)", None),
            ("java\0script:alert(1)", None),
            ("data:text/html,x", None),
            ("file:///etc/passwd", None),
            ("ftp://a.org/x", None),
            ("mailto:a@example.org", None),
            ("http://", None),
            ("https://[::1", None),
        ] {
            assert_eq!(resolve(&base(), reference).map(String::from).as_deref(), expected, "{reference:?}");
        }
    }

    #[test]
    fn an_address_that_no_server_takes_is_none() {
        assert!(resolve(&base(), &format!("/{}", "a".repeat(8000))).is_some());
        assert!(resolve(&base(), &format!("/{}", "a".repeat(9000))).is_none());
        assert!(resolve(&base(), &format!("/{}", "é".repeat(3000))).is_none());
    }

    #[test]
    fn mail_only_where_a_person_may_be_meant() {
        assert_eq!(resolve_or_mail(&base(), "mailto:a@b.org").map(String::from).as_deref(), Some("mailto:a@b.org"));
        assert_eq!(resolve_or_mail(&base(), "mailto:"), None);
        assert_eq!(resolve_or_mail(&base(), "javascript:1"), None);
    }

    #[test]
    fn an_xml_base_narrows_the_base() {
        for (xml_base, expected) in [
            (None, "https://example.org/blog/feed.xml"),
            (Some("https://a.org/x/"), "https://a.org/x/"),
            (Some("../images/"), "https://example.org/images/"),
            (Some("mailto:a@b.org"), "https://example.org/blog/feed.xml"),
        ] {
            assert_eq!(narrow(&base(), xml_base).as_str(), expected);
        }
    }

    #[test]
    fn proxied_links_are_unwrapped_when_they_spell_their_target_out() {
        for (link, expected) in [
            (
                "http://rss.feedsportal.com/c/1/f/2/s/3/l/0L0Sexample0Bde0Cnews0Ca0Eb0E130A50Bhtml0Dx0F1/story01.htm",
                "http://www.example.de/news/a-b-1305.html?x=1",
            ),
            (
                "http://rss.feedsportal.com/c/1/l/0L0Sexample0N0Ca0Zb/story01.htm",
                "http://rss.feedsportal.com/c/1/l/0L0Sexample0N0Ca0Zb/story01.htm",
            ),
            ("http://rss.feedsportal.com/c/1/mf.gif", "http://rss.feedsportal.com/c/1/mf.gif"),
            ("https://www.google.com/url?rct=j&url=https://example.org/a%3Fb%3D1&ct=ga", "https://example.org/a?b=1"),
            (
                "https://www.google.com/url?url=javascript:alert(1)",
                "https://www.google.com/url?url=javascript:alert(1)",
            ),
            ("https://www.google.com/search?q=https://a.org", "https://www.google.com/search?q=https://a.org"),
        ] {
            assert_eq!(unwrap_proxied(Url::parse(link).expect(link)).as_str(), expected);
        }
    }
}
