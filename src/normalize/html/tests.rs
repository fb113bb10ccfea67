use html5ever::{
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{Tag, Token, TokenSink, TokenSinkResult, Tokenizer},
};
use proptest::prelude::*;
use std::cell::RefCell;
use url::Url;

use super::{
    LARGEST, Place,
    allowed::{Treatment, keeps_attribute, treatment},
    rewrite::{Form, rewrite},
    sanitize, sanitize_at, to_text,
};

fn base() -> Url {
    Url::parse("https://example.org/blog/feed.xml").expect("a URL")
}

fn clean(fragment: &str) -> String {
    sanitize(fragment, &base())
}

fn check(cases: &[(&str, &str, &str)]) {
    for (what, fragment, expected) in cases {
        assert_eq!(clean(fragment), *expected, "{what}: {fragment}");
        assert_eq!(clean(expected), *expected, "again: {what}");
    }
}

#[test]
fn what_is_allowed_stays_as_it_is() {
    for fragment in [
        "Just text &amp; &lt;more&gt; of\u{a0}it".replace('\u{a0}', "&nbsp;").as_str(),
        "<p>One <b>bold</b> <em>word</em><br>and a <a href=\"https://a.org/x?a=1&amp;b=2\">link</a>.</p>",
        "<a href=\"mailto:desk@example.org\">write</a>",
        "<ul><li>one</li><li>two<ol start=\"3\"><li>three</li></ol></li></ul>",
        "<dl><dt>a</dt><dd>b</dd></dl>",
        "<table><caption>c</caption><thead><tr><th scope=\"col\">h</th></tr></thead><tbody><tr><td colspan=\"2\">d</td></tr></tbody></table>",
        "<figure><img src=\"https://a.org/i.png\" alt=\"say &quot;hi&quot;\" width=\"600\" height=\"400\"><figcaption>f</figcaption></figure>",
        "<video controls=\"\" src=\"https://a.org/v.mp4\" poster=\"https://a.org/p.png\"></video>",
        "<audio controls=\"\"><source src=\"https://a.org/a.mp3\" type=\"audio/mpeg\"></audio>",
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
        "<pre>a\n  b</pre>",
        "<blockquote cite=\"https://a.org/\"><p lang=\"fr\" dir=\"ltr\" title=\"t\">é</p></blockquote>",
        "<a href=\"https://a.org/\"><div><p>block in a link</p></div></a>",
    ] {
        assert_eq!(clean(fragment), fragment);
    }
}

#[test]
fn nothing_that_runs_or_tracks_remains() {
    check(&[
        ("script", "a<script>alert(1)</script>b", "ab"),
        ("script never closed", "a<script>alert(1)", "a"),
        ("script in the way of XHTML", "a<script src=\"x\"/>b", "ab"),
        ("style", "<style>p{}</style>a", "a"),
        ("frames", "a<iframe src=\"https://a.org\">old <b>browser</b></iframe>b", "ab"),
        ("objects with their fallback", "<object data=\"x\"><embed src=\"y\">z</object>a", "a"),
        ("noscript", "<noscript><img src=\"https://a.org/i.png\"></noscript>a", "a"),
        ("template", "<template><p>x</p></template>a", "a"),
        ("drawing", "<svg><circle/><text>x</text><script>y</script></svg>a", "a"),
        ("drawing never closed", "<svg><circle><p>a</p>", "<p>a</p>"),
        ("HTML in a drawing", "<svg><foreignObject><p>x</p></foreignObject></svg>a", "a"),
        ("formula", "<math><mi>x</mi><mo>=</mo><mn>2</mn><annotation>\\TeX</annotation></math>", "x=2"),
        ("form", "<form action=\"/x\"><input value=\"y\"><button onclick=\"z\">Send</button></form>a", "Send a"),
        (
            "document",
            "<!DOCTYPE html><html><head><title>t</title><meta charset=x></head><body onload=x>a</body></html>",
            "a",
        ),
        ("comments", "a<!-- b --><!--[if IE]>c<![endif]--><?php d ?>e", "ae"),
        (
            "handlers, style, class, id",
            "<p onclick=\"x\" style=\"color:red\" class=\"c\" id=\"i\" data-x=\"y\">a</p>",
            "<p>a</p>",
        ),
        ("script address", "<a href=\"javascript:alert(1)\">a</a>", "a"),
        ("script address in disguise", "<a href=\" j&#x41;va\tscr\nipt&colon;alert(1)\">a</a>", "a"),
        ("script address with NUL", "<a href=\"java\0script:alert(1)\">a</a>", "a"),
        ("script address with a control", "<a href=\"&#1;javascript:alert(1)\">a</a>", "a"),
        ("data address", "<a href=\"data:text/html,x\">a</a><img src=\"data:image/svg+xml,x\">", "a"),
        (
            "other attributes with addresses",
            "<img src=\"https://a.org/i\" longdesc=\"x\" dynsrc=\"y\" srcset=\"javascript:z 2x\">",
            "<img src=\"https://a.org/i\">",
        ),
        (
            "autoplay",
            "<video src=\"https://a.org/v\" autoplay loop></video>",
            "<video controls=\"\" src=\"https://a.org/v\"></video>",
        ),
        (
            "ping and target",
            "<a href=\"https://a.org/\" ping=\"https://t.org\" target=\"_top\" rel=\"x\">a</a>",
            "<a href=\"https://a.org/\">a</a>",
        ),
        ("pixel", "a<img src=\"https://t.org/i\" width=\"1\" height=\"1\">b", "ab"),
        ("pixel of size nought", "a<img src=\"https://t.org/i\" height=\"0\">b", "ab"),
        ("pixel by style", "a<img src=\"https://t.org/i\" style=\"width: 1px; height:1PX !important\">b", "ab"),
        (
            "flat picture",
            "<img src=\"https://a.org/i\" width=\"600\" height=\"1\">",
            "<img src=\"https://a.org/i\" width=\"600\" height=\"1\">",
        ),
        ("hidden", "a<div hidden>b<p>c</p></div>d", "ad"),
        ("hidden by style", "a<span style=\"Display : none\">b<b>c</b></span>d", "ad"),
        ("hidden and misnested", "<b>a<span hidden>b</b>c</span>d</b>e", "<b>ad</b>e"),
        ("hidden formatting", "<b hidden>a<i>b</b>c</i>d", "cd"),
        ("hidden line", "a<hr hidden>b", "ab"),
        ("illegal characters by number", "a&#8;b&#xFFFE;c&#0;d", "abc\u{FFFD}d"),
    ]);
}

#[test]
fn markup_that_changes_when_parsed_again_is_harmless() {
    for attack in [
        "<svg><style><img src=x onerror=alert(1)></style>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<svg><iframe><a title=\"</iframe><img src onerror=alert(1)>\">test",
        "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id=\"</style><img onerror=alert(1) src>\">",
        "<select><template><style><!--</style><a rel=\"--></style></template></select><img id=x src onerror=alert(1)>\">",
        "<xmp><svg><b><style><b title='</style><img>'>",
        "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\">",
        "<title><a title=\"</title><img src=x onerror=alert(1)>\">",
        "<noembed><a title=\"</noembed><script>alert(1)</script>\">",
        "<plaintext><script>alert(1)</script>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<<script>alert(1)//<</script>",
        "<img src=\"x` `<script>alert(1)</script>\"` `>",
        "<a href=\"https://a.org/\" title=\"&quot;&gt;&lt;script&gt;\">x</a>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ] {
        assert_harmless(&clean(attack), attack);
    }
}

#[test]
fn what_is_not_allowed_leaves_its_text_and_keeps_words_apart() {
    check(&[
        ("font", "<font color=red>a</font>b", "ab"),
        ("unknown", "<blink>a</blink> <x-y>b</x-y>", "a b"),
        ("options", "<select><option>a</option><option>b</option></select>c", "a b c"),
        ("named anchor", "<a name=\"x\">a</a> b", "a b"),
        ("link in a nameless one", "<a name=\"x\"><a href=\"/y\">a</a></a>", "<a href=\"https://example.org/y\">a</a>"),
        ("picture without an address", "a<img alt=\"x\">b", "ab"),
        ("columns", "<table><colgroup><col><tr><td>a</table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ("cell without a table", "<td>a</td><td>b</td>", "a b"),
    ]);
}

#[test]
fn links_are_absolute() {
    check(&[
        ("relative", "<a href=\"a?b&c\">x</a>", "<a href=\"https://example.org/blog/a?b&amp;c\">x</a>"),
        ("root", "<img src=/i.png>", "<img src=\"https://example.org/i.png\">"),
        ("scheme left out", "<img src=\"//cdn.org/i.png\">", "<img src=\"https://cdn.org/i.png\">"),
        ("quoted source", "<q cite=\"/s\">a</q>", "<q cite=\"https://example.org/s\">a</q>"),
        ("part of an unknown page", "<a href=\"#n1\">1</a>", "1"),
        (
            "loaded late",
            "<img src=\"data:image/gif;base64,R0\" data-src=\"/i.png\">",
            "<img src=\"https://example.org/i.png\">",
        ),
        ("only candidates", "<img srcset=\"/i.png 1x, /j.png 2x\">", "<img src=\"https://example.org/i.png\">"),
        (
            "candidates in a picture",
            "<picture><source srcset=\"/i.webp\"><img src=\"/i.png\"></picture>",
            "<picture><img src=\"https://example.org/i.png\"></picture>",
        ),
        ("mail to a picture", "<img src=\"mailto:a@b.org\">", ""),
    ]);
    let page = Url::parse("https://example.org/blog/a/").expect("a URL");
    let place = Place { base: &base(), page: Some(&page) };
    assert_eq!(sanitize_at("<a href='#n1'>1</a>", place).html, "<a href=\"https://example.org/blog/a/#n1\">1</a>");
}

#[test]
fn what_is_badly_nested_is_put_right() {
    check(&[
        ("paragraphs never closed", "<p>a<p>b", "<p>a</p><p>b</p>"),
        ("items never closed", "<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        (
            "cells never closed",
            "<table><tr><td>a<td>b<tr><th>c</table>",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>",
        ),
        ("crossed formatting", "<b>a<i>b</b>c</i>d", "<b>a<i>b</i></b><i>c</i>d"),
        ("formatting out of a block", "<b>a<p>b</b>c</p>d", "<b>a<p>b</p></b><p>c</p>d"),
        ("block closes what is inside", "<div><b>a</div>b", "<div><b>a</b></div>b"),
        (
            "link in a link",
            "<a href=\"/1\">a<a href=\"/2\">b</a>",
            "<a href=\"https://example.org/1\">a</a><a href=\"https://example.org/2\">b</a>",
        ),
        ("heading in a heading", "<h2>a<h3>b</h3>", "<h2>a</h2><h3>b</h3>"),
        ("terms never closed", "<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        (
            "cell does not reach out",
            "<b><table><tr><td></b>a</td></tr></table>b",
            "<b><table><tbody><tr><td>a</td></tr></tbody></table>b</b>",
        ),
        ("end without a start", "a</div></b></p></td>b</br>c", "a b<br>c"),
        ("text in a table", "<table>a<tr><td>b</table>", "a<table><tbody><tr><td>b</td></tr></tbody></table>"),
        ("line breaks before preformatted", "<pre>\n\n\na</pre>", "<pre>a</pre>"),
        ("old spelling", "<image src=\"/i\">", "<img src=\"https://example.org/i\">"),
        ("settled only when parsed again", "<dt><table><dt>a", "<dt></dt><dt>a</dt><table></table>"),
        ("tag never finished", "a <b", "a"),
        ("less than", "1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
    ]);
}

#[test]
fn too_deep_too_many_and_too_large_are_cut_and_never_lost() {
    let deep = format!("{}text{}<p>after</p>", "<div>".repeat(20_000), "</div>".repeat(20_000));
    let flat = clean(&deep);
    assert!(flat.contains("text") && flat.ends_with("<p>after</p>") && depth(&flat) == 256, "{}", flat.len());

    let hidden = format!("{}<script>alert(1)</script>text", "<div>".repeat(300));
    assert_eq!(to_text(&clean(&hidden)), "text");

    let nodes = "<br>".repeat(60_000);
    assert_eq!(clean(&nodes).matches("<br>").count(), 50_000);

    let place = Place { base: &base(), page: None };
    let large = format!("<div><p>{}</p></div><p>after</p>", "word & ".repeat(100_000));
    let cut = sanitize_at(&large, place);
    assert!(cut.cut && cut.html.len() <= LARGEST && cut.html.len() > LARGEST - 100, "{}", cut.html.len());
    assert!(cut.html.trim_end_matches('…').ends_with("word</p></div>") || cut.html.contains("…</p></div>"));
    assert_eq!(sanitize_at(&cut.html, place).html, cut.html);
    assert!(!sanitize_at("<p>a</p>", place).cut);

    let special = clean(&"§&".repeat(40_000));
    assert!(to_text(&special).starts_with("§&§&") && special.contains("<wbr>") && !special.contains("<wbr><wbr>"));
    assert_eq!(clean(&special), special);
    let long = clean(&format!("<img src=\"/i\" alt=\"{}\"><a href=\"/{}\">b</a>", "a".repeat(9000), "c".repeat(9000)));
    assert!(long.len() < 8300 && long.ends_with("a…\">b"), "{long}");

    // Left open, each of these would be repeated in every paragraph that follows.
    let formatting: String = (0..200).map(|n| format!("<font size={n}><b title={n}>")).collect();
    let repeated = format!("{formatting}{}", "</p><p>x".repeat(2_000));
    assert!(clean(&repeated).len() <= LARGEST);
    let marked: String = (0..3_000).map(|n| format!("<b title={n}><object></b></object>")).collect();
    assert!(clean(&marked).len() <= LARGEST);
}

#[test]
fn text_has_a_line_for_each_block() {
    for (fragment, expected) in [
        ("<p>One  two</p>\n<p>three<br>four</p>", "One two\nthree\nfour"),
        ("a<b>b</b>c &amp; &#233;", "abc & é"),
        ("<ul><li>a</li><li>b</li></ul>c", "a\nb\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<script>b</script><div hidden>c</div><svg><text>d</text></svg>e", "ae"),
        ("<p> </p>&nbsp;", ""),
        ("1 &lt; 2 &amp;lt; 3", "1 < 2 &lt; 3"),
        ("a<img src=x onerror=y>b", "ab"),
    ] {
        assert_eq!(to_text(fragment), expected, "{fragment}");
    }
}

/// Asserts that nothing but allowed elements and attributes is in it, as a tokenizer sees it, and that every link is sound.
pub(in crate::normalize) fn assert_harmless(html: &str, from: &str) {
    struct Tags(RefCell<Vec<Tag>>);
    impl TokenSink for Tags {
        type Handle = ();
        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            match token {
                Token::TagToken(tag) => self.0.borrow_mut().push(tag),
                Token::CommentToken(_) | Token::DoctypeToken(_) => panic!("a comment or doctype"),
                _ => {}
            }
            TokenSinkResult::Continue
        }
    }
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Tags(RefCell::default()), Default::default());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    for tag in tokenizer.sink.0.into_inner() {
        assert_eq!(treatment(&tag.name), Treatment::Keep, "{} of {from:?} in {html:?}", tag.name);
        for attribute in &tag.attrs {
            let (name, value) = (&*attribute.name.local, &*attribute.value);
            assert!(keeps_attribute(&tag.name, name) && !name.starts_with("on"), "{name} of {from:?} in {html:?}");
            if matches!(name, "href" | "src" | "cite" | "poster") {
                let url = Url::parse(value).unwrap_or_else(|error| panic!("{value:?} of {from:?}: {error}"));
                assert!(
                    matches!(url.scheme(), "http" | "https") || (name == "href" && url.scheme() == "mailto"),
                    "{value}"
                );
            }
        }
    }
    let illegal =
        |c: char| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    assert!(!html.contains(illegal), "illegal character of {from:?} in {html:?}");
}

fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        depth = if tag.starts_with('/') { depth - 1 } else { depth + 1 };
        deepest = deepest.max(depth);
    }
    deepest
}

/// Fragments made of pieces that parsers trip over.
fn broken_html() -> impl Strategy<Value = String> {
    let names = "a|b|i|p|div|span|li|ul|ol|dl|dt|dd|table|tbody|thead|caption|tr|td|th|h1|h2|pre|svg|math|mtext|style|script|\
        noscript|template|object|select|option|form|font|nobr|button|ruby|rt|rp|textarea|title|iframe|foreignObject|\
        details|summary|figure|img|br|hr|source|video|image|plaintext|x-y|html|body|center|code|marquee|u";
    let attributes = "( (href|src|title|onclick|style|hidden|width|srcset|id)(=(\"[^\"]{0,9}\"|[a-z:/#]{1,9}))?){0,2}";
    let regex = |pattern: &str| proptest::string::string_regex(pattern).expect("a pattern");
    let piece = prop_oneof![
        4 => regex(&format!("<({names})({attributes})/?>")),
        4 => regex(&format!("</({names})>")),
        2 => regex("[a-z &;<>\"'\n]{0,6}"),
        1 => regex("(<!--|-->|<!\\[CDATA\\[|\\]\\]>|&amp;|&lt;|&#[0-9]{1,5};|&nbsp|\u{0}|\u{A0}|<a href=\"https://a.org/x\">|<a href=\"/y\">)"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn sanitising_twice_is_sanitising_once(fragment in broken_html()) {
        let once = clean(&fragment);
        assert_harmless(&once, &fragment);
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn rewriting_twice_is_rewriting_once(fragment in broken_html()) {
        let base = base();
        let form = Form::Html(Place { base: &base, page: None });
        let once = rewrite(&fragment, form, LARGEST).text;
        prop_assert_eq!(rewrite(&once, form, LARGEST).text, once);
    }

    #[test]
    fn any_bytes_become_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        for fragment in [String::from_utf8_lossy(&bytes).into_owned(), text] {
            let once = clean(&fragment);
            assert_harmless(&once, &fragment);
            prop_assert_eq!(clean(&once), once);
        }
    }

    #[test]
    fn every_size_is_kept_to(fragment in broken_html(), limit in 0_usize..200) {
        let base = base();
        let rewritten = rewrite(&fragment, Form::Html(Place { base: &base, page: None }), limit).text;
        prop_assert!(rewritten.len() <= limit, "{} > {limit}: {rewritten:?}", rewritten.len());
        assert_harmless(&rewritten, &fragment);
    }
}
