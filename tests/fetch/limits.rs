use std::time::Instant;

use super::*;

const LIMIT: u64 = 256 * 1024;

fn limited() -> FetchSettings {
    FetchSettings { max_body: LIMIT, ..settings() }
}

#[tokio::test]
async fn lim_1_a_body_is_counted_decoded_whatever_its_length_claims() {
    let (at, over, bomb) = (LIMIT as usize, LIMIT as usize + 1, 40 * LIMIT as usize);
    let spaces = |length: usize| {
        let mut body = FEED.as_bytes().to_vec();
        body.resize(length, b' ');
        Resource::feed(body)
    };
    for (case, resource, fits) in [
        ("at the limit", spaces(at), true),
        ("gzip at the limit", spaces(at).gzip(), true),
        ("br at the limit", spaces(at).brotli(), true),
        ("zstd at the limit", spaces(at).zstd(), true),
        ("one over", spaces(over), false),
        ("one over, chunked", spaces(over).chunked(), false),
        ("one over, no length", spaces(over).until_close(), false),
        ("length says little", spaces(bomb).until_close().header("Content-Length-Hint", "5"), false),
        ("length says too much and nothing comes", spaces(over).false_length(1 << 40), false),
        ("gzip one over", spaces(over).gzip(), false),
        ("gzip bomb", spaces(bomb).gzip(), false),
        ("br bomb", spaces(bomb).brotli(), false),
        ("zstd bomb", spaces(bomb).zstd(), false),
        ("gzip bomb, no length", spaces(bomb).gzip().until_close(), false),
    ] {
        let publisher = Publisher::start();
        publisher.serve("/feed", resource);
        let fetched = get(&fetcher_with(limited()), publisher.url("/feed")).await;
        match fetched {
            Ok(Fetched::Document(document, _)) if fits => assert_eq!(document.body.len(), at, "{case}"),
            Err(error) if !fits => assert_eq!(error.kind, FetchErrorKind::TooLarge, "{case}: {error}"),
            other => panic!("{case}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn lim_2_header_fields_are_limited() {
    let large = |octets: usize| Resource::feed(FEED).header("X-Large", vec![b'x'; octets]);
    document(get_resource(large(60_000)).await);
    for octets in [66_000, 4_000_000] {
        assert_eq!(failure(get_resource(large(octets)).await).kind, FetchErrorKind::Protocol, "{octets}");
    }
    let many = (0..200).fold(Resource::feed(FEED), |resource, at| resource.header(&format!("X-{at}"), "x"));
    document(get_resource(many).await);
}

/// In real time, because it is the sockets that have to be slow; each case ends within its timeout.
#[tokio::test]
async fn lim_2_slow_publishers_end_in_time() {
    const READ: Duration = Duration::from_millis(60);
    const TOTAL: Duration = Duration::from_millis(120);
    let slow = Duration::from_millis(20);
    let cases = [
        ("silent", Resource::feed(FEED).delay(Duration::from_millis(300)), READ),
        ("silent in mid-body", Resource::feed(FEED).drip(10, Duration::from_millis(300)), READ),
        ("dripping header", Resource::raw("HTTP/1.1 200 OK\r\nX-A: aaaaaaaaaaaaaaaaaaaaa\r\n\r\n").drip(1, slow), READ),
        ("dripping body", Resource::feed(FEED).drip(1, slow), TOTAL),
        ("dripping gzip", Resource::feed(FEED).gzip().drip(1, slow), TOTAL),
        ("slow at every hop", Resource::redirect(302, "/hop").delay(READ / 2), TOTAL),
    ];
    let all = cases.map(|(case, resource, limit)| async move {
        let publisher = Publisher::start();
        publisher.serve("/feed", resource);
        publisher.serve("/hop", Resource::feed(FEED).drip(1, slow));
        let settings = FetchSettings { read_timeout: READ, timeout: TOTAL, ..settings() };
        let start = Instant::now();
        let error = failure(get(&fetcher_with(settings), publisher.url("/feed")).await);
        assert_eq!(error.kind, FetchErrorKind::Timeout, "{case}: {error}");
        assert!(start.elapsed() >= limit, "{case} ended after {:?}", start.elapsed());
    });
    let tasks: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn lim_2_a_request_may_have_a_timeout_of_its_own() {
    let publisher = Publisher::start();
    publisher.serve("/feed", Resource::feed(FEED).delay(Duration::from_millis(200)));
    let request =
        FetchRequest { timeout: Some(Duration::from_millis(50)), ..FetchRequest::new(publisher.url("/feed")) };
    let error = failure(fetcher().fetch(&request).await);
    assert_eq!(error.kind, FetchErrorKind::Timeout);
    assert!(error.to_string().contains("0.05 s"), "{error}");

    // More time than others get is also more patience with silence.
    publisher.serve("/feed", Resource::feed(FEED).delay(Duration::from_millis(60)));
    let millis = |millis| Duration::from_millis(millis);
    let impatient = fetcher_with(FetchSettings { read_timeout: millis(20), timeout: millis(40), ..settings() });
    let request = FetchRequest::new(publisher.url("/feed"));
    assert_eq!(failure(impatient.fetch(&request).await).kind, FetchErrorKind::Timeout);
    document(impatient.fetch(&FetchRequest { timeout: Some(millis(5_000)), ..request }).await);
}
