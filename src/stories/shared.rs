//! What entries of different sources may have in common.

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::same_text::Publisher;
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

/// Who publishes an entry: the site that its link is on; without a link the site that the source is asked at.
pub fn publisher(entry: &Entry, feed_url: &str) -> Publisher {
    let site_of = |address: &str| Url::parse(address).ok().and_then(|url| site(&url));
    let site = entry.link.as_deref().and_then(site_of).or_else(|| site_of(feed_url));
    Publisher::named(site.as_deref().unwrap_or(feed_url))
}

/// A hash of the key form of an entry's link.
pub fn link_hash(entry: &Entry) -> Option<u64> {
    let url = Url::parse(entry.link.as_deref()?).ok()?;
    Some(xxh3_64(link_key(&url).as_bytes()))
}

/// Whether the entry's text links to one of these links (by their [`link_hash`]): then it is a copy of what is there, and not the
/// original. Its own link is no such.
pub fn links_to(entry: &Entry, links: &[u64]) -> bool {
    let own = link_hash(entry);
    let texts = [entry.summary.as_deref(), entry.content.as_deref()];
    // The text went through the sanitiser: attributes are quoted, and no other has this name.
    let targets = texts.into_iter().flatten().flat_map(|html| html.split("href=\"").skip(1));
    let mut hashes = targets.filter_map(|rest| {
        let target = rest.split('"').next()?.replace("&amp;", "&");
        let url = Url::parse(&target).ok()?;
        Some(xxh3_64(link_key(&url).as_bytes()))
    });
    hashes.any(|hash| Some(hash) != own && links.contains(&hash))
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
    fn a_text_that_links_to_the_article_is_a_copy_of_it() {
        let original = link_hash(&entry("1", "https://gazette.example/talks?id=3")).into_iter().collect::<Vec<_>>();
        let mut copy = entry("2", "https://planet.example/9");
        copy.content =
            Some(r#"<p>As told <a href="http://www.gazette.example/talks?id=3&amp;utm_source=x">here</a></p>"#.into());
        assert!(links_to(&copy, &original));
        assert!(!links_to(&copy, &[1]));
        copy.link = Some("https://gazette.example/talks?id=3".into());
        assert!(!links_to(&copy, &original), "its own link");
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
