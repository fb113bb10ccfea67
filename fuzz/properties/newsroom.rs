use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use newsdesk::{
    clock::Clock,
    ingest::{Delivery, Ingest, SourceRules, TakeDown, TakeInRules},
    model::{ContentPolicy, PollState, ShownAs, SourceId, StoryNumber, TopicId, TopicScore},
    normalize::link_key,
    publish::{
        Address, Archived, Archives, EditionDirectory, Editions, Made, PublishSettings, Publisher, SourcePage,
        SourceShown, TopicPage,
    },
    reading::{Read, Reader},
    store::{EntryRecord, RetentionLimits, Store, StoreSettings},
    text::Boilerplate,
    topics::{TaggingSettings, Term, TopicSettings, Topics},
};
use url::Url;

use super::parse::document_from;

/// Two publishers; what one has the other may have too.
pub(super) const SOURCES: [(&str, &str); 2] =
    [("publisher", "https://publisher.example/feeds/news.xml"), ("other", "https://other.example/rss?a=1&b=2")];

/// The topic that every entry is in.
pub(super) const TOPIC: &str = "news";

/// How the admin has things shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) shown_as: ShownAs,
    pub(super) content: ContentPolicy,
    pub(super) language: Option<&'static str>,
}

/// What one poll brought.
pub(super) struct Poll {
    pub(super) source: usize,
    pub(super) read: Read,
}

/// Everything between a document and its editions: a store, the desk's work on it, a publisher, archives.
pub(super) struct Newsroom {
    ingest: Ingest,
    pub(super) store: Store,
    publisher: Publisher,
    pub(super) editions: Editions,
    archives: Archives,
    pub(super) stories_taken_in: usize,
    _folder: tempfile::TempDir,
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time") + TimeDelta::hours(hours)
}

fn reader() -> &'static Reader {
    static READER: OnceLock<Reader> = OnceLock::new();
    READER.get_or_init(|| {
        let settings = TaggingSettings::default();
        let topic = |id: &str, words: &[&str]| {
            let parse = |word: &&str| Term::parse(word, "any", &settings.languages).expect("a term");
            let terms = BTreeMap::from([("any".to_owned(), words.iter().map(parse).collect())]);
            TopicSettings { threshold: 1.0, terms, ..TopicSettings::new(id) }
        };
        let topics = [topic("ai", &["=AI^2", "=IA^2", "robot*"]), topic("telecom", &["=5G^2", "telecom*", "réseau"])];
        let topics = Topics::compile(&settings, &topics).unwrap_or_else(|problems| panic!("{problems:?}"));
        Reader::new(topics, settings.languages)
    })
}

/// Reads a document of a source; the first byte chooses its content type.
pub(super) fn read(bytes: &[u8], source: usize) -> Option<Poll> {
    let (id, url) = SOURCES[source];
    let document = document_from(Url::parse(url).expect("a constant"), bytes);
    let read = reader().read(&document, None, Some(&SourceId::new(id)), &Boilerplate::default()).ok()?;
    Some(Poll { source, read })
}

impl Newsroom {
    pub(super) fn open(wish: Wish) -> Self {
        // In memory where there is such a folder: nothing of it is to last.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let clock = Clock::new(|| at(0));
        let settings = StoreSettings { clock, cache_bytes: 1 << 20, ..StoreSettings::new(folder.path()) };
        let store = Store::open(&settings).map_err(|error| error.to_string()).expect("opened").store;
        let age = Duration::from_secs(400 * 86_400);
        let retention = RetentionLimits { age, entries_per_source: 100_000, size: None };
        let rules = SOURCES.map(|(id, _)| (SourceId::new(id), SourceRules::default()));
        let ingest = Ingest::new(store.clone(), TakeInRules { retention, sources: BTreeMap::from(rules) });
        let archives = Archives::open(folder.path().join("archives")).expect("opened");
        let topics = [(TOPIC, "News & <more>"), ("ai", "AI"), ("telecom", "Telecoms")];
        let names = topics.map(|(id, _)| (TopicId::new(id), TopicId::new(id)));
        let mut refresh = store.refresh();
        refresh.remember_topics(&names);
        refresh.apply().expect("applied");
        let topic = |(id, title): (&str, &str)| TopicPage {
            language: wish.language.map(str::to_owned),
            stories: wish.shown_as,
            ..TopicPage::new(TopicId::new(id), title)
        };
        let source = |(place, (id, url)): (usize, (&str, &str))| SourcePage {
            id: SourceId::new(id),
            title: None,
            language: None,
            url: Url::parse(url).expect("a constant"),
            interval: None,
            shown: SourceShown { content: if place == 0 { wish.content } else { ContentPolicy::Full }, article: false },
            formerly: Vec::new(),
        };
        let settings = PublishSettings {
            topics: topics.map(topic).to_vec(),
            sources: SOURCES.into_iter().enumerate().map(source).collect(),
            stories: wish.shown_as,
            hub: Url::parse("https://news.example/hub").ok(),
            ..PublishSettings::new(Url::parse("https://news.example/").expect("a constant"))
        };
        let editions = Editions::with_archives(archives.clone());
        let publisher = Publisher::new(store.clone(), settings, editions.clone(), &BTreeMap::from(names), None);
        Self { ingest, store, publisher, editions, archives, stories_taken_in: 0, _folder: folder }
    }

    /// Takes in what a poll brought, an hour after the one before.
    pub(super) fn deliver(&mut self, hour: usize, Poll { source, read }: Poll) {
        let (id, url) = SOURCES[source];
        let mut reading = read.reading;
        for tagged in &mut reading.entries {
            tagged.topics.push(TopicScore { topic: TopicId::new(TOPIC), score: 1.0 });
        }
        let delivery = Delivery {
            source: SourceId::new(id),
            configured_url: url.into(),
            at: at(hour as i64),
            state: PollState::default(),
            reading: Some(reading),
        };
        let (outcome, _) = self.ingest.take_in(delivery).map_err(|error| error.to_string()).expect("taken in");
        self.stories_taken_in += outcome.new;
        self.store.make_durable().expect("durable");
    }

    /// What is served at one of our addresses; `None` if there is nothing.
    pub(super) fn get(&self, target: &str) -> Option<Vec<u8>> {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let address = Address::parse(path, query).unwrap_or_else(|error| panic!("{target}: {error}"));
        match self.editions.make(&address) {
            Made::Edition(edition) => Some(edition.document().to_vec()),
            Made::Nothing => None,
            Made::Moved(other) => self.get(&other),
            Made::Damaged | Made::NotYet => panic!("{target} cannot be made"),
        }
    }

    pub(super) fn newest(&self, most: usize) -> Vec<StoryNumber> {
        let stories = self.store.newest(None, most).expect("read");
        stories.into_iter().map(|story| story.number).collect()
    }

    /// Makes every page of the topic's archive, as of when all that waits is due. Returns them by their addresses, each as a document
    /// and as a page for people.
    pub(super) fn archive(&self) -> Vec<(String, Vec<u8>)> {
        let topic = TopicId::new(TOPIC);
        let due = at(40 * 24);
        while let Some(made) = self.publisher.archive(&topic, due).map_err(|error| error.to_string()).expect("made") {
            self.ingest.archived(&made).map_err(|error| error.to_string()).expect("noted");
        }
        let both = |page: u64| {
            let path = Archives::path(&topic, page);
            let Archived::Page(edition) = self.archives.find(&path) else { panic!("{path} cannot be had") };
            let for_people = path.trim_end_matches(".atom").to_owned();
            let shown = self.get(&for_people).unwrap_or_else(|| panic!("{for_people} cannot be had"));
            [(path, edition.document().to_vec()), (for_people, shown)]
        };
        (1..=self.archives.newest(&topic).unwrap_or(0)).flat_map(both).collect()
    }

    /// Whether this id stands for one story alone: not for a copy that is shown apart. An id that is a link is taken for that, so
    /// that all who have the id must have the link.
    pub(super) fn is_a_storys(&self, id: &str) -> bool {
        if self.store.story_by_id(id).expect("read").is_none() {
            return false;
        }
        let Ok(url) = Url::parse(id) else { return true };
        let leads_there = |link: &str| Url::parse(link).is_ok_and(|link| link_key(&link) == link_key(&url));
        let copies = self.store.newest(None, usize::MAX).expect("read").into_iter().flat_map(|story| story.copies);
        let entries: Vec<EntryRecord> = copies.filter_map(|copy| self.store.entry(copy.entry).expect("read")).collect();
        let is_linked = |entry: &EntryRecord| entry.entry.link.as_deref().is_some_and(leads_there);
        let has_id = |entry: &&EntryRecord| entry.atom_id == id || entry.entry.guid.as_deref() == Some(id);
        !entries.iter().any(is_linked) || entries.iter().filter(has_id).all(is_linked)
    }

    /// Takes a story down: from the store, the editions and the archives.
    pub(super) fn take_down(&mut self, id: &str) {
        let request = TakeDown { what: id.to_owned(), reason: "asked for".into(), archived: Vec::new() };
        let taken = self.ingest.take_down(&request, at(30)).map_err(|error| error.to_string()).expect("taken down");
        self.publisher.take_out(&taken.out).expect("taken out");
    }
}
