//! Attributes: which are written, with links made absolute, and what they tell of things that nobody is to see.

use html5ever::Attribute;
use url::Url;

use super::{Place, allowed::keeps_attribute, writer::escape_attribute};
use crate::normalize::{
    characters::{abridge, legible},
    links,
};

/// Where scripts that load images late keep the address of the image.
const LATE_SOURCES: &[&str] =
    &["data-src", "data-lazy-src", "data-original", "data-orig-file", "data-srcset", "srcset"];

/// The most that is kept of an attribute's value, in bytes; a link is never longer.
const LONGEST_VALUE: usize = 8 * 1024;

/// Appends the attributes that are kept; `true` if there is a usable `href` or `src` among them.
pub(super) fn write_attributes(out: &mut String, element: &str, attributes: &[Attribute], place: Place<'_>) -> bool {
    let mut has_link = false;
    let write = |out: &mut String, name: &str, value: &str| {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape_attribute(out, &abridge(legible(value).into_owned(), LONGEST_VALUE));
        out.push('"');
    };
    if element == "img"
        && let Some(source) = image_source(attributes, place)
    {
        write(out, "src", source.as_str());
        has_link = true;
    }
    if matches!(element, "audio" | "video") {
        write(out, "controls", "");
    }
    for attribute in attributes {
        let name = &*attribute.name.local;
        if !keeps_attribute(element, name) {
            continue;
        }
        match (element, name) {
            ("img", "src") | (_, "controls") => {}
            ("a", "href") => {
                if let Some(link) = link_target(&attribute.value, place) {
                    write(out, name, link.as_str());
                    has_link = true;
                }
            }
            (_, "src" | "poster" | "cite") => {
                if let Some(link) = links::resolve(place.base, &attribute.value) {
                    write(out, name, link.as_str());
                    has_link |= name == "src";
                }
            }
            _ => write(out, name, &attribute.value),
        }
    }
    has_link
}

/// A reference to a part of the page (`#note-1`) means the article's page, where the part is, not the feed.
fn link_target(reference: &str, place: Place<'_>) -> Option<Url> {
    let reference = reference.trim();
    match (reference.starts_with('#'), place.page) {
        (true, None) => None,
        (true, Some(page)) => links::resolve(page, reference),
        (false, _) => links::resolve_or_mail(place.base, reference),
    }
}

fn image_source(attributes: &[Attribute], place: Place<'_>) -> Option<Url> {
    let source = |wanted: &str| {
        let attribute = attributes.iter().find(|attribute| &*attribute.name.local == wanted)?;
        // The first candidate of a list of images is as good as any; addresses in one hold no comma followed by white space.
        let value = match wanted.ends_with("srcset") {
            true => attribute.value.split_whitespace().next()?.trim_end_matches(','),
            false => &*attribute.value,
        };
        links::resolve(place.base, value)
    };
    source("src").or_else(|| LATE_SOURCES.iter().find_map(|name| source(name)))
}

/// Whether the publisher hides the element: `hidden`, or a style that does not display it.
pub(super) fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &*attribute.name.local {
        "hidden" => true,
        "style" => declarations(&attribute.value).any(|(property, value)| {
            matches!((property.as_str(), value.as_str()), ("display", "none") | ("visibility", "hidden"))
        }),
        _ => false,
    })
}

/// Whether an image is too small to be seen: it counts readers.
pub(super) fn is_pixel(attributes: &[Attribute]) -> bool {
    let side = |wanted: &str| {
        attributes.iter().find_map(|attribute| match &*attribute.name.local {
            "style" => {
                declarations(&attribute.value).find(|(property, _)| property == wanted).and_then(|(_, v)| pixels(&v))
            }
            name if name == wanted => pixels(&attribute.value),
            _ => None,
        })
    };
    match (side("width"), side("height")) {
        (Some(0), _) | (_, Some(0)) => true,
        (None, None) => false,
        (width, height) => width.unwrap_or(1) <= 1 && height.unwrap_or(1) <= 1,
    }
}

fn pixels(length: &str) -> Option<u32> {
    let length = length.trim();
    length.strip_suffix("px").unwrap_or(length).trim().parse().ok()
}

/// The declarations of a style attribute, in lower case and without `!important`.
fn declarations(style: &str) -> impl Iterator<Item = (String, String)> {
    style.split(';').filter_map(|declaration| {
        let (property, value) = declaration.split_once(':')?;
        let value = value.split('!').next().unwrap_or_default();
        Some((property.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase()))
    })
}
