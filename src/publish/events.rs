//! Articles on one event name each other.

use std::collections::BTreeMap;

use super::{EditionStory, Related};
use crate::{
    model::EntryNumber,
    store::{Store, StoreError},
    stories::{StoryEntry, StoryGroup, same_story},
};

/// So many articles of an event are named with each of them, the nearest in time.
const MOST: usize = 8;

/// Which of these entries, copies left out, tell of one event. An entry whose text is too old to be kept tells of none.
///
/// # Errors
/// When the store cannot be read.
pub fn events(store: &Store, entries: &[EntryNumber]) -> Result<Vec<StoryGroup>, StoreError> {
    let mut articles = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(text) = store.text(*entry)? {
            articles.push(StoryEntry { entry: *entry, dated: Some(text.dated), terms: text.terms });
        }
    }
    if articles.len() < 2 {
        return Ok(Vec::new());
    }
    let mut groups = same_story(&articles, &store.word_statistics()?);
    groups.retain(|group| group.members.len() > 1);
    Ok(groups)
}

/// Has the stories of an edition name those on the same event. `shown` are the entries that they show.
pub(super) fn name_each_other(
    store: &Store,
    shown: &[EntryNumber],
    stories: &mut [EditionStory],
) -> Result<(), StoreError> {
    let places: BTreeMap<EntryNumber, usize> = shown.iter().zip(0..).map(|(entry, place)| (*entry, place)).collect();
    for group in events(store, shown)? {
        let members: Vec<usize> =
            group.members.iter().filter_map(|member| places.get(&member.entry)).copied().collect();
        for (nth, place) in members.iter().enumerate() {
            // By their order in time, those around it.
            let from = nth.saturating_sub(MOST / 2).min(members.len().saturating_sub(MOST + 1));
            let around = members.iter().skip(from).take(MOST + 1).filter(|other| *other != place);
            let named: Vec<Related> = around.filter_map(|other| stories.get(*other).and_then(related)).collect();
            if let Some(story) = stories.get_mut(*place) {
                story.same_event = named;
            }
        }
    }
    Ok(())
}

fn related(story: &EditionStory) -> Option<Related> {
    let link = story.link.clone()?;
    Some(Related { link, title: format!("{} ({})", story.title, story.source.title) })
}
