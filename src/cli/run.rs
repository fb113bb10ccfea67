use std::{path::Path, time::Duration};

use anyhow::Context as _;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{exit::Exit, log::Quiet, show::Show};
use crate::{
    clock::Clock,
    config,
    daemon::{self, DaemonOptions},
};

/// Runs the daemon until SIGTERM or SIGINT; SIGHUP reloads.
pub(super) fn run(path: &Path, quiet: Quiet) -> anyhow::Result<Exit> {
    let (config, warnings) = config::load(path)?;
    for warning in warnings {
        warn!("{warning}");
    }
    if config.store.path.is_none() {
        eprintln!("newsdesk: {} names no sources: there is nothing to poll; add one under [sources]", path.display());
        return Ok(Exit::Configuration);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        let (ask_reload, reload) = mpsc::channel(1);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::spawn({
            let stop = stop.clone();
            async move {
                loop {
                    tokio::select! {
                        _ = terminate.recv() => break,
                        _ = interrupt.recv() => break,
                        _ = hangup.recv() => {
                            info!("asked to reload the configuration");
                            // A reload that waits already will read the file as it is now.
                            let _ = ask_reload.try_send(());
                        }
                    }
                }
                info!("asked to stop");
                stop.cancel();
            }
        });
        let closing = format!("The index page is at {}", config.server.public_url);
        let options = DaemonOptions {
            config_path: path.to_path_buf(),
            clock: Clock::system(),
            stop,
            reload,
            observer: Box::new(Show::new(closing, quiet)),
            listening: None,
        };
        daemon::run(config, options).await?;
        anyhow::Ok(Exit::Done)
    });
    // What still hangs in a blocking call, such as a name service that does not answer, is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}
