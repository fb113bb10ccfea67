use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tracing::{debug, warn};

use super::{
    Commands, PROTOCOL, Socket, VERSION, VERSION_FIELD,
    lines::{Frame, Sink},
};

/// What those who ask may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlLimits {
    /// Commands at once; more wait to be accepted.
    pub connections: usize,
    /// The longest a request may take to arrive, its head and its body each.
    pub request_timeout: Duration,
    /// Octets of a request's body.
    pub request_size: usize,
    /// How long whoever asked may take nothing of the answer. It may be on its way to a person who reads.
    pub reader_patience: Duration,
    /// The longest that answers under way may take once we are stopping.
    pub stop_timeout: Duration,
}

impl Default for ControlLimits {
    fn default() -> Self {
        Self {
            connections: 32,
            request_timeout: Duration::from_secs(10),
            request_size: 64 << 10,
            reader_patience: Duration::from_secs(600),
            stop_timeout: Duration::from_secs(1),
        }
    }
}

/// Takes commands until it is stopped.
#[derive(Debug)]
pub struct Control {
    files: super::socket::Files,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

impl Control {
    /// Takes commands on this socket from now on.
    pub fn start<N>(socket: Socket, commands: Commands<N>, newsdesk: N, limits: ControlLimits) -> Self
    where
        N: Clone + Send + Sync + 'static,
    {
        let stop = CancellationToken::new();
        let Socket { listener, files } = socket;
        let desk = Arc::new(Desk { commands, newsdesk, limits, stop: stop.clone(), tasks: TaskTracker::new() });
        Self { files, stop, server: tokio::spawn(serve(listener, desk)) }
    }

    /// Removes the socket and ends the commands that run, which are told why. Then nothing that was given to commands is held
    /// any more, but for what a thread of its own holds until its next line.
    pub async fn stop(self) {
        drop(self.files);
        self.stop.cancel();
        let _ = self.server.await;
    }
}

struct Desk<N> {
    commands: Commands<N>,
    newsdesk: N,
    limits: ControlLimits,
    stop: CancellationToken,
    /// Connections and commands.
    tasks: TaskTracker,
}

async fn serve<N: Clone + Send + Sync + 'static>(listener: UnixListener, desk: Arc<Desk<N>>) {
    let places = Arc::new(Semaphore::new(desk.limits.connections));
    loop {
        let (stream, place) = tokio::select! {
            () = desk.stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        desk.tasks.spawn(converse(stream, place, desk.clone()));
    }
    drop(listener);
    desk.tasks.close();
    desk.tasks.wait().await;
}

async fn accept(listener: &UnixListener, places: &Arc<Semaphore>) -> (UnixStream, Option<OwnedSemaphorePermit>) {
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // Out of file descriptors, most likely: wait for others to end instead of spinning.
                warn!(%error, "cannot take commands");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// One connection: one request and its answer.
async fn converse<N>(stream: UnixStream, place: Option<OwnedSemaphorePermit>, desk: Arc<Desk<N>>)
where
    N: Clone + Send + Sync + 'static,
{
    let limits = desk.limits;
    // Cancelled once all of the answer is there but for being read.
    let answered = CancellationToken::new();
    let in_vain = {
        let (stop, answered) = (desk.stop.clone(), answered.clone());
        async move {
            tokio::select! {
                () = stop.cancelled() => tokio::time::sleep(limits.stop_timeout).await,
                () = answered.cancelled() => tokio::time::sleep(limits.reader_patience).await,
            }
        }
    };
    let service = service_fn(move |request| {
        let (desk, answered) = (desk.clone(), answered.clone());
        async move { Ok::<_, Infallible>(answer(request, desk, answered).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request_timeout)
        .keep_alive(false)
        .max_headers(32)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            debug!(%error, "whoever gave a command has gone");
        },
        () = in_vain => debug!("an answer was cut off: its reader was too slow"),
    }
    drop(place);
}

async fn answer<N>(request: Request<Incoming>, desk: Arc<Desk<N>>, answered: CancellationToken) -> Response<Answer>
where
    N: Clone + Send + Sync + 'static,
{
    let (sink, frames) = Sink::new(desk.limits.reader_patience);
    // However the command ends, and if there is none.
    let answered = answered.drop_guard();
    let mut response = match begin(request, &desk, sink, answered).await {
        Ok(()) => Response::new(Answer { frames, is_complete: false }),
        Err((status, why)) => {
            let mut response = Response::new(Answer::of(why));
            *response.status_mut() = status;
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(VERSION_FIELD, HeaderValue::from_static(VERSION));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    response
}

/// Starts the command that was asked for, or says why not.
async fn begin<N>(
    request: Request<Incoming>,
    desk: &Arc<Desk<N>>,
    sink: Sink,
    answered: DropGuard,
) -> Result<(), (StatusCode, String)>
where
    N: Clone + Send + Sync + 'static,
{
    let find =
        request.uri().path().strip_prefix(PROTOCOL).and_then(|name| Some((desk.commands.find(name)?, name.to_owned())));
    let Some((begin, name)) = find else {
        return Err((StatusCode::NOT_FOUND, "this newsdesk has no such command".into()));
    };
    if request.method() != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "a command is asked for by POST".into()));
    }
    let body = Limited::new(request.into_body(), desk.limits.request_size).collect();
    let body = match tokio::time::timeout(desk.limits.request_timeout, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("a request has {} octets at most", desk.limits.request_size),
            ));
        }
        Ok(Err(error)) => return Err((StatusCode::BAD_REQUEST, format!("the request broke off: {error}"))),
        Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive".into())),
    };
    let command = begin(&body, desk.newsdesk.clone(), sink.clone())
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the request is not understood: {error}")))?;
    debug!(command = name, "asked");
    let stop = desk.stop.clone();
    desk.tasks.spawn(async move {
        sink.answer(command, &stop).await;
        drop(answered);
    });
    Ok(())
}

/// The body of a response, as it comes from a command.
struct Answer {
    frames: mpsc::Receiver<Frame>,
    is_complete: bool,
}

impl Answer {
    /// One line that says why there is no other answer.
    fn of(why: String) -> Self {
        let (sender, frames) = mpsc::channel(1);
        let text = serde_json::json!({ "error": why }).to_string() + "\n";
        // The channel is empty.
        let _ = sender.try_send(Frame::Last(text.into()));
        Self { frames, is_complete: false }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, io::Error>>> {
        if self.is_complete {
            return Poll::Ready(None);
        }
        let text = match ready!(self.frames.poll_recv(context)) {
            Some(Frame::Line(text)) => text,
            Some(Frame::Last(text)) => {
                self.is_complete = true;
                text
            }
            // The command panicked, or nobody read for too long.
            None => return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
        };
        Poll::Ready(Some(Ok(hyper::body::Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_complete
    }
}
