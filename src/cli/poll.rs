use std::path::Path;

use clap::Args;

use super::{
    ask::ask,
    exit::{Exit, Misuse},
    show::{self, Progress},
};
use crate::{
    config,
    daemon::{Poll, PollLine},
    model::SourceId,
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
    let sources: Vec<SourceId> = arguments.sources.iter().map(|id| SourceId::new(id.as_str())).collect();
    if let Some(unknown) = sources.iter().find(|id| !config.sources.contains_key(*id)) {
        return Err(Misuse(format!("there is no source {unknown} in {}; see its [sources]", path.display())).into());
    }
    let mut progress = Progress::default();
    let finished = ask(path, Ok(config), Poll { sources }, |line| {
        match line {
            PollLine::Begins(sources) if !arguments.json => progress.begins(sources),
            PollLine::Polled(polled) if arguments.json => {
                // A reader that has gone does not stop the polls.
                let _ = super::print(&(serde_json::to_string(&polled)? + "\n"));
            }
            PollLine::Polled(polled) => progress.polled(&polled.source),
            PollLine::Summary(summary) if !arguments.json => {
                progress.ends();
                super::print(&show::text(&summary))?;
            }
            PollLine::Begins(_) | PollLine::Summary(_) => {}
        }
        Ok(())
    })?;
    Ok(finished.into())
}
