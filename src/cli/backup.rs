use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    ask::ask_for_text,
    exit::Exit,
    import::{absolute, in_words},
};
use crate::{
    clock::Clock,
    config::{self, Environment},
    daemon::Export,
    store::BackupWriter,
};

#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// The folder in which the backup gets a folder of its own, named by the time
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

/// Writes a backup. What is in it comes from the daemon where one runs; the files are written here, by whoever asked.
pub(super) fn run(path: &Path, arguments: &BackupArguments) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let store = config::store_path(path, &Environment::of_process());
    let mut backup = BackupWriter::create(&absolute(&arguments.into)?, Clock::system().now())?;
    let finished = ask_for_text(path, config, Export { since: None }, |line| backup.line(line))?;
    if let Some(store) = store {
        backup.archives(&store)?;
    }
    if io::stderr().is_terminal() {
        eprintln!("reading the backup back");
    }
    let (place, manifest) = backup.finish(&|_| true)?;
    super::print(&format!("{}\n{}\n", place.display(), in_words(&manifest.contents)))?;
    Ok(finished.into())
}
