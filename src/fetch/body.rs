//! Reads a response's body to its end, or not at all.

use std::time::Duration;

use http::header::CONTENT_ENCODING;
use reqwest::Response;
use tokio::time::timeout;

use super::{
    client::chain,
    decode::{DecodeError, Decoder},
    error::FetchErrorKind,
};

/// The body, content coding removed; or what is wrong with it and why. `silence` is the longest wait for the next piece.
pub(super) async fn read(
    mut response: Response,
    limit: u64,
    silence: Duration,
) -> Result<Vec<u8>, (FetchErrorKind, String)> {
    let codings: Vec<Vec<u8>> =
        response.headers().get_all(CONTENT_ENCODING).iter().map(|value| value.as_bytes().to_vec()).collect();
    let mut decoder = Decoder::new(codings.iter().map(Vec::as_slice), limit).map_err(decoding)?;
    loop {
        match timeout(silence, response.chunk()).await {
            Ok(Ok(Some(piece))) => decoder.push(&piece).map_err(decoding)?,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err((FetchErrorKind::Truncated, chain(&error))),
            Err(_) => {
                let why = format!("it fell silent in mid-body for {} s", silence.as_secs_f64());
                return Err((FetchErrorKind::Timeout, why));
            }
        }
    }
    let body = decoder.finish().map_err(decoding)?;
    if body.trim_ascii().is_empty() {
        return Err((FetchErrorKind::Empty, String::new()));
    }
    Ok(body)
}

fn decoding(error: DecodeError) -> (FetchErrorKind, String) {
    let kind = match error {
        DecodeError::TooLarge { .. } => FetchErrorKind::TooLarge,
        DecodeError::CutOff { .. } | DecodeError::Damaged { .. } => FetchErrorKind::Truncated,
        DecodeError::NotAskedFor(_) => FetchErrorKind::Protocol,
    };
    (kind, error.to_string())
}
