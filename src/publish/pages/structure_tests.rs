//! Every page is built as a page is to be: read with a tokenizer, judged by rules of thumb that the standard and WCAG give.

use std::{cell::RefCell, collections::BTreeSet};

use html5ever::{
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer},
};
use proptest::prelude::*;
use url::Url;

use super::{StoryPage, fragment::fragment, story, tests};
use crate::{normalize::sanitize, publish::EditionStory};

/// The start tags of a page with their attributes, as they come.
#[derive(Default)]
struct Tags(RefCell<Vec<(String, Attributes)>>, RefCell<Vec<String>>);

type Attributes = Vec<(String, String)>;

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let attributes = tag.attrs.iter();
                let attributes = attributes.map(|one| (one.name.local.to_string(), one.value.to_string())).collect();
                self.0.borrow_mut().push((tag.name.to_string(), attributes));
            }
            Token::ParseError(error) => self.1.borrow_mut().push(error.into_owned()),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Tags::default(), Default::default());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let errors = tokenizer.sink.1.into_inner();
    assert!(errors.is_empty(), "{errors:?}\n{html}");
    tokenizer.sink.0.into_inner()
}

/// What is wrong with a page.
fn flaws(html: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut ids = BTreeSet::new();
    let mut level = 0;
    let tags = tags(html);
    for (name, attributes) in &tags {
        let attribute =
            |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        for (attribute, value) in attributes {
            match attribute.as_str() {
                "style" => flaws.push(format!("{name} has a style of its own")),
                on if on.starts_with("on") => flaws.push(format!("{name} has {on}")),
                "id" if !ids.insert(value.clone()) => flaws.push(format!("two have the id {value}")),
                "href" if !leads_somewhere(name, value) => flaws.push(format!("{name} leads to {value}")),
                "src" if !value.starts_with("https://") => flaws.push(format!("{name} loads {value}")),
                "dir" if value.is_empty() => flaws.push(format!("{name} has an empty {attribute}")),
                _ => {}
            }
        }
        if let Some(next) = name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok()) {
            if next > level + 1 {
                flaws.push(format!("h{next} under h{level}"));
            }
            level = next;
        }
        if ["script", "style", "iframe", "object", "embed", "form", "base", "svg", "center", "font"]
            .contains(&name.as_str())
        {
            flaws.push(format!("there is a {name}"));
        }
        if name == "img" && attribute("alt").is_none() {
            flaws.push("an img without alt".into());
        }
    }
    let count = |wanted: &str| tags.iter().filter(|(name, _)| name == wanted).count();
    for once in ["h1", "main", "title", "html"] {
        if count(once) != 1 {
            flaws.push(format!("{} of {once}", count(once)));
        }
    }
    for (_, attributes) in &tags {
        for (_, target) in attributes.iter().filter(|(name, _)| name == "aria-labelledby") {
            if !ids.contains(target) {
                flaws.push(format!("nothing has the id {target}"));
            }
        }
    }
    let html = tags.iter().find(|(name, _)| name == "html");
    if !html
        .is_some_and(|(_, attributes)| ["lang", "dir"].iter().all(|one| attributes.iter().any(|(name, _)| name == one)))
    {
        flaws.push("no language or direction".into());
    }
    flaws
}

fn leads_somewhere(element: &str, href: &str) -> bool {
    if element == "link" && href.starts_with("data:image/svg+xml,") {
        return true;
    }
    let at = Url::parse("https://news.example/topics/ai").expect("a URL");
    let is_written_well = !href.is_empty() && !href.contains([' ', '"', '<', '>', '|', '^', '`', '{', '}', '\\']);
    is_written_well
        && at.join(href).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto" | "feed" | "feeds"))
}

#[test]
fn pages_are_well_built() {
    for (name, page) in tests::pages() {
        let page = String::from_utf8(page).expect("UTF-8");
        assert_eq!(flaws(&page), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn flaws_are_seen() {
    let page = |inside: &str| {
        format!("<!DOCTYPE html><html lang=en dir=ltr><title>t</title><main><h1>t</h1>{inside}</main></html>")
    };
    assert_eq!(flaws(&page("<h2>a</h2>")), Vec::<String>::new());
    for (inside, flaw) in [
        ("<h3>a</h3>", "h3 under h1"),
        ("<p id=a><p id=a>", "two have the id a"),
        ("<p style='color:red'>", "p has a style of its own"),
        ("<p onclick=x>", "p has onclick"),
        ("<a href=javascript:x>", "a leads to javascript:x"),
        ("<a href='https://a.example/|'>", "a leads to https://a.example/|"),
        ("<script>x</script>", "there is a script"),
        ("<img src=http://a.example/b>", "img loads http://a.example/b"),
        ("<img src=https://a.example/b>", "an img without alt"),
        ("<h1>a</h1>", "2 of h1"),
        ("<section aria-labelledby=a>", "nothing has the id a"),
    ] {
        assert!(flaws(&page(inside)).contains(&flaw.to_owned()), "{inside}: {:?}", flaws(&page(inside)));
    }
}

#[test]
fn a_publishers_text_becomes_html_by_the_book() {
    for (what, written, expected) in [
        ("a paragraph in a span", "<span><p>a</p></span>", "<div><p>a</p></div>"),
        ("a list item without a list", "<li>a</li>", "<div>a</div>"),
        ("text amid list items", "<ul>a<li>b</li> <p>c</p></ul>", "<ul><li>a</li><li>b</li><li><p>c</p></li></ul>"),
        ("headings in any order", "<h4>a</h4><h1>b</h1><h3>c</h3>", "<h2>a</h2><h2>b</h2><h3>c</h3>"),
        ("a heading without words", "<h2> <b></b></h2><h3>a</h3>", " <b></b><h2>a</h2>"),
        ("a link without words", "<a href=\"https://a.example/b\"> </a>c", " c"),
        (
            "a link around a picture that nobody described",
            "<a href=\"https://a.example/b\"><img src=\"https://a.example/b.png\"></a>",
            "<a href=\"https://a.example/b\" aria-label=\"a.example\"><img src=\"https://a.example/b.png\" alt=\"\" \
             loading=\"lazy\" referrerpolicy=\"no-referrer\"></a>",
        ),
        ("a block in a heading", "<h2>a<div>b</div></h2>", "<h2>a b </h2>"),
        ("what HTML gave up", "<center><tt>a</tt><big>b</big></center>", "<div><code>a</code><span>b</span></div>"),
        ("landmarks", "<main><header>a</header></main>", "<div><div>a</div></div>"),
        ("a definition list", "<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        ("half a definition list", "<dl><dd>b</dd></dl>", "<div><div>b</div></div>"),
        ("details without a summary", "<details>a</details>", "<div>a</div>"),
        ("details", "<details><summary>a</summary>b</details>", "<details><summary>a</summary>b</details>"),
        (
            "a picture",
            "<img src=\"http://a.example/b.png\" width=\"50%\" height=\"9\">",
            "<img src=\"https://a.example/b.png\" alt=\"\" height=\"9\" loading=\"lazy\" referrerpolicy=\"no-referrer\">",
        ),
        (
            "a film",
            "<video controls=\"\"><source src=\"https://a.example/b.mp4\"></video>",
            "<a href=\"https://a.example/b.mp4\">b.mp4</a>",
        ),
        (
            "a link around blocks",
            "<a href=\"https://a.example/|\"><p>a</p></a>",
            "<a href=\"https://a.example/%7C\"><p>a</p></a>",
        ),
        ("a caption amid a figure", "<figure>a<figcaption>b</figcaption>c</figure>", "<div>a<div>b</div>c</div>"),
        (
            "cells that reach out of the table",
            "<table><tbody><tr><td colspan=\"2\" rowspan=\"9\">a</td></tr></tbody></table>",
            "<table><tbody><tr><td>a</td></tr></tbody></table>",
        ),
        (
            "cells that reach over others",
            "<table><tbody><tr><td colspan=\"2\">a</td></tr><tr><td>b</td><td>c</td></tr></tbody></table>",
            "<table><tbody><tr><td colspan=\"2\">a</td></tr><tr><td>b</td><td>c</td></tr></tbody></table>",
        ),
        ("markup as text", "&lt;b&gt; &amp; \"x\"", "&lt;b&gt; &amp; &quot;x&quot;"),
        ("a time", "<time datetime=\"soon\">a</time>", "<span>a</span>"),
    ] {
        assert_eq!(fragment(written), expected, "{what}");
    }
    let deep = format!("{}a{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert!(fragment(&deep).contains('a'), "what is nested too deep is still shown");
}

/// What texts are made of below.
const PARTS: &[&str] = &[
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<span>",
    "</span>",
    "<a href='/x|y'>",
    "</a>",
    "<h1>",
    "</h1>",
    "<h4>",
    "</h4>",
    "<ul>",
    "</ul>",
    "<li>",
    "<dl>",
    "<dt>",
    "<dd>",
    "</dl>",
    "<table>",
    "<tr>",
    "<td colspan=3>",
    "<th rowspan=2>",
    "</table>",
    "<b>",
    "</b>",
    "<center>",
    "<img src=a.png>",
    "<img src='http://b.example/c'>",
    "<video src=v.mp4>",
    "</video>",
    "<figure>",
    "<figcaption>",
    "</figure>",
    "<details>",
    "<summary>",
    "</details>",
    "<ruby>",
    "<rt>",
    "<main>",
    "<nav>",
    "<pre>",
    "</pre>",
    "<blockquote>",
    "</blockquote>",
    "<script>",
    "</script>",
    "<style>",
    "&lt;",
    "&#0;",
    "\u{1}",
    "\"",
    "'",
    "<",
    "word",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a publisher writes, its story's page is a page.
    #[test]
    fn any_text_stands_in_a_page(parts in prop::collection::vec(prop_oneof![
        prop::sample::select(PARTS).prop_map(str::to_owned),
        "\\PC{0,12}",
    ], 0..24)) {
        let base = Url::parse("https://a.example/").expect("a URL");
        let content = sanitize(&parts.concat(), &base);
        let shown = EditionStory {
            content: Some(content),
            title: parts.concat(),
            link: Some(format!("https://a.example/{}", parts.concat())),
            ..crate::publish::tests::stories()[0].clone()
        };
        let page = tests::with_site(|site| story(site, &StoryPage { story: &shown, topics: &[], copies: &[] }));
        let page = String::from_utf8(page).expect("UTF-8");
        prop_assert_eq!(flaws(&page), Vec::<String>::new());
    }
}
