//! The daemon's own hub: from what a publisher says to what a subscriber's callback receives.

mod support;
#[path = "../src/websub/tests/subscriber.rs"]
#[allow(dead_code, reason = "the hub's own tests use more of it")]
mod subscriber;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use subscriber::{Answer, Subscriber};
use support::{Desk, OpenDesk, Publisher, Resource, SetClock};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use url::form_urlencoded;

const NOON: &str = "2026-03-02T12:00:00Z";
const TOPIC: &str = "https://news.example/all.atom";

fn rss(items: usize, text: &str) -> String {
    let item = |number: usize| {
        format!(
            "<item><guid>https://g.example/{number}</guid><link>https://g.example/{number}</link><title>Story {number}</title>\
             <description>&lt;p&gt;{text}&lt;/p&gt;</description><pubDate>Mon, 02 Mar 2026 08:00:{:02} GMT</pubDate></item>",
            number % 60
        )
    };
    let items: String = (0..items).rev().map(item).collect();
    let head =
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title><link>https://g.example/</link>";
    format!("{head}{items}</channel></rss>")
}

/// A desk whose hub may call the subscribers of these tests.
fn desk(publisher: &Publisher) -> Desk {
    desk_with("server.hub_networks = [\"127.0.0.0/8\"]\n", publisher)
}

fn desk_with(server: &str, publisher: &Publisher) -> Desk {
    let source = publisher.url("/feed");
    Desk::with(&format!("{server}[sources.gazette]\nurl = \"{source}\"\nlanguage = \"en\"\n"))
}

/// Posts to the hub; the status and the text of the answer.
async fn post(open: &OpenDesk, pairs: &[(&str, &str)]) -> (u16, String) {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let mut stream = TcpStream::connect(open.address).await.expect("connected");
    let request = format!(
        "POST /hub HTTP/1.1\r\nHost: newsdesk\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

async fn subscribe(open: &OpenDesk, subscriber: &Subscriber) {
    subscribe_to(open, subscriber, TOPIC).await;
}

async fn subscribe_to(open: &OpenDesk, subscriber: &Subscriber, topic: &str) {
    let callback = subscriber.callback("/in");
    let pairs =
        [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &callback), ("hub.secret", "sesame")];
    assert_eq!(post(open, &pairs).await, (202, "Accepted; the callback will be asked to confirm.\n".to_owned()));
    subscriber.until("GET", 1).await;
}

/// Has the daemon poll at once.
async fn poll(desk: &Desk) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    for variable in ["NEWSDESK_CONFIG", "NEWSDESK_LOG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "JOURNAL_STREAM"] {
        command.env_remove(variable);
    }
    command.arg("poll").arg("--config").arg(desk.config());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_8_every_feed_names_the_hub_and_itself() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(1, "text")));
    let desk = desk(&publisher);
    let open = desk.open(&SetClock::at(NOON)).await;
    let elements = [
        ("/all.atom", "<link rel=\"hub\" href=\"https://news.example/hub\"/>"),
        ("/all.json", "\"url\": \"https://news.example/hub\""),
        ("/all.rss", "<atom:link href=\"https://news.example/hub\" rel=\"hub\""),
    ];
    for (path, element) in elements {
        let (_, head, body) = open.get(path).await;
        assert!(body.replace(" />", "/>").contains(element), "{path}: {body}");
        let link = format!("link: <https://news.example/hub>; rel=\"hub\", <https://news.example{path}>; rel=\"self\"");
        assert!(head.to_lowercase().contains(&link), "{path}: {head}");
    }
    assert!(!open.get("/").await.1.contains("rel=\"hub\""));
    assert!(!open.get("/sources/gazette.atom").await.2.contains("rel=\"hub\""), "not of what anybody may combine");
    let (status, head, _) = open.get("/hub").await;
    assert!(status == 405 && head.to_lowercase().contains("allow: post"), "{status} {head}");
    let (status, text) = post(&open, &[("hub.mode", "publish"), ("hub.url", TOPIC)]).await;
    assert!(status == 400 && text.contains("takes no pings"), "{status} {text}");
    let long = "x".repeat(10_000);
    assert_eq!(post(&open, &[("hub.mode", &long)]).await.0, 413);

    desk.configure(&format!("server.hub = false\n[sources.gazette]\nurl = \"{}\"\n", publisher.url("/feed")));
    open.reload().await;
    open.until("a feed without a hub", "/all.atom", |_, body| !body.contains("rel=\"hub\"")).await;
    assert!(!open.get("/all.atom").await.1.contains("rel=\"hub\""));
    assert_eq!(post(&open, &[("hub.mode", "subscribe")]).await.0, 404);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssrf_5_a_source_in_a_private_network_does_not_open_it_to_callbacks() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(1, "text")));
    let desk = desk_with("", &publisher);
    let open = desk.open(&SetClock::at(NOON)).await;
    assert_eq!(open.titles("/all.atom").await.len(), 1, "the source is polled");
    let subscriber = Subscriber::start();
    let callback = subscriber.callback("/in");
    let wish = [("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", callback.as_str())];
    let (status, text) = post(&open, &wish).await;
    assert!(status == 400 && text.contains("does not call"), "{status} {text}");
    desk.configure(&format!(
        "server.hub_networks = [\"127.0.0.0/8\"]\n[sources.gazette]\nurl = \"{}\"\n",
        publisher.url("/feed")
    ));
    open.reload().await;
    for _ in 0..100 {
        if post(&open, &wish).await.0 == 202 {
            subscriber.until("GET", 1).await;
            return open.close().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the hub still does not call: {:?}", post(&open, &wish).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_publisher_says_reaches_who_subscribed_also_over_a_restart() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(1, "text")));
    let (desk, clock) = (desk(&publisher), SetClock::at(NOON));
    let open = desk.open(&clock).await;
    let subscriber = Subscriber::start();
    subscribe(&open, &subscriber).await;
    // Its answer is on its way: what is not confirmed at a stop is lost.
    tokio::time::sleep(Duration::from_millis(500)).await;
    open.close().await;

    publisher.serve("/feed", Resource::feed(rss(2, "text")));
    clock.advance(Duration::from_secs(7_200));
    let open = desk.open(&clock).await;
    poll(&desk).await;
    open.until("the second story", "/all.atom", |_, edition| edition.contains("Story 1")).await;
    assert_eq!(subscriber.calls("GET").len(), 1, "{:?}", subscriber.calls("GET"));
    let sent = subscriber.until("POST", 1).await.remove(0);
    let (_, _, edition) = open.get("/all.atom").await;
    assert_eq!(String::from_utf8_lossy(&sent.body), edition, "the edition's own bytes");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"sesame");
    let digits: String =
        ring::hmac::sign(&key, &sent.body).as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(sent.header("x-hub-signature"), Some(format!("sha256={digits}").as_str()));
    open.close().await;

    let open = desk.open(&clock).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(subscriber.calls("POST").len(), 1, "what was delivered is not delivered again");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn healthz_says_how_many_are_subscribed_and_how_many_of_them_fail() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(1, "text")));
    let (desk, clock) = (desk(&publisher), SetClock::at(NOON));
    let open = desk.open(&clock).await;
    let counts = |confirmed: usize, waiting: usize, failing: usize| {
        move |_: u16, health: &str| {
            let health: serde_json::Value = serde_json::from_str(health).expect("JSON");
            health["hub"] == serde_json::json!({ "confirmed": confirmed, "waiting": waiting, "failing": failing })
        }
    };
    open.until("nobody", "/healthz", counts(0, 0, 0)).await;
    let [good, bad, mute] = [Subscriber::start(), Subscriber::start(), Subscriber::start()];
    mute.answers(Answer::Slow(Duration::from_secs(60)));
    for subscriber in [&good, &bad, &mute] {
        subscribe(&open, subscriber).await;
    }
    open.until("two, and one that says nothing", "/healthz", counts(2, 1, 0)).await;
    bad.answers(Answer::Post(500, ""));
    publisher.serve("/feed", Resource::feed(rss(2, "text")));
    poll(&desk).await;
    open.until("one of them fails", "/healthz", counts(2, 1, 1)).await;
    open.close().await;

    let body = format!("server.hub = false\n[sources.gazette]\nurl = \"{}\"\n", publisher.url("/feed"));
    desk.configure(&body);
    let open = desk.open(&clock).await;
    let has_none = |health: &str| serde_json::from_str::<serde_json::Value>(health).expect("JSON")["hub"].is_null();
    assert!(has_none(&open.get("/healthz").await.2), "there is no hub");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_nobody_else_asks_for_is_kept_current_for_who_subscribed() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(1, "text")));
    let desk = desk(&publisher);
    let open = desk.open(&SetClock::at(NOON)).await;
    let subscriber = Subscriber::start();
    subscribe_to(&open, &subscriber, "https://news.example/all.json").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    publisher.serve("/feed", Resource::feed(rss(2, "text")));
    poll(&desk).await;
    let begun = Instant::now();
    loop {
        let sent = subscriber.calls("POST");
        let last = sent.last().map(|call| String::from_utf8_lossy(&call.body).into_owned()).unwrap_or_default();
        if last.contains("Story 1") {
            assert!(last.contains("\"type\": \"WebSub\""), "{last}");
            assert!(sent.len() <= 2, "at most what was up, and what is new");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain: {last}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    open.close().await;
}

/// How long it took from the publisher being asked to each callback being called, the quickest first.
async fn fan_out(items: usize, text: &str) -> Vec<Duration> {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(rss(items, text)));
    let desk = desk(&publisher);
    let open = desk.open(&SetClock::at(NOON)).await;
    let quick: Vec<Subscriber> = (0..40).map(|_| Subscriber::start()).collect();
    let (slow, dead): (Vec<Subscriber>, Vec<Subscriber>) =
        ((0..5).map(|_| Subscriber::start()).collect(), (0..5).map(|_| Subscriber::start()).collect());
    for subscriber in quick.iter().chain(&slow).chain(&dead) {
        subscribe(&open, subscriber).await;
    }
    slow.iter().for_each(|subscriber| subscriber.answers(Answer::SlowPost(Duration::from_secs(60))));
    dead.iter().for_each(|subscriber| subscriber.answers(Answer::Nothing));
    // The last confirmations are on their way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    publisher.forget_requests();
    publisher.serve("/feed", Resource::feed(rss(items + 1, text)));
    poll(&desk).await;
    let asked: Instant = publisher.requests().first().expect("a poll").at;
    let (mut took, mut sent) = (Vec::new(), Vec::new());
    for subscriber in &quick {
        let call = subscriber.until("POST", 1).await.remove(0);
        took.push(call.at - asked);
        sent.push(call.body);
    }
    // Who asks before they have it may be shown the one before.
    let (_, _, edition) = open.get("/all.atom").await;
    let news = format!("<title>Story {items}</title>");
    assert!(edition.contains(&news) && sent.iter().all(|body| body == edition.as_bytes()), "each has all of the news");
    took.sort();
    let octets = edition.len();
    println!(
        "an edition of {octets} octets to 40 quick subscribers beside 10 slow or dead ones: min {:?}, median {:?}, max {:?} after \
         the publisher was asked",
        took[0], took[20], took[39]
    );
    open.close().await;
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_subscribers_of_whom_ten_are_slow_or_dead_have_the_news_at_once() {
    let took = fan_out(10, "told at length").await;
    assert!(took.last().expect("forty") < &Duration::from_secs(5), "{took:?}");
}

/// Run in release: the true figure, with an edition of 100 entries and some 221 KB.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_fifty_subscribers_take() {
    let text = "What is told here goes on for a while. ".repeat(40);
    for _ in 0..5 {
        fan_out(110, &text).await;
    }
}
