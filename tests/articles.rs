//! Pages behind entries' links, over real sockets: the entry is out first, its page is fetched once, and what it says stays.

mod support;

use std::time::Duration;

use support::{Desk, OpenDesk, Publisher, Resource, SetClock};

const NOON: &str = "2026-03-02T12:00:00Z";
const TOPIC: &str = "[topics.robots]\nthreshold = 3.0\nterms.any = [\"robot^2\"]\n";
const BODY: [&str; 3] = [
    "The harbour of the old town has bought four robots that carry crates from the quay to the market, and the people who \
     carried them until now are to be trained, said the mayor on Monday.",
    "Each robot weighs as much as a small horse, costs as much as a large one, and stops whenever a child, a dog or a cyclist \
     crosses its way, which on market days is rather often.",
    "The council will look again in the autumn, when the fair brings more visitors, more crates and, as the harbour master \
     hopes, fewer complaints about the noise of carts in the morning.",
];

/// A feed with one short item, whose link is `link`.
fn rss(title: &str, link: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title><link>https://g.example/</link>\
         <item><guid>{link}</guid><link>{link}</link><title>{title}</title>\
         <description>&lt;p&gt;What the harbour bought, and why.&lt;/p&gt;</description>\
         <pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate></item></channel></rss>"
    )
}

/// An article, with another story's teaser and the site's furniture around it.
fn page() -> Resource {
    let text: String = BODY.iter().map(|paragraph| format!("<p>{paragraph}</p>")).collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><title>News from the harbour</title></head><body>\
         <nav><ul><li><a href=\"/\">Home</a></li><li><a href=\"/sport\">Sport</a></li></ul></nav>\
         <main><article><h1>News from the harbour</h1>{text}</article></main>\
         <aside><h2>Most read</h2><ul><li><a href=\"/x\">Volcano wakes up</a></li></ul></aside>\
         <footer>All rights reserved</footer></body></html>"
    );
    Resource::status(200).header("Content-Type", "text/html; charset=utf-8").body(html)
}

fn configuration(publisher: &Publisher, article: &str, topics: &str) -> String {
    format!(
        "[sources.gazette]\nurl = \"{}\"\nlanguage = \"en\"\narticle = \"{article}\"\n{topics}",
        publisher.url("/feed")
    )
}

fn publisher_of(title: &str, page: Resource) -> Publisher {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(title, publisher.url("/1").as_str())));
    publisher.serve("/1", page);
    publisher
}

fn requests_for_the_page(publisher: &Publisher) -> usize {
    publisher.requests().iter().filter(|request| request.path == "/1").count()
}

async fn is_in_topic(open: &OpenDesk, title: &str) {
    open.until("the topic", "/topics/robots.atom", |_, body| body.contains(title)).await;
}

/// The entry's element without what the topic it came to adds.
fn dates(atom: &str) -> Vec<String> {
    let of = |tag: &str| {
        let rest = atom.split_once("<entry").map_or("", |(_, rest)| rest);
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        rest.split_once(&open)
            .and_then(|(_, rest)| rest.split_once(&close))
            .map_or_else(String::new, |(text, _)| text.into())
    };
    ["id", "published", "updated"].map(of).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_out_before_its_page_is_fetched_and_joins_the_topic_afterwards() {
    let publisher = publisher_of("News from the harbour", page().delay(Duration::from_secs(3)));
    let desk = Desk::with(&configuration(&publisher, "fetch", TOPIC));
    let open = desk.open(&SetClock::at(NOON)).await;
    let (_, _, before) = open.get("/all.atom").await;
    assert!(before.contains("News from the harbour"));
    assert!(open.titles("/topics/robots.atom").await.is_empty(), "the feed does not say it");
    is_in_topic(&open, "News from the harbour").await;
    let (_, _, after) = open.get("/all.atom").await;
    assert_eq!(dates(&after), dates(&before), "it is no newer for that");
    assert!(!after.contains("as much as a small horse"), "the page's text is for the topics alone");
    assert_eq!(requests_for_the_page(&publisher), 1);
    let request = publisher.requests().into_iter().find(|request| request.path == "/1").expect("a request");
    assert!(request.header("accept").is_some_and(|accept| accept.starts_with("text/html")));
    assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("newsdesk/")));
    open.close().await;

    // Another start asks nobody again, and other topics are found in the article as well.
    desk.configure(&configuration(&publisher, "fetch", "[topics.horses]\nthreshold = 0.5\nterms.any = [\"horse\"]\n[topics.fire]\nthreshold = 0.5\nterms.any = [\"volcano\"]\n"));
    let open = desk.open(&SetClock::at("2026-03-02T12:01:00Z")).await;
    open.until("the new topic", "/topics/horses.atom", |_, body| body.contains("News from the harbour")).await;
    assert!(open.titles("/topics/fire.atom").await.is_empty(), "what stands around the article tags nothing");
    assert_eq!(requests_for_the_page(&publisher), 1);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_is_shown_only_where_that_is_wanted_and_a_correction_does_not_lose_it() {
    let publisher = publisher_of("News from the harbour", page());
    let desk = Desk::with(&configuration(&publisher, "publish", TOPIC));
    let clock = SetClock::at(NOON);
    let open = desk.open(&clock).await;
    open.until("the article", "/all.atom", |_, body| body.contains("as much as a small horse")).await;
    is_in_topic(&open, "News from the harbour").await;
    let (_, _, before) = open.get("/all.atom").await;
    open.close().await;

    publisher.serve("/feed", Resource::feed(rss("News from the harbours", publisher.url("/1").as_str())));
    clock.advance(Duration::from_secs(26 * 3600));
    let open = desk.open(&clock).await;
    open.until("the correction", "/all.atom", |_, body| body.contains("News from the harbours")).await;
    is_in_topic(&open, "News from the harbours").await;
    let (_, _, after) = open.get("/all.atom").await;
    assert!(after.contains("as much as a small horse"));
    assert_eq!(dates(&after), dates(&before));
    assert_eq!(requests_for_the_page(&publisher), 1);

    desk.configure(&configuration(&publisher, "none", TOPIC));
    open.reload().await;
    open.until("the feed's own text", "/all.atom", |_, body| !body.contains("as much as a small horse")).await;
    is_in_topic(&open, "News from the harbours").await;
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_under_way_when_newsdesk_ended_is_fetched_after_the_next_start() {
    let slow = page().delay(Duration::from_secs(6)).then(page());
    let publisher = publisher_of("News from the harbour", slow);
    let desk = Desk::with(&configuration(&publisher, "fetch", TOPIC));
    let open = desk.open(&SetClock::at(NOON)).await;
    for _ in 0..200 {
        if requests_for_the_page(&publisher) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(requests_for_the_page(&publisher), 1);
    open.close().await;
    let open = desk.open(&SetClock::at("2026-03-02T12:00:30Z")).await;
    is_in_topic(&open, "News from the harbour").await;
    assert_eq!(requests_for_the_page(&publisher), 2);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_good_is_asked_once_and_what_may_pass_a_few_times() {
    let short = "<html><body><p>Please enable cookies.</p></body></html>";
    let short = Resource::status(200).header("Content-Type", "text/html").body(short);
    let cases = [
        ("gone", Resource::status(404), 1),
        ("no main text", short, 1),
        ("a picture", Resource::status(200).header("Content-Type", "image/png").body("no page"), 1),
        ("a fault that passes", Resource::status(503).then(page()), 2),
        ("a fault that stays", Resource::status(500), 4),
    ];
    let publishers = cases.map(|(what, page, asked)| (what, publisher_of(what, page), asked));
    let sources = publishers.iter().enumerate().map(|(number, (_, publisher, _))| {
        let url = publisher.url("/feed");
        format!("[sources.s{number}]\nurl = \"{url}\"\nlanguage = \"en\"\n")
    });
    let sources: String = sources.collect();
    let desk = Desk::with(&format!("polling.article = \"fetch\"\n{sources}{TOPIC}"));
    let clock = SetClock::at(NOON);
    let open = desk.open(&clock).await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        clock.advance(Duration::from_secs(8 * 3600));
    }
    for (what, publisher, asked) in &publishers {
        assert_eq!(requests_for_the_page(publisher), *asked, "{what}");
    }
    assert_eq!(open.titles("/topics/robots.atom").await, ["a fault that passes"]);
    assert_eq!(open.titles("/all.atom").await.len(), publishers.len());
    open.close().await;
}
