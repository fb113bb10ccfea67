use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::{
    exit::{Exit, Misuse},
    show::{self, Show},
};
use crate::{
    clock::Clock,
    config,
    daemon::{self, RoundObserver, RoundSummary},
    model::SourceId,
    poll::{Ended, PollReport},
};

#[derive(Debug, Args)]
pub(super) struct PollArguments {
    /// The sources to poll; all of them if none is named
    sources: Vec<String>,

    /// Print one JSON object a source instead of the summary
    #[arg(long)]
    json: bool,
}

/// Polls once, now, whatever the schedule says; only a publisher's `Retry-After` is still heeded.
pub(super) fn run(path: &Path, arguments: &PollArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    let named: Vec<SourceId> = arguments.sources.iter().map(|id| SourceId::new(id.as_str())).collect();
    if let Some(unknown) = named.iter().find(|id| !config.sources.contains_key(*id)) {
        return Err(Misuse(format!("there is no source {unknown} in {}; see its [sources]", path.display())).into());
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let mut show: Box<dyn RoundObserver> = if arguments.json { Box::new(Lines) } else { Box::new(Show::quiet()) };
    let summary = runtime.block_on(daemon::poll_round(&config, &named, Clock::system(), &mut *show));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    let summary = summary?;
    if !arguments.json {
        super::print(&show::text(&summary))?;
    }
    Ok(exit(&summary))
}

fn exit(summary: &RoundSummary) -> Exit {
    if summary.failures.is_empty() { Exit::Done } else { Exit::PartFailed }
}

/// One JSON object a source, as each ends.
struct Lines;

#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    outcome: &'static str,
    status: Option<u16>,
    entries: usize,
    new: usize,
    revised: usize,
    duplicates: usize,
    error: Option<String>,
}

impl RoundObserver for Lines {
    fn begins(&mut self, _: usize) {}

    fn polled(&mut self, report: &PollReport) {
        let (outcome, counts, error) = match &report.ended {
            Ended::Read(counts) => ("read", *counts, None),
            Ended::Unchanged => ("unchanged", Default::default(), None),
            Ended::Failed(why) => ("failed", Default::default(), Some(why.clone())),
            Ended::Waiting(until) => {
                let why = format!("the publisher wants no request before {}", until.format("%Y-%m-%dT%H:%M:%SZ"));
                ("waiting", Default::default(), Some(why))
            }
        };
        let line = Line {
            source: report.source.as_str(),
            outcome,
            status: report.status,
            entries: report.entries,
            new: counts.new,
            revised: counts.revised,
            duplicates: counts.duplicates,
            error,
        };
        // A reader that has gone does not stop the polls.
        let _ = super::print(&(serde_json::to_string(&line).unwrap_or_default() + "\n"));
    }

    fn ends(&mut self, _: &RoundSummary) {}
}
