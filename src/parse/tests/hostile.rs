//! Documents made to hurt: each is read in bounded time, and none is believed.

use std::time::{Duration, Instant};

use super::*;

/// Reads a document and fails if that takes unreasonably long even for a debug build on a busy machine.
fn quickly(name: &str, body: String) -> Option<ParsedFeed> {
    let length = body.len();
    let begin = Instant::now();
    let feed = parse(&document(body, None), &ParseLimits::default()).ok();
    let spent = begin.elapsed();
    println!("{name}: {:.1} MB in {spent:?}", length as f64 / 1e6);
    assert!(spent < Duration::from_secs(20), "{name}: {length} bytes took {spent:?}");
    feed
}

fn title(feed: Option<ParsedFeed>) -> String {
    feed.and_then(|feed| feed.entries.into_iter().next()?.title).map(|title| title.value).unwrap_or_default()
}

#[test]
fn no_entity_of_a_document_type_is_expanded_or_fetched() {
    let item = |reference: &str| format!("<rss><channel><item><title>{reference}</title></item></channel></rss>");
    let mut laughs = String::from("<!DOCTYPE rss [<!ENTITY l0 \"lol\">");
    for level in 1..10 {
        laughs += &format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10));
    }
    assert_eq!(title(quickly("billion laughs", format!("{laughs}]>{}", item("&l9;")))), "&l9;");
    let quadratic = format!("<!DOCTYPE rss [<!ENTITY a \"{}\">]>{}", "a".repeat(100_000), item(&"&a;".repeat(100_000)));
    assert_eq!(title(quickly("quadratic blow-up", quadratic)).len(), 300_000);
    for target in ["file:///etc/passwd", "http://127.0.0.1/"] {
        let external = format!(
            "<!DOCTYPE rss [<!ENTITY x SYSTEM \"{target}\"><!ENTITY % y SYSTEM \"{target}\"> %y;]>{}",
            item("&x;")
        );
        assert_eq!(title(quickly("external entity", external)), "&x;");
    }
}

#[test]
fn depth_and_size_cost_no_more_than_they_weigh() {
    let many = 100_000;
    let deep = |open: &str, close: &str| {
        rss(&format!(
            "<item><title>a</title><description>{}text{}</description><guid>g</guid></item>",
            open.repeat(many),
            close.repeat(many)
        ))
    };
    let feed = quickly("nested elements", deep("<b>", "</b>")).unwrap();
    assert_eq!((feed.entries.len(), feed.entries[0].guid.as_deref()), (1, Some("g")));
    let summary = feed.entries[0].summary.as_ref().unwrap();
    assert!(summary.value.contains("text") && summary.value.matches("<b>").count() < 200, "{}", summary.value.len());
    assert_eq!(summary.value.matches("<b>").count(), summary.value.matches("</b>").count());
    assert!(feed.defects.iter().any(|defect| defect.message.contains("too deeply")));
    assert_eq!(quickly("elements never closed", deep("<b>", "")).unwrap().entries[0].guid.as_deref(), Some("g"));
    assert_eq!(quickly("end tags that close nothing", deep("", "</b>")).unwrap().entries[0].guid.as_deref(), Some("g"));
    assert_eq!(
        quickly("elements of many names", deep("<a><b><c><d>", "</x></c>")).unwrap().entries[0].guid.as_deref(),
        Some("g")
    );
    quickly("nesting outside of items", format!("<rss>{}", "<channel>".repeat(many)));
    quickly("nested items", format!("<rss><channel>{}", "<item>".repeat(many)));
    quickly("nested persons", format!("<rss><channel><item><author>{}", "<x>".repeat(many)));
    quickly("nested groups", format!("<rss><channel><item>{}", "<media:group>".repeat(many)));

    let attribute = quickly(
        "an attribute of 10 MiB",
        rss(&format!("<item><link href='{}'/><title>a</title></item>", "a".repeat(10 << 20))),
    );
    assert_eq!(title(attribute), "a");
    let attributes: String = (0..many).map(|number| format!(" a{number}='{number}'")).collect();
    let feed = quickly("100,000 attributes", rss(&format!("<item{attributes}><title{attributes}>a</title></item>")));
    assert!(feed.as_ref().unwrap().defects.iter().any(|defect| defect.message.contains("too many attributes")));
    assert_eq!(title(feed), "a");
    let feed = quickly("100,000 items", rss(&"<item/>".repeat(many))).unwrap();
    assert_eq!(feed.entries.len(), 2_000);
}

#[test]
fn no_input_makes_the_work_grow_faster_than_itself() {
    let repeated = |piece: &str| piece.repeat(200_000 / piece.len());
    let pieces = [
        "<",
        ">",
        "&",
        "&&",
        "&a",
        "&#",
        "<?",
        "<?x>",
        "<!",
        "<!x>",
        "<!-",
        "<![CDATA[",
        "</",
        "</a",
        "<a",
        "<a ",
        "<a '",
        "<a \"'>",
        "<a '>\"",
        "'\"><",
        "<!--",
        "]]>",
        "<a/>",
        "<a></b>",
        "<br>",
        "<a:b>",
        "<a xmlns:b='c'>",
        "<a xmlns='c'/>",
        "<a xml:base='a/'>",
        "<a xml:base='a/'/>",
        "<item xml:base='b/'>",
        "<title>",
        "<author>",
        "<category>",
        "&a;",
        "&amp;",
        "<item/>",
        "<item><title>a</title></item>",
        "<!DOCTYPE a [",
        "\0",
        "\r",
        "é",
    ];
    for piece in pieces {
        quickly(&format!("{piece} in an item's text"), format!("<rss><channel><item><description>{}", repeated(piece)));
        quickly(&format!("{piece} in an item"), format!("<rss><channel><item>{}", repeated(piece)));
        quickly(&format!("{piece} in a feed"), format!("<feed>{}", repeated(piece)));
        quickly(&format!("{piece} alone"), repeated(piece));
        quickly(&format!("{piece} in JSON"), format!("{{\"items\":[{{\"id\":\"{}", repeated(piece)));
    }
    let namespaces: String =
        (0..10_000).map(|number| format!("<p{number}:x xmlns:p{number}='urn:{number}'>")).collect();
    quickly("namespaces", rss(&format!("<item>{namespaces}</item>")));
    let base = format!("<item xml:base='{}'>", "a/".repeat(1_000));
    quickly("bases", rss(&base.repeat(1_000)));
    quickly(
        "bases in depth",
        rss(&format!("<item><description>{}", format!("<a xml:base='{}' href='x'>", "a/".repeat(500)).repeat(1_000))),
    );
}
