use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    ArchiveError, ArchiveRules, EditionStory, Editions, MadePage, SavedEditions, TakeOut, TakenOut,
    address::{Address, Format, StoriesAddress},
    current_files::CurrentFiles,
    editions::Stamp,
    frame::{PublishSettings, gone_topics},
    plan::Plan,
    renderer::Renderer,
};
use crate::{
    model::TopicId,
    store::{ChangedEditions, Store, StoreError},
};

/// Keeps editions current: makes those that are wanted of what the store holds, and puts them up.
pub struct Publisher {
    editions: Editions,
    plan: Arc<Plan>,
    /// What is not to be made for now.
    held: Held,
    /// The newest stories of each topic as the index shows them, those that have not changed since it was made.
    headlines: BTreeMap<Option<TopicId>, Vec<EditionStory>>,
    files: Option<CurrentFiles>,
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
    pub(super) fn holds(&self, topic: Option<&TopicId>) -> bool {
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

impl Publisher {
    /// Whose settings hold from now on. `ever` are the topics that were ever configured, with the names of their feeds; where
    /// `saved` is given every edition is kept in a file as well, for the next start.
    pub fn new(
        store: Store,
        settings: PublishSettings,
        editions: Editions,
        ever: &BTreeMap<TopicId, TopicId>,
        saved: Option<SavedEditions>,
    ) -> Self {
        let settings = Arc::new(settings);
        let archives = editions.archives().cloned();
        let renderer = Renderer::new(store, settings.clone(), ever, archives.clone());
        if let Some(archives) = archives {
            archives.arrange(renderer.current_feeds());
        }
        let renderer = Some(renderer);
        let gone = gone_topics(&settings, ever.keys());
        let plan = editions.arrange(Plan { settings, gone, renderer, saved });
        if let Some(saved) = &plan.saved {
            saved.keep_only(|target| plan.is_standing(target));
        }
        let files = plan.settings.directory.clone().map(CurrentFiles::new);
        Self { editions, plan, held: Held::default(), headlines: BTreeMap::new(), files }
    }

    /// From now on these editions stay as they are, and so does the index page, which shows what is in them.
    pub fn hold(&mut self, held: Held) {
        self.editions.hold(held.clone());
        self.held = held;
    }

    /// Every edition there is.
    pub fn all(&self) -> ChangedEditions {
        let topics = self.plan.settings.topics.iter().map(|topic| Some(topic.id.clone()));
        std::iter::once(None).chain(topics).collect()
    }

    /// Brings the editions whose stories changed up to date, and the index page. What cannot be made leaves the edition before
    /// it up.
    pub fn publish(&mut self, changed: &ChangedEditions) -> Published {
        self.publish_while(changed, || true)
    }

    /// As [`Publisher::publish`], but gives up between two topics once it is no longer `wanted`.
    ///
    /// The Atom editions come first, of all topics; then the other formats.
    pub fn publish_while(&mut self, changed: &ChangedEditions, wanted: impl Fn() -> bool) -> Published {
        let mut published = Published::default();
        let stamp = self.editions.next_stamp();
        let all = self.all();
        let (held, changed): (ChangedEditions, ChangedEditions) =
            all.intersection(changed).cloned().partition(|topic| self.held.holds(topic.as_ref()));
        published.held = held;
        self.headlines.retain(|topic, _| !changed.contains(topic));
        for topic in &changed {
            if !wanted() {
                return published;
            }
            match self.bring_up_to_date(topic.as_ref(), &[Format::Atom], &stamp) {
                Ok(()) => self.editions.has_changed(topic.clone(), &stamp),
                Err(error) => {
                    published.failed.insert(topic.clone());
                    published.error = Some(error);
                }
            }
        }
        for topic in changed.difference(&published.failed.clone()) {
            if !wanted() {
                return published;
            }
            let others = [Format::Rss, Format::Json, Format::Page];
            if let Err(error) = self.bring_up_to_date(topic.as_ref(), &others, &stamp) {
                published.failed.insert(topic.clone());
                published.error = Some(error);
            }
        }
        published.finished = true;
        if let Some(files) = &mut self.files {
            files.have_changed(changed.difference(&published.failed).cloned());
        }
        if self.held == Held::Nothing && self.editions.is_wanted_once(&Address::Index) {
            self.bring_index_up_to_date(&stamp, &mut published);
        }
        published
    }

    fn bring_index_up_to_date(&mut self, stamp: &Stamp, published: &mut Published) {
        let (plan, kept) = (self.plan.clone(), &mut self.headlines);
        let Some(renderer) = &plan.renderer else { return };
        let page = renderer.index(&mut |topic| {
            let topic = topic.cloned();
            if !kept.contains_key(&topic) {
                kept.insert(topic.clone(), renderer.headlines(topic.as_ref())?);
            }
            Ok(kept.get(&topic).cloned().unwrap_or_default())
        });
        match page {
            Ok(page) => drop(self.editions.put(&Address::Index, page, stamp)),
            Err(error) => {
                published.failed.insert(None);
                published.error = Some(error);
            }
        }
    }

    /// Makes the next page of a topic's archive if it is due, unless the topic is in the middle of a change.
    ///
    /// # Errors
    /// The store cannot be read, or the page not be written.
    pub fn archive(&self, topic: &TopicId, now: DateTime<Utc>) -> Result<Option<MadePage>, ArchiveError> {
        let Some(renderer) = self.plan.renderer.as_ref().filter(|_| !self.held.holds(Some(topic))) else {
            return Ok(None);
        };
        renderer.archive(topic, &ArchiveRules::new(self.plan.settings.retention), now)
    }

    /// The topic whose feed's id is made from this name.
    pub fn topic_named(&self, name: &TopicId) -> Option<TopicId> {
        self.plan.renderer.as_ref().and_then(|renderer| renderer.topic_named(name))
    }

    /// Takes what was taken down out of the archives, and lets go of every edition: none may show it any more.
    ///
    /// # Errors
    /// A page cannot be read or written; then it is to be tried again.
    pub fn take_out(&mut self, what: &TakeOut) -> io::Result<TakenOut> {
        self.headlines.clear();
        self.editions.forget();
        if let Some(files) = &mut self.files {
            files.have_archives_changed();
        }
        let Some(archives) = self.editions.archives() else { return Ok(TakenOut::default()) };
        let taken = archives.take_out(what);
        if taken.as_ref().map_or(true, |taken| taken.pages > 0) {
            // A page for people may have been made of an archive's document before that was cut.
            self.editions.forget();
        }
        taken
    }

    /// Does what can wait until there is nothing to publish, for one edition. `false` if nothing is left to do.
    pub fn settle_one(&mut self) -> bool {
        let (held, plan) = (&self.held, &self.plan);
        self.editions.settle_one()
            || (*held == Held::Nothing && self.files.as_mut().is_some_and(|files| files.write_next(plan)))
    }

    /// Makes those of the formats that are wanted; drops those that nobody has asked for in a day.
    fn bring_up_to_date(&self, topic: Option<&TopicId>, formats: &[Format], stamp: &Stamp) -> Result<(), StoreError> {
        let Some(renderer) = &self.plan.renderer else { return Ok(()) };
        let (wanted, forgotten): (Vec<Format>, Vec<Format>) = formats.iter().partition(|format| {
            let address = StoriesAddress::standing(topic, **format);
            self.editions.is_wanted(&address, **format == Format::Atom)
        });
        for format in forgotten {
            self.editions.drop_edition(&StoriesAddress::standing(topic, format));
        }
        if wanted.is_empty() {
            return Ok(());
        }
        for (address, edition) in renderer.stories(&StoriesAddress::standing(topic, Format::Atom), &wanted)?.editions {
            self.editions.put(&Address::Stories(address), edition, stamp);
        }
        Ok(())
    }
}
