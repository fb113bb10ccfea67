//! The asking side of a connection.

use std::{io, path::Path, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::{
    AskError, PROTOCOL, VERSION, VERSION_FIELD,
    lines::{Failure, Finished, read_last_line},
    socket,
};

/// A daemon begins to answer at once; one that does not is stuck.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// Octets of a refusal that are looked at.
const LONGEST_REFUSAL: usize = 64 << 10;

/// How long we try when more ask than can be listened to.
const CROWD: Duration = Duration::from_secs(10);

/// The newsdesk that listens there; `None` if nobody does, whatever an earlier one may have left behind.
pub(super) async fn connect(path: &Path) -> Result<Option<UnixStream>, AskError> {
    use io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound, PermissionDenied, WouldBlock};
    let begun = tokio::time::Instant::now();
    loop {
        let cause = match socket::connect(path).await {
            Ok(stream) => return Ok(Some(stream)),
            Err(cause) => cause,
        };
        match cause.kind() {
            ConnectionRefused | NotFound | NotADirectory => return Ok(None),
            PermissionDenied => return Err(AskError::Forbidden { path: path.into(), cause }),
            WouldBlock if begun.elapsed() < CROWD => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => return Err(AskError::Unanswered { path: path.into(), cause: cause.to_string() }),
        }
    }
}

/// Asks, and hands on every line of the answer but the last, which is the result.
pub(super) async fn converse(
    stream: UnixStream,
    path: &Path,
    name: &'static str,
    request: Vec<u8>,
    on_line: &mut impl FnMut(&[u8]) -> Result<(), AskError>,
) -> Result<Result<Finished, Failure>, AskError> {
    let unanswered = |cause: String| AskError::Unanswered { path: path.into(), cause };
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| unanswered(error.to_string()))?;
    // It ends when the answer is complete or dropped.
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{PROTOCOL}{name}"))
        .header(http::header::HOST, "newsdesk")
        .header(VERSION_FIELD, VERSION)
        .body(Full::new(Bytes::from(request)))
        .map_err(|error| unanswered(error.to_string()))?;
    let response = match tokio::time::timeout(FIRST_WORD, sender.send_request(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) if error.is_parse() => return Err(AskError::Stranger { path: path.into() }),
        Ok(Err(error)) => return Err(unanswered(error.to_string())),
        Err(_) => return Err(unanswered(format!("no answer within {} s", FIRST_WORD.as_secs()))),
    };
    let (head, body) = response.into_parts();
    let Some(version) = version(&head.headers) else {
        return Err(AskError::Stranger { path: path.into() });
    };
    let result = match head.status {
        StatusCode::OK => read(body, on_line).await,
        StatusCode::NOT_FOUND => Err(AskError::Unknown { command: name, version }),
        _ => Err(AskError::Refused { version, why: refusal(body).await }),
    };
    drop(sender);
    connection.abort();
    result
}

fn version(headers: &HeaderMap) -> Option<String> {
    headers.get(VERSION_FIELD)?.to_str().ok().map(str::to_owned)
}

/// Reads an answer to its end.
async fn read(
    mut body: Incoming,
    on_line: &mut impl FnMut(&[u8]) -> Result<(), AskError>,
) -> Result<Result<Finished, Failure>, AskError> {
    let mut rest = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { break };
        let Ok(octets) = frame.into_data() else { continue };
        let mut octets = &octets[..];
        while let Some(end) = octets.iter().position(|octet| *octet == b'\n') {
            let (line, after) = octets.split_at(end + 1);
            octets = after;
            let line = if rest.is_empty() {
                line
            } else {
                rest.extend_from_slice(line);
                &rest
            };
            if let Some(result) = read_last_line(line) {
                return Ok(result);
            }
            on_line(line)?;
            rest.clear();
        }
        rest.extend_from_slice(octets);
    }
    Err(AskError::BrokenOff)
}

/// What a refusal says, as far as we can tell.
async fn refusal(body: Incoming) -> String {
    let said = Limited::new(body, LONGEST_REFUSAL).collect().await.map(|said| said.to_bytes()).unwrap_or_default();
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap_or_default();
    said["error"].as_str().unwrap_or("it does not say why").to_owned()
}
