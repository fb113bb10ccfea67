//! `A-IM: feed`: a reader that asks for what is new comes to the same list as one that gets it all.

use std::collections::BTreeMap;

use chrono::DateTime;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use proptest::prelude::*;

use super::answer::answer;
use crate::{
    clock::Clock,
    model::{Document, Freshness, Text, Validators},
    parse::{ParseLimits, parse},
    publish::{Coding, Edition, EditionStory, Rendered, render_atom, render_rss, tests},
};

type Render = fn(&[EditionStory]) -> (Rendered, &'static str);

fn as_atom(stories: &[EditionStory]) -> (Rendered, &'static str) {
    (render_atom(&tests::frame(), stories), "application/atom+xml; charset=utf-8")
}

fn as_rss(stories: &[EditionStory]) -> (Rendered, &'static str) {
    (render_rss(&tests::frame(), stories), "application/rss+xml; charset=utf-8")
}

/// Story `number` in one of its revisions, with texts that look like the markup around them.
fn story(number: u8, revision: u8) -> EditionStory {
    let mut story = tests::stories().swap_remove(usize::from(number) % 3);
    story.id = format!("urn:story:{number}");
    story.title = format!("Story {number}, revision {revision}");
    story.content =
        Some(format!("<p>{revision}</p>\n  <item> </item>\n <entry> </entry> <![CDATA[ ]]> </channel></feed>"));
    story
}

fn edition(render: Render, stories: &[(u8, u8)]) -> Edition {
    let stories: Vec<_> = stories.iter().map(|(number, revision)| story(*number, *revision)).collect();
    let (rendered, media_type) = render(&stories);
    assert_eq!(rendered.entries.len(), stories.len());
    Edition::new(media_type, DateTime::UNIX_EPOCH, rendered)
}

struct Answered {
    status: StatusCode,
    fields: HeaderMap,
    body: Vec<u8>,
}

impl Answered {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Entries as a reader understands them: id and title, in order.
    fn entries(&self) -> Vec<(String, String)> {
        let url = url::Url::parse("https://news.example/").expect("a URL");
        let document = Document {
            base: url.clone(),
            url,
            moved_permanently_to: None,
            content_type: None,
            body: self.body.clone().into(),
            validators: Validators::default(),
            freshness: Freshness::default(),
        };
        let feed = parse(&document, &ParseLimits::default()).unwrap_or_else(|error| panic!("{error}"));
        assert!(feed.defects.is_empty(), "a whole feed: {:?}", feed.defects);
        let title = |title: Option<Text>| title.map(|title| title.value).unwrap_or_default();
        feed.entries.into_iter().map(|entry| (entry.guid.unwrap_or_default(), title(entry.title))).collect()
    }
}

fn ask(edition: &Edition, asked: &[(&'static str, &str)]) -> Answered {
    let mut fields = HeaderMap::new();
    for (name, value) in asked {
        fields.append(*name, value.parse().expect("a value"));
    }
    let response = answer(edition, &Method::GET, &fields, &Clock::new(|| DateTime::UNIX_EPOCH));
    let (head, body) = response.into_parts();
    let body = futures_now(body.collect()).expect("a body").to_bytes().to_vec();
    Answered { status: head.status, fields: head.headers, body }
}

/// The result of what never waits.
fn futures_now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

fn tag(edition: &Edition, coding: Coding) -> &str {
    edition.etag(coding).to_str().expect("text")
}

#[test]
fn only_what_is_new_or_changed_is_sent() {
    for render in [as_atom as Render, as_rss] {
        let first = edition(render, &[(1, 0), (2, 0), (3, 0)]);
        let second = edition(render, &[(4, 0), (2, 1), (1, 0), (3, 0)]).succeeding(&first);
        second.prepare();
        let news = ask(&second, &[("if-none-match", tag(&first, Coding::Identity)), ("a-im", "feed")]);
        assert_eq!(news.status, StatusCode::IM_USED);
        let titles: Vec<_> = news.entries().into_iter().map(|(_, title)| title).collect();
        assert_eq!(titles, ["Story 4, revision 0", "Story 2, revision 1"]);
        let expected = [
            ("im", "feed"),
            ("etag", tag(&second, Coding::Identity)),
            ("delta-base", tag(&first, Coding::Identity)),
            ("cache-control", "no-store, im, max-age=900"),
            ("vary", "Accept-Encoding, A-IM"),
            ("content-type", second.media_type),
            ("content-encoding", ""),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
        ];
        for (name, value) in expected {
            assert_eq!(news.field(name), value, "{name}");
        }
    }
}

#[test]
fn who_does_not_ask_for_news_or_is_not_remembered_gets_all() {
    let first = edition(as_atom, &[(1, 0), (2, 0)]);
    let second = edition(as_atom, &[(3, 0), (1, 0), (2, 0)]).succeeding(&first);
    second.prepare();
    let (old, old_gzip) = (tag(&first, Coding::Identity), tag(&first, Coding::Gzip));
    let unknown = "\"0123456789abcdef0123456789abcdef\"";
    let weak = format!("W/{old_gzip}");
    type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], StatusCode);
    let cases: [Case<'_>; 9] = [
        ("no word of news", &[("if-none-match", old)], StatusCode::OK),
        ("other manipulations", &[("if-none-match", old), ("a-im", "vcdiff, gzip")], StatusCode::OK),
        ("refused", &[("if-none-match", old), ("a-im", "feed;q=0")], StatusCode::OK),
        ("nothing is held", &[("a-im", "feed")], StatusCode::OK),
        ("an unknown edition", &[("if-none-match", unknown), ("a-im", "feed")], StatusCode::OK),
        ("not ours", &[("if-none-match", "\"1\""), ("a-im", "feed")], StatusCode::OK),
        ("of another coding", &[("if-none-match", old_gzip), ("a-im", "feed")], StatusCode::IM_USED),
        ("made weak on the way", &[("if-none-match", &weak), ("a-im", "gzip, feed")], StatusCode::IM_USED),
        (
            "the present edition too",
            &[("if-none-match", old), ("if-none-match", tag(&second, Coding::Identity)), ("a-im", "feed")],
            StatusCode::NOT_MODIFIED,
        ),
    ];
    for (what, asked, status) in cases {
        let answered = ask(&second, asked);
        assert_eq!(answered.status, status, "{what}");
        assert_eq!(answered.field("vary"), "Accept-Encoding, A-IM", "{what}");
    }
}

#[test]
fn where_nothing_is_new_there_is_nothing_to_send() {
    let first = edition(as_atom, &[(1, 0), (2, 0), (3, 0)]);
    let second = edition(as_atom, &[(2, 0), (1, 0)]).succeeding(&first);
    let answered = ask(&second, &[("if-none-match", tag(&first, Coding::Identity)), ("a-im", "feed")]);
    assert_eq!((answered.status, answered.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(answered.field("etag"), tag(&second, Coding::Identity));
}

#[test]
fn pages_are_sent_whole() {
    let page =
        |text: &str| Edition::new("text/html; charset=utf-8", DateTime::UNIX_EPOCH, text.as_bytes().to_vec().into());
    let first = page("one");
    let second = page("two").succeeding(&first);
    let answered = ask(&second, &[("if-none-match", tag(&first, Coding::Identity)), ("a-im", "feed")]);
    assert_eq!((answered.status, answered.field("vary")), (StatusCode::OK, "Accept-Encoding"));
}

/// Stories by number and revision, each number once.
fn list() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0_u8..12, 0_u8..2), 0..10).prop_map(|mut list| {
        let mut seen = std::collections::BTreeSet::new();
        list.retain(|(number, _)| seen.insert(*number));
        list
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_was_held_and_what_is_new_make_the_present_list(lists in proptest::collection::vec(list(), 2..24)) {
        for render in [as_atom as Render, as_rss] {
            let mut editions: Vec<Edition> = Vec::new();
            for list in &lists {
                let next = edition(render, list);
                let next = match editions.last() {
                    Some(last) => next.succeeding(last),
                    None => next,
                };
                editions.push(next);
            }
            let Some(present) = editions.last() else { unreachable!("there are some") };
            let listed = ask(present, &[]).entries();
            for former in &editions {
                let news = ask(present, &[("if-none-match", tag(former, Coding::Identity)), ("a-im", "feed")]);
                let held = ask(former, &[]).entries();
                let sent = match news.status {
                    StatusCode::OK => continue,
                    StatusCode::NOT_MODIFIED => Vec::new(),
                    _ => news.entries(),
                };
                let mut applied: BTreeMap<_, _> = held.into_iter().collect();
                applied.extend(sent.clone());
                for (id, title) in &listed {
                    prop_assert_eq!(applied.get(id), Some(title));
                }
                for entry in &sent {
                    prop_assert!(listed.contains(entry), "what is sent is of the present edition");
                }
            }
            // The one before is always remembered.
            if let [.., last, _] = &editions[..] && !listed.is_empty() && !ask(last, &[]).entries().is_empty() {
                let hash = last.hash();
                prop_assert!(hash == present.hash() || present.news_since(hash).is_some());
            }
        }
    }
}
