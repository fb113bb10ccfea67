//! Drafts as Atom (RFC 4287), in the few forms that are read back without loss: escaped text, absolute plainness, no prefix.

use quick_xml::escape::escape;

use super::draft::{Draft, DraftText};
use crate::model::{Category, Link, Person, TextKind};

/// The document up to its first entry.
pub fn head(feed: &Draft) -> String {
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">");
    element(&mut xml, "id", feed.id.get().map(|(id, _)| id.as_str()));
    shared(&mut xml, feed);
    xml
}

/// One entry, its position for an id.
pub fn entry(item: &Draft, position: usize) -> String {
    let mut xml = String::from("<entry>");
    element(&mut xml, "id", Some(&position.to_string()));
    shared(&mut xml, item);
    element(&mut xml, "published", item.published.get().map(|date| date.written.as_str()));
    text(&mut xml, "summary", item.summary.get());
    text(&mut xml, "content", item.content.get());
    xml.push_str("</entry>");
    xml
}

fn shared(xml: &mut String, draft: &Draft) {
    text(xml, "title", draft.title.get());
    element(xml, "updated", draft.updated.get().map(|date| date.written.as_str()));
    text(xml, "rights", draft.rights.get());
    for link in &draft.links {
        self::link(xml, link);
    }
    for author in &draft.authors {
        person(xml, "author", author);
    }
    for contributor in &draft.contributors {
        person(xml, "contributor", contributor);
    }
    for category in &draft.categories {
        self::category(xml, category);
    }
}

fn text(xml: &mut String, name: &str, text: Option<&DraftText>) {
    let Some(text) = text else { return };
    let form = if text.kind == TextKind::Html { "html" } else { "text" };
    xml.extend(["<", name, " type=\"", form, "\">"]);
    characters(xml, &text.value);
    xml.extend(["</", name, ">"]);
}

fn element(xml: &mut String, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    xml.extend(["<", name, ">"]);
    characters(xml, value);
    xml.extend(["</", name, ">"]);
}

fn person(xml: &mut String, name: &str, person: &Person) {
    xml.extend(["<", name, ">"]);
    element(xml, "name", Some(&person.name));
    element(xml, "uri", person.uri.as_deref());
    element(xml, "email", person.email.as_deref());
    xml.extend(["</", name, ">"]);
}

fn link(xml: &mut String, link: &Link) {
    xml.push_str("<link");
    let length = link.length.map(|length| length.to_string());
    attribute(xml, "href", Some(&link.href));
    attribute(xml, "rel", Some(&link.rel));
    attribute(xml, "type", link.media_type.as_deref());
    attribute(xml, "hreflang", link.hreflang.as_deref());
    attribute(xml, "title", link.title.as_deref());
    attribute(xml, "length", length.as_deref());
    xml.push_str("/>");
}

fn category(xml: &mut String, category: &Category) {
    xml.push_str("<category");
    attribute(xml, "term", Some(&category.term));
    attribute(xml, "scheme", category.scheme.as_deref());
    attribute(xml, "label", category.label.as_deref());
    xml.push_str("/>");
}

fn attribute(xml: &mut String, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    xml.extend([" ", name, "=\"", &escape(value), "\""]);
}

/// CDATA is shorter to write and quicker to read than escaped markup.
fn characters(xml: &mut String, text: &str) {
    if !text.contains(['<', '>', '&']) {
        xml.push_str(text);
        return;
    }
    xml.push_str("<![CDATA[");
    let mut pieces = text.split("]]>");
    xml.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        xml.extend(["]]]]><![CDATA[>", piece]);
    }
    xml.push_str("]]>");
}
