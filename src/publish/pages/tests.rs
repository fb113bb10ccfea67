//! Golden files of the pages, and what they show of odd stories.

use std::collections::BTreeMap;

use super::*;
use crate::{
    model::{ShownAs, TopicScore},
    publish::{
        EditionStory, TopicPage,
        tests::{at, check, stories},
    },
};

pub(super) fn titles() -> BTreeMap<TopicId, String> {
    BTreeMap::from([
        (TopicId::new("ai"), "Artificial <intelligence>".into()),
        (TopicId::new("telecom"), "اتصالات".into()),
    ])
}

pub(super) fn page_of(id: &str, title: &str, language: Option<&str>) -> TopicPage {
    TopicPage {
        id: TopicId::new(id),
        title: title.into(),
        description: Some("Models & makers".into()),
        language: language.map(Into::into),
        stories: ShownAs::Merge,
        fair: false,
        formerly: Vec::new(),
    }
}

pub(super) fn with_site<T>(make: impl FnOnce(&SitePage<'_>) -> T) -> T {
    make(&SitePage { public_url: "https://news.example/", topic_titles: &titles() })
}

/// Every kind of page, of the stories and of hardly any, by a name for each.
pub(super) fn pages() -> Vec<(&'static str, Vec<u8>)> {
    let stories = stories();
    let ai = [TopicId::new("ai")];
    let scores = [
        TopicScore { topic: TopicId::new("ai"), score: 4.25 },
        TopicScore { topic: TopicId::new("telecom"), score: 12.0 },
    ];
    let copies = ["Gazette", "Herald & \"Post\""].map(|source| StoryCopy {
        source: source.into(),
        language: Some("fr".into()),
        title: "Cloud <souverain>".into(),
        link: Some("https://herald.example/9?a=1&b=|".into()),
        published: at(1),
    });
    let linkless = [StoryCopy { link: None, language: Some("ar".into()), ..copies[0].clone() }];
    let edition = EditionPage {
        title: "Artificial <intelligence>",
        description: Some("Models & makers"),
        language: Some("en"),
        path: "/topics/ai",
        query: "",
        topics: &ai,
        earlier: Some("/archives/ai/3"),
    };
    let combined = EditionPage {
        title: "AI + اتصالات (fr)",
        description: None,
        language: Some("fr"),
        path: "/topics/ai+telecom",
        query: "lang=fr&content=title",
        topics: &[],
        earlier: None,
    };
    let past = ArchivePage {
        title: "Artificial <intelligence>",
        language: Some("en"),
        path: "/archives/ai/3",
        topic: Some("/topics/ai"),
        earlier: Some("/archives/ai/2"),
        later: Some("/topics/ai"),
    };
    with_site(|site| {
        let topics = [
            page_of("ai", "Artificial <intelligence>", Some("en")),
            page_of("telecom", "اتصالات", Some("ar")),
            page_of("rain", "雨", Some("ja")),
        ];
        let shown = [&stories[..], &stories[..1], &[]];
        let topics: Vec<_> = topics.iter().zip(shown).map(|(topic, stories)| IndexTopic { topic, stories }).collect();
        let translated = |language, path| EditionPage { language: Some(language), path, ..edition };
        vec![
            ("index.html", index(site, &topics, &stories)),
            ("index-without-topics.html", index(site, &[], &[])),
            ("topic.html", topic(site, &edition, &stories)),
            ("topic-empty.html", topic(site, &combined, &[])),
            ("topic-french.html", topic(site, &translated("fr", "/topics/ia"), &stories)),
            ("topic-arabic.html", topic(site, &translated("ar", "/topics/telecom"), &stories)),
            ("topic-unspoken.html", topic(site, &translated("fa", "/topics/fa"), &stories)),
            ("past.html", archive(site, &past, &stories)),
            (
                "past-arabic.html",
                archive(site, &ArchivePage { language: Some("ar"), topic: None, later: None, ..past }, &stories),
            ),
            (
                "past-alone.html",
                archive(site, &ArchivePage { language: None, earlier: None, later: None, ..past }, &[]),
            ),
            ("story.html", story(site, &StoryPage { story: &stories[0], topics: &scores, copies: &copies })),
            ("story-bare.html", story(site, &StoryPage { story: &stories[1], topics: &[], copies: &linkless })),
        ]
    })
}

#[test]
fn golden_files() {
    for (name, page) in pages() {
        check(name, page);
    }
}

#[test]
fn many_topics_begin_with_their_names_and_show_less_of_each() {
    let topics: Vec<TopicPage> = (0..100).map(|n| page_of(&format!("t{n}"), &format!("Topic {n}"), None)).collect();
    let stories = stories();
    let count = |topics: &[TopicPage], needle: &str| {
        let topics: Vec<_> = topics.iter().map(|topic| IndexTopic { topic, stories: &stories }).collect();
        let page = String::from_utf8(with_site(|site| index(site, &topics, &[]))).expect("UTF-8");
        page.matches(needle).count()
    };
    for (topics, contents, headlines) in [(&topics[..2], 0, 6), (&topics[..13], 1, 39), (&topics[..], 1, 100)] {
        assert_eq!(count(topics, "class=\"contents\""), contents, "{}", topics.len());
        assert_eq!(count(topics, "class=\"title\""), headlines, "{}", topics.len());
    }
    assert_eq!(count(&topics, "rel=\"alternate\""), 303, "three formats of each topic, and of everything");
}

#[test]
fn a_text_begins_at_its_beginning_and_is_not_its_title_again() {
    let of = |title: &str, summary: Option<&str>, content: Option<&str>| {
        let story = EditionStory {
            title: title.into(),
            summary: summary.map(Into::into),
            content: content.map(Into::into),
            ..stories()[1].clone()
        };
        headline::summary(&story)
    };
    assert_eq!(of("A", Some("<p>One &amp; <b>two</b></p><p>three"), Some("other")), "One & two three");
    assert_eq!(
        of("A", Some("<img src=\"https://a.example/b.png\">"), Some("<p>text")),
        "text",
        "a picture says nothing"
    );
    assert_eq!(of("A title", Some("A title"), None), "");
    assert_eq!(of("A", None, None), "");
    let long = of("A", Some(&"Worte sind Wörter, ".repeat(100)), None);
    assert!(long.ends_with('…') && long.chars().count() <= 301 && long.contains("Wörter, Worte"), "{long}");
    let wordless = of("A", None, Some(&"語".repeat(5_000)));
    assert_eq!(wordless.chars().count(), 301, "a text without spaces is cut as well");
    let pictures = format!("<img src=\"https://a.example/{}é.png\">text", "é".repeat(16 * 1024));
    assert_eq!(of("A", None, Some(&pictures)), "", "what comes after much markup is not looked for");
}

#[test]
fn a_title_without_end_is_whole_on_its_own_page_alone() {
    let long = EditionStory { title: "Titel ".repeat(1_000), ..stories()[1].clone() };
    let edition = EditionPage {
        title: "A",
        description: None,
        language: None,
        path: "/all",
        query: "",
        topics: &[],
        earlier: None,
    };
    let list = with_site(|site| topic(site, &edition, std::slice::from_ref(&long)));
    let own = with_site(|site| story(site, &StoryPage { story: &long, topics: &[], copies: &[] }));
    let words = |page: Vec<u8>| String::from_utf8(page).expect("UTF-8").matches("Titel").count();
    assert!(words(list) < 200 && words(own) >= 1_000);
}

#[test]
fn a_page_of_the_past_leads_to_no_page_that_may_be_gone() {
    let pages: BTreeMap<_, _> = pages().into_iter().collect();
    for (name, page) in pages.iter().filter(|(name, _)| name.starts_with("past")) {
        let page = String::from_utf8(page.clone()).expect("UTF-8");
        assert!(!page.contains("/stories/") && !page.contains("href=\"/topics/telecom"), "{name}");
        assert_eq!(page.contains("href=\"/topics/ai\""), *name != "past-arabic.html", "{name}");
    }
}

#[test]
fn a_story_of_the_past_without_a_link_is_shown_whole() {
    let whole = EditionStory { content: Some(format!("<p>{}end</p>", "word ".repeat(500))), ..stories()[1].clone() };
    let past =
        ArchivePage { title: "A", language: None, path: "/archives/ai/1", topic: None, earlier: None, later: None };
    let page = with_site(|site| archive(site, &past, std::slice::from_ref(&whole)));
    assert!(String::from_utf8(page).expect("UTF-8").contains("word end</p>"));
    let linked = EditionStory { link: Some("https://herald.example/1".into()), ..whole };
    let page = with_site(|site| archive(site, &past, &[linked]));
    assert!(!String::from_utf8(page).expect("UTF-8").contains("word end</p>"), "the article is at its publisher");
}

#[test]
fn a_page_in_a_language_we_do_not_speak_marks_what_is_english() {
    let pages: BTreeMap<_, _> = pages().into_iter().collect();
    let page = String::from_utf8(pages["topic-unspoken.html"].clone()).expect("UTF-8");
    assert!(page.contains("<html lang=\"fa\" dir=\"rtl\">"));
    assert!(page.contains("<span lang=\"en\" dir=\"ltr\">Subscribe</span>"));
}
