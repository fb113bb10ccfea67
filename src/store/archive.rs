//! Which stories have joined a topic and wait for its archive, in the order in which they joined.
//!
//! A topic goes here by the name that its feed's id is made from, so that a topic that is renamed goes on with its archive.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};

use super::{StoreError, commit::Change, engine::TreeName, keys, read::Store, records::StoryRecord, refresh::Refresh};
use crate::model::{StoryNumber, TopicId};

/// A story that has joined a topic and is not in its archive yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Join {
    /// To the microsecond.
    pub at: DateTime<Utc>,
    pub story: StoryNumber,
}

/// How far a topic's archive has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRecord {
    /// Pages that were made; they are numbered from 1, and a number is never given again.
    pub pages: u64,
}

impl Store {
    /// The stories that wait for a topic's archive, those that joined first at the front, at most `limit`.
    pub fn waiting(&self, topic: &TopicId, limit: usize) -> Result<Vec<Join>, StoreError> {
        let mut waiting = Vec::new();
        for item in self.database()?.prefixed(TreeName::Joins, &keys::topic_prefix(Some(topic))).take(limit) {
            waiting.extend(keys::read_join_row(&item?.0).map(|(_, join)| join));
        }
        Ok(waiting)
    }

    /// The topics for whose archives stories wait.
    pub fn topics_with_waiting(&self) -> Result<Vec<TopicId>, StoreError> {
        let database = self.database()?;
        let (mut topics, mut from) = (Vec::new(), Vec::new());
        while let Some(item) = database.scan(TreeName::Joins, &from).next() {
            let (key, _) = item?;
            let name = key.split(|byte| *byte == 0).next().unwrap_or_default();
            // Behind a topic's rows stands the next topic.
            from = [name, &[1]].concat();
            topics.extend(std::str::from_utf8(name).map(TopicId::new));
        }
        Ok(topics)
    }

    /// How far the archive of a topic has come.
    pub fn archive(&self, topic: &TopicId) -> Result<ArchiveRecord, StoreError> {
        Ok(self.record("archive", TreeName::Archives, topic.as_str().as_bytes())?.unwrap_or_default())
    }
}

impl Refresh<'_> {
    /// Notes that a page of a topic's archive is made and holds these: they wait no longer.
    pub fn put_archived(&mut self, topic: &TopicId, page: u64, joins: &[Join]) -> Result<(), StoreError> {
        let database = self.store.database()?;
        for join in joins {
            if database.get(TreeName::Joins, &keys::join_row(topic, join))?.is_some() {
                let (topic, Join { at, story }) = (topic.clone(), *join);
                self.put_beside(Change::JoinedRemoved { topic, at, story });
            }
        }
        let pages = self.store.archive(topic)?.pages.max(page);
        self.put_beside(Change::Archive { topic: topic.clone(), is: ArchiveRecord { pages } });
        Ok(())
    }

    /// The topics that stories of this refresh join, under the names of their feeds.
    pub(super) fn joins<'a>(
        &self,
        stories: impl Iterator<Item = (Option<&'a StoryRecord>, &'a StoryRecord)>,
    ) -> Result<Vec<Change>, StoreError> {
        let at = self.store.0.settings.clock.now().trunc_subsecs(6);
        let mut names: Option<BTreeMap<TopicId, TopicId>> = None;
        let mut joins = Vec::new();
        for (before, after) in stories {
            let was_in = |topic: &TopicId| before.is_some_and(|story| story.topics.iter().any(|s| s.topic == *topic));
            if after.topics.iter().all(|score| was_in(&score.topic)) {
                continue;
            }
            let names = match &mut names {
                Some(names) => names,
                None => names.insert(self.names_of_topics()?),
            };
            let names_of = |story: &StoryRecord| -> BTreeSet<TopicId> {
                let topics = story.topics.iter().map(|score| &score.topic);
                topics.map(|topic| names.get(topic).unwrap_or(topic).clone()).collect()
            };
            let before = before.map(names_of).unwrap_or_default();
            let joined = names_of(after).into_iter().filter(|name| !before.contains(name));
            joins.extend(joined.map(|topic| Change::Joined { topic, at, story: after.number }));
        }
        Ok(joins)
    }
}
