//! Which topics' archives the press looks at, and what it tells the desk of them.

use std::collections::BTreeSet;

use tracing::{error, info};

use super::{handle::Message, press::PressRoom, take_in::Ingest};
use crate::{
    model::TopicId,
    publish::{ArchiveError, MadePage, Publisher},
    store::StoreError,
};

/// A page at a time, whenever there is nothing to publish.
#[derive(Default)]
pub(super) struct Archiving {
    /// Topics whose archives may have a page due.
    open: BTreeSet<TopicId>,
    /// Topics with a page that the store does not know of yet.
    told: BTreeSet<TopicId>,
}

impl Archiving {
    pub(super) fn may_be_due<'a>(&mut self, topics: impl Iterator<Item = &'a TopicId>) {
        self.open.extend(topics.cloned());
    }

    /// Looks at these, also at those of which nothing was heard.
    pub(super) fn begin<'a>(&mut self, topics: impl Iterator<Item = &'a TopicId>) {
        self.told.clear();
        self.may_be_due(topics);
    }

    /// The store knows of a topic's page, and the next may be due.
    pub(super) fn is_known(&mut self, topic: &TopicId) {
        self.told.remove(topic);
        self.open.insert(topic.clone());
    }

    /// Looks at one topic. `false` if there is none to look at.
    pub(super) fn go_on(&mut self, publisher: &Publisher, room: &PressRoom) -> bool {
        let Some(topic) = self.open.pop_first() else { return false };
        if self.told.contains(&topic) {
            return true;
        }
        match publisher.archive(&topic, room.clock.now()) {
            Ok(None) => {}
            Ok(Some(made)) => {
                self.told.insert(topic);
                room.tell_desk(Message::Archived(made));
            }
            // It is looked at again in an hour.
            Err(error) => {
                error!(%error, topic = topic.as_str(), "the topic's archive does not go on");
                room.status.background_is(Some(format!("the archive of {topic} does not go on: {error}")));
                if let ArchiveError::Store(error) = error
                    && error.is_damage()
                {
                    // A caretaker that is gone needs to know nothing.
                    let _ = room.to_caretaker.send(error);
                }
            }
        }
        true
    }
}

impl Ingest {
    /// Notes that a page of an archive is on the disk: its stories wait no longer.
    pub fn archived(&self, made: &MadePage) -> Result<(), StoreError> {
        let mut refresh = self.store.refresh();
        refresh.put_archived(&made.topic, made.page, &made.joins)?;
        refresh.apply()?;
        info!(topic = made.topic.as_str(), page = made.page, stories = made.joins.len(), "archived");
        Ok(())
    }
}
