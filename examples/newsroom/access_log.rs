//! What the publishers saw: one line a request, so that the daemon's manners can be counted.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    net::SocketAddr,
    path::Path,
    sync::Mutex,
};

use anyhow::{Context as _, Result};
use axum::http::StatusCode;
use chrono::SecondsFormat;
use newsdesk::clock::Clock;

pub struct AccessLog(Mutex<File>);

impl AccessLog {
    /// Opens the log; a work folder that is used again keeps its earlier lines.
    pub fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self(Mutex::new(file.with_context(|| format!("cannot write {}", path.display()))?)))
    }

    /// `2026-11-22T12:30:00.123Z 127.20.0.1:8000 /rss.xml 304 conditional`. The path is as it came, percent-encoding and all.
    pub fn note(&self, address: SocketAddr, path: &str, status: StatusCode, conditional: bool) {
        let time = Clock::system().now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let kind = if conditional { "conditional" } else { "unconditional" };
        let line = format!("{time} {address} {path} {} {kind}\n", status.as_u16());
        let mut file = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Err(error) = file.write_all(line.as_bytes()) {
            eprintln!("newsroom: cannot write the access log: {error}");
        }
    }
}
