//! A folder that holds every edition as a file.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use super::{Coding, coding::Packed, files::PublishedFile};

/// A folder of editions, for a web server to serve as it is. Beside each file are its codings, under the names that nginx
/// (`gzip_static`, `brotli_static`) and others look for: `.gz`, `.br`, `.zst`.
///
/// Files are replaced whole, and only those that changed. What newsdesk did not write it leaves alone.
#[derive(Debug)]
pub struct EditionDirectory {
    root: PathBuf,
    /// Paths of files that were written by newsdesk, at this time or before.
    written: BTreeSet<String>,
}

/// Names the files that are ours to remove. It is not served by web servers that hide dot files.
const LIST: &str = ".newsdesk-files";

/// What follows the name of a file in a coding.
const CODINGS: [(&str, Coding); 3] = [("gz", Coding::Gzip), ("br", Coding::Brotli), ("zst", Coding::Zstd)];

/// Everybody may read what is published, whatever the mask of the process.
const MODES: (u32, u32) = (0o755, 0o644);

impl EditionDirectory {
    /// The folder is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made or its list cannot be read.
    pub fn open(root: &Path) -> io::Result<Self> {
        make_folder(root)?;
        let list = match fs::read_to_string(root.join(LIST)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            list => list?,
        };
        Ok(Self { root: root.to_path_buf(), written: list.lines().map(str::to_owned).collect() })
    }

    /// Puts a file in the place of the one before it, unless that is the same. `true` if it was not.
    ///
    /// # Errors
    /// When it cannot be written, or its path leads out of the folder.
    pub fn write(&mut self, file: &PublishedFile) -> io::Result<bool> {
        let place = self.place(&file.path)?;
        if self.written.insert(file.path.clone()) {
            // Named first: a file that nobody knows of would stay for ever.
            let mut list = fs::File::options().create(true).append(true).open(self.root.join(LIST))?;
            list.write_all(format!("{}\n", file.path).as_bytes())?;
        }
        if fs::read(&place).is_ok_and(|there| there == file.text.as_bytes()) {
            return Ok(false);
        }
        if let Some(folder) = place.parent() {
            self.make_folders(folder)?;
        }
        let modified = Some(SystemTime::from(file.modified));
        // The codings go first and come after: beside a document there is never one of another.
        let packed = Packed::new(file.text.as_bytes());
        for (extension, _) in CODINGS {
            remove(&beside(&place, extension))?;
        }
        replace(&place, file.text.as_bytes(), modified)?;
        for (extension, coding) in CODINGS {
            if let Some(packed) = packed.body(coding) {
                replace(&beside(&place, extension), packed, modified)?;
            }
        }
        Ok(true)
    }

    /// Whether newsdesk has written this file before.
    pub fn has(&self, path: &str) -> bool {
        self.written.contains(path)
    }

    /// Removes what was written before and is not among `wanted`.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn keep_only(&mut self, wanted: impl Fn(&str) -> bool) -> io::Result<usize> {
        let unwanted: Vec<String> = self.written.iter().filter(|path| !wanted(path)).cloned().collect();
        for path in &unwanted {
            let place = self.place(path)?;
            for (extension, _) in CODINGS {
                remove(&beside(&place, extension))?;
            }
            remove(&place)?;
            // Folders that are not empty stay.
            let _ = place.parent().map(fs::remove_dir);
            self.written.remove(path);
        }
        if !unwanted.is_empty() {
            self.keep_list()?;
        }
        Ok(unwanted.len())
    }

    fn place(&self, path: &str) -> io::Result<PathBuf> {
        let is_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || path.is_empty() || path == LIST {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{path} is no path of an edition")));
        }
        Ok(self.root.join(path))
    }

    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        let Ok(inside) = folder.strip_prefix(&self.root) else { return Ok(()) };
        let mut at = self.root.clone();
        for part in inside {
            at.push(part);
            make_folder(&at)?;
        }
        Ok(())
    }

    fn keep_list(&self) -> io::Result<()> {
        let lines: String = self.written.iter().map(|path| format!("{path}\n")).collect();
        replace(&self.root.join(LIST), lines.as_bytes(), None)
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(MODES.0))
}

fn beside(place: &Path, extension: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// A file that is half written has another name; a server never sees it.
fn replace(place: &Path, bytes: &[u8], modified: Option<SystemTime>) -> io::Result<()> {
    let unfinished = beside(place, "new");
    fs::write(&unfinished, bytes)?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(MODES.1))?;
    if let Some(modified) = modified {
        fs::File::options().write(true).open(&unfinished)?.set_modified(modified)?;
    }
    fs::rename(&unfinished, place)
}

fn remove(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn file(path: &str, text: &str) -> PublishedFile {
        let modified = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        PublishedFile { path: path.into(), modified, text: text.into() }
    }

    fn names(root: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for item in fs::read_dir(folder).expect("read").flatten() {
                if item.path().is_dir() {
                    folders.push(item.path());
                } else {
                    names.push(item.path().strip_prefix(root).expect("inside").to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        names
    }

    #[test]
    fn only_what_changed_is_written_and_only_what_is_ours_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("www");
        let mut directory = EditionDirectory::open(&root).expect("opened");
        let long = "news ".repeat(200);
        assert!(directory.write(&file("topics/ai.atom", &long)).expect("written"));
        assert!(directory.write(&file("topics/ai/index.html", "short")).expect("written"));
        let all = [
            ".newsdesk-files",
            "topics/ai.atom",
            "topics/ai.atom.br",
            "topics/ai.atom.gz",
            "topics/ai.atom.zst",
            "topics/ai/index.html",
        ];
        assert_eq!(names(&root), all);
        let metadata = fs::metadata(root.join("topics/ai.atom")).expect("there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o644);
        assert_eq!(metadata.modified().expect("a time"), SystemTime::from(file("a", "").modified));
        let mut unpacked = String::new();
        let packed = fs::File::open(root.join("topics/ai.atom.gz")).expect("there");
        io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut unpacked).expect("gzip");
        assert_eq!(unpacked, long);

        fs::write(root.join("robots.txt"), "theirs").expect("written");
        let mut directory = EditionDirectory::open(&root).expect("opened again");
        assert!(!directory.write(&file("topics/ai.atom", &long)).expect("written"), "it is there already");
        assert!(directory.write(&file("topics/ai.atom", "short now")).expect("written"));
        let no_codings = [".newsdesk-files", "robots.txt", "topics/ai.atom", "topics/ai/index.html"];
        assert_eq!(names(&root), no_codings, "no coding of the one before stays");
        assert_eq!(directory.keep_only(|path| path == "topics/ai.atom").expect("removed"), 1);
        assert_eq!(names(&root), [".newsdesk-files", "robots.txt", "topics/ai.atom"]);
        assert!(!root.join("topics/ai").exists());
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut directory = EditionDirectory::open(&folder.path().join("www")).expect("opened");
        for path in ["../a", "/etc/passwd", "a/../../b", "", "./a", LIST] {
            assert!(directory.write(&file(path, "text")).is_err(), "{path}");
        }
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
