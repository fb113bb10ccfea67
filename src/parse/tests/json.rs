use super::*;
use crate::model::TextKind;

fn json(items: &str) -> ParsedFeed {
    parsed(&format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"F\",\"items\":[{items}]}}"))
}

#[test]
fn reads_ids_of_any_kind() {
    let cases = [
        ("text", "{\"id\":\" a \"}", Some("a")),
        ("a number", "{\"id\":42,\"title\":\"t\"}", Some("42")),
        ("a long number", "{\"id\":18446744073709551615}", Some("18446744073709551615")),
        ("a blank", "{\"id\":\" \",\"url\":\"http://a/\"}", None),
        ("nothing", "{\"url\":\"http://a/\"}", None),
        ("null", "{\"id\":null,\"content_text\":\"t\"}", None),
        ("an object", "{\"id\":{},\"title\":\"t\"}", None),
        ("true", "{\"id\":true,\"title\":\"t\"}", None),
    ];
    for (sentence, item, expected) in cases {
        let feed = json(item);
        assert_eq!(feed.defects.iter().any(|defect| defect.entry == Some(0)), expected.is_none(), "{sentence}");
        assert_eq!(only(feed).guid.as_deref(), expected, "{sentence}");
    }
    for (sentence, item) in
        [("an item of nothing", "{}"), ("no item", "7"), ("blank text", "{\"title\":\" \",\"id\":\"\"}")]
    {
        let feed = json(&format!("{item},{{\"id\":\"b\"}}"));
        assert_eq!(
            (feed.entries.len(), feed.defects.iter().map(|defect| defect.entry).collect::<Vec<_>>()),
            (1, vec![Some(0)]),
            "{sentence}"
        );
    }
}

#[test]
fn reads_versions_1_0_and_1_1() {
    let feed = parsed(
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"F\u0000","home_page_url":"http://a/","feed_url":"http://a/f.json",
            "next_url":"http://a/2","language":"fr","authors":[{"name":"A","url":"http://a/me"}],
            "hubs":[{"type":"WebSub","url":"http://h/"},{"type":"rssCloud","url":"http://r/"}],
            "items":[{"id":"1","url":"/1","external_url":"http://b/","title":"T","content_html":"<p>x</p>","content_text":"x","summary":"s",
              "date_published":"2024-01-01T10:00:00+01:00","date_modified":"2024-01-02 10:00:00","author":{"name":"B"},
              "authors":[{"name":"B"},{"name":"C"}],"tags":["a","",3],"language":"de",
              "attachments":[{"url":"/a.mp3","mime_type":"audio/mpeg","size_in_bytes":12},{"mime_type":"x/y"}]},
              {"id":"2","external_url":"http://b/","content_text":"1 < 2","author":"D"}]}"#,
    );
    assert_eq!((shown(&feed.title).as_str(), feed.language.as_deref()), ("plain: F", Some("fr")));
    assert_eq!(links(&feed.links), ["alternate http://a/", "self http://a/f.json", "next http://a/2", "hub http://h/"]);
    assert_eq!(feed.authors[0].uri.as_deref(), Some("http://a/me"));
    let first = &feed.entries[0];
    assert_eq!(links(&first.links), ["alternate /1", "related http://b/", "enclosure /a.mp3 audio/mpeg 12"]);
    assert_eq!(shown(&first.content), "html: <p>x</p>");
    assert_eq!(shown(&first.summary), "plain: s");
    assert_eq!(first.published.map(|date| date.to_rfc3339()).as_deref(), Some("2024-01-01T09:00:00+00:00"));
    assert_eq!(first.updated.map(|date| date.to_rfc3339()).as_deref(), Some("2024-01-02T10:00:00+00:00"));
    let names = |entry: &ParsedEntry| entry.authors.iter().map(|author| author.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(first), ["B", "C"]);
    assert_eq!(first.categories.iter().map(|category| category.term.as_str()).collect::<Vec<_>>(), ["a", "3"]);
    assert_eq!(first.language.as_deref(), Some("de"));
    let second = &feed.entries[1];
    assert_eq!((links(&second.links), names(second)), (vec!["alternate http://b/".to_owned()], vec!["D".to_owned()]));
    assert_eq!(
        second.content.as_ref().map(|content| (content.kind, content.value.as_str())),
        Some((TextKind::Plain, "1 < 2"))
    );
    assert_eq!(second.published, None);
}

#[test]
fn reads_json_in_any_state() {
    for (sentence, body, expected) in [
        ("a byte order mark", "\u{FEFF}{\"items\":[{\"id\":\"a\"}]}", 1),
        ("no version and no title", "{\"items\":[{\"id\":\"a\"}]}", 1),
        ("another version", "{\"version\":\"https://jsonfeed.org/version/2\",\"items\":[{\"id\":\"a\"}]}", 1),
        ("no items", "{\"version\":\"x\",\"items\":[]}", 0),
        ("text behind", "{\"items\":[{\"id\":\"a\"}]} <!-- cached -->", 1),
        ("cut in an item", "{\"title\":\"F\",\"items\":[{\"id\":\"a\",\"x\":[{}]},{\"id\":\"}\"},{\"id\":\"c", 2),
        ("cut after an item", "{\"items\":[{\"id\":\"a\"},", 1),
        ("broken in an item", "{\"items\":[{\"id\":\"a\"},{\"id\":oops},{\"id\":\"c\"}]}", 1),
        ("a comma too many", "{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"},]}", 2),
    ] {
        assert_eq!(parsed(body).entries.len(), expected, "{sentence}");
    }
    let error = |body: &str| parse(&document(body.to_owned(), None), &ParseLimits::default()).unwrap_err().to_string();
    assert!(error("{\"items\":[{\"id\":").contains("begins like JSON"));
    assert!(error("[1,2]").contains("no object"));
    assert!(error("{\"items\":7}").contains("without `items`"));
    let deep = format!("{{\"items\":{}", "[".repeat(100_000));
    assert!(error(&deep).contains("recursion"));
    let limits = ParseLimits { entries: 2, ..ParseLimits::default() };
    let three = "{\"items\":[{\"id\":1,\"date_published\":\"2024-01-01\"},{\"id\":2,\"date_published\":\"2024-01-03\"},{\"id\":3,\"date_published\":\"2024-01-02\"}]}";
    let feed = parse(&document(three, None), &limits).unwrap();
    assert_eq!(feed.entries.iter().filter_map(|entry| entry.guid.as_deref()).collect::<Vec<_>>(), ["2", "3"]);
    assert_eq!(feed.defects.len(), 1);
}
