//! Stories that went on in others, so that who comes for one of them is led on.

use std::ops::Deref;

use super::{
    StoreError, codec,
    commit::Change,
    engine::{Database, TreeName, Work},
    keys,
    read::Store,
    refresh::Refresh,
};
use crate::model::{EntryNumber, StoryNumber};

const STORY: u8 = b's';
const ENTRY: u8 = b'e';

/// More stories than this have not gone on in one entry's, but by a fault that need not grow.
const MOST_OF_AN_ENTRY: usize = 64;

fn story_row(story: StoryNumber) -> [u8; 9] {
    row(STORY, story.0)
}

/// Under which the stories of an entry are.
fn entry_prefix(entry: EntryNumber) -> [u8; 9] {
    row(ENTRY, entry.0)
}

fn row(kind: u8, number: u64) -> [u8; 9] {
    let mut bytes = [kind; 9];
    bytes[1..].copy_from_slice(&number.to_be_bytes());
    bytes
}

pub(super) fn put<D: Deref<Target = Database>>(
    work: &mut Work<D>,
    story: StoryNumber,
    entry: EntryNumber,
) -> Result<(), StoreError> {
    remove(work, story)?;
    work.put(TreeName::WentOn, story_row(story).to_vec(), codec::encode("story that went on", &entry)?)?;
    work.put(TreeName::WentOn, [&entry_prefix(entry)[..], &story.0.to_be_bytes()].concat(), Vec::new())
}

pub(super) fn remove<D: Deref<Target = Database>>(work: &mut Work<D>, story: StoryNumber) -> Result<(), StoreError> {
    let Some(bytes) = work.get(TreeName::WentOn, &story_row(story))? else { return Ok(()) };
    let entry: EntryNumber = codec::decode("story that went on", bytes)?;
    work.remove(TreeName::WentOn, &story_row(story))?;
    work.remove(TreeName::WentOn, &[&entry_prefix(entry)[..], &story.0.to_be_bytes()].concat())
}

impl Store {
    /// The story in which one that is no more went on: that of the entry that it showed.
    pub fn went_on_in(&self, story: StoryNumber) -> Result<Option<StoryNumber>, StoreError> {
        let entry: Option<EntryNumber> = self.record("story that went on", TreeName::WentOn, &story_row(story))?;
        let Some(entry) = entry else { return Ok(None) };
        Ok(self.entry(entry)?.map(|record| record.story).filter(|other| *other != story))
    }

    /// Every story that went on in another, with the entry that it showed.
    pub(crate) fn gone_on(&self) -> Result<Vec<(StoryNumber, EntryNumber)>, StoreError> {
        let database = self.database()?;
        let items = database.prefixed(TreeName::WentOn, &[STORY]);
        let pairs = items.map(|item| {
            let (key, bytes) = item?;
            let entry: EntryNumber = codec::decode("story that went on", &bytes)?;
            Ok(keys::trailing_number(&key).map(|number| (StoryNumber(number), entry)))
        });
        pairs.filter_map(Result::transpose).collect()
    }
}

impl Refresh<'_> {
    /// Stories that went on wherever this entry is.
    pub fn went_on_with(&self, entry: EntryNumber) -> Result<Vec<StoryNumber>, StoreError> {
        let stored = self.read(|work| work.stored(TreeName::WentOn, &entry_prefix(entry), MOST_OF_AN_ENTRY))?;
        Ok(stored.iter().filter_map(|(key, _)| keys::trailing_number(key)).map(StoryNumber).collect())
    }

    /// A story is no more: it goes on wherever this entry is.
    pub fn put_went_on(&mut self, story: StoryNumber, entry: EntryNumber) {
        self.put_beside(Change::WentOn { story, entry });
    }

    /// The story is there again, or what it went on with is gone.
    pub fn remove_went_on(&mut self, story: StoryNumber) {
        self.put_beside(Change::WentOnRemoved { story });
    }
}
