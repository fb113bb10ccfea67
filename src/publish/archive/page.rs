//! A page of an archive, as it is kept in a file.
//!
//! The file is two zstd frames with checksums, one after another: a line of JSON that says what the page is and where its
//! entries are, and the document itself. `zstdcat 000001.atom.zst | tail -n +2` is the document.

use std::{borrow::Cow, collections::BTreeSet, io};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;
use zstd::{
    bulk::Compressor,
    zstd_safe::{CParameter, find_frame_compressed_size, get_frame_content_size},
};

use crate::{
    model::{StoryNumber, TopicId},
    store::{Join, SharedKey},
};

/// The format of the file; raised when an older newsdesk could not read what this one writes.
const FORMAT: u32 = 1;

/// A page is made once and kept for good.
const LEVEL: i32 = 15;

/// The most bytes that a frame unpacks to: far above what any page comes to.
const MOST_PLAIN: u64 = 256 << 20;

/// A finished document of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub heading: Heading,
    /// As it is served.
    pub document: Vec<u8>,
}

/// What a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// `archive`.
    pub newsdesk: String,
    pub format: u32,
    /// The id of the topic's feed.
    pub feed: String,
    /// The name that the feed's id is made from.
    pub topic: TopicId,
    /// From 1.
    pub page: u64,
    /// Of the document: `Last-Modified`.
    pub updated: DateTime<Utc>,
    pub made: DateTime<Utc>,
    /// Who waits no longer now that the page is there.
    pub joins: Vec<Join>,
    /// In the document's order, without gaps between them.
    pub entries: Vec<PageEntry>,
    /// Bytes before the first entry.
    pub head: u64,
    /// xxh3 of the document, 128 bits, hexadecimal.
    pub hash: String,
}

/// An entry of a page, by which it is found when it must be taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageEntry {
    pub story: StoryNumber,
    /// Its `atom:id`.
    pub id: String,
    /// Its own link, and the publisher's id for it.
    pub keys: Vec<SharedKey>,
    /// Copies of it at other publishers that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// How long it is in the document.
    pub bytes: u64,
}

/// Where an entry names a copy of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub key: SharedKey,
    /// The element that links it, with the white space before it.
    pub element: String,
    /// The link to it in the entry's text, as the document has it.
    pub anchor: String,
}

/// What is to leave a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakeOut {
    /// Ids of entries.
    pub ids: BTreeSet<String>,
    /// Entries with one of these, and mentions of them elsewhere.
    pub keys: BTreeSet<SharedKey>,
}

/// Why a file is not a page as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PageDamage(pub String);

impl TakeOut {
    fn holds(&self, entry: &PageEntry) -> bool {
        self.ids.contains(&entry.id) || entry.keys.iter().any(|key| self.keys.contains(key))
    }

    fn names(&self, entry: &PageEntry) -> bool {
        entry.mentions.iter().any(|mention| self.keys.contains(&mention.key))
    }
}

/// Head, entries and foot of a document.
type Parts<'a> = (&'a [u8], Vec<&'a [u8]>, &'a [u8]);

impl Page {
    /// Puts a page together of a document's parts.
    pub(super) fn new(
        (feed, topic, page): (String, TopicId, u64),
        (updated, made): (DateTime<Utc>, DateTime<Utc>),
        joins: Vec<Join>,
        (head, entries): (u64, Vec<PageEntry>),
        document: Vec<u8>,
    ) -> Self {
        let (newsdesk, hash) = ("archive".to_owned(), hash(&document));
        let heading =
            Heading { newsdesk, format: FORMAT, feed, topic, page, updated, made, joins, entries, head, hash };
        Self { heading, document }
    }

    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(&self.heading)?;
        line.push(b'\n');
        let mut packer = Compressor::new(LEVEL)?;
        packer.set_parameter(CParameter::ChecksumFlag(true))?;
        let mut bytes = packer.compress(&line)?;
        bytes.extend(packer.compress(&self.document)?);
        Ok(bytes)
    }

    /// Reads a whole page.
    ///
    /// # Errors
    /// Anything that is not as it was written.
    pub fn decode(bytes: &[u8]) -> Result<Self, PageDamage> {
        let (heading, rest) = Heading::decode(bytes)?;
        let (document, rest) = unpack(rest)?;
        if !rest.is_empty() {
            return Err(PageDamage("something follows the document".into()));
        }
        if hash(&document) != heading.hash {
            return Err(PageDamage("the document is not the one that was written".into()));
        }
        let page = Self { heading, document };
        page.parts().ok_or_else(|| PageDamage("the entries are not where the page says".into()))?;
        Ok(page)
    }

    /// The document's head, its entries and its foot.
    fn parts(&self) -> Option<Parts<'_>> {
        let (head, mut rest) = self.document.split_at_checked(usize::try_from(self.heading.head).ok()?)?;
        let mut entries = Vec::with_capacity(self.heading.entries.len());
        for entry in &self.heading.entries {
            let (own, after) = rest.split_at_checked(usize::try_from(entry.bytes).ok()?)?;
            entries.push(own);
            rest = after;
        }
        Some((head, entries, rest))
    }

    /// The page without what is to leave it: entries are cut out whole, and where others name one of them, that goes. All else
    /// stays to the byte. `None` if there is nothing of it in the page; else with the number of entries that were cut or changed.
    pub fn without(&self, what: &TakeOut) -> Option<(Self, usize)> {
        if !self.heading.holds(what) {
            return None;
        }
        let (head, texts, foot) = self.parts()?;
        let (mut document, mut entries, mut changed) = (head.to_vec(), Vec::new(), 0);
        for (entry, text) in self.heading.entries.iter().zip(texts) {
            if what.holds(entry) {
                changed += 1;
                continue;
            }
            let mut entry = entry.clone();
            let mut text = Cow::Borrowed(text);
            if what.names(&entry) {
                changed += 1;
                let (gone, kept) = entry.mentions.into_iter().partition(|mention| what.keys.contains(&mention.key));
                entry.mentions = kept;
                text = Cow::Owned(unnamed(&text, &gone));
                entry.bytes = text.len() as u64;
            }
            document.extend_from_slice(&text);
            entries.push(entry);
        }
        document.extend_from_slice(foot);
        let heading = Heading { entries, hash: hash(&document), ..self.heading.clone() };
        Some((Self { heading, document }, changed))
    }
}

impl Heading {
    /// Reads what a page says of itself; the rest of the bytes is its document, packed.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), PageDamage> {
        #[derive(Deserialize)]
        struct Format {
            newsdesk: String,
            format: u32,
        }
        let (line, rest) = unpack(bytes)?;
        let broken = |error: serde_json::Error| PageDamage(format!("what it says of itself cannot be read: {error}"));
        let format: Format = serde_json::from_slice(&line).map_err(broken)?;
        if format.newsdesk != "archive" || format.format > FORMAT {
            return Err(PageDamage(format!(
                "it is a file of {} in format {}, and this newsdesk knows archives up to format {FORMAT}",
                format.newsdesk, format.format
            )));
        }
        Ok((serde_json::from_slice(&line).map_err(broken)?, rest))
    }

    /// Whether there is anything of it in the page.
    pub(super) fn holds(&self, what: &TakeOut) -> bool {
        self.entries.iter().any(|entry| what.holds(entry) || what.names(entry))
    }

    /// What it knows of the entries with these ids or keys.
    pub(super) fn entries_of(&self, what: &TakeOut) -> impl Iterator<Item = &PageEntry> {
        self.entries.iter().filter(|entry| what.holds(entry))
    }
}

/// An entry's text without these mentions. The sentence that names the copies goes with the last of them.
fn unnamed(text: &[u8], gone: &[Mention]) -> Vec<u8> {
    // The paragraph's tags as they stand in escaped HTML.
    const BEGIN: &str = "&lt;p&gt;";
    const END: &str = "&lt;/p&gt;";
    let Ok(text) = std::str::from_utf8(text) else { return text.to_vec() };
    let mut text = text.to_owned();
    for Mention { element, anchor, .. } in gone {
        if !element.is_empty() {
            text = text.replacen(element.as_str(), "", 1);
        }
        // The sentence is the last thing that the text says.
        let Some(at) = (!anchor.is_empty()).then(|| text.rfind(anchor.as_str())).flatten() else { continue };
        let end = at + anchor.len();
        let (before, after) = (&text[..at], &text[end..]);
        let range = if before.ends_with(", ") {
            at - 2..end
        } else if after.starts_with(", ") {
            at..end + 2
        } else {
            match (before.rfind(BEGIN), after.find(END)) {
                (Some(begin), Some(past)) => begin..end + past + END.len(),
                _ => at..end,
            }
        };
        text.replace_range(range, "");
    }
    text.into_bytes()
}

fn hash(document: &[u8]) -> String {
    format!("{:032x}", xxh3_128(document))
}

/// The first frame's content, and the bytes after it.
fn unpack(bytes: &[u8]) -> Result<(Vec<u8>, &[u8]), PageDamage> {
    let broken = |cause: &str| PageDamage(cause.to_owned());
    let packed = find_frame_compressed_size(bytes).map_err(|_| broken("it is cut off, or is no page"))?;
    let (frame, rest) = bytes.split_at_checked(packed).ok_or_else(|| broken("it is cut off"))?;
    let plain = get_frame_content_size(frame).ok().flatten().filter(|plain| *plain <= MOST_PLAIN);
    let plain = plain.and_then(|plain| usize::try_from(plain).ok()).ok_or_else(|| broken("it says no size"))?;
    let unpacked = zstd::bulk::decompress(frame, plain);
    let unpacked = unpacked.map_err(|error| PageDamage(format!("it cannot be unpacked: {error}")))?;
    if unpacked.len() == plain { Ok((unpacked, rest)) } else { Err(broken("it is shorter than it says")) }
}
