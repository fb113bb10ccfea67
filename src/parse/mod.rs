//! From a document's bytes to the feed that is written in them.
//!
//! The flow: `inflate` unpacks a body that is a gzip file; `decode` finds the encoding and gives characters; a JSON Feed goes to `json_feed`; anything else goes through
//! `mend`, which turns XML of any dialect and in any state into one plain Atom document and gathers on the same walk what
//! feed-rs has no place for; `read` lets feed-rs read that; `join` puts the two together. `dates` and `person`
//! read what publishers write in their own ways.
//!
//! Nothing here is resolved, cleaned or decided: links stay relative, HTML stays as wild as it came. What had to be mended
//! is said in [`ParsedFeed::defects`].

mod dates;
mod decode;
mod error;
mod inflate;
mod join;
mod json_feed;
mod limits;
mod mend;
mod opml;
mod person;
mod read;

pub use dates::parse_date;
pub use error::ParseError;
pub use limits::ParseLimits;
pub use opml::{ListedFeed, parse_opml};

use crate::model::{Defect, Document, ParsedFeed};

/// Reads a document, however broken: what can be saved of it is saved, and what was mended or left out is reported.
///
/// Takes processor time in proportion to the body's length (some 45 MB/s of news feeds): not for a thread that serves others.
///
/// # Errors
///
/// [`ParseError`] if the body is empty, is no feed, or if nothing of it can be read.
pub fn parse(document: &Document, limits: &ParseLimits) -> Result<ParsedFeed, ParseError> {
    let inflated = inflate::inflate(&document.body);
    let body = inflated.as_deref().unwrap_or(&document.body);
    let decoded = decode::decode(body, document.content_type.as_deref());
    let text = decoded.text.as_str();
    let mut feed = match text.chars().find(|character| !character.is_whitespace() && *character != '\u{FEFF}') {
        None => return Err(ParseError::Empty),
        Some('{' | '[') => json_feed::parse(text, limits)?,
        Some(_) => {
            let mended = mend::mend(text, &document.base, limits)
                .ok_or_else(|| ParseError::NotAFeed { found: describe(body, text) })?;
            let read = read::read(&mended).map_err(|reason| ParseError::Unreadable { reason })?;
            join::join(mended, read)
        }
    };
    let notes = decoded.notes.into_iter().map(|message| Defect { entry: None, message });
    feed.defects.splice(0..0, notes);
    Ok(feed)
}

/// What a body without a feed is, as a noun phrase.
fn describe(body: &[u8], text: &str) -> String {
    let known = [
        (&b"\x1F\x8B"[..], "broken gzip data"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x89PNG", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
    ];
    if let Some((_, name)) = known.iter().find(|(magic, _)| body.starts_with(magic)) {
        return (*name).to_owned();
    }
    let head: String = text.chars().take(20_000).collect();
    let lower = head.to_ascii_lowercase();
    let root = lower.split('<').skip(1).find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()));
    let root = root.and_then(|tag| tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next());
    let is_page = lower.contains("<!doctype html")
        || lower.contains("<html")
        || matches!(
            root,
            Some("head" | "body" | "script" | "style" | "meta" | "div" | "p" | "h1" | "center" | "noscript")
        );
    if is_page {
        let start = lower.find("<title").and_then(|at| Some(at + lower.get(at..)?.find('>')? + 1));
        let title = start.and_then(|start| head.get(start..)?.split('<').next()).map(mend::excerpt).unwrap_or_default();
        return if title.is_empty() { "an HTML page".to_owned() } else { format!("an HTML page titled “{title}”") };
    }
    match root {
        Some(root) => format!("an XML document whose root is <{}>", mend::excerpt(root)),
        None => format!("text that begins “{}”", mend::excerpt(&head)),
    }
}

#[cfg(test)]
mod tests;
