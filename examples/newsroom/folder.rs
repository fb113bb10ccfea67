//! Publishers out of a folder of feed files: each file one, and each host of a day's dump one.

use std::{
    collections::HashSet,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;
use url::Url;

use crate::{
    dump,
    publisher::{Publisher, address},
    recognise::{Kind, recognise},
};

/// A publisher for every feed under `dir`, in the order of their paths. What is no feed is skipped, and said so.
pub fn publishers(dir: &Path, port: u16) -> Result<Vec<Publisher>> {
    let mut files = Vec::new();
    gather(dir, &mut files)?;
    files.sort();

    let mut room = Room { publishers: Vec::new(), ids: HashSet::new(), port };
    for file in &files {
        let place = file.strip_prefix(dir).unwrap_or(file);
        let bytes = read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let modified = fs::metadata(file)?.modified()?;
        match recognise(&bytes) {
            Kind::Feed(content_type) => room.add_file(place, content_type, bytes, modified),
            Kind::Items(items) => {
                let folder =
                    file.parent().and_then(Path::file_name).map(|name| name.to_string_lossy()).unwrap_or_default();
                let day = dump::day(&folder).unwrap_or_else(|| DateTime::<Utc>::from(modified));
                for part in dump::split(&items, day) {
                    room.add_part(place, part, modified);
                }
            }
            Kind::Other(reason) => println!("skipped {}: {reason}", place.display()),
        }
    }
    if room.publishers.is_empty() {
        bail!("{} holds no feed", dir.display());
    }
    Ok(room.publishers)
}

fn gather(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for child in fs::read_dir(dir).with_context(|| format!("cannot open {}", dir.display()))? {
        let child = child?;
        let path = child.path();
        if child.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if child.file_type()?.is_dir() {
            gather(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// The file's bytes, unpacked if it was kept packed.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(file)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(&bytes[..]).take(LARGEST_UNPACKED).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// More than any feed has, bytes.
const LARGEST_UNPACKED: u64 = 64 * 1024 * 1024;

/// The publishers so far, each under a key and an address of its own.
struct Room {
    publishers: Vec<Publisher>,
    ids: HashSet<String>,
    port: u16,
}

impl Room {
    fn add_file(&mut self, place: &Path, content_type: &'static str, feed: Vec<u8>, modified: SystemTime) {
        let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.add(&place.to_string_lossy(), &name, content_type, feed, modified);
    }

    fn add_part(&mut self, place: &Path, part: dump::Part, modified: SystemTime) {
        let folder = place.parent().unwrap_or(Path::new("")).to_string_lossy();
        self.add(&format!("{folder}/{}", part.host), "rss.xml", "application/rss+xml", part.feed, modified);
    }

    fn add(&mut self, place: &str, file: &str, content_type: &'static str, feed: Vec<u8>, last_modified: SystemTime) {
        let address = address(self.publishers.len(), self.port);
        let id = unused(identifier(place), &self.ids);
        self.ids.insert(id.clone());
        self.publishers.push(Publisher {
            id,
            name: place.to_owned(),
            language: None,
            address,
            feed_path: path_of(file),
            content_type,
            feed,
            corrected: None,
            last_modified,
            articles: Vec::new(),
        });
    }
}

/// The file's name as a path of a URL.
fn path_of(file: &str) -> String {
    let mut url = Url::parse("http://127.0.0.1/").expect("a constant");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().push(file);
    }
    url.path().to_owned()
}

/// The longest key that a source may have.
const ID_LENGTH: usize = 64;

/// A source's key from a path: lower-case letters, digits and single hyphens. A long one keeps its end, which tells files
/// of one folder apart.
fn identifier(place: &str) -> String {
    let plain =
        place.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    let words = plain.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let id = words[words.len().saturating_sub(ID_LENGTH)..].trim_matches('-');
    if id.is_empty() { "feed".to_owned() } else { id.to_owned() }
}

/// The key, numbered if it is taken.
fn unused(id: String, taken: &HashSet<String>) -> String {
    if !taken.contains(&id) {
        return id;
    }
    let numbered = (2..).map(|number| {
        let suffix = format!("-{number}");
        format!("{}{suffix}", &id[..id.len().min(ID_LENGTH - suffix.len())])
    });
    numbered.into_iter().find(|candidate| !taken.contains(candidate)).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_of_any_path() {
        let cases = [
            ("A.org/feeds/News Été.xml", "a-org-feeds-news-t-xml"),
            ("__/..", "feed"),
            ("20-02-2026/www.a.example", "20-02-2026-www-a-example"),
        ];
        for (place, expected) in cases {
            assert_eq!(identifier(place), expected);
        }
        assert_eq!(identifier(&"x".repeat(200)).len(), ID_LENGTH);
    }

    #[test]
    fn no_two_sources_share_a_key() {
        let long = "x".repeat(ID_LENGTH);
        let taken = HashSet::from([long.clone(), format!("{}-2", &long[..ID_LENGTH - 2]), "a".to_owned()]);
        assert_eq!(unused("a".into(), &taken), "a-2");
        assert_eq!(unused(long.clone(), &taken), format!("{}-3", &long[..ID_LENGTH - 2]));
    }

    #[test]
    fn a_file_name_becomes_a_path() {
        assert_eq!(path_of("90.cx"), "/90.cx");
        assert_eq!(path_of("a b?c#d%.xml"), "/a%20b%3Fc%23d%25.xml");
    }
}
