//! A publisher's text as part of our page.
//!
//! What the sanitiser lets through is harmless, but seldom HTML by the book: paragraphs in `span`, list items without a list,
//! headings in any order, images without `alt`, elements that HTML has given up. The text is built up as a tree once more and
//! written as the standard's content models ask (HTML §3.2.5), beneath a heading of ours. Sound and moving pictures become links,
//! since a page may load nothing but pictures.

use std::cell::RefCell;

use html5ever::{
    Attribute,
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer},
};
use quick_xml::escape::escape;

use super::{
    address::{address, picture_address},
    table,
};
use crate::normalize::{is_flow, is_void};

/// A page's own heading above the text is of level one.
const FIRST_LEVEL: usize = 2;

/// Elements in elements; the sanitiser keeps fewer.
const DEEPEST: usize = 300;

/// The text as HTML that can stand anywhere in a page where blocks can. It has no ids.
pub(super) fn fragment(sanitized: &str) -> String {
    let mut written = Writer { out: String::with_capacity(sanitized.len()), headings: Vec::new() };
    written.all(&parse(sanitized), Place::default());
    written.out
}

pub(super) enum Node {
    Text(StrTendril),
    Element(Element),
}

pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<Attribute>,
    pub(super) children: Vec<Node>,
    /// There is a block somewhere inside.
    holds_block: bool,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
    }

    /// There is a word in it, a picture or a recording.
    fn says_something(&self) -> bool {
        self.children.iter().any(|child| match child {
            Node::Text(text) => !text.trim().is_empty(),
            Node::Element(element) => {
                matches!(element.name.as_str(), "img" | "audio" | "video") || element.says_something()
            }
        })
    }

    /// There is a word in it, or a picture that words describe.
    fn has_words(&self) -> bool {
        self.children.iter().any(|child| match child {
            Node::Text(text) => !text.trim().is_empty(),
            Node::Element(element) => {
                let described = element.attribute("alt").is_some_and(|alt| !alt.trim().is_empty());
                // A recording is named by its file.
                matches!(element.name.as_str(), "audio" | "video") || described || element.has_words()
            }
        })
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }
}

impl Node {
    fn is_blank(&self) -> bool {
        matches!(self, Node::Text(text) if text.trim().is_empty())
    }

    fn is(&self, name: &str) -> bool {
        matches!(self, Node::Element(element) if element.name == name)
    }

    fn is_block(&self) -> bool {
        matches!(self, Node::Element(element) if element.holds_block || is_flow(&element.name))
    }
}

fn parse(sanitized: &str) -> Vec<Node> {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(sanitized));
    let tokenizer = Tokenizer::new(Builder::default(), Default::default());
    // It pauses only where its sink asks it to, and ours never does.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let mut tree = tokenizer.sink.0.into_inner();
    while !tree.open.is_empty() {
        tree.close();
    }
    tree.done
}

#[derive(Default)]
struct Builder(RefCell<Tree>);

#[derive(Default)]
struct Tree {
    done: Vec<Node>,
    open: Vec<Element>,
    /// Elements that are open beyond the deepest level.
    too_deep: usize,
}

impl TokenSink for Builder {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut tree = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => tree.start(tag),
            Token::TagToken(tag) => tree.end(&tag.name),
            Token::CharacterTokens(text) => tree.add(Node::Text(text)),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Tree {
    fn start(&mut self, tag: Tag) {
        let name = tag.name.to_string();
        let is_void = is_void(&name);
        if !is_void && self.open.len() == DEEPEST {
            self.too_deep += 1;
            return;
        }
        let element = Element { name, attributes: tag.attrs, children: Vec::new(), holds_block: false };
        if is_void { self.add(Node::Element(element)) } else { self.open.push(element) }
    }

    fn end(&mut self, name: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if self.open.iter().any(|open| open.name == name) {
            while self.close().is_some_and(|closed| closed != name) {}
        }
    }

    fn close(&mut self) -> Option<String> {
        let element = self.open.pop()?;
        let name = element.name.clone();
        self.add(Node::Element(element));
        Some(name)
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(parent) => {
                parent.holds_block |= node.is_block();
                parent.children.push(node);
            }
            None => self.done.push(node),
        }
    }
}

/// What may stand where something is to be written.
#[derive(Clone, Copy, Default)]
struct Place {
    /// No blocks: in a paragraph, a heading, …
    phrasing: bool,
    /// No links: in one.
    in_link: bool,
    /// No headings: in a term of a list or a head cell.
    no_heading: bool,
}

struct Writer {
    out: String,
    /// The levels, as the publisher wrote them, of the headings that stand over this place.
    headings: Vec<u8>,
}

impl Writer {
    fn all(&mut self, nodes: &[Node], place: Place) {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(&escape(&**text)),
                Node::Element(element) => self.element(element, place),
            }
        }
    }

    fn element(&mut self, element: &Element, place: Place) {
        let name = element.name.as_str();
        let phrasing = Place { phrasing: true, ..place };
        match name {
            "br" | "wbr" => self.start(name, element, &[]),
            "img" => self.image(element),
            "audio" | "video" => self.recording(element, place),
            "source" => {}
            "picture" => self.all(&element.children, place),
            "a" => self.link(element, place),
            "rt" | "rp" | "ins" | "del" if !place.phrasing && element.holds_block => {
                self.wrapped("div", element, place)
            }
            _ if !is_flow(name) => self.inline(element, place),
            // Blocks.
            _ if place.phrasing => self.unwrapped(element, place),
            "hr" => self.start("hr", element, &[]),
            "p" | "pre" => self.wrapped(name, element, phrasing),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(element, place),
            "blockquote" => self.wrapped(name, element, place),
            "figure" => self.figure(element, place),
            "details" if !place.in_link => self.details(element, place),
            "ul" | "ol" => self.list(element, place),
            "dl" => self.definitions(element, place),
            "table" => self.table(element, place),
            // Landmarks are ours to set; lists' and tables' parts are written by their lists and tables.
            _ => self.wrapped("div", element, place),
        }
    }

    fn start(&mut self, tag: &str, element: &Element, more: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(tag);
        let direction =
            element.attribute("dir").filter(|dir| matches!(*dir, "ltr" | "rtl" | "auto")).map(|dir| ("dir", dir));
        let language = element.attribute("lang").filter(|tag| is_language(tag)).map(|tag| ("lang", tag));
        let title = element.attribute("title").filter(|title| !title.trim().is_empty()).map(|title| ("title", title));
        for (name, value) in [language, direction, title].into_iter().flatten().chain(more.iter().copied()) {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.out.push_str(&escape(value));
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn end(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn wrapped(&mut self, tag: &str, element: &Element, inside: Place) {
        self.start(tag, element, &[]);
        self.all(&element.children, inside);
        self.end(tag);
    }

    /// A block where none may stand: what it holds, apart from what is around it.
    fn unwrapped(&mut self, element: &Element, place: Place) {
        let separate = |out: &mut String| {
            if !out.ends_with([' ', '\n', '>']) {
                out.push(' ');
            }
        };
        separate(&mut self.out);
        self.all(&element.children, Place { phrasing: true, ..place });
        separate(&mut self.out);
    }

    fn inline(&mut self, element: &Element, place: Place) {
        let tag = match element.name.as_str() {
            "acronym" => "abbr",
            "strike" => "s",
            "tt" => "code",
            "bdo" if element.attribute("dir").is_none() => "span",
            // Their values are for programs, and mostly not of the form that HTML asks.
            "big" | "data" | "time" => "span",
            // Outside ruby they are nothing.
            "rt" | "rp" | "ruby" => "span",
            name => name,
        };
        if element.holds_block && !place.phrasing {
            self.wrapped("div", element, place);
        } else {
            self.wrapped(tag, element, Place { phrasing: true, ..place });
        }
    }

    fn link(&mut self, element: &Element, place: Place) {
        match element.attribute("href") {
            Some(href) if !place.in_link && element.says_something() => {
                let href = address(href);
                let mut attributes = vec![("href", href.as_str())];
                // A picture that nobody described: what is linked is better than nothing to whoever does not see it.
                let host = href.split(['/', ':', '@']).find(|part| part.contains('.')).unwrap_or(&href);
                attributes.extend((!element.has_words()).then_some(("aria-label", host)));
                self.start("a", element, &attributes);
                let phrasing = place.phrasing || !element.holds_block;
                self.all(&element.children, Place { phrasing, in_link: true, ..place });
                self.end("a");
            }
            _ => self.all(&element.children, place),
        }
    }

    fn image(&mut self, element: &Element) {
        let Some(source) = element.attribute("src") else { return };
        let source = picture_address(source);
        let number = |name: &'static str| {
            let value = element.attribute(name)?.trim();
            (value.len() < 6 && !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit())).then_some((name, value))
        };
        let mut attributes = vec![("src", source.as_str()), ("alt", element.attribute("alt").unwrap_or_default())];
        attributes.extend(number("width"));
        attributes.extend(number("height"));
        attributes.extend([("loading", "lazy"), ("referrerpolicy", "no-referrer")]);
        self.start("img", element, &attributes);
    }

    /// Sound or moving pictures: a link to them, named by the file.
    fn recording(&mut self, element: &Element, place: Place) {
        let sources = std::iter::once(element).chain(element.elements().filter(|child| child.name == "source"));
        let Some(source) = sources.filter_map(|element| element.attribute("src")).next() else {
            return self.all(&element.children, place);
        };
        let source = address(source);
        let path = source.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(&source);
        if place.in_link {
            self.out.push_str(&escape(name));
        } else {
            self.start("a", element, &[("href", &source)]);
            self.out.push_str(&escape(name));
            self.end("a");
        }
    }

    /// One level below the heading over it, whatever number the publisher gave it.
    fn heading(&mut self, element: &Element, place: Place) {
        if !element.says_something() {
            return self.all(&element.children, place);
        }
        if place.no_heading {
            return self.wrapped("p", element, Place { phrasing: true, ..place });
        }
        let level = element.name.bytes().last().unwrap_or(b'2') - b'0';
        self.headings.retain(|above| *above < level);
        let tag = format!("h{}", (FIRST_LEVEL + self.headings.len()).min(6));
        self.headings.push(level);
        self.wrapped(&tag, element, Place { phrasing: true, ..place });
    }

    fn figure(&mut self, element: &Element, place: Place) {
        let shown: Vec<&Node> = element.children.iter().filter(|child| !child.is_blank()).collect();
        let captions = shown.iter().filter(|child| child.is("figcaption")).count();
        let at_an_end = [shown.first(), shown.last()].into_iter().flatten().any(|child| child.is("figcaption"));
        if captions > 1 || (captions == 1 && !at_an_end) {
            return self.wrapped("div", element, place);
        }
        self.start("figure", element, &[]);
        for child in shown {
            match child {
                Node::Element(caption) if caption.name == "figcaption" => self.wrapped("figcaption", caption, place),
                other => self.all(std::slice::from_ref(other), place),
            }
        }
        self.end("figure");
    }

    fn details(&mut self, element: &Element, place: Place) {
        let mut shown = element.children.iter().skip_while(|child| child.is_blank());
        match shown.next() {
            Some(Node::Element(summary)) if summary.name == "summary" => {
                self.start("details", element, &[]);
                self.wrapped("summary", summary, Place { phrasing: true, in_link: true, ..place });
                shown.for_each(|node| self.all(std::slice::from_ref(node), place));
                self.end("details");
            }
            _ => self.wrapped("div", element, place),
        }
    }

    /// Whatever a list holds is an item of it.
    fn list(&mut self, element: &Element, place: Place) {
        let is_integer = |value: &str| value.len() < 7 && value.parse::<i32>().is_ok();
        let ordered = element.name == "ol";
        let start = element.attribute("start").filter(|start| is_integer(start)).map(|start| ("start", start));
        let kind = element.attribute("type").filter(|kind| matches!(*kind, "1" | "a" | "A" | "i" | "I"));
        let reversed = element.attribute("reversed").map(|_| ("reversed", ""));
        let attributes = [start, kind.map(|kind| ("type", kind)), reversed];
        let attributes: Vec<_> = attributes.into_iter().flatten().filter(|_| ordered).collect();
        self.start(&element.name, element, &attributes);
        for child in element.children.iter().filter(|child| !child.is_blank()) {
            match child {
                Node::Element(item) if item.name == "li" => {
                    let value = item.attribute("value").filter(|value| ordered && is_integer(value));
                    self.start("li", item, &value.map(|value| ("value", value)).into_iter().collect::<Vec<_>>());
                    self.all(&item.children, place);
                }
                other => {
                    self.out.push_str("<li>");
                    self.all(std::slice::from_ref(other), place);
                }
            }
            self.end("li");
        }
        self.end(&element.name);
    }

    /// Terms and their descriptions, if that is what it is.
    fn definitions(&mut self, element: &Element, place: Place) {
        let shown: Vec<&Node> = element.children.iter().filter(|child| !child.is_blank()).collect();
        let whole = shown.first().is_some_and(|first| first.is("dt"))
            && shown.last().is_some_and(|last| last.is("dd"))
            && shown.iter().all(|child| child.is("dt") || child.is("dd"));
        if !whole {
            return self.wrapped("div", element, place);
        }
        self.start("dl", element, &[]);
        for part in element.elements() {
            let no_heading = place.no_heading || part.name == "dt";
            self.wrapped(&part.name, part, Place { no_heading, ..place });
        }
        self.end("dl");
    }

    fn table(&mut self, table: &Element, place: Place) {
        let keeps_spans = table::has_a_grid(table);
        self.start("table", table, &[]);
        for part in table.elements() {
            match part.name.as_str() {
                "caption" => self.wrapped("caption", part, Place { phrasing: true, ..place }),
                "thead" | "tbody" | "tfoot" if part.elements().any(table::is_row) => {
                    self.start(&part.name, part, &[]);
                    part.elements().filter(|row| table::is_row(row)).for_each(|row| self.row(row, keeps_spans, place));
                    self.end(&part.name);
                }
                _ => {}
            }
        }
        self.end("table");
    }

    fn row(&mut self, row: &Element, keeps_spans: bool, place: Place) {
        self.start("tr", row, &[]);
        for cell in row.elements().filter(|cell| table::is_cell(cell)) {
            let span = |name: &'static str| cell.attribute(name).filter(|_| keeps_spans).map(|span| (name, span));
            let scope = cell.attribute("scope").filter(|scope| cell.name == "th" && matches!(*scope, "row" | "col"));
            let attributes = [span("colspan"), span("rowspan"), scope.map(|scope| ("scope", scope))];
            self.start(&cell.name, cell, &attributes.into_iter().flatten().collect::<Vec<_>>());
            let no_heading = place.no_heading || cell.name == "th";
            self.all(&cell.children, Place { no_heading, ..place });
            self.end(&cell.name);
        }
        self.end("tr");
    }
}

/// A tag with a primary subtag of two or three letters, and nothing but a script or a region behind it.
fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let letters = |part: &str, length: std::ops::RangeInclusive<usize>| {
        length.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
    };
    subtags.next().is_some_and(|primary| letters(primary, 2..=2))
        && subtags.all(|part| letters(part, 2..=2) || letters(part, 4..=4))
        && tag.split('-').count() <= 3
}
