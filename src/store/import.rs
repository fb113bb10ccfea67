//! Lines of an export, read and checked, and made a store of.
//!
//! The store is built aside, complete and checked, and put in place by renaming its journal: before that the folder is as good as
//! empty, after it everything is there, since a database that is missing is rebuilt from the journal.

use std::{
    fs, io,
    io::BufRead,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Progress, StoreError, Watch,
    backup::{ARCHIVES, copy, pages},
    commit::{Change, Commit, CommitNumber},
    examine::give_to_owner,
    export::{self, ExportEnd, ExportHeader},
    folder::{self, Present},
    import_check::Relations,
    journal::{Journal, JournalSettings, Piece},
    open::StoreSettings,
    read::Store,
    rebuild::rebuild,
    upgrade,
};
use crate::json_lines;

/// The folder in which a store is built before it is put in place.
pub(super) const ASIDE: &str = "import";

/// Changes in one commit of the new journal.
const BATCH: usize = 1_000;

/// Why nothing was imported. The store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("line {line}, column {column}: {cause}")]
    Line { line: u64, column: usize, cause: String },
    #[error("line {line}: {cause}")]
    Relation { line: u64, cause: String },
    #[error("it ends after line {lines} without the line of its last commit, so a part of it is missing; get it whole")]
    CutOff { lines: u64 },
    #[error("it has format {found}, and this newsdesk knows formats up to {known}; import it with the newer newsdesk")]
    NewerFormat { found: u32, known: u32 },
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error(
        "there is news in the store in {path} already ({what}), and it would be lost: move the folder away first, or name \
         another one in [store] path"
    )]
    NotEmpty { path: PathBuf, what: String },
    #[error("it holds other things than its manifest says; use another backup")]
    Unexpected,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an export holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Contents {
    pub lines: u64,
    pub sources: u64,
    pub entries: u64,
    pub stories: u64,
    /// Of entries that are kept and of those that are gone.
    pub identities: u64,
    /// The commit as of which it is.
    pub commit: CommitNumber,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The store it comes from.
    pub instance: Option<Uuid>,
}

/// Reads an export to its end and checks every line of it.
pub fn check_export(from: &mut dyn BufRead, watch: Watch<'_>) -> Result<Contents, ImportError> {
    let mut export = Export::begin(from)?;
    while export.next(watch)?.is_some() {}
    Ok(export.end()?.contents)
}

/// Makes a store of an export, in a folder where there is none, or one without news.
///
/// # Errors
/// The first mistake in the export, by its line; a store that has news, or is in use. Nothing is changed then.
pub fn import(settings: &StoreSettings, from: &mut dyn BufRead, watch: Watch<'_>) -> Result<Contents, ImportError> {
    import_expected(settings, from, None, None, watch)
}

/// As [`import`], if the export holds what is expected, and with the pages of archives that are in a folder.
pub(super) fn import_expected(
    settings: &StoreSettings,
    from: &mut dyn BufRead,
    expected: Option<&Contents>,
    archives: Option<&Path>,
    watch: Watch<'_>,
) -> Result<Contents, ImportError> {
    let store = &settings.path;
    let cannot = |cause| StoreError::Folder { path: store.clone(), cause };
    folder::create_private(store).map_err(cannot)?;
    let lock = folder::lock(store)?;
    must_be_empty(store)?;
    let aside = store.join(ASIDE);
    remove_folder(&aside).map_err(cannot)?;
    folder::create_private(&aside).map_err(cannot)?;
    let built = build(settings, &aside, from, watch).and_then(|contents| match expected {
        Some(expected) if *expected != contents => Err(ImportError::Unexpected),
        _ => Ok(contents),
    });
    let built = built.and_then(|contents| {
        let aside = aside.join(ARCHIVES);
        for (name, page) in archives.map(pages).transpose()?.unwrap_or_default() {
            copy(&page, &aside.with_file_name(name))?;
        }
        Ok(contents)
    });
    let contents = match built {
        Ok(contents) => contents,
        Err(error) => {
            // What cannot be removed now is removed by the next import.
            let _ = remove_folder(&aside);
            return Err(error);
        }
    };
    put_in_place(store, &aside, contents.instance).map_err(cannot)?;
    drop(lock);
    // Read back as every later start reads it.
    let opened = Store::open_with(settings, watch)?;
    opened.store.verify(watch)?;
    give_to_owner(store).map_err(cannot)?;
    Ok(contents)
}

fn build(
    settings: &StoreSettings,
    aside: &Path,
    from: &mut dyn BufRead,
    watch: Watch<'_>,
) -> Result<Contents, ImportError> {
    let mut export = Export::begin(from)?;
    let instance = export.header.instance;
    let opened = Journal::open(JournalSettings::new(folder::journal(aside), instance)).map_err(StoreError::from)?;
    let journal = opened.journal;
    let mut batch = Batch { journal: &journal, at: settings.clock.now(), changes: Vec::new() };
    while let Some(change) = export.next(watch)? {
        batch.add(change)?;
    }
    let ended = export.end()?;
    for change in ended.corrections {
        batch.add(change)?;
    }
    batch.write()?;
    journal.sync().map_err(StoreError::from)?;
    let aside_settings = StoreSettings { path: aside.to_path_buf(), ..settings.clone() };
    let database = rebuild(&aside_settings, &journal, 1, watch)?;
    let all = database.live_bytes();
    database.verify(|done| Progress { doing: "checking the new database", done, all }.tell(watch))?;
    Ok(ended.contents)
}

struct Batch<'a> {
    journal: &'a Journal,
    at: DateTime<Utc>,
    changes: Vec<Change>,
}

impl Batch<'_> {
    fn add(&mut self, change: Change) -> Result<(), StoreError> {
        self.changes.push(change);
        if self.changes.len() >= BATCH { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let commit = Commit { number: self.journal.last().next(), changes: std::mem::take(&mut self.changes) };
        Ok(self.journal.append(&[commit], self.at)?)
    }
}

/// There may be a store, as long as nothing was ever kept in it.
fn must_be_empty(store: &Path) -> Result<(), ImportError> {
    let not_empty = |what: &str| ImportError::NotEmpty { path: store.to_path_buf(), what: what.into() };
    Present::read(store)?;
    if upgrade::is_format_1(store) {
        return Err(not_empty("of the former format"));
    }
    let mut has_commits = false;
    if folder::journal(store).exists() {
        let opened = Journal::open(JournalSettings::new(folder::journal(store), None)).map_err(StoreError::from)?;
        has_commits = opened.last > CommitNumber::default();
        for piece in opened.journal.read_all().map_err(StoreError::from)? {
            let changes = match piece.map_err(StoreError::from)? {
                Piece::Records(changes) => changes,
                Piece::Commit(commit, _) => commit.changes,
            };
            let is_news = |change: &Change| {
                matches!(
                    change,
                    Change::Entry(_) | Change::Story(_) | Change::Identity { .. } | Change::EntryRemoved { .. }
                )
            };
            if changes.iter().any(is_news) {
                return Err(not_empty("entries have been kept in it"));
            }
        }
    }
    let has_database = fs::read_dir(store.join("db")).is_ok_and(|mut databases| databases.next().is_some());
    if has_database && !has_commits {
        return Err(not_empty("its database is there and its journal is not, so that it cannot be told what is in it"));
    }
    Ok(())
}

/// Whatever of these steps a kill leaves undone: until the journal has its name, the store is an empty one.
fn put_in_place(store: &Path, aside: &Path, instance: Option<Uuid>) -> io::Result<()> {
    give_to_owner(store)?;
    folder::sync(aside)?;
    remove_file(&store.join("store.toml"))?;
    folder::sync(store)?;
    remove_folder(&folder::journal(store))?;
    remove_folder(&store.join("db"))?;
    remove_folder(&store.join("editions"))?;
    folder::sync(store)?;
    if aside.join(ARCHIVES).exists() {
        remove_folder(&store.join(ARCHIVES))?;
        fs::rename(aside.join(ARCHIVES), store.join(ARCHIVES))?;
    }
    fs::rename(folder::journal(aside), folder::journal(store))?;
    folder::sync(store)?;
    folder::create_private(&store.join("db"))?;
    fs::rename(folder::database(aside, 1), folder::database(store, 1))?;
    let present = Present { format: folder::FORMAT, database: 1, instance, made: None };
    present.write(store).map_err(io::Error::other)?;
    remove_folder(aside)
}

fn remove_folder(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path).or_else(ignore_missing)
}

fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(ignore_missing)
}

pub(super) fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// An export that is being read.
struct Export<'a> {
    from: &'a mut dyn BufRead,
    header: ExportHeader,
    end: Option<ExportEnd>,
    lines: u64,
    bytes: u64,
    relations: Relations,
    line: Vec<u8>,
}

/// An export that was read to its end.
struct Ended {
    contents: Contents,
    /// What follows from its lines and is not in them.
    corrections: Vec<Change>,
}

impl<'a> Export<'a> {
    fn begin(from: &'a mut dyn BufRead) -> Result<Self, ImportError> {
        let header =
            ExportHeader { newsdesk: String::new(), format: 0, instance: None, at: DateTime::default(), since: None };
        let (relations, line) = (Relations::default(), Vec::new());
        let mut export = Self { from, header, end: None, lines: 0, bytes: 0, relations, line };
        if !export.next_line()? {
            return Err(export.mistake("it is empty: the first line of an export says so and names its format"));
        }
        if first_key(&export.line) != Some("newsdesk") {
            return Err(export.mistake(
                "this is no export of newsdesk: the first line of one is like {\"newsdesk\":\"export\",\"format\":1,…}",
            ));
        }
        export.header = export.read_header()?;
        Ok(export)
    }

    /// The next change.
    fn next(&mut self, watch: Watch<'_>) -> Result<Option<Change>, ImportError> {
        while self.next_line()? {
            if self.lines.is_multiple_of(4096) {
                Progress { doing: "reading the export", done: self.bytes, all: 0 }.tell(watch)?;
            }
            match first_key(&self.line) {
                // The journal's files may follow each other.
                Some("newsdesk") => {
                    let header = self.read_header()?;
                    if header.instance.is_some()
                        && self.header.instance.is_some()
                        && header.instance != self.header.instance
                    {
                        return Err(self.mistake("from here on it is of another store than before"));
                    }
                }
                Some("commit") => {
                    let end: ExportEnd = self.parse()?;
                    if self.end.is_some_and(|before| end.commit < before.commit) {
                        return Err(self
                            .mistake("this commit is older than the one before it: the files are not in their order"));
                    }
                    if let Some(before) = self.end.filter(|before| before.commit.next() < end.commit) {
                        let cause =
                            format!("the commits from {} to {} are missing", before.commit.0 + 1, end.commit.0 - 1);
                        return Err(self.mistake(&cause));
                    }
                    self.end = Some(end);
                }
                _ => {
                    if self.end.is_some() && self.header.newsdesk == "export" {
                        return Err(self.mistake("the export has ended with the line before, and nothing may follow"));
                    }
                    let change: Change = self.parse()?;
                    self.relations.note(&change, self.lines).map_err(|cause| self.mistake(&cause))?;
                    return Ok(Some(change));
                }
            }
        }
        Ok(None)
    }

    fn end(self) -> Result<Ended, ImportError> {
        let Some(end) = self.end.filter(|_| matches!(first_key(&self.line), Some("commit"))) else {
            return Err(ImportError::CutOff { lines: self.lines });
        };
        let counts = self.relations.counts();
        let corrections = self.relations.check()?;
        let contents = Contents {
            lines: self.lines,
            commit: end.commit,
            at: self.header.at,
            instance: self.header.instance,
            ..counts
        };
        Ok(Ended { contents, corrections })
    }

    /// Reads on to the next line that is not blank; the last one stays at the end.
    fn next_line(&mut self) -> Result<bool, ImportError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = self.from.read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(false);
            }
            self.lines += 1;
            self.bytes += length as u64;
            if !line.trim_ascii().is_empty() {
                self.line = line;
                return Ok(true);
            }
        }
    }

    fn read_header(&self) -> Result<ExportHeader, ImportError> {
        #[derive(serde::Deserialize)]
        struct Format {
            newsdesk: String,
            format: u32,
        }
        let format: Format = self.parse()?;
        if !["export", "journal"].contains(&format.newsdesk.as_str()) {
            return Err(self.mistake(&format!("this is a file of newsdesk, but no export: {}", format.newsdesk)));
        }
        if format.format > export::FORMAT {
            return Err(ImportError::NewerFormat { found: format.format, known: export::FORMAT });
        }
        self.parse()
    }

    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, ImportError> {
        serde_json::from_slice(&self.line).map_err(|error| ImportError::Line {
            line: self.lines,
            column: error.column(),
            cause: json_lines::cause(&error),
        })
    }

    fn mistake(&self, cause: &str) -> ImportError {
        ImportError::Line { line: self.lines.max(1), column: 1, cause: cause.to_owned() }
    }
}

/// The first member's name of a JSON object.
fn first_key(line: &[u8]) -> Option<&str> {
    let rest = line.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}
