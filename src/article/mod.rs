//! The page behind an entry's link -> the article on it.
//!
//! The bytes are decoded (`charset`), the markup is measured before anything builds a tree of it (`bounds`), and what remains
//! is left to a port of the Readability algorithm, which finds the element that holds the article by the length of its text,
//! its commas and the share of links in it. What it found is sanitised as a feed's content is. Pure and bounded; no page
//! makes it panic.
//!
//! Only a processor is needed: 10 to 30 ms for an ordinary page, so it belongs on a blocking thread.

mod bounds;
mod charset;

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability};
use thiserror::Error;
use url::Url;

use crate::{normalize::sanitize, text::blocks_of_html};

pub use bounds::{MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS};

/// Fewer words than this are no article: a consent form, an error page, a picture with its caption.
const FEWEST_WORDS: usize = 25;
/// A language tag is never longer (RFC 5646 §4.4.1).
const LONGEST_TAG: usize = 35;

/// What a page's article says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Plain text; may be empty.
    pub title: String,
    /// Sanitised HTML with absolute links.
    pub html: String,
    /// What the page declares (`<html lang>`), as written: a hint, to be checked like a feed's declaration.
    pub language: Option<String>,
}

/// Why no article could be had from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ArticleError {
    #[error("the page has {0} bytes; at most {MOST_BYTES} are read")]
    TooLarge(usize),
    #[error("the page's elements are nested more than {MOST_DEPTH} deep")]
    TooDeep,
    #[error("the page has more than {MOST_ELEMENTS} elements")]
    TooMany,
    #[error("no main text of {FEWEST_WORDS} words or more is on the page")]
    NoMainText,
    #[error("the extraction gave up on the page's markup")]
    Broken,
}

/// Finds the article on a page. `content_type` is the header as received, `url` where the page was in the end.
///
/// # Errors
/// The page is too large or too deeply nested to be worth it, or there is no article on it.
pub fn extract(body: &[u8], content_type: Option<&str>, url: &Url) -> Result<Article, ArticleError> {
    if body.len() > MOST_BYTES {
        return Err(ArticleError::TooLarge(body.len()));
    }
    let page = charset::decode(body, content_type);
    bounds::check(&page)?;
    // The algorithm is somebody else's and the page anybody's. A stack overflow, which cannot be caught, takes a depth that
    // was refused above.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let config = Config { max_elements_to_parse: MOST_ELEMENTS, ..Config::default() };
        Readability::new(page.as_ref(), Some(url.as_str()), Some(config))?.parse()
    }));
    let read = read.map_err(|_| ArticleError::Broken)?.map_err(|_| ArticleError::NoMainText)?;
    let html = sanitize(&read.content, url);
    let words =
        blocks_of_html(&html).into_iter().map(|block| crate::text::words(&block.text).take(FEWEST_WORDS).count());
    if words.sum::<usize>() < FEWEST_WORDS {
        return Err(ArticleError::NoMainText);
    }
    let title = read.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let language = read.lang.map(|tag| tag.trim().to_owned()).filter(|tag| (1..=LONGEST_TAG).contains(&tag.len()));
    Ok(Article { title, html, language })
}

#[cfg(test)]
mod tests;
