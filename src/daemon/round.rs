use std::net::SocketAddr;

use tokio::task::JoinSet;

use super::{
    Assembled, DESK_CAPACITY, DaemonError, RoundObserver, RoundSummary, open_store,
    pollers::{hold_hosts, processors, state_of},
};
use crate::{
    clock::Clock,
    config::Config,
    fetch::Fetcher,
    ingest::{Desk, DeskSetup, RETRY},
    model::SourceId,
    poll::{Poller, SharedTools, Surroundings, Tools},
    status::Status,
};

/// Polls the sources named, or all, once and now, without a server.
///
/// # Errors
/// When the store cannot be opened, or nothing can be polled at all. What fails of a single source is in the summary.
pub async fn poll_round(
    config: &Config,
    named: &[SourceId],
    clock: Clock,
    observer: &mut dyn RoundObserver,
) -> Result<RoundSummary, DaemonError> {
    let nowhere: SocketAddr = config.server.listen;
    let parts = Assembled::new(config, nowhere)?;
    let store = open_store(config).await?;
    let setup = DeskSetup {
        store: store.clone(),
        rules: parts.rules.clone(),
        publisher: None,
        tagging: parts.tagging(&store.topics_ever()?),
        clock: clock.clone(),
        status: Status::default(),
        capacity: DESK_CAPACITY,
        retry: RETRY,
    };
    let (desk, desk_thread) = Desk::start(setup)?;
    let fetcher = Fetcher::new(parts.fetch, clock.clone()).map_err(super::AssembleError::Fetcher)?;
    hold_hosts(&fetcher, &parts.sources, &store);
    let surroundings = Surroundings {
        tools: SharedTools::new(Tools { fetcher, reader: parts.reader }),
        desk,
        clock,
        status: Status::default(),
        processors: processors(),
        store: store.clone(),
        reports: None,
    };

    let mut polls = JoinSet::new();
    for settings in parts.sources.into_iter().filter(|s| named.is_empty() || named.contains(&s.id)) {
        let mut state = state_of(&store, &settings);
        let poller = Poller { settings, surroundings: surroundings.clone() };
        polls.spawn(async move { poller.poll_once(&mut state).await });
    }
    observer.begins(polls.len());
    let mut summary = RoundSummary::default();
    while let Some(polled) = polls.join_next().await {
        let report = polled.ok().and_then(Result::ok).ok_or(DaemonError::DeskEnded)?;
        summary.add(&report);
        observer.polled(&report);
    }
    drop(surroundings);
    let topics = parts.publish.topics;
    let counted = tokio::task::spawn_blocking(move || {
        let ended = desk_thread.join();
        summary.count_stories(&store, &topics);
        ended.map(|()| summary)
    });
    let summary = counted.await.ok().and_then(Result::ok).ok_or(DaemonError::DeskEnded)?;
    observer.ends(&summary);
    Ok(summary)
}
