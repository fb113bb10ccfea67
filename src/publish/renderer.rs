use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use url::Url;
use uuid::Uuid;

use super::{
    Edition, EditionStory, TopicPage,
    address::{Address, Format, Of, Selection, StoriesAddress},
    archive::{self, ArchiveError, ArchiveRules, Archives, MadePage},
    atom,
    copies::copies,
    edition::{Rendered, link_field},
    frame::{FeedFrame, PublishSettings, feed_names},
    gather::{SourceShown, gather},
    json_feed,
    opml::{self, Outline, OutlineGroup},
    pages::{self, EditionPage, IndexTopic, SitePage, StoryPage},
    rss,
    select::{Wanted, apart, readable, select},
};
use crate::{
    model::{ContentPolicy, ShownAs, SourceId, StoryNumber, TopicId},
    store::{SourceRecord, Store, StoreError, StoryRecord},
};

/// Makes what an address asks for of what the store holds. Knows nothing of what was made before.
pub struct Renderer {
    pub(super) store: Store,
    pub(super) settings: Arc<PublishSettings>,
    pub(super) topic_titles: Arc<BTreeMap<TopicId, String>>,
    /// The name that each topic's feed id is made from.
    feed_names: BTreeMap<TopicId, TopicId>,
    /// Sources of which not just their feed's whole content is shown.
    shown: BTreeMap<SourceId, SourceShown>,
    intervals: BTreeMap<SourceId, Duration>,
    archives: Option<Archives>,
}

/// For how long readers may keep an edition, whatever its sources' intervals.
const MAX_AGE: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(3600));

/// What came of rendering what an address asks for.
pub(super) enum Outcome {
    Edition(Edition),
    /// It is at another address.
    Moved(Address),
    /// It is there and cannot be read.
    Damaged,
    Nothing,
}

impl From<Option<Edition>> for Outcome {
    fn from(edition: Option<Edition>) -> Self {
        edition.map_or(Self::Nothing, Self::Edition)
    }
}

/// The same stories in some formats, and which they are.
pub(super) struct RenderedStories {
    pub(super) editions: Vec<(StoriesAddress, Edition)>,
    pub(super) stories: BTreeSet<StoryNumber>,
}

/// Tells the newest stories of a topic (`None`: of everything).
type Headlines<'a> = dyn FnMut(Option<&TopicId>) -> Result<Vec<EditionStory>, StoreError> + 'a;

/// Stories of a topic on the index page.
const HEADLINES: usize = 5;

/// The newest stories of a topic by which it is known what feeds it.
const STORIES_THAT_TELL_SOURCES: usize = 50;

impl Renderer {
    /// `ever` are the topics that were ever configured, with the names of their feeds.
    pub(super) fn new(
        store: Store,
        settings: Arc<PublishSettings>,
        ever: &BTreeMap<TopicId, TopicId>,
        archives: Option<Archives>,
    ) -> Self {
        let titles = settings.topics.iter().map(|topic| (topic.id.clone(), topic.title.clone()));
        let intervals = settings.sources.iter().filter_map(|source| Some((source.id.clone(), source.interval?)));
        Self {
            store,
            topic_titles: Arc::new(titles.collect()),
            feed_names: feed_names(&settings.topics, ever).into_iter().collect(),
            shown: settings.shown(),
            intervals: intervals.collect(),
            archives,
            settings,
        }
    }

    pub(super) fn archives(&self) -> Option<&Archives> {
        self.archives.as_ref()
    }

    /// What an address asks for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn render(&self, address: &Address) -> Result<Outcome, StoreError> {
        Ok(match address {
            Address::Index => Outcome::Edition(self.index(&mut |topic| self.headlines(topic))?),
            Address::Stories(stories) => {
                let mut rendered = self.stories(stories, &[stories.format])?;
                rendered.editions.pop().map(|(_, edition)| edition).into()
            }
            Address::Story(number) => self.story(*number)?,
            Address::Archive(topic, page) => self.archive_page(topic, *page),
            Address::TopicsOutline => Outcome::Edition(self.topics_outline()),
            Address::SourcesOutline => Outcome::Edition(self.sources_outline()?),
        })
    }

    /// The same stories in several formats.
    pub(super) fn stories(&self, address: &StoriesAddress, formats: &[Format]) -> Result<RenderedStories, StoreError> {
        let selection = &address.selection;
        let page = selection.topic().flatten().and_then(|topic| self.settings.page_of(topic));
        let (shown_as, fair) = match (page, selection.topic()) {
            (Some(page), _) => (page.stories, page.fair),
            (None, Some(_)) => (self.settings.stories, self.settings.fair),
            (None, None) => (ShownAs::Merge, false),
        };
        let wanted = Wanted { limit: address.limit.unwrap_or(self.settings.entries), shown_as, fair };
        let (mut stories, max_age) = {
            let _durable = self.store.while_durable()?;
            let chosen = select(&self.store, selection, wanted)?;
            let max_age = self.max_age(&chosen);
            (gather(&self.store, chosen, &self.shown, shown_as)?, max_age)
        };
        let numbers = stories.iter().map(|story| story.number).collect();
        let frame = self.frame(address, page, &stories);
        let mut editions = Vec::with_capacity(formats.len());
        if formats.contains(&Format::Page) {
            // Before feeds' stories are told who else has them: a page says that by itself.
            let body = self.page(&address.in_format(Format::Page), &frame, &stories);
            editions.push((Format::Page, pages::MEDIA_TYPE, body.into()));
        }
        for story in &mut stories {
            story.show_no_more_than(address.content);
            if address.content == ContentPolicy::Full {
                story.say_who_else(frame.language.as_deref());
            }
        }
        for format in formats {
            editions.push(match format {
                Format::Atom => (*format, atom::MEDIA_TYPE, atom::render(&frame, &stories)),
                Format::Rss => (*format, rss::MEDIA_TYPE, rss::render(&frame, &stories)),
                Format::Json => (*format, json_feed::MEDIA_TYPE, json_feed::render(&frame, &stories).into()),
                Format::Page => continue,
            });
        }
        let finish = |(format, media_type, body): (Format, &'static str, Rendered)| {
            let address = address.in_format(format);
            let mut edition = self.edition(&Address::Stories(address.clone()), media_type, frame.updated, body);
            edition.max_age = max_age;
            (address, edition)
        };
        Ok(RenderedStories { editions: editions.into_iter().map(finish).collect(), stories: numbers })
    }

    fn page(&self, address: &StoriesAddress, frame: &FeedFrame, stories: &[EditionStory]) -> Vec<u8> {
        let target = address.to_string();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let topics: Vec<TopicId> = match &address.selection.of {
            Of::Topics(topics) => topics.iter().cloned().collect(),
            Of::Everything | Of::Source(_) => Vec::new(),
        };
        let earlier = self.earlier(address, stories);
        let page = EditionPage {
            title: &frame.title,
            description: frame.description.as_deref(),
            language: frame.language.as_deref(),
            path,
            query,
            topics: &topics,
            earlier: earlier.as_deref(),
        };
        pages::topic(&self.site(), &page, stories)
    }

    pub(super) fn site(&self) -> SitePage<'_> {
        SitePage { public_url: self.settings.public_url.as_str(), topic_titles: &self.topic_titles }
    }

    fn story(&self, number: StoryNumber) -> Result<Outcome, StoreError> {
        let (story, topics, copies) = {
            let _durable = self.store.while_durable()?;
            let Some(record) = readable(self.store.story(number))? else {
                let other = readable(self.store.went_on_in(number))?;
                return Ok(other.map_or(Outcome::Nothing, |other| Outcome::Moved(Address::Story(other))));
            };
            let copies = copies(&self.store, &record)?;
            let topics = record.topics.clone();
            let Some(story) = gather(&self.store, vec![record], &self.shown, ShownAs::Merge)?.pop() else {
                return Ok(Outcome::Nothing);
            };
            (story, topics, copies)
        };
        let body = pages::story(&self.site(), &StoryPage { story: &story, topics: &topics, copies: &copies });
        Ok(Outcome::Edition(self.edition(&Address::Story(number), pages::MEDIA_TYPE, story.updated, body)))
    }

    pub(super) fn edition(
        &self,
        address: &Address,
        media_type: &'static str,
        updated: DateTime<Utc>,
        body: impl Into<Rendered>,
    ) -> Edition {
        let mut edition = Edition::new(media_type, updated, body.into());
        let own = Url::parse(&self.settings.url_of(address)).ok();
        let hub = self.settings.hub.as_ref().filter(|_| address.can_be_subscribed_to());
        edition.links = own.and_then(|own| link_field(&own, hub));
        edition.max_age = self.settings.max_age.clamp(MAX_AGE.0, MAX_AGE.1);
        edition
    }

    /// The shortest time in which a source of these stories may bring something new.
    fn max_age(&self, stories: &[StoryRecord]) -> Duration {
        let sources: BTreeSet<_> = stories.iter().flat_map(|story| &story.copies).map(|copy| copy.source).collect();
        let ids = sources.into_iter().filter_map(|number| self.store.source_by_number(number));
        let shortest = ids.filter_map(|(id, _)| self.intervals.get(&id)).min();
        shortest.copied().unwrap_or(self.settings.max_age).clamp(MAX_AGE.0, MAX_AGE.1)
    }

    fn frame(&self, address: &StoriesAddress, page: Option<&TopicPage>, stories: &[EditionStory]) -> FeedFrame {
        let url = |format| self.settings.url_of(&Address::Stories(address.in_format(format)));
        let instance = self.store.instance();
        let (title, language) = match page {
            Some(page) => (page.title.clone(), page.language.clone()),
            None => self.title_and_language(&address.selection),
        };
        FeedFrame {
            id: Uuid::new_v5(&instance, self.feed_name(&address.selection).as_bytes()).urn().to_string(),
            title,
            description: page.and_then(|page| page.description.clone()),
            language,
            updated: stories.iter().map(|story| story.updated).max().unwrap_or(DateTime::UNIX_EPOCH),
            atom_url: url(Format::Atom),
            rss_url: url(Format::Rss),
            json_url: url(Format::Json),
            page_url: url(Format::Page),
            hub_url: self.hub_of(address),
            prev_archive: self.newest_archive(address),
            topic_scheme: Uuid::new_v5(&instance, b"topics").urn().to_string(),
            topic_titles: self.topic_titles.clone(),
        }
    }

    fn hub_of(&self, address: &StoriesAddress) -> Option<String> {
        let is_feed = Address::Stories(address.in_format(Format::Atom)).can_be_subscribed_to();
        self.settings.hub.as_ref().filter(|_| is_feed).map(Url::to_string)
    }

    /// Where the newest page of the archive is, for the feed that a topic has at its own address.
    fn newest_archive(&self, address: &StoriesAddress) -> Option<String> {
        let name = self.name_of(address.topic()??);
        let page = self.archives.as_ref()?.newest(name)?;
        Some(self.ours(&Archives::path(name, page)))
    }

    fn ours(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url.as_str().trim_end_matches('/'))
    }

    /// Where the current feed is of each name that a feed's id is made from.
    pub(super) fn current_feeds(&self) -> impl Iterator<Item = (TopicId, String)> {
        self.feed_names.iter().map(|(topic, name)| {
            let address = Address::Stories(StoriesAddress::standing(Some(topic), Format::Atom));
            (name.clone(), address.to_string())
        })
    }

    /// The name that a topic's feed id is made from.
    pub(super) fn name_of<'a>(&'a self, topic: &'a TopicId) -> &'a TopicId {
        self.feed_names.get(topic).unwrap_or(topic)
    }

    pub(super) fn topic_named(&self, name: &TopicId) -> Option<TopicId> {
        self.feed_names.iter().find(|(_, feed)| *feed == name).map(|(topic, _)| topic.clone())
    }

    /// Makes the next page of a topic's archive if it is due.
    ///
    /// # Errors
    /// The store cannot be read, or the page not be written.
    pub(super) fn archive(
        &self,
        topic: &TopicId,
        rules: &ArchiveRules,
        now: DateTime<Utc>,
    ) -> Result<Option<MadePage>, ArchiveError> {
        let (Some(page), Some(archives)) = (self.settings.page_of(topic), &self.archives) else { return Ok(None) };
        let address = StoriesAddress::standing(Some(topic), Format::Atom);
        let wanted = Wanted { limit: self.settings.entries, shown_as: page.stories, fair: page.fair };
        let current = || {
            let stories = select(&self.store, &address.selection, wanted)?;
            Ok(stories.iter().map(|story| story.number).collect())
        };
        let shown = |story: StoryRecord| {
            let chosen = match page.stories {
                ShownAs::All => apart(&self.store, &address.selection, usize::MAX, vec![story])?,
                ShownAs::Merge | ShownAs::Group => vec![story],
            };
            // Other articles on an event are named in the current feed alone: they come and go.
            let mut shown = gather(&self.store, chosen, &self.shown, ShownAs::Merge)?;
            shown.iter_mut().for_each(|story| story.say_who_else(page.language.as_deref()));
            Ok(shown)
        };
        archive::make(&archive::Making {
            store: &self.store,
            archives,
            topic,
            name: self.name_of(topic),
            current: &current,
            rules,
            shown: &shown,
            frame: &|stories| self.frame(&address, Some(page), stories),
            ours: &|path| self.ours(path),
            now,
        })
    }

    /// What a feed's id is made from: never an address, which may change (RFC 4287 §4.2.6).
    fn feed_name(&self, selection: &Selection) -> String {
        let first_name = |topic: &TopicId| self.name_of(topic).clone();
        match (selection.topic(), &selection.of) {
            (Some(None), _) => "feed:".into(),
            (Some(Some(topic)), _) => format!("feed:{}", first_name(topic)),
            (None, Of::Source(source))
                if selection.named_sources().count() == 1 && selection.topics().next().is_none() =>
            {
                match self.store.source(source) {
                    Some(record) if selection.languages.is_empty() => format!("feed of source:{}", record.number.0),
                    _ => format!("feed of:{}", plain_address(selection)),
                }
            }
            _ => format!("feed of:{}", plain_address(&selection.renamed(first_name))),
        }
    }

    pub(super) fn source_title(&self, source: &SourceId) -> String {
        let own = self.store.source(source).map(|record| record.feed.title.clone()).filter(|title| !title.is_empty());
        let given = self.settings.sources.iter().find(|page| page.id == *source).and_then(|page| page.title.clone());
        given.or(own).unwrap_or_else(|| source.to_string())
    }

    /// The newest stories of a topic (`None`: of everything), as the index page shows them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn headlines(&self, topic: Option<&TopicId>) -> Result<Vec<EditionStory>, StoreError> {
        let _durable = self.store.while_durable()?;
        let newest = self.store.newest(topic, HEADLINES)?;
        let mut stories = gather(&self.store, newest, &self.shown, ShownAs::Merge)?;
        stories.iter_mut().for_each(|story| story.show_no_more_than(ContentPolicy::Summary));
        Ok(stories)
    }

    /// The index page, of the headlines of each topic and of everything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn index(&self, headlines: &mut Headlines<'_>) -> Result<Edition, StoreError> {
        let all = headlines(None)?;
        let of_topics: Vec<Vec<EditionStory>> =
            self.settings.topics.iter().map(|topic| headlines(Some(&topic.id))).collect::<Result<_, _>>()?;
        let updated = of_topics.iter().flatten().chain(&all).map(|story| story.updated).max();
        let topics = self.settings.topics.iter().zip(&of_topics);
        let topics: Vec<IndexTopic<'_>> = topics.map(|(topic, stories)| IndexTopic { topic, stories }).collect();
        let body = pages::index(&self.site(), &topics, &all);
        Ok(self.edition(&Address::Index, pages::MEDIA_TYPE, updated.unwrap_or(DateTime::UNIX_EPOCH), body))
    }

    fn topics_outline(&self) -> Edition {
        let url = |topic: Option<&TopicId>, format| {
            self.settings.url_of(&Address::Stories(StoriesAddress::standing(topic, format)))
        };
        let topic = |page: &TopicPage| Outline {
            title: page.title.clone(),
            description: page.description.clone(),
            language: page.language.clone(),
            feed_url: url(Some(&page.id), Format::Atom),
            site_url: Some(url(Some(&page.id), Format::Page)),
        };
        let everything = Outline {
            title: "All stories".into(),
            description: None,
            language: None,
            feed_url: url(None, Format::Atom),
            site_url: Some(url(None, Format::Page)),
        };
        let feeds = self.settings.topics.iter().map(topic).chain([everything]).collect();
        let body = opml::render("Topics", &[OutlineGroup { title: None, feeds }]);
        self.edition(&Address::TopicsOutline, opml::MEDIA_TYPE, DateTime::UNIX_EPOCH, body)
    }

    /// Each source is in every topic that it has lately had a story in.
    fn sources_outline(&self) -> Result<Edition, StoreError> {
        let outlines: BTreeMap<&SourceId, Outline> =
            self.settings.sources.iter().map(|page| (&page.id, self.source_outline(&page.id, &page.url))).collect();
        let mut in_no_topic: BTreeSet<&SourceId> = outlines.keys().copied().collect();
        let mut groups = Vec::new();
        for page in &self.settings.topics {
            let newest = self.store.newest(Some(&page.id), STORIES_THAT_TELL_SOURCES)?;
            let numbers: BTreeSet<_> = newest.iter().flat_map(|story| &story.copies).map(|copy| copy.source).collect();
            let ids: BTreeSet<SourceId> =
                numbers.into_iter().filter_map(|number| Some(self.store.source_by_number(number)?.0)).collect();
            in_no_topic.retain(|id| !ids.contains(*id));
            let feeds = ids.iter().filter_map(|id| outlines.get(id)).cloned().collect();
            groups.push(OutlineGroup { title: Some(page.title.clone()), feeds });
        }
        let feeds = in_no_topic.into_iter().filter_map(|id| outlines.get(id)).cloned().collect();
        groups.push(OutlineGroup { title: None, feeds });
        let body = opml::render("Sources", &groups);
        Ok(self.edition(&Address::SourcesOutline, opml::MEDIA_TYPE, DateTime::UNIX_EPOCH, body))
    }

    fn source_outline(&self, id: &SourceId, url: &Url) -> Outline {
        let record: Option<Arc<SourceRecord>> = self.store.source(id);
        Outline {
            title: self.source_title(id),
            description: None,
            language: None,
            feed_url: url.to_string(),
            site_url: record.and_then(|record| record.feed.site_url.clone()),
        }
    }
}

fn plain_address(selection: &Selection) -> String {
    let address = StoriesAddress {
        selection: selection.clone(),
        format: Format::Page,
        content: ContentPolicy::Full,
        limit: None,
    };
    address.to_string()
}
