use serde::{Deserialize, Serialize};

use super::{Newsdesk, beside, newsdesk::Standing};
use crate::{
    control::{Command, Failure, FailureKind, Finished, Lines},
    daemon::assemble,
    publish::{Editions, PublishedFile, Publisher},
};

/// Every edition as a file, one a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishFiles {}

impl Command<Newsdesk> for PublishFiles {
    const NAME: &'static str = "publish-files";
    type Line = PublishedFile;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<PublishedFile>) -> Result<Finished, Failure> {
        let editions = match newsdesk.standing() {
            Standing::Running(running) => running.editions.clone(),
            Standing::Alone(alone) => {
                let store = newsdesk.store().await?;
                let config = alone.config()?;
                let editions = Editions::with_archives(assemble::archives(config).map_err(|cause| {
                    Failure::new(FailureKind::Store, format!("the archives cannot be read: {cause}"))
                })?);
                let settings = assemble::publish_settings(config, config.server.listen)?;
                let ever = store.topics_ever()?;
                // The editions have all that is needed once it has told them.
                drop(Publisher::new(store, settings, editions.clone(), &ever, None));
                editions
            }
        };
        beside(move || {
            editions.files::<Failure>(&mut |file| lines.send_blocking(&file))?;
            Ok(Finished::Done)
        })
        .await
    }
}
