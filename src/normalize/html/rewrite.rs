//! One pass over the tokens of a fragment: drops what is not allowed, resolves links, removes what nobody sees, and writes
//! the rest strictly nested, within the limits of depth, nodes and size.
//!
//! It runs in linear time before any tree is built: tree building is quadratic in nesting, and elements left open make it
//! repeat them in every block that follows.

use std::cell::RefCell;

use html5ever::{
    LocalName,
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind},
};

use super::{
    Place,
    allowed::{Treatment, ends_paragraph, is_block, is_table_part, is_void, treatment},
    attributes::{is_hidden, is_pixel, write_attributes},
    nest::Nest,
    writer::Writer,
};
use crate::normalize::characters::legible;

/// What a fragment is read for.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    /// As HTML, with links made absolute.
    Html(Place<'a>),
    /// For its text alone.
    Text,
}

/// What became of a fragment.
pub(super) struct Rewritten {
    pub(super) text: String,
    /// The end was cut for size or number of nodes.
    pub(super) cut: bool,
}

/// Rewrites a fragment into at most `bytes` bytes.
pub(super) fn rewrite(fragment: &str, form: Form<'_>, bytes: usize) -> Rewritten {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(&legible(fragment)));
    let nest = Nest::new(Writer::new(matches!(form, Form::Text), bytes));
    let tokenizer = Tokenizer::new(Rewriter { state: RefCell::new(State { form, nest }) }, Default::default());
    // It pauses only where its sink asks it to, and ours never does.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    state.nest.close_from(0);
    state.nest.writer.finish()
}

struct Rewriter<'a> {
    state: RefCell<State<'a>>,
}

impl TokenSink for Rewriter<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) if &*tag.name == "br" => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag.name),
            Token::CharacterTokens(text) => state.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

struct State<'a> {
    form: Form<'a>,
    nest: Nest,
}

impl State<'_> {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = if &*tag.name == "image" { LocalName::from("img") } else { tag.name.clone() };
        self.nest.leave_drawing(&name);
        let in_drawing = self.nest.is_in_drawing();
        let mut treatment = treatment(&name);
        if is_void(&name) {
            if treatment == Treatment::Keep {
                self.void(&name, tag);
            }
            return TokenSinkResult::Continue;
        }
        if in_drawing && matches!(&*name, "desc" | "foreignobject") && !tag.self_closing {
            self.nest.open(name, String::new());
            return TokenSinkResult::Continue;
        }
        if treatment == Treatment::Drop && tag.self_closing {
            // `<script src="…"/>`: XHTML habits must not make the rest of the entry a script.
            return TokenSinkResult::Continue;
        }
        self.nest.close_before(&name);
        if is_table_part(&name) && !self.nest.prepare_table(&name) {
            treatment = Treatment::Unwrap;
        }
        let mut start = String::new();
        match treatment {
            Treatment::Unwrap => self.separate_if_block(&name),
            Treatment::Keep if is_hidden(&tag.attrs) => self.nest.drop_inside(name.clone()),
            Treatment::Keep => {
                let links_nowhere = self.write_start_tag(&mut start, &name, tag);
                if links_nowhere {
                    self.separate_if_block(&name);
                } else {
                    self.nest.open(name.clone(), start);
                }
            }
            Treatment::Drop => self.nest.drop_inside(name.clone()),
        }
        if in_drawing { TokenSinkResult::Continue } else { raw_text(&name) }
    }

    /// Writes the start tag into `start`; `true` if the element is a link that leads nowhere and so is none.
    fn write_start_tag(&self, start: &mut String, name: &LocalName, tag: &Tag) -> bool {
        let Form::Html(place) = self.form else { return false };
        start.push('<');
        start.push_str(name);
        let has_link = write_attributes(start, name, &tag.attrs, place);
        start.push('>');
        &**name == "a" && !has_link
    }

    fn void(&mut self, name: &LocalName, tag: &Tag) {
        if is_hidden(&tag.attrs) || (&**name == "img" && is_pixel(&tag.attrs)) {
            return;
        }
        if ends_paragraph(name) {
            self.nest.close_paragraph();
        }
        let mut start = String::new();
        if let Form::Html(place) = self.form {
            start.push('<');
            start.push_str(name);
            let has_link = write_attributes(&mut start, name, &tag.attrs, place);
            start.push('>');
            if matches!(&**name, "img" | "source") && !has_link {
                return;
            }
        }
        if self.nest.may_add_node() {
            self.nest.writer.start_tag(&start, name, false);
        }
    }

    fn text(&mut self, text: &str) {
        if !self.nest.is_dropping() && (self.nest.writer.is_after_text() || self.nest.may_add_node()) {
            let begins_preformatted = self.nest.writer.is_after_tag() && self.nest.innermost_open() == Some("pre");
            self.nest.writer.text(text, begins_preformatted);
        }
    }

    fn separate_if_block(&mut self, name: &str) {
        if is_block(name) && !self.nest.is_dropping() {
            self.nest.writer.separate();
        }
    }

    fn end(&mut self, name: &LocalName) {
        if !self.nest.end(name) {
            self.separate_if_block(name);
        }
    }
}

/// How the tokenizer must read what an element holds.
fn raw_text(element: &str) -> TokenSinkResult<()> {
    match element {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "iframe" | "noembed" | "noframes" | "xmp" => TokenSinkResult::RawData(RawKind::Rawtext),
        "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
        "plaintext" => TokenSinkResult::Plaintext,
        _ => TokenSinkResult::Continue,
    }
}
