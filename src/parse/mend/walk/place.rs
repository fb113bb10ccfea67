//! Where a start tag belongs, in documents that leave it to the reader.

use super::{Kind, Start, Walk};
use crate::parse::mend::{
    elements::{self, Element, Field, Level},
    leaf::Form,
    tally::Flaw,
    vocabulary::{self, Vocabulary},
};

impl<'a> Walk<'a, '_> {
    /// Decides what a start tag begins.
    pub(super) fn place(&mut self, start: Start<'a>, own: Vocabulary) {
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
}
