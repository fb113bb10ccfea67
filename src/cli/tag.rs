use std::{io, path::Path};

use super::exit::Exit;
use crate::{config, daemon, topics::tag_lines};

/// Tags JSON Lines from standard input to standard output with the topics of the configuration.
pub(super) fn run(path: &Path) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    let reader = daemon::reader(&config)?;
    let report = tag_lines(reader.topics(), io::stdin().lock(), io::BufWriter::new(io::stdout().lock()))?;
    for problem in &report.problems {
        eprintln!("newsdesk: {problem}");
    }
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::PartFailed })
}
