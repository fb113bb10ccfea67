use tokio::sync::mpsc;
use tracing::error;

use super::{
    Daemon, DaemonError, assemble,
    commands::{Asking, Newsdesk, Roster, Running, Wish, commands},
};
use crate::{
    control::{self, Control, ControlLimits},
    systemd,
};

/// Wishes that may wait for the daemon's own task.
const WAITING_WISHES: usize = 16;

impl Daemon {
    /// Takes commands from now on; wishes come by the receiver. Without a socket the daemon goes on: it is there for readers.
    pub(super) async fn take_commands(&self) -> (Option<Control>, mpsc::Receiver<Wish>) {
        let (wishes, wished) = mpsc::channel(WAITING_WISHES);
        let store = self.config.store.path.clone().unwrap_or_default();
        let control = match control::listen(&store, systemd::runtime_directory().as_deref()).await {
            Ok(socket) => {
                let running = Running {
                    store: self.store.clone(),
                    editions: self.editions.clone(),
                    status: self.status.clone(),
                    wishes,
                };
                let newsdesk = Newsdesk::running(running);
                Some(Control::start(socket, commands(), newsdesk, ControlLimits::default()))
            }
            Err(error) => {
                error!("no commands can be given to this newsdesk: {error}");
                None
            }
        };
        (control, wished)
    }

    /// Does what a command wants of us.
    pub(super) async fn grant(&mut self, wish: Wish) -> Result<(), DaemonError> {
        // Whoever asked may have gone.
        match wish {
            Wish::Roster(done) => {
                let _ = done.send(self.roster());
            }
            Wish::Desk(done) => {
                let _ = done.send(self.desk.clone());
            }
            Wish::Reload(done) => {
                let _ = done.send(self.reload().await?);
            }
        }
        Ok(())
    }

    fn roster(&self) -> Roster {
        let pollers = self.pollers.asked().map(|(settings, ask)| Asking {
            source: settings.id.clone(),
            url: settings.url.clone(),
            ask: ask.clone(),
        });
        // It was made of this configuration before.
        let pages = assemble::publish_settings(&self.config, self.address).map(|settings| settings.topics);
        Roster {
            pollers: pollers.collect(),
            configured: self.config.sources.keys().cloned().collect(),
            topics: pages.unwrap_or_default(),
            at_once: self.config.polling.concurrency,
        }
    }
}
