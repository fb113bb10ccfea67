use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{
    VERSION, client,
    command::Command,
    lines::{Failure, FailureKind, Finished, Frame, Lines, Sink, read_last_line},
};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(
        "this user may not ask the newsdesk of this store ({path}: {cause}); \
         do it as root or as the user that newsdesk runs as"
    )]
    Forbidden { path: PathBuf, cause: io::Error },
    #[error(
        "the newsdesk that listens on {path} does not answer: {cause}; is it stopping, or stuck? Its log may say more"
    )]
    Unanswered { path: PathBuf, cause: String },
    #[error("what listens on {path} is not newsdesk; stop it, or move it away")]
    Stranger { path: PathBuf },
    #[error(
        "the newsdesk that runs is version {version} and has no command `{command}`; this is version {VERSION}: \
         restart the service, so that both are the same"
    )]
    Unknown { command: &'static str, version: String },
    #[error("the newsdesk that runs (version {version}; this is version {VERSION}) does not take the command: {why}")]
    Refused { version: String, why: String },
    #[error(
        "the newsdesk that runs answers in words that this version, {VERSION}, does not know ({cause}); \
         restart the service, so that both are the same version"
    )]
    Unreadable { cause: serde_json::Error },
    #[error("the answer broke off: newsdesk has stopped, or a fault ended the command; its log says which")]
    BrokenOff,
    #[error("the command cannot be written down: {0}")]
    Request(serde_json::Error),
    #[error("the answer cannot be written: {0}")]
    Output(#[source] io::Error),
    /// The command itself failed.
    #[error(transparent)]
    Failed(Failure),
}

/// How long the store may be in use by somebody who does not listen: a newsdesk that starts or stops does both in a moment.
const IN_BETWEEN: Duration = Duration::from_secs(3);

/// How long to wait before looking again.
const AGAIN: Duration = Duration::from_millis(100);

/// Nobody but us reads an answer of our own process, and we read on.
const FOR_EVER: Duration = Duration::from_secs(365 * 86_400);

/// Asks the newsdesk that listens on `socket`; where nobody does, runs the command in this process, on what `alone` says.
/// `on_line` sees every line of the answer as it comes.
///
/// # Errors
/// See [`AskError`]; the first error of `on_line` is one of them and ends the command.
pub async fn ask<C, N>(
    socket: &Path,
    command: C,
    alone: N,
    mut on_line: impl FnMut(C::Line) -> io::Result<()>,
) -> Result<Finished, AskError>
where
    C: Command<N> + Clone,
    N: Clone + Send + 'static,
{
    let each = |line: &[u8]| {
        let line = serde_json::from_slice(line).map_err(|cause| AskError::Unreadable { cause })?;
        on_line(line).map_err(AskError::Output)
    };
    asked(socket, command, alone, each).await
}

/// As [`ask`], for lines that are only passed on: `on_line` sees each as it is, JSON and a line feed.
///
/// # Errors
/// As [`ask`].
pub async fn ask_for_text<C, N>(
    socket: &Path,
    command: C,
    alone: N,
    mut on_line: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<Finished, AskError>
where
    C: Command<N> + Clone,
    N: Clone + Send + 'static,
{
    asked(socket, command, alone, |line: &[u8]| on_line(line).map_err(AskError::Output)).await
}

async fn asked<C, N>(
    socket: &Path,
    command: C,
    alone: N,
    mut on_line: impl FnMut(&[u8]) -> Result<(), AskError>,
) -> Result<Finished, AskError>
where
    C: Command<N> + Clone,
    N: Clone + Send + 'static,
{
    let begun = tokio::time::Instant::now();
    let result = loop {
        if let Some(stream) = client::connect(socket).await? {
            let request = serde_json::to_vec(&command).map_err(AskError::Request)?;
            break client::converse(stream, socket, C::NAME, request, &mut on_line).await?;
        }
        match run_alone(command.clone(), alone.clone(), &mut on_line).await? {
            Err(Failure { kind: FailureKind::StoreInUse, .. }) if begun.elapsed() < IN_BETWEEN => {
                tokio::time::sleep(AGAIN).await;
            }
            Err(failure) if failure.kind == FailureKind::StoreInUse => {
                let message = format!(
                    "{}. It does not take commands on {}: it is starting or stopping, or is a command itself",
                    failure.message,
                    socket.display()
                );
                break Err(Failure { message, ..failure });
            }
            result => break result,
        }
    };
    result.map_err(AskError::Failed)
}

/// Runs the command here. Its answer takes the same way, so that it is the same.
async fn run_alone<C, N>(
    command: C,
    alone: N,
    on_line: &mut impl FnMut(&[u8]) -> Result<(), AskError>,
) -> Result<Result<Finished, Failure>, AskError>
where
    C: Command<N>,
    N: Send + 'static,
{
    let (sink, mut frames) = Sink::new(FOR_EVER);
    let running = command.run(alone, Lines::new(sink.clone()));
    tokio::spawn(async move { sink.answer(running, &CancellationToken::new()).await });
    while let Some(frame) = frames.recv().await {
        match frame {
            Frame::Line(line) => on_line(&line)?,
            Frame::Last(line) => return read_last_line(&line).ok_or(AskError::BrokenOff),
        }
    }
    Err(AskError::BrokenOff)
}
