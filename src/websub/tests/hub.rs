use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use url::{Url, form_urlencoded};

use super::subscriber::{Answer, Call, Subscriber};
use crate::{
    clock::Clock,
    fetch::{Caller, FetchSettings},
    publish::Editions,
    status::Status,
    store::{SubscriptionChange, SubscriptionKey, SubscriptionRecord, SubscriptionSecret},
    websub::{Hub, HubDoor, HubSettings, HubSetup, Keep, signature::signature},
};

const TOPIC: &str = "https://news.example/topics/ai.atom";

/// What is on the disk, as far as a hub can tell.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<BTreeMap<SubscriptionKey, SubscriptionRecord>>>);

impl Disk {
    fn records(&self) -> Vec<SubscriptionRecord> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl Keep for Disk {
    async fn keep(&self, changes: Vec<SubscriptionChange>) -> Result<(), String> {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                SubscriptionChange::Kept(record) => drop(records.insert(record.key, *record)),
                SubscriptionChange::Ended(key) => drop(records.remove(&key)),
            }
        }
        Ok(())
    }
}

/// A newsroom with a hub.
struct Room {
    editions: Editions,
    disk: Disk,
    door: HubDoor,
    /// Seconds past the time of the system: moved by tests.
    clock: Arc<Mutex<i64>>,
    hub: Option<Hub>,
    settings: HubSettings,
    status: Status,
}

impl Room {
    fn open() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut HubSettings)) -> Self {
        let mut settings = HubSettings::new(Url::parse("https://news.example/").expect("a URL"));
        settings.verify_after = Duration::ZERO;
        settings.first_retry = Duration::from_millis(50);
        change(&mut settings);
        let editions = Editions::of_topics(settings.public_url.clone(), &["ai"]);
        let mut room = Self {
            editions,
            disk: Disk::default(),
            door: HubDoor::default(),
            clock: Arc::default(),
            hub: None,
            settings,
            status: Status::default(),
        };
        room.publish("one");
        room.start();
        room
    }

    fn start(&mut self) {
        let allow_networks = vec!["127.79.0.0/16".parse().expect("a network")];
        let fetch = FetchSettings { allow_networks, ..FetchSettings::default() };
        let ahead = self.clock.clone();
        #[expect(clippy::disallowed_methods, reason = "the time that tests move")]
        let now =
            move || Utc::now() + chrono::TimeDelta::seconds(*ahead.lock().unwrap_or_else(PoisonError::into_inner));
        self.hub = Some(Hub::start(HubSetup {
            settings: self.settings.clone(),
            caller: Caller::new(&fetch).unwrap_or_else(|error| panic!("{error}")),
            editions: self.editions.clone(),
            subscriptions: self.disk.records(),
            keeper: self.disk.clone(),
            clock: Clock::new(now),
            door: self.door.clone(),
            status: self.status.clone(),
        }));
    }

    async fn stop(&mut self) {
        self.hub.take().expect("a hub").stop().await;
    }

    fn publish(&self, text: &str) {
        self.editions.put_feed("/topics/ai.atom", text.as_bytes());
    }

    /// Posts a form; the status and text of the answer.
    async fn post(&self, pairs: &[(&str, &str)]) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let reply = self.door.ask(Some("application/x-www-form-urlencoded"), form.as_bytes()).await;
        (reply.status.as_u16(), reply.text)
    }

    async fn wish(&self, mode: &str, callback: &str, more: &[(&str, &str)]) -> u16 {
        let mut pairs = vec![("hub.mode", mode), ("hub.topic", TOPIC), ("hub.callback", callback)];
        pairs.extend(more);
        self.post(&pairs).await.0
    }

    /// Subscribes and waits until that is kept.
    async fn subscribe(&self, subscriber: &Subscriber, more: &[(&str, &str)]) -> Call {
        let (callback, asked) = (subscriber.callback("/in"), subscriber.calls("GET").len());
        assert_eq!(self.wish("subscribe", &callback, more).await, 202);
        let calls = subscriber.until("GET", asked + 1).await;
        self.kept("the subscription", |records| records.iter().any(|record| record.callback == callback)).await;
        calls.last().expect("a call").clone()
    }

    async fn kept(&self, what: &str, wanted: impl Fn(&[SubscriptionRecord]) -> bool) -> Vec<SubscriptionRecord> {
        for _ in 0..2_000 {
            let records = self.disk.records();
            if wanted(&records) {
                return records;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("waited in vain for {what}: {:?}", self.disk.records());
    }

    /// Long enough for anything that is to happen at once.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn lease_left(record: &SubscriptionRecord) -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the hub of these tests has the system's time")]
    let now: DateTime<Utc> = Utc::now();
    (record.until - now).num_seconds()
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_10_hub_100_a_typical_subscription_is_verified_and_sent_what_is_new() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    let asked = room.subscribe(&subscriber, &[]).await;
    assert_eq!(asked.query("hub.mode").as_deref(), Some("subscribe"));
    assert_eq!(asked.query("hub.topic").as_deref(), Some(TOPIC));
    assert_eq!(asked.query("hub.lease_seconds").as_deref(), Some("864000"));
    assert!(asked.query("hub.challenge").expect("a challenge").len() >= 32);
    assert!(asked.header("user-agent").expect("an agent").starts_with("newsdesk/"));
    room.settle().await;
    assert!(subscriber.calls("POST").is_empty(), "what was up is not sent");
    room.publish("two");
    let sent = subscriber.until("POST", 1).await.remove(0);
    assert_eq!(sent.body, b"two");
    assert_eq!(sent.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    let link = "<https://news.example/hub>; rel=\"hub\", <https://news.example/topics/ai.atom>; rel=\"self\"";
    assert_eq!(sent.header("link"), Some(link));
    assert_eq!((sent.header("x-hub-signature"), sent.header("content-encoding")), (None, None));
    assert_eq!((sent.header("cookie"), sent.header("referer")), (None, None));
    room.publish("two");
    room.editions.put_feed("/all.atom", b"something else");
    room.settle().await;
    assert_eq!(subscriber.calls("POST").len(), 1, "nothing is sent twice, nor what nobody asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_10_hub_101_a_lease_that_is_asked_for_is_kept_within_bounds() {
    for (asked, granted) in [("86400", 86_400), ("60", 3_600), ("99999999", 2_592_000)] {
        let (room, subscriber) = (Room::open(), Subscriber::start());
        let call = room.subscribe(&subscriber, &[("hub.lease_seconds", asked)]).await;
        assert_eq!(call.query("hub.lease_seconds"), Some(granted.to_string()));
        let left = lease_left(&room.disk.records()[0]);
        assert!((granted - 30..=granted).contains(&left), "{asked}: {left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_10_hub_102_a_renewal_extends_the_lease_and_changes_the_secret() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    let first = room.subscribe(&subscriber, &[("hub.lease_seconds", "3600"), ("hub.secret", "old")]).await;
    let second = room.subscribe(&subscriber, &[("hub.lease_seconds", "7200"), ("hub.secret", "new")]).await;
    assert_ne!(first.query("hub.challenge"), second.query("hub.challenge"), "a challenge is used once");
    let records = room.kept("the longer lease", |records| lease_left(&records[0]) > 3_600).await;
    assert_eq!(records.len(), 1);
    room.publish("two");
    let sent = subscriber.until("POST", 1).await.remove(0);
    let expected = signature(&SubscriptionSecret::new("new"), b"two");
    assert_eq!(sent.header("x-hub-signature"), Some(expected.as_str()));
    room.settle().await;
    assert_eq!(subscriber.calls("POST").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_10_hub_103_who_unsubscribes_is_asked_and_then_sent_nothing_more() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    room.subscribe(&subscriber, &[]).await;
    assert_eq!(room.wish("unsubscribe", &subscriber.callback("/in"), &[]).await, 202);
    let asked = subscriber.until("GET", 2).await.remove(1);
    assert_eq!(asked.query("hub.mode").as_deref(), Some("unsubscribe"));
    assert_eq!(asked.query("hub.topic").as_deref(), Some(TOPIC));
    room.kept("its end", <[_]>::is_empty).await;
    room.publish("two");
    room.settle().await;
    assert!(subscriber.calls("POST").is_empty());
    assert_eq!(room.wish("unsubscribe", &subscriber.callback("/in"), &[]).await, 404);
    room.settle().await;
    assert_eq!(subscriber.calls("GET").len(), 2, "nobody is asked about what there is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_10_hub_104_what_is_sent_is_signed_with_the_secret() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    room.subscribe(&subscriber, &[("hub.secret", "sésame ouvre-toi")]).await;
    room.publish("<feed>é</feed>");
    let sent = subscriber.until("POST", 1).await.remove(0);
    assert_eq!(sent.body, "<feed>é</feed>".as_bytes());
    // printf '<feed>é</feed>' | openssl dgst -sha256 -hmac 'sésame ouvre-toi'
    assert_eq!(
        sent.header("x-hub-signature"),
        Some("sha256=b1d5e146790fe51a873f420a3e4234ea23100bd8a1e7eeabb9e3eec3c8a45ee9")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_9_what_is_not_confirmed_changes_nothing() {
    let elsewhere = Subscriber::start();
    let answers = [
        ("another text", Answer::Fixed(200, "challenge".into())),
        ("nothing", Answer::Fixed(200, String::new())),
        ("more than the challenge", Answer::ChallengeAnd("\n")),
        ("much more than the challenge", Answer::ChallengeAnd("and so on and so on and so on and so on and so on")),
        ("no such subscription", Answer::Fixed(404, String::new())),
        ("an error", Answer::Fixed(500, String::new())),
        ("a redirect", Answer::Redirect(elsewhere.callback("/in"))),
    ];
    for (what, answer) in answers {
        let (room, subscriber) = (Room::open(), Subscriber::start());
        subscriber.answers(answer.clone());
        assert_eq!(room.wish("subscribe", &subscriber.callback("/in"), &[]).await, 202);
        subscriber.until("GET", 1).await;
        room.settle().await;
        assert_eq!(room.disk.records(), [], "{what}");

        subscriber.answers(Answer::Right);
        room.subscribe(&subscriber, &[("hub.secret", "old")]).await;
        let before = room.disk.records();
        subscriber.answers(answer);
        assert_eq!(room.wish("subscribe", &subscriber.callback("/in"), &[("hub.secret", "evil")]).await, 202);
        subscriber.until("GET", 3).await;
        assert_eq!(room.wish("unsubscribe", &subscriber.callback("/in"), &[]).await, 202);
        subscriber.until("GET", 4).await;
        room.settle().await;
        assert_eq!(room.disk.records(), before, "{what}");
        room.publish("two");
        let sent = subscriber.until("POST", 1).await.remove(0);
        let expected = signature(&SubscriptionSecret::new("old"), b"two");
        assert_eq!(sent.header("x-hub-signature"), Some(expected.as_str()), "{what}");
    }
    assert!(elsewhere.calls("GET").is_empty(), "no redirect is followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_keeps_its_own_query() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    assert_eq!(room.wish("subscribe", &subscriber.callback("/in?id=7&x=a+b"), &[]).await, 202);
    let asked = subscriber.until("GET", 1).await.remove(0);
    assert_eq!((asked.query("id").as_deref(), asked.query("x").as_deref()), (Some("7"), Some("a b")));
    room.kept("the subscription", |records| records.len() == 1).await;
    room.publish("two");
    let sent = subscriber.until("POST", 1).await.remove(0);
    assert_eq!(sent.url.query(), Some("id=7&x=a+b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_subscribed_to_is_refused_at_once() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    let callback = subscriber.callback("/in");
    let topics = [
        "https://elsewhere.example/feed.atom",
        "http://news.example/topics/ai.atom",
        "https://news.example/topics/rain.atom",
        "https://news.example/topics/ai.atom?limit=5",
        "https://news.example/",
        "https://news.example/style.css",
        "/topics/ai.atom",
    ];
    for topic in topics {
        let pairs = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", callback.as_str())];
        let (status, text) = room.post(&pairs).await;
        assert!(status == 404 && text.contains("hub.topic"), "{topic}: {status} {text}");
    }
    for callback in
        ["http://127.0.0.1/", "http://10.0.0.1/", "http://[::1]:8080/", "http://0x7f000001/", "http://8.8.8.8:25/"]
    {
        assert_eq!(room.wish("subscribe", callback, &[]).await, 400, "{callback}");
    }
    let (status, text) = room.post(&[("hub.mode", "publish"), ("hub.url", TOPIC)]).await;
    assert!(status == 400 && text.contains("takes no pings"), "{status} {text}");
    room.settle().await;
    assert!(subscriber.calls("GET").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ssrf_5_a_name_that_leads_inside_is_never_connected() {
    let room = Room::open();
    assert_eq!(room.wish("subscribe", "http://localhost:1/in", &[]).await, 202);
    room.settle().await;
    assert_eq!(room.disk.records(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_whose_callback_is_gone_is_forgotten_at_once() {
    let (room, subscriber) = (Room::open(), Subscriber::start());
    room.subscribe(&subscriber, &[]).await;
    subscriber.answers(Answer::Post(410, ""));
    room.publish("two");
    room.kept("its end", <[_]>::is_empty).await;
    room.publish("three");
    room.settle().await;
    assert_eq!(subscriber.calls("POST").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_is_tried_again_with_the_newest_edition() {
    for failure in [Answer::Post(500, ""), Answer::Post(302, "Location: /other\r\n"), Answer::Post(404, "")] {
        let (room, subscriber) = (Room::with(|settings| settings.keep_within = Duration::ZERO), Subscriber::start());
        room.subscribe(&subscriber, &[]).await;
        subscriber.answers(failure.clone());
        room.publish("two");
        subscriber.until("POST", 2).await;
        room.publish("three");
        room.kept("the failures", |records| records[0].failures >= 2).await;
        subscriber.answers(Answer::Right);
        let records = room.kept("the delivery", |records| records[0].failures == 0).await;
        assert_eq!((records[0].failing_since, records[0].retry_at), (None, None));
        let sent = subscriber.calls("POST");
        assert_eq!(sent.last().expect("a delivery").body, b"three", "{failure:?}");
        room.settle().await;
        assert_eq!(subscriber.calls("POST").len(), sent.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_wants_quiet_has_it() {
    let (room, subscriber) = (Room::with(|settings| settings.keep_within = Duration::ZERO), Subscriber::start());
    room.subscribe(&subscriber, &[]).await;
    subscriber.answers(Answer::Post(503, "Retry-After: 3600\r\n"));
    room.publish("two");
    let records = room.kept("the failure", |records| records[0].failures == 1).await;
    let pause = records[0].retry_at.expect("a time") - records[0].failing_since.expect("a time");
    assert_eq!(pause.num_seconds(), 3_600);
    room.settle().await;
    assert_eq!(subscriber.calls("POST").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_survive_a_restart_and_what_was_missed_is_made_up_for() {
    let (mut room, told, behind) = (Room::open(), Subscriber::start(), Subscriber::start());
    room.subscribe(&told, &[]).await;
    room.subscribe(&behind, &[("hub.secret", "s")]).await;
    behind.answers(Answer::SlowPost(Duration::from_secs(5)));
    room.publish("two");
    told.until("POST", 1).await;
    behind.until("POST", 1).await;
    room.settle().await;
    room.stop().await;
    assert_eq!(room.wish("subscribe", &told.callback("/in"), &[]).await, 503, "no hub for the moment");
    behind.answers(Answer::Right);
    room.start();
    behind.until("POST", 2).await;
    room.settle().await;
    assert_eq!(told.calls("POST").len(), 1, "what was delivered is not delivered again");
    room.stop().await;
    room.publish("three");
    room.start();
    for (subscriber, number) in [(&told, 2), (&behind, 3)] {
        assert_eq!(subscriber.until("POST", number).await.last().expect("a delivery").body, b"three");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_over_ends_the_subscription() {
    let (mut room, subscriber) = (Room::open(), Subscriber::start());
    room.subscribe(&subscriber, &[("hub.lease_seconds", "3600")]).await;
    room.stop().await;
    *room.clock.lock().unwrap_or_else(PoisonError::into_inner) = 3_601;
    room.publish("two");
    room.start();
    room.kept("its end", <[_]>::is_empty).await;
    assert!(subscriber.calls("POST").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_subscribed_to_a_topic_that_goes_is_told() {
    let (mut room, subscriber) = (Room::open(), Subscriber::start());
    room.subscribe(&subscriber, &[]).await;
    room.stop().await;
    room.editions = Editions::of_topics(room.settings.public_url.clone(), &[]);
    room.start();
    let told = subscriber.until("GET", 2).await.remove(1);
    assert_eq!(told.query("hub.mode").as_deref(), Some("denied"));
    assert_eq!(told.query("hub.topic").as_deref(), Some(TOPIC));
    assert!(told.query("hub.reason").is_some_and(|reason| !reason.is_empty()));
    assert_eq!(told.query("hub.challenge"), None);
    room.kept("its end", <[_]>::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_only_so_many_subscriptions() {
    let room = Room::with(|settings| (settings.subscriptions, settings.subscriptions_per_host) = (3, 2));
    let subscribers: Vec<Subscriber> = (0..3).map(|_| Subscriber::start()).collect();
    let [one, two, three] = &subscribers[..] else { panic!("three") };
    room.subscribe(one, &[]).await;
    assert_eq!(room.wish("subscribe", &one.callback("/second"), &[]).await, 202);
    room.kept("the second", |records| records.len() == 2).await;
    assert_eq!(room.wish("subscribe", &one.callback("/third"), &[]).await, 429);
    room.subscribe(two, &[]).await;
    assert_eq!(room.wish("subscribe", &three.callback("/in"), &[]).await, 503);
    assert_eq!(room.wish("subscribe", &one.callback("/in"), &[]).await, 202, "who is subscribed may renew");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_hold_nobody_up() {
    let room = Room::open();
    let dead: Vec<Subscriber> = (0..10).map(|_| Subscriber::start()).collect();
    let quick: Vec<Subscriber> = (0..40).map(|_| Subscriber::start()).collect();
    for subscriber in dead.iter().chain(&quick) {
        room.subscribe(subscriber, &[]).await;
    }
    dead.iter().for_each(|subscriber| subscriber.answers(Answer::SlowPost(Duration::from_secs(60))));
    for edition in ["two", "three"] {
        let begun = std::time::Instant::now();
        room.publish(edition);
        let number = if edition == "two" { 1 } else { 2 };
        for subscriber in &quick {
            assert_eq!(subscriber.until("POST", number).await.last().expect("one").body, edition.as_bytes());
        }
        println!("edition {edition}: 40 quick subscribers beside 10 dead ones within {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert!(dead.iter().all(|subscriber| subscriber.calls("POST").len() == 1), "one at a time to each");
}
