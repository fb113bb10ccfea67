use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
};

use url::Url;

use super::{super::resolver::Lookup, *};
use crate::{
    clock::Clock,
    fetch::{FetchSettings, Fetcher},
};

/// Answers every connection with these octets, after reading what came.
fn answering(octets: &'static str) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(octets.as_bytes());
        }
    });
    address
}

fn fetcher(answer: Result<Vec<&'static str>, io::ErrorKind>) -> Fetcher {
    let lookup: Lookup = Arc::new(move |_| {
        let answer = answer.clone().map(|all| all.into_iter().map(|address| address.parse().unwrap()).collect());
        Box::pin(async move { answer.map_err(io::Error::from) })
    });
    let settings = FetchSettings {
        host_gap: Duration::ZERO,
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..FetchSettings::default()
    };
    Fetcher::with_lookup(settings, Clock::system(), lookup).unwrap()
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<Fetched, FetchError> {
    fetcher.fetch(&FetchRequest::new(Url::parse(url).unwrap())).await
}

#[tokio::test]
async fn names_are_connected_at_the_addresses_the_lookup_gives() {
    let server = answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>");
    let url = format!("http://feed.example:{}/", server.port());
    let Ok(Fetched::Document(document, _)) = get(&fetcher(Ok(vec!["127.0.0.1"])), &url).await else { panic!() };
    assert_eq!((document.url.as_str(), document.body.as_ref()), (url.as_str(), &b"<rss/>"[..]));

    let mixed = get(&fetcher(Ok(vec!["127.0.0.1", "10.0.0.1"])), &url).await.unwrap_err();
    assert_eq!(mixed.kind, FetchErrorKind::AddressRefused);
    assert!(mixed.to_string().contains("feed.example has the address 10.0.0.1, which is private"), "{mixed}");

    for lookup in [Ok(Vec::new()), Err(io::ErrorKind::NotFound)] {
        assert_eq!(get(&fetcher(lookup), &url).await.unwrap_err().kind, FetchErrorKind::Dns);
    }
}

#[tokio::test]
async fn ssrf_4_the_reach_shrinks_along_the_way_and_never_grows() {
    let fetcher = fetcher(Ok(vec!["127.0.0.1"]));
    for (case, allow_private, met_the_public, location, expected) in [
        ("at first", false, false, None, Reach::Listed),
        ("at first, allowed", true, false, None, Reach::Anywhere),
        ("same host, allowed", true, true, Some("https://feed.example/b"), Reach::Anywhere),
        ("from within to another host", true, false, Some("https://other.example/"), Reach::Listed),
        ("from the public to another host", true, true, Some("https://other.example/"), Reach::Public),
        ("from the public to the same host", false, true, Some("/b"), Reach::Public),
    ] {
        let request = FetchRequest { allow_private, ..FetchRequest::new(Url::parse("http://feed.example/a").unwrap()) };
        let mut fetching = Fetching::new(&fetcher.0, &request).unwrap();
        fetching.met_the_public = met_the_public;
        if let Some(location) = location {
            assert_eq!(fetching.route.follow(StatusCode::FOUND, Some(location.as_bytes())), Ok(true));
        }
        assert_eq!(fetching.reach(), expected, "{case}");
    }
}

/// An answer from loopback leaves the way into the listed networks open; only a public one closes it.
#[tokio::test]
async fn ssrf_4_a_listed_host_may_redirect_within_the_listed_networks() {
    let server = answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>");
    let response = reqwest_get(server).await;
    let fetcher = fetcher(Ok(vec!["127.0.0.1"]));
    let request = FetchRequest::new(Url::parse("http://feed.example/a").unwrap());
    let mut fetching = Fetching::new(&fetcher.0, &request).unwrap();
    fetching.read_headers(&response).unwrap();
    assert!(!fetching.met_the_public);
    // A response that does not say where it came from counts as public.
    let unknown = Response::from(http::Response::new("<rss/>"));
    fetching.read_headers(&unknown).unwrap();
    assert!(fetching.met_the_public);
}

async fn reqwest_get(server: SocketAddr) -> Response {
    let fetcher = fetcher(Ok(vec!["127.0.0.1"]));
    fetcher.0.clients.get(Reach::Listed).get(format!("http://{server}/")).send().await.unwrap()
}
