//! A topic as an Atom feed (RFC 4287).

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    edition::Rendered,
    frame::FeedFrame,
    gather::{EditionStory, Related, SourceDescription},
    xml::Xml,
};
use crate::{
    model::{Category, Person},
    normalize::is_absolute_iri,
};

/// The media type of a link to an Atom feed.
pub(super) const ATOM: &str = "application/atom+xml";

pub(super) const MEDIA_TYPE: &str = "application/atom+xml; charset=utf-8";

/// Renders the feed. The same frame and stories give the same bytes.
pub fn render(frame: &FeedFrame, stories: &[EditionStory]) -> Rendered {
    let mut links =
        vec![("self", Some(ATOM), frame.atom_url.as_str()), ("alternate", Some("text/html"), frame.page_url.as_str())];
    links.extend(frame.hub_url.as_deref().map(|url| ("hub", None, url)));
    links.extend(frame.prev_archive.as_deref().map(|url| ("prev-archive", Some(ATOM), url)));
    let mut xml = begin(frame, &[], &links);
    let mut entries = Vec::with_capacity(stories.len());
    for story in stories {
        let start = xml.length();
        entry(&mut xml, frame, story);
        entries.push(start..xml.length());
    }
    xml.close("feed");
    Rendered { bytes: xml.finish(), entries }
}

/// What stands before a feed's entries, but for elements that are not Atom's. `links` are relation, media type, where
/// it is known, and address.
pub(super) fn begin(frame: &FeedFrame, namespaces: &[(&str, &str)], links: &[(&str, Option<&str>, &str)]) -> Xml {
    let mut xml = Xml::new();
    let mut attributes = vec![("xmlns", "http://www.w3.org/2005/Atom")];
    attributes.extend_from_slice(namespaces);
    if let Some(language) = &frame.language {
        attributes.push(("xml:lang", language));
    }
    xml.open("feed", &attributes);
    xml.text("id", &[], &frame.id);
    xml.text("title", &[], &frame.title);
    if let Some(description) = &frame.description {
        xml.text("subtitle", &[], description);
    }
    xml.text("updated", &[], &time(frame.updated));
    for (relation, media_type, address) in links {
        let media_type = media_type.map(|media_type| ("type", media_type));
        let attributes: Vec<_> =
            [("rel", *relation)].into_iter().chain(media_type).chain([("href", *address)]).collect();
        xml.empty("link", &attributes);
    }
    xml.text("generator", &[("version", env!("CARGO_PKG_VERSION"))], "newsdesk");
    xml
}

pub(super) fn entry(xml: &mut Xml, frame: &FeedFrame, story: &EditionStory) {
    match &story.language {
        Some(language) => xml.open("entry", &[("xml:lang", language)]),
        None => xml.open("entry", &[]),
    }
    xml.text("id", &[], &story.id);
    title(xml, &story.title);
    xml.text("published", &[], &time(story.published));
    xml.text("updated", &[], &time(story.updated));
    people(xml, "author", &story.authors);
    people(xml, "contributor", &story.contributors);
    if let Some(link) = &story.link {
        xml.empty("link", &[("rel", "alternate"), ("href", link)]);
    }
    xml.empty("link", &[("rel", "via"), ("href", &story.via)]);
    for related in story.related.iter().chain(&story.same_event) {
        link_related(xml, related);
    }
    for enclosure in &story.enclosures {
        let length = enclosure.length.map(|length| length.to_string());
        let mut attributes = vec![("rel", "enclosure"), ("href", enclosure.url.as_str())];
        attributes.extend(enclosure.media_type.as_deref().filter(|t| is_media_type(t)).map(|t| ("type", t)));
        attributes.extend(length.as_deref().map(|length| ("length", length)));
        xml.empty("link", &attributes);
    }
    for topic in &story.topics {
        let label = frame.topic_titles.get(topic).map_or(topic.as_str(), String::as_str);
        let attributes = [("term", topic.as_str()), ("scheme", frame.topic_scheme.as_str()), ("label", label)];
        xml.empty("category", &attributes);
    }
    categories(xml, &story.categories);
    if let Some(rights) = &story.rights {
        xml.text("rights", &[], rights);
    }
    text(xml, story);
    // Last, because some readers take the source's title and links for the entry's own if they come first.
    source(xml, &story.source);
    xml.close("entry");
}

pub(super) fn link_related(xml: &mut Xml, related: &Related) {
    xml.empty("link", &[("rel", "related"), ("href", &related.link), ("title", &related.title)]);
}

/// A title is plain text. One that might be taken for markup (`<b>`, `AT&T`) is sent as HTML with those characters escaped: the
/// same text, beyond doubt.
fn title(xml: &mut Xml, title: &str) {
    if title.contains(['<', '&']) {
        xml.text("title", &[("type", "html")], &quick_xml::escape::partial_escape(title));
    } else {
        xml.text("title", &[], title);
    }
}

/// What the entry says. One without a link must have content, a summary alone is not enough; and one that says nothing says
/// its title (RFC 4287 §4.1.1.1, §4.1.2).
fn text(xml: &mut Xml, story: &EditionStory) {
    match (&story.summary, &story.content) {
        (Some(summary), None) if story.link.is_none() => xml.text("content", &[("type", "html")], summary),
        (Some(summary), content) => {
            xml.text("summary", &[("type", "html")], summary);
            if let Some(content) = content {
                xml.text("content", &[("type", "html")], content);
            }
        }
        (None, Some(content)) => xml.text("content", &[("type", "html")], content),
        (None, None) if story.link.is_none() => xml.text("content", &[], &story.title),
        (None, None) => xml.text("summary", &[], &story.title),
    }
}

fn source(xml: &mut Xml, source: &SourceDescription) {
    xml.open("source", &[]);
    xml.text("id", &[], &source.id);
    xml.text("title", &[], &source.title);
    xml.text("updated", &[], &time(source.updated));
    if let Some(url) = &source.feed_url {
        xml.empty("link", &[("rel", "self"), ("href", url)]);
    }
    if let Some(url) = &source.site_url {
        xml.empty("link", &[("rel", "alternate"), ("href", url)]);
    }
    people(xml, "author", &source.authors);
    categories(xml, &source.categories);
    if let Some(rights) = &source.rights {
        xml.text("rights", &[], rights);
    }
    xml.close("source");
}

fn people(xml: &mut Xml, element: &str, people: &[Person]) {
    for person in people {
        xml.open(element, &[]);
        xml.text("name", &[], &person.name);
        if let Some(uri) = person.uri.as_deref().filter(|uri| is_absolute_iri(uri)) {
            xml.text("uri", &[], uri);
        }
        if let Some(email) = person.email.as_deref().filter(|email| is_address(email)) {
            xml.text("email", &[], email);
        }
        xml.close(element);
    }
}

fn categories(xml: &mut Xml, categories: &[Category]) {
    for category in categories {
        let mut attributes = vec![("term", category.term.as_str())];
        attributes.extend(category.scheme.as_deref().filter(|scheme| is_absolute_iri(scheme)).map(|s| ("scheme", s)));
        attributes.extend(category.label.as_deref().map(|label| ("label", label)));
        xml.empty("category", &attributes);
    }
}

/// RFC 3339 with a capital T and Z, as RFC 4287 §3.3 wants it.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `type/subtype`, parameters aside, of token characters (RFC 9110 §8.3.1).
pub(super) fn is_media_type(text: &str) -> bool {
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// Something `@` something with a dot, without blanks: enough for RFC 4287 §3.2.3.
fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&b))
            && domain.split('.').all(|label| !label.is_empty())
            && !domain.contains('@')
    })
}
