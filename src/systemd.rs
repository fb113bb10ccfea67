//! What the service manager is told (sd_notify(3)), and the watchdog that it keeps. Nothing happens outside systemd.

use std::{env, path::PathBuf, time::Duration};

use sd_notify::NotifyState;
use tracing::debug;

/// The folder for what lasts as long as the service runs (`RuntimeDirectory=`), if there is one. systemd separates several by
/// colons; the first is ours.
pub fn runtime_directory() -> Option<PathBuf> {
    let paths = env::var_os("RUNTIME_DIRECTORY").filter(|paths| !paths.is_empty())?;
    env::split_paths(&paths).next()
}

/// The first editions are up and the address answers.
pub fn ready(summary: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(summary)]);
}

/// The configuration is being read again; [`ready`] ends it. With the time, as `Type=notify-reload` asks.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// Starting takes long, and goes on: the service manager is asked to wait another half minute.
pub fn takes_long(what: &str) {
    notify(&[NotifyState::ExtendTimeoutUsec(30_000_000), NotifyState::Status(what)]);
}

pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub fn status(text: &str) {
    notify(&[NotifyState::Status(text)]);
}

/// How often the watchdog wants to hear of us, if there is one: half of what it allows.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|allowed| allowed / 2)
}

/// We are alive.
pub fn watchdog() {
    notify(&[NotifyState::Watchdog]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "the service manager cannot be told");
    }
}
