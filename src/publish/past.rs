//! The way into the past, for people: pages made of what a topic's archive holds.

use super::{
    EditionStory,
    address::{Address, StoriesAddress},
    archive::PageShown,
    pages::{self, ArchivePage, archive_path, topic_path},
    renderer::{Outcome, Renderer},
};
use crate::model::{StoryNumber, TopicId};

/// So many of the newest pages of an archive are looked at for stories that the topic's own page does not show. As many as an
/// edition can show fit into less.
const MOST_LOOKED_AT: usize = 12;

impl Renderer {
    /// A page of the archive of the topic whose feed has this name. It is made of the archive's own document, since the
    /// stories in it may be gone from the store, and the topic from the configuration.
    pub(super) fn archive_page(&self, name: &TopicId, number: u64) -> Outcome {
        let Some(archives) = self.archives() else { return Outcome::Nothing };
        let shown = match archives.read(name, number) {
            Ok(None) => return Outcome::Nothing,
            Ok(Some(page)) => page.shown().map(|shown| (page.heading.updated, shown)),
            Err(damage) => Err(damage),
        };
        let (updated, PageShown { title, language, mut stories }) = match shown {
            Ok(shown) => shown,
            Err(damage) => {
                tracing::error!(
                    "page {number} of the archive of {name} cannot be read: {damage}; `newsdesk doctor` says what to do"
                );
                return Outcome::Damaged;
            }
        };
        stories.sort_by(|one, other| other.updated.cmp(&one.updated).then_with(|| one.id.cmp(&other.id)));
        let topic = self.topic_named(name);
        let settings = topic.as_ref().and_then(|topic| self.settings.page_of(topic));
        let topic = topic.map(|topic| topic_path(Some(&topic)));
        let path_of = |number| archive_path(name, number);
        let body = pages::archive(
            &self.site(),
            &ArchivePage {
                title: settings.map_or(&*title, |topic| &topic.title),
                language: settings.map_or(language.as_deref(), |topic| topic.language.as_deref()),
                path: &path_of(number),
                topic: topic.as_deref(),
                earlier: archives.before(name, number).map(path_of).as_deref(),
                later: archives.after(name, number).map(path_of).or_else(|| topic.clone()).as_deref(),
            },
            &stories,
        );
        Outcome::Edition(self.edition(&Address::Archive(name.clone(), number), pages::MEDIA_TYPE, updated, body))
    }

    /// Where a topic's page goes on into the past: the newest page of its archive with a story that is not among these. The
    /// newest of all may show only what the reader has just seen.
    pub(super) fn earlier(&self, address: &StoriesAddress, stories: &[EditionStory]) -> Option<String> {
        let (name, archives) = (self.name_of(address.topic()??), self.archives()?);
        let is_shown = |number: &StoryNumber| stories.iter().any(|story| story.number == *number);
        let pages = std::iter::successors(archives.newest(name), |page| archives.before(name, *page));
        let mut pages = pages.take(MOST_LOOKED_AT);
        let page = pages.find(|page| !archives.stories_of(name, *page).iter().all(is_shown))?;
        Some(archive_path(name, page))
    }
}
