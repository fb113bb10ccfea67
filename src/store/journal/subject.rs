//! What a line is about, told from its beginning: parsing all of it would take ten times as long.

use xxhash_rust::xxh3::xxh3_128;

use super::line;
use crate::store::{Change, Subject};

/// Stands for a [`Subject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SubjectKey(pub(super) u128);

/// What a change's line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct About {
    pub(super) subject: SubjectKey,
    pub(super) is_removal: bool,
}

impl About {
    pub(super) fn of(change: &Change) -> Self {
        Self { subject: key(&change.subject()), is_removal: change.is_removal() }
    }

    /// What `line` is about. One that does not begin as they are written is parsed.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        match scan(line) {
            Some(about) => Ok(about),
            None => line::read_change(line).map(|change| Self::of(&change)),
        }
    }
}

fn key(subject: &Subject) -> SubjectKey {
    match subject {
        Subject::Instance => alone(b'i'),
        Subject::TopicsEver => alone(b't'),
        Subject::TaggedWith => alone(b'w'),
        Subject::Next => alone(b'n'),
        Subject::Tagging => alone(b'g'),
        Subject::Reading(number) => numbered(b'r', number.0),
        Subject::Boilerplate(source) => numbered(b'b', u64::from(source.0)),
        Subject::Article(number) => numbered(b'a', number.0),
        Subject::ArticleJob(source, number) => paired(b'j', u64::from(source.0), number.0),
        Subject::Source(id) => named(b'S', id.as_str().as_bytes()),
        Subject::Poll(id) => named(b'P', id.as_str().as_bytes()),
        Subject::Text(number) => numbered(b'x', number.0),
        Subject::Pair(a, b) => paired(b'p', a.0, b.0),
        Subject::Told(a, b) => {
            let mut bytes = vec![b'd'];
            for name in [a, b] {
                bytes.extend(name.source.0.to_le_bytes());
                bytes.extend(name.key.as_bytes());
            }
            SubjectKey(xxh3_128(&bytes))
        }
        Subject::Learnt => alone(b'l'),
        Subject::Renumbered(source) => numbered(b'm', u64::from(source.0)),
        Subject::Subscription(key) => named(b'h', key.as_bytes()),
        Subject::Joined(topic, at, story) => {
            let mut bytes = vec![b'J'];
            bytes.extend(at.timestamp_micros().to_le_bytes());
            bytes.extend(story.0.to_le_bytes());
            bytes.extend(topic.as_str().as_bytes());
            SubjectKey(xxh3_128(&bytes))
        }
        Subject::Archive(topic) => named(b'A', topic.as_str().as_bytes()),
        Subject::TakenDown(number) => numbered(b'D', *number),
        Subject::WentOn(story) => numbered(b'W', story.0),
        Subject::Entry(number) => numbered(b'e', number.0),
        Subject::Story(number) => numbered(b's', number.0),
        Subject::Identity(source, key) => {
            let mut bytes = [0; 16];
            for (to, from) in bytes.iter_mut().zip(key.as_bytes()) {
                *to = *from;
            }
            identity(u64::from(source.0), u128::from_be_bytes(bytes))
        }
    }
}

fn alone(kind: u8) -> SubjectKey {
    SubjectKey(xxh3_128(&[kind]))
}

fn named(kind: u8, id: &[u8]) -> SubjectKey {
    SubjectKey(xxh3_128(&[&[kind], id].concat()))
}

fn numbered(kind: u8, number: u64) -> SubjectKey {
    let mut bytes = [kind; 9];
    bytes[1..].copy_from_slice(&number.to_le_bytes());
    SubjectKey(xxh3_128(&bytes))
}

fn paired(kind: u8, one: u64, other: u64) -> SubjectKey {
    let mut bytes = [kind; 17];
    bytes[1..9].copy_from_slice(&one.to_le_bytes());
    bytes[9..].copy_from_slice(&other.to_le_bytes());
    SubjectKey(xxh3_128(&bytes))
}

fn identity(source: u64, key: u128) -> SubjectKey {
    let mut bytes = [b'k'; 25];
    bytes[1..9].copy_from_slice(&source.to_le_bytes());
    bytes[9..].copy_from_slice(&key.to_le_bytes());
    SubjectKey(xxh3_128(&bytes))
}

/// `None` if the line does not begin as we write it.
pub(super) fn scan(line: &[u8]) -> Option<About> {
    let rest = line.strip_prefix(br#"{""#)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let (kind, rest) = rest.split_at_checked(end)?;
    let rest = rest.strip_prefix(br#"":"#)?;
    let (kind, is_removal) = match kind.strip_suffix(b"_removed") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let subject = match kind {
        b"entry" => numbered(b'e', number(rest.strip_prefix(br#"{"number":"#)?)?.0),
        b"story" => numbered(b's', number(rest.strip_prefix(br#"{"number":"#)?)?.0),
        b"reading" => numbered(b'r', number(rest.strip_prefix(br#"{"number":"#)?)?.0),
        b"article" => numbered(b'a', number(rest.strip_prefix(br#"{"number":"#)?)?.0),
        b"boilerplate" if !is_removal => numbered(b'b', number(rest.strip_prefix(br#"{"source":"#)?)?.0),
        b"article_job" => {
            let (source, rest) = number(rest.strip_prefix(br#"{"source":"#)?)?;
            paired(b'j', source, number(rest.strip_prefix(br#","number":"#)?)?.0)
        }
        b"text" => numbered(b'x', number(rest.strip_prefix(br#"{"number":"#)?)?.0),
        b"pair" => {
            let (a, rest) = number(rest.strip_prefix(br#"{"a":"#)?)?;
            paired(b'p', a, number(rest.strip_prefix(br#","b":"#)?)?.0)
        }
        b"identity" => {
            let (source, rest) = number(rest.strip_prefix(br#"{"source":"#)?)?;
            let digits = rest.strip_prefix(br#","key":""#)?;
            if digits.get(32) != Some(&b'"') {
                return None;
            }
            let digits = std::str::from_utf8(digits.get(..32)?).ok()?;
            identity(source, u128::from_str_radix(digits, 16).ok()?)
        }
        b"renumbered" if !is_removal => numbered(b'm', number(rest.strip_prefix(br#"{"source":"#)?)?.0),
        b"went_on" => numbered(b'W', number(rest.strip_prefix(br#"{"story":"#)?)?.0),
        b"subscription" => {
            let digits = rest.strip_prefix(br#"{"key":""#)?;
            if digits.get(32) != Some(&b'"') {
                return None;
            }
            let digits = std::str::from_utf8(digits.get(..32)?).ok()?;
            named(b'h', &u128::from_str_radix(digits, 16).ok()?.to_be_bytes())
        }
        b"learnt" if !is_removal => alone(b'l'),
        b"source" => named(b'S', id(rest)?),
        b"poll" => named(b'P', id(rest)?),
        b"instance" if !is_removal => alone(b'i'),
        b"topics_ever" if !is_removal => alone(b't'),
        b"tagged_with" if !is_removal => alone(b'w'),
        b"next" if !is_removal => alone(b'n'),
        b"tagging" if !is_removal => alone(b'g'),
        _ => return None,
    };
    Some(About { subject, is_removal })
}

/// A number that ends with `,` or `}`, and what comes from there on.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = bytes.split_at_checked(end)?;
    matches!(rest.first(), Some(b',' | b'}')).then_some(())?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

/// An id that is spelt without escapes.
fn id(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(br#"{"id":""#)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let id = rest.get(..end)?;
    (!id.contains(&b'\\')).then_some(id)
}
