//! What other settings would change in stories that are tagged already.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::{SourceId, StoryNumber, TopicId, TopicScore};

/// A story that enters or leaves a topic, by the first of its copies that does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedStory {
    pub title: String,
    pub source: SourceId,
    pub dated: DateTime<Utc>,
    pub link: Option<String>,
}

/// A changed story in a topic, with the points it will have there, or had.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub score: f64,
    #[serde(flatten)]
    pub story: ChangedStory,
}

/// What becomes of one topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicChanges {
    pub topic: TopicId,
    /// Stories it has now.
    pub stories: usize,
    pub enter: usize,
    pub leave: usize,
    /// Some of them, the newest first.
    pub entering: Vec<Change>,
    pub leaving: Vec<Change>,
}

/// Gathers entries as they were tagged and as they would be. A story is in a topic if one of its copies is.
#[derive(Debug, Default)]
pub struct Changes {
    stories: HashMap<StoryNumber, Story>,
}

#[derive(Debug, Default)]
struct Story {
    was: Vec<TopicScore>,
    will: Vec<TopicScore>,
    /// Kept only of a story with a copy that changes.
    changed: Option<Box<ChangedStory>>,
}

impl Changes {
    /// Adds an entry; `told` is asked only if its topics change.
    pub fn add(
        &mut self,
        story: StoryNumber,
        was: Vec<TopicScore>,
        will: Vec<TopicScore>,
        told: impl FnOnce() -> ChangedStory,
    ) {
        let story = self.stories.entry(story).or_default();
        let ids = |scores: &[TopicScore]| scores.iter().map(|score| score.topic.clone()).collect::<BTreeSet<_>>();
        if story.changed.is_none() && ids(&was) != ids(&will) {
            story.changed = Some(Box::new(told()));
        }
        join(&mut story.was, was);
        join(&mut story.will, will);
    }

    pub fn stories(&self) -> usize {
        self.stories.len()
    }

    /// Topic by topic in the order of `topics`, then those that stories are in and nobody configures any more. Of those that
    /// enter and leave, at most `most` are told.
    pub fn topics<'a>(&self, topics: impl IntoIterator<Item = &'a TopicId>, most: usize) -> Vec<TopicChanges> {
        let mut order: Vec<TopicId> = topics.into_iter().cloned().collect();
        let known: BTreeSet<&TopicId> = order.iter().collect();
        let was = self.stories.values().flat_map(|story| &story.was).map(|score| &score.topic);
        let gone: BTreeSet<TopicId> = was.filter(|topic| !known.contains(topic)).cloned().collect();
        order.extend(gone);
        let none = |topic: &TopicId| TopicChanges {
            topic: topic.clone(),
            stories: 0,
            enter: 0,
            leave: 0,
            entering: Vec::new(),
            leaving: Vec::new(),
        };
        let mut found: BTreeMap<&TopicId, TopicChanges> = order.iter().map(|topic| (topic, none(topic))).collect();
        for Story { was, will, changed } in self.stories.values() {
            for score in was {
                let Some(topic) = found.get_mut(&score.topic) else { continue };
                topic.stories += 1;
                if !holds(will, score) {
                    topic.leave += 1;
                    topic.leaving.extend(told(changed.as_deref(), score));
                }
            }
            for score in will.iter().filter(|score| !holds(was, score)) {
                let Some(topic) = found.get_mut(&score.topic) else { continue };
                topic.enter += 1;
                topic.entering.extend(told(changed.as_deref(), score));
            }
        }
        let mut in_order: Vec<TopicChanges> = order.iter().filter_map(|topic| found.remove(topic)).collect();
        for topic in &mut in_order {
            newest(&mut topic.entering, most);
            newest(&mut topic.leaving, most);
        }
        in_order
    }
}

/// A story's score in a topic is the highest of its copies'.
fn join(all: &mut Vec<TopicScore>, more: Vec<TopicScore>) {
    for score in more {
        match all.iter_mut().find(|known| known.topic == score.topic) {
            Some(known) => known.score = known.score.max(score.score),
            None => all.push(score),
        }
    }
}

fn holds(scores: &[TopicScore], score: &TopicScore) -> bool {
    scores.iter().any(|other| other.topic == score.topic)
}

fn told(story: Option<&ChangedStory>, score: &TopicScore) -> Option<Change> {
    Some(Change { score: score.score, story: story?.clone() })
}

fn newest(changes: &mut Vec<Change>, most: usize) {
    changes.sort_by(|one, other| {
        let (one, other) = (&one.story, &other.story);
        other.dated.cmp(&one.dated).then_with(|| (&one.title, &one.source).cmp(&(&other.title, &other.source)))
    });
    changes.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(topics: &[(&str, f64)]) -> Vec<TopicScore> {
        topics.iter().map(|(topic, score)| TopicScore { topic: TopicId::new(*topic), score: *score }).collect()
    }

    fn told(title: &str, day: i64) -> ChangedStory {
        let dated = DateTime::from_timestamp(86_400 * day, 0).expect("a time");
        ChangedStory { title: title.into(), source: SourceId::new("gazette"), dated, link: None }
    }

    #[test]
    fn stories_enter_and_leave_by_their_copies() {
        let mut changes = Changes::default();
        let mut add = |story: u64, was: &[(&str, f64)], will: &[(&str, f64)], title: &str, day: i64| {
            changes.add(StoryNumber(story), scores(was), scores(will), || told(title, day));
        };
        add(1, &[("ai", 5.0)], &[("ai", 4.0)], "stays", 1);
        add(2, &[("ai", 5.0)], &[], "leaves", 2);
        add(3, &[("ai", 5.0), ("old", 4.0)], &[], "one copy leaves", 3);
        add(3, &[], &[("ai", 4.0), ("rain", 4.5)], "the other enters", 4);
        add(4, &[], &[("rain", 6.0)], "enters", 5);
        let order = ["rain", "ai", "quiet"].map(TopicId::new);
        let topics = changes.topics(&order, 1);
        let of: Vec<_> = topics
            .iter()
            .map(|topic| {
                let titles = |changes: &[Change]| changes.iter().map(|one| one.story.title.clone()).collect::<Vec<_>>();
                let told = [titles(&topic.entering), titles(&topic.leaving)].concat();
                (topic.topic.to_string(), topic.stories, topic.enter, topic.leave, told.join(", "))
            })
            .collect();
        let expected = [
            ("rain", 0, 2, 0, "enters"),
            ("ai", 3, 0, 1, "leaves"),
            ("quiet", 0, 0, 0, ""),
            ("old", 1, 0, 1, "one copy leaves"),
        ]
        .map(|(topic, stories, enter, leave, told)| (topic.to_owned(), stories, enter, leave, told.to_owned()));
        assert_eq!(of, expected);
        assert_eq!(topics[0].entering[0].score, 6.0);
        assert_eq!(changes.stories(), 4);
    }
}
