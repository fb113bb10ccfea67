use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::sleep;

use super::*;

const GAP: Duration = Duration::from_secs(1);

fn domain(name: &str) -> HostKey {
    HostKey::of_name(name)
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

async fn request(gate: &HostGate, host: &str, addresses: &[u8], takes: Duration) -> (Instant, Instant) {
    let mut pass = gate.enter(domain(host), None).await;
    gate.proceed(&mut pass, addresses.iter().copied().map(address).collect()).await;
    let start = Instant::now();
    sleep(takes).await;
    (start, Instant::now())
}

#[test]
fn sched_12_the_host_is_the_registrable_domain_or_the_address() {
    for (url, expected) in [
        ("https://www.example.com/feed", "example.com"),
        ("https://example.com./feed", "example.com"),
        ("https://feeds.bbci.co.uk/news", "bbci.co.uk"),
        ("https://one.blogspot.com/", "one.blogspot.com"),
        ("http://localhost:8080/", "localhost"),
    ] {
        let key = HostKey::of(&Url::parse(url).unwrap()).unwrap();
        assert_eq!(key, HostKey::Domain(expected.into()), "{url}");
    }
    let mapped = HostKey::of(&Url::parse("http://[::ffff:192.0.2.1]/").unwrap()).unwrap();
    assert_eq!(mapped, HostKey::Address(address(1)));
}

#[tokio::test(start_paused = true)]
async fn sched_12_one_at_a_time_in_order_of_arrival_with_a_pause_between() {
    let gate = Arc::new(HostGate::new(GAP, 100));
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let gate = gate.clone();
        tasks.push(tokio::spawn(async move { request(&gate, "example.com", &[1], Duration::from_secs(2)).await }));
        tokio::task::yield_now().await;
    }
    for (number, task) in tasks.into_iter().enumerate() {
        let (start, _) = task.await.unwrap();
        assert_eq!(start - begin, Duration::from_secs(3 * number as u64), "request {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn sched_12_two_names_at_one_address_take_turns_and_others_do_not() {
    let gate = HostGate::new(GAP, 100);
    let begin = Instant::now();
    let two = Duration::from_secs(2);
    let (a, b, c) = tokio::join!(
        request(&gate, "a.example", &[1, 2], two),
        request(&gate, "b.example", &[2, 3], two),
        request(&gate, "c.example", &[4], two),
    );
    assert_eq!(a.0 - begin, Duration::ZERO);
    assert_eq!(b.0 - begin, Duration::from_secs(3));
    assert_eq!(c.0 - begin, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_within_the_host_keeps_its_turn_and_pauses_and_one_elsewhere_gives_it_back() {
    let gate = HostGate::new(GAP, 1);
    let begin = Instant::now();
    let mut pass = gate.enter(domain("a.example"), None).await;
    gate.proceed(&mut pass, vec![address(1)]).await;
    let mut pass = gate.enter(domain("www.a.example"), Some(pass)).await;
    gate.proceed(&mut pass, vec![address(1)]).await;
    assert_eq!(begin.elapsed(), GAP);
    let mut pass = gate.enter(domain("b.example"), Some(pass)).await;
    gate.proceed(&mut pass, vec![address(2)]).await;
    assert_eq!(begin.elapsed(), GAP, "another host owes no pause");
    // The one permit is taken by b.example, but the lane of a.example is free after its pause.
    let again = gate.enter(domain("a.example"), None).await;
    assert_eq!(begin.elapsed(), GAP * 2);
    drop((pass, again));
}

#[tokio::test(start_paused = true)]
async fn a_turn_given_up_while_waiting_or_unused_leaves_no_trace() {
    let gate = HostGate::new(GAP, 1);
    let begin = Instant::now();
    drop(gate.enter(domain("a.example"), None).await);
    let held = gate.enter(domain("a.example"), None).await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    let waiting = tokio::time::timeout(Duration::from_secs(5), gate.enter(domain("a.example"), None)).await;
    assert!(waiting.is_err());
    drop(held);
    drop(gate.enter(domain("a.example"), None).await);
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn the_permit_bounds_requests_over_all_hosts() {
    let gate = Arc::new(HostGate::new(GAP, 3));
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for number in 0..20u8 {
        let (gate, now, most) = (gate.clone(), now.clone(), most.clone());
        tasks.push(tokio::spawn(async move {
            let mut pass = gate.enter(domain(&format!("{number}.example")), None).await;
            gate.proceed(&mut pass, vec![address(number)]).await;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(100)).await;
            now.fetch_sub(1, Ordering::SeqCst);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_document_in_hand_keeps_its_permit_but_not_its_host() {
    let gate = HostGate::new(GAP, 1);
    let mut first = gate.enter(domain("a.example"), None).await;
    gate.proceed(&mut first, vec![address(1)]).await;
    let place = first.into_place();
    let mut second = gate.enter(domain("a.example"), None).await;
    let waiting = tokio::time::timeout(GAP * 10, gate.proceed(&mut second, Vec::new())).await;
    assert!(waiting.is_err(), "the document is still in hand");
    drop(place);
    gate.proceed(&mut second, Vec::new()).await;
}

/// Hosts that share addresses in every combination, and redirect among each other, all come to an end.
#[tokio::test(start_paused = true)]
async fn no_deadlock_when_hosts_share_addresses_and_redirect_to_each_other() {
    let gate = Arc::new(HostGate::new(Duration::from_millis(10), 2));
    let random = |seed: u64| seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    let mut tasks = Vec::new();
    for number in 0..300u64 {
        let gate = gate.clone();
        tasks.push(tokio::spawn(async move {
            let mut pass = None;
            for hop in 0..3 {
                let seed = random(number * 3 + hop);
                let mut entered = gate.enter(domain(&format!("{}.example", seed % 5)), pass.take()).await;
                let addresses = (0..4).map(|at| address((seed >> (at * 3) & 7) as u8)).collect();
                gate.proceed(&mut entered, addresses).await;
                sleep(Duration::from_millis(seed % 20)).await;
                pass = Some(entered);
            }
        }));
    }
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(3600), all).await.expect("all requests come to an end");
}

#[tokio::test(start_paused = true)]
async fn idle_hosts_are_forgotten() {
    let gate = HostGate::new(GAP, 1);
    for number in 0..10_000 {
        request(&gate, &format!("{number}.example"), &[], Duration::from_millis(1)).await;
    }
    let known = lock(&gate.lanes).by_key.len();
    assert!(known <= 2_100, "{known} lanes for some 1,000 hosts within their pause");
}

#[test]
fn sched_3_a_hold_lasts_until_its_time_and_the_later_wins() {
    let gate = HostGate::new(GAP, 1);
    let at = |minute: u32| format!("2026-03-01T12:{minute:02}:00Z").parse::<DateTime<Utc>>().unwrap();
    let key = domain("example.com");
    gate.hold(key.clone(), at(10), at(0));
    gate.hold(domain("www.example.com"), at(5), at(0));
    assert_eq!(gate.held_until(&key, at(9)), Some(at(10)));
    assert_eq!(gate.held_until(&key, at(10)), None);
    assert_eq!(gate.held_until(&domain("example.org"), at(9)), None);
    gate.hold(domain("example.org"), at(30), at(20));
    assert_eq!(lock(&gate.holds).len(), 1, "a hold that is over is forgotten");
}
