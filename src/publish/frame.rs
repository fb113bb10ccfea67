//! What an edition is besides its stories.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use url::Url;

use super::{address::Address, gather::SourceShown};
use crate::model::{ShownAs, SourceId, TopicId};

/// What the admin decides about the outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishSettings {
    /// From which links to ourselves are made; never ids.
    pub public_url: Url,
    /// Stories in an edition.
    pub entries: usize,
    /// For how long readers may keep an edition whose sources have no interval.
    pub max_age: Duration,
    /// How the stories of everything are shown.
    pub stories: ShownAs,
    /// Whether sources share the edition of everything fairly.
    pub fair: bool,
    /// In the order in which the index shows them.
    pub topics: Vec<TopicPage>,
    /// What we read, in the order of their ids.
    pub sources: Vec<SourcePage>,
    /// The bytes that editions may take in memory; those beyond are made when they are asked for.
    pub memory: usize,
    /// For how long stories are kept: before that they are in their topics' archives.
    pub retention: Duration,
    /// A folder that holds every edition as a file.
    pub directory: Option<PathBuf>,
    /// Where readers can subscribe to topics' feeds.
    pub hub: Option<Url>,
}

impl PublishSettings {
    /// Nothing but an address.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            entries: 100,
            max_age: Duration::from_secs(900),
            stories: ShownAs::default(),
            fair: false,
            topics: Vec::new(),
            sources: Vec::new(),
            memory: 96 << 20,
            retention: Duration::from_secs(400 * 86_400),
            directory: None,
            hub: None,
        }
    }

    /// An address of ours as readers elsewhere write it.
    pub fn url_of(&self, address: &Address) -> String {
        format!("{}{address}", self.public_url.as_str().trim_end_matches('/'))
    }

    pub(super) fn page_of(&self, topic: &TopicId) -> Option<&TopicPage> {
        self.topics.iter().find(|page| page.id == *topic)
    }

    /// The name that each former name of a topic stands for now.
    pub(super) fn former_topics(&self) -> BTreeMap<TopicId, TopicId> {
        let names = |page: &TopicPage| page.formerly.iter().map(|former| (former.clone(), page.id.clone())).collect();
        self.topics.iter().flat_map::<Vec<_>, _>(names).collect()
    }

    /// What is shown of the sources that not all is shown of.
    pub(super) fn shown(&self) -> BTreeMap<SourceId, SourceShown> {
        let sources = self.sources.iter().filter(|source| source.shown != SourceShown::default());
        sources.map(|source| (source.id.clone(), source.shown)).collect()
    }
}

/// What readers see of a topic besides its stories.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPage {
    pub id: TopicId,
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    /// How its stories are shown.
    pub stories: ShownAs,
    /// No source crowds out the others.
    pub fair: bool,
    /// Names the topic had before: their addresses lead here.
    pub formerly: Vec<TopicId>,
}

impl TopicPage {
    /// A topic that has a title and nothing else.
    pub fn new(id: TopicId, title: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            description: None,
            language: None,
            stories: ShownAs::default(),
            fair: false,
            formerly: Vec::new(),
        }
    }
}

/// What readers see of a source besides its entries.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePage {
    pub id: SourceId,
    /// The admin's name for it, in place of its own.
    pub title: Option<String>,
    /// The admin's word on its language, BCP 47.
    pub language: Option<String>,
    /// Where its feed is.
    pub url: Url,
    /// How often it may bring something new.
    pub interval: Option<Duration>,
    pub shown: SourceShown,
    /// Names it had before: their addresses lead here.
    pub formerly: Vec<SourceId>,
}

/// Everything of a feed but its stories.
#[derive(Debug, Clone)]
pub struct FeedFrame {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    pub updated: DateTime<Utc>,
    pub atom_url: String,
    pub rss_url: String,
    pub json_url: String,
    pub page_url: String,
    /// Where readers can subscribe to be sent what is new (WebSub).
    pub hub_url: Option<String>,
    /// The newest page of its archive (RFC 5005 §4).
    pub prev_archive: Option<String>,
    /// The scheme of our own categories (RFC 4287 §4.2.2.2).
    pub topic_scheme: String,
    pub topic_titles: Arc<BTreeMap<TopicId, String>>,
}

/// Each topic with the name that its feed's id is made from: the name under which it was first published, so that a renamed
/// topic is still the same feed to its readers (RFC 4287 §4.2.6).
pub fn feed_names(topics: &[TopicPage], ever: &BTreeMap<TopicId, TopicId>) -> Vec<(TopicId, TopicId)> {
    let name_of = |topic: &TopicPage| {
        let known = std::iter::once(&topic.id).chain(&topic.formerly).find_map(|id| ever.get(id));
        known.unwrap_or(&topic.id).clone()
    };
    topics.iter().map(|topic| (topic.id.clone(), name_of(topic))).collect()
}

/// The topics that are no longer there, nor lead to one that is.
pub(super) fn gone_topics<'a>(
    settings: &PublishSettings,
    ever: impl Iterator<Item = &'a TopicId>,
) -> BTreeSet<TopicId> {
    let former = settings.former_topics();
    ever.filter(|id| settings.page_of(id).is_none() && !former.contains_key(*id)).cloned().collect()
}
