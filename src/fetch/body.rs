//! Reads a response's body to its end, or not at all.

use http::header::CONTENT_ENCODING;
use reqwest::Response;

use super::{
    client::chain,
    decode::{DecodeError, Decoder},
    error::FetchErrorKind,
};

/// The body, content coding removed; or what is wrong with it and why.
pub(super) async fn read(mut response: Response, limit: u64) -> Result<Vec<u8>, (FetchErrorKind, String)> {
    let codings: Vec<Vec<u8>> =
        response.headers().get_all(CONTENT_ENCODING).iter().map(|value| value.as_bytes().to_vec()).collect();
    let mut decoder = Decoder::new(codings.iter().map(Vec::as_slice), limit).map_err(decoding)?;
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => decoder.push(&piece).map_err(decoding)?,
            Ok(None) => break,
            Err(error) if error.is_timeout() => {
                return Err((FetchErrorKind::Timeout, "it fell silent in mid-body".into()));
            }
            Err(error) => return Err((FetchErrorKind::Truncated, chain(&error))),
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
