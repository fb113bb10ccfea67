//! Lists of feeds as other readers write them (OPML 1.0 and 2.0).

use url::Url;

use super::{
    decode,
    mend::{Tally, Token, Tokens},
};

/// A feed in somebody's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFeed {
    /// As it is written there, which may be no URL.
    pub address: String,
    pub title: Option<String>,
    pub language: Option<String>,
    /// The folders that it is in, from the outside in.
    pub folders: Vec<String>,
}

impl ListedFeed {
    /// Its address, if that is one that can be polled.
    pub fn url(&self) -> Option<Url> {
        // Browsers hand feeds to readers by schemes of their own.
        let address = self.address.strip_prefix("feed:").unwrap_or(&self.address);
        let address = if address.starts_with("//") { format!("http:{address}") } else { address.to_owned() };
        Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    }
}

/// The most attributes of an outline that are looked at.
const MOST_ATTRIBUTES: usize = 64;

/// Folders deeper than this count as their parents.
const DEEPEST: usize = 64;

/// Every feed of a list, in its order, however broken the list is; `None` if it is none. A feed that is in several folders is
/// there several times.
pub fn parse_opml(bytes: &[u8]) -> Option<Vec<ListedFeed>> {
    let decoded = decode::decode(bytes, None);
    let (mut tokens, mut tally) = (Tokens::new(&decoded.text), Tally::default());
    let (mut feeds, mut folders, mut is_list) = (Vec::new(), Vec::<Option<String>>::new(), false);
    while let Some(token) = tokens.next(&mut tally) {
        match token {
            Token::Start(tag) if tag.name.eq_ignore_ascii_case("opml") => is_list = true,
            Token::Start(tag) if tag.name.eq_ignore_ascii_case("outline") => {
                let (mut address, mut title, mut text, mut language) = (None, None, None, None);
                for (name, value) in tag.attributes(MOST_ATTRIBUTES) {
                    let value = value.trim();
                    let place = match name.to_ascii_lowercase().as_str() {
                        "xmlurl" => &mut address,
                        "title" => &mut title,
                        "text" => &mut text,
                        "language" => &mut language,
                        _ => continue,
                    };
                    if !value.is_empty() && place.is_none() {
                        *place = Some(value.to_owned());
                    }
                }
                let title = text.or(title);
                let is_feed = address.is_some();
                if let Some(address) = address {
                    let folders = folders.iter().flatten().cloned().collect();
                    feeds.push(ListedFeed { address, title: title.clone(), language, folders });
                }
                if !tag.is_empty && folders.len() < DEEPEST {
                    folders.push(title.filter(|_| !is_feed));
                }
            }
            Token::End(name) if name.eq_ignore_ascii_case("outline") => drop(folders.pop()),
            _ => {}
        }
    }
    (is_list || !feeds.is_empty()).then_some(feeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(list: &str) -> Option<Vec<String>> {
        let told = |feed: ListedFeed| {
            let url = feed.url().map_or("-".to_owned(), String::from);
            let title = feed.title.unwrap_or_default();
            format!("{}|{title}|{url}|{}", feed.folders.join("/"), feed.language.unwrap_or_default())
        };
        Some(parse_opml(list.as_bytes())?.into_iter().map(told).collect())
    }

    #[test]
    fn lists_are_read_as_they_are_found() {
        let cases: [(&str, &str, Option<&[&str]>); 9] = [
            ("no list", "<rss><channel/></rss>", None),
            ("not even markup", "hello", None),
            ("an empty list", "<opml version='2.0'><body/></opml>", Some(&[])),
            (
                "folders in folders",
                r#"<opml><body><outline text="News"><outline text="Tech"><outline text="A" xmlUrl="https://a.example/feed"/></outline>
                   <outline title="B" type="rss" xmlUrl="http://b.example/?a=1&amp;b=2" language="fr"></outline></outline>
                   <outline text="C" xmlUrl="https://c.example/"/></body></opml>"#,
                Some(&[
                    "News/Tech|A|https://a.example/feed|",
                    "News|B|http://b.example/?a=1&b=2|fr",
                    "|C|https://c.example/|",
                ]),
            ),
            (
                "a bare ampersand, names in other cases, no quotes",
                "<OPML><body><Outline TEXT='A & B' XMLURL=https://a.example/?x=1&y=2 /></body>",
                Some(&["|A & B|https://a.example/?x=1&y=2|"]),
            ),
            ("no root", r#"<outline xmlUrl="https://a.example/"/>"#, Some(&["||https://a.example/|"])),
            (
                "addresses of browsers, and what is none",
                r#"<opml><outline xmlUrl="feed:https://a.example/"/><outline xmlUrl="feed://b.example/"/>
                   <outline xmlUrl="javascript:alert(1)"/><outline xmlUrl="file:///etc/passwd"/></opml>"#,
                Some(&["||https://a.example/|", "||http://b.example/|", "||-|", "||-|"]),
            ),
            (
                "a feed that holds others is no folder",
                r#"<opml><outline text="A" xmlUrl="https://a.example/"><outline text="B" xmlUrl="https://b.example/"/></outline></opml>"#,
                Some(&["|A|https://a.example/|", "|B|https://b.example/|"]),
            ),
            (
                "cut off",
                r#"<opml><body><outline text="A" xmlUrl="https://a.example/"/><outline te"#,
                Some(&["|A|https://a.example/|"]),
            ),
        ];
        for (what, list, expected) in cases {
            let expected = expected.map(|rows| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>());
            assert_eq!(told(list), expected, "{what}");
        }
        let deep = format!("<opml>{}<outline xmlUrl='https://a.example/'/>", "<outline text='f'>".repeat(100_000));
        assert_eq!(parse_opml(deep.as_bytes()).map(|feeds| feeds[0].folders.len()), Some(DEEPEST));
        let utf_16: Vec<u8> = std::iter::once(0xFEFF_u16)
            .chain(r#"<opml><outline text="é" xmlUrl="https://a.example/"/></opml>"#.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(parse_opml(&utf_16).expect("a list")[0].title.as_deref(), Some("é"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_bytes_come_nothing_breaks(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            for feed in parse_opml(&bytes).into_iter().flatten() {
                feed.url();
            }
        }
    }
}
