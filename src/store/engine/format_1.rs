//! Reads stores of format 1, which had a row for each record, compressed by itself and cut into chunks, and no journal.

use std::path::Path;

use serde::de::DeserializeOwned;
use sled::Tree;

use super::database::open_sled;
use crate::{
    model::{EntryNumber, SourceId, StoryNumber},
    store::{
        Change, StoreError,
        keys::{read_identity, trailing_number},
    },
};

/// The most bytes one value held.
const CHUNK: usize = 6 * 1024;

const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// An old store, open.
pub(in crate::store) struct Format1 {
    db: sled::Db,
}

impl Format1 {
    pub(in crate::store) fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        super::database::delete_half_written_snapshots(path)
            .map_err(|cause| StoreError::Folder { path: path.to_path_buf(), cause })?;
        let db = open_sled(path, cache_bytes)?;
        let stored = db.open_tree("meta")?.get("format")?;
        let found = stored.and_then(|bytes| bytes.as_ref().try_into().ok().map(u32::from_be_bytes)).unwrap_or(1);
        if found != 1 {
            return Err(StoreError::NewerFormat { path: path.to_path_buf(), found, known: 1 });
        }
        Ok(Self { db })
    }

    /// Every record, as the changes that make it.
    pub(in crate::store) fn each_record(
        &self,
        take: &mut dyn FnMut(Change) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let meta = self.db.open_tree("meta")?;
        if let Some(bytes) = meta.get("instance")? {
            let instance = uuid::Uuid::from_slice(&bytes)
                .map_err(|error| StoreError::Record { what: "instance", cause: error.to_string() })?;
            take(Change::Instance(instance))?;
        }
        if let Some(topics) = record(&meta, "topics", b"topics-ever")? {
            take(Change::TopicsEver(topics))?;
        }
        take(Change::TaggedWith(number(&meta, "tagged-with")?))?;
        for (key, record) in records(&self.db.open_tree("sources")?, "source", None)? {
            if let Ok(id) = String::from_utf8(key) {
                take(Change::Source { id: SourceId::new(id), record: record? })?;
            }
        }
        for (key, record) in records(&self.db.open_tree("polls")?, "poll state", None)? {
            if let Ok(id) = String::from_utf8(key) {
                take(Change::Poll { id: SourceId::new(id), state: record? })?;
            }
        }
        for (key, record) in records(&self.db.open_tree("identities")?, "identity", Some(20))? {
            if let Some((source, key)) = read_identity(&key) {
                take(Change::Identity { source, key, is: record? })?;
            }
        }
        for (_, record) in records(&self.db.open_tree("entries")?, "entry", Some(8))? {
            take(Change::Entry(Box::new(record?)))?;
        }
        for (_, record) in records(&self.db.open_tree("stories")?, "story", Some(8))? {
            take(Change::Story(Box::new(record?)))?;
        }
        let (entry, story) = (number(&meta, "next-entry")?.unwrap_or(1), number(&meta, "next-story")?.unwrap_or(1));
        take(Change::Next { entry: EntryNumber(entry), story: StoryNumber(story) })
    }
}

fn number(meta: &Tree, name: &str) -> Result<Option<u64>, StoreError> {
    Ok(meta.get(name)?.and_then(|bytes| trailing_number(&bytes)))
}

/// The records of a tree by their keys, which are so long where further chunks have longer ones.
fn records<'a, T: DeserializeOwned>(
    tree: &'a Tree,
    what: &'static str,
    key_length: Option<usize>,
) -> Result<impl Iterator<Item = (Vec<u8>, Result<T, StoreError>)> + use<'a, T>, StoreError> {
    let keys: Vec<Vec<u8>> = tree.iter().keys().map(|key| key.map(|key| key.to_vec())).collect::<Result<_, _>>()?;
    let is_first = move |key: &Vec<u8>| match key_length {
        Some(length) => key.len() == length,
        None => std::str::from_utf8(key).is_ok(),
    };
    Ok(keys.into_iter().filter(is_first).filter_map(move |key| match record(tree, what, &key) {
        Ok(record) => record.map(|record| (key, Ok(record))),
        Err(error) => Some((key, Err(error))),
    }))
}

fn record<T: DeserializeOwned>(tree: &Tree, what: &'static str, key: &[u8]) -> Result<Option<T>, StoreError> {
    let Some(first) = tree.get(key)? else { return Ok(None) };
    let mut bytes = first.to_vec();
    if bytes.len() >= CHUNK {
        for chunk in tree.scan_prefix([key, &[0xFF]].concat()) {
            bytes.extend_from_slice(&chunk?.1);
        }
    }
    let broken = |cause: String| StoreError::Record { what, cause };
    let plain = match bytes.as_slice() {
        [VERSION, PLAIN, body @ ..] => body.to_vec(),
        [VERSION, ZSTD, body @ ..] => zstd::stream::decode_all(body).map_err(|error| broken(error.to_string()))?,
        _ => return Err(broken("it has an unknown form".into())),
    };
    postcard::from_bytes(&plain).map(Some).map_err(|error| broken(error.to_string()))
}
