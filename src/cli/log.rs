use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt};

use super::LogForm;

/// The level that is logged where NEWSDESK_LOG says nothing.
const USUAL: LevelFilter = LevelFilter::INFO;

/// Lets a log speak that was kept quiet at first.
pub(super) struct Quiet(Option<reload::Handle<EnvFilter, Registry>>);

impl Quiet {
    pub(super) fn speak(&self) {
        if let Some(handle) = &self.0 {
            // It fails only when the log is gone.
            let _ = handle.reload(filter(USUAL));
        }
    }
}

/// Starts the log of the daemon. Under systemd it goes to the journal with its fields; elsewhere to standard error, a line an
/// event. On a terminal, where a progress bar and a summary show the first round of polls, it keeps quiet until
/// [`Quiet::speak`].
pub(super) fn start_daemon(form: Option<LogForm>) -> Quiet {
    let watched = std::io::stdout().is_terminal() && std::env::var_os(VARIABLE).is_none();
    let (filter, handle) = reload::Layer::new(filter(if watched { LevelFilter::ERROR } else { USUAL }));
    start(form, filter);
    Quiet(watched.then_some(handle))
}

/// Starts the log of a command that shows what it found by itself: only errors are logged.
pub(super) fn start_command(form: Option<LogForm>) {
    start(form, filter(LevelFilter::ERROR));
}

const VARIABLE: &str = "NEWSDESK_LOG";

fn filter(usual: LevelFilter) -> EnvFilter {
    EnvFilter::builder().with_default_directive(usual.into()).with_env_var(VARIABLE).from_env_lossy()
}

fn start(
    form: Option<LogForm>,
    filter: impl Layer<Registry> + tracing_subscriber::layer::Filter<Registry> + Send + Sync,
) {
    let plain = || tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let form = form.unwrap_or_else(|| {
        if std::env::var_os("JOURNAL_STREAM").is_some() { LogForm::Journal } else { LogForm::Plain }
    });
    let layer = match form {
        LogForm::Json => tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).boxed(),
        LogForm::Plain => plain().with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogForm::Journal => match tracing_journald::layer() {
            Ok(journal) => journal.boxed(),
            // JOURNAL_STREAM may be inherited where the journal itself cannot be reached.
            Err(_) => plain().with_ansi(false).boxed(),
        },
    };
    // Started twice only in a process that runs two command lines, as an example does: the first one stays.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
