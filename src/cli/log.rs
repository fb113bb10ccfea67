use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Command, LogForm};

/// Starts the log. Under systemd it goes to the journal with its fields; elsewhere to standard error, a line an event.
///
/// A command other than the daemon shows what it found by itself, so that only errors are logged there.
pub(super) fn start(form: Option<LogForm>, command: &Command) {
    let usual = if matches!(command, Command::Run) { LevelFilter::INFO } else { LevelFilter::ERROR };
    let filter =
        || EnvFilter::builder().with_default_directive(usual.into()).with_env_var("NEWSDESK_LOG").from_env_lossy();
    let plain = || tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let form = form.unwrap_or_else(|| {
        if std::env::var_os("JOURNAL_STREAM").is_some() { LogForm::Journal } else { LogForm::Plain }
    });
    let layer = match form {
        LogForm::Json => tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).boxed(),
        LogForm::Plain => plain().with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed(),
        LogForm::Journal => match tracing_journald::layer() {
            Ok(journal) => journal.boxed(),
            // JOURNAL_STREAM may be inherited where the journal itself cannot be reached.
            Err(_) => plain().with_ansi(false).boxed(),
        },
    };
    // Started twice only in a process that runs two command lines, as an example does: the first one stays.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter())).try_init();
}
