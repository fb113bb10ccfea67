use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::{mpsc, oneshot};
use url::Url;

use crate::{
    clock::Clock,
    config::{Config, ConfigProblems},
    control::{Failure, FailureKind},
    daemon::open_store,
    ingest::DeskHandle,
    model::SourceId,
    poll::PollNow,
    publish::{Editions, TopicPage},
    status::Status,
    store::Store,
};

/// What a command works on. Cheap to clone.
#[derive(Clone)]
pub struct Newsdesk(Standing);

/// A daemon, or a configuration alone.
#[derive(Clone)]
pub(super) enum Standing {
    Running(Running),
    Alone(Arc<Alone>),
}

/// The daemon that this process is.
#[derive(Clone)]
pub(in crate::daemon) struct Running {
    pub store: Store,
    pub editions: Editions,
    pub status: Status,
    /// To the daemon's own task, which has the pollers and the configuration in force.
    pub wishes: mpsc::Sender<Wish>,
}

/// What only the daemon's own task can do.
pub(in crate::daemon) enum Wish {
    Roster(oneshot::Sender<Roster>),
    Reload(oneshot::Sender<Reload>),
    Desk(oneshot::Sender<DeskHandle>),
}

/// What the admin is to know of a reload that was done, or why it was refused.
pub(in crate::daemon) type Reload = Result<Reloading, String>;

/// A reload that was done.
pub(in crate::daemon) struct Reloading {
    pub sources: usize,
    /// What is in force only after a restart, and what is probably not meant.
    pub warnings: Vec<String>,
}

/// Who can be polled now.
pub(in crate::daemon) struct Roster {
    pub pollers: Vec<Asking>,
    /// Sources in the configuration in force, polled or not.
    pub configured: BTreeSet<SourceId>,
    pub topics: Vec<TopicPage>,
    /// As many as may be asked at once.
    pub at_once: usize,
}

/// A source's poller, as it can be asked.
pub(in crate::daemon) struct Asking {
    pub source: SourceId,
    pub url: Url,
    pub ask: mpsc::Sender<PollNow>,
}

/// The configuration of a newsdesk that does not run here.
pub(super) struct Alone {
    config: Result<Config, ConfigProblems>,
    pub clock: Clock,
}

impl Newsdesk {
    pub(in crate::daemon) fn running(running: Running) -> Self {
        Self(Standing::Running(running))
    }

    /// For a command in a process of its own. The store is opened when a command wants it. Some commands need no
    /// configuration as long as a newsdesk runs, so that one with mistakes will do until it is needed.
    pub fn alone(config: Result<Config, ConfigProblems>, clock: Clock) -> Self {
        Self(Standing::Alone(Arc::new(Alone { config, clock })))
    }

    pub(super) fn standing(&self) -> &Standing {
        &self.0
    }

    /// The open store.
    pub(super) async fn store(&self) -> Result<Store, Failure> {
        match &self.0 {
            Standing::Running(running) => Ok(running.store.clone()),
            Standing::Alone(alone) => Ok(open_store(alone.config()?).await?),
        }
    }
}

impl Running {
    /// Asks the daemon's own task.
    pub(super) async fn wish<T>(&self, wish: impl FnOnce(oneshot::Sender<T>) -> Wish) -> Result<T, Failure> {
        let stopping = || Failure::new(FailureKind::Other, "newsdesk is stopping");
        let (done, answer) = oneshot::channel();
        self.wishes.send(wish(done)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }
}

impl Alone {
    pub(super) fn config(&self) -> Result<&Config, Failure> {
        self.config.as_ref().map_err(|problems| problems.clone().into())
    }
}
