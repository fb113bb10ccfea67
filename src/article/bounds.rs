//! How large a page may be before a tree is built of it.
//!
//! A tree builder takes time in the square of the nesting, and walking the tree takes stack in proportion to it: a page of
//! 50,000 nested elements would end the process. The tokenizer measures a page in one linear pass.

use std::cell::RefCell;

use html5ever::{
    LocalName,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states::RawKind,
    },
};

use super::ArticleError;
use crate::normalize::is_void;

/// Pages of news are rarely larger than a tenth of it.
pub const MOST_BYTES: usize = 3 << 20;
pub const MOST_DEPTH: usize = 256;
pub const MOST_ELEMENTS: usize = 50_000;

/// Refuses a page that would take too long or too much stack.
pub(super) fn check(page: &str) -> Result<(), ArticleError> {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(page));
    // The sink never asks for a script to be run, so the tokenizer reads to the end in one go.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let measured = tokenizer.sink.measured.into_inner();
    match () {
        () if measured.deepest > MOST_DEPTH => Err(ArticleError::TooDeep),
        () if measured.elements > MOST_ELEMENTS => Err(ArticleError::TooMany),
        () => Ok(()),
    }
}

#[derive(Default)]
struct Sink {
    measured: RefCell<Measured>,
}

#[derive(Default)]
struct Measured {
    elements: usize,
    open: Vec<LocalName>,
    /// Formatting elements that were never closed. The tree builder opens them again in every paragraph that follows.
    formatting: Vec<LocalName>,
    deepest: usize,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        self.measured.borrow_mut().tag(&tag);
        match &*tag.name {
            _ if tag.kind == TagKind::EndTag => TokenSinkResult::Continue,
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "noscript" | "iframe" | "xmp" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Measured {
    fn tag(&mut self, tag: &Tag) {
        if tag.kind == TagKind::EndTag {
            for list in [&mut self.open, &mut self.formatting] {
                // Deeper than the limit nothing matters any more, so the search is bounded.
                if let Some(position) = list.iter().rev().take(MOST_DEPTH + 2).position(|name| *name == tag.name) {
                    list.truncate(list.len() - position - 1);
                }
            }
            return;
        }
        self.elements += 1;
        if closes_itself(&tag.name) {
            return;
        }
        if is_formatting(&tag.name) {
            self.formatting.push(tag.name.clone());
        } else {
            self.open.push(tag.name.clone());
        }
        self.deepest = self.deepest.max(self.open.len() + self.formatting.len());
    }
}

/// Elements that have no content, or that the next of their kind ends.
fn closes_itself(name: &str) -> bool {
    is_void(name)
        || matches!(name, "p" | "li" | "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "dt" | "dd" | "option" | "a")
}

fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u"
    )
}
