//! Tracking parameters: which parts of a query or fragment say nothing about the article (URL-1, URL-2).

use std::{collections::HashMap, sync::LazyLock};

use url::{Url, form_urlencoded};

static LIST: LazyLock<List> = LazyLock::new(|| List::read(include_str!("tracking.txt")));

/// How far a link is to be cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    /// For the link that readers are given. `ref` goes when it names one of these hosts, the source's own.
    Serving(&'a [&'a str]),
    /// For comparing links only.
    Comparing,
    /// Only what these rules name.
    Only(&'a Rules),
}

/// The link without its tracking parameters, for readers to follow.
///
/// Parameters keep their order and their bytes, and a link that carries none comes back as it was. `site_hosts` are the
/// hosts of the source, of its feed and of its site: `ref` goes when it names one of them.
pub fn clean_link(link: &Url, site_hosts: &[&str]) -> Url {
    without_tracking(link, Purpose::Serving(site_hosts))
}

pub(super) fn without_tracking(link: &Url, purpose: Purpose<'_>) -> Url {
    let host = link.host_str().unwrap_or_default();
    let mut cleaned = link.clone();
    if let Some(query) = link.query()
        && let Some(kept) = keep_untracked(query, host, purpose)
    {
        cleaned.set_query(kept.as_deref());
    }
    if let Some(fragment) = link.fragment()
        && !is_route(fragment)
        && let Some(kept) = keep_untracked(fragment.trim_start_matches('?'), host, purpose)
    {
        cleaned.set_fragment(kept.as_deref());
    }
    cleaned
}

/// Whether a fragment is an address inside a site that is one page (`#!/story/12`, `#/story/12`) and so names the article.
pub(super) fn is_route(fragment: &str) -> bool {
    fragment.starts_with(['!', '/'])
}

/// `None` if nothing is tracked; else what is left, itself `None` if that is nothing.
fn keep_untracked(pairs: &str, host: &str, purpose: Purpose<'_>) -> Option<Option<String>> {
    let kept: Vec<&str> = pairs.split('&').filter(|pair| !is_tracking(pair, host, purpose)).collect();
    if kept.len() == pairs.split('&').count() {
        return None;
    }
    // A lone `;` or empty pair is what a removed neighbour leaves of `?&utm_source=…`.
    Some(kept.iter().any(|pair| !pair.is_empty()).then(|| kept.join("&")))
}

fn is_tracking(pair: &str, host: &str, purpose: Purpose<'_>) -> bool {
    let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else { return false };
    // An ampersand that was escaped once too often leaves its name on the next parameter.
    let name = name.strip_prefix("amp;").unwrap_or(&name).to_ascii_lowercase();
    let value = value.to_ascii_lowercase();
    let everywhere = || LIST.everywhere.covers(&name, &value, host);
    match purpose {
        Purpose::Only(rules) => rules.covers(&name, &value, host),
        Purpose::Serving(site_hosts) => everywhere() || name == "ref" && names_one_of(&value, site_hosts),
        Purpose::Comparing => {
            everywhere() || LIST.comparison.covers(&name, &value, host) || (name == "ref" && is_host_name(&value))
        }
    }
}

fn names_one_of(value: &str, hosts: &[&str]) -> bool {
    let bare = |host: &str| host.trim_start_matches("www.").to_ascii_lowercase();
    !value.is_empty() && hosts.iter().any(|host| bare(host) == bare(value))
}

fn is_host_name(value: &str) -> bool {
    psl::suffix(value.as_bytes()).is_some_and(|suffix| suffix.is_known())
        && value.contains('.')
        && value.chars().all(|character| character.is_ascii_alphanumeric() || "-.".contains(character))
}

/// Further tracking parameters, the admin's own: one rule each, as in the list that newsdesk has: `name`, `name*`, `name=value`,
/// and `name @site` for one site and its subdomains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackingRules(Rules);

impl TrackingRules {
    /// Whether a text is a rule: it names a parameter, and the site, if any, is a domain.
    pub fn is_rule(rule: &str) -> bool {
        let (parameter, site) = rule.split_once(" @").unwrap_or((rule, "a.example"));
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, "x"));
        let is_text = |text: &str| {
            !text.is_empty() && !text.contains(|letter: char| letter.is_whitespace() || "&#".contains(letter))
        };
        is_text(name)
            && is_text(value)
            && is_text(site)
            && !name.starts_with('*')
            && site.contains('.')
            && !site.contains(['/', '@', '*', ':'])
    }

    pub fn read<'a>(rules: impl IntoIterator<Item = &'a str>) -> Self {
        let mut read = Rules::default();
        rules.into_iter().for_each(|rule| read.add(&rule.trim().to_lowercase()));
        Self(read)
    }

    /// The link without these parameters.
    pub fn clean(&self, link: Url) -> Url {
        if self.0.named.is_empty() && self.0.prefixes.is_empty() {
            link
        } else {
            without_tracking(&link, Purpose::Only(&self.0))
        }
    }
}

#[derive(Default)]
struct List {
    everywhere: Rules,
    comparison: Rules,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rules {
    named: HashMap<String, Vec<Condition>>,
    prefixes: Vec<Prefix>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    prefix: String,
    site: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    value: Option<String>,
    site: Option<String>,
}

impl List {
    fn read(text: &str) -> Self {
        let mut list = Self::default();
        let mut comparing = false;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line {
                "[everywhere]" => comparing = false,
                "[comparison]" => comparing = true,
                rule if comparing => list.comparison.add(rule),
                rule => list.everywhere.add(rule),
            }
        }
        list
    }
}

impl Rules {
    fn add(&mut self, rule: &str) {
        let (parameter, site) = match rule.split_once(" @") {
            Some((parameter, site)) => (parameter.trim_end(), Some(site.trim().to_owned())),
            None => (rule, None),
        };
        match (parameter.split_once('='), parameter.strip_suffix('*')) {
            (Some((name, value)), _) => {
                self.named.entry(name.to_owned()).or_default().push(Condition { value: Some(value.to_owned()), site })
            }
            (None, Some(prefix)) => self.prefixes.push(Prefix { prefix: prefix.to_owned(), site }),
            (None, None) => self.named.entry(parameter.to_owned()).or_default().push(Condition { value: None, site }),
        }
    }

    /// `name` and `value` in lower case.
    fn covers(&self, name: &str, value: &str, host: &str) -> bool {
        let is_here = |site: &Option<String>| site.as_deref().is_none_or(|site| is_within(host, site));
        self.prefixes.iter().any(|rule| name.starts_with(&rule.prefix) && is_here(&rule.site))
            || self.named.get(name).is_some_and(|conditions| {
                conditions.iter().any(|condition| {
                    condition.value.as_deref().is_none_or(|pattern| matches_value(pattern, value))
                        && is_here(&condition.site)
                })
            })
    }
}

fn matches_value(pattern: &str, value: &str) -> bool {
    let (pattern, value) = match pattern.strip_suffix('*') {
        Some(prefix) => (prefix, value.get(..prefix.len()).unwrap_or(value)),
        None => (pattern, value),
    };
    pattern.len() == value.len()
        && pattern.bytes().zip(value.bytes()).all(|(p, v)| if p == b'?' { v.is_ascii_digit() } else { p == v })
}

fn is_within(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admins_own_parameters_go_too() {
        let rules = TrackingRules::read(["From @example.org", "kampagne*", "via=mail @a.net", "sid"]);
        for (link, expected) in [
            ("https://www.example.org/a?from=x&id=1", "https://www.example.org/a?id=1"),
            ("https://example.com/a?from=x", "https://example.com/a?from=x"),
            ("https://example.com/a?kampagne_2=x&SID=3&b", "https://example.com/a?b"),
            ("https://a.net/a?via=mail", "https://a.net/a"),
            ("https://a.net/a?via=post&utm_source=x", "https://a.net/a?via=post&utm_source=x"),
        ] {
            assert_eq!(rules.clean(Url::parse(link).expect(link)).as_str(), expected);
        }
        for rule in ["from", "from*", "a=b", "from @example.org", "a=b @x.example.org"] {
            assert!(TrackingRules::is_rule(rule), "{rule}");
        }
        for rule in ["", "*", "a b", "a&b", "=x", "a=", "from @", "from @example", "from @https://example.org/"] {
            assert!(!TrackingRules::is_rule(rule), "{rule}");
        }
    }

    fn clean(link: &str) -> String {
        clean_link(&Url::parse(link).expect(link), &["www.example.org", "feeds.example.net"]).to_string()
    }

    #[test]
    fn tracking_parameters_go_and_the_rest_stays_as_written() {
        for (what, link, expected) in [
            ("a prefix", "https://a.org/x?utm_source=rss&utm_medium=feed", "https://a.org/x"),
            ("in any letter case", "https://a.org/x?UTM_Source=rss&CMP=rss", "https://a.org/x"),
            ("percent-encoded name", "https://a.org/x?utm%5Fsource=rss&b=1", "https://a.org/x?b=1"),
            (
                "order and bytes of the rest",
                "https://a.org/x?z=%c3%a9&fbclid=1&a=+b&&c",
                "https://a.org/x?z=%c3%a9&a=+b&&c",
            ),
            ("escaped once too often", "https://a.org/x?id=1&amp;utm_source=rss", "https://a.org/x?id=1"),
            ("between two kept", "https://a.org/x?id=1&at_medium=RSS&p=2", "https://a.org/x?id=1&p=2"),
            ("only an empty pair left", "https://a.org/x?&utm_source=a", "https://a.org/x"),
            ("fragment", "https://a.org/x#xtor=RSS-1", "https://a.org/x"),
            ("fragment of several", "https://a.org/x#xtor=RSS-1&chapter=2", "https://a.org/x#chapter=2"),
            ("fragment as a query", "https://a.org/x#?utm_source=rss", "https://a.org/x"),
            ("value matters", "https://a.org/x?source=rss&partner=rss&rss=1", "https://a.org/x"),
            ("beginning of a value", "https://a.org/x?mod=rss_home", "https://a.org/x"),
            ("ref naming the site", "https://a.org/x?ref=example.org", "https://a.org/x"),
            ("ref naming the feed's host", "https://a.org/x?ref=feeds.example.net", "https://a.org/x"),
            ("one site's own", "https://www.dw.com/a?maca=en-rss", "https://www.dw.com/a"),
        ] {
            assert_eq!(clean(link), expected, "{what}");
        }
    }

    #[test]
    fn what_may_name_an_article_stays() {
        for link in [
            "https://a.org/x?id=1&p=2&v=abc&article=5&storyId=9",
            "https://a.org/x?ref=main",
            "https://a.org/x?ref=other.org",
            "https://a.org/x?ref_id=9",
            "https://a.org/x?ref_src=a",
            "https://a.org/x?source=interview&partner=nato&rss=2&s=how-to",
            "https://a.org/x?maca=en-rss",
            "https://notdw.com/x?maca=en-rss",
            "https://a.org/x?utmost=1&attempt=2&nsfw=1",
            "https://a.org/x#comments",
            "https://a.org/x#!/story/12",
            "https://a.org/x#!/story/12&utm_source=a",
            "https://a.org/x#/story?utm_source=a",
            "https://a.org/x?",
            "https://a.org/x?a=1&",
            "https://a.org/",
        ] {
            assert_eq!(clean(link), link);
        }
    }

    #[test]
    fn the_list_is_in_lower_case_and_holds_each_rule_once() {
        let rules: Vec<&str> = include_str!("tracking.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']))
            .collect();
        let distinct: std::collections::HashSet<_> = rules.iter().collect();
        assert_eq!(rules.len(), distinct.len());
        assert!(rules.iter().all(|rule| rule.to_ascii_lowercase() == **rule));
    }
}
