//! A topic's Atom feed as a strict reader sees it.

use std::collections::BTreeSet;

use super::xml::{self, Element};

/// An edition that is what we promise.
#[derive(Debug, Clone)]
pub struct AtomEdition {
    pub title: String,
    pub entries: Vec<AtomEntry>,
}

#[derive(Debug, Clone)]
pub struct AtomEntry {
    pub id: String,
    pub title: String,
    /// `rel=alternate`.
    pub link: Option<String>,
    pub updated: String,
    /// `rel=related`: link and source.
    pub related: Vec<(String, String)>,
    /// Our own categories.
    pub topics: BTreeSet<String>,
    pub source: String,
    pub content: String,
}

/// Reads an Atom edition and checks what holds for every one: well-formed, unique ids, what RFC 4287 asks of an entry, and no
/// link, in an element or in the HTML, that is not absolute http, https or mailto.
pub fn read_atom(document: &[u8]) -> Result<AtomEdition, String> {
    let feed = xml::read(document)?;
    if feed.name != "feed" || feed.attribute("xmlns") != Some("http://www.w3.org/2005/Atom") {
        return Err(format!("not an Atom feed: {}", feed.name));
    }
    let mut hrefs = Vec::new();
    let mut markup = Vec::new();
    feed.walk(&mut |element| {
        hrefs.extend(element.attribute("href").map(str::to_owned));
        if element.attribute("type") == Some("html") {
            markup.push(element.text.clone());
        }
    });
    for html in &markup {
        hrefs.extend(links_in(html)?);
    }
    if let Some(wrong) = hrefs.iter().find(|href| !is_followable(href)) {
        return Err(format!("a link to {wrong:?}"));
    }
    let scheme = own_scheme(&feed);
    let entries = feed.all("entry").map(|entry| read_entry(entry, scheme.as_deref())).collect::<Result<Vec<_>, _>>()?;
    let mut ids = BTreeSet::new();
    if let Some(twice) = entries.iter().find(|entry| !ids.insert(&entry.id)) {
        return Err(format!("two entries with the id {}", twice.id));
    }
    Ok(AtomEdition { title: feed.text_of("title").ok_or("no title")?.into(), entries })
}

/// Our own categories are those with a label and the instance's URN as scheme.
fn own_scheme(feed: &Element) -> Option<String> {
    let mut categories = feed.all("entry").flat_map(|entry| entry.all("category"));
    categories
        .find_map(|category| category.attribute("scheme").filter(|scheme| scheme.starts_with("urn:uuid:")))
        .map(String::from)
}

fn read_entry(entry: &Element, scheme: Option<&str>) -> Result<AtomEntry, String> {
    let text = |name: &str| {
        let text = entry.text_of(name).filter(|text| !text.trim().is_empty());
        text.map(String::from).ok_or_else(|| format!("an entry without {name}: {:?}", entry.text_of("id")))
    };
    let links = |rel: &'static str| entry.all("link").filter(move |link| link.attribute("rel") == Some(rel));
    let href = |link: &Element| link.attribute("href").unwrap_or_default().to_owned();
    if entry.all("author").next().is_none() {
        return Err("an entry without an author".into());
    }
    let own = entry.all("category").filter(|category| scheme.is_some() && category.attribute("scheme") == scheme);
    Ok(AtomEntry {
        id: text("id")?,
        title: text("title")?,
        link: links("alternate").next().map(href),
        updated: text("updated")?,
        related: links("related")
            .map(|link| (href(link), link.attribute("title").unwrap_or_default().into()))
            .collect(),
        topics: own.filter_map(|category| category.attribute("term")).map(String::from).collect(),
        source: entry.all("source").next().and_then(|source| source.text_of("title")).unwrap_or_default().into(),
        content: ["content", "summary"].iter().find_map(|name| entry.text_of(name)).unwrap_or_default().into(),
    })
}

/// An error if an HTML fragment holds anything that runs, or a link that cannot be followed.
pub fn check_markup(html: &str) -> Result<(), String> {
    match links_in(html)?.iter().find(|href| !is_followable(href)) {
        Some(wrong) => Err(format!("a link to {wrong:?}")),
        None => Ok(()),
    }
}

/// Where the links of an HTML fragment lead; an error if it holds anything that runs.
fn links_in(html: &str) -> Result<Vec<String>, String> {
    let mut links = Vec::new();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let runs = ["script", "style", "iframe", "object", "embed", "form", "svg", "math", "base", "meta", "link"];
        if runs.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("<{tag}> in the markup"));
        }
        // The sanitiser writes every value between double quotes, with a blank before the name.
        let mut rest = tag;
        while let Some((before, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').ok_or_else(|| format!("an open quote in <{tag}>"))?;
            let name = before.rsplit(char::is_whitespace).next().unwrap_or_default();
            if name.starts_with("on") || name == "style" || name == "srcdoc" {
                return Err(format!("{name} in <{tag}>"));
            }
            if ["href", "src", "poster", "cite"].contains(&name) && !value.starts_with("data:image/") {
                links.push(value.replace("&amp;", "&"));
            }
            rest = after;
        }
    }
    Ok(links)
}

fn is_followable(href: &str) -> bool {
    url::Url::parse(href).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

#[cfg(test)]
mod tests {
    use super::read_atom;

    fn feed(inside: &str) -> String {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><entry><id>urn:x</id><title>t</title><updated>u</updated>\
             <author><name>n</name></author>{inside}</entry></feed>"
        )
    }

    #[test]
    fn what_an_edition_must_not_hold_is_noticed() {
        assert!(read_atom(feed("").as_bytes()).is_ok());
        let wrong = [
            ("a link that runs", "<link rel=\"alternate\" href=\"javascript:x\"/>"),
            ("a relative link", "<link rel=\"alternate\" href=\"/x\"/>"),
            ("a script", "<content type=\"html\">&lt;script&gt;x&lt;/script&gt;</content>"),
            ("a handler", "<content type=\"html\">&lt;p onclick=\"x\"&gt;x</content>"),
            (
                "a link that runs in the markup",
                "<content type=\"html\">&lt;a href=\"javascript:x\"&gt;x&lt;/a&gt;</content>",
            ),
            ("a relative picture", "<content type=\"html\">&lt;img src=\"x.png\"&gt;</content>"),
            ("an id twice", "</entry><entry><id>urn:x</id><title>t</title><updated>u</updated><author/>"),
            ("an entry without an id", "</entry><entry><title>t</title><updated>u</updated><author/>"),
        ];
        for (case, inside) in wrong {
            assert!(read_atom(feed(inside).as_bytes()).is_err(), "{case}");
        }
    }
}
