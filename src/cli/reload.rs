use std::path::Path;

use super::{ask::ask, exit::Exit};
use crate::{config, daemon::AskReload};

/// Has the running newsdesk read its configuration again, and says how that went.
pub(super) fn run(path: &Path) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let finished = ask(path, config, AskReload {}, |reloaded| {
        for warning in &reloaded.warnings {
            eprintln!("{warning}");
        }
        super::print(&format!("reloaded: {} sources are polled\n", reloaded.sources))
    })?;
    Ok(finished.into())
}
