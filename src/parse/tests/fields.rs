//! Everything else that a feed says.

use super::*;
use crate::model::{Category, Person, PollHints, UpdatePeriod};

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
    assert_eq!(parsed(&rss("<link>http://a/</link><item/>")).id, None, "no id is made up");
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
        (
            "categories in a wrapper",
            item("<categories><category>a</category><category>b</category></categories>"),
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
