//! The daemon: opens, wires, supervises, reloads, and stops in order.
//!
//! [`run`] tells it from beginning to end. What faces readers (`front`) is up first, with the editions of the last run; then the store
//! is opened (`opening`), the desk, the pollers, the hub and the article task started by what the configuration comes to
//! (`assemble`). From then on `supervise` does what comes up: a `reload`, a command (`control`, `commands`), what recurs.
//!
//! Stop order: commands end; the pollers drop their fetches (nothing of them is committed yet), the hub its deliveries, the desk
//! works off what was handed in and flushes, the server finishes its requests; the store is closed last.

mod articles;
mod assemble;
mod commands;
mod control;
mod error;
mod first_round;
mod front;
mod hub;
mod opening;
mod pollers;
mod reload;
mod round;
mod supervise;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use assemble::{AssembleError, Assembled, reader};
pub use commands::{
    AskReload, AskStatus, Doctor, DoctorLine, Export, FindStories, Finding, FindingState, FoundCopy, FoundEntry,
    FoundEvent, FoundPair, FoundReading, FoundStory, Import, ImportLine, KeptEntries, KeptEntry, LiftTakedown, Lifted,
    ListTakedowns, ListedTakedown, MergedStories, Newsdesk, Poll, PollLine, PolledSource, PublishFiles, Reloaded,
    Restore, TakeItDown, TakenItDown, TellStories,
};
pub use error::DaemonError;
pub use first_round::{FirstRound, RoundObserver, RoundSummary};
pub(crate) use opening::open_store;
pub use round::poll_round;

use crate::{
    clock::Clock,
    config::Config,
    fetch::{FetchSettings, Fetcher},
    ingest::{Desk, DeskHandle, DeskSetup, RETRY},
    poll::{PollReport, SharedTools, Surroundings, Tools},
    publish::{Editions, Publisher},
    status::Status,
    store::{Store, StoreError},
    systemd,
    websub::{HubDoor, HubSettings},
};
use articles::ArticleTask;
use front::Front;
use hub::{HubError, HubParts, HubTask, callback_settings, hub_settings};
use opening::open_once_there_is_room;
use pollers::{Pollers, hold_hosts, processors};

/// How the daemon is run.
pub struct DaemonOptions {
    /// The file that a reload reads again.
    pub config_path: PathBuf,
    pub clock: Clock,
    /// Cancelled when the daemon is to stop.
    pub stop: CancellationToken,
    /// A message on it asks for a reload.
    pub reload: mpsc::Receiver<()>,
    /// Sees the first round of polls.
    pub observer: Box<dyn RoundObserver>,
    /// Told the address once it is listened on.
    pub listening: Option<oneshot::Sender<SocketAddr>>,
}

/// Messages that may wait at the desk before pollers have to.
const DESK_CAPACITY: usize = 256;

/// How long everything may take to stop.
const STOP_BUDGET: Duration = Duration::from_secs(8);

/// Runs the daemon until it is told to stop.
///
/// # Errors
/// When it cannot start, or cannot go on.
pub async fn run(config: Config, options: DaemonOptions) -> Result<(), DaemonError> {
    let DaemonOptions { config_path, clock, stop, mut reload, observer, listening } = options;
    let listener = listen(config.server.listen).await?;
    let address = listener.local_addr().unwrap_or(config.server.listen);
    if let Some(listening) = listening {
        // Whoever asked may have lost interest.
        let _ = listening.send(address);
    }
    let front = Front::open(&config, address, clock.clone())?;
    let serve_stop = front.serve_stop.clone();
    let server = front.serve(listener)?;
    let opened = Daemon::open(config, address, config_path, front, &stop).await;
    let mut daemon = match opened {
        Ok(daemon) => daemon,
        Err(error) => {
            serve_stop.cancel();
            let _ = server.await;
            return if matches!(error, DaemonError::Store(StoreError::Stopped)) { Ok(()) } else { Err(error) };
        }
    };
    let (control, mut wished) = daemon.take_commands().await;
    let first_round = daemon.start_pollers(observer).await?;
    info!(address = %daemon.public_url(), sources = daemon.pollers.len(), "newsdesk is up");

    let result = daemon.supervise(&stop, &mut reload, &mut wished).await;
    systemd::stopping();
    drop(wished);
    if let Some(control) = control {
        control.stop().await;
    }
    first_round.abort();
    daemon.stop(server).await;
    result
}

async fn listen(address: SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address).await.map_err(|cause| DaemonError::Listen { address, cause })
}

struct Daemon {
    config: Config,
    config_path: PathBuf,
    address: SocketAddr,
    clock: Clock,
    status: Status,
    store: Store,
    editions: Editions,
    tools: SharedTools,
    desk: DeskHandle,
    desk_thread: Option<thread::JoinHandle<()>>,
    pollers: Pollers,
    articles: ArticleTask,
    hub: HubTask,
    hub_door: HubDoor,
    processors: Arc<Semaphore>,
    serve_stop: CancellationToken,
    /// The service manager was told that we are up.
    is_ready: bool,
}

impl Daemon {
    async fn open(
        config: Config,
        address: SocketAddr,
        config_path: PathBuf,
        front: Front,
        stop: &CancellationToken,
    ) -> Result<Self, DaemonError> {
        let Front { editions, status, clock, hub: hub_door, serve_stop } = front;
        let parts = Assembled::new(&config, address)?;
        let store = open_once_there_is_room(&config, &status, stop).await?;
        let fetcher = Fetcher::new(parts.fetch.clone(), clock.clone()).map_err(AssembleError::Fetcher)?;
        let tools = SharedTools::new(Tools { fetcher, reader: parts.reader.clone() });
        let ever = store.topics_ever()?;
        let saved = Some(assemble::saved_editions(&config));
        let publisher = Publisher::new(store.clone(), parts.publish.clone(), editions.clone(), &ever, saved);
        let setup = DeskSetup {
            store: store.clone(),
            rules: parts.rules.clone(),
            publisher: Some(publisher),
            tagging: parts.tagging(&ever),
            clock: clock.clone(),
            status: status.clone(),
            capacity: DESK_CAPACITY,
            retry: RETRY,
        };
        let (desk, desk_thread) = Desk::start(setup)?;
        Ok(Self {
            config,
            config_path,
            address,
            clock,
            status,
            store,
            editions,
            tools,
            desk,
            desk_thread: Some(desk_thread),
            pollers: Pollers::default(),
            articles: ArticleTask::default(),
            hub: HubTask::default(),
            hub_door,
            processors: processors(),
            serve_stop,
            is_ready: false,
        })
    }

    fn public_url(&self) -> String {
        assemble::public_url(&self.config, self.address).map(String::from).unwrap_or_default()
    }

    /// Starts a poller for every source; the observer sees those that are due at once.
    async fn start_pollers(&mut self, observer: Box<dyn RoundObserver>) -> Result<JoinHandle<()>, DaemonError> {
        let parts = Assembled::new(&self.config, self.address)?;
        hold_hosts(&self.tools.get().fetcher, &parts.sources, &self.store);
        self.status.sources_are(&parts.sources.iter().map(|source| source.id.clone()).collect());
        let (reports, incoming) = mpsc::unbounded_channel();
        let round = FirstRound::new(&parts.sources, &self.store, self.clock.now());
        self.arrange_hub(hub_settings(&self.config, self.address), callback_settings(&self.config, &parts.fetch))
            .await?;
        self.articles.arrange(parts.sources.clone(), self.surroundings(None)).await;
        self.pollers.arrange(parts.sources, &self.store, &self.surroundings(Some(reports)));
        let (store, topics) = (self.store.clone(), parts.publish.topics.clone());
        Ok(tokio::spawn(round.observe(incoming, observer, store, topics)))
    }

    async fn arrange_hub(&mut self, settings: Option<HubSettings>, callbacks: FetchSettings) -> Result<(), HubError> {
        let Self { editions, store, desk, clock, hub, hub_door: door, status, .. } = self;
        hub.arrange(settings, callbacks, HubParts { editions, store, desk, clock, door, status }).await
    }

    fn surroundings(&self, reports: Option<mpsc::UnboundedSender<PollReport>>) -> Surroundings {
        Surroundings {
            tools: self.tools.clone(),
            desk: self.desk.clone(),
            clock: self.clock.clone(),
            status: self.status.clone(),
            processors: self.processors.clone(),
            store: self.store.clone(),
            reports,
        }
    }

    async fn stop(mut self, server: JoinHandle<()>) {
        let stopping = async {
            self.articles.stop().await;
            self.pollers.stop().await;
            self.hub.stop().await;
            drop(self.desk);
            if let Some(thread) = self.desk_thread.take() {
                let ended = tokio::task::spawn_blocking(move || thread.join()).await;
                if !matches!(ended, Ok(Ok(()))) {
                    error!("the thread that writes the store ended in a panic");
                }
            }
            self.serve_stop.cancel();
            let _ = server.await;
        };
        if tokio::time::timeout(STOP_BUDGET, stopping).await.is_err() {
            warn!("not everything stopped within {} s", STOP_BUDGET.as_secs());
        }
        info!("newsdesk has stopped");
    }
}
