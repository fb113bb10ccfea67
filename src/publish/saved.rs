//! Editions as they were last published, in files: what is served while the store is being opened or rebuilt.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{Edition, atom, json_feed, opml, pages, rss};

/// A folder with a file for each edition. They are copies: what is missing or damaged is rendered again.
#[derive(Debug, Clone)]
pub struct SavedEditions {
    folder: PathBuf,
}

/// The first line of a file; the body follows.
#[derive(Serialize, Deserialize)]
struct Heading {
    path: String,
    media_type: String,
    updated: DateTime<Utc>,
    /// xxh3 of the body.
    hash: String,
}

impl SavedEditions {
    /// The folder is made when there is something to put in it.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Puts an edition in the place of the one before it at its address.
    ///
    /// Not synced: after a power cut an older one, or none, is as good.
    pub(super) fn save(&self, path: &str, edition: &Edition) -> io::Result<()> {
        let body = edition.document();
        let heading = Heading {
            path: path.into(),
            media_type: edition.media_type.into(),
            updated: edition.updated,
            hash: format!("{:016x}", xxh3_64(body)),
        };
        let mut bytes = serde_json::to_vec(&heading)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        fs::create_dir_all(&self.folder)?;
        let name = file_name(path);
        let unfinished = self.folder.join(format!("{name}.new"));
        fs::write(&unfinished, bytes)?;
        fs::rename(&unfinished, self.folder.join(name))
    }

    /// The edition at an address as it was last kept; `None` if it was not, or its file does not read.
    pub(super) fn load(&self, path: &str) -> Option<Edition> {
        read(&self.folder.join(file_name(path))).filter(|(found, _)| found == path).map(|(_, edition)| edition)
    }

    /// Deletes them all.
    pub fn clear(&self) {
        self.keep_only(|_| false);
    }

    /// Deletes the files of editions that nobody expects any more.
    pub(super) fn keep_only(&self, wanted: impl Fn(&str) -> bool) {
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if read_heading(&file.path()).is_none_or(|heading| !wanted(&heading.path)) {
                // What cannot be deleted is passed over when it is read.
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// An address is letters, digits and few signs; only the slash cannot be in a file's name.
fn file_name(path: &str) -> String {
    format!("edition{}", path.replace('%', "%25").replace('/', "%2F"))
}

fn read(file: &Path) -> Option<(String, Edition)> {
    let bytes = fs::read(file).ok()?;
    let (heading, body) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n')?);
    let body = body.get(1..)?;
    let heading: Heading = serde_json::from_slice(heading).ok()?;
    if format!("{:016x}", xxh3_64(body)) != heading.hash {
        return None;
    }
    let known = [atom::MEDIA_TYPE, rss::MEDIA_TYPE, json_feed::MEDIA_TYPE, pages::MEDIA_TYPE, opml::MEDIA_TYPE];
    let media_type = known.into_iter().find(|one| *one == heading.media_type)?;
    Some((heading.path, Edition::new(media_type, heading.updated, body.to_vec().into())))
}

fn read_heading(file: &Path) -> Option<Heading> {
    use io::{BufRead as _, Read as _};
    let mut line = Vec::new();
    let file = fs::File::open(file).ok()?;
    io::BufReader::new(file).take(64 << 10).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::Coding;

    #[test]
    fn what_was_saved_is_served_again_and_what_is_torn_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let saved = SavedEditions::new(folder.path().join("editions"));
        assert!(saved.load("/all.atom").is_none());
        let edition = |body: &str| Edition::new(atom::MEDIA_TYPE, DateTime::UNIX_EPOCH, Vec::from(body).into());
        for (path, body) in [("/all.atom", "<feed>é\n</feed>"), ("/topics/ai.atom", "old"), ("/topics/ai.atom", "new")]
        {
            saved.save(path, &edition(body)).unwrap();
        }
        let all = saved.load("/all.atom").expect("it was saved");
        assert_eq!(all.document(), edition("<feed>é\n</feed>").document());
        assert_eq!(all.etag(Coding::Gzip), edition("<feed>é\n</feed>").etag(Coding::Gzip));
        let ai = saved.load("/topics/ai.atom").expect("it was saved");
        assert_eq!(ai.document(), edition("new").document());

        let file = folder.path().join("editions").join(file_name("/topics/ai.atom"));
        fs::write(&file, &fs::read(&file).unwrap()[..fs::metadata(&file).unwrap().len() as usize - 1]).unwrap();
        assert!(saved.load("/topics/ai.atom").is_none(), "a torn file is passed over");
        saved.keep_only(|path| path == "/topics/ai.atom");
        assert_eq!(fs::read_dir(folder.path().join("editions")).unwrap().count(), 1);
    }
}
