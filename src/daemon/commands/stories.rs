use serde::{Deserialize, Serialize};

use super::{
    FoundStory, Newsdesk, Wish, beside,
    find_stories::found,
    newsdesk::{Alone, Standing},
};
use crate::{
    control::{Command, Failure, FailureKind, Finished, Lines},
    daemon::assemble,
    ingest::{Ingest, Tell, TellError},
    model::{StoryNumber, TopicId},
    store::{Store, StoreError},
};

/// The admin's word on stories. The lines of the answer are the stories as they are then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TellStories {
    pub tell: Tell,
}

/// The newest stories of a topic, or of everything, that have several entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergedStories {
    pub topic: Option<TopicId>,
    /// Look through so many of the newest.
    pub among: usize,
}

impl Command<Newsdesk> for TellStories {
    const NAME: &'static str = "tell-stories";
    type Line = FoundStory;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<FoundStory>) -> Result<Finished, Failure> {
        let (store, stories) = match newsdesk.standing() {
            Standing::Running(running) => {
                let desk = running.wish(Wish::Desk).await?;
                let told = desk.tell(self.tell).await;
                let told = told.map_err(|stopped| Failure::new(FailureKind::Other, stopped.to_string()))?;
                (running.store.clone(), told.map_err(|why| Failure::new(FailureKind::Other, why))?)
            }
            Standing::Alone(alone) => {
                let store = newsdesk.store().await?;
                let (alone, its_store) = (alone.clone(), store.clone());
                (store, beside(move || tell_here(&alone, its_store, &self.tell)).await?)
            }
        };
        beside(move || {
            for number in stories {
                if let Some(story) = store.story(number)? {
                    lines.send_blocking(&found(&store, &story)?)?;
                }
            }
            Ok(Finished::Done)
        })
        .await
    }
}

/// Where no daemon runs: the editions follow at its next start.
fn tell_here(alone: &Alone, store: Store, tell: &Tell) -> Result<Vec<StoryNumber>, Failure> {
    let ingest = Ingest::new(store.clone(), assemble::rules(alone.config()?));
    let _writing = store.while_writing();
    let (stories, _) = ingest.tell(tell, alone.clock.now())?;
    store.make_durable()?;
    Ok(stories)
}

impl From<TellError> for Failure {
    fn from(error: TellError) -> Self {
        match error {
            TellError::Store(error) => error.into(),
            error => Failure::new(FailureKind::Other, error.to_string()),
        }
    }
}

impl Command<Newsdesk> for MergedStories {
    const NAME: &'static str = "merged-stories";
    type Line = FoundStory;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<FoundStory>) -> Result<Finished, Failure> {
        let store = newsdesk.store().await?;
        beside(move || {
            for story in merged(&store, self.topic.as_ref(), self.among)? {
                lines.send_blocking(&story)?;
            }
            Ok(Finished::Done)
        })
        .await
    }
}

fn merged(store: &Store, topic: Option<&TopicId>, among: usize) -> Result<Vec<FoundStory>, StoreError> {
    let stories = store.newest(topic, among)?;
    stories.iter().filter(|story| story.copies.len() > 1).map(|story| found(store, story)).collect()
}
