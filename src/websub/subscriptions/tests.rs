use chrono::TimeDelta;

use super::*;
use crate::store::SubscriptionSecret;

const TOPIC: &str = "https://news.example/all.atom";
const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
const QUICK: Duration = Duration::from_millis(20);

fn settings() -> HubSettings {
    HubSettings::new(Url::parse("https://news.example/").expect("a URL"))
}

fn wish(callback: &str, secret: Option<&str>) -> Wish {
    let secret = secret.map(SubscriptionSecret::new);
    let callback = Url::parse(callback).expect("a URL");
    Wish { callback, topic: TOPIC.into(), action: Action::Subscribe { lease: TimeDelta::days(10), secret } }
}

/// Subscribed while the edition at the topic was 1.
fn subscribed(callbacks: &[&str]) -> (Subscriptions, Vec<SubscriptionKey>) {
    let mut all = Subscriptions::default();
    let mut keys = Vec::new();
    for callback in callbacks {
        let record = all.subscribe(&wish(callback, None), Some(1), NOW).expect("subscribed");
        keys.push(record.key);
    }
    all.topic_is(TOPIC, 1, NOW);
    (all, keys)
}

fn due(all: &Subscriptions, now: DateTime<Utc>) -> Vec<SubscriptionKey> {
    all.due(now).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn who_subscribes_is_sent_the_next_edition_and_not_the_one_that_was_up() {
    let (mut all, keys) = subscribed(&["https://a.example/"]);
    assert_eq!(due(&all, NOW), []);
    all.topic_is(TOPIC, 2, NOW);
    assert_eq!(due(&all, NOW), keys);
    all.topic_is(TOPIC, 1, NOW);
    assert_eq!(due(&all, NOW), [], "what was delivered last is up again");
}

#[test]
fn a_newer_edition_takes_the_place_of_the_one_that_waits_and_none_overtakes_the_one_under_way() {
    let (mut all, keys) = subscribed(&["https://a.example/"]);
    all.topic_is(TOPIC, 2, NOW);
    all.topic_is(TOPIC, 3, NOW);
    assert_eq!(due(&all, NOW), keys, "one thing to be sent");
    all.begin(keys[0]);
    all.topic_is(TOPIC, 4, NOW);
    assert_eq!(due(&all, NOW), [], "while it is under way");
    all.delivered(&keys[0], 3, QUICK, NOW);
    assert_eq!(due(&all, NOW), keys, "then the newest");
    all.begin(keys[0]);
    all.delivered(&keys[0], 4, QUICK, NOW);
    assert_eq!(due(&all, NOW), []);
}

#[test]
fn a_subscription_that_ends_and_begins_again_still_has_one_delivery_under_way() {
    let (mut all, keys) = subscribed(&["https://a.example/"]);
    all.topic_is(TOPIC, 2, NOW);
    all.begin(keys[0]);
    assert!(all.remove(&keys[0]).is_some());
    assert!(all.topics().is_empty());
    all.subscribe(&wish("https://a.example/", None), Some(1), NOW);
    all.topic_is(TOPIC, 2, NOW);
    assert_eq!(due(&all, NOW), []);
    all.not_begun(&keys[0]);
    assert_eq!(due(&all, NOW), keys);
}

#[test]
fn failures_wait_longer_and_longer_and_newer_editions_do_not_hurry_them() {
    let (mut all, keys) = subscribed(&["https://a.example/"]);
    let mut now = NOW;
    all.topic_is(TOPIC, 2, now);
    for (failures, least) in [(1, 10), (2, 60), (3, 300)] {
        all.begin(keys[0]);
        let (record, next) = all.failed(&settings(), &keys[0], None, now).expect("subscribed");
        assert_eq!((record.failures, record.failing_since), (failures, Some(NOW)));
        let Next::At(at) = next else { panic!("given up") };
        assert!(at >= now + TimeDelta::seconds(least));
        all.topic_is(TOPIC, 2 + u64::from(failures), now);
        assert_eq!((due(&all, now), all.next_due(now)), (vec![], Some(at)));
        now = at;
        assert_eq!(all.due(now), [(keys[0], Lane::Troubled)]);
    }
    all.begin(keys[0]);
    let (record, had_failed) = all.delivered(&keys[0], 5, QUICK, now).expect("subscribed");
    assert!(had_failed);
    assert_eq!((record.failures, record.failing_since, record.retry_at), (0, None, None));
    all.topic_is(TOPIC, 9, now);
    assert_eq!(all.due(now), [(keys[0], Lane::Steady)]);
}

#[test]
fn a_subscriber_that_never_recovers_is_given_up_after_three_days() {
    let (mut all, keys) = subscribed(&["https://a.example/"]);
    all.topic_is(TOPIC, 2, NOW);
    let (mut now, mut tries) = (NOW, 0);
    let ended = loop {
        all.begin(keys[0]);
        tries += 1;
        match all.failed(&settings(), &keys[0], None, now).expect("subscribed").1 {
            Next::At(at) => now = at,
            Next::GivenUp => break now,
        }
    };
    assert!((TimeDelta::days(3)..TimeDelta::days(4)).contains(&(ended - NOW)), "{ended}");
    assert!((10..25).contains(&tries), "{tries} tries");
}

#[test]
fn the_steady_come_before_the_slow_and_those_who_wait_longest_first() {
    let (mut all, keys) = subscribed(&["https://a.example/", "https://b.example/", "https://c.example/"]);
    let [slow, late, early] = keys[..] else { panic!("three") };
    all.topic_is(TOPIC, 2, NOW);
    for key in [slow, late] {
        all.begin(key);
    }
    let later = NOW + TimeDelta::seconds(5);
    all.delivered(&slow, 2, Duration::from_secs(5), later);
    all.delivered(&late, 2, QUICK, later);
    all.topic_is(TOPIC, 3, later);
    let lanes = [(early, Lane::Steady), (late, Lane::Steady), (slow, Lane::Troubled)];
    assert_eq!(all.due(later), lanes);
}

#[test]
fn a_renewal_extends_the_lease_may_change_the_secret_and_forgives() {
    let (mut all, keys) = subscribed(&["https://a.example/"]);
    all.topic_is(TOPIC, 2, NOW);
    all.begin(keys[0]);
    all.failed(&settings(), &keys[0], None, NOW);
    let later = NOW + TimeDelta::seconds(5);
    let record = all.subscribe(&wish("https://a.example/", Some("s")), Some(2), later).expect("renewed");
    assert_eq!((record.since, record.until), (NOW, later + TimeDelta::days(10)));
    assert_eq!(record.secret.as_ref().map(SubscriptionSecret::expose), Some("s"));
    assert_eq!(record.delivered, Some(1), "what it missed is still to be sent");
    assert_eq!(due(&all, later), keys);
    assert_eq!(all.len(), 1);
}

#[test]
fn leases_end() {
    let (all, keys) = subscribed(&["https://a.example/", "https://b.a.example/"]);
    assert_eq!(all.count_of_host("a.example"), 2);
    assert_eq!(all.expired(NOW + TimeDelta::days(10) - TimeDelta::seconds(1)), []);
    let mut ended = all.expired(NOW + TimeDelta::days(10));
    let mut keys = keys;
    ended.sort();
    keys.sort();
    assert_eq!(ended, keys);
}

#[test]
fn after_a_restart_those_are_due_whose_last_edition_was_another_one() {
    let (mut all, keys) = subscribed(&["https://a.example/", "https://b.example/", "https://c.example/"]);
    all.topic_is(TOPIC, 2, NOW);
    keys.iter().take(2).for_each(|key| all.begin(*key));
    all.delivered(&keys[0], 2, QUICK, NOW);
    let failed = all.failed(&settings(), &keys[1], None, NOW);
    let Some((_, Next::At(retry_at))) = failed else { panic!("given up") };
    let records = keys.iter().filter_map(|key| all.get(key)).map(|subscriber| subscriber.record.clone());
    let mut again = Subscriptions::new(records.collect());
    assert_eq!(due(&again, NOW), [], "nothing is known of the topic yet");
    again.topic_is(TOPIC, 2, NOW);
    assert_eq!(due(&again, NOW), [keys[2]]);
    let mut all_due = due(&again, retry_at);
    let mut expected = vec![keys[1], keys[2]];
    all_due.sort();
    expected.sort();
    assert_eq!(all_due, expected);
}
