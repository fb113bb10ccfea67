//! Whether the lines of an export belong together: what one names must be there.

use std::collections::{BTreeMap, HashMap};

use super::{
    commit::Change,
    import::{Contents, ImportError},
    keys::IdentityKey,
    records::{Identity, SourceRecord},
};
use crate::model::{EntryNumber, SourceId, SourceNumber, StoryNumber};

/// What was read so far, each with its line: a later one counts over an earlier one.
#[derive(Default)]
pub(super) struct Relations {
    sources: BTreeMap<SourceId, (SourceRecord, u64)>,
    entries: HashMap<EntryNumber, Entry>,
    stories: HashMap<StoryNumber, Story>,
    /// The entry that a key leads to; `None` for one that is gone.
    identities: HashMap<(SourceNumber, IdentityKey), (Option<EntryNumber>, u64)>,
    next: Option<(EntryNumber, StoryNumber)>,
    /// What is kept beside entries, by kind, with its line.
    beside: HashMap<(EntryNumber, &'static str), u64>,
}

struct Entry {
    source: SourceNumber,
    story: StoryNumber,
    line: u64,
}

struct Story {
    owner: EntryNumber,
    copies: Box<[EntryNumber]>,
    line: u64,
}

impl Relations {
    /// Takes a change in; the error says what can be seen to be wrong with it by itself.
    pub(super) fn note(&mut self, change: &Change, line: u64) -> Result<(), String> {
        match change {
            Change::Source { id, record } => {
                self.sources.insert(id.clone(), (record.clone(), line));
            }
            Change::SourceRemoved { id } => {
                self.sources.remove(id);
            }
            Change::Entry(record) => {
                let (source, story) = (record.source, record.story);
                self.entries.insert(record.number, Entry { source, story, line });
            }
            Change::EntryRemoved { number } => {
                self.entries.remove(number);
            }
            Change::Identity { source, key, is } => {
                let entry = match is {
                    Identity::Kept { entry, .. } => Some(*entry),
                    Identity::Tombstone { .. } | Identity::Alias { .. } | Identity::Deleted { .. } => None,
                };
                self.identities.insert((*source, *key), (entry, line));
            }
            Change::IdentityRemoved { source, key } => {
                self.identities.remove(&(*source, *key));
            }
            Change::Story(record) => {
                let copies: Box<[_]> = record.copies.iter().map(|copy| copy.entry).collect();
                if !copies.contains(&record.owner) {
                    return Err(format!(
                        "story {} shows entry {}, which is none of its copies",
                        record.number.0, record.owner.0
                    ));
                }
                self.stories.insert(record.number, Story { owner: record.owner, copies, line });
            }
            Change::StoryRemoved { number } => {
                self.stories.remove(number);
            }
            Change::Next { entry, story } => self.next = Some((*entry, *story)),
            Change::Reading(record) => self.note_beside(record.number, "reading", line),
            Change::Article(record) => self.note_beside(record.number, "article", line),
            Change::ArticleJob(job) => self.note_beside(job.number, "article job", line),
            Change::ReadingRemoved { number } => self.forget_beside(*number, "reading"),
            Change::ArticleRemoved { number } => self.forget_beside(*number, "article"),
            Change::ArticleJobRemoved { number, .. } => self.forget_beside(*number, "article job"),
            Change::Instance(_)
            | Change::Poll { .. }
            | Change::PollRemoved { .. }
            | Change::TopicsEver(_)
            | Change::TaggedWith(_)
            | Change::Boilerplate { .. }
            | Change::Tagging(_)
            | Change::Text(_)
            | Change::TextRemoved { .. }
            | Change::Pair { .. }
            | Change::PairRemoved { .. }
            | Change::Told { .. }
            | Change::Learnt(_)
            | Change::Renumbered { .. }
            | Change::Subscription(_)
            | Change::SubscriptionRemoved { .. }
            | Change::Joined { .. }
            | Change::JoinedRemoved { .. }
            | Change::Archive { .. }
            | Change::TakenDown(_)
            | Change::TakenDownRemoved { .. }
            | Change::WentOn { .. }
            | Change::WentOnRemoved { .. } => {}
        }
        Ok(())
    }

    fn note_beside(&mut self, number: EntryNumber, what: &'static str, line: u64) {
        self.beside.insert((number, what), line);
    }

    fn forget_beside(&mut self, number: EntryNumber, what: &'static str) {
        self.beside.remove(&(number, what));
    }

    pub(super) fn counts(&self) -> Contents {
        Contents {
            sources: self.sources.len() as u64,
            entries: self.entries.len() as u64,
            stories: self.stories.len() as u64,
            identities: self.identities.len() as u64,
            ..Contents::default()
        }
    }

    /// Whether all that is named is there; what follows from the rest is put right.
    pub(super) fn check(self) -> Result<Vec<Change>, ImportError> {
        let mut kept: HashMap<SourceNumber, u64> = HashMap::new();
        for (record, line) in self.sources.values() {
            if kept.insert(record.number, 0).is_some() {
                return Err(wrong(*line, format!("another source has the number {} too", record.number.0)));
            }
        }
        for (number, entry) in &self.entries {
            let story = self.stories.get(&entry.story);
            if story.is_none_or(|story| !story.copies.contains(number)) {
                let cause =
                    format!("entry {} says that it is of story {}, which does not say so", number.0, entry.story.0);
                return Err(wrong(entry.line, cause));
            }
            match kept.get_mut(&entry.source) {
                Some(kept) => *kept += 1,
                None => {
                    let cause = format!("entry {} is of source number {}, which is missing", number.0, entry.source.0);
                    return Err(wrong(entry.line, cause));
                }
            }
        }
        for (number, story) in &self.stories {
            let missing =
                story.copies.iter().find(|copy| self.entries.get(copy).is_none_or(|entry| entry.story != *number));
            if let Some(missing) = missing {
                let what = if *missing == story.owner { "shows" } else { "has" };
                let cause =
                    format!("story {} {what} entry {}, which is missing or of another story", number.0, missing.0);
                return Err(wrong(story.line, cause));
            }
        }
        for (entry, line) in self.identities.values() {
            if let Some(entry) = entry.filter(|entry| !self.entries.contains_key(entry)) {
                return Err(wrong(*line, format!("the key leads to entry {}, which is missing", entry.0)));
            }
        }
        for ((number, what), line) in &self.beside {
            if !self.entries.contains_key(number) {
                return Err(wrong(*line, format!("the {what} is of entry {}, which is missing", number.0)));
            }
        }
        Ok(self.corrections(&kept))
    }

    /// The sources' counts and the next numbers, where the lines do not say what follows from them.
    fn corrections(&self, kept: &HashMap<SourceNumber, u64>) -> Vec<Change> {
        let mut corrections = Vec::new();
        for (id, (record, _)) in &self.sources {
            let entries = kept.get(&record.number).copied().unwrap_or_default();
            if record.entries != entries {
                corrections.push(Change::Source { id: id.clone(), record: SourceRecord { entries, ..record.clone() } });
            }
        }
        let entry = self.entries.keys().map(|number| number.0).max().unwrap_or_default() + 1;
        let story = self.stories.keys().map(|number| number.0).max().unwrap_or_default() + 1;
        let stated = self.next.unwrap_or((EntryNumber(1), StoryNumber(1)));
        let next = (stated.0.max(EntryNumber(entry)), stated.1.max(StoryNumber(story)));
        if Some(next) != self.next {
            corrections.push(Change::Next { entry: next.0, story: next.1 });
        }
        corrections
    }
}

fn wrong(line: u64, cause: String) -> ImportError {
    ImportError::Relation { line, cause }
}
