//! How entries were understood, and what their sources repeat: kept apart from the entries, which many more readers need.
//!
//! A reading is kept in two rows. What explains it stands under the entry's number; what the source's boilerplate is learnt
//! from stands under source, date and identity, newest first, so that the newest of a source are neighbours.

use std::{collections::BTreeMap, ops::Deref};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    apply::TAGGING,
    codec,
    engine::{Database, TreeName, Work},
    keys,
    read::Store,
};
use crate::{
    model::{EntryNumber, SourceNumber, TopicId},
    text::{BlockPrint, Boilerplate, EntryOutline},
    topics::Account,
};

/// How an entry was understood when it was tagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadingRecord {
    pub number: EntryNumber,
    pub source: SourceNumber,
    /// When it was read so; a later reading that told the same left this as it was.
    pub at: DateTime<Utc>,
    /// The fingerprint of the topics then.
    pub tagged_with: u64,
    /// What [`Boilerplate::cut_print`] said of what was cut.
    pub cut: u64,
    pub account: Account,
    pub outline: EntryOutline,
}

/// What is known of a source's boilerplate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BoilerplateRecord {
    /// Learnt from the source's newest entries as they are now.
    pub boilerplate: Boilerplate,
    /// Entries may still be cut by what was learnt before.
    pub is_unsettled: bool,
}

/// The topics that the stored entries' tags are of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaggingRecord {
    /// What each topic's tags depend on, as a fingerprint.
    pub topics: BTreeMap<TopicId, u64>,
    /// New tags are being put in the place of these: some entries have them and others do not.
    pub is_under_way: bool,
}

/// What an entry adds to what is learnt of its source, and how it was cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlined {
    pub number: EntryNumber,
    pub cut: u64,
    pub outline: EntryOutline,
}

impl ReadingRecord {
    pub(super) fn outlined(&self) -> Outlined {
        Outlined { number: self.number, cut: self.cut, outline: self.outline.clone() }
    }
}

impl Outlined {
    /// Newest first, then by identity: the order in which boilerplate is learnt from them.
    pub(super) fn place(&self) -> (std::cmp::Reverse<Option<i64>>, u64, EntryNumber) {
        (std::cmp::Reverse(self.outline.date), self.outline.identity, self.number)
    }
}

/// The row under the entry's number.
#[derive(Serialize, Deserialize)]
struct ExplainedRow {
    source: SourceNumber,
    at: DateTime<Utc>,
    tagged_with: u64,
    cut: u64,
    account: Account,
    date: Option<i64>,
    identity: u64,
}

/// The row under source, date and identity.
#[derive(Serialize, Deserialize)]
struct OutlineRow {
    cut: u64,
    date: Option<i64>,
    title: Vec<u16>,
    blocks: Vec<BlockPrint>,
}

pub(super) fn put_reading<D: Deref<Target = Database>>(
    work: &mut Work<D>,
    record: &ReadingRecord,
) -> Result<(), StoreError> {
    remove_reading(work, record.number)?;
    let (row, outline) = rows_of(record)?;
    let EntryOutline { date, identity, .. } = record.outline;
    let key = keys::outline_row(record.source, date, identity, record.number).to_vec();
    work.put(TreeName::Outlines, key, outline)?;
    work.put(TreeName::Readings, record.number.0.to_be_bytes().to_vec(), row)
}

/// What a reading is on the disk: the row that explains it, and its outline.
pub(super) fn rows_of(record: &ReadingRecord) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let ReadingRecord { source, at, tagged_with, cut, account, outline, .. } = record.clone();
    let EntryOutline { date, identity, title, blocks } = outline;
    let outline = codec::encode("outline", &OutlineRow { cut, date, title, blocks })?;
    let row = ExplainedRow { source, at, tagged_with, cut, account, date, identity };
    Ok((codec::encode("reading", &row)?, outline))
}

pub(super) fn remove_reading<D: Deref<Target = Database>>(
    work: &mut Work<D>,
    number: EntryNumber,
) -> Result<(), StoreError> {
    let key = number.0.to_be_bytes();
    let Some(bytes) = work.get(TreeName::Readings, &key)? else { return Ok(()) };
    let before: ExplainedRow = codec::decode("reading", bytes)?;
    work.remove(TreeName::Readings, &key)?;
    work.remove(TreeName::Outlines, &keys::outline_row(before.source, before.date, before.identity, number))
}

impl Store {
    /// How an entry was understood when it was last tagged.
    pub fn reading(&self, number: EntryNumber) -> Result<Option<ReadingRecord>, StoreError> {
        let row: Option<ExplainedRow> = self.record("reading", TreeName::Readings, &number.0.to_be_bytes())?;
        row.map(|row| self.with_outline(number, row)).transpose()
    }

    fn with_outline(&self, number: EntryNumber, row: ExplainedRow) -> Result<ReadingRecord, StoreError> {
        let ExplainedRow { source, at, tagged_with, cut, account, date, identity } = row;
        let key = keys::outline_row(source, date, identity, number);
        let outline: Option<OutlineRow> = self.record("outline", TreeName::Outlines, &key)?;
        let (title, blocks) = outline.map(|row| (row.title, row.blocks)).unwrap_or_default();
        let outline = EntryOutline { date, identity, title, blocks };
        Ok(ReadingRecord { number, source, at, tagged_with, cut, account, outline })
    }

    /// Every reading, in the order of the entries' numbers.
    pub(super) fn each_reading(
        &self,
        take: &mut dyn FnMut(ReadingRecord) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for item in self.database()?.scan(TreeName::Readings, &[]) {
            let (key, bytes) = item?;
            if let Some(number) = keys::trailing_number(&key) {
                take(self.with_outline(EntryNumber(number), codec::decode("reading", &bytes)?)?)?;
            }
        }
        Ok(())
    }

    /// A source's outlines behind one of them (`None`: from the newest on), newest first, at most `limit`.
    pub fn outlines_after(
        &self,
        source: SourceNumber,
        after: Option<&Outlined>,
        limit: usize,
    ) -> Result<Vec<Outlined>, StoreError> {
        let prefix = keys::age_prefix(source);
        let after = after.map(|one| keys::outline_row(source, one.outline.date, one.outline.identity, one.number));
        let from = after.as_ref().map_or(prefix.as_slice(), |key| key.as_slice());
        let mut outlines = Vec::new();
        for item in self.database()?.scan(TreeName::Outlines, from) {
            let (key, bytes) = item?;
            if !key.starts_with(&prefix) || outlines.len() == limit {
                break;
            }
            if after.is_some_and(|after| key == after) {
                continue;
            }
            let Some((identity, number)) = keys::read_outline_row(&key) else { continue };
            let OutlineRow { cut, date, title, blocks } = codec::decode("outline", &bytes)?;
            outlines.push(Outlined { number, cut, outline: EntryOutline { date, identity, title, blocks } });
        }
        Ok(outlines)
    }

    /// What was learnt of a source.
    pub fn boilerplate(&self, source: SourceNumber) -> Result<BoilerplateRecord, StoreError> {
        Ok(self.record("boilerplate", TreeName::Boilerplates, &source.0.to_be_bytes())?.unwrap_or_default())
    }

    /// What was learnt of every source that repeats anything.
    pub fn boilerplates(&self) -> Result<Vec<(SourceNumber, BoilerplateRecord)>, StoreError> {
        let mut boilerplates = Vec::new();
        for item in self.database()?.scan(TreeName::Boilerplates, &[]) {
            let (key, bytes) = item?;
            if let Some(source) = keys::source_number(&key) {
                boilerplates.push((source, codec::decode("boilerplate", &bytes)?));
            }
        }
        Ok(boilerplates)
    }

    /// The topics that the stored entries' tags are of.
    pub fn tagging(&self) -> Result<TaggingRecord, StoreError> {
        Ok(self.record("tagging", TreeName::Meta, TAGGING)?.unwrap_or_default())
    }
}
