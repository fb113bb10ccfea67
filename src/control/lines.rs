use std::{marker::PhantomData, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

/// Lines that may wait for their reader before the command has to.
const WAITING_LINES: usize = 16;

/// How the last line of an answer begins. A command's own lines never do.
const END: &[u8] = b"{\"end\":";

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finished {
    Done,
    /// A part of it failed; the lines say which.
    PartFailed,
}

/// Why a command could not do what it was asked, for the admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The configuration or the request cannot be used.
    Configuration,
    /// The store cannot be used.
    Store,
    /// Another process has the store open.
    StoreInUse,
    /// Something else.
    Other,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// Whoever asked has gone: there is nobody to work for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("whoever asked has gone")]
pub struct Gone;

impl From<Gone> for Failure {
    fn from(gone: Gone) -> Self {
        Self::new(FailureKind::Other, gone.to_string())
    }
}

/// The last line of an answer.
#[derive(Debug, Serialize, Deserialize)]
struct LastLine {
    end: End,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum End {
    Finished(Finished),
    Failed(Failure),
}

/// The last line for a result.
pub(super) fn last_line(result: Result<Finished, Failure>) -> Bytes {
    let end = result.map_or_else(End::Failed, End::Finished);
    encode(&LastLine { end }).unwrap_or_else(|failure| format!("{{\"end\":{{\"failed\":{failure:?}}}}}\n").into())
}

/// The result, if this is an answer's last line. A result of a later version that cannot be read is a failure.
pub(super) fn read_last_line(line: &[u8]) -> Option<Result<Finished, Failure>> {
    if !line.starts_with(END) {
        return None;
    }
    Some(match serde_json::from_slice(line) {
        Ok(LastLine { end: End::Finished(finished) }) => Ok(finished),
        Ok(LastLine { end: End::Failed(failure) }) => Err(failure),
        Err(error) => {
            Err(Failure::new(FailureKind::Other, format!("newsdesk ended the answer in words of its own: {error}")))
        }
    })
}

/// What goes to the reader of an answer.
#[derive(Debug)]
pub(super) enum Frame {
    Line(Bytes),
    /// Nothing comes after it.
    Last(Bytes),
}

/// Where an answer goes to. It is as fast as its reader.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    frames: mpsc::Sender<Frame>,
    /// Cancelled when the answer is complete or nobody wants it any more.
    over: CancellationToken,
    /// How long a reader may take nothing.
    patience: Duration,
}

impl Sink {
    pub(super) fn new(patience: Duration) -> (Self, mpsc::Receiver<Frame>) {
        let (frames, answer) = mpsc::channel(WAITING_LINES);
        (Self { frames, over: CancellationToken::new(), patience }, answer)
    }

    /// Runs the command to its end, or until its reader has gone or `stop`; then says how it ended.
    pub(super) async fn answer(
        self,
        command: impl Future<Output = Result<Finished, Failure>>,
        stop: &CancellationToken,
    ) {
        let result = tokio::select! {
            biased;
            result = command => Some(result),
            () = stop.cancelled() => Some(Err(Failure::new(FailureKind::Other, "newsdesk is stopping"))),
            () = self.frames.closed() => None,
        };
        let is_read = !self.over.is_cancelled();
        // What still runs on a thread of its own ends at its next line.
        self.over.cancel();
        if let Some(result) = result.filter(|_| is_read) {
            // Nobody may be there to hear it.
            let _ = tokio::time::timeout(self.patience, self.frames.send(Frame::Last(last_line(result)))).await;
        }
    }

    async fn send(&self, line: Bytes) -> Result<(), Gone> {
        if self.over.is_cancelled() {
            return Err(Gone);
        }
        tokio::select! {
            sent = tokio::time::timeout(self.patience, self.frames.send(Frame::Line(line))) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => {
                    self.over.cancel();
                    Err(Gone)
                }
            },
            () = self.over.cancelled() => Err(Gone),
        }
    }
}

/// Where a command writes its answer, a line at a time. Cheap to clone.
#[derive(Debug)]
pub struct Lines<L> {
    sink: Sink,
    of: PhantomData<fn(L)>,
}

impl<L> Clone for Lines<L> {
    fn clone(&self) -> Self {
        Self { sink: self.sink.clone(), of: PhantomData }
    }
}

impl<L: Serialize> Lines<L> {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink, of: PhantomData }
    }

    /// Writes a line once there is room for it.
    ///
    /// # Errors
    /// [`Gone`] when nobody reads any more, a line that cannot be written as JSON too: both end the command.
    pub async fn send(&self, line: &L) -> Result<(), Failure> {
        Ok(self.sink.send(encode(line)?).await?)
    }

    /// As [`Lines::send`], for work on a blocking thread (`spawn_blocking`) of the runtime; elsewhere it panics.
    ///
    /// # Errors
    /// As [`Lines::send`].
    pub fn send_blocking(&self, line: &L) -> Result<(), Failure> {
        Ok(Handle::current().block_on(self.sink.send(encode(line)?))?)
    }
}

fn encode(line: &impl Serialize) -> Result<Bytes, Failure> {
    let mut text = serde_json::to_vec(line).map_err(|error| {
        Failure::new(FailureKind::Other, format!("a line of the answer cannot be written: {error}"))
    })?;
    text.push(b'\n');
    Ok(text.into())
}
