use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::text::blocks_of_html;

const PARAGRAPHS: [&str; 4] = [
    "The ministry said on Monday, after weeks of talks, that the new data centre would open in May, a year late.",
    "Operators had asked for more time, since the lines, the cooling and the transformers were ordered only last autumn.",
    "Residents, who went to court over the noise, welcomed the delay, but want the plans to be shown before the summer.",
    "The court, which heard the case in March, is expected to rule within weeks, a spokeswoman said, and may stop the works.",
];

fn page(article: &str) -> String {
    format!(
        "<!doctype html><html lang='en-GB'><head><title>Data centre opens a whole year late - The Courier</title></head><body>\
         <nav><ul><li><a href=/>Home</a><li><a href=/sport>Sport</a></ul></nav>\
         <div class=content><article><h1>Data centre opens a whole year late</h1>{article}</article></div>\
         <aside class=related><h3>Most read</h3><ul><li><a href=/1>Trump wins again</a><li><a href=/2>War in the east</a></ul></aside>\
         <footer>All rights reserved <a href=/imprint>Imprint</a></footer><script>var a = '<p>b</p>';</script></body></html>"
    )
}

fn url() -> Url {
    Url::parse("https://courier.example/news/1").expect("a URL")
}

fn article(page: &str) -> Result<Article, ArticleError> {
    extract(page.as_bytes(), None, &url())
}

#[test]
fn finds_the_article_and_leaves_the_page() {
    let text: String =
        PARAGRAPHS.iter().map(|text| format!("<p onclick=a()>{text} <a href='../more'>More</a></p>")).collect();
    let found = article(&page(&text)).expect("an article");
    let blocks: Vec<String> = blocks_of_html(&found.html).into_iter().map(|block| block.text).collect();
    assert_eq!(blocks, PARAGRAPHS.map(|text| format!("{text} More")));
    assert!(found.html.contains(r#"href="https://courier.example/more""#), "{}", found.html);
    assert!(!found.html.contains("onclick"));
    assert_eq!(
        (found.title.as_str(), found.language.as_deref()),
        ("Data centre opens a whole year late", Some("en-GB"))
    );
}

#[test]
fn says_why_there_is_none() {
    for (what, page, expected) in [
        ("an empty page", String::new(), ArticleError::NoMainText),
        ("a form", page("<form>We value your privacy <button>Accept</button></form>"), ArticleError::NoMainText),
        ("too many bytes", " ".repeat(MOST_BYTES + 1), ArticleError::TooLarge(MOST_BYTES + 1)),
        ("nested elements", "<div>".repeat(100_000), ArticleError::TooDeep),
        ("a little too deep", page(&"<div>".repeat(MOST_DEPTH)), ArticleError::TooDeep),
        (
            "formatting that is opened again in every paragraph",
            (0..5_000).map(|number| format!("<p><b id={number}>a</p>")).collect(),
            ArticleError::TooDeep,
        ),
        ("too many elements", "<p>a".repeat(MOST_ELEMENTS + 1), ArticleError::TooMany),
    ] {
        assert_eq!(article(&page), Err(expected), "{what}");
    }
}

#[test]
fn what_is_merely_long_is_read() {
    let options: String = (0..2_000).map(|number| format!("<option>{number}")).collect();
    let text: String = PARAGRAPHS.iter().cycle().take(800).map(|text| format!("<p>{text}")).collect();
    let start = Instant::now();
    let found = article(&page(&format!("{text}<select>{options}</select>"))).expect("an article");
    assert_eq!(blocks_of_html(&found.html).len(), 800);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn the_deepest_page_that_is_allowed_takes_a_moment() {
    let depth = MOST_DEPTH - 10;
    let start = Instant::now();
    let text: String = PARAGRAPHS.iter().map(|text| format!("<p>{text}</p>")).collect();
    let nested = format!("{}{text}{}", "<div>".repeat(depth), "</div>".repeat(depth));
    let _ = article(&page(&nested.repeat(20)));
    assert!(start.elapsed() < Duration::from_secs(60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_page_upsets_it(markup in "(<(/)?(p|div|table|tr|td|li|ul|b|a|select|option|svg|math|template|frameset|article)( [a-z]{1,3}=.?)?>|\\PC{0,30}){0,60}") {
        let _ = article(&markup);
        let _ = article(&page(&markup));
    }

    #[test]
    fn no_bytes_upset_it(body in prop::collection::vec(any::<u8>(), 0..400), content_type in "\\PC{0,30}|text/html; ?charset=[a-z0-9-]{0,12}") {
        let _ = extract(&body, Some(&content_type), &url());
    }
}
