//! What the server sees of the hub: where wishes are handed in, also while there is no hub to take them.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use http::StatusCode;
use tokio::sync::{mpsc, oneshot};

use super::{HubSettings, Refusal, Wish, request};

/// The way to the hub. Cheap to clone; there is no hub behind a new one.
#[derive(Clone, Default)]
pub struct HubDoor(Arc<RwLock<Behind>>);

#[derive(Default)]
struct Behind {
    /// `None` where there is to be no hub.
    settings: Option<Arc<HubSettings>>,
    /// `None` until the hub is ready, and once it has stopped.
    inbox: Option<mpsc::Sender<Ask>>,
}

/// A wish, and where the answer to it goes.
pub(super) struct Ask {
    pub wish: Wish,
    pub answer: oneshot::Sender<Result<(), Refusal>>,
}

/// What a client is answered: a short text of our own, in which nothing of the request is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: StatusCode,
    pub text: String,
    pub retry_after: Option<Duration>,
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.status, text: format!("{}\n", refusal.why), retry_after: refusal.retry_after }
    }
}

/// How soon a hub that is being started or restarted is likely to be there.
const READY_SOON: Duration = Duration::from_secs(5);

impl HubDoor {
    /// Says that there is, or is to be, a hub with these settings; `None` that there is none.
    pub fn announce(&self, settings: Option<HubSettings>) {
        let mut behind = self.0.write().unwrap_or_else(PoisonError::into_inner);
        behind.settings = settings.map(Arc::new);
    }

    pub(super) fn open(&self, inbox: mpsc::Sender<Ask>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).inbox = Some(inbox);
    }

    pub(super) fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).inbox = None;
    }

    /// Whether there is, or is to be, a hub.
    pub fn is_there(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).settings.is_some()
    }

    /// Takes a form that came to the hub's address, and says what to answer.
    pub async fn ask(&self, content_type: Option<&str>, body: &[u8]) -> Reply {
        let (settings, inbox) = {
            let behind = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (behind.settings.clone(), behind.inbox.clone())
        };
        let Some(settings) = settings else {
            return Refusal::new(StatusCode::NOT_FOUND, "There is no hub here.").into();
        };
        match hand_in(&settings, inbox, content_type, body).await {
            Ok(()) => Reply {
                status: StatusCode::ACCEPTED,
                text: "Accepted; the callback will be asked to confirm.\n".into(),
                retry_after: None,
            },
            Err(refusal) => refusal.into(),
        }
    }
}

async fn hand_in(
    settings: &HubSettings,
    inbox: Option<mpsc::Sender<Ask>>,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<(), Refusal> {
    let wish = request::read(settings, content_type, body)?;
    let busy = || Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "The hub is busy or being started.", READY_SOON);
    let (answer, answered) = oneshot::channel();
    inbox.ok_or_else(busy)?.try_send(Ask { wish, answer }).map_err(|_| busy())?;
    answered.await.map_err(|_| busy())?
}
