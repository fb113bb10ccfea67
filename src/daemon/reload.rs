use std::path::Path;

use tracing::{error, info, warn};

use super::{
    AssembleError, Assembled, Daemon, DaemonError, assemble,
    commands::{Reload, Reloading},
    hub::{callback_settings, hub_settings},
    pollers::hold_hosts,
};
use crate::{
    config::{self, Config},
    fetch::Fetcher,
    publish::Publisher,
    systemd,
};

impl Daemon {
    /// Reads the configuration again. One with mistakes is refused whole and the old one stays.
    pub(super) async fn reload(&mut self) -> Result<Reload, DaemonError> {
        if self.is_ready {
            systemd::reloading();
        }
        let reload = match load_again(&self.config_path).await {
            Ok((config, mut warnings)) => {
                warnings.extend(self.takes_a_restart(&config));
                match self.go_over_to(config).await {
                    Ok(()) => Ok(Reloading { sources: self.pollers.len(), warnings }),
                    Err(DaemonError::Assemble(error)) => Err(error.to_string()),
                    Err(error) => return Err(error),
                }
            }
            Err(problems) => Err(problems),
        };
        match &reload {
            Ok(done) => {
                for warning in &done.warnings {
                    warn!("{warning}");
                }
                info!(sources = done.sources, "the configuration is reloaded");
            }
            Err(problems) => error!("the configuration is not reloaded, the old one stays in force:\n{problems}"),
        }
        self.status.configuration_is(reload.as_ref().err().cloned());
        if self.is_ready {
            self.tell_ready();
        }
        Ok(reload)
    }

    /// What of this configuration is in force only after a restart.
    fn takes_a_restart(&self, config: &Config) -> Option<String> {
        let is_other = config.server.listen != self.config.server.listen || config.store.path != self.config.store.path;
        is_other.then(|| "a change of [server] listen or [store] path takes a restart".to_owned())
    }

    async fn go_over_to(&mut self, config: Config) -> Result<(), DaemonError> {
        let parts = Assembled::new(&config, self.address)?;
        let before = Assembled::new(&self.config, self.address)?;
        let mut tools = self.tools.get();
        if parts.fetch != before.fetch {
            tools.fetcher = Fetcher::new(parts.fetch.clone(), self.clock.clone()).map_err(AssembleError::Fetcher)?;
            hold_hosts(&tools.fetcher, &parts.sources, &self.store);
        }
        tools.reader = parts.reader.clone();
        self.tools.set(tools);
        let ever = self.store.topics_ever()?;
        let saved = Some(assemble::saved_editions(&config));
        let (publish, editions) = (parts.publish.clone(), self.editions.clone());
        let publisher = Publisher::new(self.store.clone(), publish, editions, &ever, saved);
        let tagging = parts.tagging(&ever);
        // A source that is renamed must not hand anything in under its old name once the desk knows the new one.
        let renamed = parts.rules.sources.values().flat_map(|source| &source.formerly);
        self.pollers.halt(renamed.filter(|id| !config.sources.contains_key(*id))).await;
        self.status.sources_are(&parts.sources.iter().map(|source| source.id.clone()).collect());
        self.desk.reload(parts.rules, publisher, tagging).await.map_err(|_| DaemonError::DeskEnded)?;
        self.arrange_hub(hub_settings(&config, self.address), callback_settings(&config, &parts.fetch)).await?;
        self.articles.arrange(parts.sources.clone(), self.surroundings(None)).await;
        self.pollers.arrange(parts.sources, &self.store, &self.surroundings(None));
        self.config = config;
        Ok(())
    }
}

async fn load_again(path: &Path) -> Result<(Config, Vec<String>), String> {
    let path = path.to_path_buf();
    let loaded = tokio::task::spawn_blocking(move || config::load(&path)).await.map_err(|panic| panic.to_string())?;
    let (config, warnings) = loaded.map_err(|problems| problems.to_string())?;
    Ok((config, warnings.iter().map(ToString::to_string).collect()))
}
