//! What a feed says of itself.

use url::Url;

use super::{
    dates::believable,
    entry::{alternate, categories, related},
    iri::is_absolute_iri,
    language_tag::language_tag,
    links,
    people::people,
    plain::{plain_line, plain_line_of_unknown},
};
use crate::model::{FeedMetadata, ParsedFeed, Text, TextKind};

/// What references in the feed are relative to (SAN-5).
///
/// The feed's own `xml:base` if it has one. Else, in Atom and JSON, where the document came from, as the standards say. RSS
/// says nothing; its items hold fragments of the site's pages, written to work there, while the document often comes from
/// another host that only serves feeds: so the channel's link, and where the document came from if there is none.
pub(super) fn base(feed: &ParsedFeed, document_base: &Url) -> Url {
    if let Some(base) = feed.base.as_deref().and_then(|base| links::resolve(document_base, base)) {
        return base;
    }
    let site = if is_rss(feed) { alternate(&feed.links, document_base) } else { None };
    site.unwrap_or_else(|| document_base.clone())
}

/// Only RSS leaves open what its texts are, and only RSS says whether a guid is a permalink.
fn is_rss(feed: &ParsedFeed) -> bool {
    let is_open = |text: &Option<Text>| text.as_ref().is_some_and(|text| text.kind == TextKind::Unknown);
    is_open(&feed.title)
        || feed
            .entries
            .iter()
            .any(|entry| entry.guid_is_permalink.is_some() || is_open(&entry.title) || is_open(&entry.summary))
}

pub(super) fn metadata(feed: &ParsedFeed, base: &Url) -> FeedMetadata {
    FeedMetadata {
        id: feed.id.as_deref().map(str::trim).filter(|id| is_absolute_iri(id)).map(str::to_owned),
        title: feed.title.as_ref().map(plain_line).unwrap_or_default(),
        site_url: alternate(&feed.links, base).map(String::from),
        self_url: related(&feed.links, "self", base).into_iter().next(),
        hubs: related(&feed.links, "hub", base),
        language: feed.language.as_deref().and_then(language_tag),
        rights: feed.rights.as_deref().and_then(plain_line_of_unknown),
        authors: people(&feed.authors, base),
        categories: categories(&feed.categories),
        updated: believable(feed.updated),
    }
}

/// The hosts that are the source's own: of the document, the feed's own address and its site.
pub(super) fn hosts(metadata: &FeedMetadata, document_base: &Url) -> Vec<String> {
    let host = |url: &String| Url::parse(url).ok()?.host_str().map(str::to_owned);
    let own = document_base.host_str().map(str::to_owned);
    let mut hosts: Vec<String> = own
        .into_iter()
        .chain(metadata.self_url.as_ref().and_then(host))
        .chain(metadata.site_url.as_ref().and_then(host))
        .collect();
    hosts.dedup();
    hosts
}
