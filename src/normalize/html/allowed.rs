//! Which elements and attributes of HTML are kept, and how elements nest (SAN-1 to SAN-3).

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Kept, with the attributes that are kept.
    Keep,
    /// Its tags are dropped, its children are kept.
    Unwrap,
    /// Dropped with all it holds.
    Drop,
}

/// The elements that are kept, each with the attributes that are kept besides [`EVERYWHERE`].
const KEPT: &[(&str, &[&str])] = &[
    // Text.
    ("a", &["href", "hreflang"]),
    ("abbr", &[]),
    ("acronym", &[]),
    ("b", &[]),
    ("bdi", &[]),
    ("bdo", &[]),
    ("big", &[]),
    ("br", &[]),
    ("cite", &[]),
    ("code", &[]),
    ("data", &["value"]),
    ("del", &["cite", "datetime"]),
    ("dfn", &[]),
    ("em", &[]),
    ("i", &[]),
    ("ins", &["cite", "datetime"]),
    ("kbd", &[]),
    ("mark", &[]),
    ("q", &["cite"]),
    ("s", &[]),
    ("samp", &[]),
    ("small", &[]),
    ("span", &[]),
    ("strike", &[]),
    ("strong", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("time", &["datetime"]),
    ("tt", &[]),
    ("u", &[]),
    ("var", &[]),
    ("wbr", &[]),
    // Blocks.
    ("address", &[]),
    ("article", &[]),
    ("aside", &[]),
    ("blockquote", &["cite"]),
    ("center", &[]),
    ("details", &[]),
    ("div", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("footer", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("header", &[]),
    ("hgroup", &[]),
    ("hr", &[]),
    ("main", &[]),
    ("nav", &[]),
    ("p", &[]),
    ("pre", &[]),
    ("section", &[]),
    ("summary", &[]),
    // Lists.
    ("dd", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("li", &["value"]),
    ("ol", &["reversed", "start", "type"]),
    ("ul", &[]),
    // Tables.
    ("caption", &[]),
    ("table", &["summary"]),
    ("tbody", &[]),
    ("td", &["colspan", "rowspan"]),
    ("tfoot", &[]),
    ("th", &["colspan", "rowspan", "scope"]),
    ("thead", &[]),
    ("tr", &[]),
    // Images, sound and moving pictures. No srcset: `src` says enough.
    ("audio", &["controls", "src"]),
    ("img", &["alt", "height", "src", "width"]),
    ("picture", &[]),
    ("source", &["src", "type"]),
    ("video", &["controls", "height", "poster", "src", "width"]),
    // Ruby.
    ("rp", &[]),
    ("rt", &[]),
    ("ruby", &[]),
];

/// The attributes that are kept on every element.
const EVERYWHERE: &[&str] = &["dir", "lang", "title"];

static ATTRIBUTES: LazyLock<HashMap<&'static str, &'static [&'static str]>> =
    LazyLock::new(|| KEPT.iter().copied().collect());

/// The tree sanitiser, with the same lists: what leaves it is what an HTML5 parser made of its input, and nothing else.
pub(super) static TREE_SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ATTRIBUTES.keys().copied().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(KEPT.iter().map(|(tag, attributes)| (*tag, attributes.iter().copied().collect())).collect())
        .generic_attributes(EVERYWHERE.iter().copied().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true);
    builder
});

pub(super) fn treatment(element: &str) -> Treatment {
    match element {
        "script" | "style" | "noscript" | "template" | "object" | "embed" | "applet" | "svg" | "iframe"
        | "frameset" | "noframes" | "noembed" | "title" | "datalist" | "annotation" | "annotation-xml" => {
            Treatment::Drop
        }
        kept if ATTRIBUTES.contains_key(kept) => Treatment::Keep,
        _ => Treatment::Unwrap,
    }
}

pub(super) fn keeps_attribute(element: &str, attribute: &str) -> bool {
    EVERYWHERE.contains(&attribute) || ATTRIBUTES.get(element).is_some_and(|attributes| attributes.contains(&attribute))
}

/// Elements that have no end tag.
pub(crate) fn is_void(element: &str) -> bool {
    matches!(
        element,
        "area"
            | "base"
            | "basefont"
            | "bgsound"
            | "br"
            | "col"
            | "embed"
            | "frame"
            | "hr"
            | "img"
            | "input"
            | "keygen"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// The formatting elements of HTML: closed out of turn, what was opened inside them goes on after them.
pub(super) fn is_formatting(element: &str) -> bool {
    matches!(element, "a" | "b" | "big" | "code" | "em" | "i" | "s" | "small" | "strike" | "strong" | "tt" | "u")
}

pub(super) fn is_heading(element: &str) -> bool {
    matches!(element, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Elements whose start ends an open paragraph.
pub(super) fn ends_paragraph(element: &str) -> bool {
    is_heading(element)
        || matches!(
            element,
            "address"
                | "article"
                | "aside"
                | "blockquote"
                | "center"
                | "dd"
                | "details"
                | "div"
                | "dl"
                | "dt"
                | "figcaption"
                | "figure"
                | "footer"
                | "header"
                | "hgroup"
                | "hr"
                | "li"
                | "main"
                | "nav"
                | "ol"
                | "p"
                | "pre"
                | "section"
                | "summary"
                | "table"
                | "ul"
        )
}

/// The parts of a table, which mean something only inside one.
pub(super) fn is_table_part(element: &str) -> bool {
    matches!(element, "caption" | "tbody" | "td" | "tfoot" | "th" | "thead" | "tr")
}

/// Elements that may stand only where blocks may (flow content that is not phrasing content, HTML §3.2.5.2).
pub(crate) fn is_flow(element: &str) -> bool {
    ends_paragraph(element) || is_table_part(element)
}

/// Elements that stand on lines of their own, dropped ones among them.
pub(super) fn is_block(element: &str) -> bool {
    is_flow(element)
        || matches!(
            element,
            "body"
                | "br"
                | "button"
                | "fieldset"
                | "form"
                | "html"
                | "legend"
                | "listing"
                | "optgroup"
                | "option"
                | "plaintext"
                | "select"
                | "textarea"
                | "xmp"
        )
}
