use super::*;
use crate::model::{Category, Person, PollHints, UpdatePeriod};

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
fn one_flaw_costs_no_entry() {
    let cases = [
        ("a bare ampersand", "<item><title>AT&T</title></item>", "AT&T"),
        ("an ampersand before a semicolon", "<item><title>R & D; more</title></item>", "R & D; more"),
        ("a bare < in text", "<item><title>1 < 2</title></item>", "1 < 2"),
        ("an e-mail address in brackets", "<item><title>by <jean@example.com></title></item>", "by <jean@example.com>"),
        ("an entity of HTML", "<item><title>caf&eacute;&nbsp;noir &hellip;</title></item>", "café\u{A0}noir …"),
        ("an entity nobody declared", "<item><title>a &foo; b</title></item>", "a &foo; b"),
        ("a NUL by reference", "<item><title>a&#0;b</title></item>", "ab"),
        ("a control character by reference", "<item><title>a&#8;b</title></item>", "ab"),
        ("half a surrogate pair", "<item><title>a&#xD800;b</title></item>", "ab"),
        ("a number of windows-1252", "<item><title>l&#146;heure</title></item>", "l’heure"),
        ("an end tag that closes nothing", "<item><title>a</b></title></item>", "a"),
        ("a mismatched end tag", "<item><title>a</titel><guid>1</guid></item>", "a"),
        ("a title never closed", "<item><title>a<link>http://a/</link></item>", "a"),
        ("a link never closed", "<item><link>http://a/<title>a</title></item>", "a"),
        ("an end tag in other letters", "<item><title>a</Title></item>", "a"),
        (
            "a quote never closed",
            "<item><enclosure url=\"http://a/><title>a</title><guid isPermaLink=\"false\">1</guid></item>",
            "a",
        ),
        ("attributes without quotes", "<item><title type=text>a</title></item>", "a"),
        ("an attribute twice", "<item><title a='1' a='2'>a</title></item>", "a"),
        ("a conditional comment of Word", "<item><title>a</title><![if IE]><![endif]></item>", "a"),
        ("PHP that was not run", "<item><?php echo 1; ?><title>a</title></item>", "a"),
        ("CDATA in part", "<item><title>a <![CDATA[& b]]> c</title></item>", "a & b c"),
        ("an unknown podcast role", "<item><podcast:person role='x'>J</podcast:person><title>a</title></item>", "a"),
        ("an unknown type of media:title", "<item><media:title type='x'>b</media:title><title>a</title></item>", "a"),
        (
            "a duration of many digits",
            "<item><itunes:duration>99999999999999999999999</itunes:duration><title>a</title></item>",
            "a",
        ),
        ("a duration in other digits", "<item><itunes:duration>٣٤٥</itunes:duration><title>a</title></item>", "a"),
        ("a base that is no URL", "<item xml:base='http://['><title>a</title></item>", "a"),
        ("an item never closed", "<item><title>a</title>", "a"),
    ];
    for (sentence, flawed, title) in cases {
        let feed = parsed(&rss(&format!("{flawed}<item><title>next</title></item>")));
        assert_eq!(titles(&feed), [title, "next"], "{sentence}");
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
fn a_broken_feed_gives_the_entries_before_the_break() {
    let whole = rss(
        "<item><title>a</title></item><item><title>b</title><description>text</description></item><item><title>c</title></item>",
    );
    let start = whole.find("<title>b").unwrap();
    let end = whole.find("</description></item>").unwrap() + "</description></item>".len() - 1;
    for cut in (start..end).filter(|cut| whole.is_char_boundary(*cut)) {
        let feed = parsed(&whole[..cut]);
        assert_eq!(titles(&feed), ["a"], "{}", &whole[..cut]);
        assert_eq!(feed.defects.last().and_then(|defect| defect.entry), Some(1), "{}", &whole[..cut]);
    }
    assert_eq!(titles(&parsed(&whole[..=end])), ["a", "b"]);
    for (sentence, ending) in [
        ("CDATA that never ends", "<item><description><![CDATA[text </description></item></channel></rss>"),
        ("a comment that never ends", "<item><title>b</title><!-- text </item></channel></rss>"),
        ("half a tag", "<item><title>b</title><enclosure url='"),
    ] {
        assert_eq!(
            titles(&parsed(&format!("<rss><channel><item><title>a</title></item>{ending}"))),
            ["a"],
            "{sentence}"
        );
    }
    let unclosed = parsed("<rss><channel><title>F</title><item><title>a</title></item>");
    assert_eq!(titles(&unclosed), ["a"], "the feed itself need not be closed");
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
fn texts_keep_their_markup_and_say_what_they_are() {
    let cases = [
        ("RSS title", item("<title>a &amp;amp; b</title>").title, "unknown: a &amp; b"),
        ("RSS title with markup", item("<title>a <em>b</em></title>").title, "html: a <em>b</em>"),
        ("escaped HTML", item("<description>&lt;p&gt;a&lt;/p&gt;</description>").summary, "unknown: <p>a</p>"),
        ("HTML in CDATA", item("<description><![CDATA[<p>a &amp; b</p>]]></description>").summary, "unknown: <p>a &amp; b</p>"),
        ("HTML not escaped", item("<description>x<b>y</b> z</description>").summary, "html: x<b>y</b> z"),
        ("HTML not escaped, text kept as text", item("<description>1 &lt; 2 <b>y</b></description>").summary, "html: 1 &lt; 2 <b>y</b>"),
        ("CDATA beside elements", item("<description><![CDATA[<i>a</i>]]><br/>b</description>").summary, "html: <i>a</i><br>b"),
        ("a br never closed", item("<description>a<br>b<br>c</description>").summary, "html: a<br>b<br>c"),
        ("elements closed crosswise", item("<description><b><i>a</b></i> b</description>").summary, "html: <b><i>a</i></b> b"),
        ("an element never closed", item("<description><p>a</description>").summary, "html: <p>a</p>"),
        ("attributes escaped", item("<description><img alt=\"say &quot;hi&quot; onerror=x\"/></description>").summary, "html: <img alt=\"say &quot;hi&quot; onerror=x\">"),
        ("CDATA that was split", item("<description><![CDATA[a]]]]><![CDATA[>b]]></description>").summary, "unknown: a]]>b"),
        ("content:encoded", item("<content:encoded><![CDATA[<p>a</p>]]></content:encoded>").content, "html: <p>a</p>"),
        ("xhtml:body", item("<body xmlns='http://www.w3.org/1999/xhtml'><p>a &amp; b</p></body>").content, "html: <p>a &amp; b</p>"),
        ("encoded without prefix", item("<encoded xmlns='http://purl.org/rss/1.0/modules/content/'>a</encoded>").content, "html: a"),
        ("content:encoded beats itself empty", item("<content:encoded/><content:encoded>a</content:encoded>").content, "html: a"),
        ("description beats itunes:summary", item("<itunes:summary>b</itunes:summary><description>a</description>").summary, "unknown: a"),
        ("media:description for want of another", item("<media:description>a</media:description>").summary, "plain: a"),
        ("title beats media:title", item("<media:content url='http://a/'><media:title>b</media:title></media:content><title>a</title>").title, "unknown: a"),
        ("a blank title", item("<title>  </title>").title, ""),
        ("Atom text", entry("<title>a &lt;b&gt;</title>").title, "plain: a <b>"),
        ("Atom text said so", entry("<title type='text'>a</title>").title, "plain: a"),
        ("Atom text as a medium", entry("<title type='text/plain'>a</title>").title, "plain: a"),
        ("Atom HTML", entry("<title type='html'>a &lt;b&gt;b&lt;/b&gt;</title>").title, "html: a <b>b</b>"),
        ("Atom HTML in capitals", entry("<title type='HTML'>&lt;b&gt;b&lt;/b&gt;</title>").title, "html: <b>b</b>"),
        ("Atom HTML as a medium", entry("<content type='text/html'>&lt;b&gt;b&lt;/b&gt;</content>").content, "html: <b>b</b>"),
        ("Atom XHTML", entry("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>a &amp; <b>b</b></p></div></content>").content, "html: <p>a &amp; <b>b</b></p>"),
        ("Atom XHTML under a prefix", entry("<content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>a</h:p></h:div></content>").content, "html: <p>a</p>"),
        ("Atom XHTML without its div", entry("<content type='xhtml'><p>a</p><div>b</div></content>").content, "html: <p>a</p><div>b</div>"),
        ("Atom XHTML with an entity", entry("<title type='xhtml'><div>a &lt;b&gt;</div></title>").title, "html: a &lt;b&gt;"),
        ("Atom XHTML that came escaped", entry("<content type='xhtml'>&lt;p&gt;a&lt;/p&gt;</content>").content, "html: <p>a</p>"),
        ("Atom XHTML, CDATA is text", entry("<content type='xhtml'><div><![CDATA[<p>]]></div></content>").content, "html: &lt;p&gt;"),
        ("Atom XHTML as a medium", entry("<content type='application/xhtml+xml'><div><p>a</p></div></content>").content, "html: <p>a</p>"),
        ("an empty element is closed", entry("<content type='xhtml'><div><a id='x'/>b<hr/></div></content>").content, "html: <a id=\"x\"></a>b<hr>"),
        ("Atom text with markup", entry("<summary>a <b>b</b></summary>").summary, "html: a <b>b</b>"),
        ("content elsewhere with text", entry("<content src='http://a/'>a</content>").content, "plain: a"),
        ("content that is a picture", entry("<content type='image/png'>AAAA</content>").content, ""),
        ("an empty picture", entry("<content type='image/png'/>").content, ""),
        ("Atom 0.3 escaped", entry("<content type='text/html' mode='escaped'>&lt;b&gt;b&lt;/b&gt;</content>").content, "html: <b>b</b>"),
        ("Atom 0.3 XML", entry("<content type='text/html' mode='xml'><div><b>b</b></div></content>").content, "html: <b>b</b>"),
        ("Atom 0.3 in base64", entry("<content type='text/plain' mode='base64'>AAAA</content>").content, ""),
        ("an entry inside a content is no entry", entry("<content type='application/xml'><entry><title>b</title></entry></content>").content, "html: <entry><title>b</title></entry>"),
        ("a title of HTML inside a text", item("<description>a <title>b</title></description>").summary, "html: a <title>b</title>"),
        ("content:encoded in RSS 1.0", only(parsed("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:content='http://purl.org/rss/1.0/modules/content/'><item><content:encoded>a</content:encoded></item></rdf:RDF>")).content, "html: a"),
    ];
    for (sentence, text, expected) in cases {
        assert_eq!(shown(&text), expected, "{sentence}");
    }
    assert_eq!(shown(&entry("<link href='a'/><content type='image/png' src='http://a/b.png'/>").content), "");
}

#[test]
fn guids_stay_as_they_are() {
    let guid = |entry: ParsedEntry| (entry.guid.unwrap_or_default(), entry.guid_is_permalink);
    let rdf = |inside: &str| {
        format!(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>{inside}</rdf:RDF>"
        )
    };
    let cases = [
        (
            "a permalink unsaid",
            item("<guid>HTTP://Example.com/A?b=1&amp;c</guid>"),
            "HTTP://Example.com/A?b=1&c",
            Some(true),
        ),
        ("a permalink", item("<guid isPermaLink='true'>x</guid>"), "x", Some(true)),
        ("no permalink", item("<guid isPermaLink='false'> x y </guid>"), "x y", Some(false)),
        ("no permalink, in capitals", item("<guid ispermalink='FALSE'>x</guid>"), "x", Some(false)),
        ("an empty guid", item("<guid/>"), "", None),
        ("a blank guid", item("<guid> </guid>"), "", None),
        ("the second of two", item("<guid/><guid>x</guid>"), "x", Some(true)),
        ("atom:id", entry("<id> urn:X </id>"), "urn:X", None),
        ("atom:id in RSS", item("<atom:id>x</atom:id>"), "x", Some(false)),
        ("guid before atom:id", item("<atom:id>x</atom:id><guid>y</guid>"), "y", Some(true)),
        (
            "rdf:about",
            only(parsed(&rdf("<item rdf:about=' http://a/1 '><title>a</title></item>"))),
            "http://a/1",
            Some(true),
        ),
        (
            "guid before rdf:about",
            only(parsed(&rdf("<item rdf:about='http://a/1'><guid isPermaLink='false'>g</guid></item>"))),
            "g",
            Some(false),
        ),
        ("none", item("<title>a</title>"), "", None),
    ];
    for (sentence, entry, expected, is_permalink) in cases {
        assert_eq!(guid(entry), (expected.to_owned(), is_permalink), "{sentence}");
    }
    let feed = parsed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='http://a/rdf'/><item/></rdf:RDF>",
    );
    assert_eq!(feed.id.as_deref(), Some("http://a/rdf"));
    assert_eq!(parsed(&atom("<id> urn:F </id>")).id.as_deref(), Some("urn:F"));
}

#[test]
fn gathers_every_link() {
    let cases: Vec<(&str, ParsedEntry, Vec<&str>)> = vec![
        ("RSS", item("<link> http://a/1 </link>"), vec!["alternate http://a/1"]),
        ("relative", item("<link>/1?a=b&c</link>"), vec!["alternate /1?a=b&c"]),
        ("an RSS link with an attribute", item("<link href='/1'/>"), vec!["alternate /1"]),
        (
            "atom:link in an item",
            item("<link>/1</link><atom:link rel='related' type='text/html' href='/2'/>"),
            vec!["alternate /1", "related /2 text/html"],
        ),
        ("a10:link", item("<a10:link href='/1'/>"), vec!["alternate /1"]),
        (
            "a link of Atom by default namespace",
            item("<link xmlns='http://www.w3.org/2005/Atom' rel='self' href='/2'/><link>/1</link>"),
            vec!["self /2", "alternate /1"],
        ),
        (
            "Atom",
            entry(
                "<link rel='alternate' type='text/html' hreflang='fr' title='t' href='/1'/><link rel='via' href='/2'/>",
            ),
            vec!["alternate /1 text/html", "via /2"],
        ),
        ("no rel", entry("<link href='/1'/>"), vec!["alternate /1"]),
        (
            "a rel in full",
            entry("<link rel='http://www.iana.org/assignments/relation/alternate' href='/1'/>"),
            vec!["alternate /1"],
        ),
        ("a rel in capitals", entry("<link rel=' Alternate ' href='/1'/>"), vec!["alternate /1"]),
        ("a rel of one's own", entry("<link rel='http://a/B' href='/1'/>"), vec!["http://a/B /1"]),
        ("Atom with RSS's form", entry("<link>/1</link>"), vec!["alternate /1"]),
        ("no address", entry("<link rel='alternate'/>"), vec![]),
        (
            "an enclosure",
            item("<enclosure url='/a.mp3' length='12' type='audio/mpeg'/>"),
            vec!["enclosure /a.mp3 audio/mpeg 12"],
        ),
        (
            "an enclosure without a length",
            item("<enclosure url='/a.mp3' length='big' type=''/>"),
            vec!["enclosure /a.mp3"],
        ),
        (
            "several enclosures",
            item("<enclosure url='/a'/><enclosure url='/b'/>"),
            vec!["enclosure /a", "enclosure /b"],
        ),
        ("an enclosure without address", item("<enclosure length='1'/>"), vec![]),
        (
            "media:content",
            item(
                "<media:group><media:content url='/a.jpg' type='image/jpeg' fileSize='9'/><media:thumbnail url='/t'/></media:group>",
            ),
            vec!["enclosure /a.jpg image/jpeg 9"],
        ),
        (
            "media:content and enclosure",
            item("<media:content url='/a'/><enclosure url='/a' type='x/y' length='1'/>"),
            vec!["enclosure /a x/y 1"],
        ),
        (
            "an enclosure of Atom",
            entry("<link rel='enclosure' href='/a' length='3' type='x/y'/>"),
            vec!["enclosure /a x/y 3"],
        ),
        ("content elsewhere", entry("<content src='/a.html' type='text/html'/>"), vec!["alternate /a.html text/html"]),
        (
            "content elsewhere and a link",
            entry("<link href='/1'/><content src='/a.mp4' type='video/mp4'/>"),
            vec!["alternate /1"],
        ),
    ];
    for (sentence, entry, expected) in cases {
        assert_eq!(links(&entry.links), expected, "{sentence}");
    }
    let feed = parsed(&rss(
        "<link>http://a/</link><atom:link rel='self' href='http://a/f'/><atom:link rel='hub' href='http://h/'/>
                            <atom10:link rel='next' href='?p=2'/><image><link>http://no/</link></image>",
    ));
    assert_eq!(links(&feed.links), ["alternate http://a/", "self http://a/f", "hub http://h/", "next ?p=2"]);
    let proxied = item(
        "<link>http://feedproxy/1</link><feedburner:origLink>http://a/1</feedburner:origLink><comments>http://a/1#c</comments>",
    );
    assert_eq!(
        (proxied.original_link.as_deref(), proxied.comments.as_deref()),
        (Some("http://a/1"), Some("http://a/1#c"))
    );
}

#[test]
fn dates_are_those_the_publisher_gave() {
    let shown = |entry: ParsedEntry| {
        let day = |date: Option<chrono::DateTime<chrono::Utc>>| {
            date.map_or("-".to_owned(), |date| date.format("%d").to_string())
        };
        format!("{} {}", day(entry.published), day(entry.updated))
    };
    let cases = [
        ("pubDate is not updated", item("<pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate>"), "01 -"),
        ("atom:updated in RSS", item("<pubDate>1 Jan 2024</pubDate><atom:updated>2024-01-02</atom:updated>"), "01 02"),
        ("dc:date", item("<dc:date>2024-01-03T10:00+01:00</dc:date>"), "03 -"),
        ("pubDate beats dc:date", item("<dc:date>2024-01-03</dc:date><pubDate>1 Jan 2024</pubDate>"), "01 -"),
        ("dc:date where pubDate cannot be read", item("<pubDate>soon</pubDate><dc:date>2024-01-03</dc:date>"), "03 -"),
        (
            "dcterms",
            item("<dcterms:issued>2024-01-04</dcterms:issued><dcterms:modified>2024-01-05</dcterms:modified>"),
            "04 05",
        ),
        ("Atom", entry("<published>2024-01-06T00:00:00Z</published><updated>2024-01-07T00:00:00Z</updated>"), "06 07"),
        ("Atom, published only", entry("<published>2024-01-06T00:00:00Z</published>"), "06 -"),
        ("Atom, updated only", entry("<updated>2024-01-07T00:00:00Z</updated>"), "- 07"),
        (
            "Atom 0.3",
            entry("<issued>2024-01-08</issued><modified>2024-01-09</modified><created>2024-01-01</created>"),
            "08 09",
        ),
        ("RSS's name in Atom", entry("<pubDate>1 Jan 2024</pubDate>"), "01 -"),
        ("no date at all", item("<title>a</title>"), "- -"),
        ("the first of February 30", item("<pubDate>30 Feb 2024</pubDate>"), "- -"),
        ("a date within markup", item("<pubDate><b>1 Jan 2024</b></pubDate>"), "01 -"),
    ];
    for (sentence, entry, expected) in cases {
        assert_eq!(shown(entry), expected, "{sentence}");
    }
    let feed = |inside: &str| parsed(inside).updated.map(|date| date.format("%d").to_string()).unwrap_or_default();
    assert_eq!(feed(&rss("<pubDate>1 Jan 2024</pubDate><lastBuildDate>2 Jan 2024</lastBuildDate>")), "02");
    assert_eq!(feed(&rss("<pubDate>1 Jan 2024</pubDate>")), "01");
    assert_eq!(feed(&atom("<updated>2024-01-03T00:00:00Z</updated>")), "03");
    let defects = parsed(&rss("<item/><item><pubDate>soon</pubDate></item>")).defects;
    assert_eq!(defects.len(), 1);
    assert!(defects[0].entry == Some(1) && defects[0].message.contains("`soon`"), "{defects:?}");
}

#[test]
fn persons_of_every_dialect() {
    let person = |name: &str, email: Option<&str>, uri: Option<&str>| Person {
        name: name.to_owned(),
        email: email.map(str::to_owned),
        uri: uri.map(str::to_owned),
    };
    let jean = || vec![person("Jean Dupont", Some("a@b.com"), None)];
    let cases = [
        ("mail (Name)", item("<author>a@b.com (Jean Dupont)</author>"), jean()),
        ("guillemets", item("<author>Jean Dupont «a@b.com»</author>"), jean()),
        ("a no-break space", item("<dc:creator>Jean Dupont\u{A0}a@b.com</dc:creator>"), jean()),
        ("angle brackets not escaped", item("<author>Jean Dupont <a@b.com></author>"), jean()),
        (
            "author, dc:creator and itunes:author are one",
            item(
                "<author>a@b.com (Jean Dupont)</author><dc:creator>Jean Dupont</dc:creator><itunes:author>jean dupont</itunes:author>",
            ),
            jean(),
        ),
        (
            "two creators",
            item("<dc:creator>A</dc:creator><dc:creator>B</dc:creator>"),
            vec![person("A", None, None), person("B", None, None)],
        ),
        (
            "FOAF in dc:creator",
            item("<dc:creator><foaf:Agent><foaf:name>A</foaf:name></foaf:Agent></dc:creator>"),
            vec![person("A", None, None)],
        ),
        ("markup in an author", item("<author><b>A</b></author>"), vec![person("A", None, None)]),
        (
            "Atom",
            entry("<author><name>A</name><uri>http://a/</uri><email>a@b.com</email></author>"),
            vec![person("A", Some("a@b.com"), Some("http://a/"))],
        ),
        (
            "Atom without a name",
            entry("<author><email>a@b.com</email></author>"),
            vec![person("a@b.com", Some("a@b.com"), None)],
        ),
        ("Atom with RSS's form", entry("<author>A</author>"), vec![person("A", None, None)]),
        ("Atom in RSS", item("<atom:author><atom:name>A</atom:name></atom:author>"), vec![person("A", None, None)]),
        ("nobody", item("<author/><dc:creator> </dc:creator>"), vec![]),
        ("an author never closed", item("<author>A<guid>1</guid>"), vec![person("A", None, None)]),
    ];
    for (sentence, entry, expected) in cases {
        assert_eq!(entry.authors, expected, "{sentence}");
    }
    assert_eq!(entry("<contributor><name>B</name></contributor>").contributors, [person("B", None, None)]);
    let feed =
        parsed(&rss("<managingEditor>a@b.com (Jean Dupont)</managingEditor><webMaster>x@y.zz</webMaster><item/>"));
    assert_eq!(feed.authors, jean());
    assert_eq!(parsed(&atom("<author><name>A</name></author>")).authors, [person("A", None, None)]);
}

#[test]
fn categories_of_every_dialect() {
    let category = |term: &str, scheme: Option<&str>, label: Option<&str>| Category {
        term: term.to_owned(),
        scheme: scheme.map(str::to_owned),
        label: label.map(str::to_owned),
    };
    let cases = [
        (
            "RSS",
            item("<category domain='http://d/'> A &amp; B </category>"),
            vec![category("A & B", Some("http://d/"), None)],
        ),
        ("Atom", entry("<category term='a' scheme='s' label='A'/>"), vec![category("a", Some("s"), Some("A"))]),
        ("Atom with RSS's form", entry("<category>a</category>"), vec![category("a", None, None)]),
        (
            "dc:subject",
            item("<dc:subject>a</dc:subject><category>a</category><category>b</category>"),
            vec![category("a", None, None), category("b", None, None)],
        ),
        (
            "itunes:keywords",
            item("<itunes:keywords>a, b,,a</itunes:keywords>"),
            vec![category("a", None, None), category("b", None, None)],
        ),
        ("an empty one", item("<category/><category> </category>"), vec![]),
    ];
    for (sentence, entry, expected) in cases {
        assert_eq!(entry.categories, expected, "{sentence}");
    }
    let feed =
        parsed(&rss("<category>x</category><itunes:category text='a'><itunes:category text='b'/></itunes:category>"));
    assert_eq!(feed.categories, [category("x", None, None), category("a", None, None), category("b", None, None)]);
    assert!(!feed.defects.iter().any(|defect| defect.message.contains("closed")), "{:?}", feed.defects);
}

#[test]
fn bases_and_languages_in_force() {
    let body = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/blog/' xml:lang='fr'><title>F</title>
        <entry xml:base='2024/' xml:lang='de'><title xml:base='t/'>a</title><summary>b</summary>
          <content type='xhtml' xml:base='c/'><div xml:base='d/'><a href='x'>y</a><p xml:base='../e/'><img src='z'/></p></div></content></entry>
        <entry><content xml:lang='es' type='text'>c</content></entry></feed>";
    let feed = parsed(body);
    assert_eq!((feed.base.as_deref(), feed.language.as_deref()), (Some("/blog/"), Some("fr")));
    let first = &feed.entries[0];
    assert_eq!((first.base.as_deref(), first.language.as_deref()), (Some("http://example.com/blog/2024/"), Some("de")));
    let base = |text: &Option<crate::model::Text>| text.as_ref().and_then(|text| text.base.clone()).unwrap_or_default();
    assert_eq!(base(&first.title), "http://example.com/blog/2024/t/");
    assert_eq!(base(&first.summary), "");
    assert_eq!(base(&first.content), "http://example.com/blog/2024/c/d/");
    assert_eq!(
        shown(&first.content),
        "html: <a href=\"x\">y</a><p><img src=\"http://example.com/blog/2024/c/e/z\"></p>",
        "HTML has no xml:base"
    );
    let second = &feed.entries[1];
    assert_eq!((second.base.as_deref(), second.language.as_deref()), (Some("http://example.com/blog/"), Some("es")));
    assert_eq!(item("<title>a</title>").base, None);
    assert_eq!(parsed(&rss("<language>pt-BR</language>")).language.as_deref(), Some("pt-BR"));
    assert_eq!(parsed(&rss("<dc:language>pt</dc:language>")).language.as_deref(), Some("pt"));
    assert_eq!(item("<dc:language>pt</dc:language>").language.as_deref(), Some("pt"));
}

#[test]
fn where_an_entry_came_from() {
    let source = item("<source url='http://a/feed'>A &amp; B</source>").source.unwrap();
    assert_eq!((source.title.as_deref(), links(&source.links)), (Some("A & B"), vec!["self http://a/feed".to_owned()]));
    let entry = entry(
        "<source><id>urn:s</id><title>S</title><link rel='self' href='http://s/f'/><link href='http://s/'/>
         <updated>2024-01-02T00:00:00Z</updated><rights>R</rights><author><name>A</name></author></source><title>a</title><id>e</id>",
    );
    let source = entry.source.unwrap();
    assert_eq!(
        (source.id.as_deref(), source.title.as_deref(), source.rights.as_deref()),
        (Some("urn:s"), Some("S"), Some("R"))
    );
    assert_eq!(links(&source.links), ["self http://s/f", "alternate http://s/"]);
    assert_eq!((source.updated.is_some(), source.authors.len()), (true, 1));
    assert_eq!((entry.guid.as_deref(), entry.authors.len(), entry.updated, entry.rights), (Some("e"), 0, None, None));
    assert_eq!(
        item("<atom:source><atom:title>S</atom:title></atom:source>").source.unwrap().title.as_deref(),
        Some("S")
    );
    assert_eq!(item("<dc:rights>R</dc:rights>").rights.as_deref(), Some("R"));
    assert_eq!(parsed(&rss("<copyright>R</copyright>")).rights.as_deref(), Some("R"));
}

#[test]
fn hints_about_polling() {
    let hints = |inside: &str| parsed(&rss(inside)).hints;
    let hours = |skip_hours: &[u8]| PollHints { skip_hours: skip_hours.to_vec(), ..PollHints::default() };
    let update = |seconds| PollHints { update: Some(UpdatePeriod { seconds }), ..PollHints::default() };
    let cases = [
        ("ttl", "<ttl> 60 </ttl>", PollHints { ttl_minutes: Some(60), ..PollHints::default() }),
        ("ttl with its unit", "<ttl>60 minutes</ttl>", PollHints { ttl_minutes: Some(60), ..PollHints::default() }),
        ("a ttl that is none", "<ttl>soon</ttl>", PollHints::default()),
        (
            "hours, 24 is 0",
            "<skipHours><hour>24</hour><hour>3</hour><hour>3</hour><hour>25</hour></skipHours>",
            hours(&[0, 3]),
        ),
        (
            "days",
            "<skipDays><day>Sunday</day><day>saturday</day><day>Foo</day></skipDays>",
            PollHints { skip_days: vec![5, 6], ..PollHints::default() },
        ),
        (
            "hourly",
            "<sy:updatePeriod>\n hourly \n</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>",
            update(3_600),
        ),
        (
            "twice a day",
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            update(43_200),
        ),
        ("the default frequency", "<sy:updatePeriod>weekly</sy:updatePeriod>", update(604_800)),
        ("the default period", "<sy:updateFrequency>2</sy:updateFrequency>", update(43_200)),
        (
            "a frequency of nothing",
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            update(3_600),
        ),
        (
            "a frequency beyond measure",
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>99999</sy:updateFrequency>",
            update(1),
        ),
        ("another period", "<sy:updatePeriod>fortnightly</sy:updatePeriod>", PollHints::default()),
    ];
    for (sentence, inside, expected) in cases {
        assert_eq!(hints(inside), expected, "{sentence}");
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

#[test]
fn more_entries_than_the_limit() {
    let limits = ParseLimits { entries: 3, ..ParseLimits::default() };
    let read = |items: &[(&str, &str)]| {
        let items: String =
            items.iter().map(|(title, rest)| format!("<item><title>{title}</title>{rest}</item>")).collect();
        let feed = parse(&document(rss(&items), None), &limits).unwrap();
        (titles(&feed).join(" "), feed.defects.last().map(|defect| defect.message.clone()).unwrap_or_default())
    };
    let day = |day: usize| format!("<pubDate>{day} Jan 2024</pubDate>");
    let days: Vec<_> = (1..=20).map(|number| (number.to_string(), day(number))).collect();
    let dated: Vec<_> = days.iter().map(|(title, date)| (title.as_str(), date.as_str())).collect();
    assert_eq!(read(&dated).0, "18 19 20", "the newest, where all are dated");
    assert!(read(&dated).1.contains("20 items"), "{}", read(&dated).1);
    let undated: Vec<_> = days.iter().map(|(title, _)| (title.as_str(), "")).collect();
    assert_eq!(read(&undated).0, "1 2 3", "else the first");
    assert_eq!(read(&undated[..3]), ("1 2 3".to_owned(), String::new()));
}
