//! HTML from strangers, made safe to republish (SAN-1 to SAN-6).
//!
//! A fragment is first rewritten token by token ([`rewrite`]): only what is allowed remains, strictly nested and within
//! limits, with links absolute. Then ammonia parses it as HTML5, applies the same lists once more to the tree and
//! serialises it. Where the parser had to move something, both are done again until nothing changes any more, so that
//! sanitising what is sanitised changes nothing.

mod allowed;
mod attributes;
mod nest;
mod rewrite;
mod writer;

#[cfg(test)]
pub(in crate::normalize) mod tests;

use url::Url;

use allowed::TREE_SANITIZER;
pub(crate) use allowed::{is_flow, is_void};
use rewrite::{Form, Rewritten, rewrite};

pub(super) use writer::escape_text;

/// The most that is kept of a content or summary, in bytes of sanitised HTML (LIM-4).
const LARGEST: usize = 256 * 1024;

/// HTML that a parser moves about more often than this is kept as text.
const MOST_PASSES: usize = 8;

/// Where a fragment stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// What its relative references resolve against.
    pub(super) base: &'a Url,
    /// The article's own page, if known: what references to a part of the same page mean.
    pub(super) page: Option<&'a Url>,
}

/// A fragment that may be republished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sanitized {
    pub(super) html: String,
    /// The end was cut: the fragment was larger than is kept.
    pub(super) cut: bool,
}

/// The fragment with nothing in it that could be executed, tracked or take a reader's page apart, and every link absolute.
///
/// At most 256 KiB; a longer one is cut. Sanitising the result again gives the same.
pub fn sanitize(fragment: &str, base: &Url) -> String {
    sanitize_at(fragment, Place { base, page: None }).html
}

/// The text of a fragment: a line for each block, white space collapsed within. What is not shown is left out.
pub fn to_text(fragment: &str) -> String {
    rewrite(fragment, Form::Text, usize::MAX).text
}

pub(super) fn sanitize_at(fragment: &str, place: Place<'_>) -> Sanitized {
    let (mut html, mut cut, mut settled) = pass(fragment, place);
    for _ in 0..MOST_PASSES {
        if settled {
            return Sanitized { html, cut };
        }
        let (again, cut_again, _) = pass(&html, place);
        settled = again == html;
        cut |= cut_again;
        html = again;
    }
    let text = rewrite(&html, Form::Text, LARGEST / 6).text;
    Sanitized { html: escape_text(&text), cut }
}

/// One rewriting and one parsing; whether the parser left the rewritten text as it was, and so would the next pass.
fn pass(fragment: &str, place: Place<'_>) -> (String, bool, bool) {
    let mut limit = LARGEST;
    loop {
        let Rewritten { text, cut } = rewrite(fragment, Form::Html(place), limit);
        if text.is_empty() {
            return (text, cut, true);
        }
        let parsed = TREE_SANITIZER.clean(&text).to_string();
        let html = parsed.trim();
        // The parser may add what the rewriting did not foresee; then the fragment is cut a little sooner.
        if html.len() <= LARGEST || limit < LARGEST / 2 {
            return (html.to_owned(), cut, html == text);
        }
        limit = limit.saturating_sub(html.len() - LARGEST + 1024);
    }
}
