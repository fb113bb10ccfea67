use serde::{Deserialize, Serialize};

use super::{
    Newsdesk, Wish,
    newsdesk::{Reloading, Standing},
};
use crate::control::{Command, Failure, FailureKind, Finished, Lines};

/// The configuration is to be read again, as by SIGHUP; a refusal says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskReload {}

/// The configuration is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// How many sources are polled now.
    pub sources: usize,
    /// What is in force only after a restart, and what is probably not meant.
    pub warnings: Vec<String>,
}

impl Command<Newsdesk> for AskReload {
    const NAME: &'static str = "reload";
    type Line = Reloaded;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<Reloaded>) -> Result<Finished, Failure> {
        match newsdesk.standing() {
            Standing::Running(running) => {
                let refused = |why| {
                    Failure::new(
                        FailureKind::Configuration,
                        format!("not reloaded, the old one stays in force:\n{why}"),
                    )
                };
                let Reloading { sources, warnings } = running.wish(Wish::Reload).await?.map_err(refused)?;
                lines.send(&Reloaded { sources, warnings }).await?;
                Ok(Finished::Done)
            }
            Standing::Alone(alone) => {
                let store = alone.config()?.store.path.clone().unwrap_or_default();
                let message = format!("no newsdesk runs on the store in {}: nothing to reload", store.display());
                Err(Failure::new(FailureKind::Other, message))
            }
        }
    }
}
