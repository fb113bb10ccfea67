//! The text of one element, whether its publisher escaped the markup in it, wrapped it in CDATA, or just wrote it.

use std::{borrow::Cow, ops::Range, rc::Rc};

use quick_xml::escape::escape;
use url::Url;

use super::elements::Field;
use crate::model::TextKind;

/// How an element's text is meant, as far as the element says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// RSS: nobody knows.
    Unknown,
    Plain,
    Html,
    /// Markup written as elements: `type="xhtml"` and kin.
    Xhtml,
    /// A medium that is no text.
    Binary,
}

impl Form {
    /// From the `type` of a text construct (RFC 4287 §3.1.1, §4.1.3.1) and the `mode` that Atom 0.3 had beside it.
    pub fn of(media_type: Option<&str>, mode: Option<&str>) -> Self {
        let lower = |text: Option<&str>| text.map(|text| text.trim().to_ascii_lowercase()).unwrap_or_default();
        let (media_type, mode) = (lower(media_type), lower(mode));
        let bare = media_type.split(';').next().unwrap_or_default().trim_end();
        match (bare, mode.as_str()) {
            (_, "base64") => Self::Binary,
            ("" | "text" | "plain" | "text/plain", "escaped") => Self::Unknown,
            ("" | "text" | "plain" | "text/plain", _) => Self::Plain,
            ("html" | "text/html", "xml") => Self::Xhtml,
            ("html" | "text/html" | "text/x-html" | "application/html", _) => Self::Html,
            ("xhtml", _) => Self::Xhtml,
            (other, "escaped") if other.ends_with("+xml") || other.ends_with("/xml") => Self::Html,
            (other, _) if other.ends_with("+xml") || other.ends_with("/xml") => Self::Xhtml,
            (other, _) if other.starts_with("text/") => Self::Plain,
            (other, _) if other.contains('/') => Self::Binary,
            _ => Self::Unknown,
        }
    }
}

/// An element that is being read for its text.
#[derive(Debug)]
pub struct Leaf {
    pub field: Field,
    pub rank: u8,
    pub form: Form,
    /// The element is Atom's, in whatever dialect it stands.
    pub is_atom: bool,
    pub base: Option<Rc<Url>>,
    pub language: Option<String>,
    /// The attributes that matter to `field`.
    pub attributes: Vec<(String, String)>,
    text: String,
    /// The parts of `text` that stood in CDATA sections, until markup is met.
    verbatim: Vec<Range<usize>>,
    /// Elements have been met inside: `text` is HTML from now on.
    has_markup: bool,
}

impl Leaf {
    pub fn new(field: Field, rank: u8, form: Form, base: Option<Rc<Url>>) -> Self {
        Self {
            field,
            rank,
            form,
            is_atom: false,
            base,
            language: None,
            attributes: Vec::new(),
            text: String::new(),
            verbatim: Vec::new(),
            has_markup: false,
        }
    }

    /// Whether markup inside belongs to the value.
    pub fn is_text(&self) -> bool {
        matches!(self.field, Field::Title | Field::Summary | Field::Content | Field::Rights)
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn has_markup(&self) -> bool {
        self.has_markup
    }

    pub fn push_text(&mut self, text: &str) {
        if self.has_markup {
            self.text.push_str(&escape_text(text));
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds the inside of a CDATA section. Among elements it is markup that its publisher did not trust XML with, save in
    /// XHTML, where it is text like any other.
    pub fn push_verbatim(&mut self, text: &str) {
        if self.form == Form::Xhtml {
            return self.push_text(text);
        }
        let start = self.text.len();
        self.text.push_str(text);
        if !self.has_markup && self.is_text() {
            self.verbatim.push(start..self.text.len());
        }
    }

    /// Adds a start tag; the text before it becomes HTML.
    pub fn open(&mut self, name: &str, attributes: impl Iterator<Item = (String, String)>) {
        self.begin_markup();
        self.text.extend(["<", name]);
        for (name, value) in attributes {
            self.text.extend([" ", &name, "=\"", &escape(value.as_str()), "\""]);
        }
        self.text.push('>');
    }

    pub fn close(&mut self, name: &str) {
        self.text.extend(["</", name, ">"]);
    }

    /// From here on the text is HTML.
    pub fn begin_markup(&mut self) {
        if self.has_markup {
            return;
        }
        self.has_markup = true;
        let plain = std::mem::take(&mut self.text);
        let mut done = 0;
        for range in self.verbatim.drain(..) {
            self.text.push_str(&escape_text(plain.get(done..range.start).unwrap_or_default()));
            self.text.push_str(plain.get(range.clone()).unwrap_or_default());
            done = range.end;
        }
        self.text.push_str(&escape_text(plain.get(done..).unwrap_or_default()));
    }

    /// The text and its kind; `None` if blank.
    pub fn finish(mut self) -> Option<(String, TextKind)> {
        let kind = match self.form {
            _ if self.has_markup => TextKind::Html,
            Form::Unknown | Form::Binary => TextKind::Unknown,
            Form::Plain => TextKind::Plain,
            Form::Html => TextKind::Html,
            // Declared as XHTML, but its tags came escaped.
            Form::Xhtml if self.text.contains('<') => TextKind::Html,
            Form::Xhtml => TextKind::Plain,
        };
        let trimmed = self.text.trim();
        if trimmed.is_empty() {
            return None;
        }
        if trimmed.len() != self.text.len() {
            self.text = trimmed.to_owned();
        }
        Some((self.text, kind))
    }
}

/// Text as HTML.
fn escape_text(text: &str) -> Cow<'_, str> {
    quick_xml::escape::partial_escape(text)
}
