use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    files,
    page::{Heading, Page, PageDamage, PageEntry, TakeOut},
};
use crate::{
    model::{StoryNumber, TopicId},
    publish::{Edition, atom},
};

/// The pages of every topic's archive, read from their files when somebody asks. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct Archives(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The pages there are, by the name of the feed.
    pages: HashMap<TopicId, BTreeSet<u64>>,
    /// Where the current feed of each name is; `None` until that is known.
    current: Option<HashMap<TopicId, String>>,
    /// How often a page was written: what was read before that is not to be held.
    written: u64,
    /// What was asked for lately, the last at the end.
    lately: VecDeque<((TopicId, u64), Arc<Edition>)>,
}

/// What is to be had at an address of an archive.
pub enum Archived {
    Page(Arc<Edition>),
    /// The page comes after the last one: until it is there, its stories are in the current feed, at this path.
    NotYet {
        current: String,
    },
    /// It cannot be told yet.
    Starting,
    /// It was there, and is no longer kept.
    Gone,
    /// It is there and is not as it was written.
    Damaged,
    Nothing,
}

/// What archives take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PagesKept {
    pub topics: u64,
    pub pages: u64,
    pub bytes: u64,
    /// Files that are not as they were written, and why.
    pub damaged: Vec<(PathBuf, PageDamage)>,
}

/// What was taken out of archives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenOut {
    /// Pages that were changed.
    pub pages: usize,
    /// Entries that were cut out, or no longer name it.
    pub entries: usize,
    /// Files that cannot be read, so that it may still be in them.
    pub unread: Vec<PathBuf>,
}

/// For how long caches may keep a page without asking. It stays as it is for good, unless something in it is taken down.
const MAX_AGE: Duration = Duration::from_secs(86_400);

/// Bytes of documents that are held for those who ask next, and how many at most.
const HELD: usize = 8 << 20;
const MOST_HELD: usize = 32;

impl Archives {
    /// The archives in a folder, which is made when there is something to put in it.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        let pages = files::pages(&folder)?.into_iter();
        let pages = pages.map(|(topic, pages)| (topic, pages.into_iter().collect())).collect();
        let state = State { pages, ..State::default() };
        Ok(Self(Arc::new(Shared { folder, state: Mutex::new(state) })))
    }

    /// The path of a page.
    pub fn path(topic: &TopicId, page: u64) -> String {
        files::path(topic, page)
    }

    /// Says where the current feed of each name is.
    pub fn arrange(&self, current: impl Iterator<Item = (TopicId, String)>) {
        self.state().current = Some(current.collect());
    }

    /// What is to be had at a path.
    pub fn find(&self, path: &str) -> Archived {
        let Some((topic, page)) = files::address(path) else { return Archived::Nothing };
        let written = {
            let mut state = self.state();
            if let Some(instead) = state.instead_of(&topic, page) {
                return instead;
            }
            if let Some(place) = state.lately.iter().position(|(of, _)| (&of.0, of.1) == (&topic, page))
                && let Some(held) = state.lately.remove(place)
            {
                let edition = held.1.clone();
                state.lately.push_back(held);
                return Archived::Page(edition);
            }
            state.written
        };
        match self.read(&topic, page) {
            Ok(Some(found)) => {
                let Page { heading, document } = found;
                let mut edition = Edition::new(atom::MEDIA_TYPE, heading.updated, document.into());
                edition.max_age = MAX_AGE;
                let edition = Arc::new(edition);
                let mut state = self.state();
                if state.written == written {
                    state.hold((topic, page), edition.clone());
                }
                Archived::Page(edition)
            }
            Ok(None) => Archived::Gone,
            Err(damage) => {
                tracing::error!(
                    "the archive's page {path} cannot be read: {damage}; `newsdesk doctor` says what to do"
                );
                Archived::Damaged
            }
        }
    }

    /// What there is in place of the page for people at this path; `None` if that can be made.
    pub fn instead_of(&self, path: &str) -> Option<Archived> {
        let Some((topic, page)) = files::page_address(path) else { return Some(Archived::Nothing) };
        Some(match self.state().instead_of(&topic, page)? {
            Archived::NotYet { current } => Archived::NotYet { current: current.trim_end_matches(".atom").to_owned() },
            instead => instead,
        })
    }

    /// Every page there is, with its topic, in order.
    pub(in crate::publish) fn pages(&self) -> Vec<(TopicId, u64)> {
        let state = self.state();
        let pages = state.pages.iter().flat_map(|(topic, pages)| pages.iter().map(|page| (topic.clone(), *page)));
        let mut pages: Vec<(TopicId, u64)> = pages.collect();
        pages.sort_unstable();
        pages
    }

    /// The newest page of a topic's archive.
    pub fn newest(&self, topic: &TopicId) -> Option<u64> {
        self.state().pages.get(topic).and_then(|pages| pages.last().copied())
    }

    /// The page before this one.
    pub(in crate::publish) fn before(&self, topic: &TopicId, page: u64) -> Option<u64> {
        self.state().pages.get(topic).and_then(|pages| pages.range(..page).next_back().copied())
    }

    /// The page after this one.
    pub(in crate::publish) fn after(&self, topic: &TopicId, page: u64) -> Option<u64> {
        self.state().pages.get(topic).and_then(|pages| pages.range(page.saturating_add(1)..).next().copied())
    }

    /// The stories of a page, as far as it can be read.
    pub(in crate::publish) fn stories_of(&self, topic: &TopicId, page: u64) -> Vec<StoryNumber> {
        let read = fs::read(files::file(&self.0.folder, topic, page));
        let heading = read.ok().and_then(|bytes| Heading::decode(&bytes).ok().map(|(heading, _)| heading));
        heading.into_iter().flat_map(|heading| heading.entries).map(|entry| entry.story).collect()
    }

    /// Reads a page from its file; `None` if there is none.
    ///
    /// # Errors
    /// It is not as it was written, or cannot be read.
    pub fn read(&self, topic: &TopicId, page: u64) -> Result<Option<Page>, PageDamage> {
        let bytes = match fs::read(files::file(&self.0.folder, topic, page)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PageDamage(error.to_string())),
        };
        let found = Page::decode(&bytes)?;
        if found.heading.topic == *topic && found.heading.page == page {
            Ok(Some(found))
        } else {
            let Heading { topic, page, .. } = found.heading;
            Err(PageDamage(format!("it is page {page} of {topic}")))
        }
    }

    /// What a page of this feed says of itself, if it is there and whole.
    pub(super) fn heading_of(&self, topic: &TopicId, page: u64, feed: &str) -> Option<Heading> {
        let found = self.read(topic, page).ok().flatten()?;
        (found.heading.feed == feed).then_some(found.heading)
    }

    /// Puts a page up. It is on the disk when this returns.
    ///
    /// # Errors
    /// The file cannot be written; there is none then, or the one before it.
    pub(super) fn put(&self, page: &Page) -> Result<(), (PathBuf, io::Error)> {
        let Heading { topic, page: number, .. } = &page.heading;
        let bytes = page.encode();
        let written = bytes.and_then(|bytes| files::write(&self.0.folder, topic, *number, &bytes));
        written.map_err(|cause| (files::file(&self.0.folder, topic, *number), cause))?;
        let mut state = self.state();
        state.written += 1;
        state.let_go(topic, *number);
        state.pages.entry(topic.clone()).or_default().insert(*number);
        Ok(())
    }

    /// Takes what was taken down out of every page, durably.
    ///
    /// # Errors
    /// A page that has it cannot be written. Others may have been.
    pub fn take_out(&self, what: &TakeOut) -> io::Result<TakenOut> {
        let mut taken = TakenOut::default();
        self.each_with(what, &mut taken.unread, &mut |page| {
            if let Some((page, entries)) = page.without(what) {
                self.put(&page).map_err(|(path, cause)| {
                    io::Error::new(cause.kind(), format!("{} cannot be written: {cause}", path.display()))
                })?;
                taken.pages += 1;
                taken.entries += entries;
            }
            Ok(())
        })?;
        Ok(taken)
    }

    /// The entries of pages that are it, and in how many pages there is something of it.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn look_for(&self, what: &TakeOut) -> io::Result<(Vec<PageEntry>, usize)> {
        let (mut entries, mut pages) = (Vec::new(), 0);
        self.each_with(what, &mut Vec::new(), &mut |page| {
            entries.extend(page.heading.entries_of(what).cloned());
            pages += 1;
            Ok(())
        })?;
        Ok((entries, pages))
    }

    fn each_with(
        &self,
        what: &TakeOut,
        unread: &mut Vec<PathBuf>,
        each: &mut dyn FnMut(Page) -> io::Result<()>,
    ) -> io::Result<()> {
        for (topic, pages) in files::pages(&self.0.folder)? {
            for page in pages {
                let file = files::file(&self.0.folder, &topic, page);
                let bytes = match fs::read(&file) {
                    Ok(bytes) => bytes,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(_) => {
                        unread.push(file);
                        continue;
                    }
                };
                match Heading::decode(&bytes).map(|(heading, _)| heading.holds(what)) {
                    Ok(false) => {}
                    Ok(true) => match Page::decode(&bytes) {
                        Ok(page) => each(page)?,
                        Err(_) => unread.push(file),
                    },
                    Err(_) => unread.push(file),
                }
            }
        }
        Ok(())
    }

    /// Removes the pages that were made longer ago than this, the oldest of each topic first. Returns how many. Without it pages
    /// are kept for ever.
    ///
    /// # Errors
    /// The folder cannot be read, or a file not be removed.
    pub fn remove_older_than(&self, age: Duration, now: DateTime<Utc>) -> io::Result<usize> {
        let horizon = TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
        let Some(horizon) = horizon else { return Ok(0) };
        let mut removed = 0;
        for (topic, pages) in files::pages(&self.0.folder)? {
            // The newest stays: the current feed leads there, and its number says which comes next.
            for page in pages.iter().rev().skip(1).rev() {
                let file = files::file(&self.0.folder, &topic, *page);
                let bytes = fs::read(&file)?;
                if Heading::decode(&bytes).is_ok_and(|(heading, _)| heading.made >= horizon) {
                    break;
                }
                fs::remove_file(&file)?;
                removed += 1;
                let mut state = self.state();
                state.let_go(&topic, *page);
                if let Some(pages) = state.pages.get_mut(&topic) {
                    pages.remove(page);
                }
            }
        }
        Ok(removed)
    }

    /// Reads every page of a folder and says what there is.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn verify(folder: &Path) -> io::Result<PagesKept> {
        let mut kept = PagesKept::default();
        for (topic, pages) in files::pages(folder)? {
            kept.topics += u64::from(!pages.is_empty());
            for page in pages {
                let file = files::file(folder, &topic, page);
                let bytes = match fs::read(&file) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    bytes => bytes,
                };
                kept.pages += 1;
                let read = bytes.map_err(|error| PageDamage(error.to_string())).and_then(|bytes| {
                    kept.bytes += bytes.len() as u64;
                    Page::decode(&bytes)
                });
                if let Err(damage) = read {
                    kept.damaged.push((file, damage));
                }
            }
        }
        Ok(kept)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What there is in place of a page; `None` if it is there.
    fn instead_of(&self, topic: &TopicId, page: u64) -> Option<Archived> {
        let pages = self.pages.get(topic);
        let last = pages.and_then(|pages| pages.last().copied()).unwrap_or(0);
        if pages.is_some_and(|pages| pages.contains(&page)) {
            return None;
        }
        Some(match &self.current {
            _ if page < last => Archived::Gone,
            None => Archived::Starting,
            Some(current) => match current.get(topic) {
                Some(current) if page == last + 1 => Archived::NotYet { current: current.clone() },
                _ => Archived::Nothing,
            },
        })
    }

    fn hold(&mut self, of: (TopicId, u64), edition: Arc<Edition>) {
        let bytes = |edition: &Edition| edition.document().len();
        self.lately.retain(|(held, _)| *held != of);
        self.lately.push_back((of, edition));
        while self.lately.len() > MOST_HELD
            || (self.lately.len() > 1 && self.lately.iter().map(|(_, held)| bytes(held)).sum::<usize>() > HELD)
        {
            self.lately.pop_front();
        }
    }

    fn let_go(&mut self, topic: &TopicId, page: u64) {
        self.lately.retain(|((of, number), _)| (of, *number) != (topic, page));
    }
}
