//! Which stories an edition shows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    address::{Of, Selection},
    fair::fair_share,
};
use crate::{
    model::{EntryNumber, ShownAs, SourceId, SourceNumber, StoryNumber, TopicId},
    store::{Copy, EntryRecord, Store, StoreError, StoryRecord},
};

/// What is wanted of the stories of a selection.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// At most so many, the newest.
    pub limit: usize,
    /// [`ShownAs::All`]: each copy that is itself in the selection is a story of its own.
    pub shown_as: ShownAs,
    /// No source crowds out the others.
    pub fair: bool,
}

/// The most stories that are looked through for those that a combination asks for, in each of its topics.
const MOST_LOOKED_THROUGH: usize = 2_000;

/// How many times the stories that are shown are candidates where sources share fairly.
const FAIR_CANDIDATES: usize = 4;

/// The newest stories of a selection, newest first, equal times in the order of their ids.
///
/// Takes time in proportion to the limit where the selection is a topic or everything, and to the limit and
/// [`MOST_LOOKED_THROUGH`] where it is a combination; older stories than that many are not found by one.
///
/// # Errors
/// When the store cannot be read.
pub fn select(store: &Store, selection: &Selection, wanted: Wanted) -> Result<Vec<StoryRecord>, StoreError> {
    let Wanted { limit, shown_as, fair } = wanted;
    if let Of::Source(source) = &selection.of {
        return of_source(store, source, selection, limit);
    }
    let stories = match selection.topic() {
        Some(topic) if fair => fairly(store.newest(topic, limit.saturating_mul(FAIR_CANDIDATES))?, limit),
        Some(topic) => store.newest(topic, limit)?,
        None => combined(store, selection, limit)?,
    };
    match shown_as {
        ShownAs::All => apart(store, selection, limit, stories),
        ShownAs::Merge | ShownAs::Group => Ok(stories),
    }
}

fn fairly(candidates: Vec<StoryRecord>, limit: usize) -> Vec<StoryRecord> {
    let sources: Vec<SourceNumber> = candidates.iter().map(source_of).collect();
    let is_shown = fair_share(&sources, limit);
    candidates.into_iter().zip(is_shown).filter_map(|(story, is_shown)| is_shown.then_some(story)).collect()
}

/// The source whose copy is shown.
fn source_of(story: &StoryRecord) -> SourceNumber {
    story.copies.iter().find(|copy| copy.entry == story.owner).map_or(SourceNumber(0), |copy| copy.source)
}

/// Looks through ever more of the newest, until there are enough or it has looked far enough.
fn combined(store: &Store, selection: &Selection, limit: usize) -> Result<Vec<StoryRecord>, StoreError> {
    let topics: Vec<Option<&TopicId>> = match &selection.of {
        Of::Topics(topics) => topics.iter().map(Some).collect(),
        Of::Everything | Of::Source(_) => vec![None],
    };
    let filter = Filter::new(store, selection);
    let mut looked_through = limit.saturating_mul(2).min(MOST_LOOKED_THROUGH);
    loop {
        let mut found: BTreeMap<StoryNumber, StoryRecord> = BTreeMap::new();
        let mut is_all = true;
        // Down to the newest of the last stories of those topics that have more: below it something may be missing.
        let mut complete_from = None;
        for topic in &topics {
            let newest = store.newest(*topic, looked_through)?;
            if newest.len() >= looked_through {
                is_all = false;
                complete_from = complete_from.max(newest.last().map(|story| story.updated));
            }
            found.extend(newest.into_iter().map(|story| (story.number, story)));
        }
        let mut stories: Vec<StoryRecord> = found.into_values().collect();
        stories.retain(|story| complete_from.is_none_or(|from| story.updated >= from));
        in_order(&mut stories);
        let mut chosen = Vec::with_capacity(limit);
        for story in stories {
            if filter.takes(&story)? {
                chosen.push(story);
                if chosen.len() == limit {
                    return Ok(chosen);
                }
            }
        }
        if is_all || looked_through == MOST_LOOKED_THROUGH {
            return Ok(chosen);
        }
        looked_through = looked_through.saturating_mul(4).min(MOST_LOOKED_THROUGH);
    }
}

fn in_order(stories: &mut [StoryRecord]) {
    stories.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
}

/// What a selection asks of a story besides the topic it is taken from.
struct Filter<'a> {
    store: &'a Store,
    selection: &'a Selection,
    sources: BTreeSet<SourceNumber>,
}

impl<'a> Filter<'a> {
    fn new(store: &'a Store, selection: &'a Selection) -> Self {
        let sources = selection.sources.iter().filter_map(|id| store.source(id)).map(|source| source.number);
        Self { store, selection, sources: sources.collect() }
    }

    fn takes(&self, story: &StoryRecord) -> Result<bool, StoreError> {
        let is_in = |topic: &TopicId| story.topics.iter().any(|score| score.topic == *topic);
        if !self.selection.and.iter().all(is_in) || self.selection.not.iter().any(is_in) {
            return Ok(false);
        }
        if !self.selection.sources.is_empty() && !story.copies.iter().any(|copy| self.sources.contains(&copy.source)) {
            return Ok(false);
        }
        if self.selection.languages.is_empty() {
            return Ok(true);
        }
        let owner = readable(self.store.entry(story.owner))?;
        Ok(owner.is_some_and(|owner| self.speaks(&owner)))
    }

    fn speaks(&self, entry: &EntryRecord) -> bool {
        let Some(language) = &entry.entry.language else { return false };
        let tag = language.tag.to_ascii_lowercase();
        let is_range_of =
            |range: &String| tag.strip_prefix(&**range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        self.selection.languages.is_empty() || self.selection.languages.iter().any(is_range_of)
    }
}

/// A record that cannot be read is as good as none; what is wrong with the store as a whole is an error.
pub(super) fn readable<T>(read: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Record { cause, .. }) => {
            tracing::error!(%cause, "what cannot be read is left out of editions");
            Ok(None)
        }
        read => read,
    }
}

/// A source's own entries, whether or not they are the copies that are shown elsewhere.
fn of_source(
    store: &Store,
    source: &SourceId,
    selection: &Selection,
    limit: usize,
) -> Result<Vec<StoryRecord>, StoreError> {
    let Some(record) = store.source(source) else { return Ok(Vec::new()) };
    let is_filtered = !selection.and.is_empty() || !selection.not.is_empty() || !selection.languages.is_empty();
    let looked_through = if is_filtered { MOST_LOOKED_THROUGH } else { limit };
    let filter = Filter::new(store, selection);
    let mut stories = Vec::new();
    for number in store.newest_of(record.number, looked_through)?.into_iter().rev() {
        let Some(entry) = readable(store.entry(number))? else { continue };
        let Some(story) = readable(store.story(entry.story))? else { continue };
        let copy = story.copies.iter().find(|copy| copy.entry == number).cloned();
        if !filter.takes(&story)? || (!selection.languages.is_empty() && !filter.speaks(&entry)) {
            continue;
        }
        if let Some(copy) = copy {
            let id = id_of(store, &story, &copy, Some(&entry))?;
            stories.push(alone(&story, copy, id));
            if stories.len() == limit {
                break;
            }
        }
    }
    distinct_ids(store, &mut stories);
    in_order(&mut stories);
    Ok(stories)
}

/// Each copy as a story of its own, dated by itself. The shown one keeps the story's id.
pub(super) fn apart(
    store: &Store,
    selection: &Selection,
    limit: usize,
    stories: Vec<StoryRecord>,
) -> Result<Vec<StoryRecord>, StoreError> {
    let topics: Vec<&TopicId> = match &selection.of {
        Of::Topics(topics) => topics.iter().collect(),
        Of::Everything | Of::Source(_) => Vec::new(),
    };
    let mut all = Vec::new();
    for story in stories {
        if story.copies.len() == 1 {
            all.push(story);
            continue;
        }
        for copy in &story.copies {
            let is_in = topics.is_empty() || copy.topics.iter().any(|score| topics.contains(&&score.topic));
            if !is_in {
                continue;
            }
            let id = id_of(store, &story, copy, None)?;
            all.push(alone(&story, copy.clone(), id));
        }
    }
    distinct_ids(store, &mut all);
    in_order(&mut all);
    all.truncate(limit);
    Ok(all)
}

fn alone(story: &StoryRecord, copy: Copy, id: String) -> StoryRecord {
    StoryRecord {
        number: story.number,
        id,
        owner: copy.entry,
        updated: copy.revised.unwrap_or(copy.first_dated),
        topics: copy.topics.clone(),
        copies: vec![copy],
    }
}

/// The id under which a copy is an entry of its own.
fn id_of(store: &Store, story: &StoryRecord, copy: &Copy, entry: Option<&EntryRecord>) -> Result<String, StoreError> {
    if copy.entry == story.owner {
        return Ok(story.id.clone());
    }
    let atom_id = match entry {
        Some(entry) => Some(entry.atom_id.clone()),
        None => readable(store.entry(copy.entry))?.map(|entry| entry.atom_id),
    };
    match atom_id {
        Some(id) if id != story.id && store.story_by_id(&id)?.is_none() => Ok(id),
        // Another story bears it, or another copy claims it.
        _ => Ok(copy_id(store, copy.entry)),
    }
}

/// The id of a copy that goes out by itself under no id of its publisher's.
pub fn copy_id(store: &Store, entry: EntryNumber) -> String {
    Uuid::new_v5(&store.instance(), format!("entry:{}", entry.0).as_bytes()).urn().to_string()
}

/// No two entries of a feed have one id (RFC 4287 §4.1.1).
fn distinct_ids(store: &Store, stories: &mut [StoryRecord]) {
    let mut ids = BTreeSet::new();
    for story in stories {
        if !ids.insert(story.id.clone()) {
            story.id = copy_id(store, story.owner);
            ids.insert(story.id.clone());
        }
    }
}
