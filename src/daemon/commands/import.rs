use std::{
    io,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{Newsdesk, beside, newsdesk::Standing};
use crate::{
    control::{Command, Failure, FailureKind, Finished, Lines},
    daemon::assemble,
    store::{self, BackupError, Contents, ImportError, Progress, StoreSettings},
};

/// A store is to be made of an export. Nobody else may have it open meanwhile, so that a daemon refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Standard input if there is none.
    pub file: Option<PathBuf>,
}

/// A store is to be made of a backup. As [`Import`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    pub backup: PathBuf,
}

/// How far it is, then what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportLine {
    Doing(String),
    Done {
        contents: Contents,
        /// The store's folder.
        store: PathBuf,
    },
}

impl Command<Newsdesk> for Import {
    const NAME: &'static str = "import";
    type Line = ImportLine;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<ImportLine>) -> Result<Finished, Failure> {
        make_store(newsdesk, lines, move |settings, watch| {
            let name =
                self.file.as_deref().map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
            let failed = |error: ImportError| failure(&error, &format!("{name} is not imported: {error}"));
            let opened = match &self.file {
                None => store::plain_lines(io::stdin()),
                Some(file) => std::fs::File::open(file).and_then(store::plain_lines),
            };
            let mut export = opened.map_err(|error| failed(error.into()))?;
            store::import(settings, &mut export, watch).map_err(failed)
        })
        .await
    }
}

impl Command<Newsdesk> for Restore {
    const NAME: &'static str = "restore";
    type Line = ImportLine;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<ImportLine>) -> Result<Finished, Failure> {
        make_store(newsdesk, lines, move |settings, watch| {
            let restored = store::restore(settings, &self.backup, watch).map_err(|error| match &error {
                BackupError::Import { cause, .. } => failure(cause, &format!("nothing is restored: {error}")),
                _ => Failure::new(FailureKind::Other, format!("nothing is restored: {error}")),
            })?;
            Ok(restored.contents)
        })
        .await
    }
}

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(1);

async fn make_store(
    newsdesk: Newsdesk,
    lines: Lines<ImportLine>,
    make: impl FnOnce(&StoreSettings, store::Watch<'_>) -> Result<Contents, Failure> + Send + 'static,
) -> Result<Finished, Failure> {
    let alone = match newsdesk.standing() {
        Standing::Alone(alone) => alone.clone(),
        Standing::Running(_) => {
            let message = "newsdesk runs on this store: stop it first (`systemctl stop newsdesk`), then try again";
            return Err(Failure::new(FailureKind::Store, message));
        }
    };
    let settings = assemble::store_settings(alone.config()?);
    beside(move || {
        let told = Mutex::new(Instant::now());
        let watch = |progress: Progress| {
            let Ok(mut told) = told.lock() else { return true };
            if told.elapsed() < EVERY {
                return true;
            }
            *told = Instant::now();
            lines.send_blocking(&ImportLine::Doing(progress.to_string())).is_ok()
        };
        let contents = make(&settings, &watch)?;
        lines.send_blocking(&ImportLine::Done { contents, store: settings.path })?;
        Ok(Finished::Done)
    })
    .await
}

/// A store that is in use or cannot be used is one thing, an export that cannot be used another.
fn failure(error: &ImportError, message: &str) -> Failure {
    let kind = match error {
        ImportError::Store(store::StoreError::InUse { .. }) => FailureKind::StoreInUse,
        ImportError::Store(_) | ImportError::NotEmpty { .. } => FailureKind::Store,
        _ => FailureKind::Other,
    };
    Failure::new(kind, message)
}
