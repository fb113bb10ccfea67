//! Documents that are no XML, or too much of it.

use super::*;

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
