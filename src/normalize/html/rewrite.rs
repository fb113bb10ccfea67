//! One pass over the tokens of a fragment: drops what is not allowed, resolves links, removes what nobody sees, and writes
//! the rest strictly nested, within the limits of depth, nodes and size.
//!
//! It runs in linear time before any tree is built: tree building is quadratic in nesting, and elements left open make it
//! repeat them in every block that follows.

use std::cell::RefCell;

use html5ever::{
    LocalName,
    buffer_queue::BufferQueue,
    local_name,
    tendril::StrTendril,
    tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind},
};

use super::{
    Place,
    allowed::{Treatment, ends_paragraph, is_block, is_formatting, is_heading, is_table_part, is_void, treatment},
    attributes::{is_hidden, is_pixel, write_attributes},
    writer::Writer,
};
use crate::normalize::characters::legible;

/// Nested elements (SAN-4); tags of deeper ones are dropped and their text is kept.
const DEEPEST: usize = 256;

/// Elements and runs of text (SAN-4); what comes after is cut.
const MOST_NODES: usize = 50_000;

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
    let tokenizer = Tokenizer::new(Rewriter { state: RefCell::new(State::new(form, bytes)) }, Default::default());
    // It pauses only where its sink asks it to, and ours never does.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    state.close_from(0);
    state.writer.finish()
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

struct Open {
    name: LocalName,
    /// The start tag, to open the element again.
    start: String,
    written: bool,
    /// Of the kind that is dropped with all it holds.
    is_dropped: bool,
    /// An end tag of something else inside does not reach beyond.
    is_enclosure: bool,
    is_block: bool,
}

impl Open {
    fn new(name: LocalName, start: String, written: bool) -> Self {
        let is_dropped = treatment(&name) == Treatment::Drop;
        let is_enclosure = is_dropped || matches!(&*name, "table" | "td" | "th" | "caption");
        let is_block = is_block(&name);
        Self { name, start, written, is_dropped, is_enclosure, is_block }
    }
}

struct State<'a> {
    form: Form<'a>,
    writer: Writer,
    open: Vec<Open>,
    /// The outermost open element that is dropped with all it holds.
    dropping: Option<usize>,
    /// Elements beyond [`DEEPEST`] whose end tags are still to come.
    too_deep: Vec<(LocalName, usize)>,
    nodes: usize,
}

impl<'a> State<'a> {
    fn new(form: Form<'a>, bytes: usize) -> Self {
        let as_text = matches!(form, Form::Text);
        let writer = Writer::new(as_text, bytes);
        Self { form, writer, open: Vec::new(), dropping: None, too_deep: Vec::new(), nodes: 0 }
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = if &*tag.name == "image" { LocalName::from("img") } else { tag.name.clone() };
        self.leave_drawing(&name);
        let in_drawing = self.is_in_drawing();
        let mut treatment = treatment(&name);
        if is_void(&name) {
            if treatment == Treatment::Keep {
                self.void(&name, tag);
            }
            return TokenSinkResult::Continue;
        }
        if in_drawing && matches!(&*name, "desc" | "foreignobject") && !tag.self_closing {
            self.open(name, String::new());
            return TokenSinkResult::Continue;
        }
        if treatment == Treatment::Drop && tag.self_closing {
            // `<script src="…"/>`: XHTML habits must not make the rest of the entry a script.
            return TokenSinkResult::Continue;
        }
        self.close_before(&name);
        if is_table_part(&name) && !self.prepare_table(&name) {
            treatment = Treatment::Unwrap;
        }
        let mut start = String::new();
        match treatment {
            Treatment::Unwrap => self.separate_if_block(&name),
            Treatment::Keep if is_hidden(&tag.attrs) => self.drop_inside(name.clone()),
            Treatment::Keep => {
                let links_nowhere = self.write_start_tag(&mut start, &name, tag);
                if links_nowhere {
                    self.separate_if_block(&name);
                } else {
                    self.open(name.clone(), start);
                }
            }
            Treatment::Drop => self.drop_inside(name.clone()),
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
            self.close_paragraph();
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
        if self.may_add_node() {
            self.writer.start_tag(&start, name, false);
        }
    }

    fn open(&mut self, name: LocalName, start: String) {
        if self.open.len() >= DEEPEST {
            match self.too_deep.iter_mut().find(|(deep, _)| *deep == name) {
                Some((_, count)) => *count += 1,
                None => self.too_deep.push((name, 1)),
            }
            return;
        }
        let written = self.may_add_node() && self.writer.start_tag(&start, &name, true);
        self.open.push(Open::new(name, start, written));
    }

    fn drop_inside(&mut self, name: LocalName) {
        if self.dropping.is_some() {
            self.open(name, String::new());
            return;
        }
        // Pushed even at the deepest level: were it not, what it holds would show.
        self.dropping = Some(self.open.len());
        self.open.push(Open::new(name, String::new(), false));
    }

    fn may_add_node(&mut self) -> bool {
        if self.dropping.is_some() {
            return false;
        }
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            self.writer.stop();
        }
        self.nodes <= MOST_NODES
    }

    fn text(&mut self, text: &str) {
        if self.dropping.is_none() && (self.writer.is_after_text() || self.may_add_node()) {
            let begins_preformatted = self.writer.is_after_tag() && self.open.last().is_some_and(|o| &*o.name == "pre");
            self.writer.text(text, begins_preformatted);
        }
    }

    fn separate_if_block(&mut self, name: &str) {
        if is_block(name) && self.dropping.is_none() {
            self.writer.separate();
        }
    }

    fn end(&mut self, name: &LocalName) {
        if let Some((_, count)) = self.too_deep.iter_mut().find(|(deep, count)| deep == name && *count > 0) {
            *count -= 1;
        } else if let Some(index) = self.find(name) {
            if is_formatting(name) { self.close_and_reopen(index) } else { self.close_from(index) }
        } else {
            self.separate_if_block(name);
        }
    }

    /// The open element that an end tag of this name closes.
    fn find(&self, name: &LocalName) -> Option<usize> {
        let is_barrier: fn(&Open) -> bool = match &**name {
            "table" => |open| open.is_dropped,
            part if is_table_part(part) => |open| open.is_dropped || &*open.name == "table",
            "li" => |open| open.is_enclosure || matches!(&*open.name, "ul" | "ol"),
            "dd" | "dt" => |open| open.is_enclosure || &*open.name == "dl",
            other if is_block(other) || is_formatting(other) || treatment(other) == Treatment::Drop => {
                |open| open.is_enclosure
            }
            _ => |open| open.is_enclosure || open.is_block,
        };
        // A formatting element that goes on after its end must not carry a hidden one with it.
        let last_barrier = self.dropping.filter(|_| is_formatting(name));
        for (index, open) in self.open.iter().enumerate().rev() {
            if open.name == *name {
                return Some(index);
            }
            if is_barrier(open) || last_barrier == Some(index) {
                return None;
            }
        }
        None
    }

    /// Closes the element and all that is open inside it.
    fn close_from(&mut self, index: usize) {
        while self.open.len() > index {
            let Some(open) = self.open.pop() else { return };
            if open.written {
                self.writer.end_tag(&open.name);
            }
            if self.dropping.is_some_and(|outermost| outermost >= self.open.len()) {
                self.dropping = None;
            }
        }
    }

    /// Closes a formatting element, and goes on with what was open inside it.
    fn close_and_reopen(&mut self, index: usize) {
        let inside: Vec<Open> = self.open.drain(index..).collect();
        for open in inside.iter().rev().filter(|open| open.written) {
            self.writer.end_tag(&open.name);
        }
        if self.dropping.is_some_and(|outermost| outermost >= index) {
            self.dropping = None;
        }
        for open in inside.into_iter().skip(1) {
            if open.written { self.open(open.name, open.start) } else { self.open.push(open) }
        }
    }

    fn close_paragraph(&mut self) {
        if let Some(index) = self.find(&local_name!("p")) {
            self.close_from(index);
        }
    }

    /// Closes what the start of this element ends.
    fn close_before(&mut self, name: &str) {
        if ends_paragraph(name) {
            self.close_paragraph();
        }
        let stops_item_search = |open: &Open| {
            (open.is_enclosure || ends_paragraph(&open.name)) && !matches!(&*open.name, "address" | "div" | "p")
        };
        let ended = match name {
            "li" => self.innermost(|open| open == "li", stops_item_search),
            "dd" | "dt" => self.innermost(|open| matches!(open, "dd" | "dt"), stops_item_search),
            "rp" | "rt" => {
                self.innermost(|open| matches!(open, "rp" | "rt"), |open| &*open.name == "ruby" || open.is_block)
            }
            _ if is_heading(name) => self.innermost(is_heading, |_| true),
            _ => None,
        };
        if let Some(index) = ended {
            self.close_from(index);
        }
        if name == "a"
            && let Some(index) = self.find(&local_name!("a"))
        {
            self.close_and_reopen(index);
        }
    }

    fn innermost(&self, wanted: impl Fn(&str) -> bool, stop: impl Fn(&Open) -> bool) -> Option<usize> {
        for (index, open) in self.open.iter().enumerate().rev() {
            if wanted(&open.name) {
                return Some(index);
            }
            if stop(open) {
                return None;
            }
        }
        None
    }

    /// Closes and opens what must be closed and opened before this part of a table; `false` if there is no table.
    fn prepare_table(&mut self, part: &str) -> bool {
        let fits = |open: &str| match part {
            "td" | "th" => matches!(open, "tr" | "tbody" | "thead" | "tfoot" | "table"),
            "tr" => matches!(open, "tbody" | "thead" | "tfoot" | "table"),
            _ => open == "table",
        };
        let Some(index) = self.innermost(fits, |open| open.is_dropped) else { return false };
        self.close_from(index + 1);
        let holder = self.open.get(index).map(|open| open.name.clone());
        let implied: &[&str] = match (holder.as_deref().unwrap_or_default(), part) {
            ("table", "tr") => &["tbody"],
            ("table", "td" | "th") => &["tbody", "tr"],
            ("tbody" | "thead" | "tfoot", "td" | "th") => &["tr"],
            _ => &[],
        };
        for name in implied {
            self.open(LocalName::from(*name), format!("<{name}>"));
        }
        true
    }

    fn is_in_drawing(&self) -> bool {
        self.dropping.and_then(|index| self.open.get(index)).is_some_and(|open| &*open.name == "svg")
    }

    /// An HTML element in a drawing that was never closed ends the drawing, as in a browser.
    fn leave_drawing(&mut self, name: &str) {
        if !self.is_in_drawing()
            || !(ends_paragraph(name) || is_formatting(name) || matches!(name, "br" | "img" | "span"))
        {
            return;
        }
        let holds_html = |open: &Open| matches!(&*open.name, "foreignobject" | "desc" | "title");
        if let Some(drawing) = self.dropping
            && name != "a"
            && !self.open.iter().skip(drawing).any(holds_html)
        {
            self.close_from(drawing);
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
