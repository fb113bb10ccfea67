//! Markup inside a text.

use std::rc::Rc;

use url::Url;

use super::{Kind, Start, Walk, open::language};
use crate::parse::mend::{elements, leaf::Form, vocabulary::Vocabulary};

impl<'a> Walk<'a, '_> {
    /// Markup inside the leaf whose frame is at `at`.
    pub(super) fn inline(&mut self, start: Start<'a>, at: usize) {
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
