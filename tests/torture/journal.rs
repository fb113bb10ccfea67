//! The journal as whoever has only `docs/store.md` reads it.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::press::read_tag;

/// What the journal holds.
#[derive(Default)]
pub struct Kept {
    /// By number.
    entries: BTreeMap<u64, Value>,
    polls: BTreeMap<String, Value>,
    instance: Option<String>,
    last: u64,
}

impl Kept {
    /// Reads the base, then every commit after it. The newest segment may end within an append that a kill interrupted.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let mut kept = Self::default();
        let base = files(folder, "base-").pop();
        for (path, is_newest) in
            base.into_iter().map(|path| (path, false)).chain(with_newest(files(folder, "segment-")))
        {
            let is_base = path.to_string_lossy().contains("base-");
            let (text, error) = unpack(&path);
            let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            if let (Some(error), false) = (error, is_newest) {
                return Err(format!("{}: {error}", path.display()));
            }
            let Some(_header) = lines.next() else { continue };
            let mut changes = Vec::new();
            for line in lines {
                let line: Value = serde_json::from_str(line).map_err(|error| format!("{}: {error}", path.display()))?;
                let Some(commit) = line["commit"].as_u64() else {
                    changes.push(line);
                    continue;
                };
                let changes = std::mem::take(&mut changes);
                if commit <= kept.last && !is_base {
                    continue;
                }
                if !is_base && commit != kept.last + 1 {
                    return Err(format!("{}: commit {commit} comes after {}", path.display(), kept.last));
                }
                changes.into_iter().for_each(|change| kept.apply(change));
                kept.last = commit;
            }
        }
        Ok(kept)
    }

    fn apply(&mut self, mut change: Value) {
        let number = |of: &Value| of["number"].as_u64().unwrap_or_default();
        if let Some(entry) = change.get_mut("entry") {
            self.entries.insert(number(entry), entry.take());
        } else if let Some(removed) = change.get("entry_removed") {
            self.entries.remove(&number(removed));
        } else if let Some(poll) = change.get_mut("poll") {
            let state = poll["state"].take();
            self.polls.insert(poll["id"].as_str().unwrap_or_default().to_owned(), state);
        } else if let Some(instance) = change.get("instance") {
            self.instance = instance.as_str().map(str::to_owned);
        }
    }

    pub fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// Number, time of first sight and date of each entry, by its id; an error if one is there twice.
    pub fn by_id(&self) -> Result<BTreeMap<&str, (u64, &str, &str)>, String> {
        let mut by_id = BTreeMap::new();
        for (number, entry) in &self.entries {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            if by_id.insert(text("atom_id"), (*number, text("first_seen"), text("first_dated"))).is_some() {
                return Err(format!("{} is kept twice", text("atom_id")));
            }
        }
        Ok(by_id)
    }

    /// The version that the validators of a feed say was taken; 0 if there are none.
    pub fn version(&self, feed: usize) -> usize {
        let octets = self.polls.get(&format!("feed-{feed}")).and_then(|state| state["validators"]["etag"].as_array());
        let octets =
            octets.map(|octets| octets.iter().filter_map(|octet| octet.as_u64()).map(|octet| octet as u8).collect());
        let tag = octets.and_then(|octets| String::from_utf8(octets).ok());
        tag.and_then(|tag| read_tag(&tag)).map_or(0, |(_, version)| version)
    }
}

fn with_newest(files: Vec<PathBuf>) -> impl Iterator<Item = (PathBuf, bool)> {
    let last = files.len().saturating_sub(1);
    files.into_iter().enumerate().map(move |(at, path)| (path, at == last))
}

/// The files of a kind, in the order of their numbers.
pub fn files(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with(kind) && name.ends_with(".jsonl.zst")
    };
    let mut files: Vec<_> = entries.filter(is_one).collect();
    files.sort();
    files
}

/// What can be unpacked from the beginning, and what ended it before the end.
fn unpack(path: &Path) -> (String, Option<String>) {
    let mut plain = Vec::new();
    let file = fs::File::open(path).map_err(|error| error.to_string());
    let read = file.and_then(|file| {
        let mut decoder = zstd::stream::read::Decoder::new(file).map_err(|error| error.to_string())?;
        let mut piece = [0; 65_536];
        loop {
            match decoder.read(&mut piece).map_err(|error| error.to_string())? {
                0 => return Ok(()),
                read => plain.extend_from_slice(&piece[..read]),
            }
        }
    });
    (String::from_utf8_lossy(&plain).into_owned(), read.err())
}

/// Makes the segments look as if they had been begun yesterday, so that what was taken out since is due to leave them.
pub fn age(folder: &Path) {
    for path in files(folder, "segment-") {
        let bytes = fs::read(&path).expect("read");
        let length = zstd::zstd_safe::find_frame_compressed_size(&bytes).expect("a header");
        let plain = zstd::stream::decode_all(&bytes[..length]).expect("a header");
        let mut header: Value = serde_json::from_slice(&plain).expect("a header");
        let yesterday = newsdesk::clock::Clock::system().now() - chrono::TimeDelta::hours(13);
        header["at"] = Value::String(yesterday.to_rfc3339());
        let mut compressor = zstd::bulk::Compressor::new(1).expect("a compressor");
        compressor.include_checksum(true).expect("a checksum");
        let mut aged = compressor.compress(format!("{header}\n").as_bytes()).expect("packed");
        aged.extend_from_slice(&bytes[length..]);
        fs::write(&path, aged).expect("written");
    }
}
