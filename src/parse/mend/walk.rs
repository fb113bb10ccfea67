use std::{borrow::Cow, rc::Rc};

use url::Url;

use super::{
    draft::Draft,
    elements::{self, Element, Field, Level, Role},
    entities::{self, Reference},
    finish::Collected,
    leaf::{Form, Leaf},
    mended::Mended,
    tally::{Flaw, Tally},
    tokens::{Tag, Token, Tokens},
    vocabulary::{self, Mark, Namespaces, Vocabulary},
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

    /// Decides what a start tag begins.
    fn place(&mut self, start: Start<'a>, own: Vocabulary) {
        if self.own.is_none() {
            self.is_page |= start.lower == "html";
            if elements::container(start.vocabulary, &start.lower).is_none() {
                return self.open_ignored(&start);
            }
            self.own = Some(own);
        }
        self.has_feed |= match elements::container(start.vocabulary, &start.lower) {
            // An RDF root can hold anything, but not with the namespace of RSS.
            Some(_) if start.lower == "rdf" => start.attributes.iter().any(|(_, value)| vocabulary::is_rss(value)),
            container => container.is_some(),
        };
        if self.begins_item(&start) {
            return self.open_item(&start);
        }
        if let Some(at) = self.leaf_frame() {
            let level = at.checked_sub(1).map_or(Level::Feed, |below| self.level_at(below));
            if !self.ends_leaf(level, &start) {
                return self.inline(start, at);
            }
            self.tally
                .note(Flaw::MissingEnd, || self.frames.get(at).map(|frame| frame.name.to_owned()).unwrap_or_default());
            self.close_to(at);
        }
        if let Some(at) = self.person_left_open(&start) {
            self.tally
                .note(Flaw::MissingEnd, || self.frames.get(at).map(|frame| frame.name.to_owned()).unwrap_or_default());
            self.close_to(at);
        }
        let is_root = elements::container(start.vocabulary, &start.lower) == Some(Element::Container);
        match self.frames.last().map(|frame| &frame.kind) {
            None => self.open(start, Level::Feed),
            Some(Kind::Ignored) if is_root && self.collected.item.is_none() => self.open(start, Level::Feed),
            Some(Kind::Level(level)) => self.open(start, *level),
            Some(Kind::PersonPart) => self.open(start, Level::Person),
            Some(Kind::Leaf | Kind::Inline(_) | Kind::Ignored) => self.open_ignored(&start),
        }
    }

    /// Whether the tag begins an item, wherever it stands: outside `<channel>`, within a wrapper, in an item never closed.
    fn begins_item(&self, start: &Start<'a>) -> bool {
        if elements::container(start.vocabulary, &start.lower) != Some(Element::Item)
            || Some(start.vocabulary) != self.own
        {
            return false;
        }
        // Within XHTML or another XML document, an element of this name is part of the content.
        !self.leaf.as_ref().is_some_and(|leaf| leaf.form == Form::Xhtml && leaf.is_text())
    }

    /// Whether the tag can only be the next element, so that the leaf's own end tag is missing.
    fn ends_leaf(&self, level: Level, start: &Start<'a>) -> bool {
        let Some(leaf) = &self.leaf else { return false };
        if leaf.is_text() && leaf.form == Form::Xhtml || start.vocabulary == Vocabulary::Xhtml {
            return false;
        }
        elements::meaning(level, start.vocabulary, &start.lower).is_some()
            && (!leaf.is_text()
                || !start.prefix.is_empty()
                || !elements::is_also_html(&start.lower)
                || (leaf.field == Field::Title && start.lower == "link"))
    }

    /// The frame of a person construct that the tag cannot be a part of.
    fn person_left_open(&self, start: &Start<'a>) -> Option<usize> {
        if !matches!(self.frames.last()?.kind, Kind::Level(Level::Person) | Kind::PersonPart)
            || elements::meaning(Level::Person, start.vocabulary, &start.lower).is_some()
        {
            return None;
        }
        let at = self.frames.iter().rposition(|frame| matches!(frame.kind, Kind::Level(Level::Person)))?;
        let around = at.checked_sub(1).map_or(Level::Feed, |around| self.level_at(around));
        elements::meaning(around, start.vocabulary, &start.lower).map(|_| at)
    }

    fn open_item(&mut self, start: &Start<'a>) {
        let holder = self.frames.iter().rposition(|frame| matches!(frame.kind, Kind::Level(Level::Feed)));
        let is_inside = self.collected.item.is_some();
        if is_inside {
            self.tally.note(Flaw::MissingEnd, || start.tag.name.to_owned());
        }
        let open = self.frames.iter().position(|frame| matches!(frame.kind, Kind::Level(Level::Item)));
        if let Some(length) = holder.map(|holder| holder + 1).or(open) {
            self.close_to(length);
        }
        self.tally.entry = Some(self.collected.position);
        let mut item = Draft { base: start.base.as_deref().map(Url::to_string), ..Draft::default() };
        if let Some(about) = start.attribute_with_local_name("about").map(str::trim).filter(|about| !about.is_empty()) {
            item.id.offer(2, (about.to_owned(), Some(true)));
        }
        if let Some(language) = language(start) {
            item.language.offer(1, language);
        }
        self.collected.item = Some(item);
        self.push(start, Kind::Level(Level::Item));
    }

    fn open(&mut self, start: Start<'a>, level: Level) {
        match elements::meaning(level, start.vocabulary, &start.lower) {
            Some(Element::Container) => {
                self.collected.open_container(
                    start.attribute("xml:base"),
                    language(&start),
                    start.attribute_with_local_name("about").filter(|_| start.lower == "channel"),
                );
                self.push(&start, Kind::Level(Level::Feed));
            }
            Some(Element::Source) => {
                self.collected.source = Some(Draft::default());
                self.push(&start, Kind::Level(Level::Source));
            }
            Some(Element::Person(role)) => {
                self.collected.open_person(role);
                self.push(&start, Kind::Level(Level::Person));
            }
            Some(Element::MediaContent) => {
                let value = |name| start.attribute_with_local_name(name).map(str::to_owned);
                self.collected.enclosure(value("url"), value("type"), value("filesize"));
                self.push(&start, Kind::Level(Level::Media));
            }
            Some(Element::PodcastCategory) => {
                self.collected.category(start.attribute_with_local_name("text").unwrap_or_default());
                self.push(&start, Kind::Level(Level::Category));
            }
            Some(Element::MediaGroup) => self.push(&start, Kind::Level(Level::Media)),
            Some(Element::SkipHours) => self.push(&start, Kind::Level(Level::SkipHours)),
            Some(Element::SkipDays) => self.push(&start, Kind::Level(Level::SkipDays)),
            Some(Element::Field(field, rank)) => self.open_leaf(start, field, rank),
            None if level == Level::Person => self.push(&start, Kind::PersonPart),
            Some(Element::Item) | None => self.open_ignored(&start),
        }
    }

    fn open_leaf(&mut self, start: Start<'a>, field: Field, rank: u8) {
        let form = match (start.vocabulary, field) {
            (Vocabulary::Content, _) => Form::Html,
            (Vocabulary::Xhtml, _) => Form::Xhtml,
            (Vocabulary::Yandex, _) => Form::Plain,
            (Vocabulary::Atom | Vocabulary::Media, _) => Form::of(start.attribute("type"), start.attribute("mode")),
            (_, Field::Content) => Form::Html,
            _ => Form::Unknown,
        };
        if form == Form::Binary {
            self.tally.note(Flaw::BinaryContent, || start.attribute("type").unwrap_or_default().to_owned());
        }
        let mut leaf = Leaf::new(field, rank, form, start.base.clone());
        leaf.language = language(&start);
        leaf.attributes = match leaf.is_text() && field != Field::Content {
            true => Vec::new(),
            false => {
                let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
                start.attributes.iter().map(|(name, value)| (local(name), value.as_ref().to_owned())).collect()
            }
        };
        leaf.is_atom = start.vocabulary == Vocabulary::Atom;
        self.leaf = Some(leaf);
        self.push(&start, Kind::Leaf);
    }

    fn open_ignored(&mut self, start: &Start<'a>) {
        // Outside a text, HTML's elements without end tag are remains of an error page or of a template.
        if start.prefix.is_empty() && matches!(start.lower.as_ref(), "br" | "hr" | "img" | "input" | "meta") {
            return self.namespaces.reset(start.mark);
        }
        self.push(start, Kind::Ignored);
    }

    /// Markup inside the leaf whose frame is at `at`.
    fn inline(&mut self, start: Start<'a>, at: usize) {
        let is_open_for_more = self.frames.len() < self.limits.depth;
        let Some(leaf) = self.leaf.as_mut().filter(|leaf| leaf.is_text()) else {
            return self.push_inline(&start, None);
        };
        let is_wrapper = leaf.form == Form::Xhtml && self.frames.len() == at + 1 && start.lower == "div";
        if is_wrapper && !leaf.has_markup() && !start.tag.is_empty {
            // RFC 4287 §3.1.1.3: the div is not part of the content. Its base and language are.
            leaf.begin_markup();
            leaf.base = start.base.clone();
            leaf.language = language(&start).or(leaf.language.take());
            return self.push_inline(&start, None);
        }
        if !is_open_for_more {
            return self.push_inline(&start, None);
        }
        let name = if start.vocabulary == Vocabulary::Xhtml { start.local } else { start.tag.name };
        let other_base = start.base.as_ref().filter(|base| leaf.base.as_ref() != Some(*base));
        leaf.open(name, start.attributes.iter().filter_map(|(name, value)| markup_attribute(name, value, other_base)));
        if elements::is_void(&start.lower) {
            return self.namespaces.reset(start.mark);
        }
        if start.tag.is_empty {
            leaf.close(name);
        }
        self.push_inline(&start, Some(name));
    }

    fn push_inline(&mut self, start: &Start<'a>, written: Option<&'a str>) {
        self.push(start, Kind::Inline(written));
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

fn language(start: &Start<'_>) -> Option<String> {
    start.attribute("xml:lang").map(str::trim).filter(|language| !language.is_empty()).map(str::to_owned)
}

/// An attribute of inline markup as HTML has it. Where another base is in force than on the text, the address is resolved:
/// HTML has no `xml:base`.
fn markup_attribute(name: &str, value: &str, base: Option<&Rc<Url>>) -> Option<(String, String)> {
    let name = match name {
        "xml:lang" => "lang",
        _ if name.starts_with("xmlns") || name.starts_with("xml:") => return None,
        _ => name,
    };
    let is_address = matches!(name, "href" | "src" | "cite" | "poster" | "data" | "longdesc");
    let resolved = base.filter(|_| is_address).and_then(|base| base.join(value.trim()).ok());
    Some((name.to_owned(), resolved.map_or_else(|| value.to_owned(), String::from)))
}

/// What a person's role adds to.
impl Role {
    pub fn persons(self, draft: &mut Draft) -> &mut Vec<crate::model::Person> {
        match self {
            Self::Author => &mut draft.authors,
            Self::Contributor => &mut draft.contributors,
        }
    }
}
