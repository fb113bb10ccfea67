use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Newsdesk, Wish, beside,
    newsdesk::{Alone, Standing},
};
use crate::{
    control::{Command, Failure, FailureKind, Finished, Lines},
    daemon::assemble,
    ingest::{DoneDown, Ingest, TakeDown, TakeDownError, TookDown},
    publish::{Archives, TakeOut, TakenOut},
    store::{Store, TakenDownRecord},
};

/// Something is to be taken down for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeItDown {
    /// A link, an id of a story or an entry, or an entry's number.
    pub what: String,
    pub reason: String,
    /// Only says what would be taken down.
    pub dry_run: bool,
}

/// What was taken down may come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiftTakedown {
    /// What it was named by, one of its links or ids, or its number.
    pub what: String,
}

/// What was taken down so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTakedowns {}

/// What came of a takedown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenItDown {
    pub told: TookDown,
    /// Pages of archives that had it.
    pub pages: usize,
    /// Files in which it may still be, because they cannot be read or newsdesk has put them aside.
    pub left: Vec<PathBuf>,
}

/// How many takedowns were lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    pub takedowns: usize,
}

/// Something that was taken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTakedown {
    pub number: u64,
    pub at: DateTime<Utc>,
    pub named: String,
    pub reason: String,
    pub links: Vec<String>,
    pub entries: usize,
    /// It has left archives and editions too.
    pub is_out: bool,
}

impl Command<Newsdesk> for TakeItDown {
    const NAME: &'static str = "takedown";
    type Line = TakenItDown;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<TakenItDown>) -> Result<Finished, Failure> {
        let standing = newsdesk.standing().clone();
        let store = newsdesk.store().await?;
        let (looked_at, what, reason) = (store.clone(), self.what.clone(), self.reason.clone());
        let request = beside(move || look_in_archives(&looked_at, what, reason)).await?;
        let done = if self.dry_run {
            let store = store.clone();
            beside(move || {
                let ingest = Ingest::new(store.clone(), nothing_to_keep());
                let would = ingest.would_take_down(&request)?;
                let pages = archives(&store)?.look_for(&would.out).map_err(not_read)?.1;
                Ok(TakenItDown { told: would.told, pages, left: Vec::new() })
            })
            .await?
        } else {
            let DoneDown { told, out } = match standing {
                Standing::Running(running) => {
                    let desk = running.wish(Wish::Desk).await?;
                    let done = desk.take_down(request).await;
                    let done = done.map_err(|stopped| Failure::new(FailureKind::Other, stopped.to_string()))?;
                    done.map_err(|why| Failure::new(FailureKind::Other, why))?
                }
                Standing::Alone(alone) => {
                    let store = store.clone();
                    beside(move || take_down_here(&alone, &store, &request)).await?
                }
            };
            let mut left = out.unread;
            left.extend(store.examine().into_iter().flat_map(|found| found.aside).map(|aside| aside.path));
            TakenItDown { told, pages: out.pages, left }
        };
        beside(move || {
            lines.send_blocking(&done)?;
            Ok(Finished::Done)
        })
        .await
    }
}

impl Command<Newsdesk> for LiftTakedown {
    const NAME: &'static str = "lift-takedown";
    type Line = Lifted;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<Lifted>) -> Result<Finished, Failure> {
        let takedowns = match newsdesk.standing().clone() {
            Standing::Running(running) => {
                let desk = running.wish(Wish::Desk).await?;
                let lifted = desk.lift(self.what).await;
                let lifted = lifted.map_err(|stopped| Failure::new(FailureKind::Other, stopped.to_string()))?;
                lifted.map_err(|why| Failure::new(FailureKind::Other, why))?
            }
            Standing::Alone(alone) => {
                let store = newsdesk.store().await?;
                beside(move || {
                    let ingest = Ingest::new(store.clone(), assemble::rules(alone.config()?));
                    let _writing = store.while_writing();
                    let lifted = ingest.lift(&self.what)?;
                    store.make_durable()?;
                    Ok(lifted)
                })
                .await?
            }
        };
        beside(move || {
            lines.send_blocking(&Lifted { takedowns })?;
            Ok(Finished::Done)
        })
        .await
    }
}

impl Command<Newsdesk> for ListTakedowns {
    const NAME: &'static str = "list-takedowns";
    type Line = ListedTakedown;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<ListedTakedown>) -> Result<Finished, Failure> {
        let store = newsdesk.store().await?;
        beside(move || {
            for TakenDownRecord { number, at, named, reason, links, entries, is_out, .. } in store.taken_down()? {
                let entries = entries.len();
                lines.send_blocking(&ListedTakedown { number, at, named, reason, links, entries, is_out })?;
            }
            Ok(Finished::Done)
        })
        .await
    }
}

/// What the archives know of an entry that has left the store.
fn look_in_archives(store: &Store, what: String, reason: String) -> Result<TakeDown, Failure> {
    let by_id = TakeOut { ids: [what.clone()].into(), ..TakeOut::default() };
    let (archived, _) = archives(store)?.look_for(&by_id).map_err(not_read)?;
    Ok(TakeDown { what, reason, archived })
}

/// Where no daemon runs: from the store, from archives, and from the editions that the next start would serve at first.
fn take_down_here(alone: &Alone, store: &Store, request: &TakeDown) -> Result<DoneDown, Failure> {
    let config = alone.config()?;
    let ingest = Ingest::new(store.clone(), assemble::rules(config));
    let _writing = store.while_writing();
    let took = ingest.take_down(request, alone.clock.now())?;
    store.make_durable()?;
    assemble::saved_editions(config).clear();
    let out: TakenOut = archives(store)?.take_out(&took.out).map_err(not_read)?;
    ingest.are_out(&[took.told.number])?;
    store.make_durable()?;
    Ok(DoneDown { told: took.told, out })
}

fn archives(store: &Store) -> Result<Archives, Failure> {
    Archives::open(store.path().join("archives")).map_err(not_read)
}

fn not_read(error: std::io::Error) -> Failure {
    Failure::new(FailureKind::Store, format!("the archives cannot be used: {error}"))
}

/// For an ingest that only looks.
fn nothing_to_keep() -> crate::ingest::TakeInRules {
    let retention =
        crate::store::RetentionLimits { age: std::time::Duration::MAX, entries_per_source: u64::MAX, size: None };
    crate::ingest::TakeInRules { retention, sources: Default::default() }
}

impl From<TakeDownError> for Failure {
    fn from(error: TakeDownError) -> Self {
        match error {
            TakeDownError::Store(error) => error.into(),
            error => Failure::new(FailureKind::Other, error.to_string()),
        }
    }
}
