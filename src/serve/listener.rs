use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// What one client, or many, may ask of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// The longest a request's head may take to arrive, and the longest a connection may idle.
    pub head_timeout: Duration,
    /// The longest a connection may last: a client that reads a byte a minute does not hold one for ever.
    pub connection_lifetime: Duration,
    /// The longest the requests under way may take once we are stopping.
    pub stop_timeout: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_timeout: Duration::from_secs(10),
            connection_lifetime: Duration::from_secs(300),
            stop_timeout: Duration::from_secs(3),
        }
    }
}

/// Serves until `stop`, then finishes the requests under way.
pub async fn serve(listener: TcpListener, router: Router, limits: ServeLimits, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, place) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_headers(64)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            match tokio::time::timeout(limits.connection_lifetime, connection).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(error)) => debug!(%error, "a connection broke"),
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.stop_timeout, graceful.shutdown()).await.is_err() {
        warn!("requests were cut off: they took longer than {} s to finish", limits.stop_timeout.as_secs());
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (tokio::net::TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // Out of file descriptors, most likely: wait for connections to end instead of spinning.
                if !is_about_one_connection(&error) {
                    warn!(%error, "cannot accept connections");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    async fn start(limits: ServeLimits) -> (std::net::SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            "done"
        };
        let router =
            Router::new().route("/", axum::routing::get(|| async { "hello" })).route("/slow", axum::routing::get(slow));
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, limits, stop.clone()));
        (address, stop, server)
    }

    /// How long it takes until the server closes the connection after `sent`.
    async fn closed_after(address: std::net::SocketAddr, sent: &str) -> Duration {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(sent.as_bytes()).await.expect("sent");
        let begun = Instant::now();
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        begun.elapsed()
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_or_half_a_request_is_let_go() {
        let limits = ServeLimits { head_timeout: Duration::from_millis(200), ..ServeLimits::default() };
        let (address, _, _) = start(limits).await;
        let cases = [
            ("nothing at all", ""),
            ("half a request", "GET / HTTP/1.1\r\nHost: n"),
            ("a request, then silence", "GET / HTTP/1.1\r\nHost: newsdesk\r\n\r\n"),
        ];
        for (what, sent) in cases {
            assert!(closed_after(address, sent).await < Duration::from_secs(3), "{what}");
        }
    }

    #[tokio::test]
    async fn more_clients_than_places_wait_their_turn() {
        let limits = ServeLimits { connections: 1, head_timeout: Duration::from_millis(200), ..ServeLimits::default() };
        let (address, _, _) = start(limits).await;
        let _idle = TcpStream::connect(address).await.expect("connected");
        let mut second = TcpStream::connect(address).await.expect("connected");
        second.write_all(b"GET / HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        second.read_to_string(&mut answer).await.expect("answered once the idle one was let go");
        assert!(answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn stopping_finishes_the_requests_under_way_and_takes_no_more() {
        let (address, stop, server) = start(ServeLimits::default()).await;
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: n\r\n\r\n").await.expect("sent");
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        assert!(answer.ends_with("done"), "{answer}");
        server.await.expect("ended");
        assert!(TcpStream::connect(address).await.is_err());
    }
}
