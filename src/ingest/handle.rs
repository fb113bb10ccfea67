use tokio::sync::{mpsc, oneshot};

use super::{ArticleEnd, Delivery, NewArticles, Outcome, Tagging, TakeDown, TakeInRules, Tell, TookDown};
use crate::{
    model::{EntryNumber, PollState, SourceId, SourceNumber, StoryNumber},
    publish::{MadePage, Publisher, TakenOut},
    store::SubscriptionChange,
};

/// Where deliveries are handed in. Cheap to clone; the desk closes when the last handle is dropped.
#[derive(Clone)]
pub struct DeskHandle {
    pub(super) inbox: mpsc::Sender<Message>,
    pub(super) new_articles: NewArticles,
}

/// The desk has stopped; nothing can be handed in any more.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub struct DeskStopped;

/// What was taken down: from the store, and from archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneDown {
    pub told: TookDown,
    pub out: TakenOut,
}

pub(super) enum Message {
    Begin {
        source: SourceId,
        state: Box<PollState>,
        done: oneshot::Sender<Result<(), String>>,
    },
    Delivery {
        delivery: Box<Delivery>,
        done: oneshot::Sender<Result<Outcome, String>>,
    },
    Reload {
        rules: TakeInRules,
        publisher: Box<Publisher>,
        tagging: Tagging,
        done: oneshot::Sender<()>,
    },
    Article {
        source: SourceNumber,
        number: EntryNumber,
        end: ArticleEnd,
        done: oneshot::Sender<Result<(), String>>,
    },
    Tell {
        tell: Tell,
        done: oneshot::Sender<Result<Vec<StoryNumber>, String>>,
    },
    /// A page of an archive is on the disk.
    Archived(MadePage),
    TakeDown {
        request: TakeDown,
        done: oneshot::Sender<Result<DoneDown, String>>,
    },
    /// What was taken down has left archives and editions.
    AreOut(Vec<u64>),
    Lift {
        what: String,
        done: oneshot::Sender<Result<usize, String>>,
    },
    Subscriptions {
        changes: Vec<SubscriptionChange>,
        done: oneshot::Sender<Result<(), String>>,
    },
    Prune,
    Ping {
        done: oneshot::Sender<()>,
    },
}

impl DeskHandle {
    /// Puts on the disk that a poll is about to begin, before its request leaves. The inner error is the store's.
    pub async fn begin(&self, source: SourceId, state: PollState) -> Result<Result<(), String>, DeskStopped> {
        self.ask(|done| Message::Begin { source, state: Box::new(state), done }).await
    }

    /// Hands a delivery in and waits until it is on the disk. The inner error is the store's: the poll is not done then.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Result<Outcome, String>, DeskStopped> {
        self.ask(|done| Message::Delivery { delivery: Box::new(delivery), done }).await
    }

    /// Hands in what became of fetching an entry's page, and waits until it is on the disk. The inner error is the store's.
    pub async fn article(
        &self,
        source: SourceNumber,
        number: EntryNumber,
        end: ArticleEnd,
    ) -> Result<Result<(), String>, DeskStopped> {
        self.ask(|done| Message::Article { source, number, end, done }).await
    }

    /// Which sources have new pages to be fetched, from now on.
    pub fn new_articles(&self) -> NewArticles {
        self.new_articles.clone()
    }

    /// Goes over to new rules, a new publisher and new topics, and returns once sources that were renamed have their past
    /// under their new names. Stored entries are tagged again between deliveries.
    pub async fn reload(&self, rules: TakeInRules, publisher: Publisher, tagging: Tagging) -> Result<(), DeskStopped> {
        self.ask(|done| Message::Reload { rules, publisher: Box::new(publisher), tagging, done }).await
    }

    /// Hands in the admin's word on stories and waits until it is on the disk. Returns the stories there are now of those named;
    /// the inner error says why it could not be done.
    pub async fn tell(&self, tell: Tell) -> Result<Result<Vec<StoryNumber>, String>, DeskStopped> {
        self.ask(|done| Message::Tell { tell, done }).await
    }

    /// Hands in what became of subscriptions and waits until it is on the disk. The inner error is the store's.
    pub async fn subscriptions(&self, changes: Vec<SubscriptionChange>) -> Result<Result<(), String>, DeskStopped> {
        self.ask(|done| Message::Subscriptions { changes, done }).await
    }

    /// Takes something down for good, and waits until it has left the store, every archive and every edition. The inner error
    /// says why it could not be done.
    pub async fn take_down(&self, request: TakeDown) -> Result<Result<DoneDown, String>, DeskStopped> {
        self.ask(|done| Message::TakeDown { request, done }).await
    }

    /// Lets what was taken down come again. Returns how many takedowns were lifted; the inner error says why none was.
    pub async fn lift(&self, what: String) -> Result<Result<usize, String>, DeskStopped> {
        self.ask(|done| Message::Lift { what, done }).await
    }

    /// Asks for what the retention no longer covers to be removed.
    pub async fn prune(&self) -> Result<(), DeskStopped> {
        self.inbox.send(Message::Prune).await.map_err(|_| DeskStopped)
    }

    /// Returns once the desk has got round to it: it is alive.
    pub async fn ping(&self) -> Result<(), DeskStopped> {
        self.ask(|done| Message::Ping { done }).await
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, DeskStopped> {
        let (done, answer) = oneshot::channel();
        self.inbox.send(message(done)).await.map_err(|_| DeskStopped)?;
        answer.await.map_err(|_| DeskStopped)
    }
}
