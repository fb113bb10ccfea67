use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::Value;
use url::Url;

use super::{NormalizeContext, NormalizedFeed, html::tests::assert_harmless, normalize};
use crate::model::{
    Category, Entry, LanguageOrigin, Link, ParsedEntry, ParsedFeed, ParsedSource, Person, PollHints, Text, TextKind,
};

const FEED: &str = "https://feeds.example.net/news/rss.xml";

fn run(feed: ParsedFeed) -> NormalizedFeed {
    let base = Url::parse(FEED).expect("a URL");
    let languages = ["fr".to_owned(), "en".to_owned()];
    normalize(
        feed,
        &NormalizeContext {
            base: &base,
            configured_language: None,
            languages: &languages,
            tracking: &Default::default(),
        },
    )
}

fn entry(parsed: ParsedEntry) -> Entry {
    let feed = ParsedFeed { entries: vec![parsed], ..ParsedFeed::default() };
    run(feed).entries.into_iter().next().expect("one item, one entry")
}

fn text(kind: TextKind, value: &str) -> Option<Text> {
    Some(Text { kind, value: value.into(), base: None })
}

fn link(rel: &str, href: &str, media_type: Option<&str>) -> Link {
    Link { rel: rel.into(), href: href.into(), media_type: media_type.map(str::to_owned), ..Link::default() }
}

#[test]
fn the_link_is_where_the_article_is() {
    let html = Some("text/html");
    for (what, links, original, guid, permalink, expected) in [
        ("RSS link", vec![link("alternate", "https://a.org/1", None)], None, None, None, Some("https://a.org/1")),
        (
            "cleaned",
            vec![link("alternate", "https://a.org/1?utm_source=rss", None)],
            None,
            None,
            None,
            Some("https://a.org/1"),
        ),
        (
            "ref of the source's host",
            vec![link("alternate", "https://a.org/1?ref=feeds.example.net", None)],
            None,
            None,
            None,
            Some("https://a.org/1"),
        ),
        (
            "HTML before other types and none",
            vec![
                link("alternate", "https://a.org/1.json", Some("application/json")),
                link("alternate", "https://a.org/1", None),
                link("alternate", "https://a.org/1.html", html),
            ],
            None,
            None,
            None,
            Some("https://a.org/1.html"),
        ),
        (
            "relation as an IRI",
            vec![link("http://www.iana.org/assignments/relation/alternate", "https://a.org/1", html)],
            None,
            None,
            None,
            Some("https://a.org/1"),
        ),
        ("relative", vec![link("alternate", "../1", None)], None, None, None, Some("https://feeds.example.net/1")),
        ("another relation is none", vec![link("related", "https://a.org/1", html)], None, None, None, None),
        ("script", vec![link("alternate", "javascript:alert(1)", None)], None, None, None, None),
        (
            "behind FeedBurner",
            vec![link("alternate", "http://feedproxy.google.com/~r/a/1", None)],
            Some("https://a.org/1?utm_medium=feed"),
            None,
            None,
            Some("https://a.org/1"),
        ),
        (
            "behind feedsportal",
            vec![link("alternate", "http://rss.feedsportal.com/c/1/l/0La0Borg0C1/story01.htm", None)],
            None,
            None,
            None,
            Some("http://a.org/1"),
        ),
        (
            "a relative original is none",
            vec![link("alternate", "https://a.org/1", None)],
            Some("/1"),
            None,
            None,
            Some("https://a.org/1"),
        ),
        (
            "permalink behind FeedBurner",
            vec![link("alternate", "http://feedproxy.google.com/~r/a/1", None)],
            None,
            Some("https://a.org/1"),
            Some(true),
            Some("https://a.org/1"),
        ),
        (
            "FeedBurner and nothing else",
            vec![link("alternate", "http://feedproxy.google.com/~r/a/1", None)],
            None,
            Some("1"),
            Some(true),
            Some("http://feedproxy.google.com/~r/a/1"),
        ),
        ("permalink", vec![], None, Some("https://a.org/1"), Some(true), Some("https://a.org/1")),
        (
            "link before permalink",
            vec![link("alternate", "https://a.org/2", None)],
            None,
            Some("https://a.org/1"),
            Some(true),
            Some("https://a.org/2"),
        ),
        ("guid that is no permalink", vec![], None, Some("https://a.org/1"), Some(false), None),
        ("atom:id is no permalink", vec![], None, Some("https://a.org/1"), None, None),
        ("permalink that is no URL", vec![], None, Some("/1"), Some(true), None),
        ("permalink that is no web address", vec![], None, Some("tag:a.org,2026:1"), Some(true), None),
    ] {
        let parsed = ParsedEntry {
            links,
            original_link: original.map(str::to_owned),
            guid: guid.map(str::to_owned),
            guid_is_permalink: permalink,
            ..ParsedEntry::default()
        };
        assert_eq!(entry(parsed).link.as_deref(), expected, "{what}");
    }
}

#[test]
fn the_guid_is_only_trimmed() {
    for (guid, expected) in [
        (Some(" https://A.org/1?utm_source=x "), Some("https://A.org/1?utm_source=x")),
        (Some("1234"), Some("1234")),
        (Some("  "), None),
        (None, None),
    ] {
        let parsed = ParsedEntry { guid: guid.map(str::to_owned), ..ParsedEntry::default() };
        assert_eq!(entry(parsed).guid.as_deref(), expected);
    }
}

#[test]
fn references_resolve_against_the_nearest_base() {
    let fragment = |base: Option<&str>| {
        Some(Text { kind: TextKind::Html, value: "<img src=\"i.png\">".into(), base: base.map(str::to_owned) })
    };
    let site = || vec![link("alternate", "https://www.example.org/site/", None)];
    for (what, rss, feed_base, entry_base, text_base, expected) in [
        ("Atom: the document", false, None, None, None, "https://feeds.example.net/news/i.png"),
        ("RSS: the channel's link", true, None, None, None, "https://www.example.org/site/i.png"),
        ("RSS: its own base first", true, Some("https://b.org/x/"), None, None, "https://b.org/x/i.png"),
        ("the feed's base", false, Some("/x/"), None, None, "https://feeds.example.net/x/i.png"),
        ("the entry's base", false, Some("/x/"), Some("https://c.org/"), None, "https://c.org/i.png"),
        (
            "the entry's base, joined already",
            false,
            Some("x/"),
            Some("x/y/"),
            None,
            "https://feeds.example.net/news/x/y/i.png",
        ),
        ("the text's base", false, None, Some("https://c.org/"), Some("d/"), "https://c.org/d/i.png"),
        ("a base that is none", false, Some("mailto:x"), None, None, "https://feeds.example.net/news/i.png"),
    ] {
        let kind = if rss { TextKind::Unknown } else { TextKind::Plain };
        let parsed =
            ParsedEntry { content: fragment(text_base), base: entry_base.map(str::to_owned), ..ParsedEntry::default() };
        let feed = ParsedFeed {
            title: text(kind, "t"),
            links: site(),
            base: feed_base.map(str::to_owned),
            entries: vec![parsed],
            ..ParsedFeed::default()
        };
        let content = run(feed).entries.into_iter().next().and_then(|entry| entry.content);
        assert_eq!(content, Some(format!("<img src=\"{expected}\">")), "{what}");
    }
}

#[test]
fn summary_and_content_are_kept_once() {
    let article = format!("<p>{}</p>", "Ein langer Absatz über vieles. ".repeat(60));
    for (what, summary, content, expected) in [
        ("different", text(TextKind::Unknown, "a"), text(TextKind::Html, "<p>b</p>"), (Some("a"), Some("<p>b</p>"))),
        ("equal", text(TextKind::Unknown, "<p>a</p>"), text(TextKind::Html, " <p>a</p>"), (None, Some("<p>a</p>"))),
        ("short description", text(TextKind::Unknown, "a"), None, (Some("a"), None)),
        ("empty content", text(TextKind::Unknown, "a"), text(TextKind::Html, "<p> </p>"), (Some("a"), None)),
        ("long description", text(TextKind::Unknown, &article), None, (None, Some(article.as_str()))),
        ("long summary of Atom", text(TextKind::Html, &article), None, (Some(article.as_str()), None)),
        ("long markup of a short description", text(TextKind::Unknown, &"<b></b>".repeat(400)), None, (None, None)),
        ("nothing", None, None, (None, None)),
    ] {
        let entry = entry(ParsedEntry { summary, content, ..ParsedEntry::default() });
        let trimmed = |html: Option<&str>| html.map(|html| html.replace(" </p>", "</p>"));
        assert_eq!(
            (trimmed(entry.summary.as_deref()), trimmed(entry.content.as_deref())),
            (trimmed(expected.0), trimmed(expected.1)),
            "{what}"
        );
    }
}

#[test]
fn an_entry_is_put_in_order() {
    let category = |term: &str, scheme: &str| Category { term: term.into(), scheme: Some(scheme.into()), label: None };
    let parsed = ParsedEntry {
        title: text(TextKind::Unknown, "Caf&eacute;\n <b>ouvert</b>"),
        summary: text(TextKind::Html, "<a href=\"#n\">1</a><script>x</script>"),
        links: vec![
            link("alternate", "https://a.org/1", None),
            Link { length: Some(7), ..link("enclosure", "/a.mp3", Some("Audio/MPEG; q=1")) },
            link("enclosure", "https://feeds.example.net/a.mp3", None),
            link("enclosure", "magnet:?xt=1", None),
            link("Enclosure", "https://a.org/b", Some("nonsense")),
        ],
        authors: vec![Person { name: " Ada ".into(), ..Person::default() }, Person::default()],
        categories: vec![
            category(" R&amp;D ", "not a scheme"),
            category("r&d", ""),
            category("R&D", "https://a.org/tags"),
            category(" ", "https://a.org/tags"),
        ],
        published: DateTime::from_timestamp(0, 0),
        updated: DateTime::from_timestamp(1_790_000_000, 0),
        rights: Some("&copy; <b>us</b>".into()),
        source: Some(ParsedSource {
            id: Some("https://b.org/feed".into()),
            title: Some("B &amp; co".into()),
            links: vec![link("self", "https://b.org/feed", None), link("alternate", "https://b.org", None)],
            updated: DateTime::from_timestamp(1, 0),
            ..ParsedSource::default()
        }),
        ..ParsedEntry::default()
    };
    let entry = entry(parsed);
    assert_eq!(entry.title, "Café ouvert");
    assert_eq!(entry.summary.as_deref(), Some("<a href=\"https://a.org/1#n\">1</a>"));
    let enclosures: Vec<_> =
        entry.enclosures.iter().map(|e| (e.url.as_str(), e.media_type.as_deref(), e.length)).collect();
    assert_eq!(
        enclosures,
        [("https://feeds.example.net/a.mp3", Some("audio/mpeg"), Some(7)), ("https://a.org/b", None, None)]
    );
    let categories: Vec<_> = entry.categories.iter().map(|c| (c.term.as_str(), c.scheme.as_deref())).collect();
    assert_eq!(categories, [("R&D", None), ("R&D", Some("https://a.org/tags"))]);
    assert_eq!(entry.authors, [Person { name: "Ada".into(), ..Person::default() }]);
    assert_eq!((entry.published, entry.updated.map(|d| d.timestamp())), (None, Some(1_790_000_000)));
    assert_eq!(entry.rights.as_deref(), Some("© us"));
    let source = entry.source.expect("a source");
    assert_eq!(source.title.as_deref(), Some("B & co"));
    assert_eq!(source.feed_url.as_deref(), Some("https://b.org/feed"));
    assert_eq!(source.site_url.as_deref(), Some("https://b.org/"));
    assert_eq!(source.updated, None);
}

#[test]
fn nothing_is_invented() {
    let parsed = ParsedEntry { source: Some(ParsedSource::default()), ..ParsedEntry::default() };
    assert_eq!(entry(parsed), Entry::default());
}

#[test]
fn the_language_comes_from_entry_admin_feed_or_text() {
    let french = "Le gouvernement présente son projet de loi devant l'Assemblée nationale";
    let base = Url::parse(FEED).expect("a URL");
    for (own, configured, feed, expected) in [
        (Some("de_CH"), Some("it"), Some("en"), Some(("de-CH", LanguageOrigin::Entry))),
        (None, Some("it"), Some("en"), Some(("it", LanguageOrigin::Configured))),
        (None, None, Some("EN-gb"), Some(("en-GB", LanguageOrigin::Feed))),
        (None, None, Some("nonsense"), Some(("fr", LanguageOrigin::Detected))),
    ] {
        let parsed = ParsedEntry {
            content: text(TextKind::Html, french),
            language: own.map(str::to_owned),
            ..ParsedEntry::default()
        };
        let feed = ParsedFeed { language: feed.map(str::to_owned), entries: vec![parsed], ..ParsedFeed::default() };
        let context = NormalizeContext {
            base: &base,
            configured_language: configured,
            languages: &["fr".into()],
            tracking: &Default::default(),
        };
        let language = normalize(feed, &context).entries.into_iter().next().and_then(|entry| entry.language);
        assert_eq!(language.as_ref().map(|l| (l.tag.as_str(), l.origin)), expected);
    }
}

#[test]
fn the_feed_tells_of_itself() {
    let feed = ParsedFeed {
        id: Some(" urn:isbn:0451450523 ".into()),
        title: text(TextKind::Html, "<i>The</i> News"),
        links: vec![
            link("self", "rss.xml", None),
            link("hub", "https://hub.example.org/", None),
            link("hub", "https://hub.example.org/", None),
            link("hub", "javascript:x", None),
            link("alternate", "/", None),
        ],
        language: Some("fr_FR".into()),
        updated: DateTime::from_timestamp(5, 0),
        rights: Some(" ".into()),
        hints: PollHints { ttl_minutes: Some(60), ..PollHints::default() },
        ..ParsedFeed::default()
    };
    let NormalizedFeed { metadata, hints, .. } = run(feed);
    assert_eq!(metadata.id.as_deref(), Some("urn:isbn:0451450523"));
    assert_eq!(metadata.title, "The News");
    assert_eq!(metadata.self_url.as_deref(), Some(FEED));
    assert_eq!(metadata.site_url.as_deref(), Some("https://feeds.example.net/"));
    assert_eq!(metadata.hubs, ["https://hub.example.org/"]);
    assert_eq!(metadata.language.as_deref(), Some("fr-FR"));
    assert_eq!((metadata.updated, metadata.rights), (None::<DateTime<Utc>>, None));
    assert_eq!(hints.ttl_minutes, Some(60));
    let not_an_iri = ParsedFeed { id: Some("news".into()), ..ParsedFeed::default() };
    assert_eq!(run(not_an_iri).metadata.id, None);
}

#[test]
fn what_is_left_out_is_reported() {
    let feed = ParsedFeed {
        entries: vec![
            ParsedEntry::default(),
            ParsedEntry {
                links: vec![link("alternate", "javascript:\u{1b}[31m", None)],
                content: text(TextKind::Html, &"word ".repeat(100_000)),
                ..ParsedEntry::default()
            },
        ],
        ..ParsedFeed::default()
    };
    let reports: Vec<_> = run(feed).defects.into_iter().map(|defect| (defect.entry, defect.message)).collect();
    assert_eq!(
        reports,
        [
            (Some(1), "the link \"javascript:\\u{1b}[31m\" is not an http or https address: left out".to_owned()),
            (Some(1), "the content is larger than is kept: its end was cut".to_owned()),
        ]
    );
}

fn any_text() -> impl Strategy<Value = Option<Text>> {
    let kind = prop_oneof![Just(TextKind::Plain), Just(TextKind::Html), Just(TextKind::Unknown)];
    let value = prop_oneof![
        "\\PC{0,20}",
        "(<p>|</p>|<a href=\"[a-z:/#]{0,9}\">|&[a-z#0-9]{1,5};|<|&|[a-z\u{0}\u{8}\u{85}\u{FFFE} ]){0,12}"
    ];
    proptest::option::of((kind, value).prop_map(|(kind, value)| Text { kind, value, base: None }))
}

fn any_links() -> impl Strategy<Value = Vec<Link>> {
    let rel = "(alternate|self|hub|enclosure|related)";
    let href = "((https?|javascript|data|mailto|ftp):)?[/a-z.:@?&=#%\u{0}\u{FFFE} ]{0,16}";
    proptest::collection::vec((rel, href).prop_map(|(rel, href)| Link { rel, href, ..Link::default() }), 0..4)
}

fn any_entry() -> impl Strategy<Value = ParsedEntry> {
    let word = || "[a-z<>&;@:/\u{0}\u{1F}\u{FFFF}\u{92} ]{0,12}";
    let person =
        (word(), word()).prop_map(|(name, other)| Person { name, uri: Some(other.clone()), email: Some(other) });
    let category =
        (word(), word()).prop_map(|(term, other)| Category { term, scheme: Some(other.clone()), label: Some(other) });
    (any_text(), any_text(), any_text(), any_links(), person, category, word()).prop_map(
        |(title, summary, content, links, person, category, word)| ParsedEntry {
            title,
            summary,
            content,
            source: Some(ParsedSource {
                id: Some(word.clone()),
                title: Some(word.clone()),
                links: links.clone(),
                authors: vec![person.clone()],
                ..ParsedSource::default()
            }),
            links,
            authors: vec![person.clone()],
            contributors: vec![person],
            categories: vec![category],
            language: Some(word.clone()),
            base: Some(word.clone()),
            rights: Some(word),
            ..ParsedEntry::default()
        },
    )
}

/// Calls `look` with every text in a value and the name of the field it is in.
fn walk(value: &Value, field: &str, look: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => look(field, text),
        Value::Array(values) => values.iter().for_each(|value| walk(value, field, look)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(value, name, look)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn whatever_is_parsed_can_be_published(parsed in any_entry(), links in any_links(), title in any_text()) {
        let feed = ParsedFeed {
            title,
            links,
            language: parsed.language.clone(),
            rights: parsed.rights.clone(),
            base: parsed.base.clone(),
            entries: vec![parsed],
            ..ParsedFeed::default()
        };
        let NormalizedFeed { metadata, entries, .. } = run(feed);
        let values = [serde_json::to_value(&metadata), serde_json::to_value(&entries)];
        let illegal =
            |c: char| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
        for value in values {
            walk(&value.expect("serialisable"), "", &mut |field, text| {
                assert!(!text.contains(illegal), "{field}: {text:?}");
                match field {
                    "summary" | "content" => assert_harmless(text, text),
                    "link" | "url" | "site_url" | "self_url" | "feed_url" | "hubs" => {
                        let url = Url::parse(text).expect("an absolute URL");
                        assert!(matches!(url.scheme(), "http" | "https"), "{field}: {text}");
                    }
                    "uri" => {
                        let url = Url::parse(text).expect("an absolute URL");
                        assert!(matches!(url.scheme(), "http" | "https" | "mailto"), "{field}: {text}");
                    }
                    "title" | "rights" | "term" | "label" | "name" => {
                        assert!(text.trim() == text && !text.contains(['\n', '\t']) && text.len() <= 1024, "{field}: {text:?}");
                    }
                    _ => {}
                }
            });
        }
    }
}
