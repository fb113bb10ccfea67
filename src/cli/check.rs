use std::path::Path;

use super::exit::Exit;
use crate::{clock::Clock, config, daemon};

/// Validates the configuration, and shows how its schedules are understood.
pub(super) fn run(path: &Path) -> anyhow::Result<Exit> {
    let (config, warnings) = config::load(path)?;
    daemon::reader(&config)?;
    for warning in warnings {
        eprintln!("{warning}");
    }
    println!("{}: {} sources, {} topics, no mistakes", path.display(), config.sources.len(), config.topics.len());
    let mut next = Clock::system().now();
    let mut runs = Vec::new();
    for _ in 0..3 {
        let Some(tick) = config.polling.schedule.next_after(next) else { break };
        runs.push(tick.with_timezone(&config.polling.timezone).format("%a %Y-%m-%d %H:%M:%S %Z").to_string());
        next = tick;
    }
    println!("The default schedule's next ticks: {}", runs.join(", "));
    Ok(Exit::Done)
}
