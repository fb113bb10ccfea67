//! What a file holds, told from its bytes: names and endings lie, and many feed files have none.

use encoding_rs::{Encoding, UTF_8};
use serde_json::{Map, Value};

/// What a file turned out to be.
pub enum Kind {
    /// A feed, with the media type to serve it as.
    Feed(&'static str),
    /// A JSON array of items that a reader once took from several feeds.
    Items(Vec<Map<String, Value>>),
    /// No feed, and why not.
    Other(String),
}

pub fn recognise(bytes: &[u8]) -> Kind {
    // UTF-16 is the one encoding whose tags are not ASCII bytes.
    let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(encoding, _)| encoding);
    let (text, _, _) = encoding.decode(bytes);
    let text = text.trim_start();
    match text.chars().next() {
        None => Kind::Other("it is empty".into()),
        Some('{' | '[') => json(text),
        Some(_) => xml(text),
    }
}

fn json(text: &str) -> Kind {
    match serde_json::from_str(text) {
        Ok(Value::Object(feed)) if feed.get("items").is_some_and(Value::is_array) => {
            Kind::Feed("application/feed+json")
        }
        Ok(Value::Array(items)) => {
            let items: Vec<_> = items.into_iter().filter_map(linked).collect();
            if items.is_empty() {
                Kind::Other("its array holds no item with a link".into())
            } else {
                Kind::Items(items)
            }
        }
        Ok(_) => Kind::Other("it is JSON, but has no items".into()),
        Err(error) => Kind::Other(format!("its JSON cannot be read: {error}")),
    }
}

/// The item, if it has a link.
fn linked(item: Value) -> Option<Map<String, Value>> {
    match item {
        Value::Object(item) if item.get("link").is_some_and(Value::is_string) => Some(item),
        _ => None,
    }
}

fn xml(text: &str) -> Kind {
    let Some(root) = root_element(text) else { return Kind::Other("it has no element".into()) };
    // `atom:feed` is a feed as well.
    match root.rsplit(':').next().unwrap_or(root).to_ascii_lowercase().as_str() {
        "rss" | "channel" => Kind::Feed("application/rss+xml"),
        "rdf" => Kind::Feed("application/rdf+xml"),
        "feed" => Kind::Feed("application/atom+xml"),
        _ => Kind::Other(format!("its root element is {root:?}")),
    }
}

/// The name of the first start tag, past declarations, comments and a doctype.
fn root_element(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')? + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = &comment[comment.find("-->")? + 3..];
        } else if rest.starts_with(char::is_alphabetic) {
            let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(rest.len());
            return Some(&rest[..end]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        match recognise(bytes) {
            Kind::Feed(kind) => kind.into(),
            Kind::Items(items) => format!("{} items", items.len()),
            Kind::Other(reason) => reason,
        }
    }

    #[test]
    fn a_file_is_told_from_its_bytes() {
        let cases: [(&str, &[u8], &str); 12] = [
            ("RSS 2.0", b"<?xml version='1.0'?><rss version='2.0'>", "application/rss+xml"),
            ("a byte order mark and blank lines", b"\xef\xbb\xbf\n\n<rss>", "application/rss+xml"),
            ("UTF-16", b"\xff\xfe<\0r\0s\0s\0>\0", "application/rss+xml"),
            ("a comment that mentions another", b"<!-- <feed> --><rss>", "application/rss+xml"),
            ("a doctype", b"<!DOCTYPE rss PUBLIC 'x'><rss>", "application/rss+xml"),
            ("RSS 1.0", b"<rdf:RDF xmlns='x'>", "application/rdf+xml"),
            ("Atom under a prefix", b"<atom:feed>", "application/atom+xml"),
            ("JSON Feed", br#"{"version":"x","items":[]}"#, "application/feed+json"),
            ("parsed items", br#"[{"link":"http://a.example/"},{"title":"no link"}]"#, "1 items"),
            ("a page", b"<!doctype html><html><body>", "its root element is \"html\""),
            ("a table", b"path\tformat\n", "it has no element"),
            ("nothing", b"", "it is empty"),
        ];
        for (case, bytes, expected) in cases {
            assert_eq!(told(bytes), expected, "{case}");
        }
    }
}
