//! How rows are keyed. Numbers are big-endian, so that order in the tree is order in number or time.

use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::archive::Join;
use crate::model::{EntryNumber, SourceNumber, StoryNumber, TopicId};

/// By what a source tells its entries apart: a guid, or what stands in for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey(#[serde(with = "hexadecimal")] [u8; 16]);

impl IdentityKey {
    /// `kind` keeps a guid apart from a link of the same spelling.
    pub fn new(kind: &str, parts: &[&str]) -> Self {
        Self(hash(kind, parts))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What entries of different sources may have in common: a link's key form, or an `atom:id` with its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SharedKey(#[serde(with = "hexadecimal")] [u8; 16]);

impl SharedKey {
    pub fn link(key_form: &str) -> Self {
        Self(neighbour("link", &[key_form]))
    }

    pub fn atom_id(id: &str, site: &str) -> Self {
        Self(neighbour("atom-id", &[id, site]))
    }
}

/// Whom a subscription is of: a callback and a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriptionKey(#[serde(with = "hexadecimal")] [u8; 16]);

impl SubscriptionKey {
    /// Both as absolute URLs.
    pub fn new(callback: &str, topic: &str) -> Self {
        Self(hash("subscription", &[callback, topic]))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A hash whose first half says where on the web its first part points, so that an entry's link and ids, which are mostly
/// about the same address, are kept side by side: one row is written instead of three.
fn neighbour(kind: &str, parts: &[&str]) -> [u8; 16] {
    let address = parts.first().copied().unwrap_or_default();
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.strip_prefix("www.").unwrap_or(address);
    let address = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut bytes = hash(kind, parts);
    bytes.copy_within(..8, 8);
    bytes[..8].copy_from_slice(&xxh3_64(address.as_bytes()).to_be_bytes());
    bytes
}

/// Keys as 32 hexadecimal digits where people may read them, as bare bytes elsewhere.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.collect_str(&format_args!("{:032x}", u128::from_be_bytes(*bytes)))
        } else {
            bytes.serialize(to)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        if !from.is_human_readable() {
            return <[u8; 16]>::deserialize(from);
        }
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        let number = u128::from_str_radix(&text, 16).map_err(D::Error::custom)?;
        Ok(number.to_be_bytes())
    }
}

fn hash(kind: &str, parts: &[&str]) -> [u8; 16] {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(kind.as_bytes());
    for part in parts {
        bytes.push(0);
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..16]);
    short
}

/// The rows of every story published under an id begin so; there is at most one.
pub(super) fn story_id(id: &str) -> [u8; 16] {
    neighbour("story-id", &[id])
}

pub(super) fn story_id_row(id: &str, story: StoryNumber) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&story_id(id));
    bytes[16..].copy_from_slice(&story.0.to_be_bytes());
    bytes
}

/// Where a story stands in a topic: newest first; between equal times its id decides, by a hash of it, then its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoryPlace([u8; 24]);

impl StoryPlace {
    pub(super) fn new(updated: DateTime<Utc>, id: &str, story: StoryNumber) -> Self {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&newest_first(updated));
        bytes[8..16].copy_from_slice(&xxh3_64(id.as_bytes()).to_be_bytes());
        bytes[16..].copy_from_slice(&story.0.to_be_bytes());
        Self(bytes)
    }
}

/// A time as bytes that sort later times first, before and after 1970.
fn newest_first(time: DateTime<Utc>) -> [u8; 8] {
    (!ordered(time)).to_be_bytes()
}

fn ordered(time: DateTime<Utc>) -> u64 {
    (time.timestamp_micros() as u64) ^ (1 << 63)
}

/// `None` is the edition of everything.
pub(super) fn topic_prefix(topic: Option<&TopicId>) -> Vec<u8> {
    let mut bytes = topic.map(|id| id.as_str().as_bytes().to_vec()).unwrap_or_default();
    bytes.push(0);
    bytes
}

pub(super) fn topic_row(topic: Option<&TopicId>, place: &StoryPlace) -> Vec<u8> {
    let mut bytes = topic_prefix(topic);
    bytes.extend_from_slice(&place.0);
    bytes
}

pub(super) fn join_row(topic: &TopicId, join: &Join) -> Vec<u8> {
    let mut bytes = topic_prefix(Some(topic));
    bytes.extend_from_slice(&ordered(join.at).to_be_bytes());
    bytes.extend_from_slice(&join.story.0.to_be_bytes());
    bytes
}

/// The topic and the join of a row; `None` if it is not one.
pub(super) fn read_join_row(row: &[u8]) -> Option<(TopicId, Join)> {
    let (name, rest) = row.split_at(row.iter().position(|byte| *byte == 0)?);
    let micros = u64::from_be_bytes(rest.get(1..9)?.try_into().ok()?) ^ (1 << 63);
    let at = DateTime::from_timestamp_micros(micros as i64)?;
    let story = StoryNumber(u64::from_be_bytes(rest.get(9..17)?.try_into().ok()?));
    Some((TopicId::new(std::str::from_utf8(name).ok()?), Join { at, story }))
}

pub(super) fn identity(source: SourceNumber, key: IdentityKey) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&source.0.to_be_bytes());
    bytes[4..].copy_from_slice(&key.0);
    bytes
}

/// The source and key of an identity row; `None` if it is not one.
pub(super) fn read_identity(row: &[u8]) -> Option<(SourceNumber, IdentityKey)> {
    let source = u32::from_be_bytes(row.get(..4)?.try_into().ok()?);
    Some((SourceNumber(source), IdentityKey(row.get(4..20)?.try_into().ok()?)))
}

pub(super) fn pair_row(entry: EntryNumber, other: EntryNumber) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&entry.0.to_be_bytes());
    bytes[8..].copy_from_slice(&other.0.to_be_bytes());
    bytes
}

/// The entries of a pair's row; `None` if it is not one.
pub(super) fn read_pair(row: &[u8]) -> Option<(EntryNumber, EntryNumber)> {
    let number = |bytes: &[u8]| Some(EntryNumber(u64::from_be_bytes(bytes.try_into().ok()?)));
    Some((number(row.get(..8)?)?, number(row.get(8..)?)?))
}

pub(super) fn shared_prefix(key: SharedKey) -> [u8; 16] {
    key.0
}

pub(super) fn shared_row(key: SharedKey, entry: EntryNumber) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&key.0);
    bytes[16..].copy_from_slice(&entry.0.to_be_bytes());
    bytes
}

/// The entry of a shared row, and its source.
pub(super) fn read_shared_row((key, source): &(Vec<u8>, Vec<u8>)) -> Option<(EntryNumber, SourceNumber)> {
    trailing_number(key).map(EntryNumber).zip(source_number(source))
}

pub(super) fn age_prefix(source: SourceNumber) -> [u8; 4] {
    source.0.to_be_bytes()
}

pub(super) fn age_row(source: SourceNumber, date: DateTime<Utc>, entry: EntryNumber) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&source.0.to_be_bytes());
    bytes[4..12].copy_from_slice(&ordered(date).to_be_bytes());
    bytes[12..].copy_from_slice(&entry.0.to_be_bytes());
    bytes
}

/// The date and entry of an age row; `None` if it is not one.
pub(super) fn read_age_row(row: &[u8]) -> Option<(DateTime<Utc>, EntryNumber)> {
    let micros = u64::from_be_bytes(row.get(4..12)?.try_into().ok()?) ^ (1 << 63);
    let entry = u64::from_be_bytes(row.get(12..20)?.try_into().ok()?);
    Some((DateTime::from_timestamp_micros(micros as i64)?, EntryNumber(entry)))
}

/// A source's newest entries first, equal dates in the order of identities; what has no date comes last.
pub(super) fn outline_row(source: SourceNumber, date: Option<i64>, identity: u64, entry: EntryNumber) -> [u8; 28] {
    let mut bytes = [0; 28];
    let date = date.map_or(u64::MAX, |seconds| !((seconds as u64) ^ (1 << 63)));
    bytes[..4].copy_from_slice(&source.0.to_be_bytes());
    bytes[4..12].copy_from_slice(&date.to_be_bytes());
    bytes[12..20].copy_from_slice(&identity.to_be_bytes());
    bytes[20..].copy_from_slice(&entry.0.to_be_bytes());
    bytes
}

/// The identity and entry of an outline's row; `None` if it is not one.
pub(super) fn read_outline_row(row: &[u8]) -> Option<(u64, EntryNumber)> {
    let identity = u64::from_be_bytes(row.get(12..20)?.try_into().ok()?);
    let entry = u64::from_be_bytes(row.get(20..28)?.try_into().ok()?);
    Some((identity, EntryNumber(entry)))
}

pub(super) fn article_job(source: SourceNumber, entry: EntryNumber) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&source.0.to_be_bytes());
    bytes[4..].copy_from_slice(&entry.0.to_be_bytes());
    bytes
}

pub(super) fn source_number(value: &[u8]) -> Option<SourceNumber> {
    Some(SourceNumber(u32::from_be_bytes(value.try_into().ok()?)))
}

/// The number in the last eight bytes of a row or value.
pub(super) fn trailing_number(bytes: &[u8]) -> Option<u64> {
    let tail = bytes.len().checked_sub(8)?;
    Some(u64::from_be_bytes(bytes[tail..].try_into().ok()?))
}
