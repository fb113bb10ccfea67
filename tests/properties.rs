//! What the fuzz targets demand, of what proptest invents: so that they are exercised wherever `cargo test` runs. libFuzzer goes
//! much further; fuzz/README.md tells how. `PROPTEST_CASES=100000` lets proptest go on for longer.

#[path = "../fuzz/properties/mod.rs"]
mod properties;

use proptest::prelude::*;

/// Feeds with what real ones have done to readers, to be broken further.
const FEEDS: [&[u8]; 5] = [
    include_bytes!("../examples/newsroom/feeds/filinfo.rss"),
    include_bytes!("../examples/newsroom/feeds/morgenblick.atom"),
    include_bytes!("../examples/newsroom/feeds/technikbote.rdf"),
    include_bytes!("../examples/newsroom/feeds/chipnotes.json"),
    include_bytes!("../examples/newsroom/feeds/meridianwire.rss"),
];

/// What is put in: the characters that formats are made of, and markup that has fooled sanitisers.
const PIECES: [&str; 34] = [
    "<",
    ">",
    "</",
    "/>",
    "&",
    ";",
    "\"",
    "'",
    "=",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?",
    "\0",
    "\u{fffe}",
    "\u{202e}",
    "é",
    "<item>",
    "</entry>",
    "<p>",
    "</p>",
    "<svg><style>",
    "<math><mtext></p>",
    "<noscript>",
    "<a href=\"javascript:x\">",
    "<img src=x onerror=y>",
    "<a href=\" jav&#x09;ascript:x\">",
    "xml:base=\"",
    "&lt;script&gt;",
    "&#8;",
    "\\u0000",
    "{",
    "<table><a>",
];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0..PIECES.len()).prop_map(|at| PIECES[at].as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..8),
    ]
}

/// A stretch of a feed, cut and filled at some places. The first byte chooses the content type and whose feed it is.
fn broken_feed() -> impl Strategy<Value = Vec<u8>> {
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0..60_usize, piece()), 0..12);
    (any::<u8>(), 0..FEEDS.len(), 400..4000_usize, cuts).prop_map(|(choice, feed, length, cuts)| {
        let mut bytes = FEEDS[feed][..length.min(FEEDS[feed].len())].to_vec();
        for (at, cut, piece) in cuts {
            let begin = at.index(bytes.len());
            let end = (begin + cut).min(bytes.len());
            bytes.splice(begin..end, piece);
        }
        bytes.insert(0, choice);
        bytes
    })
}

/// What publishers sent, one after the other. The first byte chooses how it is shown.
fn broken_feeds() -> impl Strategy<Value = Vec<u8>> {
    (any::<u8>(), prop::collection::vec(broken_feed(), 1..4)).prop_map(|(choice, feeds)| {
        let mut bytes = vec![choice];
        bytes.extend(feeds.join(properties::NEXT_DOCUMENT));
        bytes
    })
}

fn markup() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

/// Words and what joins them, and a text of the same words.
fn term_and_text() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "=AI", "telecom*", "NEAR/3", "\"5G", "réseau", "^2", "-", "(", ")", "l’IA", "the", "*", "œuvre", "^0.5"
        ]),
        Just("opérateurs"),
    ];
    (prop::collection::vec(word.clone(), 1..6), prop::collection::vec(word, 0..30))
        .prop_map(|(term, text)| format!("{}\n{}", term.join(" "), text.join(" ")).into_bytes())
}

fn broken_configuration() -> impl Strategy<Value = Vec<u8>> {
    const SHIPPED: &[u8] = include_bytes!("../config/newsdesk.toml");
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0..30_usize, piece()), 0..8);
    (any::<prop::sample::Index>(), 100..3000_usize, cuts).prop_map(|(from, length, cuts)| {
        let from = from.index(SHIPPED.len());
        let mut bytes = SHIPPED[from..(from + length).min(SHIPPED.len())].to_vec();
        for (at, cut, piece) in cuts {
            let begin = at.index(bytes.len().max(1)).min(bytes.len());
            let end = (begin + cut).min(bytes.len());
            bytes.splice(begin..end, piece);
        }
        bytes
    })
}

proptest! {
    // A finding becomes a test beside the code that was wrong, not a seed in a file.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parse(bytes in broken_feed()) {
        properties::parse(&bytes);
    }

    #[test]
    fn sanitize(bytes in markup()) {
        properties::sanitize(&bytes);
    }

    #[test]
    fn terms(bytes in term_and_text()) {
        properties::terms(&bytes);
    }

    #[test]
    fn config(bytes in broken_configuration()) {
        properties::config(&bytes);
    }

    #[test]
    fn anything(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        properties::edition(&bytes);
        properties::sanitize(&bytes);
        properties::terms(&bytes);
        properties::config(&bytes);
    }
}

proptest! {
    // Each case is a newsroom of its own.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: ProptestConfig::default().cases.div_ceil(4),
        ..ProptestConfig::default()
    })]

    #[test]
    fn edition(bytes in broken_feeds()) {
        properties::edition(&bytes);
    }
}

/// What was found, and what must not come back.
#[test]
fn findings() {
    for markup in ["<img src=', '>", "<img src='a.png,'>", "<img srcset='a.png, b.png 2x'>"] {
        properties::sanitize(markup.as_bytes());
    }
}

/// One entry's id is another's link, and of two with one id only one has it for a link. Who takes that link down means those
/// whose link it is; the others stay, which is no fault.
#[test]
fn an_id_that_is_anothers_link() {
    let item = |guid: &str, link: &str| {
        format!(
            "<item><title>Words that both have</title><guid isPermaLink=\"false\">{guid}</guid><link>{link}</link></item>"
        )
    };
    let (first, second) = ("https://a.example/1", "https://a.example/2");
    let items = item("x:1", first) + &item(first, second);
    let feed = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
    let elsewhere = feed.replace(&format!("<link>{first}"), "<link>mangled");
    let both = [&[8], elsewhere.as_bytes(), properties::NEXT_DOCUMENT, &[0], feed.as_bytes()].concat();
    for choice in [0x80, 0x81, 0x82] {
        properties::edition(&[&[choice, 0], feed.as_bytes()].concat());
        properties::edition(&[&[choice], both.as_slice()].concat());
    }
}

/// The seeds themselves, whole: each alone however it is shown, and all that an input holds together.
#[test]
fn whole_feeds() {
    for feed in FEEDS {
        for choice in [0, 1, 2, 0b0001_1000, 0b1010_1100] {
            properties::edition(&[&[choice, 0], feed].concat());
        }
    }
    for choice in [0, 0x81, 0x42] {
        let together: Vec<Vec<u8>> = (0..4).map(|place| [&[8 * place as u8], FEEDS[place]].concat()).collect();
        properties::edition(&[vec![choice], together.join(properties::NEXT_DOCUMENT)].concat());
    }
}
