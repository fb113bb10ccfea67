//! From a refresh to one commit.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::{StoreError, commit::Change, records::SourceRecord},
    ChangedEditions, Refresh, Revision,
};
use crate::model::{SourceId, SourceNumber};

impl Refresh<'_> {
    /// Makes all of it visible at once. It is on the disk only after [`Store::make_durable`](crate::store::Store::make_durable).
    ///
    /// # Errors
    /// Nothing of it is kept, unless the error is found out only after the journal has it: then it becomes visible when the
    /// database is mended.
    pub fn apply(self) -> Result<ChangedEditions, StoreError> {
        let mut changed = self.editions_of_revised_entries()?;
        let sources = self.counted_sources();
        let changes = self.changes(&sources)?;
        if changes.is_empty() {
            return Ok(changed);
        }
        changed.extend(self.store.commit(changes, self.work.into_inner())?);
        let mut known = self.store.known_mut();
        for (id, record) in sources {
            match record {
                Some(record) => known.insert(id, record),
                None => known.remove(&id),
            }
        }
        Ok(changed)
    }

    /// All of it as changes, in an order that depends on nothing else.
    fn changes(&self, sources: &BTreeMap<SourceId, Option<Arc<SourceRecord>>>) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        if !self.topics.is_empty() {
            let ever = self.names_of_topics()?;
            if ever != self.store.topics_ever()? {
                changes.push(Change::TopicsEver(ever));
            }
        }
        changes.extend(self.tagged_with.map(Change::TaggedWith));
        for (id, record) in sources {
            let id = id.clone();
            changes.push(match record {
                Some(record) => Change::Source { id, record: (**record).clone() },
                None => Change::SourceRemoved { id },
            });
        }
        for (id, state) in &self.polls {
            let id = id.clone();
            changes.push(match state {
                Some(state) => Change::Poll { id, state: state.clone() },
                None => Change::PollRemoved { id },
            });
        }
        for (number, change) in &self.entries {
            match &change.after {
                Some(record) if change.before.as_ref() != Some(record) => {
                    changes.push(Change::Entry(Box::new(record.clone())));
                }
                None if change.before.is_some() => changes.push(Change::EntryRemoved { number: *number }),
                _ => {}
            }
        }
        for ((source, key), identity) in &self.identities {
            let (source, key) = (*source, *key);
            changes.push(match identity {
                Some(is) => Change::Identity { source, key, is: *is },
                None => Change::IdentityRemoved { source, key },
            });
        }
        for (number, change) in &self.stories {
            match &change.after {
                Some(record) if change.before.as_ref() != Some(record) => {
                    changes.push(Change::Story(Box::new(record.clone())));
                }
                None if change.before.is_some() => changes.push(Change::StoryRemoved { number: *number }),
                _ => {}
            }
        }
        let put = self.stories.values().filter_map(|change| Some((change.before.as_ref(), change.after.as_ref()?)));
        changes.extend(self.joins(put)?);
        changes.extend(self.beside.values().cloned());
        changes.extend(self.ledger.changes());
        if self.entries.values().any(|change| change.before.is_none())
            || self.stories.values().any(|change| change.before.is_none())
        {
            changes.push(self.store.next_numbers());
        }
        Ok(changes)
    }

    /// Editions show the text of entries, so that a revised entry changes them even where its story stays as it is.
    fn editions_of_revised_entries(&self) -> Result<ChangedEditions, StoreError> {
        let mut changed = ChangedEditions::new();
        for change in self.entries.values() {
            if let Revision { before: Some(before), after: Some(after) } = change
                && before.entry != after.entry
                && let Some(story) = self.story(after.story)?
            {
                changed.extend(story.editions().map(|topic| topic.cloned()));
            }
        }
        Ok(changed)
    }

    /// The sources to write, with their counts of entries brought up to date.
    fn counted_sources(&self) -> BTreeMap<SourceId, Option<Arc<SourceRecord>>> {
        let mut counts: BTreeMap<SourceNumber, i64> = BTreeMap::new();
        for change in self.entries.values() {
            if let Some(before) = &change.before {
                *counts.entry(before.source).or_default() -= 1;
            }
            if let Some(after) = &change.after {
                *counts.entry(after.source).or_default() += 1;
            }
        }
        let mut sources = self.sources.clone();
        for (number, difference) in counts.iter().filter(|(_, difference)| **difference != 0) {
            let pending = sources.iter().find(|(_, r)| r.as_ref().is_some_and(|r| r.number == *number));
            let found = match pending {
                Some((id, Some(record))) => Some((id.clone(), record.clone())),
                _ => self.store.source_by_number(*number),
            };
            if let Some((id, record)) = found {
                let entries = record.entries.saturating_add_signed(*difference);
                sources.insert(id, Some(Arc::new(SourceRecord { entries, ..(*record).clone() })));
            }
        }
        sources
    }
}
