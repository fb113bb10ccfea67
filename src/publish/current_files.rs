use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use super::{
    address::{Address, Format, StoriesAddress},
    archive::Archives,
    directory::EditionDirectory,
    files::{PublishedFile, file_of},
    plan::Plan,
};
use crate::{
    model::{StoryNumber, TopicId},
    store::{ChangedEditions, StoreError},
};

/// Keeps a folder of editions current, a topic at a time.
pub(super) struct CurrentFiles {
    root: PathBuf,
    /// `None` until it is first written to, and after it could not be.
    directory: Option<EditionDirectory>,
    unwritten: ChangedEditions,
    /// What is there once is older than what is in the others.
    is_rest_unwritten: bool,
    /// Pages of archives do not change but by a takedown, which may have come while nothing ran, and their form for people by what
    /// the configuration says of topics.
    is_every_page_unsure: bool,
    /// Pages of archives that may not be as they are to be. They are looked at one at a time.
    unsure: BTreeSet<ArchivePlace>,
    /// The stories that each edition shows, by which it is known whose pages are still linked.
    stories: BTreeMap<Option<TopicId>, BTreeSet<StoryNumber>>,
}

/// A page of an archive, by the name of the topic's feed.
type ArchivePlace = (TopicId, u64);

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Disk(#[from] io::Error),
}

impl CurrentFiles {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            directory: None,
            unwritten: ChangedEditions::new(),
            is_rest_unwritten: false,
            is_every_page_unsure: true,
            unsure: BTreeSet::new(),
            stories: BTreeMap::new(),
        }
    }

    /// These editions are to be written, and what is there once.
    pub(super) fn have_changed(&mut self, editions: impl IntoIterator<Item = Option<TopicId>>) {
        self.unwritten.extend(editions);
        self.is_rest_unwritten = true;
    }

    /// Something was taken down: pages of archives that are written may not be as they were.
    pub(super) fn have_archives_changed(&mut self) {
        self.is_every_page_unsure = true;
        self.is_rest_unwritten = true;
    }

    /// Writes one topic, what is there once, or a page of an archive. `false` if nothing is left to do, or it cannot be done now: it is tried again
    /// at the next change.
    pub(super) fn write_next(&mut self, plan: &Plan) -> bool {
        let next = self.unwritten.pop_first();
        let written = match &next {
            Some(topic) => self.write_topic(plan, topic),
            None if self.is_rest_unwritten => self.write_rest(plan),
            None => match self.unsure.pop_first() {
                Some(page) => self.write_page(plan, page),
                None => return false,
            },
        };
        if let Err(error) = written {
            let hint = match &error {
                WriteError::Store(_) => "they stay as they are until the store can be read",
                WriteError::Disk(_) => "newsdesk's user must be able to write there, and there must be room",
            };
            tracing::error!(
                %error, directory = %self.root.display(), hint, "the files of editions could not be brought up to date"
            );
            self.directory = None;
            self.unwritten.extend(next);
            self.is_rest_unwritten = true;
            self.is_every_page_unsure = true;
            return false;
        }
        true
    }

    fn write_topic(&mut self, plan: &Plan, topic: &Option<TopicId>) -> Result<(), WriteError> {
        let directory = open(&mut self.directory, &self.root)?;
        let mut take = |file: PublishedFile| -> Result<(), WriteError> { Ok(directory.write(&file).map(drop)?) };
        let stories = plan.files_of(topic.as_ref(), &mut take)?;
        for story in &stories {
            plan.file(&Address::Story(*story), &mut take)?;
        }
        self.stories.insert(topic.clone(), stories);
        Ok(())
    }

    fn write_rest(&mut self, plan: &Plan) -> Result<(), WriteError> {
        let directory = open(&mut self.directory, &self.root)?;
        let mut beside = BTreeSet::new();
        plan.files_beside(&mut |file: PublishedFile| -> Result<(), WriteError> {
            directory.write(&file)?;
            beside.insert(file.path);
            Ok(())
        })?;
        let pages = plan.pages_of_archives();
        let files = |(name, page): &ArchivePlace| {
            let document = Archives::path(name, *page).trim_start_matches('/').to_owned();
            [document, file_of(&Address::Archive(name.clone(), *page))]
        };
        let is_new = |place: &ArchivePlace| !files(place).iter().all(|file| directory.has(file));
        for (place, next) in pages.iter().zip(pages.iter().skip(1).map(Some).chain([None])) {
            // The one before a new page leads on to it.
            if self.is_every_page_unsure || is_new(place) || next.is_some_and(is_new) {
                self.unsure.insert(place.clone());
            }
        }
        beside.extend(pages.iter().flat_map(files));
        let of_topics = plan.settings.topics.iter().map(|page| Some(page.id.clone()));
        let present: BTreeSet<Option<TopicId>> = std::iter::once(None).chain(of_topics).collect();
        self.stories.retain(|topic, _| present.contains(topic));
        let editions = present.iter().flat_map(|topic| {
            Format::ALL.map(|format| Address::Stories(StoriesAddress::standing(topic.as_ref(), format)))
        });
        let pages = self.stories.values().flatten().map(|story| Address::Story(*story));
        beside.extend(editions.chain(pages).map(|address| file_of(&address)));
        directory.keep_only(|path| beside.contains(path))?;
        self.is_rest_unwritten = false;
        self.is_every_page_unsure = false;
        Ok(())
    }

    fn write_page(&mut self, plan: &Plan, (name, page): ArchivePlace) -> Result<(), WriteError> {
        let directory = open(&mut self.directory, &self.root)?;
        plan.files_of_archive(&name, page, &mut |file| Ok(directory.write(&file).map(drop)?))
    }
}

fn open<'a>(directory: &'a mut Option<EditionDirectory>, root: &Path) -> io::Result<&'a mut EditionDirectory> {
    match directory {
        Some(directory) => Ok(directory),
        None => Ok(directory.insert(EditionDirectory::open(root)?)),
    }
}
