//! Answers to those who are not let in.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};

#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// This client has as many connections as it may.
    TooManyOfYou,
    /// Everybody together has.
    TooManyOfAll,
}

/// How long somebody who is refused may take to hear it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Refusals that are told at once. Beyond that a connection is closed without a word.
const AT_ONCE: usize = 64;

/// Tells refused clients why, as far as that is no burden.
#[derive(Debug, Clone)]
pub(super) struct Refusals(Arc<Semaphore>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Refusals {
    pub(super) fn tell(&self, stream: TcpStream, refusal: Refusal, now: DateTime<Utc>) {
        let Ok(place) = self.0.clone().try_acquire_owned() else { return };
        tokio::spawn(async move {
            // It may have gone, or hang: that is its own affair.
            let _ = timeout(PATIENCE, answer(stream, refusal, now)).await;
            drop(place);
        });
    }
}

/// Reads on to the end after the answer: to close while something is unread would take the answer back (RFC 9112 §9.6).
async fn answer(mut stream: TcpStream, refusal: Refusal, now: DateTime<Utc>) -> std::io::Result<()> {
    let (status, seconds, text) = match refusal {
        Refusal::TooManyOfYou => ("429 Too Many Requests", 30, "You have too many connections; use fewer.\n"),
        Refusal::TooManyOfAll => ("503 Service Unavailable", 10, "There are too many readers just now; come again.\n"),
    };
    let date = httpdate::fmt_http_date(now.into());
    let answer = format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nRetry-After: {seconds}\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'; sandbox\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
