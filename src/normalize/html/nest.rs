//! Which elements are open, and what starts and ends close or open besides themselves.
//!
//! What is written is always strictly nested, so that the tree built from it later is as deep and as large as it looks.

use html5ever::{LocalName, local_name};

use super::{
    allowed::{Treatment, ends_paragraph, is_block, is_formatting, is_heading, is_table_part, treatment},
    writer::Writer,
};

/// Nested elements (SAN-4); tags of deeper ones are dropped and their text is kept.
const DEEPEST: usize = 256;

/// Elements and runs of text (SAN-4); what comes after is cut.
const MOST_NODES: usize = 50_000;

pub(super) struct Open {
    pub(super) name: LocalName,
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

pub(super) struct Nest {
    pub(super) writer: Writer,
    open: Vec<Open>,
    /// The outermost open element that is dropped with all it holds.
    dropping: Option<usize>,
    /// Elements beyond [`DEEPEST`] whose end tags are still to come.
    too_deep: Vec<(LocalName, usize)>,
    nodes: usize,
}

impl Nest {
    pub(super) fn new(writer: Writer) -> Self {
        Self { writer, open: Vec::new(), dropping: None, too_deep: Vec::new(), nodes: 0 }
    }

    /// Whether what comes now is dropped, being inside something that is.
    pub(super) fn is_dropping(&self) -> bool {
        self.dropping.is_some()
    }

    pub(super) fn innermost_open(&self) -> Option<&str> {
        self.open.last().map(|open| &*open.name)
    }

    pub(super) fn open(&mut self, name: LocalName, start: String) {
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

    pub(super) fn drop_inside(&mut self, name: LocalName) {
        if self.dropping.is_some() {
            self.open(name, String::new());
            return;
        }
        // Pushed even at the deepest level: were it not, what it holds would show.
        self.dropping = Some(self.open.len());
        self.open.push(Open::new(name, String::new(), false));
    }

    pub(super) fn may_add_node(&mut self) -> bool {
        if self.dropping.is_some() {
            return false;
        }
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            self.writer.stop();
        }
        self.nodes <= MOST_NODES
    }

    /// Ends what an end tag of this name ends; `false` if that is nothing.
    pub(super) fn end(&mut self, name: &LocalName) -> bool {
        if let Some((_, count)) = self.too_deep.iter_mut().find(|(deep, count)| deep == name && *count > 0) {
            *count -= 1;
        } else if let Some(index) = self.find(name) {
            if is_formatting(name) { self.close_and_reopen(index) } else { self.close_from(index) }
        } else {
            return false;
        }
        true
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
    pub(super) fn close_from(&mut self, index: usize) {
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

    pub(super) fn close_paragraph(&mut self) {
        if let Some(index) = self.find(&local_name!("p")) {
            self.close_from(index);
        }
    }

    /// Closes what the start of this element ends.
    pub(super) fn close_before(&mut self, name: &str) {
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
    pub(super) fn prepare_table(&mut self, part: &str) -> bool {
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

    pub(super) fn is_in_drawing(&self) -> bool {
        self.dropping.and_then(|index| self.open.get(index)).is_some_and(|open| &*open.name == "svg")
    }

    /// An HTML element in a drawing that was never closed ends the drawing, as in a browser.
    pub(super) fn leave_drawing(&mut self, name: &str) {
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
