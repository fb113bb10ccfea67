//! From the configuration to what each stage wants of it.

use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    config::{self, Config},
    fetch::{BasicAuth, FetchSettings, FetcherError},
    ingest::{SourceRules, Tagging, TakeInRules},
    model::{ArticlePolicy, SourceId, TopicId},
    poll::SourceSettings,
    publish::{Archives, PublishSettings, SavedEditions, SourcePage, SourceShown, TopicPage, feed_names},
    reading::Reader,
    store::{RetentionLimits, StoreSettings},
    topics::Topics,
};

/// What the configuration comes to, stage by stage.
pub struct Assembled {
    pub fetch: FetchSettings,
    pub reader: Arc<Reader>,
    pub rules: TakeInRules,
    pub publish: PublishSettings,
    /// Those that are polled.
    pub sources: Vec<SourceSettings>,
}

/// The configuration is in order, but something cannot be made of it.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    #[error("the topics cannot be used: {0}")]
    Topics(String),
    #[error(transparent)]
    Fetcher(FetcherError),
    #[error("[server] public_url cannot be made from the address {0}")]
    PublicUrl(SocketAddr),
}

const HOUR: Duration = Duration::from_secs(3600);

impl Assembled {
    /// `address` is the one really listened on, for links where the admin gave no public URL.
    pub fn new(config: &Config, address: SocketAddr) -> Result<Self, AssembleError> {
        Ok(Self {
            fetch: fetch_settings(config),
            reader: reader(config)?,
            rules: rules(config),
            publish: publish_settings(config, address)?,
            sources: sources(config),
        })
    }

    /// `ever` are the topics that were ever configured, with the names of their feeds.
    pub fn tagging(&self, ever: &BTreeMap<TopicId, TopicId>) -> Tagging {
        let reader = self.reader.clone();
        Tagging {
            topics_fingerprint: reader.topics().fingerprint(),
            topic_fingerprints: reader.topics().topic_fingerprints().clone(),
            fingerprint: fingerprint(&reader, &self.rules),
            tagger: Arc::new(move |unread| reader.read_entry(unread)),
            topics: feed_names(&self.publish.topics, ever),
        }
    }
}

/// To be raised when more or other things are to be kept of how entries are understood.
const READING_VERSION: u32 = 1;

/// Changes when stored entries must be looked at again: other topics, or other preferences between sources.
fn fingerprint(reader: &Reader, rules: &TakeInRules) -> u64 {
    let mut text = format!("{READING_VERSION} {:x}", reader.topics().fingerprint());
    for (id, source) in rules.sources.iter().filter(|(_, source)| source.priority != 0) {
        // Writing to a String cannot fail.
        let _ = write!(text, " {id}={}", source.priority);
    }
    xxh3_64(text.as_bytes())
}

/// The part of the configuration that reads and tags; enough for a file without sources.
pub fn reader(config: &Config) -> Result<Arc<Reader>, AssembleError> {
    let topics = Topics::compile(&config.tagging, &config.topics).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        AssembleError::Topics(told.join("; "))
    })?;
    let reader = Reader::new(topics, config.tagging.languages.clone());
    Ok(Arc::new(reader.with_tracking(config.polling.tracking.clone())))
}

pub(super) fn store_settings(config: &Config) -> StoreSettings {
    let path = config.store.path.clone().unwrap_or_default();
    StoreSettings {
        cache_bytes: config.store.cache_bytes,
        free_space: config.store.free_space,
        ..StoreSettings::new(path)
    }
}

/// Editions are kept beside the store that they were made from.
pub(super) fn saved_editions(config: &Config) -> SavedEditions {
    SavedEditions::new(config.store.path.clone().unwrap_or_default().join("editions"))
}

/// Archives are kept beside the store too.
pub(super) fn archives(config: &Config) -> std::io::Result<Archives> {
    Archives::open(config.store.path.clone().unwrap_or_default().join("archives"))
}

pub(super) fn public_url(config: &Config, address: SocketAddr) -> Option<Url> {
    if config.server.public_url_given {
        Some(config.server.public_url.clone())
    } else {
        Url::parse(&format!("http://{address}/")).ok()
    }
}

fn fetch_settings(config: &Config) -> FetchSettings {
    FetchSettings {
        user_agent_contact: config.polling.contact.as_ref().map(ToString::to_string),
        allow_networks: config.polling.allow_networks.clone(),
        host_gap: config.polling.host_gap,
        concurrency: config.polling.concurrency,
        timeout: config.polling.timeout,
        ..FetchSettings::default()
    }
}

pub(super) fn rules(config: &Config) -> TakeInRules {
    let mut sources: BTreeMap<SourceId, SourceRules> = BTreeMap::new();
    for (id, source) in &config.sources {
        let formerly = config.former_sources.iter().filter(|(_, now)| *now == id).map(|(former, _)| former.clone());
        let rules = SourceRules {
            title: source.title.clone(),
            backlog: source.backlog,
            article: source.article,
            deleted: source.deleted,
            priority: source.priority,
            formerly: formerly.collect(),
        };
        sources.insert(id.clone(), rules);
    }
    let retention = RetentionLimits {
        age: config.store.retention,
        entries_per_source: config.store.entries_per_source as u64,
        size: config.store.size,
    };
    TakeInRules { retention, sources }
}

pub(super) fn publish_settings(config: &Config, address: SocketAddr) -> Result<PublishSettings, AssembleError> {
    let page = |topic: &crate::topics::TopicSettings| {
        let formerly: Vec<TopicId> = config
            .former_topics
            .iter()
            .filter(|(_, now)| **now == topic.id)
            .map(|(former, _)| former.clone())
            .collect();
        let page = config.topic_pages.get(&topic.id).cloned().unwrap_or_default();
        TopicPage {
            id: topic.id.clone(),
            title: topic.title.clone(),
            description: topic.description.clone(),
            language: page.language,
            stories: page.stories,
            fair: page.fair,
            formerly,
        }
    };
    Ok(PublishSettings {
        public_url: public_url(config, address).ok_or(AssembleError::PublicUrl(address))?,
        entries: config.publish.entries,
        max_age: config.polling.schedule.interval().to_std().unwrap_or(HOUR),
        stories: config.publish.stories,
        fair: config.publish.fair,
        topics: config.topics.iter().map(page).collect(),
        sources: config.sources.iter().map(|(id, source)| source_page(config, id, source)).collect(),
        memory: config.publish.memory,
        retention: config.store.retention,
        directory: config.publish.directory.clone(),
        hub: super::hub::hub_url(config, address).and_then(|hub| Url::parse(&hub).ok()),
    })
}

fn source_page(config: &Config, id: &SourceId, source: &config::SourceSettings) -> SourcePage {
    let interval = source.schedule(&config.polling).schedule.interval().to_std().ok();
    let former = config.former_sources.iter().filter(|(_, now)| *now == id).map(|(former, _)| former.clone());
    SourcePage {
        id: id.clone(),
        title: source.title.clone(),
        language: source.language.clone(),
        url: source.url.clone(),
        interval: interval.filter(|_| !source.disabled),
        shown: SourceShown { article: source.article == ArticlePolicy::Publish, content: source.content },
        formerly: former.collect(),
    }
}

pub(super) fn sources(config: &Config) -> Vec<SourceSettings> {
    let polled = config.sources.iter().filter(|(_, source)| !source.disabled);
    polled
        .map(|(id, source)| {
            let schedule = source.schedule(&config.polling);
            SourceSettings {
                id: id.clone(),
                url: source.url.clone(),
                language: source.language.clone(),
                schedule: schedule.schedule.clone(),
                schedule_is_own: schedule.own,
                timeout: Some(source.timeout),
                // A configured value was checked to be header text.
                headers: source
                    .headers
                    .iter()
                    .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_string())))
                    .collect(),
                basic_auth: source.basic_auth.as_ref().map(|auth| BasicAuth {
                    username: auth.username.clone(),
                    password: auth.password.expose().to_string(),
                }),
                allow_private: source.allow_private,
                wants_articles: source.article != ArticlePolicy::None,
            }
        })
        .collect()
}
