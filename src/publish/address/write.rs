//! From what is asked for to its canonical address, from the root on.

use std::{collections::BTreeSet, fmt};

use super::{Address, Of, Selection, StoriesAddress};
use crate::{
    model::ContentPolicy,
    publish::pages::{archive_path, story_path},
};

impl fmt::Display for Address {
    /// The canonical address, from the root on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index => f.write_str("/"),
            Self::Stories(stories) => stories.fmt(f),
            Self::Story(number) => f.write_str(&story_path(*number)),
            Self::Archive(name, page) => f.write_str(&archive_path(name, *page)),
            Self::TopicsOutline => f.write_str("/topics.opml"),
            Self::SourcesOutline => f.write_str("/sources.opml"),
        }
    }
}

impl fmt::Display for StoriesAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Selection { of, and, not, languages, sources } = &self.selection;
        match of {
            Of::Everything => f.write_str("/all")?,
            Of::Topics(topics) => write!(f, "/topics/{}", Joined(topics, '+'))?,
            Of::Source(source) => write!(f, "/sources/{source}")?,
        }
        f.write_str(self.format.extension())?;
        let mut sign = '?';
        let mut parameter = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            write!(f, "{}{name}={value}", std::mem::replace(&mut sign, '&'))
        };
        if !and.is_empty() {
            parameter(f, "and", &Joined(and, ','))?;
        }
        if !not.is_empty() {
            parameter(f, "not", &Joined(not, ','))?;
        }
        if !languages.is_empty() {
            parameter(f, "lang", &Joined(languages, ','))?;
        }
        if !sources.is_empty() {
            parameter(f, "source", &Joined(sources, ','))?;
        }
        match self.content {
            ContentPolicy::Full => {}
            ContentPolicy::Summary => parameter(f, "content", &"summary")?,
            ContentPolicy::Title => parameter(f, "content", &"title")?,
        }
        match self.limit {
            Some(limit) => parameter(f, "limit", &limit),
            None => Ok(()),
        }
    }
}

struct Joined<'a, T>(&'a BTreeSet<T>, char);

impl<T: fmt::Display> fmt::Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, item) in self.0.iter().enumerate() {
            if nth > 0 {
                write!(f, "{}", self.1)?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}
