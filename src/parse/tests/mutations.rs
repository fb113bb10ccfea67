//! Whatever the bytes, `parse` returns.

use proptest::prelude::*;

use super::*;

const FEEDS: [&str; 5] = [
    "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>F é</title>\
     <link>http://a/</link><ttl>60</ttl><skipHours><hour>1</hour></skipHours><item><title>a &amp; b</title><link>http://a/1</link>\
     <guid isPermaLink='false'>1</guid><author>a@b.com (Ä)</author><dc:creator>編集部（a@b.com）</dc:creator>\
     <pubDate>Mon, 01 Jan 2024 10:00:00 +0100</pubDate><description><![CDATA[<p>x</p>]]></description>\
     <enclosure url='/a.mp3' length='1' type='audio/mpeg'/><category domain='d'>c</category></item><item><title>b</title></item></channel></rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/x/' xml:lang='fr'><title type='html'>F</title><id>f</id>\
     <entry><id>1</id><title type='text'>a</title><link rel='alternate' href='1'/><author><name>A</name><email>a@b.com</email></author>\
     <content type='xhtml' xml:base='y/'><div xmlns='http://www.w3.org/1999/xhtml'><p>a <b>b</b><br/>c</p></div></content>\
     <updated>2024-01-01T10:00:00Z</updated><source><id>s</id></source></entry><entry><id>2</id></entry></feed>",
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='http://a/'>\
     <title>F</title></channel><item rdf:about='http://a/1'><title>a</title><link>http://a/1</link></item></rdf:RDF>",
    "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"F\",\"items\":[{\"id\":\"1\",\"content_html\":\"<p>é</p>\",\
     \"date_published\":\"2024-01-01T10:00:00Z\",\"authors\":[{\"name\":\"A\"}],\"attachments\":[{\"url\":\"/a\"}]},{\"id\":2}]}",
    "<rss version='2.0'><channel><item><itunes:duration>1:02:03</itunes:duration><media:group><media:content url='/a'><media:title>t</media:title>\
     </media:content></media:group><podcast:person role='host'>P</podcast:person><title>1 < 2 & 3</title></item></channel></rss>",
];

/// What a mutation may put in: what the readers look at.
const PIECES: [&str; 20] = [
    "<",
    ">",
    "</",
    "/>",
    "&",
    ";",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "\"",
    "'",
    "<item>",
    "</item>",
    "<title>",
    "\0",
    "é",
    "<a xml:base='",
    "{",
    "\\u0000",
];

#[derive(Debug, Clone)]
enum Mutation {
    Cut(usize, usize),
    Insert(usize, usize),
    Byte(usize, u8),
    Copy(usize, usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), 1..40_usize).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (any::<usize>(), any::<usize>(), 1..60_usize).prop_map(|(from, to, length)| Mutation::Copy(from, to, length)),
    ]
}

fn mutate(feed: &str, mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = feed.as_bytes().to_vec();
    for mutation in mutations {
        let length = bytes.len().max(1);
        match *mutation {
            Mutation::Cut(at, count) => {
                drop(bytes.drain(at % length..(at % length + count).min(length)).collect::<Vec<_>>())
            }
            Mutation::Insert(at, piece) => drop(bytes.splice(at % length..at % length, PIECES[piece].bytes())),
            Mutation::Byte(at, byte) => bytes[at % length] = byte,
            Mutation::Copy(from, to, count) => {
                let piece = bytes[from % length..(from % length + count).min(length)].to_vec();
                drop(bytes.splice(to % length..to % length, piece));
            }
        }
        bytes.push(b' ');
    }
    bytes
}

/// Everything that leaves is legal in XML, trimmed where it is said to be, and within the limits.
fn check(body: Vec<u8>) -> Result<(), TestCaseError> {
    let limits = ParseLimits { entries: 4, depth: 12, attributes: 3 };
    let Ok(feed) = parse(&document(body, None), &limits) else { return Ok(()) };
    prop_assert!(feed.entries.len() <= limits.entries);
    for entry in &feed.entries {
        let texts = [&entry.title, &entry.summary, &entry.content].into_iter().flatten().map(|text| &text.value);
        let links = entry.links.iter().map(|link| &link.href);
        let names = entry.authors.iter().map(|author| &author.name);
        let terms = entry.categories.iter().map(|category| &category.term);
        for text in texts.chain(links).chain(names).chain(terms).chain(&entry.guid) {
            prop_assert!(!text.is_empty());
            prop_assert!(text.chars().all(decode::is_legal), "{text:?}");
        }
        prop_assert!(entry.guid.iter().all(|guid| guid.trim() == guid));
        prop_assert!(entry.guid.iter().all(|guid| !guid.is_empty()));
    }
    // feed-rs never had to be asked twice: what we write, it reads.
    prop_assert!(
        !feed.defects.iter().any(|defect| defect.message.contains("cannot be read and was left out")),
        "{:?}",
        feed.defects
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(bytes)?;
    }

    #[test]
    fn any_pieces_of_markup(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        check([b"<rss><channel><item>".to_vec(), pieces.into_iter().flat_map(|piece| PIECES[piece].bytes()).collect()].concat())?;
    }

    #[test]
    fn feeds_gone_wrong(feed in 0..FEEDS.len(), mutations in proptest::collection::vec(mutation(), 1..8)) {
        check(mutate(FEEDS[feed], &mutations))?;
    }

    #[test]
    fn feeds_in_sixteen_bits(feed in 0..FEEDS.len(), mutations in proptest::collection::vec(mutation(), 0..4), is_big: bool) {
        let text = String::from_utf8_lossy(&mutate(FEEDS[feed], &mutations)).into_owned();
        check(text.encode_utf16().flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect())?;
    }
}

#[test]
fn the_feeds_are_whole_before_they_are_mutated() {
    assert_eq!(FEEDS.map(|feed| parsed(feed).entries.len()), [2, 2, 1, 2, 1]);
}
