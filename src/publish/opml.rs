//! Lists of feeds (OPML 2.0): ours, for a reader to subscribe to in one go, and those we read.

use super::xml::Xml;

/// What the W3C feed validator and browsers take it for.
pub(super) const MEDIA_TYPE: &str = "text/x-opml; charset=utf-8";

/// A feed in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    pub feed_url: String,
    pub site_url: Option<String>,
}

/// Feeds that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineGroup {
    /// `None` for those that stand in no group.
    pub title: Option<String>,
    pub feeds: Vec<Outline>,
}

/// Writes the list.
pub fn render(title: &str, groups: &[OutlineGroup]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.text("title", &[], title);
    xml.close("head");
    xml.open("body", &[]);
    for group in groups.iter().filter(|group| !group.feeds.is_empty()) {
        if let Some(title) = &group.title {
            xml.open("outline", &[("text", title)]);
        }
        group.feeds.iter().for_each(|feed| outline(&mut xml, feed));
        if group.title.is_some() {
            xml.close("outline");
        }
    }
    if groups.iter().all(|group| group.feeds.is_empty()) {
        // A body has one outline at least.
        xml.empty("outline", &[("text", "Nothing yet")]);
    }
    xml.close("body");
    xml.close("opml");
    xml.finish()
}

fn outline(xml: &mut Xml, feed: &Outline) {
    // Every kind of feed is of this type (OPML 2.0, "Subscription lists").
    let mut attributes =
        vec![("type", "rss"), ("text", &*feed.title), ("title", &feed.title), ("xmlUrl", &feed.feed_url)];
    attributes.extend(feed.site_url.as_deref().map(|url| ("htmlUrl", url)));
    attributes.extend(feed.description.as_deref().map(|text| ("description", text)));
    attributes.extend(feed.language.as_deref().map(|tag| ("language", tag)));
    xml.empty("outline", &attributes);
}
