use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

/// Tokio's clock, stopped: it moves when told to and never by itself.
///
/// A paused runtime jumps to its next timer as soon as all tasks wait, and waiting for a socket counts: every timeout would fire
/// before the answer arrives. An unfinished blocking task keeps it from jumping, so one waits here as long as this value lives.
pub struct StoppedTime {
    _release: mpsc::Sender<()>,
}

impl StoppedTime {
    /// Only in a current-thread runtime.
    pub fn stop() -> Self {
        tokio::time::pause();
        let (release, released) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || released.recv());
        Self { _release: release }
    }

    pub async fn advance(&self, by: Duration) {
        tokio::time::advance(by).await;
    }
}

/// Lets the runtime and the publisher's threads work until `condition` holds; fails the test after ten seconds of real time.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain for: {what}");
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_micros(200));
    }
}
