//! Which documents are feeds, and where their items are.

use super::*;

/// How many entries a document has, or why none.
fn entries(body: &str) -> String {
    match parse(&document(body.to_owned(), None), &ParseLimits::default()) {
        Ok(feed) => feed.entries.len().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn reads_every_dialect_and_root() {
    let with_root =
        |root: &str| format!("<{root}><channel><title>F</title><item><title>a</title></item></channel></rss>");
    for root in [
        "rss",
        "rss version='2.0'",
        "rss version='2.0 '",
        "rss version='2.0.1'",
        "rss version='2.1'",
        "rss version='0.90'",
        "rss version='0.91'",
        "rss version='0.93'",
        "rss version='0.94'",
        "rss version=''",
        "rss version=2.0",
        "rss version='2.0' xmlns='http://backend.userland.com/rss2'",
        "rss version='2.0' xmlns='http://www.w3.org/2005/Atom'",
        "rss version='2.0' xmlns='http://purl.org/rss/1.0/'",
        "rss version='2.0' xmlns='whatever'",
        "RSS VERSION='2.0'",
    ] {
        let feed = parsed(&with_root(root));
        assert_eq!((titles(&feed), shown(&feed.title).as_str()), (vec!["a"], "unknown: F"), "{root}");
    }
    let with_namespace = |root: &str| format!("<{root}><title>F</title><entry><title>a</title></entry></feed>");
    for root in [
        "feed xmlns='http://www.w3.org/2005/Atom'",
        "feed xmlns='https://www.w3.org/2005/Atom'",
        "feed xmlns='http://www.w3.org/2005/Atom/'",
        "feed xmlns='http://purl.org/atom/ns#' version='0.3'",
        "feed",
        "feed xmlns='urn:unheard-of'",
    ] {
        let feed = parsed(&with_namespace(root));
        assert_eq!((titles(&feed), shown(&feed.title).as_str()), (vec!["a"], "plain: F"), "{root}");
    }
    for (sentence, body) in [
        (
            "Atom under a prefix",
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>F</a:title><a:entry><a:title>a</a:title></a:entry></a:feed>",
        ),
        (
            "RSS 1.0, items beside the channel",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>
             <channel rdf:about='http://a/'><title>F</title><items><rdf:Seq><rdf:li rdf:resource='x'/></rdf:Seq></items></channel>
             <image><title>not an item</title></image><item rdf:about='http://a/1'><title>a</title></item></rdf:RDF>",
        ),
        (
            "RSS 0.90",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>
             <channel><title>F</title></channel><item><title>a</title></item></rdf:RDF>",
        ),
        ("RSS items outside the channel", "<rss version='2.0'><channel><title>F</title></channel><item><title>a</title></item></rss>"),
        ("RSS items after the end", "<rss version='2.0'><channel><title>F</title></channel></rss><item><title>a</title></item>"),
        ("RSS items in a wrapper", "<rss><channel><title>F</title><items><item><title>a</title></item></items></channel></rss>"),
        ("RSS under a prefix", "<r:rss xmlns:r='http://purl.org/rss/1.0/'><r:channel><r:title>F</r:title><r:item><r:title>a</r:title></r:item></r:channel></r:rss>"),
        ("a channel for a root", "<channel><title>F</title><item><title>a</title></item></channel>"),
        ("a feed in an envelope", "<response><status>ok</status><rss><channel><title>F</title><item><title>a</title></item></channel></rss></response>"),
        ("names in capitals", "<RSS><CHANNEL><TITLE>F</TITLE><ITEM><TITLE>a</TITLE></ITEM></CHANNEL></RSS>"),
    ] {
        let feed = parsed(body);
        let title = feed.title.as_ref().map(|title| title.value.as_str());
        assert_eq!((titles(&feed), title), (vec!["a"], Some("F")), "{sentence}");
    }
}

#[test]
fn what_stands_around_the_feed_does_not_matter() {
    let feed = "<rss version='2.0'><channel><item><title>a</title></item></channel></rss>";
    for (sentence, body) in [
        ("nothing", feed.to_owned()),
        ("blanks before the declaration", format!("\n\n  <?xml version='1.0'?>{feed}")),
        ("a byte order mark", format!("\u{FEFF}<?xml version='1.0'?>{feed}")),
        ("text before the declaration", format!("Notice: undefined index\n<?xml version='1.0'?>{feed}")),
        (
            "a warning of PHP",
            format!(
                "<br />\n<b>Warning</b>: foo() in <b>/x.php</b> on line <b>3</b><br />\n<?xml version='1.0'?>{feed}"
            ),
        ),
        ("two declarations", format!("<?xml version='1.0'?><?xml version='1.0'?>{feed}")),
        ("XML 1.1", format!("<?xml version='1.1'?>{feed}")),
        ("a comment", format!("<!-- <rss> -->{feed}<!-- cached -->")),
        ("a stylesheet", format!("<?xml-stylesheet href='x.xsl'?>{feed}")),
        ("a document type", format!("<!DOCTYPE rss PUBLIC '-//Netscape//DTD RSS 0.91//EN' 'http://x/rss.dtd'>{feed}")),
        ("a document type of HTML", format!("<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'http://x/'>{feed}")),
        ("an internal subset", format!("<!DOCTYPE rss [<!ENTITY x '<item/>'>]>{feed}")),
        ("text behind", format!("{feed}\n<script>track()</script> generated in 0.1 s")),
    ] {
        assert_eq!(entries(&body), "1", "{sentence}");
    }
}

#[test]
fn says_what_a_document_is_that_is_no_feed() {
    let cases = [
        ("", "the body is empty"),
        (" \n\u{FEFF}", "the body is empty"),
        ("\0\0\0", "the body is empty"),
        (
            "<!DOCTYPE html><html><head><title>Just a\n moment…</title>",
            "not a feed but an HTML page titled “Just a moment…”",
        ),
        ("<html><body><rss>", "not a feed but an HTML page;"),
        ("\n<HTML>", "not a feed but an HTML page"),
        ("<script>location='x'</script>", "not a feed but an HTML page"),
        (
            "<?xml version='1.0'?><opml version='1.0'><body/></opml>",
            "not a feed but an XML document whose root is <opml>",
        ),
        (
            "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url/></urlset>",
            "not a feed but an XML document whose root is <urlset>",
        ),
        ("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><Person/></rdf:RDF>", "root is <rdf:rdf>"),
        ("Not found", "not a feed but text that begins “Not found”"),
        ("%PDF-1.4", "not a feed but a PDF document"),
        ("{\"a\":1}", "not a feed but a JSON document without `items`"),
    ];
    for (body, expected) in cases {
        let error = entries(body);
        assert!(error.contains(expected), "{body}: {error}");
    }
}

#[test]
fn namespaces_are_known_by_what_is_meant() {
    let creators = [
        "xmlns:dc='http://purl.org/dc/elements/1.1/'",
        "xmlns:dc='https://purl.org/dc/elements/1.1/'",
        "xmlns:dc='http://purl.org/dc/elements/1.1'",
        "xmlns:dc='http://purl.org/DC/elements/1.0/'",
        "",
    ];
    for declaration in creators {
        let entry = only(parsed(&format!(
            "<rss {declaration}><channel><item><dc:creator>A</dc:creator></item></channel></rss>"
        )));
        assert_eq!(entry.authors.len(), 1, "{declaration}");
    }
    for declaration in [
        "xmlns:m='http://search.yahoo.com/mrss/'",
        "xmlns:m='http://search.yahoo.com/mrss'",
        "xmlns:m='https://video.search.yahoo.com/mrss'",
    ] {
        let entry =
            only(parsed(&format!("<rss {declaration}><channel><item><m:content url='/a'/></item></channel></rss>")));
        assert_eq!(entry.links.len(), 1, "{declaration}");
    }
    let foreign = item("<x:title xmlns:x='urn:x'>b</x:title><title>a</title><title xmlns='urn:x'>c</title>");
    assert_eq!(shown(&foreign.title), "unknown: a");
    let feed = parsed(&rss("<item><dc:creator>A</dc:creator></item>"));
    assert!(feed.defects[0].message.contains("prefix is not declared"), "{:?}", feed.defects);
}
