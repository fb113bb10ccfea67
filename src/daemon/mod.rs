//! The daemon: opens, wires, supervises, reloads, and stops in order.
//!
//! Stop order: commands end; the pollers drop their fetches (nothing of them is committed yet), the hub its deliveries, the desk works off what was handed in and
//! flushes, the server finishes its requests; the store is closed last.

mod articles;
mod assemble;
mod commands;
mod control;
mod first_round;
mod hub;
mod pollers;
mod round;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

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
pub use first_round::{FirstRound, RoundObserver, RoundSummary};
pub use round::poll_round;

use crate::{
    clock::Clock,
    config::{self, Config, ConfigProblems},
    fetch::{FetchSettings, Fetcher},
    ingest::{Desk, DeskError, DeskHandle, DeskSetup, RETRY},
    poll::{PollReport, SharedTools, Surroundings, Tools},
    publish::{Editions, Publisher},
    schedule,
    serve::{self, ServeLimits, Site, router, serve_apart},
    status::Status,
    store::{Progress, Store, StoreError},
    systemd,
    websub::{HubDoor, HubSettings},
};
use articles::ArticleTask;
use commands::{Reload, Reloading, Wish};
use hub::{HubError, HubParts, HubTask, callback_settings, hub_settings};
use pollers::{Pollers, state_of};

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

/// Why the daemon could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error(transparent)]
    Config(#[from] ConfigProblems),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot listen on {address}: {cause}; stop what listens there, or change [server] listen")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error("the thread that writes the store ended; the log says why")]
    DeskEnded,
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl From<HubError> for DaemonError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Assemble(error) => DaemonError::Assemble(error),
            HubError::Store(error) => DaemonError::Store(error),
        }
    }
}

impl From<DeskError> for DaemonError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Store(error) => DaemonError::Store(error),
            DeskError::Thread(error) => DaemonError::Thread(error),
        }
    }
}

/// Messages that may wait at the desk before pollers have to.
const DESK_CAPACITY: usize = 256;

/// How often entries are looked through for those whose time is over.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// By which editions know what nobody asks for any more.
const MINUTE: Duration = Duration::from_secs(60);

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

/// What faces readers, and can before the store is open: with the editions of the last run.
struct Front {
    editions: Editions,
    status: Status,
    clock: Clock,
    hub: HubDoor,
    serve_stop: CancellationToken,
}

impl Front {
    fn open(config: &Config, address: SocketAddr, clock: Clock) -> Result<Self, DaemonError> {
        let parts = Assembled::new(config, address)?;
        let archives = assemble::archives(config).map_err(|cause| {
            let path = config.store.path.clone().unwrap_or_default().join("archives");
            DaemonError::Store(StoreError::Folder { path, cause })
        })?;
        let editions = Editions::with_archives(archives);
        editions.restore(&Arc::new(parts.publish), assemble::saved_editions(config));
        let hub = HubDoor::default();
        hub.announce(hub_settings(config, address));
        Ok(Self { editions, status: Status::default(), clock, hub, serve_stop: CancellationToken::new() })
    }

    fn serve(&self, listener: TcpListener) -> Result<JoinHandle<()>, DaemonError> {
        let (editions, status, clock) = (self.editions.clone(), self.status.clone(), self.clock.clone());
        let site = Site { editions, status, clock, hub: self.hub.clone() };
        let front = serve::Front::new(site.clone(), router(site));
        serve_apart(listener, front, ServeLimits::default(), self.serve_stop.clone()).map_err(DaemonError::Thread)
    }
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

    async fn supervise(
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

    /// Reads the configuration again. One with mistakes is refused whole and the old one stays.
    async fn reload(&mut self) -> Result<Reload, DaemonError> {
        if self.is_ready {
            systemd::reloading();
        }
        let reload = match load_again(&self.config_path).await {
            Ok((config, mut warnings)) => {
                warnings.extend(self.takes_a_restart(&config));
                match self.go_over_to(config).await {
                    Ok(()) => Ok(Reloading { sources: self.pollers.len(), warnings }),
                    Err(DaemonError::Assemble(error)) => Err(error.to_string()),
                    Err(error) => return Err(error),
                }
            }
            Err(problems) => Err(problems),
        };
        match &reload {
            Ok(done) => {
                for warning in &done.warnings {
                    warn!("{warning}");
                }
                info!(sources = done.sources, "the configuration is reloaded");
            }
            Err(problems) => error!("the configuration is not reloaded, the old one stays in force:\n{problems}"),
        }
        self.status.configuration_is(reload.as_ref().err().cloned());
        if self.is_ready {
            self.tell_ready();
        }
        Ok(reload)
    }

    /// What of this configuration is in force only after a restart.
    fn takes_a_restart(&self, config: &Config) -> Option<String> {
        let is_other = config.server.listen != self.config.server.listen || config.store.path != self.config.store.path;
        is_other.then(|| "a change of [server] listen or [store] path takes a restart".to_owned())
    }

    fn tell_ready(&self) {
        systemd::ready(&format!("serving {} editions", self.editions.len()));
    }

    async fn go_over_to(&mut self, config: Config) -> Result<(), DaemonError> {
        let parts = Assembled::new(&config, self.address)?;
        let before = Assembled::new(&self.config, self.address)?;
        let mut tools = self.tools.get();
        if parts.fetch != before.fetch {
            tools.fetcher = Fetcher::new(parts.fetch.clone(), self.clock.clone()).map_err(AssembleError::Fetcher)?;
            hold_hosts(&tools.fetcher, &parts.sources, &self.store);
        }
        tools.reader = parts.reader.clone();
        self.tools.set(tools);
        let ever = self.store.topics_ever()?;
        let saved = Some(assemble::saved_editions(&config));
        let (publish, editions) = (parts.publish.clone(), self.editions.clone());
        let publisher = Publisher::new(self.store.clone(), publish, editions, &ever, saved);
        let tagging = parts.tagging(&ever);
        // A source that is renamed must not hand anything in under its old name once the desk knows the new one.
        let renamed = parts.rules.sources.values().flat_map(|source| &source.formerly);
        self.pollers.halt(renamed.filter(|id| !config.sources.contains_key(*id))).await;
        self.status.sources_are(&parts.sources.iter().map(|source| source.id.clone()).collect());
        self.desk.reload(parts.rules, publisher, tagging).await.map_err(|_| DaemonError::DeskEnded)?;
        self.arrange_hub(hub_settings(&config, self.address), callback_settings(&config, &parts.fetch)).await?;
        self.articles.arrange(parts.sources.clone(), self.surroundings(None)).await;
        self.pollers.arrange(parts.sources, &self.store, &self.surroundings(None));
        self.config = config;
        Ok(())
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

/// Hosts that asked for silence before still have it, whoever asks next.
pub(crate) fn hold_hosts(fetcher: &Fetcher, sources: &[crate::poll::SourceSettings], store: &Store) {
    for source in sources {
        let state = state_of(store, source);
        if state.retry_is_for_host
            && let Some(until) = state.retry_until
            && let Ok(url) = url::Url::parse(schedule::url_to_poll(&state))
        {
            fetcher.hold_host(&url, until);
        }
    }
}

/// As many documents are read at once as there are processors.
pub(crate) fn processors() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(thread::available_parallelism().map_or(2, usize::from)))
}

/// Opens the store, which takes room: where there is none it is tried again until there is, and the editions of the last run
/// stay up meanwhile.
async fn open_once_there_is_room(
    config: &Config,
    status: &Status,
    stop: &CancellationToken,
) -> Result<Store, StoreError> {
    let mut is_told = false;
    loop {
        match open_whole_store(config, status, stop).await {
            Err(error) if error.is_out_of_room() && !stop.is_cancelled() => {
                let why = format!("the store cannot be opened: {error}; it is tried again every few seconds");
                if !std::mem::replace(&mut is_told, true) {
                    error!("{why}");
                }
                systemd::takes_long(&why);
                status.store_is(Some(why));
                // Ended by a stop, it is tried once more and then given up.
                let _ = tokio::time::timeout(RETRY, stop.cancelled()).await;
            }
            opened => {
                if opened.is_ok() && is_told {
                    info!("there is room again; the store is open");
                    status.store_is(None);
                }
                return opened;
            }
        }
    }
}

/// Opens the store beside the runtime, says how far that is and what had to be mended.
async fn open_whole_store(config: &Config, status: &Status, stop: &CancellationToken) -> Result<Store, StoreError> {
    let settings = assemble::store_settings(config);
    let path = settings.path.clone();
    let (status, stop) = (status.clone(), stop.clone());
    let work = move || {
        let watch = |progress: Progress| {
            status.store_does(Some(progress));
            systemd::takes_long(&progress.to_string());
            !stop.is_cancelled()
        };
        let opened = Store::open_with(&settings, &watch)?;
        for repair in &opened.repairs {
            warn!("{repair}");
        }
        status.store_does(None);
        Ok(opened.store)
    };
    let opened = tokio::task::spawn_blocking(work).await;
    opened.map_err(|panic| StoreError::Damaged { path, cause: panic.to_string() })?
}

/// Opens the store beside the runtime, and says what had to be mended.
pub(crate) async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let settings = assemble::store_settings(config);
    let path = settings.path.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&settings))
        .await
        .map_err(|panic| StoreError::Damaged { path, cause: panic.to_string() })??;
    for repair in &opened.repairs {
        warn!("{repair}");
    }
    Ok(opened.store)
}

async fn load_again(path: &Path) -> Result<(Config, Vec<String>), String> {
    let path = path.to_path_buf();
    let loaded = tokio::task::spawn_blocking(move || config::load(&path)).await.map_err(|panic| panic.to_string())?;
    let (config, warnings) = loaded.map_err(|problems| problems.to_string())?;
    Ok((config, warnings.iter().map(ToString::to_string).collect()))
}
