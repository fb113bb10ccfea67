//! A newsroom on one machine: publishers on loopback addresses, and the daemon that reads them. No network is needed.
//!
//! ```text
//! cargo run --release --example newsroom                      # nine invented publishers in five languages
//! cargo run --release --example newsroom -- DIR               # every feed file under DIR, each a publisher of its own
//! cargo run --release --example newsroom -- --only-publishers # no daemon: prints the configuration to start one with
//! ```
//!
//! Each publisher has an address of its own (127.20.0.1, 127.20.0.2, ...), so that the daemon's manners per host apply to
//! each alone. It answers conditional requests, and every request it gets is a line of `access.log` in the work folder:
//! time, address, path, status, and whether the request was conditional.
//!
//! All of 127.0.0.0/8 must be loopback, as it is on Linux; other systems know 127.0.0.1 alone.

mod access_log;
mod configuration;
mod dump;
mod folder;
mod invented;
mod publisher;
mod recognise;
mod validators;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use access_log::AccessLog;
use anyhow::{Context as _, Result};
use clap::Parser;
use publisher::Publisher;

/// Loopback publishers, and the daemon reading them.
#[derive(Parser)]
#[command(name = "newsroom")]
struct Arguments {
    /// Serve the feed files under this folder instead of the invented publishers'
    dir: Option<PathBuf>,

    /// Keep configuration, store and access log in this folder; without it they go with the program
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,

    /// Where the daemon listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// The publishers' port, the same on every address; 0 takes one that is free
    #[arg(long, default_value_t = 8000)]
    port: u16,

    /// Start no daemon: serve, and print the path of the configuration
    #[arg(long)]
    only_publishers: bool,

    /// Stories that each topic's feed shows
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    entries: u32,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("newsroom: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let work = WorkFolder::open(arguments.work.as_deref())?;
    let port = publisher::choose_port(arguments.port)?;
    let publishers = match &arguments.dir {
        Some(dir) => folder::publishers(dir, port)?,
        None => invented::publishers(port),
    };

    let settings = configuration::Settings { work: work.path(), listen: arguments.listen, entries: arguments.entries };
    let configuration = work.path().join("newsdesk.toml");
    fs::write(&configuration, configuration::write(&settings, &publishers))
        .with_context(|| format!("cannot write {}", configuration.display()))?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let log = Arc::new(AccessLog::create(&work.path().join("access.log"))?);
    let served = describe(&publishers);
    for publisher in publishers {
        publisher.open(&runtime, Arc::clone(&log))?;
    }

    println!("{served}");
    println!("requests they get   {}", work.path().join("access.log").display());
    println!("configuration       {}", configuration.display());
    if arguments.only_publishers {
        println!("start the daemon    newsdesk run --config {}", configuration.display());
        runtime.block_on(stop_signal())?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("open                http://{}/", arguments.listen);
    Ok(newsdesk::cli::main_with(["newsdesk".into(), "run".into(), "--config".into(), configuration.into_os_string()]))
}

/// One line on who is served where.
fn describe(publishers: &[Publisher]) -> String {
    match publishers {
        [] => "no publishers".to_owned(),
        [only] => format!("1 publisher         {}", only.feed_url()),
        [first, .., last] => {
            format!("{:<20}{} to {}", format!("{} publishers", publishers.len()), first.feed_url(), last.feed_url())
        }
    }
}

/// Where everything written goes; a folder made for this run is removed after it.
enum WorkFolder {
    Kept(PathBuf),
    Passing(tempfile::TempDir),
}

impl WorkFolder {
    fn open(kept: Option<&Path>) -> Result<Self> {
        let Some(path) = kept else {
            let folder = tempfile::Builder::new().prefix("newsroom-").tempdir();
            return Ok(Self::Passing(folder.context("cannot make a temporary folder")?));
        };
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self::Kept(path.canonicalize().with_context(|| format!("cannot open {}", path.display()))?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Passing(folder) => folder.path(),
        }
    }
}

/// Ends with the first SIGINT or SIGTERM.
async fn stop_signal() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    Ok(())
}
