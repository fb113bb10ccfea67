//! HTML as a browser sees it: built into a tree by the standard's rules, and looked through for anything that runs.

use dom_query::Document;
use url::Url;

/// Elements that run something, load a document, ask for something, or change how the page around them is read.
const FORBIDDEN: [&str; 38] = [
    "applet",
    "base",
    "basefont",
    "bgsound",
    "body",
    "button",
    "dialog",
    "embed",
    "fencedframe",
    "form",
    "frame",
    "frameset",
    "head",
    "html",
    "iframe",
    "input",
    "isindex",
    "link",
    "marquee",
    "math",
    "meta",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "param",
    "plaintext",
    "portal",
    "script",
    "select",
    "slot",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "xml",
    "xmp",
];

/// What stands around the text of a page of ours.
const OF_PAGES: [&str; 6] = ["body", "head", "html", "link", "meta", "title"];

/// Attributes whose value is an address.
const ADDRESSES: [&str; 16] = [
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "formaction",
    "href",
    "icon",
    "longdesc",
    "manifest",
    "poster",
    "profile",
    "src",
    "xlink:href",
];

/// An error if a publisher's text, put into a feed reader's page, does anything but show, or leads nowhere.
pub(super) fn check_fragment(html: &str) -> Result<(), String> {
    let document = Document::fragment(html);
    check(&document, &[], &|element, attribute, value| {
        // A picture may be part of the text itself.
        let is_picture = (element, attribute) == ("img", "src") && value.starts_with("data:image/");
        let scheme = Url::parse(value).map(|url| url.scheme().to_owned());
        is_picture || matches!(scheme.as_deref(), Ok("http" | "https" | "mailto"))
    })
}

/// An error if a page of ours is not HTML by the book, does anything but show, or loads anything but pictures.
pub(super) fn check_page(html: &str) -> Result<(), String> {
    let document = Document::from(html);
    if let Some(error) = document.errors.borrow().first() {
        return Err(error.to_string());
    }
    let at = Url::parse("https://news.example/topics/ai").expect("a constant");
    check(&document, &OF_PAGES, &|element, attribute, value| {
        let Ok(url) = at.join(value) else { return false };
        match (element, attribute) {
            ("link", "href") => matches!(url.scheme(), "https" | "http") || value.starts_with("data:image/svg+xml,"),
            (_, "src") => url.scheme() == "https" || value.starts_with("data:image/"),
            _ => matches!(url.scheme(), "http" | "https" | "mailto" | "feed" | "feeds"),
        }
    })?;
    for once in ["title", "h1", "main"] {
        let found = document.select(once).length();
        if found != 1 {
            return Err(format!("{found} of {once}"));
        }
    }
    Ok(())
}

fn check(
    document: &Document,
    allowed: &[&str],
    leads_somewhere: &dyn Fn(&str, &str, &str) -> bool,
) -> Result<(), String> {
    for node in document.root().descendants_it().filter(|node| node.is_element()) {
        let name = node.node_name().map(|name| name.to_string()).unwrap_or_default();
        // The tree of a fragment has a root that nobody wrote.
        let is_root = name == "html" && node.attrs().is_empty();
        if FORBIDDEN.contains(&&*name) && !allowed.contains(&&*name) && !is_root {
            return Err(format!("there is a {name}"));
        }
        for attribute in node.attrs() {
            let (attribute, value) = (attribute.name.local.to_string(), attribute.value.to_string());
            if attribute.starts_with("on")
                || ["style", "srcdoc", "is", "http-equiv", "srcset", "ping"].contains(&&*attribute)
            {
                return Err(format!("{name} has {attribute}"));
            }
            if ADDRESSES.contains(&&*attribute) && !leads_somewhere(&name, &attribute, &value) {
                return Err(format!("{attribute} of {name} is {value:?}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_seen() {
        for harmless in [
            "<p>a <a href=\"https://a.example/\">b</a></p>",
            "<img src=\"data:image/png;base64,AAAA\">",
            "a &lt;script&gt;",
            "<table><tr><td>a</table>",
        ] {
            assert_eq!(check_fragment(harmless), Ok(()), "{harmless}");
        }
        for wrong in [
            "<script>x</script>",
            "<SCRIPT/src=x>",
            "<p><svg><style>x</style></svg>",
            "<a href=\" jav&#x09;ascript:x\">a</a>",
            "<a href=\"/relative\">a</a>",
            "<a href=\"data:text/html,x\">a</a>",
            "<img src=x onerror=y>",
            "<p style=\"a\">",
            "<p/onclick=x>",
            "<table><iframe src=\"https://a.example/\">",
            "<img srcset=\"https://a.example/ 2x\">",
        ] {
            assert!(check_fragment(wrong).is_err(), "{wrong}");
        }
        let page = |inside: &str| {
            format!(
                "<!DOCTYPE html><html lang=\"en\"><head><title>t</title></head><body><main><h1>t</h1>{inside}</main></body></html>"
            )
        };
        assert_eq!(check_page(&page("<p>a</p>")), Ok(()));
        for wrong in
            ["<p><div>a</p>", "</b>", "<a href=\"javascript:x\">a</a>", "<img src=\"http://a.example/\">", "<h1>a</h1>"]
        {
            assert!(check_page(&page(wrong)).is_err(), "{wrong}");
        }
        assert!(check_page("<title>t</title><main><h1>t</h1></main>").is_err(), "no document type");
    }
}
