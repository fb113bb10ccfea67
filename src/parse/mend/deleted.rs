//! What an Atom document says its publisher has deleted: `at:deleted-entry` (RFC 6721 §3).

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::{
    collect::Collected,
    tally::{Flaw, Tally},
};
use crate::model::{Defect, DeletedEntry};

#[derive(Debug, Default)]
pub struct Deleted {
    /// With their positions among all that are named.
    entries: Vec<(usize, DeletedEntry)>,
    named: usize,
}

impl Collected {
    /// Takes the attributes of a `deleted-entry`. Its date must be written as RFC 3339 has it: nothing is deleted on a guess.
    pub fn deleted_entry(&mut self, id: Option<&str>, when: Option<&str>, limit: usize, tally: &mut Tally) {
        let id = id.map(str::trim).filter(|id| !id.is_empty());
        let date = when.and_then(|when| DateTime::parse_from_rfc3339(when.trim()).ok());
        let (Some(id), Some(date)) = (id, date) else {
            return tally.note(Flaw::DeletedEntry, || id.or(when).unwrap_or_default().to_owned());
        };
        self.deleted.add(DeletedEntry { id: id.to_owned(), when: date.with_timezone(&Utc) }, limit);
    }
}

impl Deleted {
    fn add(&mut self, entry: DeletedEntry, limit: usize) {
        self.entries.push((self.named, entry));
        self.named += 1;
        if self.entries.len() >= limit.saturating_mul(2).max(1) {
            self.keep_latest(limit);
        }
    }

    /// Those deleted last; their order stays.
    fn keep_latest(&mut self, limit: usize) {
        if self.entries.len() > limit {
            self.entries.sort_by_key(|(position, entry)| (Reverse(entry.when), *position));
            self.entries.truncate(limit);
            self.entries.sort_by_key(|(position, _)| *position);
        }
    }

    /// Says so where there are more than are heeded.
    pub fn beyond(&self, limit: usize) -> Option<Defect> {
        let named = self.named;
        let message = || format!("the document has {named} deleted entries; the {limit} deleted last were heeded");
        (named > limit).then(|| Defect { entry: None, message: message() })
    }

    pub fn finish(mut self, limit: usize) -> Vec<DeletedEntry> {
        self.keep_latest(limit);
        self.entries.into_iter().map(|(_, entry)| entry).collect()
    }
}
