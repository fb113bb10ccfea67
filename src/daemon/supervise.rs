use std::{thread, time::Duration};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Daemon, DaemonError, commands::Wish};
use crate::systemd;

/// How often entries are looked through for those whose time is over.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// By which editions know what nobody asks for any more.
const MINUTE: Duration = Duration::from_secs(60);

impl Daemon {
    /// Does what comes up, until it is told to stop or cannot go on.
    pub(super) async fn supervise(
        &mut self,
        stop: &CancellationToken,
        reload: &mut mpsc::Receiver<()>,
        wished: &mut mpsc::Receiver<Wish>,
    ) -> Result<(), DaemonError> {
        let mut prune = tokio::time::interval(PRUNE_EVERY);
        let mut minute = tokio::time::interval(MINUTE);
        minute.tick().await;
        let mut watchdog = tokio::time::interval(systemd::watchdog_interval().unwrap_or(Duration::from_secs(30)));
        // What is started after us may ask for an edition at once, so that we are ready no sooner than the editions are.
        let status = self.status.clone();
        let first_editions = status.first_editions();
        tokio::pin!(first_editions);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = &mut first_editions, if !self.is_ready => {
                    self.is_ready = true;
                    self.tell_ready();
                }
                Some(()) = reload.recv() => drop(self.reload().await?),
                Some(wish) = wished.recv() => self.grant(wish).await?,
                _ = prune.tick() => {
                    if self.desk.prune().await.is_err() {
                        return Err(DaemonError::DeskEnded);
                    }
                }
                _ = minute.tick() => self.editions.a_minute_passed(),
                _ = watchdog.tick() => {
                    if self.desk_thread.as_ref().is_none_or(thread::JoinHandle::is_finished) {
                        return Err(DaemonError::DeskEnded);
                    }
                    // Alive is who gets round to its work: the desk answers, or the service manager hears nothing.
                    let desk = self.desk.clone();
                    tokio::spawn(async move {
                        if desk.ping().await.is_ok() {
                            systemd::watchdog();
                        }
                    });
                }
            }
        }
    }

    pub(super) fn tell_ready(&self) {
        systemd::ready(&format!("serving {} editions", self.editions.len()));
    }
}
