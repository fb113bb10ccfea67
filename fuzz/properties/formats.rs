//! Documents of ours as programs that have nothing of us read them.

use std::collections::BTreeSet;

use chrono::DateTime;
use roxmltree::{Document, Node};
use serde_json::Value;
use url::Url;

use super::{
    markup::{check_fragment, check_page},
    strict::read_atom,
};

/// The ids of a document's entries. An error if it is not what its address says that it is.
pub(super) fn check(target: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let path = target.split('?').next().unwrap_or_default();
    match path.rsplit_once('.').map(|(_, format)| format) {
        Some("atom") => atom(text),
        Some("rss") => rss(text),
        Some("json") => json(text),
        Some("opml") => opml(text).map(|()| Vec::new()),
        _ => check_page(text).map(|()| Vec::new()),
    }
}

fn xml(text: &str) -> Result<Document<'_>, String> {
    Document::parse(text).map_err(|error| error.to_string())
}

fn atom(text: &str) -> Result<Vec<String>, String> {
    let ids: Vec<String> = read_atom(text.as_bytes())?.entries.into_iter().map(|entry| entry.id).collect();
    let document = xml(text)?;
    for node in document.descendants().filter(Node::is_element) {
        let inside = node.text().unwrap_or_default();
        match node.tag_name().name() {
            "updated" | "published" => {
                DateTime::parse_from_rfc3339(inside).map_err(|error| format!("{inside}: {error}"))?;
            }
            // RFC 4287 §4.2.6: an IRI with a scheme.
            "id" => drop(Url::parse(inside).map_err(|error| format!("the id {inside:?}: {error}"))?),
            // Its value is an IRI as well (§3.2.2).
            "uri" => is_followable(inside)?,
            _ => {}
        }
        if node.attribute("type") == Some("html") {
            check_fragment(inside)?;
        }
    }
    is_read_by_others(text, ids.len())?;
    Ok(ids)
}

fn rss(text: &str) -> Result<Vec<String>, String> {
    let document = xml(text)?;
    let channel = document.root_element().first_element_child().filter(|channel| channel.has_tag_name("channel"));
    let channel = channel.ok_or("no channel")?;
    for name in ["title", "link", "description"] {
        child(channel, name).ok_or_else(|| format!("no {name}"))?;
    }
    let mut ids = Vec::new();
    for item in channel.children().filter(|node| node.has_tag_name("item")) {
        if child(item, "title").is_none() && child(item, "description").is_none() {
            return Err("an item that says nothing".into());
        }
        ids.push(child(item, "guid").ok_or("an item without guid")?.to_owned());
        child(item, "link").map_or(Ok(()), is_followable)?;
        if let Some(date) = child(item, "pubDate") {
            DateTime::parse_from_rfc2822(date).map_err(|error| format!("{date}: {error}"))?;
        }
        for node in item.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "description" | "encoded" => check_fragment(node.text().unwrap_or_default())?,
                "enclosure" => {
                    is_followable(node.attribute("url").unwrap_or_default())?;
                    let length = node.attribute("length").unwrap_or_default();
                    length.parse::<u64>().map_err(|error| format!("an enclosure of {length:?} octets: {error}"))?;
                    node.attribute("type").filter(|kind| kind.contains('/')).ok_or("an enclosure without type")?;
                }
                _ => {}
            }
        }
    }
    are_distinct(&ids)?;
    is_read_by_others(text, ids.len())?;
    Ok(ids)
}

fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.children().find(|child| child.is_element() && child.tag_name().name() == name)?;
    Some(found.text().unwrap_or_default()).filter(|text| !text.trim().is_empty())
}

/// JSON Feed 1.1.
fn json(text: &str) -> Result<Vec<String>, String> {
    let feed: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if feed["version"] != "https://jsonfeed.org/version/1.1" || !feed["title"].is_string() {
        return Err("no JSON Feed".into());
    }
    let mut ids = Vec::new();
    for item in feed["items"].as_array().ok_or("no items")? {
        ids.push(item["id"].as_str().filter(|id| !id.is_empty()).ok_or("an item without id")?.to_owned());
        if item["content_html"].as_str().or(item["content_text"].as_str()).is_none() {
            return Err("an item without content".into());
        }
        item["content_html"].as_str().map_or(Ok(()), check_fragment)?;
        for address in [&item["url"], &item["external_url"], &item["image"], &item["banner_image"]] {
            address.as_str().map_or(Ok(()), is_followable)?;
        }
        for attachment in item["attachments"].as_array().into_iter().flatten() {
            is_followable(attachment["url"].as_str().unwrap_or_default())?;
            attachment["mime_type"].as_str().ok_or("an attachment without mime_type")?;
        }
        for author in item["authors"].as_array().into_iter().flatten() {
            author["url"].as_str().map_or(Ok(()), is_followable)?;
        }
        for date in [&item["date_published"], &item["date_modified"]].into_iter().filter_map(|date| date.as_str()) {
            DateTime::parse_from_rfc3339(date).map_err(|error| format!("{date}: {error}"))?;
        }
    }
    are_distinct(&ids)?;
    Ok(ids)
}

fn opml(text: &str) -> Result<(), String> {
    let document = xml(text)?;
    let mut addresses = document.descendants().flat_map(|node| [node.attribute("xmlUrl"), node.attribute("htmlUrl")]);
    addresses.try_for_each(|address| address.map_or(Ok(()), is_followable))
}

fn are_distinct(ids: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    ids.iter().find(|id| !seen.insert(*id)).map_or(Ok(()), |id| Err(format!("two have the id {id}")))
}

fn is_followable(address: &str) -> Result<(), String> {
    match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "mailto") => Ok(()),
        _ => Err(format!("an address {address:?}")),
    }
}

/// A reader that is not ours finds as many entries.
fn is_read_by_others(text: &str, entries: usize) -> Result<(), String> {
    let feed = feed_rs::parser::parse(text.as_bytes()).map_err(|error| format!("feed-rs: {error}"))?;
    if feed.entries.len() == entries { Ok(()) } else { Err(format!("feed-rs finds {} entries", feed.entries.len())) }
}
