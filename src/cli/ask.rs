use std::{io, path::Path, time::Duration};

use anyhow::Context as _;

use super::exit::Misuse;
use crate::{
    clock::Clock,
    config::{self, Config, ConfigProblems, Environment},
    control::{self, AskError, Command, Finished},
    daemon::Newsdesk,
    store::give_to_owner,
};

/// Asks the newsdesk that runs with this configuration; where none does, does it here. Before a command that does not need
/// the configuration while a newsdesk runs, mistakes in it are of no account.
pub(super) fn ask<C: Command<Newsdesk> + Clone>(
    path: &Path,
    config: Result<Config, ConfigProblems>,
    command: C,
    on_line: impl FnMut(C::Line) -> io::Result<()>,
) -> anyhow::Result<Finished> {
    conversation(path, config, async |socket, alone| control::ask(socket, command, alone, on_line).await)
}

/// As [`ask`], for lines that are only passed on, as they are.
pub(super) fn ask_for_text<C: Command<Newsdesk> + Clone>(
    path: &Path,
    config: Result<Config, ConfigProblems>,
    command: C,
    on_line: impl FnMut(&[u8]) -> io::Result<()>,
) -> anyhow::Result<Finished> {
    conversation(path, config, async |socket, alone| control::ask_for_text(socket, command, alone, on_line).await)
}

fn conversation(
    path: &Path,
    config: Result<Config, ConfigProblems>,
    asking: impl AsyncFnOnce(&Path, Newsdesk) -> Result<Finished, AskError>,
) -> anyhow::Result<Finished> {
    let store = match &config {
        Ok(config) => config.store.path.clone(),
        Err(problems) => match config::store_path(path, &Environment::of_process()) {
            // Without a store there is no newsdesk to ask: all there is to say is what is wrong.
            None => return Err(problems.clone().into()),
            found => found,
        },
    };
    let Some(store) = store else {
        return Err(Misuse(format!("{} names no store; set `path` under [store]", path.display())).into());
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let alone = Newsdesk::alone(config, Clock::system());
    let answer = runtime.block_on(asking(&control::socket_of(&store), alone));
    // What still hangs in a blocking call, such as a name service that does not answer, is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    // What root has opened the service must be able to open; where that cannot be, the next start says so.
    let _ = give_to_owner(&store);
    Ok(answer?)
}
