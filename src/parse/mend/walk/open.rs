//! What an element begins: a draft, a person, a leaf.

use url::Url;

use super::{Kind, Start, Walk};
use crate::parse::mend::{
    draft::Draft,
    elements::{self, Element, Field, Level},
    leaf::{Form, Leaf},
    tally::Flaw,
    vocabulary::Vocabulary,
};

impl<'a> Walk<'a, '_> {
    pub(super) fn open_item(&mut self, start: &Start<'a>) {
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

    pub(super) fn open(&mut self, start: Start<'a>, level: Level) {
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
                self.push(&start, Kind::Level(Level::Categories));
            }
            Some(Element::Categories) => self.push(&start, Kind::Level(Level::Categories)),
            Some(Element::MediaGroup) => self.push(&start, Kind::Level(Level::Media)),
            Some(Element::SkipHours) => self.push(&start, Kind::Level(Level::SkipHours)),
            Some(Element::SkipDays) => self.push(&start, Kind::Level(Level::SkipDays)),
            Some(Element::DeletedEntry) => {
                // RFC 6721 is of Atom documents; elsewhere it is an element like any other unknown one.
                if self.own == Some(Vocabulary::Atom) {
                    let (id, when) = (start.attribute("ref"), start.attribute("when"));
                    self.collected.deleted_entry(id, when, self.limits.entries, &mut self.tally);
                }
                self.push(&start, Kind::Ignored);
            }
            Some(Element::Field(field, rank)) => self.open_leaf(start, field, rank),
            None if level == Level::Person => self.push(&start, Kind::PersonPart),
            Some(Element::Item) | None => self.open_ignored(&start),
        }
    }

    pub(super) fn open_leaf(&mut self, start: Start<'a>, field: Field, rank: u8) {
        let mut form = match (start.vocabulary, field) {
            (Vocabulary::Content, _) => Form::Html,
            (Vocabulary::Xhtml, _) => Form::Xhtml,
            (Vocabulary::Yandex, _) => Form::Plain,
            (Vocabulary::Atom | Vocabulary::Media, _) => Form::of(start.attribute("type"), start.attribute("mode")),
            (_, Field::Content) => Form::Html,
            _ => Form::Unknown,
        };
        if form == Form::Binary && field != Field::Content && start.attribute("mode").is_none() {
            // Whatever medium a title claims to be, it is text.
            form = Form::Unknown;
        }
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

    pub(super) fn open_ignored(&mut self, start: &Start<'a>) {
        // Outside a text, HTML's elements without end tag are remains of an error page or of a template.
        if start.prefix.is_empty() && matches!(start.lower.as_ref(), "br" | "hr" | "img" | "input" | "meta") {
            return self.namespaces.reset(start.mark);
        }
        self.push(start, Kind::Ignored);
    }
}

pub(super) fn language(start: &Start<'_>) -> Option<String> {
    start.attribute("xml:lang").map(str::trim).filter(|language| !language.is_empty()).map(str::to_owned)
}
