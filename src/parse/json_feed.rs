//! JSON Feed 1.0 and 1.1 (jsonfeed.org), read from the JSON tree: feed-rs refuses a whole feed for one number where it
//! expects a string, so that there is nothing to gain by going through it.

use serde::Deserialize;
use serde_json::{Deserializer, Map, Value};

use super::{ParseError, ParseLimits, dates::parse_date, decode::legal, person::add_person};
use crate::model::{Category, Defect, Link, ParsedEntry, ParsedFeed, Person, Text, TextKind};

/// Reads a JSON Feed; one cut off half-way gives the items before the cut.
pub fn parse(text: &str, limits: &ParseLimits) -> Result<ParsedFeed, ParseError> {
    let mut defects = Vec::new();
    let tree = read(text).or_else(|reason| {
        let unreadable = || ParseError::Unreadable { reason: format!("it begins like JSON, but {reason}") };
        let saved = last_items_end(text, &reason).and_then(|saved| read(&saved).ok()).ok_or_else(unreadable)?;
        defects.push(defect(None, format!("the JSON is broken: {reason}; the items before were kept")));
        Ok(saved)
    })?;
    let not_a_feed = |found: &str| Err(ParseError::NotAFeed { found: found.to_owned() });
    let Value::Object(feed) = &tree else { return not_a_feed("a JSON document that is no object") };
    let Some(Value::Array(items)) = feed.get("items") else { return not_a_feed("a JSON document without `items`") };

    let mut parsed = ParsedFeed {
        title: text_of(feed, "title", TextKind::Plain),
        language: string(feed, "language"),
        authors: authors(feed),
        links: feed_links(feed),
        defects,
        ..ParsedFeed::default()
    };
    for (position, item) in items.iter().enumerate() {
        match item.as_object().and_then(|item| entry(item, position, &mut parsed.defects)) {
            Some(entry) => parsed.entries.push(entry),
            None => parsed
                .defects
                .push(defect(Some(position), "the item has no id, no address and no text; it was left out".to_owned())),
        }
    }
    keep_newest(&mut parsed, limits.entries);
    Ok(parsed)
}

/// Reads one JSON value and leaves what follows it.
fn read(text: &str) -> Result<Value, serde_json::Error> {
    Value::deserialize(&mut Deserializer::from_str(text))
}

fn entry(item: &Map<String, Value>, position: usize, defects: &mut Vec<Defect>) -> Option<ParsedEntry> {
    let guid = string(item, "id");
    let (url, external) = (string(item, "url"), string(item, "external_url"));
    let mut links = Vec::new();
    match (url, external) {
        (Some(url), external) => {
            links.push(link(url, "alternate"));
            links.extend(
                external.filter(|external| *external != links[0].href).map(|external| link(external, "related")),
            );
        }
        // A link blog's item is about the page elsewhere.
        (None, external) => links.extend(external.map(|external| link(external, "alternate"))),
    }
    let html = text_of(item, "content_html", TextKind::Html);
    let plain = text_of(item, "content_text", TextKind::Plain);
    let title = text_of(item, "title", TextKind::Plain);
    let summary = text_of(item, "summary", TextKind::Plain);
    let content = html.or(plain);
    if guid.is_none() {
        if links.is_empty() && title.is_none() && content.is_none() && summary.is_none() {
            return None;
        }
        let reason = match item.get("id") {
            None => "has no id",
            Some(Value::String(_)) => "has a blank id",
            Some(_) => "has an id that is neither text nor a number",
        };
        defects.push(defect(Some(position), format!("the item {reason}; it is known by its address or text instead")));
    }
    links.extend(items(item, "attachments").filter_map(attachment));
    let mut date = |name: &str| {
        let written = string(item, name)?;
        let date = parse_date(&written);
        if date.is_none() {
            let written = super::mend::excerpt(&written);
            defects.push(defect(Some(position), format!("`{name}` cannot be read (`{written}`); it was left out")));
        }
        date
    };
    let (published, updated) = (date("date_published"), date("date_modified"));
    Some(ParsedEntry {
        guid,
        title,
        summary,
        content,
        links,
        authors: authors(item),
        categories: strings(item, "tags").map(|term| Category { term, ..Category::default() }).collect(),
        published,
        updated,
        language: string(item, "language"),
        ..ParsedEntry::default()
    })
}

fn feed_links(feed: &Map<String, Value>) -> Vec<Link> {
    let named = [("home_page_url", "alternate"), ("feed_url", "self"), ("next_url", "next")];
    let mut links: Vec<_> = named.into_iter().filter_map(|(name, rel)| Some(link(string(feed, name)?, rel))).collect();
    let hubs =
        items(feed, "hubs").filter(|hub| string(hub, "type").is_none_or(|kind| kind.eq_ignore_ascii_case("websub")));
    links.extend(hubs.filter_map(|hub| Some(link(string(hub, "url")?, "hub"))));
    links
}

fn attachment(attachment: &Map<String, Value>) -> Option<Link> {
    Some(Link {
        media_type: string(attachment, "mime_type"),
        title: string(attachment, "title"),
        length: string(attachment, "size_in_bytes").and_then(|length| length.parse().ok()),
        ..link(string(attachment, "url")?, "enclosure")
    })
}

/// `authors` of version 1.1 and `author` of 1.0, either of which may hold one object, several, or a name.
fn authors(object: &Map<String, Value>) -> Vec<Person> {
    let mut authors = Vec::new();
    for value in ["authors", "author"].into_iter().filter_map(|name| object.get(name)).flat_map(one_or_many) {
        let author = match value {
            Value::Object(author) => {
                let uri = string(author, "url");
                let name = string(author, "name").or_else(|| uri.clone());
                name.map(|name| Person { name, uri, email: None })
            }
            other => text(other).map(|name| Person { name, uri: None, email: None }),
        };
        if let Some(author) = author {
            add_person(&mut authors, author);
        }
    }
    authors
}

fn link(href: String, rel: &str) -> Link {
    Link { href, rel: rel.to_owned(), ..Link::default() }
}

fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    }
}

fn items<'a>(object: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    object.get(name).map(one_or_many).unwrap_or_default().iter().filter_map(Value::as_object)
}

fn strings<'a>(object: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = String> + use<'a> {
    object.get(name).map(one_or_many).unwrap_or_default().iter().filter_map(text)
}

fn string(object: &Map<String, Value>, name: &str) -> Option<String> {
    text(object.get(name)?)
}

/// A string or a number as trimmed text; `None` if blank or anything else.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => legal(text).trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn text_of(object: &Map<String, Value>, name: &str, kind: TextKind) -> Option<Text> {
    string(object, name).map(|value| Text { kind, value, base: None })
}

fn defect(entry: Option<usize>, message: String) -> Defect {
    Defect { entry, message }
}

/// Keeps the newest items if all are dated, else the first.
fn keep_newest(feed: &mut ParsedFeed, limit: usize) {
    let count = feed.entries.len();
    if count <= limit {
        return;
    }
    let date = |entry: &ParsedEntry| entry.updated.or(entry.published);
    if feed.entries.iter().all(|entry| date(entry).is_some()) {
        let mut newest: Vec<_> = feed.entries.iter().map(date).collect();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        let oldest_kept = newest.get(limit.saturating_sub(1)).copied().flatten();
        feed.entries.retain(|entry| limit > 0 && date(entry) >= oldest_kept);
    }
    feed.entries.truncate(limit);
    feed.defects.push(defect(None, format!("the document has {count} items; the newest {limit} were kept")));
}

/// The beginning of broken JSON up to its last whole item, closed.
fn last_items_end(text: &str, error: &serde_json::Error) -> Option<String> {
    let (mut line, mut column) = (1, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    let mut open = Vec::new();
    let mut end = None;
    for (at, byte) in text.bytes().enumerate() {
        (line, column) = if byte == b'\n' { (line + 1, 0) } else { (line, column + 1) };
        if (line, column) > (error.line(), error.column()) {
            break;
        }
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => open.push(byte),
            b'}' | b']' => {
                open.pop();
                if byte == b'}' && open == *b"{[" {
                    end = Some(at + 1);
                }
            }
            _ => {}
        }
    }
    Some(format!("{}]}}", text.get(..end?)?))
}
