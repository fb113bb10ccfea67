//! Feeds out of a day's dump: a JSON array of items that some reader once took from several publishers. Each publisher
//! that the links lead to gets a feed of its own back.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rss::{Channel, Enclosure, Guid, Item};
use serde_json::{Map, Value};
use url::Url;

/// One publisher's part of a dump.
pub struct Part {
    pub host: String,
    /// An RSS 2.0 document.
    pub feed: Vec<u8>,
}

/// A feed for each host, in the hosts' order; items keep the dump's order. `day` dates the items that have no date.
pub fn split(items: &[Map<String, Value>], day: DateTime<Utc>) -> Vec<Part> {
    let mut hosts: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        let Some(link) = text(item, "link") else { continue };
        if let Some(host) = Url::parse(&link).ok().as_ref().and_then(Url::host_str) {
            hosts.entry(host.to_owned()).or_default().push(rss_item(item, link, day));
        }
    }
    hosts.into_iter().map(|(host, items)| Part { feed: channel(&host, items).to_string().into_bytes(), host }).collect()
}

/// The day that a dump's folder is named after: `07-10-2023` or `2023-10-07`, taken as noon UTC.
pub fn day(folder: &str) -> Option<DateTime<Utc>> {
    let day = ["%d-%m-%Y", "%Y-%m-%d"].iter().find_map(|form| NaiveDate::parse_from_str(folder, form).ok())?;
    Some(day.and_hms_opt(12, 0, 0)?.and_utc())
}

fn channel(host: &str, items: Vec<Item>) -> Channel {
    Channel {
        title: host.to_owned(),
        link: format!("https://{host}/"),
        description: format!("What {host} had that day"),
        items,
        ..Channel::default()
    }
}

fn rss_item(item: &Map<String, Value>, link: String, day: DateTime<Utc>) -> Item {
    let dated = ["published", "pubDate", "date"].iter().find_map(|field| text(item, field));
    let image = text(item, "img_url").filter(|url| url.starts_with("http"));
    Item {
        title: text(item, "title"),
        description: text(item, "summary"),
        pub_date: Some(dated.unwrap_or_else(|| day.to_rfc2822())),
        guid: Some(Guid { value: link.clone(), permalink: true }),
        link: Some(link),
        enclosure: image.map(|url| Enclosure { mime_type: image_type(&url).into(), url, length: "0".into() }),
        ..Item::default()
    }
}

/// A field that holds text, without the characters that XML 1.0 cannot carry.
fn text(item: &Map<String, Value>, field: &str) -> Option<String> {
    let text = item.get(field)?.as_str()?.trim();
    let carried =
        |c: &char| matches!(c, '\t' | '\n' | '\r') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    Some(text.chars().filter(carried).collect()).filter(|text: &String| !text.is_empty())
}

fn image_type(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    match path.rsplit('.').next() {
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("gif") => "image/gif",
        _ => "image/jpeg",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_gets_its_items_and_the_day_dates_them() {
        let items = serde_json::json!([
            {"title": "Un & deux", "summary": "a\u{8}b <i>c</i>", "link": "https://www.a.example/1", "img_url": "https://i.example/x.PNG?w=1", "news_id": 0},
            {"title": "Drei", "link": "https://b.example/3"},
            {"title": "no place", "link": "not a link"},
            {"title": "", "link": "https://www.a.example/2", "published": "Sat, 07 Oct 2023 08:00:00 +0200"},
        ]);
        let items: Vec<_> = items.as_array().unwrap().iter().map(|item| item.as_object().unwrap().clone()).collect();
        let parts = split(&items, day("07-10-2023").unwrap());

        assert_eq!(parts.iter().map(|part| part.host.as_str()).collect::<Vec<_>>(), ["b.example", "www.a.example"]);
        let read = Channel::read_from(&parts[1].feed[..]).unwrap();
        assert_eq!(read.items[0].title.as_deref(), Some("Un & deux"));
        assert_eq!(read.items[0].description.as_deref(), Some("ab <i>c</i>"));
        assert_eq!(read.items[0].pub_date.as_deref(), Some("Sat, 7 Oct 2023 12:00:00 +0000"));
        assert_eq!(read.items[0].enclosure.as_ref().unwrap().mime_type, "image/png");
        assert_eq!(read.items[1].title, None);
        assert_eq!(read.items[1].pub_date.as_deref(), Some("Sat, 07 Oct 2023 08:00:00 +0200"));
    }

    #[test]
    fn a_folder_that_is_no_day_dates_nothing() {
        assert_eq!(day("2023-10-07"), day("07-10-2023"));
        assert_eq!(day("fixtures"), None);
    }
}
