//! One connection, from its first byte to its last.

use std::{pin::pin, sync::Arc, time::Instant};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    ServeLimits,
    front::Front,
    line::Line,
    pace::{Pace, Verdict, Watch},
    sheet::Next,
};

/// The beginning of a connection by a client that knows we speak HTTP/2 (RFC 9113 §3.3). No HTTP/1 request begins so.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The longest head of a request in bytes, and of its fields in HTTP/2. Ours need a tenth.
const LONGEST_HEAD: usize = 16 << 10;

/// Requests under way at once on one HTTP/2 connection.
const STREAMS: u32 = 64;

/// What a client may send before we have read it. Requests here have hardly a body.
const WINDOW: u32 = 64 << 10;

/// What the kernel takes of an answer before the client does, in bytes; it counts double. By itself it takes up to 4 MB for each
/// connection, which slow clients would hold, and which many at once push out of the processor's cache.
const SEND_BUFFER: usize = 64 << 10;

pub(super) async fn converse(stream: TcpStream, front: &Front, limits: &ServeLimits, stop: &CancellationToken) {
    // Neither is needed to serve: a connection that does not take them is as good as broken and tells so when it is read.
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER);
    let is_http2 = tokio::select! {
        told = timeout(limits.head_timeout, begins_with_preface(&stream)) => told,
        () = stop.cancelled() => return,
    };
    let Ok(Some(is_http2)) = is_http2 else { return };
    let (pace, next) = (Arc::new(Pace::default()), Arc::new(Next::default()));
    let (line, service) = (Line::new(stream, pace.clone(), next.clone()), front.counting(pace.clone(), next));
    if is_http2 {
        // Streams that the client resets before they are answered, and such as it makes us reset, end the connection at 20 and 1,024, by
        // the defaults of h2 and hyper: a flood of either cannot be gone on with.
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(LONGEST_HEAD as u32)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(2 * WINDOW)
            .serve_connection(line, service);
        watch(connection, http2::Connection::graceful_shutdown, &pace, limits, stop, is_http2).await;
    } else {
        // The watch below keeps the time: hyper's own timer would be set anew for every request.
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(LONGEST_HEAD)
            .serve_connection(line, service);
        watch(connection, http1::Connection::graceful_shutdown, &pace, limits, stop, is_http2).await;
    }
}

/// Looks at the first bytes without taking them. `None` if none come.
async fn begins_with_preface(stream: &TcpStream) -> Option<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        let read = stream.peek(&mut start).await.ok()?;
        let seen = start.get(..read).filter(|seen| !seen.is_empty())?;
        if !PREFACE.starts_with(seen) {
            return Some(false);
        }
        if read == PREFACE.len() {
            return Some(true);
        }
        // The rest is on its way. A look does not wait for more than there is.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Drives the connection to its end, and ends it when its time is over or we are stopping.
async fn watch<C, E>(
    connection: C,
    finish: fn(std::pin::Pin<&mut C>),
    pace: &Pace,
    limits: &ServeLimits,
    stop: &CancellationToken,
    is_http2: bool,
) where
    C: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut connection = pin!(connection);
    let mut watch = Watch::new(Instant::now(), is_http2);
    let interval = Watch::interval(limits);
    let mut next_look = pin!(tokio::time::sleep(interval));
    let mut stopping = pin!(stop.cancelled());
    let mut is_finishing = false;
    loop {
        let must_finish = tokio::select! {
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    debug!(%error, "a connection broke");
                }
                return;
            }
            () = &mut next_look => {
                next_look.as_mut().reset(tokio::time::Instant::now() + interval);
                match watch.look(pace, limits, Instant::now()) {
                    Verdict::GoOn => false,
                    Verdict::Finish => true,
                    Verdict::CutOff => {
                        debug!("a connection was cut off: its client was too slow");
                        return;
                    }
                }
            }
            () = &mut stopping, if !is_finishing => true,
        };
        if must_finish && !is_finishing {
            is_finishing = true;
            finish(connection.as_mut());
        }
    }
}
