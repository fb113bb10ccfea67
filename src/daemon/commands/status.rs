use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Newsdesk, beside,
    newsdesk::{Alone, Standing},
};
use crate::{
    control::{Command, Failure, Finished, Lines},
    daemon::{assemble, pollers::state_of},
    poll::{for_strangers, moved_to},
    schedule::{self, SourceSchedule, Spread},
    status::{Health, HubCounts, SourceStatus, Status},
    store::Store,
};

/// How things are: what `/healthz` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskStatus {}

/// The `status` of a newsdesk that does not run.
const STOPPED: &str = "stopped";

impl Command<Newsdesk> for AskStatus {
    const NAME: &'static str = "status";
    /// The object of `/healthz`, whose fields differ from version to version.
    type Line = Map<String, Value>;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<Self::Line>) -> Result<Finished, Failure> {
        let health = match newsdesk.standing() {
            Standing::Running(running) => running.status.health(),
            Standing::Alone(alone) => {
                let (alone, store) = (alone.clone(), newsdesk.store().await?);
                beside(move || as_kept(&alone, &store)).await?
            }
        };
        let is_well = health.status == "ok";
        if let Ok(Value::Object(fields)) = serde_json::to_value(&health) {
            lines.send(&fields).await?;
        }
        Ok(if is_well { Finished::Done } else { Finished::PartFailed })
    }
}

/// What the store knows of the last polls.
fn as_kept(alone: &Alone, store: &Store) -> Result<Health, Failure> {
    let (config, now) = (alone.config()?, alone.clock.now());
    let status = Status::default();
    let sources = assemble::sources(config);
    status.sources_are(&sources.iter().map(|source| source.id.clone()).collect());
    for source in &sources {
        let state = state_of(store, source);
        let Some(polled) = state.last_start else { continue };
        let failed = state.last_outcome.as_deref().filter(|_| state.failures > 0);
        let schedule = SourceSchedule { schedule: &source.schedule, own: source.schedule_is_own };
        let source_status = SourceStatus {
            polled,
            error: failed.map(|why| for_strangers(&source.url, why)),
            moved_to: moved_to(&state),
            next: schedule::next_poll(schedule, &state, now, Spread::of(&source.id)).at,
        };
        status.polled(&source.id, source_status);
    }
    if config.server.hub && config.server.public_url_given {
        let subscriptions = store.subscriptions()?;
        let failing = subscriptions.iter().filter(|subscription| subscription.failures > 0).count();
        status.hub_is(Some(HubCounts { confirmed: subscriptions.len(), waiting: 0, failing }));
    }
    Ok(Health { status: STOPPED, ..status.health() })
}
