use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Coding, Edition, EditionStory, Editions, Found, SavedEditions, atom,
    frame::{FeedFrame, PublishSettings, feed_names, paths},
    gather, index, rss,
};
use crate::{
    model::{SourceId, TopicId},
    store::{ChangedEditions, Store, StoreError},
};

/// Makes editions of what the store holds, and puts them up.
pub struct Publisher {
    store: Store,
    settings: PublishSettings,
    editions: Editions,
    /// Where editions are kept for the next start, if they are.
    saved: Option<SavedEditions>,
    topic_titles: Arc<BTreeMap<TopicId, String>>,
    /// The name that each topic's feed id is made from.
    feed_names: BTreeMap<TopicId, TopicId>,
    /// Where readers can subscribe.
    hub_url: Option<String>,
    /// Sources of whose entries the articles are shown.
    articles_of: BTreeSet<SourceId>,
    /// What is not to be made for now.
    held: Held,
    /// The newest stories of each topic as the index shows them.
    headlines: BTreeMap<Option<TopicId>, Vec<EditionStory>>,
}

/// Editions that are not to be made for now: what they would show is half of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Held {
    #[default]
    Nothing,
    Topics(BTreeSet<TopicId>),
    Everything,
}

impl Held {
    fn holds(&self, topic: Option<&TopicId>) -> bool {
        match self {
            Held::Nothing => false,
            Held::Topics(topics) => topic.is_some_and(|topic| topics.contains(topic)),
            Held::Everything => true,
        }
    }
}

/// What came of a round of publishing.
#[derive(Debug, Default)]
pub struct Published {
    /// It went on to the end; `false` if it was no longer wanted.
    pub finished: bool,
    /// Editions that were not to be made for now.
    pub held: ChangedEditions,
    /// Editions that could not be made.
    pub failed: ChangedEditions,
    /// Why the last of them could not.
    pub error: Option<StoreError>,
}

/// Stories of a topic on the index page.
const HEADLINES: usize = 5;

impl Publisher {
    /// `ever` are the topics that were ever configured, with the names of their feeds.
    pub fn new(store: Store, settings: PublishSettings, editions: Editions, ever: &BTreeMap<TopicId, TopicId>) -> Self {
        let topic_titles = settings.topics.iter().map(|topic| (topic.id.clone(), topic.title.clone())).collect();
        let feed_names = feed_names(&settings.topics, ever).into_iter().collect();
        let topic_titles = Arc::new(topic_titles);
        let publisher = Self {
            store,
            settings,
            editions,
            saved: None,
            topic_titles,
            feed_names,
            hub_url: None,
            articles_of: BTreeSet::new(),
            held: Held::default(),
            headlines: BTreeMap::new(),
        };
        publisher.arrange(ever.keys());
        publisher
    }

    /// Keeps every edition in a file as well, for the next start.
    pub fn saving_to(mut self, saved: SavedEditions) -> Self {
        saved.keep_only(|path| self.editions.is_expected(path));
        self.saved = Some(saved);
        self
    }

    /// Names the hub at which readers can subscribe.
    pub fn naming_hub(self, hub_url: Option<String>) -> Self {
        Self { hub_url, ..self }
    }

    /// Shows the articles on the pages behind the entries of these sources, where they say more than the feed does.
    pub fn showing_articles_of(self, articles_of: BTreeSet<SourceId>) -> Self {
        Self { articles_of, ..self }
    }

    /// From now on these editions stay as they are, and so does the index page, which shows what is in them.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// Every edition there is.
    pub fn all(&self) -> ChangedEditions {
        std::iter::once(None).chain(self.settings.topics.iter().map(|topic| Some(topic.id.clone()))).collect()
    }

    /// Renders the editions whose stories changed, and the index page. What cannot be made leaves the edition before it up.
    pub fn publish(&mut self, changed: &ChangedEditions) -> Published {
        self.publish_while(changed, || true)
    }

    /// As [`Publisher::publish`], but gives up between two topics once it is no longer `wanted`.
    pub fn publish_while(&mut self, changed: &ChangedEditions, wanted: impl Fn() -> bool) -> Published {
        let mut published = Published::default();
        for topic in self.all().intersection(changed) {
            if self.held.holds(topic.as_ref()) {
                published.held.insert(topic.clone());
                continue;
            }
            let durable = self.store.while_durable();
            if !wanted() {
                return published;
            }
            let page = topic.as_ref().and_then(|id| self.settings.topics.iter().find(|page| page.id == *id));
            let shown_as = page.map_or(self.settings.stories, |page| page.stories);
            let gathered = durable.and_then(|_durable| {
                gather(&self.store, topic.as_ref(), self.settings.entries, &self.articles_of, shown_as)
            });
            let mut stories = match gathered {
                Ok(stories) => stories,
                Err(error) => {
                    published.failed.insert(topic.clone());
                    published.error = Some(error);
                    continue;
                }
            };
            let language = page.and_then(|page| page.language.as_deref());
            stories.iter_mut().for_each(|story| story.say_who_else(language));
            let frame = self.frame(topic.as_ref(), &stories);
            let [atom_path, rss_path] = paths(topic.as_ref());
            self.put(atom_path, atom::MEDIA_TYPE, frame.updated, atom::render(&frame, &stories));
            self.put(rss_path, rss::MEDIA_TYPE, frame.updated, rss::render(&frame, &stories));
            self.headlines.insert(topic.clone(), stories.into_iter().take(HEADLINES).collect());
        }
        published.finished = true;
        if self.held != Held::Nothing {
            return published;
        }
        let updated = self.headlines.values().flatten().map(|story| story.updated).max();
        let page = index::render(&self.settings, &self.headlines);
        self.put("/".into(), index::MEDIA_TYPE, updated.unwrap_or(DateTime::UNIX_EPOCH), page);
        published
    }

    fn put(&self, path: String, media_type: &'static str, updated: DateTime<Utc>, body: Vec<u8>) {
        // Most of what is made again at a start or a reload is what it was, and compressing is most of the work.
        if let Found::Edition(current) = self.editions.find(&path)
            && current.media_type == media_type
            && current.updated == updated
            && current.body(Coding::Identity) == &body
        {
            return;
        }
        let edition = Edition::new(media_type, updated, body);
        if let Some(saved) = &self.saved
            && let Err(error) = saved.save(&path, &edition)
        {
            tracing::warn!(%error, path, "an edition could not be kept for the next start");
        }
        self.editions.put(path, edition);
    }

    fn frame(&self, topic: Option<&TopicId>, stories: &[EditionStory]) -> FeedFrame {
        let page = topic.and_then(|id| self.settings.topics.iter().find(|page| page.id == *id));
        let [atom_path, rss_path] = paths(topic);
        let ours = |path: &str| format!("{}{path}", self.settings.public_url.as_str().trim_end_matches('/'));
        let instance = self.store.instance();
        let name = topic.map(|id| self.feed_names.get(id).unwrap_or(id));
        let name = name.map_or("feed:".to_string(), |name| format!("feed:{name}"));
        FeedFrame {
            id: Uuid::new_v5(&instance, name.as_bytes()).urn().to_string(),
            title: page.map_or("All stories".into(), |page| page.title.clone()),
            description: page.and_then(|page| page.description.clone()),
            language: page.and_then(|page| page.language.clone()),
            updated: stories.iter().map(|story| story.updated).max().unwrap_or(DateTime::UNIX_EPOCH),
            atom_url: ours(&atom_path),
            rss_url: ours(&rss_path),
            page_url: ours(&topic.map_or("/".to_string(), |id| format!("/#{id}"))),
            hub_url: self.hub_url.clone(),
            topic_scheme: Uuid::new_v5(&instance, b"topics").urn().to_string(),
            topic_titles: self.topic_titles.clone(),
        }
    }

    fn arrange<'a>(&self, former_topics: impl Iterator<Item = &'a TopicId>) {
        let expected = expected(&self.settings);
        let mut moved = HashMap::new();
        for topic in &self.settings.topics {
            for former in &topic.formerly {
                moved.extend(paths(Some(former)).into_iter().zip(paths(Some(&topic.id))));
            }
        }
        let gone = former_topics.flat_map(|topic| paths(Some(topic))).collect();
        self.editions.arrange(expected, moved, gone, self.settings.max_age);
    }
}

/// The address of every edition.
pub(super) fn expected(settings: &PublishSettings) -> HashSet<String> {
    let topics = std::iter::once(None).chain(settings.topics.iter().map(|topic| Some(&topic.id)));
    std::iter::once("/".to_string()).chain(topics.flat_map(paths)).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::{model::ShownAs, publish::TopicPage, store::StoreSettings};

    #[test]
    fn a_topic_taken_out_while_its_edition_is_made_stays_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreSettings::new(folder.path()));
        let store = store.map_err(|error| error.to_string()).expect("opened").store;
        let ai = TopicId::new("ai");
        let page = TopicPage {
            id: ai.clone(),
            title: "AI".into(),
            description: None,
            language: None,
            stories: ShownAs::Merge,
            formerly: Vec::new(),
        };
        let settings = |topics| PublishSettings {
            public_url: url::Url::parse("https://news.example/").expect("a URL"),
            entries: 10,
            max_age: std::time::Duration::from_secs(900),
            stories: ShownAs::Merge,
            topics,
        };
        let editions = Editions::default();
        let ever = BTreeMap::from([(ai.clone(), ai)]);
        let mut old = Publisher::new(store.clone(), settings(vec![page]), editions.clone(), &ever);
        let _new = Publisher::new(store, settings(Vec::new()), editions.clone(), &ever);
        assert!(old.publish(&old.all()).finished);
        assert!(matches!(editions.find("/topics/ai.atom"), crate::publish::Found::Gone));
    }

    #[test]
    fn what_is_no_longer_wanted_is_not_rendered() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreSettings::new(folder.path()));
        let store = store.map_err(|error| error.to_string()).expect("opened").store;
        let page = |id: &str| TopicPage {
            id: TopicId::new(id),
            title: id.into(),
            description: None,
            language: None,
            stories: ShownAs::Merge,
            formerly: Vec::new(),
        };
        let public_url = url::Url::parse("https://news.example/").expect("a URL");
        let topics = ["ai", "rain", "space"].map(page).to_vec();
        let editions = Editions::default();
        let settings = PublishSettings {
            public_url,
            entries: 10,
            max_age: std::time::Duration::from_secs(900),
            stories: ShownAs::Merge,
            topics,
        };
        let mut publisher = Publisher::new(store, settings, editions.clone(), &BTreeMap::new());
        let asked = Cell::new(0);
        let twice = || asked.replace(asked.get() + 1) < 2;
        assert!(!publisher.publish_while(&publisher.all(), twice).finished);
        assert_eq!(editions.len(), 4, "everything and the first topic in two formats, and no index yet");
        assert!(publisher.publish_while(&publisher.all(), || true).finished);
        assert_eq!(editions.len(), 9);
    }
}
