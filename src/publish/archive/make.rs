//! From stories that wait to a page in a file.

use std::{collections::BTreeSet, io, path::PathBuf};

use chrono::{DateTime, SubsecRound as _, Utc};

use super::{
    Archives,
    due::{ArchiveRules, Waiting, is_due},
    page::{Heading, Page},
    render::{PageLinks, PageStory, render},
};
use crate::{
    model::{StoryNumber, TopicId},
    publish::{EditionStory, FeedFrame},
    store::{Join, Store, StoreError, StoryRecord},
};

/// A page that is on the disk, or that need not be made: these wait no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadePage {
    /// The name of the topic's feed.
    pub topic: TopicId,
    /// The topic's last page now.
    pub page: u64,
    pub joins: Vec<Join>,
}

/// Why no page could be made.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a page of an archive cannot be written to {path}: {cause}")]
    Write { path: PathBuf, cause: io::Error },
}

/// What a page is made of.
pub(in crate::publish) struct Making<'a> {
    pub store: &'a Store,
    pub archives: &'a Archives,
    pub topic: &'a TopicId,
    /// The name that the topic's feed id is made from.
    pub name: &'a TopicId,
    /// The stories that the current feed shows.
    pub current: &'a dyn Fn() -> Result<BTreeSet<StoryNumber>, StoreError>,
    pub rules: &'a ArchiveRules,
    /// The entries that the feed has of a story.
    pub shown: &'a dyn Fn(StoryRecord) -> Result<Vec<EditionStory>, StoreError>,
    /// What stands around these stories.
    pub frame: &'a dyn Fn(&[EditionStory]) -> FeedFrame,
    /// From a path of ours to the address.
    pub ours: &'a dyn Fn(&str) -> String,
    pub now: DateTime<Utc>,
}

/// Makes the next page of a topic's archive if it is due. It is on the disk then; the store is to take those off the list who
/// wait no longer.
///
/// A page that is there already, because a kill came before the store knew of it, stays as it is.
pub(in crate::publish) fn make(making: &Making<'_>) -> Result<Option<MadePage>, ArchiveError> {
    let Making { store, archives, name, .. } = making;
    let (waiting, pages) = {
        let _durable = store.while_durable()?;
        (store.waiting(name, making.rules.page)?, store.archive(name)?.pages)
    };
    if waiting.is_empty() {
        return Ok(None);
    }
    let page = pages + 1;
    if let Some(Heading { joins, .. }) = archives.heading_of(name, page, &(making.frame)(&[]).id) {
        return Ok(Some(MadePage { topic: (*name).clone(), page, joins }));
    }
    let stories = {
        let _durable = store.while_durable()?;
        let (mut stories, mut gone) = (Vec::new(), Vec::new());
        for join in &waiting {
            match store.story(join.story)?.filter(|story| is_in(story, making.topic)) {
                Some(story) => stories.push((*join, story)),
                None => gone.push(*join),
            }
        }
        if stories.is_empty() {
            return Ok(Some(MadePage { topic: (*name).clone(), page: pages, joins: gone }));
        }
        if waiting.len() < making.rules.page && !are_due(making, &stories)? {
            return Ok(None);
        }
        stories_of(making, stories)?
    };
    let previous = archives.before(name, page);
    let address = |page| (making.ours)(&Archives::path(name, page));
    let links = PageLinks { own: address(page), previous: previous.map(address), next: address(page + 1) };
    let shown: Vec<EditionStory> = stories.iter().map(|story| story.shown.clone()).collect();
    let frame = (making.frame)(&shown);
    let (head, entries, document) = render(&frame, &links, stories);
    let of = (frame.id, (*name).clone(), page);
    let dates = (frame.updated, making.now.trunc_subsecs(0));
    let made = Page::new(of, dates, waiting.clone(), (head, entries), document);
    archives.put(&made).map_err(|(path, cause)| ArchiveError::Write { path, cause })?;
    Ok(Some(MadePage { topic: (*name).clone(), page, joins: waiting }))
}

fn are_due(making: &Making<'_>, stories: &[(Join, StoryRecord)]) -> Result<bool, StoreError> {
    let mut waiting: Vec<Waiting> = stories
        .iter()
        .map(|(join, story)| Waiting { joined: join.at, updated: story.updated, is_hidden: true })
        .collect();
    // What the feed shows is looked up only where it matters.
    if !is_due(&waiting, making.rules, making.now) {
        return Ok(false);
    }
    let current = (making.current)()?;
    for (waiting, (_, story)) in waiting.iter_mut().zip(stories) {
        waiting.is_hidden = !current.contains(&story.number);
    }
    Ok(is_due(&waiting, making.rules, making.now))
}

fn is_in(story: &StoryRecord, topic: &TopicId) -> bool {
    story.topics.iter().any(|score| score.topic == *topic)
}

/// The stories as the feed shows them, those that joined last first, as a feed has them. RFC 5005 asks for no order.
fn stories_of(making: &Making<'_>, stories: Vec<(Join, StoryRecord)>) -> Result<Vec<PageStory>, StoreError> {
    let (mut page, mut ids) = (Vec::new(), BTreeSet::new());
    for (_, story) in stories.into_iter().rev() {
        for shown in (making.shown)(story.clone())? {
            // One that left and came back has joined twice.
            if !ids.insert(shown.id.clone()) {
                continue;
            }
            let mut keys = Vec::new();
            for copy in &story.copies {
                if copy.entry == story.owner && shown.id == story.id || copy.link == shown.link {
                    let record = making.store.entry(copy.entry)?;
                    keys.extend(record.into_iter().flat_map(|record| record.shared_keys));
                }
            }
            keys.sort_unstable();
            keys.dedup();
            page.push(PageStory { story: story.clone(), shown, keys });
        }
    }
    Ok(page)
}
