use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;

use super::{ask::ask, exit::Exit};
use crate::{
    config::{self, Config},
    control::Command,
    daemon::{Import, ImportLine, Newsdesk, Restore},
    store::Contents,
};

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// The export, plain or packed with zstd; - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// The folder that `newsdesk backup` made
    #[arg(value_name = "DIR")]
    backup: PathBuf,
}

/// Makes a store of an export.
pub(super) fn run(path: &Path, arguments: &ImportArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    let file = if arguments.file == Path::new("-") { None } else { Some(absolute(&arguments.file)?) };
    if file.is_none() && io::stdin().is_terminal() {
        eprintln!("reading an export from standard input; name a file to read that instead");
    }
    make_store(path, config, Import { file }, "imported")
}

/// Makes a store of a backup.
pub(super) fn restore(path: &Path, arguments: &RestoreArguments) -> anyhow::Result<Exit> {
    let (config, _) = config::load(path)?;
    make_store(path, config, Restore { backup: absolute(&arguments.backup)? }, "restored")
}

/// The same file, wherever the work is done.
pub(super) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))
}

fn make_store<C>(path: &Path, config: Config, command: C, done: &str) -> anyhow::Result<Exit>
where
    C: Command<Newsdesk, Line = ImportLine> + Clone,
{
    let finished = ask(path, Ok(config), command, |line| match line {
        ImportLine::Doing(what) => {
            if io::stderr().is_terminal() {
                eprintln!("{what}");
            }
            Ok(())
        }
        ImportLine::Done { contents, store } => {
            super::print(&format!("{done} into {}: {}\n", store.display(), in_words(&contents)))
        }
    })?;
    Ok(finished.into())
}

/// What there is, for people.
pub(super) fn in_words(contents: &Contents) -> String {
    let Contents { stories, entries, sources, at, .. } = contents;
    format!("{stories} stories in {entries} entries of {sources} sources, as of {}", at.format("%Y-%m-%d %H:%M:%S UTC"))
}
