//! What entries of different sources may have in common.

use url::Url;

use crate::{
    model::{Entry, FeedMetadata},
    normalize::{is_absolute_iri, link_key},
    store::{Originality, SharedKey},
};

/// The keys under which copies of this entry would be found at other sources.
///
/// A link to a site's front page is none: it is where an entry without a page of its own points. The publisher's id counts
/// only together with the site its link is on, for anybody may claim anybody's id.
pub fn shared_keys(entry: &Entry) -> Vec<SharedKey> {
    let Some(url) = entry.link.as_deref().and_then(|link| Url::parse(link).ok()) else { return Vec::new() };
    let mut keys = Vec::with_capacity(2);
    if !url.path().trim_matches('/').is_empty() || url.query().is_some_and(|query| !query.is_empty()) {
        keys.push(SharedKey::link(&link_key(&url)));
    }
    if let (Some(id), Some(site)) = (entry.guid.as_deref().filter(|id| is_absolute_iri(id)), site(&url)) {
        keys.push(SharedKey::atom_id(id, &site));
    }
    keys
}

/// How far the entry's link is its source's own. What the admin configured (`feed_url`) proves it; the feed's own word on its
/// site is only a claim, for anybody may name anybody's site.
pub fn originality(entry: &Entry, feed: &FeedMetadata, feed_url: &str) -> Originality {
    let site_of = |address: &str| Url::parse(address).ok().and_then(|url| site(&url));
    let Some(link_site) = entry.link.as_deref().and_then(site_of) else { return Originality::Own };
    let claimed = [feed.site_url.as_deref(), feed.self_url.as_deref()];
    if site_of(feed_url).as_ref() == Some(&link_site) {
        Originality::Own
    } else if claimed.into_iter().flatten().filter_map(site_of).any(|site| site == link_site) {
        Originality::Claimed
    } else {
        Originality::Elsewhere
    }
}

/// The registrable domain, or the address where there is no name.
fn site(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(psl::domain_str(host).unwrap_or(host).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(guid: &str, link: &str) -> Entry {
        Entry { guid: Some(guid.into()), link: Some(link.into()), ..Entry::default() }
    }

    #[test]
    fn the_same_article_under_other_spellings_shares_a_key() {
        let a = shared_keys(&entry("1", "https://www.example.org/story/1"));
        let b = shared_keys(&entry("2", "http://example.org/story/1/"));
        assert!(a.iter().any(|key| b.contains(key)));
    }

    #[test]
    fn a_front_page_is_nobodys_article() {
        assert_eq!(shared_keys(&entry("1", "https://example.org/")), []);
        assert_eq!(shared_keys(&entry("1", "https://example.org/?p=3")).len(), 1);
    }

    #[test]
    fn an_id_counts_only_on_its_own_site() {
        let own = shared_keys(&entry("tag:example.org,2026:1", "https://example.org/a"));
        let feed = shared_keys(&entry("tag:example.org,2026:1", "https://m.example.org/b"));
        let hostile = shared_keys(&entry("tag:example.org,2026:1", "https://other.example/c"));
        assert!(own.iter().any(|key| feed.contains(key)));
        assert!(!own.iter().any(|key| hostile.contains(key)));
    }

    #[test]
    fn an_aggregators_entry_is_not_original() {
        let feed = FeedMetadata { site_url: Some("https://news.example.org/".into()), ..FeedMetadata::default() };
        let of = |link, feed_url| originality(&entry("1", link), &feed, feed_url);
        assert_eq!(of("https://www.example.org/a", "https://example.org/feed"), Originality::Own);
        assert_eq!(of("https://www.example.org/a", "https://feeds.example.net/feed"), Originality::Claimed);
        assert_eq!(of("https://elsewhere.example/a", "https://example.org/feed"), Originality::Elsewhere);
    }
}
