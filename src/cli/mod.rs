//! The command line: one file per command.

mod ask;
mod backup;
mod check;
mod config_schema;
mod diff;
mod doctor;
mod exit;
mod explain;
mod explanation;
mod export;
mod import;
mod kept;
mod links;
mod log;
mod opml;
mod poll;
mod publish;
mod reload;
mod run;
mod show;
mod status;
mod stories;
mod tag;
mod takedown;
mod topics;
mod topics_stats;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};

use exit::Exit;

use crate::ingest::Tell;

/// Polls publishers' feeds, keeps every story once, tags it by topic and publishes one merged feed per topic.
#[derive(Debug, Parser)]
#[command(name = "newsdesk", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// The configuration; without it $NEWSDESK_CONFIG, then config/newsdesk.toml, then /etc/newsdesk/newsdesk.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// How the log is written; without it to the journal where there is one, else as plain lines
    #[arg(long, global = true, value_name = "FORM")]
    log: Option<LogForm>,

    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 a part failed, 2 the configuration or the command line is wrong, \
                          3 the store cannot be used, 4 the address is in use.\n\
                          NEWSDESK_LOG sets what is logged: error, warn, info (the default), debug.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogForm {
    /// One readable line an event, on standard error
    Plain,
    /// One JSON object an event, on standard error
    Json,
    /// The systemd journal, with fields
    Journal,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll on schedule and serve (the default)
    Run,
    /// Say whether the configuration is right, and what is wrong with it
    Check(check::CheckArguments),
    /// Poll all sources, or those named, once and now
    Poll(poll::PollArguments),
    /// Say how the newsdesk that runs is doing
    Status(status::StatusArguments),
    /// Have the newsdesk that runs read its configuration again
    Reload,
    /// Look at all of the store, mend what is damaged, and say what is to be done
    Doctor(doctor::DoctorArguments),
    /// Write everything that is kept to standard output, as JSON Lines
    Export(export::ExportArguments),
    /// Make a store of an export, where there is none yet
    Import(import::ImportArguments),
    /// Copy the store, also while newsdesk runs
    Backup(backup::BackupArguments),
    /// Make a store of a backup, where there is none yet
    Restore(import::RestoreArguments),
    /// Write every feed and page as a file, for a web server or an object store
    Publish(publish::PublishArguments),
    /// Tag entries given as JSON Lines on standard input
    Tag,
    /// Say why an entry has its topics
    Explain(explain::ExplainArguments),
    /// About the topics
    Topics {
        #[command(subcommand)]
        command: topics::TopicsCommand,
    },
    /// Which entries belong together
    Stories {
        #[command(subcommand)]
        command: StoriesCommand,
    },
    /// Take an article down for good: from the store, every edition and every archive
    Takedown(takedown::TakedownArguments),
    /// About links
    Links {
        #[command(subcommand)]
        command: LinksCommand,
    },
    /// Lists of feeds, as feed readers exchange them
    Opml {
        #[command(subcommand)]
        command: opml::OpmlCommand,
    },
    /// About the configuration file
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Debug, Subcommand)]
enum StoriesCommand {
    /// Group entries given as JSON Lines on standard input: copies of one text, articles on one event
    Group,
    /// List the stories that were made of several entries, and why
    List(stories::ListArguments),
    /// An entry is no copy of the others of its story, or none of a story's entries is of another: for good
    Split {
        /// A story's id (all of its entries part), or the link or the number of the entry that is to leave its story
        id: String,
    },
    /// Two stories are one: for good
    Join {
        /// A story's id, or the link or the number of an entry of it
        id: String,
        /// The other story's
        other: String,
    },
}

#[derive(Debug, Subcommand)]
enum LinksCommand {
    /// Print the cleaned link and its key, tab-separated, of each URL given on a line of standard input
    Canonical,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the JSON Schema of the configuration file, for editors
    Schema,
}

/// Runs a command line, the program's name first, to its end.
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { Exit::Configuration } else { Exit::Done };
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return code.into();
        }
    };
    match execute(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // A reader that has seen enough, such as head(1), is no failure.
            if exit::is_broken_pipe(&error) {
                return Exit::Done.into();
            }
            eprintln!("newsdesk: {error:#}");
            Exit::of(&error).into()
        }
    }
}

fn execute(arguments: Arguments) -> anyhow::Result<Exit> {
    // What we write is ours alone: the store may hold what publishers give to subscribers only.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let Arguments { config, log, command } = arguments;
    let command = command.unwrap_or(Command::Run);
    let environment = crate::config::Environment::of_process();
    let path = crate::config::find(config.clone(), &environment);
    match command {
        Command::Run => run::run(&path, log::start_daemon(log)),
        Command::Poll(poll) => {
            log::start_command(log);
            poll::run(&path, &poll)
        }
        Command::Check(check) => {
            log::start_command(log);
            check::run(&path, &check)
        }
        Command::Tag => tag::run(&path),
        Command::Explain(explain) => {
            log::start_command(log);
            explain::run(&path, &explain)
        }
        Command::Status(status) => {
            log::start_command(log);
            status::run(&path, &status)
        }
        Command::Reload => {
            log::start_command(log);
            reload::run(&path)
        }
        Command::Topics { command } => {
            log::start_command(log);
            topics::run(&path, &command)
        }
        Command::Stories { command } => match command {
            StoriesCommand::Group => stories::group(crate::config::find_if_any(config, &environment).as_deref()),
            StoriesCommand::List(list) => {
                log::start_command(log);
                stories::list(&path, &list)
            }
            StoriesCommand::Split { id } => {
                log::start_command(log);
                stories::tell(&path, Tell::Split(id))
            }
            StoriesCommand::Join { id, other } => {
                log::start_command(log);
                stories::tell(&path, Tell::Join(id, other))
            }
        },
        Command::Takedown(takedown) => {
            log::start_command(log);
            takedown::run(&path, takedown)
        }
        Command::Links { command: LinksCommand::Canonical } => links::canonical(),
        Command::Doctor(doctor) => {
            log::start_command(log);
            doctor::run(&path, &doctor)
        }
        Command::Export(export) => {
            log::start_command(log);
            export::run(&path, &export)
        }
        Command::Publish(publish) => {
            log::start_command(log);
            publish::run(&path, &publish)
        }
        Command::Import(import) => {
            log::start_command(log);
            import::run(&path, &import)
        }
        Command::Backup(backup) => {
            log::start_command(log);
            backup::run(&path, &backup)
        }
        Command::Restore(restore) => {
            log::start_command(log);
            import::restore(&path, &restore)
        }
        Command::Opml { command } => {
            log::start_command(log);
            let is_configured = crate::config::find_if_any(config, &environment).is_some();
            opml::run(&path, is_configured, &command)
        }
        Command::Config { command: ConfigCommand::Schema } => config_schema::run(),
    }
}

/// Writes to standard output; a closed pipe is an error here, not a panic.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
