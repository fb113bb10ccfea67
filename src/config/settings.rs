use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use chrono_tz::Tz;
use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use url::Url;

use super::Secret;
use crate::{
    model::{ArticlePolicy, ContentPolicy, DeletedPolicy, ShownAs, SourceId, TopicId},
    normalize::TrackingRules,
    schedule::{Schedule, SourceSchedule},
    topics::{TaggingSettings, TopicSettings},
};

/// The configuration, checked and ready to use.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub server: ServerSettings,
    pub store: StoreSettings,
    pub polling: PollingSettings,
    pub publish: PublishSettings,
    pub sources: BTreeMap<SourceId, SourceSettings>,
    /// A source's earlier id, and the one it has now.
    pub former_sources: BTreeMap<SourceId, SourceId>,
    pub tagging: TaggingSettings,
    /// In the order of the file.
    pub topics: Vec<TopicSettings>,
    /// What only a topic's pages and feeds need; one for each of `topics`.
    pub topic_pages: BTreeMap<TopicId, TopicPage>,
    /// A topic's earlier id, and the one it has now.
    pub former_topics: BTreeMap<TopicId, TopicId>,
}

/// `[server]`: where we answer HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What our own links begin with; `http://<listen>` unless the admin says otherwise.
    pub public_url: Url,
    /// The admin wrote `public_url`.
    pub public_url_given: bool,
    /// Readers may subscribe to our feeds, where `public_url` was written.
    pub hub: bool,
    /// Private networks that callbacks of subscribers may be in.
    pub hub_networks: Vec<IpNet>,
}

/// `[store]`: what is kept, where and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Absolute when the configuration file's path is. `None` only in a file without sources, where nothing needs keeping.
    pub path: Option<PathBuf>,
    /// An entry is kept for so long after its date.
    pub retention: Duration,
    /// Memory for the store's cache, octets.
    pub cache_bytes: u64,
    /// With less room than this on the disk nothing more is kept, octets.
    pub free_space: u64,
    /// The most that the content may take, octets; `None` is no limit.
    pub size: Option<u64>,
    /// At most so many entries of one source are kept, the newest.
    pub entries_per_source: usize,
}

/// `[polling]`: how sources are asked, unless one has settings of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct PollingSettings {
    pub schedule: Schedule,
    pub timezone: Tz,
    /// For the `User-Agent` field, so that a publisher can reach the admin.
    pub contact: Option<Url>,
    /// Private networks that sources may be in.
    pub allow_networks: Vec<IpNet>,
    /// Between two requests to one host.
    pub host_gap: Duration,
    /// How many entries of a source's first document count as new, the newest; `None` for all.
    pub backlog: Option<usize>,
    /// What is done about the pages behind entries' links.
    pub article: ArticlePolicy,
    /// What is done about entries that their publisher says it has deleted.
    pub deleted: DeletedPolicy,
    /// For one request, from first to last byte.
    pub timeout: Duration,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Tracking parameters beside those that newsdesk knows.
    pub tracking: TrackingRules,
}

/// `[publish]`: what an edition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishSettings {
    /// At most so many entries, the newest.
    pub entries: usize,
    /// How stories are shown, unless a topic has a word of its own.
    pub stories: ShownAs,
    /// Whether sources share the edition of everything fairly, and those of topics that do not say.
    pub fair: bool,
    /// What editions may take in memory, octets.
    pub memory: usize,
    /// A folder for every edition as a file. Absolute when the configuration file's path is.
    pub directory: Option<PathBuf>,
}

impl Default for PublishSettings {
    fn default() -> Self {
        Self { entries: 100, stories: ShownAs::default(), fair: false, memory: 96 << 20, directory: None }
    }
}

/// `[sources.<id>]`: a publisher's feed.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSettings {
    pub url: Url,
    /// In place of the feed's own title.
    pub title: Option<String>,
    /// BCP 47 tag, for entries that declare none.
    pub language: Option<String>,
    /// A schedule of its own.
    pub schedule: Option<Schedule>,
    pub timeout: Duration,
    /// Sent to the source's own origin only. Their values are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub basic_auth: Option<BasicAuth>,
    /// The feed may be at a private address.
    pub allow_private: bool,
    /// As [`PollingSettings::backlog`].
    pub backlog: Option<usize>,
    pub article: ArticlePolicy,
    pub deleted: DeletedPolicy,
    /// How much of its entries readers are shown.
    pub content: ContentPolicy,
    /// Of several copies of a story, the source with the highest priority owns it.
    pub priority: i64,
    /// Kept and shown, but not polled.
    pub disabled: bool,
}

impl SourceSettings {
    /// When to poll it.
    pub fn schedule<'a>(&'a self, polling: &'a PollingSettings) -> SourceSchedule<'a> {
        match &self.schedule {
            Some(schedule) => SourceSchedule { schedule, own: true },
            None => SourceSchedule { schedule: &polling.schedule, own: false },
        }
    }
}

/// Credentials for HTTP basic authentication (RFC 7617).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAuth {
    pub username: String,
    pub password: Secret,
}

/// How a topic is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicPage {
    /// BCP 47 tag of the topic's own title and description.
    pub language: Option<String>,
    /// How its stories are shown.
    pub stories: ShownAs,
    /// No source crowds out the others.
    pub fair: bool,
}
