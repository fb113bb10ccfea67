//! The elements of a document of ours, read back.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use super::page::PageDamage;

/// An element with everything in it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    /// The characters directly in it, references resolved.
    pub(super) text: String,
}

impl Element {
    /// The root of a document.
    ///
    /// # Errors
    /// It is not well-formed.
    pub(super) fn read(document: &str) -> Result<Self, PageDamage> {
        let mut reader = Reader::from_str(document);
        let mut open = vec![Self::default()];
        loop {
            let ended = match reader.read_event().map_err(broken)? {
                Event::Start(start) => {
                    open.push(Self::of(&start)?);
                    None
                }
                Event::Empty(start) => Some(Self::of(&start)?),
                Event::End(_) => open.pop(),
                Event::Text(text) => said(&mut open, &text),
                Event::CData(text) => said(&mut open, &text),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(broken)? {
                    Some(character) => said(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => said(&mut open, quick_xml::escape::resolve_xml_entity(&reference).unwrap_or_default()),
                },
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
            };
            if let (Some(element), Some(parent)) = (ended, open.last_mut()) {
                parent.children.push(element);
            }
        }
        let outermost = open.pop().filter(|_| open.is_empty());
        let root = outermost.and_then(|mut outermost| outermost.children.pop());
        root.ok_or_else(|| broken("an element is not closed, or there is none"))
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, PageDamage> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(broken)?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(broken)?;
            attributes.push((attribute.key.into_inner().to_string(), value.into_owned()));
        }
        Ok(Self { name: start.name().into_inner().to_string(), attributes, ..Self::default() })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn first(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.first(name).map(|child| child.text.as_str())
    }
}

fn said(open: &mut [Element], text: &str) -> Option<Element> {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
    None
}

fn broken(cause: impl ToString) -> PageDamage {
    PageDamage(format!("the document cannot be read: {}", cause.to_string()))
}
