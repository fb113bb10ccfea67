//! Every edition as a file, for those who serve by a web server or an object store.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Edition, Editions,
    address::{Address, Format, StoriesAddress},
    archive::{Archived, Archives},
    plan::Plan,
    renderer::{Outcome, Renderer},
};
use crate::{
    model::{StoryNumber, TopicId},
    store::StoreError,
};

/// What is at an address, to be written as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedFile {
    /// Relative, with `/` between its parts, none of them `..`.
    pub path: String,
    pub modified: DateTime<Utc>,
    /// Every edition is text.
    pub text: String,
}

/// Pages are where a web server looks for what is at their address: `/topics/ai` is `topics/ai/index.html`.
pub(super) fn file_of(address: &Address) -> String {
    let target = address.to_string();
    let path = target.trim_start_matches('/');
    match address {
        Address::Index => "index.html".into(),
        Address::Story(_) | Address::Archive(..) | Address::Stories(StoriesAddress { format: Format::Page, .. }) => {
            format!("{path}/index.html")
        }
        Address::Stories(_) | Address::TopicsOutline | Address::SourcesOutline => path.into(),
    }
}

impl PublishedFile {
    fn new(address: &Address, edition: &Edition) -> Self {
        Self::of(file_of(address), edition)
    }

    fn of(path: String, edition: &Edition) -> Self {
        let text = String::from_utf8_lossy(edition.document()).into_owned();
        Self { path, modified: edition.updated, text }
    }
}

impl Editions {
    /// Every edition that is kept current or could be, the pages of all stories in them, archives, and what pages need besides,
    /// one after another. What `take` refuses ends it.
    ///
    /// # Errors
    /// When the store cannot be read, or what `take` says.
    pub fn files<E: From<StoreError>>(&self, take: &mut dyn FnMut(PublishedFile) -> Result<(), E>) -> Result<(), E> {
        let Some(plan) = self.plan() else { return Ok(()) };
        let mut stories = BTreeSet::new();
        let topics = std::iter::once(None).chain(plan.settings.topics.iter().map(|topic| Some(topic.id.clone())));
        for topic in topics {
            stories.extend(plan.files_of(topic.as_ref(), take)?);
        }
        for story in stories {
            plan.file(&Address::Story(story), take)?;
        }
        for (name, page) in plan.pages_of_archives() {
            plan.files_of_archive(&name, page, take)?;
        }
        plan.files_beside(take)
    }
}

impl Plan {
    /// A topic's editions (`None`: those of everything) in every format; the stories in them.
    pub(super) fn files_of<E: From<StoreError>>(
        &self,
        topic: Option<&TopicId>,
        take: &mut dyn FnMut(PublishedFile) -> Result<(), E>,
    ) -> Result<BTreeSet<StoryNumber>, E> {
        let Some(renderer) = &self.renderer else { return Ok(BTreeSet::new()) };
        let rendered = renderer.stories(&StoriesAddress::standing(topic, Format::Atom), &Format::ALL)?;
        for (address, edition) in rendered.editions {
            take(PublishedFile::new(&Address::Stories(address), &edition))?;
        }
        Ok(rendered.stories)
    }

    /// What is there once.
    pub(super) fn files_beside<E: From<StoreError>>(
        &self,
        take: &mut dyn FnMut(PublishedFile) -> Result<(), E>,
    ) -> Result<(), E> {
        for address in [Address::Index, Address::TopicsOutline, Address::SourcesOutline] {
            self.file(&address, take)?;
        }
        let style = PublishedFile {
            path: "style.css".into(),
            modified: DateTime::UNIX_EPOCH,
            text: String::from_utf8_lossy(super::pages::STYLE).into_owned(),
        };
        take(style)
    }

    /// Every page of an archive, by the name of the topic's feed, in order.
    pub(super) fn pages_of_archives(&self) -> Vec<(TopicId, u64)> {
        self.renderer.as_ref().and_then(Renderer::archives).map(|archives| archives.pages()).unwrap_or_default()
    }

    /// A page of an archive: its document, and the page for people.
    pub(super) fn files_of_archive<E: From<StoreError>>(
        &self,
        name: &TopicId,
        page: u64,
        take: &mut dyn FnMut(PublishedFile) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(archives) = self.renderer.as_ref().and_then(Renderer::archives) else { return Ok(()) };
        let path = Archives::path(name, page);
        if let Archived::Page(document) = archives.find(&path) {
            take(PublishedFile::of(path.trim_start_matches('/').to_owned(), &document))?;
        }
        self.file(&Address::Archive(name.clone(), page), take)
    }

    pub(super) fn file<E: From<StoreError>>(
        &self,
        address: &Address,
        take: &mut dyn FnMut(PublishedFile) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(renderer) = &self.renderer else { return Ok(()) };
        match renderer.render(address)? {
            Outcome::Edition(edition) => take(PublishedFile::new(address, &edition)),
            Outcome::Moved(_) | Outcome::Damaged | Outcome::Nothing => Ok(()),
        }
    }
}
