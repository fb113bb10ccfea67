use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;

use super::{ask::ask, exit::Exit, import::absolute};
use crate::{config, daemon::PublishFiles, publish::EditionDirectory};

#[derive(Debug, Args)]
pub(super) struct PublishArguments {
    /// The folder, made if it is missing; files in it that newsdesk did not write stay as they are
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes every edition as a file. What is in them comes from the daemon where one runs; they are written here, by whoever
/// asked.
pub(super) fn run(path: &Path, arguments: &PublishArguments) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let out = absolute(&arguments.out)?;
    let cannot = || format!("cannot write to {}", out.display());
    let mut directory = EditionDirectory::open(&out).with_context(cannot)?;
    let (mut written, mut changed) = (BTreeSet::new(), 0_usize);
    let finished = ask(path, config, PublishFiles {}, |file| {
        changed += usize::from(directory.write(&file)?);
        written.insert(file.path);
        Ok(())
    })
    .with_context(cannot)?;
    let removed = directory.keep_only(|path| written.contains(path)).with_context(cannot)?;
    super::print(&format!("{} files in {}: {changed} changed, {removed} removed\n", written.len(), out.display()))?;
    Ok(finished.into())
}
