//! XML 1.0 read without mercy: whatever is not well-formed, or uses a prefix that nobody declared, is an error.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// An element with everything in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Element {
    /// As written, prefix and all.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// The characters directly in it, references resolved.
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|child| child.name == name).map(|child| child.text.as_str())
    }

    /// This element and all below it.
    pub fn walk(&self, visit: &mut impl FnMut(&Element)) {
        visit(self);
        for child in &self.children {
            child.walk(visit);
        }
    }
}

/// The root of a document.
pub fn read(document: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(document).map_err(|error| format!("not UTF-8: {error}"))?;
    if let Some(c) = text.chars().find(|c| !is_allowed(*c)) {
        return Err(format!("U+{:04X} is no character of XML", c as u32));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| format!("at {}: {error}", reader.error_position()))?;
        let ended = match event {
            Event::Start(start) => {
                let element = element(&start)?;
                check_prefixes(&element, &open)?;
                open.push(element);
                None
            }
            Event::Empty(start) => {
                let element = element(&start)?;
                check_prefixes(&element, &open)?;
                Some(element)
            }
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                if text.contains("]]>") {
                    return Err("`]]>` in text".into());
                }
                add(&mut open, &text)?;
                None
            }
            Event::CData(text) => {
                add(&mut open, &text)?;
                None
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                    Some(c) if is_allowed(c) => c.to_string(),
                    Some(c) => return Err(format!("a reference to U+{:04X}", c as u32)),
                    None => quick_xml::escape::resolve_xml_entity(&reference)
                        .ok_or_else(|| format!("the unknown entity {:?}", &*reference))?
                        .to_string(),
                };
                add(&mut open, &resolved)?;
                None
            }
            Event::DocType(_) => return Err("a document type".into()),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
        };
        if let Some(element) = ended {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None if root.is_none() => root = Some(element),
                None => return Err(format!("a second root, {}", element.name)),
            }
        }
    }
    match open.pop() {
        Some(unclosed) => Err(format!("{} is not closed", unclosed.name)),
        None => root.ok_or_else(|| "no element".into()),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = start.name().into_inner().to_string();
    let mut attributes: Vec<(String, String)> = Vec::new();
    // The iterator refuses an attribute that is there twice.
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("in {name}: {error}"))?;
        if attribute.value.contains('<') {
            return Err(format!("`<` in an attribute of {name}"));
        }
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|error| format!("in {name}: {error}"))?;
        attributes.push((attribute.key.into_inner().to_string(), value.into_owned()));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

fn check_prefixes(element: &Element, around: &[Element]) -> Result<(), String> {
    let names = std::iter::once(element.name.as_str()).chain(element.attributes.iter().map(|(name, _)| name.as_str()));
    for prefix in names.filter_map(|name| Some(name.split_once(':')?.0)) {
        let declaration = format!("xmlns:{prefix}");
        let declared = prefix == "xml"
            || prefix == "xmlns"
            || around.iter().chain([element]).any(|element| element.attribute(&declaration).is_some());
        if !declared {
            return Err(format!("nobody declares the prefix {prefix}"));
        }
    }
    Ok(())
}

fn add(open: &mut [Element], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("text outside the root".into()),
    }
    Ok(())
}

/// The production `Char` of XML 1.0 §2.2.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_not_well_formed_is_refused() {
        let wrong: [(&str, &[u8]); 12] = [
            ("an element left open", b"<a><b></a>"),
            ("two roots", b"<a/><b/>"),
            ("text after the root", b"<a/>x"),
            ("an attribute twice", b"<a x='1' x='2'/>"),
            ("an unknown entity", b"<a>&nbsp;</a>"),
            ("an unknown entity in an attribute", b"<a x='&nbsp;'/>"),
            ("a control character", b"<a>\x08</a>"),
            ("a reference to one", b"<a>&#8;</a>"),
            ("bytes that are not UTF-8", b"<a>\xe9</a>"),
            ("an undeclared prefix", b"<a><media:b/></a>"),
            ("an ampersand alone", b"<a>x & y</a>"),
            ("nothing", b""),
        ];
        for (case, document) in wrong {
            assert!(read(document).is_err(), "{case}: {:?}", read(document));
        }
        let root = read(b"<?xml version='1.0'?><a xmlns:m='urn:m' x='1 &lt; 2'>t&amp;&#233;<m:b/></a>").unwrap();
        assert_eq!((root.attribute("x"), root.text.as_str(), root.children.len()), (Some("1 < 2"), "t&é", 1));
    }
}
