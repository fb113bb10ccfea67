//! What clients meet at the socket: bounds, slow clients, HTTP/1 and HTTP/2.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::routing::get;
use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{Front, ServeLimits, router, serve, tests::whole_site};

/// More than the kernel takes off our hands.
const LARGE: usize = 64 << 20;

fn short() -> ServeLimits {
    ServeLimits {
        patience: Duration::from_millis(150),
        head_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(400),
        write_timeout: Duration::from_millis(400),
        finish_timeout: Duration::from_millis(400),
        ..ServeLimits::default()
    }
}

async fn start(limits: ServeLimits) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address");
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        "done"
    };
    let large = Bytes::from(vec![b'x'; LARGE]);
    let site = whole_site(true);
    let router = router(site.clone()).route("/slow", get(slow)).route("/large", get(async move || large));
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(listener, Front::new(site, router), limits, stop.clone()));
    (address, stop, server)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("connected")
}

/// Everything that comes after `sent`, until the server closes, and how long that took.
async fn exchange(address: SocketAddr, sent: &str) -> (String, Duration) {
    let mut stream = connect(address).await;
    stream.write_all(sent.as_bytes()).await.expect("sent");
    let begun = Instant::now();
    let mut answer = Vec::new();
    let _ =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("closed in time");
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
}

type Sender = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;

/// A connection of HTTP/2 by prior knowledge. It ends when the second value is ready.
async fn connect_http2(address: SocketAddr) -> (Sender, JoinHandle<hyper::Result<()>>) {
    let stream = TokioIo::new(connect(address).await);
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    // The client offers no more room than this until somebody reads.
    builder.initial_stream_window_size(64 << 10).initial_connection_window_size(64 << 10);
    let (sender, connection) = builder.handshake(stream).await.expect("hands shaken");
    (sender, tokio::spawn(connection))
}

fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    let mut request = Request::builder().method(method).uri(format!("http://news.example{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Empty::new()).expect("a request")
}

#[tokio::test]
async fn requests_are_answered_or_refused_as_the_standard_has_it() {
    let (address, _, _) = start(short()).await;
    let long = "x".repeat(20 << 10);
    let cases: [(&str, String, &[&str]); 14] = [
        ("a request", "GET /all.atom HTTP/1.1\r\nHost: n\r\n\r\n".into(), &["200"]),
        ("a Host that is not ours", "GET /all.atom HTTP/1.1\r\nHost: <evil>\r\n\r\n".into(), &["200"]),
        ("no Host", "GET /all.atom HTTP/1.1\r\n\r\n".into(), &["400"]),
        ("two Hosts", "GET /all.atom HTTP/1.1\r\nHost: n\r\nHost: n\r\n\r\n".into(), &["400"]),
        ("HTTP/1.0", "GET /all.atom HTTP/1.0\r\n\r\n".into(), &["200"]),
        ("the absolute form", "GET http://other.example/all.atom HTTP/1.1\r\nHost: n\r\n\r\n".into(), &["200"]),
        ("a range", "GET /all.atom HTTP/1.1\r\nHost: n\r\nRange: bytes=0-9\r\n\r\n".into(), &["200"]),
        (
            "two at once, answered in order",
            "GET /nothing HTTP/1.1\r\nHost: n\r\n\r\nGET /all.atom HTTP/1.1\r\nHost: n\r\n\r\n".into(),
            &["404", "200"],
        ),
        (
            "HEAD and then another",
            "HEAD /all.atom HTTP/1.1\r\nHost: n\r\n\r\nGET /healthz HTTP/1.1\r\nHost: n\r\n\r\n".into(),
            &["200", "200"],
        ),
        ("a method nobody knows", "BREW /all.atom HTTP/1.1\r\nHost: n\r\n\r\n".into(), &["405"]),
        ("CONNECT", "CONNECT other.example:80 HTTP/1.1\r\nHost: n\r\n\r\n".into(), &["405"]),
        ("what is no request", "hello\r\n\r\n".into(), &["400"]),
        ("a field too long", format!("GET / HTTP/1.1\r\nHost: n\r\nX: {long}\r\n\r\n"), &["431"]),
        ("too many fields", format!("GET / HTTP/1.1\r\nHost: n\r\n{}\r\n", "X: y\r\n".repeat(200)), &["431"]),
    ];
    for (what, sent, expected) in cases {
        let (answer, _) = exchange(address, &sent).await;
        let statuses: Vec<_> = answer.lines().filter_map(|line| line.strip_prefix("HTTP/1.")?.get(2..5)).collect();
        assert_eq!(statuses, expected, "{what}: {answer}");
        assert!(!answer.contains("evil") && !answer.contains("xxxx"), "{what}: nothing of it is repeated");
    }
}

#[tokio::test]
async fn every_answer_has_a_date_and_only_those_that_should_a_body() {
    let (address, _, _) = start(short()).await;
    let get = |more: &str| format!("GET /all.atom HTTP/1.1\r\nHost: n\r\n{more}Connection: close\r\n\r\n");
    let (whole, _) = exchange(address, &get("")).await;
    let (head, body) = whole.split_once("\r\n\r\n").expect("a head");
    let field = |head: &str, name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned)).unwrap_or_default()
    };
    assert_eq!(field(head, "content-length"), body.len().to_string());
    assert!(field(head, "date").ends_with("GMT"));
    let (etag, length) = (field(head, "etag"), body.len());
    let (answer, _) = exchange(address, &get(&format!("If-None-Match: {etag}\r\n"))).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 304"), "{head}");
    assert!(field(head, "date").ends_with("GMT") && field(head, "etag") == etag && body.is_empty());
    assert!(["", &length.to_string()].contains(&field(head, "content-length").as_str()), "{head}");
    let (answer, _) = exchange(address, &get("").replace("GET", "HEAD")).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert_eq!((field(head, "content-length"), body), (length.to_string(), ""));
}

#[tokio::test]
async fn a_client_that_says_nothing_or_half_a_request_is_let_go() {
    let (address, _, _) = start(short()).await;
    let cases = [
        ("nothing at all", ""),
        ("half a request", "GET / HTTP/1.1\r\nHost: n"),
        ("a request, then silence", "GET / HTTP/1.1\r\nHost: newsdesk\r\n\r\n"),
        ("a request, then half of one", "GET / HTTP/1.1\r\nHost: newsdesk\r\n\r\nGET / HT"),
        ("half a preface", "PRI * HTTP/2.0\r\n\r\nS"),
        ("a preface and no more", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ];
    for (what, sent) in cases {
        assert!(exchange(address, sent).await.1 < Duration::from_secs(3), "{what}");
    }
}

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_not_waited_for() {
    let (address, _, _) = start(short()).await;
    let (mut stream, begun) = (connect(address).await, Instant::now());
    let cut = async {
        for byte in b"GET / HTTP/1.1\r\nHost: n\r\nX: ".iter().chain([b'x'; 1000].iter()) {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("all of it was taken");
    };
    cut.await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_answer_that_we_take_long_over_is_not_cut_off() {
    let (address, _, _) = start(short()).await;
    let (answer, _) = exchange(address, "GET /slow HTTP/1.1\r\nHost: n\r\n\r\n").await;
    assert!(answer.ends_with("done"), "{answer}");
    let (mut sender, _) = connect_http2(address).await;
    let response = sender.send_request(request("GET", "/slow", &[])).await.expect("answered");
    assert_eq!(response.into_body().collect().await.expect("a body").to_bytes(), "done");
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let (address, _, _) = start(short()).await;
    let mut stream = connect(address).await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: n\r\n\r\n").await.expect("sent");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut got = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut got)).await.expect("closed");
    assert!(got.len() < LARGE, "the rest was not kept for it");
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_in_http2() {
    let (address, _, _) = start(short()).await;
    let (mut sender, connection) = connect_http2(address).await;
    let response = sender.send_request(request("GET", "/large", &[])).await.expect("answered");
    let ended = tokio::time::timeout(Duration::from_secs(5), connection).await;
    assert!(ended.is_ok(), "the connection is over");
    assert!(response.into_body().collect().await.is_err(), "the body is not whole");
}

#[tokio::test]
async fn who_reads_too_slowly_is_cut_off_in_the_end() {
    let limits = ServeLimits { connection_lifetime: Duration::from_millis(600), ..short() };
    let (address, _, _) = start(limits).await;
    let mut stream = connect(address).await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: n\r\n\r\n").await.expect("sent");
    let (begun, mut some, mut got) = (Instant::now(), vec![0; 64 << 10], 0);
    while let Ok(read @ 1..) = stream.read(&mut some).await {
        got += read;
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(begun.elapsed() < Duration::from_secs(20), "it goes on for ever");
    }
    assert!(got < LARGE);
}

#[tokio::test]
async fn more_clients_than_places_wait_for_a_while_and_are_then_refused() {
    let (address, _, _) = start(ServeLimits { connections: 1, ..short() }).await;
    let asked = "GET /all.atom HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n";
    let slow = tokio::spawn(async move { exchange(address, "GET /slow HTTP/1.1\r\nHost: n\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let waiting = tokio::spawn(async move { exchange(address, asked).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (beyond, at_once) = exchange(address, asked).await;
    assert!(beyond.starts_with("HTTP/1.1 503 ") && beyond.contains("\r\nRetry-After: 10\r\n"), "{beyond}");
    assert!(at_once < Duration::from_millis(120), "{at_once:?}");
    let (refused, _) = waiting.await.expect("joined");
    assert!(refused.starts_with("HTTP/1.1 503 "), "its patience is over: {refused}");
    assert!(slow.await.expect("joined").0.ends_with("done"));
    let (answer, _) = exchange(address, asked).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "there is room again: {answer}");
}

#[tokio::test]
async fn stopping_finishes_the_requests_under_way_and_takes_no_more() {
    let (address, stop, server) = start(ServeLimits::default()).await;
    let (mut sender, _) = connect_http2(address).await;
    let over_http2 = tokio::spawn(sender.send_request(request("GET", "/slow", &[])));
    let over_http1 = tokio::spawn(async move { exchange(address, "GET /slow HTTP/1.1\r\nHost: n\r\n\r\n").await });
    let _idle = connect(address).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    let (answer, _) = over_http1.await.expect("joined");
    assert!(answer.ends_with("done"), "{answer}");
    let response = over_http2.await.expect("joined").expect("answered");
    assert_eq!(response.into_body().collect().await.expect("a body").to_bytes(), "done");
    tokio::time::timeout(Duration::from_secs(2), server).await.expect("in time").expect("ended");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn http2_by_prior_knowledge_gets_what_http1_gets() {
    let (address, _, _) = start(short()).await;
    let (mut sender, _) = connect_http2(address).await;
    let whole = sender.send_request(request("GET", "/all.atom", &[])).await.expect("answered");
    assert_eq!((whole.status(), whole.version()), (StatusCode::OK, Version::HTTP_2));
    assert!(whole.headers().contains_key("date"));
    let (etag, length) = (whole.headers()["etag"].clone(), whole.headers()["content-length"].clone());
    let body = whole.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(length, body.len().to_string());
    assert!(body.starts_with(b"<?xml"));
    let etag = etag.to_str().expect("text").to_owned();
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], StatusCode);
    let cases: [Case<'_>; 6] = [
        ("GET", "/all.atom", &[("if-none-match", &etag)], StatusCode::NOT_MODIFIED),
        ("HEAD", "/all.atom", &[], StatusCode::OK),
        ("POST", "/all.atom", &[], StatusCode::METHOD_NOT_ALLOWED),
        ("OPTIONS", "/all.atom", &[], StatusCode::NO_CONTENT),
        ("GET", "/nothing", &[], StatusCode::NOT_FOUND),
        ("GET", "/topics/robots.atom", &[], StatusCode::MOVED_PERMANENTLY),
    ];
    for (method, path, fields, status) in cases {
        let response = sender.send_request(request(method, path, fields)).await.expect("answered");
        assert_eq!(response.status(), status, "{method} {path}");
        if method == "HEAD" {
            assert_eq!(response.headers()["content-length"], length);
        }
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(body.is_empty(), status.is_success() || status == StatusCode::NOT_MODIFIED, "{method} {path}");
    }
    let many = (0..500).map(|_| tokio::spawn(sender.send_request(request("GET", "/all.atom", &[]))));
    for answer in many.collect::<Vec<_>>() {
        assert_eq!(answer.await.expect("joined").expect("answered").status(), StatusCode::OK);
    }
    let long = "x".repeat(20 << 10);
    let refused = sender.send_request(request("GET", "/", &[("x", &long)])).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status() == 431), "a head too long is not read");
}
