use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A name service with these answers, one after the other, the last one for good.
fn names(answers: &[&[&str]], networks: &[&str]) -> (Names, Arc<AtomicUsize>) {
    let answers: Vec<Vec<IpAddr>> =
        answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect()).collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let at = counter.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let answer = answers[at].clone();
        Box::pin(async move { Ok(answer) })
    });
    let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
    (Names::new(lookup, &networks), asked)
}

async fn connectable(names: &Names, reach: Reach) -> Result<Vec<SocketAddr>, String> {
    let resolver = VettedResolver { names: names.clone(), reach };
    let addresses = resolver.resolve("feed.example".parse().unwrap()).await;
    addresses.map(Iterator::collect).map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn ssrf_2_one_private_answer_spoils_all() {
    for (case, answer, reach, fine) in [
        ("public", &["8.8.8.8", "2606:4700::1"][..], Reach::Listed, true),
        ("private", &["10.0.0.1"], Reach::Listed, false),
        ("private among public, last", &["8.8.8.8", "1.1.1.1", "127.0.0.1"], Reach::Listed, false),
        ("private among public, IPv6", &["8.8.8.8", "::1"], Reach::Listed, false),
        ("mapped", &["::ffff:169.254.169.254"], Reach::Listed, false),
        ("in a listed network", &["192.168.7.1", "8.8.8.8"], Reach::Listed, true),
        ("listed and unlisted", &["192.168.7.1", "192.168.8.1"], Reach::Listed, false),
        ("in a listed network, behind a public host", &["192.168.7.1"], Reach::Public, false),
        ("anything the admin says", &["127.0.0.1"], Reach::Anywhere, true),
        ("no answer", &[], Reach::Anywhere, false),
    ] {
        let (names, _) = names(&[answer], &["192.168.7.0/24"]);
        let found = connectable(&names, reach).await;
        assert_eq!(found.is_ok(), fine, "{case}: {found:?}");
        if fine {
            assert_eq!(found.unwrap().len(), answer.len(), "{case}");
        }
    }
}

/// Rebinding: whatever the name service says later, the connector sees only what was vetted then.
#[tokio::test(start_paused = true)]
async fn ssrf_2_an_answer_is_kept_for_a_minute_and_the_next_is_vetted_anew() {
    let (names, asked) = names(&[&["8.8.8.8"], &["127.0.0.1"]], &[]);
    assert!(names.addresses("feed.example", Reach::Listed).await.is_ok());
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(connectable(&names, Reach::Listed).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    let error = connectable(&names, Reach::Listed).await.unwrap_err();
    assert_eq!(error, "feed.example has the address 127.0.0.1, which is loopback (127.0.0.0/8)");
}

#[tokio::test(start_paused = true)]
async fn not_every_name_is_remembered_for_ever() {
    let (names, _) = names(&[&["8.8.8.8"]], &[]);
    for number in 0..MOST_KNOWN * 3 {
        names.addresses(&format!("{number}.example"), Reach::Listed).await.unwrap();
    }
    assert!(names.known.lock().unwrap().len() <= MOST_KNOWN);
}
