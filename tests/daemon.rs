//! The whole daemon: real sockets, a real store, a publisher on loopback with its own request log, and a clock that the test sets.

mod support;

use std::time::Duration;

use support::{Desk, Publisher, Resource, SetClock};

const HOUR: Duration = Duration::from_secs(3600);
const NOON: &str = "2026-03-02T12:00:00Z";

const TOPIC: &str = "[topics.ai]\ntitle = \"AI\"\nthreshold = 3.0\nterms.any = [\"=AI^2\"]\n";

fn rss(items: &[(&str, &str)]) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title><link>https://g.example/</link>",
    );
    for (guid, title) in items {
        feed += &format!(
            "<item><guid>https://g.example/{guid}</guid><link>https://g.example/{guid}?utm_source=rss</link><title>{title}</title>\
             <description>&lt;p&gt;{title}, told at length.&lt;/p&gt;</description><pubDate>Mon, 02 Mar 2026 08:0{}:00 GMT</pubDate></item>",
            guid.len() % 10
        );
    }
    feed + "</channel></rss>"
}

fn source(id: &str, publisher: &Publisher, path: &str) -> String {
    format!("[sources.{id}]\nurl = \"{}\"\nlanguage = \"en\"\n", publisher.url(path))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_publisher_says_is_in_the_feeds_that_readers_follow() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(&[("a", "AI for all"), ("bb", "Rain at last")])));
    let desk = Desk::with(&(source("gazette", &publisher, "/feed") + TOPIC));
    let open = desk.open(&SetClock::at(NOON)).await;
    assert_eq!((open.summary.answered, open.summary.outcome.new), (1, 2));
    assert_eq!(open.titles("/all.atom").await, ["Rain at last", "AI for all"]);
    assert_eq!(open.titles("/topics/ai.atom").await, ["AI for all"]);
    let (_, _, atom) = open.get("/topics/ai.atom").await;
    assert!(atom.contains("<id>https://g.example/a</id>"), "the publisher's id is kept: {atom}");
    assert!(atom.contains("href=\"https://g.example/a\""), "without its tracking parameters: {atom}");
    assert!(open.get("/").await.2.contains("AI for all"));
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sched_7_ten_restarts_make_no_extra_request() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(&[("a", "One")])).etag("\"v1\""));
    publisher.serve("/broken", Resource::status(500));
    let desk = Desk::with(&(source("gazette", &publisher, "/feed") + &source("broken", &publisher, "/broken")));
    let clock = SetClock::at(NOON);
    let first = desk.open(&clock).await;
    let (_, _, edition) = first.get("/all.atom").await;
    first.close().await;
    for _ in 0..10 {
        clock.advance(Duration::from_secs(30));
        let again = desk.open(&clock).await;
        assert_eq!(again.get("/all.atom").await.2, edition, "the edition is the same to the byte");
        again.close().await;
    }
    assert_eq!(publisher.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_1_and_4_every_later_request_is_conditional_and_brings_nothing_twice() {
    let publisher = Publisher::start();
    let feed = rss(&[("a", "One"), ("bb", "Two")]);
    publisher.serve("/feed", Resource::feed(feed).etag("W/\"v1\"").last_modified("Mon, 2 Mar 2026 08:00:00 UTC"));
    let desk = Desk::with(&source("gazette", &publisher, "/feed"));
    let clock = SetClock::at(NOON);
    let mut editions = Vec::new();
    for _ in 0..10 {
        let open = desk.open(&clock).await;
        editions.push(open.get("/all.atom").await.2);
        open.close().await;
        clock.advance(3 * HOUR);
    }
    editions.dedup();
    assert_eq!(editions.len(), 1);
    let requests = publisher.requests();
    assert_eq!(requests.len(), 10);
    assert!(!requests[0].is_conditional());
    for request in &requests[1..] {
        assert_eq!(request.header("if-none-match").as_deref(), Some("W/\"v1\""));
        assert_eq!(request.header("if-modified-since").as_deref(), Some("Mon, 2 Mar 2026 08:00:00 UTC"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_3_and_6_validators_follow_each_200_but_never_one_that_could_not_be_read() {
    let publisher = Publisher::start();
    let feed = |tag: &str, title: &str| Resource::feed(rss(&[("a", title)])).etag(tag);
    publisher.serve("/feed", feed("\"v1\"", "One"));
    let desk = Desk::with(&source("gazette", &publisher, "/feed"));
    let clock = SetClock::at(NOON);
    let mut steps = vec![
        (feed("\"v1\"", "One"), None),
        (feed("\"v2\"", "One"), Some("\"v1\"")),
        (Resource::feed("<html><body>Back soon</body></html>").etag("\"error\""), Some("\"v2\"")),
        (Resource::feed("").etag("\"empty\""), Some("\"v2\"")),
        (feed("\"v3\"", "One, corrected"), Some("\"v2\"")),
        (Resource::feed(rss(&[("a", "Two")])), Some("\"v3\"")),
        (Resource::feed(rss(&[("a", "Two")])), None),
    ];
    for (turn, (resource, expected)) in steps.drain(..).enumerate() {
        publisher.serve("/feed", resource);
        publisher.forget_requests();
        let open = desk.open(&clock).await;
        open.close().await;
        let sent: Vec<_> = publisher.requests().iter().map(|request| request.header("if-none-match")).collect();
        assert_eq!(sent, [expected.map(String::from)], "poll {turn}");
        clock.advance(30 * HOUR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_source_changes_nothing_for_the_others() {
    let publisher = Publisher::start();
    publisher.serve("/good", Resource::feed(rss(&[("a", "Good news")])));
    publisher.serve("/cut", Resource::feed(rss(&[("bb", "Before the break"), ("ccc", "Lost")])).cut_after(300));
    publisher.serve("/missing", Resource::status(404));
    publisher.serve("/loop", Resource::redirect(302, "/loop"));
    publisher.serve("/rubbish", Resource::raw("no HTTP at all"));
    let sources = ["good", "cut", "missing", "loop", "rubbish"].map(|id| source(id, &publisher, &format!("/{id}")));
    let desk = Desk::with(&(sources.concat() + "[sources.nobody]\nurl = \"http://127.255.255.254:9/feed\"\n"));
    let open = desk.open(&SetClock::at(NOON)).await;
    assert_eq!(open.titles("/all.atom").await, ["Good news"]);
    let failed: Vec<_> = open.summary.failures.keys().map(|id| id.as_str()).collect();
    assert_eq!(failed, ["cut", "loop", "missing", "nobody", "rubbish"]);
    let (status, _, health) = open.get("/healthz").await;
    assert_eq!(status, 200, "failing sources do not make the daemon sick");
    assert!(health.contains("\"missing\""), "{health}");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_article_under_tracking_links_at_three_publishers_is_one_story() {
    let publisher = Publisher::start();
    let agency = |guid: &str, query: &str| {
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{guid}</title><item><guid isPermaLink=\"false\">{guid}</guid>\
             <link>http://wire.example/story/7?id=1&amp;{query}</link><title>Cable cut</title></item></channel></rss>"
        )
    };
    publisher.serve("/one", Resource::feed(agency("one", "utm_source=one")));
    publisher.serve("/two", Resource::feed(agency("two", "at_medium=rss&amp;fbclid=x")));
    publisher.serve("/three", Resource::feed(agency("three", "xtor=RSS-1")));
    let sources = ["one", "two", "three"].map(|id| source(id, &publisher, &format!("/{id}")));
    let desk = Desk::with(&sources.concat());
    let open = desk.open(&SetClock::at(NOON)).await;
    assert_eq!((open.summary.outcome.new, open.summary.outcome.duplicates), (1, 2));
    let (_, _, atom) = open.get("/all.atom").await;
    assert_eq!(atom.matches("<entry").count(), 1);
    assert_eq!(atom.matches("rel=\"related\"").count(), 2);
    assert!(!atom.contains("utm_source") && !atom.contains("at_medium") && !atom.contains("xtor"), "{atom}");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_over_what_is_right_and_refuses_what_is_wrong() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(&[("a", "AI for all"), ("bb", "Rain at last")])));
    publisher.serve("/other", Resource::feed(rss(&[("zzz", "AI elsewhere")])));
    let gazette = source("gazette", &publisher, "/feed");
    let desk = Desk::with(&(gazette.clone() + TOPIC));
    let open = desk.open(&SetClock::at(NOON)).await;

    desk.configure("[sources.gazette]\nurl = \"no url\"\n");
    open.reload().await;
    open.until("the refusal", "/healthz", |_, body| body.contains("not") && body.contains("url")).await;
    assert_eq!(open.titles("/topics/ai.atom").await, ["AI for all"], "the old configuration stays");

    let feed_id = |atom: &str| atom.split("<id>").nth(1).and_then(|rest| rest.split('<').next()).map(String::from);
    let id = feed_id(&open.get("/topics/ai.atom").await.2);
    let rain = "[topics.weather]\ntitle = \"Weather\"\nthreshold = 2.0\nformerly = [\"ai\"]\nterms.en = [\"rain\"]\n";
    desk.configure(&(gazette + &source("other", &publisher, "/other") + rain));
    open.reload().await;
    open.until("the new source", "/all.atom", |_, body| body.contains("AI elsewhere")).await;
    open.until("the new topic", "/topics/weather.atom", |_, body| body.contains("Rain at last")).await;
    let (status, head, _) = open.get("/topics/ai.atom").await;
    assert!(status == 301 && head.contains("location: /topics/weather.atom"), "{head}");
    assert_eq!(feed_id(&open.get("/topics/weather.atom").await.2), id, "to its readers it is the same feed");
    assert_eq!(publisher.requests().iter().filter(|request| request.path == "/feed").count(), 1);

    desk.configure(&source("other", &publisher, "/other"));
    open.reload().await;
    open.until("the topic gone", "/topics/weather.atom", |status, _| status == 410).await;
    assert_eq!(open.titles("/all.atom").await.len(), 3, "a source taken out keeps its stories");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_put_back_renamed_or_moved_does_not_flood() {
    let publisher = Publisher::start();
    let items = [("a", "One"), ("bb", "Two"), ("ccc", "Three")];
    publisher.serve("/feed", Resource::feed(rss(&items)));
    publisher.serve("/moved", Resource::feed(rss(&items)));
    let clock = SetClock::at(NOON);
    let desk = Desk::with(&source("gazette", &publisher, "/feed"));
    let first = desk.open(&clock).await;
    let (_, _, edition) = first.get("/all.atom").await;
    first.close().await;

    let put_back = source("gazette", &publisher, "/feed");
    let renamed = source("journal", &publisher, "/feed") + "formerly = [\"gazette\"]\n";
    let moved = source("journal", &publisher, "/moved");
    for configuration in [String::new() + &source("other", &publisher, "/missing"), put_back, renamed, moved] {
        clock.advance(30 * HOUR);
        desk.configure(&configuration);
        let open = desk.open(&clock).await;
        assert_eq!(open.summary.outcome.new, 0, "{configuration}");
        assert_eq!(open.get("/all.atom").await.2, edition, "{configuration}");
        open.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_renamed_by_a_reload_are_not_asked_again() {
    let publisher = Publisher::start();
    let names: Vec<String> = (0..12).map(|n| format!("source-{n}")).collect();
    for name in &names {
        publisher.serve(&format!("/{name}"), Resource::feed(rss(&[(name, name)])).etag("\"1\""));
    }
    let sources = |prefix: &str, rest: &str| -> String {
        names
            .iter()
            .map(|name| {
                source(&format!("{prefix}{name}"), &publisher, &format!("/{name}")) + &rest.replace("NAME", name)
            })
            .collect()
    };
    let desk = Desk::with(&sources("", ""));
    let open = desk.open(&SetClock::at(NOON)).await;
    let (_, _, edition) = open.get("/all.atom").await;
    let marker = "[topics.marker]\ntitle = \"Marker\"\nthreshold = 1.0\nterms.any = [\"nothing\"]\n";
    desk.configure(&(sources("new-", "formerly = [\"NAME\"]\n") + marker));
    open.reload().await;
    open.until("the reload", "/topics/marker.atom", |status, _| status == 200).await;
    open.settle().await;
    assert_eq!(publisher.requests().len(), 12, "each source was asked once, under its old name");
    assert_eq!(open.get("/all.atom").await.2, edition);
    open.close().await;
}
