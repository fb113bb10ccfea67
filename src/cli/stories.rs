use std::{io, path::Path};

use super::exit::Exit;
use crate::{config, stories::group_lines};

/// Groups JSON Lines from standard input: which are copies of one text, which tell of the same event.
pub(super) fn group(path: &Path) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    let report = group_lines(&config.tagging.languages, io::stdin().lock(), io::BufWriter::new(io::stdout().lock()))?;
    for problem in &report.problems {
        eprintln!("newsdesk: {problem}");
    }
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::PartFailed })
}
