//! The hub's address: a form in, a short text out.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
    routing::any,
};
use http::{HeaderValue, Method, StatusCode, header};

use crate::websub::{HubDoor, MOST_OCTETS, Reply};

/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

/// What answers at `/hub`.
pub(super) fn hub_router<S: Clone + Send + Sync + 'static>(door: HubDoor) -> Router<S> {
    Router::new().route("/hub", any(answer)).with_state(door)
}

async fn answer(State(door): State<HubDoor>, request: Request) -> Response {
    if request.method() != Method::POST {
        let what = if door.is_there() {
            "This is a WebSub hub: POST a subscription to it.\n"
        } else {
            "There is no hub here.\n"
        };
        let status = if door.is_there() { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
        let mut response = text(Reply { status, text: what.into(), retry_after: None });
        if door.is_there() {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        return response;
    }
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let plain = |status, text: &str| Reply { status, text: text.into(), retry_after: None };
    let reply = match tokio::time::timeout(FORM_TIMEOUT, to_bytes(body, MOST_OCTETS)).await {
        Ok(Ok(body)) => door.ask(content_type, &body).await,
        Ok(Err(_)) => plain(StatusCode::PAYLOAD_TOO_LARGE, "The form is too long, or broke off.\n"),
        Err(_) => plain(StatusCode::REQUEST_TIMEOUT, "The form took too long to arrive.\n"),
    };
    text(reply)
}

fn text(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.text));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = reply.retry_after.map(|after| after.as_secs().max(1)) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
