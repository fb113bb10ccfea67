//! The walk: a stack of open elements over the tokens.

mod inline;
mod open;
mod place;

use std::{borrow::Cow, rc::Rc};

use url::Url;

use super::{
    collect::Collected,
    elements::Level,
    entities::{self, Reference},
    leaf::Leaf,
    mended::Mended,
    tally::{Flaw, Tally},
    tokens::{Tag, Token, Tokens},
    vocabulary::{Mark, Namespaces, Vocabulary},
};
use crate::parse::ParseLimits;

/// A longer `xml:base` is an attack: every base below it would be at least as long.
const LONGEST_BASE: usize = 2_048;

/// How many end tags beyond the depth limit are looked back for.
const OVERFLOW_WINDOW: usize = 16;

/// Mends an XML document; `base` is what its relative `xml:base` attributes resolve against.
///
/// `None` if no feed is in it.
pub fn mend(text: &str, base: &Url, limits: &ParseLimits) -> Option<Mended> {
    let mut walk = Walk {
        limits,
        document_base: base,
        own: None,
        has_feed: false,
        frames: Vec::new(),
        overflow: Vec::new(),
        namespaces: Namespaces::default(),
        leaf: None,
        collected: Collected::default(),
        tally: Tally::default(),
        is_page: false,
    };
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next(&mut walk.tally) {
        walk.take(token);
        if walk.is_page {
            return None;
        }
    }
    walk.has_feed.then(|| walk.collected.finish(walk.tally, limits))
}

/// An open element.
struct Frame<'a> {
    name: &'a str,
    kind: Kind<'a>,
    base: Option<Rc<Url>>,
    mark: Mark,
}

enum Kind<'a> {
    /// An element whose children mean something.
    Level(Level),
    /// An element inside a person construct that may hold its name, as in FOAF.
    PersonPart,
    /// The element that `Walk::leaf` collects.
    Leaf,
    /// Markup inside a leaf, under the name it was written to the leaf with.
    Inline(Option<&'a str>),
    /// Around the feed, or of no meaning.
    Ignored,
}

struct Walk<'a, 'l> {
    limits: &'l ParseLimits,
    document_base: &'l Url,
    /// The vocabulary of names without prefix; `None` until the feed's root is met.
    own: Option<Vocabulary>,
    /// More has been met than an RDF root.
    has_feed: bool,
    frames: Vec<Frame<'a>>,
    /// The names of the elements open beyond the depth limit.
    overflow: Vec<&'a str>,
    namespaces: Namespaces<'a>,
    leaf: Option<Leaf>,
    collected: Collected,
    tally: Tally,
    /// The document is an HTML page.
    is_page: bool,
}

/// A start tag taken apart.
struct Start<'a> {
    tag: Tag<'a>,
    prefix: &'a str,
    /// As written.
    local: &'a str,
    lower: Cow<'a, str>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    vocabulary: Vocabulary,
    mark: Mark,
    base: Option<Rc<Url>>,
}

impl Start<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    fn attribute_with_local_name(&self, local: &str) -> Option<&str> {
        let is = |name: &str| name.rsplit(':').next().is_some_and(|name| name.eq_ignore_ascii_case(local));
        self.attributes.iter().find(|(name, _)| is(name)).map(|(_, value)| value.as_ref())
    }
}

impl<'a> Walk<'a, '_> {
    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Start(tag) => self.start(tag),
            Token::End(name) => self.end(name),
            Token::Text(text) => self.text(text),
            Token::Verbatim(text) => match &mut self.leaf {
                Some(leaf) => leaf.push_verbatim(text),
                None => self.text(text),
            },
            Token::Reference(name) => match entities::resolve(name) {
                Reference::Character(character) => self.text(character.encode_utf8(&mut [0; 4])),
                Reference::Pair(first, second) => self.text(&String::from_iter([first, second])),
                Reference::Illegal => self.tally.note(Flaw::IllegalCharacter, || format!("&{name};")),
                Reference::Unknown => {
                    self.tally.note(Flaw::UnknownEntity, || format!("&{name};"));
                    for piece in ["&", name, ";"] {
                        self.text(piece);
                    }
                }
            },
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(leaf) = &mut self.leaf {
            leaf.push_text(text);
        } else if matches!(self.frames.last(), Some(Frame { kind: Kind::Level(Level::Person) | Kind::PersonPart, .. }))
        {
            self.collected.person_text(text);
        } else if self.own.is_none() && !text.trim().is_empty() {
            self.tally.note(Flaw::TextBeforeRoot, || text.to_owned());
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        let (prefix, local) = tag.name.split_once(':').unwrap_or(("", tag.name));
        let lower = match local.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(local.to_ascii_lowercase()),
            false => Cow::Borrowed(local),
        };
        if tag.exceeds(self.limits.attributes) {
            self.tally.note(Flaw::TooManyAttributes, || tag.name.to_owned());
        }
        let own = self.own.unwrap_or(match lower.as_ref() {
            "feed" | "entry" => Vocabulary::Atom,
            _ => Vocabulary::Rss,
        });
        let is_container = matches!(lower.as_ref(), "rss" | "rdf" | "channel" | "item" | "feed" | "entry");
        let attributes: Vec<_> = tag.attributes(self.limits.attributes).collect();
        let mark = self.namespaces.mark();
        for (name, value) in &attributes {
            self.namespaces.declare(name, value, is_container.then_some(own));
        }
        let (vocabulary, is_declared) = self.namespaces.resolve(prefix, own);
        if !is_declared && vocabulary != Vocabulary::Other && self.own.is_some() {
            self.tally.note(Flaw::UndeclaredPrefix, || tag.name.to_owned());
        }
        let mut start = Start { tag, prefix, local, lower, attributes, vocabulary, mark, base: self.base() };
        if let Some(written) = start.attribute("xml:base").map(str::trim).filter(|base| !base.is_empty()) {
            match self.join(start.base.as_deref(), written) {
                Some(base) => start.base = Some(Rc::new(base)),
                None => self.tally.note(Flaw::BadBase, || written.to_owned()),
            }
        }
        self.place(start, own);
    }

    /// Opens an element, and closes it at once if its tag is empty.
    fn push(&mut self, start: &Start<'a>, kind: Kind<'a>) {
        if self.frames.len() >= self.limits.depth {
            self.tally.note(Flaw::TooDeep, || start.tag.name.to_owned());
            self.namespaces.reset(start.mark);
            if matches!(kind, Kind::Leaf) {
                self.leaf = None;
            }
            if !start.tag.is_empty {
                self.overflow.push(start.tag.name);
            }
            return;
        }
        let kind = match kind {
            // Its end tag has been written already.
            Kind::Inline(Some(_)) if start.tag.is_empty => Kind::Inline(None),
            kind => kind,
        };
        self.frames.push(Frame { name: start.tag.name, kind, base: start.base.clone(), mark: start.mark });
        if start.tag.is_empty {
            self.close_to(self.frames.len() - 1);
        }
    }

    fn end(&mut self, name: &str) {
        let recent = self.overflow.iter().rev().take(OVERFLOW_WINDOW).position(|open| open.eq_ignore_ascii_case(name));
        if let Some(back) = recent {
            self.overflow.truncate(self.overflow.len() - back - 1);
            return;
        }
        match self.frames.iter().rposition(|frame| frame.name.eq_ignore_ascii_case(name)) {
            Some(at) => {
                if at + 1 < self.frames.len() {
                    self.tally.note(Flaw::MissingEnd, || {
                        self.frames.last().map(|frame| frame.name.to_owned()).unwrap_or_default()
                    });
                }
                self.close_to(at);
            }
            None => self.tally.note(Flaw::UnmatchedEnd, || format!("</{name}>")),
        }
    }

    /// Closes elements until `length` are open.
    fn close_to(&mut self, length: usize) {
        self.overflow.clear();
        while self.frames.len() > length {
            let Some(frame) = self.frames.pop() else { return };
            self.namespaces.reset(frame.mark);
            match frame.kind {
                Kind::Leaf => {
                    if let Some(leaf) = self.leaf.take() {
                        let is_rss = self.own == Some(Vocabulary::Rss);
                        self.collected.finish_leaf(leaf, is_rss, &mut self.tally);
                    }
                }
                Kind::Inline(Some(name)) => {
                    if let Some(leaf) = &mut self.leaf {
                        leaf.close(name);
                    }
                }
                Kind::Level(Level::Person) => self.collected.finish_person(),
                Kind::Level(Level::Source) => self.collected.finish_source(),
                Kind::Level(Level::Item) => {
                    self.collected.finish_item(self.limits.entries);
                    self.tally.entry = None;
                }
                Kind::Level(_) | Kind::PersonPart | Kind::Inline(None) | Kind::Ignored => {}
            }
        }
    }

    fn leaf_frame(&self) -> Option<usize> {
        self.leaf.as_ref()?;
        self.frames.iter().rposition(|frame| matches!(frame.kind, Kind::Leaf))
    }

    fn level_at(&self, at: usize) -> Level {
        match self.frames.get(at).map(|frame| &frame.kind) {
            Some(Kind::Level(level)) => *level,
            Some(Kind::PersonPart) => Level::Person,
            _ => Level::Feed,
        }
    }

    /// The base in force.
    fn base(&self) -> Option<Rc<Url>> {
        self.frames.last().and_then(|frame| frame.base.clone())
    }

    fn join(&self, around: Option<&Url>, written: &str) -> Option<Url> {
        let around = around.unwrap_or(self.document_base);
        (written.len() <= LONGEST_BASE && around.as_str().len() <= 2 * LONGEST_BASE)
            .then(|| around.join(written).ok())?
    }
}
