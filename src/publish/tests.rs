//! Golden files: the same stories and settings give these bytes, in every format.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    EditionStory, Outline, OutlineGroup, Related, SourceDescription, frame::FeedFrame, render_atom, render_json,
    render_opml, render_rss,
};
use crate::model::{Category, Enclosure, Person, StoryNumber, TopicId};

pub(super) fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).expect("a time")
}

fn person(name: &str) -> Person {
    Person { name: name.into(), uri: None, email: None }
}

fn source(name: &str) -> SourceDescription {
    SourceDescription {
        id: format!("https://{name}.example/feed"),
        title: name.to_uppercase(),
        updated: at(0),
        feed_url: Some(format!("https://{name}.example/feed")),
        site_url: Some(format!("https://{name}.example/")),
        rights: Some("© & reserved".into()),
        authors: vec![person("The desk")],
        categories: vec![Category { term: "news".into(), scheme: None, label: None }],
    }
}

/// A story that has a title and next to nothing else.
pub(crate) fn bare_story() -> EditionStory {
    EditionStory {
        number: StoryNumber(8),
        id: "urn:uuid:00000000-0000-5000-8000-000000000000".into(),
        title: "Only a title".into(),
        link: None,
        published: at(0),
        updated: at(0),
        language: None,
        authors: vec![person("HERALD")],
        contributors: Vec::new(),
        topics: Vec::new(),
        categories: Vec::new(),
        enclosures: Vec::new(),
        summary: None,
        content: None,
        rights: None,
        via: "https://herald.example/feed".into(),
        source: source("herald"),
        related: Vec::new(),
        same_event: Vec::new(),
    }
}

/// One story that has everything, one that has next to nothing, and one that others have too.
pub(crate) fn stories() -> Vec<EditionStory> {
    let full = EditionStory {
        number: StoryNumber(7),
        id: "tag:gazette.example,2026:1".into(),
        title: "Cloud <souverain> & télécoms \u{1}: « l'Europe »".into(),
        link: Some("https://gazette.example/1?a=1&b=2".into()),
        published: at(1),
        updated: at(2),
        language: Some("fr".into()),
        authors: vec![Person {
            name: "Zoé".into(),
            uri: Some("https://gazette.example/zoe".into()),
            email: Some("zoe@gazette.example".into()),
        }],
        contributors: vec![Person { name: "Max".into(), uri: Some("not an IRI".into()), email: Some("nobody".into()) }],
        topics: vec![TopicId::new("ai"), TopicId::new("telecom")],
        categories: vec![Category {
            term: "Tech".into(),
            scheme: Some("https://gazette.example/tags".into()),
            label: Some("Technologie".into()),
        }],
        enclosures: vec![Enclosure {
            url: "https://gazette.example/1.mp3".into(),
            media_type: Some("audio/mpeg".into()),
            length: Some(123),
        }],
        summary: Some("<p>Court &amp; bon</p>".into()),
        content: Some("<p>Long ]]&gt; texte</p>".into()),
        rights: Some("CC BY".into()),
        via: "https://gazette.example/feed".into(),
        source: source("gazette"),
        related: vec![Related { link: "https://herald.example/9?a=1&b=2".into(), title: "Herald & \"Post\"".into() }],
        same_event: vec![Related { link: "https://courier.example/7".into(), title: "Le nuage (Courier)".into() }],
    };
    let bare = bare_story();
    let carried = EditionStory {
        number: StoryNumber(9),
        id: "tag:gazette.example,2026:2".into(),
        link: Some("https://gazette.example/2".into()),
        title: "A title that others have too".into(),
        related: vec![
            Related { link: "https://herald.example/8".into(), title: "Herald".into() },
            Related { link: "https://courier.example/8".into(), title: "Courier".into() },
        ],
        ..bare.clone()
    };
    vec![full, bare, carried]
}

/// As feeds show them.
fn told_stories() -> Vec<EditionStory> {
    let mut stories = stories();
    stories[0].say_who_else(Some("fr-CH"));
    stories[1].say_who_else(None);
    stories[2].say_who_else(None);
    stories
}

pub(crate) fn frame() -> FeedFrame {
    let titles = BTreeMap::from([(TopicId::new("ai"), "Artificial intelligence".to_string())]);
    FeedFrame {
        id: "urn:uuid:11111111-1111-5111-8111-111111111111".into(),
        title: "Artificial intelligence".into(),
        description: Some("Models & makers".into()),
        language: Some("en".into()),
        updated: at(2),
        atom_url: "https://news.example/topics/ai.atom".into(),
        rss_url: "https://news.example/topics/ai.rss".into(),
        json_url: "https://news.example/topics/ai.json".into(),
        page_url: "https://news.example/#ai".into(),
        hub_url: None,
        prev_archive: Some("https://news.example/archives/ai/3.atom".into()),
        topic_scheme: "urn:uuid:22222222-2222-5222-8222-222222222222".into(),
        topic_titles: Arc::new(titles),
    }
}

/// Compares with the golden file; `NEWSDESK_BLESS=1` writes it anew, to be read before it is committed.
pub(super) fn check(name: &str, rendered: Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/publish/golden").join(name);
    let rendered = String::from_utf8(rendered).expect("UTF-8");
    let rendered = rendered.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    if std::env::var_os("NEWSDESK_BLESS").is_some() {
        std::fs::write(&path, &rendered).expect("written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(rendered, golden, "{name} differs; NEWSDESK_BLESS=1 writes it anew");
}

#[test]
fn atom() {
    check("topic.atom", render_atom(&frame(), &told_stories()).bytes);
}

#[test]
fn rss() {
    check("topic.rss", render_rss(&frame(), &told_stories()).bytes);
}

#[test]
fn json_feed() {
    check("topic.json", render_json(&frame(), &told_stories()));
}

#[test]
fn opml() {
    let feed = |title: &str, site: Option<&str>| Outline {
        title: title.into(),
        description: Some("Models & \u{1}makers".into()),
        language: Some("en".into()),
        feed_url: "https://gazette.example/feed?a=1&b=2".into(),
        site_url: site.map(str::to_owned),
    };
    let groups = [
        OutlineGroup {
            title: Some("AI & <more>".into()),
            feeds: vec![feed("Gazette \"1\"", Some("https://gazette.example/"))],
        },
        OutlineGroup { title: Some("Empty".into()), feeds: Vec::new() },
        OutlineGroup { title: None, feeds: vec![feed("Herald", None)] },
    ];
    check("sources.opml", render_opml("Sources", &groups));
    check("nothing.opml", render_opml("Sources", &[]));
}

#[test]
fn an_entrys_source_comes_last() {
    let atom = String::from_utf8(render_atom(&frame(), &told_stories()).bytes).expect("UTF-8");
    for entry in atom.split("<entry").skip(1) {
        let end = entry.find("</entry>").expect("an end");
        assert!(entry[..end].trim_end().ends_with("</source>"), "{entry}");
    }
}
