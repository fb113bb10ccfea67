//! Opening: what the files' names, beginnings and ends tell, and the newest segment's tail.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use uuid::Uuid;

use super::{
    Damage, Journal, JournalError, JournalSettings,
    append::Writer,
    disk::Disk,
    files::{Base, Current, Files, LastAppend, Segment, Shared},
    look::{look_at_end, look_through},
    names::{self, FileName},
};
use crate::store::CommitNumber;

/// An opened journal and what was found.
pub struct Opened {
    pub journal: Journal,
    /// The commit as of which there is a base.
    pub base: Option<CommitNumber>,
    /// The first commit that can be read on its own; `None` if there is none since the base.
    pub first: Option<CommitNumber>,
    /// The last commit that can be read; 0 in an empty journal. Whoever has committed more compares.
    pub last: CommitNumber,
    /// What was cut off the newest segment: an append that a crash interrupted.
    pub torn: Option<Torn>,
    /// What is missing or damaged, as far as names, beginnings and ends tell: [`Journal::verify`] reads everything.
    /// A journal that is damaged may be appended to; it is whole again once a new base is written.
    pub damage: Vec<Damage>,
}

/// A torn tail that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    pub file: PathBuf,
    /// The length of the file now.
    pub offset: u64,
    /// So many bytes were cut off.
    pub bytes: u64,
}

impl Journal {
    /// Opens or creates the journal in a folder that no other process uses.
    ///
    /// Leftovers of interrupted folds are deleted, and the newest segment is cut after its last whole commit.
    pub fn open(settings: JournalSettings) -> Result<Opened, JournalError> {
        Self::open_on(Disk::default(), settings)
    }

    pub(super) fn open_on(disk: Disk, mut settings: JournalSettings) -> Result<Opened, JournalError> {
        let folder = settings.folder.clone();
        if !folder.exists() {
            let made = disk.create_folder(&folder).and_then(|()| match folder.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => disk.sync_folder(parent),
                _ => Ok(()),
            });
            made.map_err(JournalError::io("make the folder", &folder))?;
        }
        let mut found = Found::list(&disk, &folder)?;
        let base = found.newest_whole_base(&folder, &mut settings.instance)?;
        let mut segments = Vec::new();
        let mut torn = None;
        let mut newest_is_whole = false;
        let firsts = std::mem::take(&mut found.segments);
        for (first, next) in firsts.iter().zip(firsts.iter().skip(1).map(Some).chain([None])) {
            let path = names::segment(&folder, *first);
            let looked = if next.is_none() { look_through(&path)? } else { look_at_end(&path)? };
            if let Some(header) = &looked.header {
                same_store(&path, header.instance, &mut settings.instance)?;
            }
            let whole = looked.damage.is_none();
            if whole && looked.end.is_none() {
                // A segment is begun with its first commit: that did not get through.
                torn = Some(Torn { file: path.clone(), offset: 0, bytes: looked.length });
                disk.remove(&path).map_err(JournalError::io("remove", &path))?;
                continue;
            }
            if looked.bytes < looked.length {
                let cut = disk.open(&path).and_then(|file| {
                    disk.truncate(&file, looked.bytes)?;
                    disk.sync(&file)
                });
                cut.map_err(JournalError::io("cut the journal file", &path))?;
                torn = Some(Torn { file: path, offset: looked.bytes, bytes: looked.length - looked.bytes });
            }
            newest_is_whole = whole;
            found.damage.extend(looked.damage);
            // Of a segment without a readable beginning or end its neighbour tells.
            let last = looked.end.map(|end| end.commit).or(next.map(|next| CommitNumber(next.0 - 1))).unwrap_or(*first);
            let begun = looked.header.map(|header| header.at).or(looked.end.map(|end| end.at)).unwrap_or_default();
            let oldest_removal = Some(begun);
            segments.push(Segment { first: *first, last, bytes: looked.bytes, begun, oldest_removal });
        }
        segments = found.drop_superseded(&disk, &folder, base, segments)?;
        found.look_for_gaps(&folder, base, &segments);

        let last = segments.last().map(|segment| segment.last);
        let last = last.into_iter().chain(base.map(|base| base.commit)).max().unwrap_or_default();
        let first =
            segments.first().map(|segment| segment.first.max(base.map_or(CommitNumber(1), |b| b.commit.next())));
        let mut current = None;
        // A damaged one is written no more: a new base will take its place.
        if newest_is_whole && let Some(segment) = segments.pop() {
            current = Some(go_on_with(&disk, &folder, segment)?);
        }
        disk.sync_folder(&folder).map_err(JournalError::io("make durable the folder", &folder))?;
        let writer = Writer::new().map_err(JournalError::io("prepare compression for", &folder))?;
        let files = Files { base, closed: segments, current, last, rewriting: false };
        let shared =
            Shared { settings, disk, writer: Mutex::new(writer), syncing: Mutex::default(), files: Mutex::new(files) };
        let journal = Journal(Arc::new(shared));
        Ok(Opened { journal, base: base.map(|b| b.commit), first, last, torn, damage: found.damage })
    }
}

/// What is in the folder.
#[derive(Default)]
struct Found {
    bases: Vec<CommitNumber>,
    segments: Vec<CommitNumber>,
    damage: Vec<Damage>,
}

impl Found {
    fn list(disk: &Disk, folder: &Path) -> Result<Self, JournalError> {
        let mut found = Self::default();
        let listing = || JournalError::io("list the folder", folder);
        for entry in fs::read_dir(folder).map_err(listing())? {
            let entry = entry.map_err(listing())?;
            match entry.file_name().to_str().and_then(FileName::read) {
                Some(FileName::Base(commit)) => found.bases.push(commit),
                Some(FileName::Segment(first)) => found.segments.push(first),
                Some(FileName::Unfinished) => {
                    let path = entry.path();
                    disk.remove(&path).map_err(JournalError::io("remove", &path))?;
                }
                None => {}
            }
        }
        found.bases.sort_unstable();
        found.segments.sort_unstable();
        Ok(found)
    }

    /// The newest base that has its end. One without it is damaged: a base gets its name when it is whole.
    fn newest_whole_base(&mut self, folder: &Path, instance: &mut Option<Uuid>) -> Result<Option<Base>, JournalError> {
        for commit in self.bases.iter().rev().copied() {
            let path = names::base(folder, commit);
            let looked = look_at_end(&path)?;
            if let Some(header) = &looked.header {
                same_store(&path, header.instance, instance)?;
            }
            match looked.damage {
                None if looked.end.is_some_and(|end| end.commit == commit) => {
                    return Ok(Some(Base { commit, bytes: looked.bytes }));
                }
                None => self.damage.push(Damage {
                    file: path,
                    offset: looked.bytes,
                    cause: format!("it does not end with commit {}, as its name says", commit.0),
                }),
                Some(damage) => self.damage.push(damage),
            }
        }
        Ok(None)
    }

    /// Deletes what the base holds too: the folder of an interrupted fold.
    fn drop_superseded(
        &mut self,
        disk: &Disk,
        folder: &Path,
        base: Option<Base>,
        segments: Vec<Segment>,
    ) -> Result<Vec<Segment>, JournalError> {
        let Some(base) = base else { return Ok(segments) };
        let remove = |path: PathBuf| disk.remove(&path).map_err(JournalError::io("remove", &path));
        for older in self.bases.iter().filter(|commit| **commit < base.commit) {
            remove(names::base(folder, *older))?;
        }
        let mut kept = Vec::new();
        for segment in segments {
            if segment.last > base.commit {
                kept.push(segment);
                continue;
            }
            let path = names::segment(folder, segment.first);
            self.damage.retain(|damage| damage.file != path);
            remove(path)?;
        }
        Ok(kept)
    }

    fn look_for_gaps(&mut self, folder: &Path, base: Option<Base>, segments: &[Segment]) {
        let mut next = base.map_or(CommitNumber(1), |base| base.commit.next());
        for segment in segments {
            if segment.first > next {
                let missing = format!("the commits from {} to {} before it are missing", next.0, segment.first.0 - 1);
                self.damage.push(Damage { file: names::segment(folder, segment.first), offset: 0, cause: missing });
            }
            next = segment.last.next();
        }
    }
}

/// The file's store must be this one; a store that is not known yet is learnt.
fn same_store(path: &Path, found: Option<Uuid>, instance: &mut Option<Uuid>) -> Result<(), JournalError> {
    match (found, *instance) {
        (Some(found), Some(expected)) if found != expected => {
            Err(JournalError::OtherStore { path: path.to_path_buf(), found, expected })
        }
        (found, known) => {
            *instance = known.or(found);
            Ok(())
        }
    }
}

/// The newest segment goes on. What a killed process left in the system's memory of it is made durable first.
fn go_on_with(disk: &Disk, folder: &Path, segment: Segment) -> Result<Current, JournalError> {
    let path = names::segment(folder, segment.first);
    let file = disk.open(&path).map_err(JournalError::io("write the journal file", &path))?;
    disk.sync(&file).map_err(JournalError::io("make durable the journal file", &path))?;
    Ok(Current {
        segment,
        file: Arc::new(file),
        uncut: false,
        folder_unsynced: false,
        sync_failed: false,
        unsynced: Vec::new(),
        unsynced_from: segment.bytes,
        last_append: LastAppend::TakenBack,
    })
}
