//! One item of a feed, made an entry.

use url::Url;

use super::{
    dates::believable,
    html::{Place, Sanitized, to_text},
    iri::is_absolute_iri,
    language::{Declarations, decide},
    links,
    people::people,
    plain::{html, plain_line, plain_line_of_unknown},
    tracking::{TrackingRules, clean_link},
};
use crate::model::{
    Category, Defect, EmbeddedSource, Enclosure, Entry, Link, ParsedEntry, ParsedSource, Text, TextKind,
};

/// A description without a content of its own is the article, not its summary, from this many bytes of text.
const ARTICLE: usize = 1500;

/// Publishers' own categories that are kept of an entry; more are search words for machines.
const MOST_CATEGORIES: usize = 64;

/// Enclosures that are kept of an entry.
const MOST_ENCLOSURES: usize = 32;

/// What holds for every entry of a document.
pub(super) struct Surroundings<'a> {
    /// What a base that an entry names is relative to.
    pub(super) document_base: &'a Url,
    /// What references are relative to where the entry names no base.
    pub(super) feed_base: &'a Url,
    /// The source's own hosts.
    pub(super) site_hosts: &'a [&'a str],
    pub(super) tracking: &'a TrackingRules,
    pub(super) configured_language: Option<&'a str>,
    pub(super) feed_language: Option<&'a str>,
    pub(super) languages: &'a [String],
}

/// The entry, and what had to be left out of it (told of the item at `position` in the document).
pub(super) fn normalize_entry(
    parsed: ParsedEntry,
    position: usize,
    around: &Surroundings<'_>,
    defects: &mut Vec<Defect>,
) -> Entry {
    let mut report = |message: String| defects.push(Defect { entry: Some(position), message });
    let own_base = parsed.base.as_deref().map(|base| links::narrow(around.document_base, Some(base)));
    let base = own_base.as_ref().unwrap_or(around.feed_base);
    let guid = parsed.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty()).map(str::to_owned);
    let link = article_link(&parsed, guid.as_deref(), base)
        .map(|link| around.tracking.clean(clean_link(&link, around.site_hosts)));
    if link.is_none()
        && let Some(written) = parsed.links.iter().find(|link| relation(link) == "alternate" && !link.href.is_empty())
    {
        report(format!("the link {} is not an http or https address: left out", quoted(&written.href)));
    }
    let mut fragment = |text: &Option<Text>, what: &str| {
        let text = text.as_ref()?;
        let base = links::narrow(base, text.base.as_deref());
        let Sanitized { html, cut } = html(text, Place { base: &base, page: link.as_ref() })?;
        if cut {
            report(format!("the {what} is larger than is kept: its end was cut"));
        }
        Some(html)
    };
    let is_description = parsed.summary.as_ref().is_some_and(|text| text.kind == TextKind::Unknown);
    let (summary, content) =
        share_out(fragment(&parsed.summary, "summary"), fragment(&parsed.content, "content"), is_description);
    let title = parsed.title.as_ref().map(plain_line).unwrap_or_default();
    let declared = Declarations {
        entry: parsed.language.as_deref(),
        configured: around.configured_language,
        feed: around.feed_language,
    };
    let body = || to_text(content.as_deref().or(summary.as_deref()).unwrap_or_default());
    let language = decide(&declared, || format!("{title} {}", body()), around.languages);
    Entry {
        guid,
        link: link.map(String::from),
        title,
        language,
        authors: people(&parsed.authors, base),
        contributors: people(&parsed.contributors, base),
        categories: categories(&parsed.categories),
        enclosures: enclosures(&parsed.links, base),
        published: believable(parsed.published),
        updated: believable(parsed.updated),
        rights: parsed.rights.as_deref().and_then(plain_line_of_unknown),
        source: parsed.source.and_then(|source| embedded_source(source, base)),
        summary,
        content,
    }
}

/// Each text once: equal ones are the content, and a description that is long enough is the article itself.
fn share_out(
    summary: Option<String>,
    content: Option<String>,
    is_description: bool,
) -> (Option<String>, Option<String>) {
    match (summary, content) {
        (Some(summary), Some(content)) if summary == content => (None, Some(content)),
        (Some(summary), None) if is_description && summary.len() >= ARTICLE && to_text(&summary).len() >= ARTICLE => {
            (None, Some(summary))
        }
        as_given => as_given,
    }
}

/// Where the article is: the publisher's own address behind a proxied link, else the link for readers, else the guid if that
/// is said to be one (ID-2, URL-4).
fn article_link(parsed: &ParsedEntry, guid: Option<&str>, base: &Url) -> Option<Url> {
    let original = parsed.original_link.as_deref().and_then(absolute);
    let permalink = || {
        let is_permalink = parsed.guid_is_permalink == Some(true);
        guid.filter(|_| is_permalink).and_then(absolute)
    };
    let link = original.or_else(|| alternate(&parsed.links, base)).map(links::unwrap_proxied);
    match link {
        Some(proxied) if links::is_proxied(&proxied) => permalink().or(Some(proxied)),
        Some(link) => Some(link),
        None => permalink(),
    }
}

/// The URL, if the text is an absolute one and http or https: nothing is resolved.
fn absolute(text: &str) -> Option<Url> {
    Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The link to a page for readers, rather than to other representations.
pub(super) fn alternate(links: &[Link], base: &Url) -> Option<Url> {
    links
        .iter()
        .filter(|link| relation(link) == "alternate")
        .filter_map(|link| Some((preference(link.media_type.as_deref()), links::resolve(base, &link.href)?)))
        .min_by_key(|(preference, _)| *preference)
        .map(|(_, url)| url)
}

fn preference(media_type: Option<&str>) -> u8 {
    match media_type.map(|media_type| media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()) {
        Some(html) if matches!(html.as_str(), "text/html" | "application/xhtml+xml") => 0,
        None => 1,
        Some(_) => 2,
    }
}

/// The relation's registered name in lower case, also when it is spelt out as an IRI (RFC 4287 §4.2.7.2).
pub(super) fn relation(link: &Link) -> String {
    let name = link.rel.trim().to_ascii_lowercase();
    match name.strip_prefix("http://www.iana.org/assignments/relation/") {
        Some(registered) => registered.to_owned(),
        None => name,
    }
}

fn enclosures(links: &[Link], base: &Url) -> Vec<Enclosure> {
    let mut kept: Vec<Enclosure> = Vec::new();
    for link in links.iter().filter(|link| relation(link) == "enclosure") {
        let Some(url) = links::resolve(base, &link.href).map(String::from) else { continue };
        if kept.len() < MOST_ENCLOSURES && kept.iter().all(|enclosure| enclosure.url != url) {
            kept.push(Enclosure {
                url,
                media_type: link.media_type.as_deref().and_then(media_type),
                length: link.length,
            });
        }
    }
    kept
}

/// The type in lower case and without parameters, if it has the form of one (RFC 6838 §4.2).
fn media_type(written: &str) -> Option<String> {
    let media_type = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    media_type.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype)).then_some(media_type)
}

/// Terms on one line, none empty and none twice in the same scheme, whatever their letter case.
pub(super) fn categories(parsed: &[Category]) -> Vec<Category> {
    let mut kept: Vec<Category> = Vec::new();
    for category in parsed {
        let label = category.label.as_deref().and_then(plain_line_of_unknown);
        let Some(term) = plain_line_of_unknown(&category.term).or_else(|| label.clone()) else { continue };
        let scheme =
            category.scheme.as_deref().map(str::trim).filter(|scheme| is_absolute_iri(scheme)).map(str::to_owned);
        let is_known =
            kept.iter().any(|known| known.scheme == scheme && known.term.to_lowercase() == term.to_lowercase());
        if !is_known && kept.len() < MOST_CATEGORIES {
            kept.push(Category { label: label.filter(|label| *label != term), term, scheme });
        }
    }
    kept
}

/// What the entry says of the feed it was first published in; `None` if that is nothing.
fn embedded_source(parsed: ParsedSource, base: &Url) -> Option<EmbeddedSource> {
    let source = EmbeddedSource {
        id: parsed.id.as_deref().map(str::trim).filter(|id| is_absolute_iri(id)).map(str::to_owned),
        title: parsed.title.as_deref().and_then(plain_line_of_unknown),
        feed_url: related(&parsed.links, "self", base).into_iter().next(),
        site_url: alternate(&parsed.links, base).map(String::from),
        updated: believable(parsed.updated),
        rights: parsed.rights.as_deref().and_then(plain_line_of_unknown),
        authors: people(&parsed.authors, base),
    };
    (source != EmbeddedSource::default()).then_some(source)
}

/// Every link of a relation, absolute, each once.
pub(super) fn related(links: &[Link], wanted: &str, base: &Url) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for link in links.iter().filter(|link| relation(link) == wanted) {
        if let Some(url) = links::resolve(base, &link.href).map(String::from)
            && !found.contains(&url)
        {
            found.push(url);
        }
    }
    found
}

/// For the admin's log: control characters escaped, and no longer than a line.
fn quoted(text: &str) -> String {
    format!("{:?}", super::characters::prefix(text, 120))
}
