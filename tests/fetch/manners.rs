use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicI64, Ordering},
};

use chrono::TimeDelta;

use super::*;
use crate::support::{StoppedTime, eventually};

const GAP: Duration = Duration::from_secs(1);

fn polite() -> FetchSettings {
    FetchSettings { host_gap: GAP, ..settings() }
}

#[tokio::test]
async fn sched_12_requests_to_one_host_come_one_by_one_with_a_pause() {
    let time = StoppedTime::stop();
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED));
    let fetcher = fetcher_with(polite());
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let (fetcher, url) = (fetcher.clone(), publisher.url("/feed"));
        tasks.push(tokio::spawn(async move { document(get(&fetcher, url).await) }));
    }
    for number in 1..=3 {
        eventually("the next request is answered", || {
            publisher.requests().len() == number && tasks.iter().filter(|task| task.is_finished()).count() == number
        })
        .await;
        time.advance(GAP - Duration::from_millis(2)).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(publisher.requests().len(), number, "none before the pause is over");
        time.advance(Duration::from_millis(4)).await;
    }
    assert_eq!(publisher.most_at_once(), 1);
}

#[tokio::test]
async fn sched_12_a_redirect_to_the_same_host_pauses_too_and_keeps_its_turn() {
    let time = StoppedTime::stop();
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::redirect(302, "/there"));
    publisher.serve("/there", Resource::feed(FEED));
    publisher.serve("/other", Resource::feed(FEED));
    let fetcher = fetcher_with(polite());
    let spawn = |path: &str| {
        let (fetcher, url) = (fetcher.clone(), publisher.url(path));
        tokio::spawn(async move { document(get(&fetcher, url).await) })
    };
    let first = spawn("/feed");
    eventually("the redirect", || publisher.requests().len() == 1).await;
    let second = spawn("/other");
    while !(first.is_finished() && second.is_finished()) {
        time.advance(Duration::from_millis(100)).await;
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_micros(200));
    }
    let paths: Vec<String> = publisher.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/feed", "/there", "/other"]);
}

#[tokio::test]
async fn sched_12_different_hosts_do_not_wait_for_each_other_but_share_the_permits() {
    let publishers: Vec<Publisher> = (0..6).map(|_| Publisher::start()).collect();
    let fetcher = fetcher_with(FetchSettings { concurrency: 2, ..polite() });
    let tasks: Vec<_> = publishers
        .iter()
        .map(|publisher| {
            publisher.serve("/feed", Resource::feed(FEED).delay(Duration::from_millis(10)));
            let (fetcher, url) = (fetcher.clone(), publisher.url("/feed"));
            tokio::spawn(async move { document(get(&fetcher, url).await) })
        })
        .collect();
    let start = std::time::Instant::now();
    for task in tasks {
        task.await.unwrap();
    }
    let took = start.elapsed();
    // Six answers of 10 ms, two at a time; one host after the other would pause for seconds.
    assert!(took >= Duration::from_millis(30) && took < Duration::from_millis(900), "{took:?}");
}

#[tokio::test]
async fn sched_3_a_hold_restored_after_a_restart_keeps_requests_away_until_it_ends() {
    static MINUTES: AtomicI64 = AtomicI64::new(0);
    let clock = Clock::new(|| now() + TimeDelta::minutes(MINUTES.load(Ordering::SeqCst)));
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED));
    let fetcher = Fetcher::new(settings(), clock).unwrap();
    fetcher.hold_host(&publisher.url("/another"), now() + TimeDelta::minutes(30));
    fetcher.hold_host(&publisher.url("/third"), now() + TimeDelta::minutes(5));
    MINUTES.store(29, Ordering::SeqCst);
    let held = failure(get(&fetcher, publisher.url("/feed")).await);
    assert_eq!((held.kind, held.retry_is_for_host), (FetchErrorKind::HostOnHold, true));
    assert_eq!(publisher.requests().len(), 0);
    MINUTES.store(30, Ordering::SeqCst);
    document(get(&fetcher, publisher.url("/feed")).await);
}

#[tokio::test]
async fn sched_3_those_already_waiting_are_held_too() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::status(429).delay(Duration::from_millis(20)));
    let fetcher = fetcher();
    let url = || publisher.url("/feed");
    let (first, second, third) = tokio::join!(get(&fetcher, url()), get(&fetcher, url()), get(&fetcher, url()));
    assert_eq!(failure(first).kind, FetchErrorKind::Status);
    assert_eq!(failure(second).kind, FetchErrorKind::HostOnHold);
    assert_eq!(failure(third).kind, FetchErrorKind::HostOnHold);
    assert_eq!(publisher.requests().len(), 1);
}

#[tokio::test]
async fn sched_3_a_429_behind_a_redirect_holds_the_host_that_said_it() {
    let publisher = Publisher::start();
    let other = publisher.start_beside();
    publisher.serve("/feed", Resource::redirect(302, other.url("/there").as_str()));
    publisher.serve("/fine", Resource::feed(FEED));
    other.serve("/there", Resource::status(429));
    let fetcher = fetcher();
    let error = failure(get(&fetcher, publisher.url("/feed")).await);
    assert_eq!((error.status, error.retry_is_for_host), (Some(429), false));
    assert_eq!(error.url, other.url("/there").as_str());
    assert!(fetcher.host_held_until(&other.url("/")).is_some());
    document(get(&fetcher, publisher.url("/fine")).await);
}

#[tokio::test]
async fn sched_5_a_refused_connection_is_tried_once_more_after_the_pause() {
    let time = StoppedTime::stop();
    // Bound for a moment, so that nobody listens there afterwards.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let fetcher = fetcher_with(polite());
    let url = Url::parse(&format!("http://127.0.0.1:{port}/feed")).unwrap();
    let task = tokio::spawn(async move { get(&fetcher, url).await });
    for _ in 0..200 {
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_micros(100));
    }
    assert!(!task.is_finished(), "the second attempt waits for the pause");
    let publisher = Publisher::start_at(Ipv4Addr::LOCALHOST, port);
    publisher.serve("/feed", Resource::feed(FEED));
    time.advance(GAP + Duration::from_millis(2)).await;
    document(task.await.unwrap());
    assert_eq!(publisher.requests().len(), 1);
}

#[tokio::test]
async fn sched_5_and_twice_refused_is_a_failure() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let error = failure(get(&fetcher(), Url::parse(&format!("http://127.0.0.1:{port}/feed")).unwrap()).await);
    assert_eq!(error.kind, FetchErrorKind::Connect, "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn req_4_a_connection_is_used_again() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED));
    let fetcher = fetcher();
    for _ in 0..3 {
        document(get(&fetcher, publisher.url("/feed")).await);
    }
    assert_eq!(publisher.connections(), 1);
}
