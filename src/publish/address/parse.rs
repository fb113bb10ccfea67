//! From an address to what it asks for.

use std::collections::BTreeSet;

use url::form_urlencoded;

use super::{Address, AddressError, Format, MOST_NAMES, MOST_STORIES, Of, Selection, StoriesAddress};
use crate::{
    model::{ContentPolicy, SourceId, StoryNumber, TopicId},
    publish::archive::page_address,
};

/// The longest address that is looked at, in bytes.
const LONGEST: usize = 1_024;

impl Address {
    /// What `path` and `query` ask for. That its topics and sources exist is for others to see.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(path: &str, query: Option<&str>) -> Result<Self, AddressError> {
        if path.len() + query.map_or(0, str::len) > LONGEST {
            return Err(AddressError::Nothing);
        }
        let alone = match path {
            "/" => Some(Self::Index),
            "/topics.opml" => Some(Self::TopicsOutline),
            "/sources.opml" => Some(Self::SourcesOutline),
            _ => {
                let story =
                    path.strip_prefix("/stories/").and_then(number).map(|number| Self::Story(StoryNumber(number)));
                story.or_else(|| page_address(path).map(|(topic, page)| Self::Archive(topic, page)))
            }
        };
        if let Some(alone) = alone {
            return if query.is_none_or(str::is_empty) { Ok(alone) } else { Err(AddressError::UnknownParameter) };
        }
        let (place, format) = [Format::Atom, Format::Rss, Format::Json]
            .into_iter()
            .find_map(|format| Some((path.strip_suffix(format.extension())?, format)))
            .unwrap_or((path, Format::Page));
        let of = if place == "/all" {
            Of::Everything
        } else if let Some(topics) = place.strip_prefix("/topics/") {
            let topics = topics.replace("%2B", "+").replace("%2b", "+");
            let named = topics.split('+').map(|id| is_id(id).then(|| TopicId::new(id)));
            Of::Topics(named.collect::<Option<_>>().ok_or(AddressError::Nothing)?)
        } else if let Some(source) = place.strip_prefix("/sources/").filter(|id| is_id(id)) {
            Of::Source(SourceId::new(source))
        } else {
            return Err(AddressError::Nothing);
        };
        let mut address =
            StoriesAddress { selection: Selection::all(of), format, content: ContentPolicy::Full, limit: None };
        address.read_query(query.unwrap_or_default())?;
        address.selection.check()?;
        Ok(Self::Stories(address))
    }
}

impl StoriesAddress {
    fn read_query(&mut self, query: &str) -> Result<(), AddressError> {
        let (mut content, mut limit) = (None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            // A plus sign in a query is a blank (WHATWG URL, application/x-www-form-urlencoded).
            let mut items = value.split([',', ' ']);
            let selection = &mut self.selection;
            match &*key {
                "and" => items.try_for_each(|id| put_topic(&mut selection.and, id))?,
                "not" => items.try_for_each(|id| put_topic(&mut selection.not, id))?,
                "source" => items.try_for_each(|id| {
                    let source = is_id(id).then(|| SourceId::new(id));
                    put(&mut selection.sources, source.ok_or(AddressError::Id)?)
                })?,
                "lang" => items.try_for_each(|tag| {
                    let tag = is_language(tag).then(|| tag.to_ascii_lowercase());
                    put(&mut selection.languages, tag.ok_or(AddressError::Language)?)
                })?,
                "content" => {
                    let policy = match &*value {
                        "full" => ContentPolicy::Full,
                        "summary" => ContentPolicy::Summary,
                        "title" => ContentPolicy::Title,
                        _ => return Err(AddressError::Content),
                    };
                    if self.format == Format::Page {
                        return Err(AddressError::ContentOfPage);
                    }
                    once(&mut content, policy)?;
                }
                "limit" => {
                    let most = number(&value).and_then(|number| usize::try_from(number).ok());
                    let most = most.filter(|most| (1..=MOST_STORIES).contains(most)).ok_or(AddressError::Limit)?;
                    once(&mut limit, most)?;
                }
                _ => return Err(AddressError::UnknownParameter),
            }
        }
        self.content = content.unwrap_or_default();
        self.limit = limit;
        Ok(())
    }
}

impl Selection {
    fn check(&self) -> Result<(), AddressError> {
        if let Of::Source(_) = &self.of
            && !self.sources.is_empty()
        {
            return Err(AddressError::SourceOfSource);
        }
        let is_unwanted = |topic: &TopicId| self.not.contains(topic);
        let is_contradicted = match &self.of {
            Of::Topics(topics) => topics.iter().any(is_unwanted),
            Of::Everything | Of::Source(_) => false,
        };
        if is_contradicted || self.and.iter().any(is_unwanted) {
            return Err(AddressError::Contradiction);
        }
        let names = self.topics().count() + self.named_sources().count() + self.languages.len();
        if names > MOST_NAMES { Err(AddressError::TooMany) } else { Ok(()) }
    }
}

fn put_topic(topics: &mut BTreeSet<TopicId>, id: &str) -> Result<(), AddressError> {
    let topic = is_id(id).then(|| TopicId::new(id));
    put(topics, topic.ok_or(AddressError::Id)?)
}

/// What is named twice is named.
fn put<T: Ord>(set: &mut BTreeSet<T>, item: T) -> Result<(), AddressError> {
    set.insert(item);
    Ok(())
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), AddressError> {
    if place.replace(value).is_some() { Err(AddressError::GivenTwice) } else { Ok(()) }
}

/// As the configuration has them: lower-case letters, digits and `-`.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// A language tag of up to 35 characters (RFC 5646 §4.4.1).
fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let is_subtag = |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= 35
        && subtags.next().is_some_and(|first| is_subtag(first) && first.bytes().all(|b| b.is_ascii_alphabetic()))
        && subtags.all(is_subtag)
}

/// A number without sign or leading zeros.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_number)
}
