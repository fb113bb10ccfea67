use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use url::Url;
use uuid::Uuid;

use super::{Edition, EditionStory, Editions, atom, gather, index, rss};
use crate::{
    model::TopicId,
    store::{ChangedEditions, Store, StoreError},
};

/// What the admin decides about the outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishSettings {
    /// From which links to ourselves are made; never ids.
    pub public_url: Url,
    /// Stories in an edition.
    pub entries: usize,
    /// In the order in which the index shows them.
    pub topics: Vec<TopicPage>,
}

/// What readers see of a topic besides its stories.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPage {
    pub id: TopicId,
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    /// Names the topic had before: their addresses lead here.
    pub formerly: Vec<TopicId>,
}

/// Everything of a feed but its stories.
pub struct FeedFrame {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    pub updated: DateTime<Utc>,
    pub atom_url: String,
    pub rss_url: String,
    pub page_url: String,
    /// The scheme of our own categories (RFC 4287 §4.2.2.2).
    pub topic_scheme: String,
    pub topic_titles: Arc<BTreeMap<TopicId, String>>,
}

/// Makes editions of what the store holds, and puts them up.
pub struct Publisher {
    store: Store,
    settings: PublishSettings,
    editions: Editions,
    topic_titles: Arc<BTreeMap<TopicId, String>>,
    /// The newest stories of each topic as the index shows them.
    headlines: BTreeMap<Option<TopicId>, Vec<EditionStory>>,
}

/// Stories of a topic on the index page.
const HEADLINES: usize = 5;

impl Publisher {
    pub fn new(store: Store, settings: PublishSettings, editions: Editions, former_topics: &[TopicId]) -> Self {
        let topic_titles = settings.topics.iter().map(|topic| (topic.id.clone(), topic.title.clone())).collect();
        let publisher =
            Self { store, settings, editions, topic_titles: Arc::new(topic_titles), headlines: BTreeMap::new() };
        publisher.arrange(former_topics);
        publisher
    }

    /// Every edition there is.
    pub fn all(&self) -> ChangedEditions {
        std::iter::once(None).chain(self.settings.topics.iter().map(|topic| Some(topic.id.clone()))).collect()
    }

    /// Renders the editions whose stories changed, and the index page.
    ///
    /// # Errors
    /// When the store cannot be read; the editions before stay up.
    pub fn publish(&mut self, changed: &ChangedEditions) -> Result<(), StoreError> {
        self.publish_while(changed, || true).map(drop)
    }

    /// As [`Publisher::publish`], but gives up between two topics once it is no longer `wanted`; `false` if it did.
    ///
    /// # Errors
    /// As [`Publisher::publish`].
    pub fn publish_while(&mut self, changed: &ChangedEditions, wanted: impl Fn() -> bool) -> Result<bool, StoreError> {
        for topic in self.all().intersection(changed) {
            if !wanted() {
                return Ok(false);
            }
            let stories = gather(&self.store, topic.as_ref(), self.settings.entries)?;
            let frame = self.frame(topic.as_ref(), &stories);
            let [atom_path, rss_path] = paths(topic.as_ref());
            self.put(atom_path, atom::MEDIA_TYPE, frame.updated, atom::render(&frame, &stories));
            self.put(rss_path, rss::MEDIA_TYPE, frame.updated, rss::render(&frame, &stories));
            self.headlines.insert(topic.clone(), stories.into_iter().take(HEADLINES).collect());
        }
        let updated = self.headlines.values().flatten().map(|story| story.updated).max();
        let page = index::render(&self.settings, &self.headlines);
        self.put("/".into(), index::MEDIA_TYPE, updated.unwrap_or(DateTime::UNIX_EPOCH), page);
        Ok(true)
    }

    fn put(&self, path: String, media_type: &'static str, updated: DateTime<Utc>, body: Vec<u8>) {
        self.editions.put(path, Edition::new(media_type, updated, body));
    }

    fn frame(&self, topic: Option<&TopicId>, stories: &[EditionStory]) -> FeedFrame {
        let page = topic.and_then(|id| self.settings.topics.iter().find(|page| page.id == *id));
        let [atom_path, rss_path] = paths(topic);
        let ours = |path: &str| format!("{}{path}", self.settings.public_url.as_str().trim_end_matches('/'));
        let instance = self.store.instance();
        let name = topic.map_or("feed:".to_string(), |id| format!("feed:{id}"));
        FeedFrame {
            id: Uuid::new_v5(&instance, name.as_bytes()).urn().to_string(),
            title: page.map_or("All stories".into(), |page| page.title.clone()),
            description: page.and_then(|page| page.description.clone()),
            language: page.and_then(|page| page.language.clone()),
            updated: stories.iter().map(|story| story.updated).max().unwrap_or(DateTime::UNIX_EPOCH),
            atom_url: ours(&atom_path),
            rss_url: ours(&rss_path),
            page_url: ours(&topic.map_or("/".to_string(), |id| format!("/#{id}"))),
            topic_scheme: Uuid::new_v5(&instance, b"topics").urn().to_string(),
            topic_titles: self.topic_titles.clone(),
        }
    }

    fn arrange(&self, former_topics: &[TopicId]) {
        let mut expected = HashSet::from(["/".to_string()]);
        for topic in self.all() {
            expected.extend(paths(topic.as_ref()));
        }
        let mut moved = HashMap::new();
        for topic in &self.settings.topics {
            for former in &topic.formerly {
                moved.extend(paths(Some(former)).into_iter().zip(paths(Some(&topic.id))));
            }
        }
        let gone = former_topics.iter().flat_map(|topic| paths(Some(topic))).collect();
        self.editions.arrange(expected, moved, gone);
    }
}

/// Where a topic's editions are: Atom, RSS.
pub(super) fn paths(topic: Option<&TopicId>) -> [String; 2] {
    ["atom", "rss"].map(|format| match topic {
        Some(id) => format!("/topics/{id}.{format}"),
        None => format!("/all.{format}"),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::StoreSettings;

    #[test]
    fn what_is_no_longer_wanted_is_not_rendered() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreSettings { path: folder.path().into(), cache_bytes: 1 << 20 });
        let store = store.map_err(|error| error.to_string()).expect("opened").store;
        let page = |id: &str| TopicPage {
            id: TopicId::new(id),
            title: id.into(),
            description: None,
            language: None,
            formerly: Vec::new(),
        };
        let public_url = Url::parse("https://news.example/").expect("a URL");
        let topics = ["ai", "rain", "space"].map(page).to_vec();
        let editions = Editions::default();
        let mut publisher =
            Publisher::new(store, PublishSettings { public_url, entries: 10, topics }, editions.clone(), &[]);
        let asked = Cell::new(0);
        let twice = || asked.replace(asked.get() + 1) < 2;
        assert!(matches!(publisher.publish_while(&publisher.all(), twice), Ok(false)));
        assert_eq!(editions.len(), 4, "everything and the first topic in two formats, and no index yet");
        assert!(matches!(publisher.publish_while(&publisher.all(), || true), Ok(true)));
        assert_eq!(editions.len(), 9);
    }
}
