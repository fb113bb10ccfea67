//! What is known of a feed, an item or an `atom:source` while it is being read.

use chrono::{DateTime, Utc};

use super::elements::Role;
use crate::model::{Category, Link, ParsedSource, Person, TextKind};

/// A value said by one element or by several: the best of them, or the first of equals.
#[derive(Debug)]
pub struct Slot<T>(Option<(u8, T)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub fn offer(&mut self, rank: u8, value: T) {
        if self.0.as_ref().is_none_or(|(held, _)| rank < *held) {
            self.0 = Some((rank, value));
        }
    }

    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

#[derive(Debug)]
pub struct DraftText {
    pub value: String,
    pub kind: TextKind,
    /// `xml:base` in force, absolute.
    pub base: Option<String>,
}

/// A date as its publisher wrote it, and the instant it was found to name.
#[derive(Debug)]
pub struct DraftDate {
    pub written: String,
    pub instant: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub struct Draft {
    /// With whether it is a permalink, in RSS.
    pub id: Slot<(String, Option<bool>)>,
    pub title: Slot<DraftText>,
    pub summary: Slot<DraftText>,
    pub content: Slot<DraftText>,
    /// `src` and `type` of a content that is elsewhere (RFC 4287 §4.1.3.2).
    pub content_elsewhere: Option<Link>,
    pub links: Vec<Link>,
    pub original_link: Option<String>,
    pub comments: Option<String>,
    pub authors: Vec<Person>,
    pub contributors: Vec<Person>,
    pub categories: Vec<Category>,
    pub published: Slot<DraftDate>,
    pub updated: Slot<DraftDate>,
    pub rights: Slot<DraftText>,
    pub language: Slot<String>,
    /// `xml:base` in force, absolute.
    pub base: Option<String>,
    pub source: Option<ParsedSource>,
}

impl Draft {
    /// Adds an enclosure unless it is known already; Media RSS and RSS often name the same file.
    pub fn add_enclosure(&mut self, enclosure: Link) {
        match self.links.iter_mut().find(|link| link.rel == "enclosure" && link.href == enclosure.href) {
            Some(known) => {
                known.media_type = known.media_type.take().or(enclosure.media_type);
                known.length = known.length.or(enclosure.length);
            }
            None => self.links.push(enclosure),
        }
    }

    /// Where a person with this role belongs.
    pub fn persons(&mut self, role: Role) -> &mut Vec<Person> {
        match role {
            Role::Author => &mut self.authors,
            Role::Contributor => &mut self.contributors,
        }
    }

    pub fn add_category(&mut self, category: Category) {
        if !category.term.is_empty() && !self.categories.contains(&category) {
            self.categories.push(category);
        }
    }

    /// An `atom:source` that has been read to its end.
    pub fn into_source(self) -> ParsedSource {
        ParsedSource {
            id: self.id.take().map(|(id, _)| id),
            title: self.title.take().map(|title| title.value),
            links: self.links,
            updated: self.updated.take().map(|date| date.instant),
            rights: self.rights.take().map(|rights| rights.value),
            authors: self.authors,
        }
    }
}
