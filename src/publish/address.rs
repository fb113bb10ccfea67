//! The addresses of our editions: which there are, and what each asks for.
//!
//! An edition has one address, the canonical one, by which its feed names itself (RFC 4287 §4.2.7.2, `self`). Others that ask for
//! the same lead to it.

use std::{collections::BTreeSet, fmt};

use url::form_urlencoded;

use super::{
    archive::page_address,
    pages::{archive_path, story_path},
};
use crate::model::{ContentPolicy, SourceId, StoryNumber, TopicId};

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// The page that names every topic.
    Index,
    /// Stories, as a feed or a page.
    Stories(StoriesAddress),
    /// The page of one story.
    Story(StoryNumber),
    /// A page for people of the archive of a topic, by the name of the topic's feed.
    Archive(TopicId, u64),
    /// Our topics' feeds, for a reader to subscribe to in one go.
    TopicsOutline,
    /// What we read, by topic.
    SourcesOutline,
}

impl Address {
    /// Whether readers can subscribe to it: a feed of one topic or of everything, and nothing that anybody may combine.
    pub fn can_be_subscribed_to(&self) -> bool {
        matches!(self, Address::Stories(stories) if stories.format != Format::Page && stories.topic().is_some())
    }
}

/// Which stories, in which form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoriesAddress {
    pub selection: Selection,
    pub format: Format,
    /// No more than this of each story.
    pub content: ContentPolicy,
    /// At most so many; `None` for as many as the admin says.
    pub limit: Option<usize>,
}

/// Which stories.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    pub of: Of,
    /// They are in each of these topics as well.
    pub and: BTreeSet<TopicId>,
    /// They are in none of these.
    pub not: BTreeSet<TopicId>,
    /// They are in one of these languages (RFC 4647 §3.3.1: `pt` is `pt-BR` too); all, if there is none.
    pub languages: BTreeSet<String>,
    /// One of these sources has them; all, if there is none.
    pub sources: BTreeSet<SourceId>,
}

/// Where the stories are taken from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Of {
    Everything,
    /// Those of any of these topics; there is at least one.
    Topics(BTreeSet<TopicId>),
    /// The entries of a source, as they are there.
    Source(SourceId),
}

/// What a list of stories is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    Atom,
    Rss,
    Json,
    Page,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Atom, Format::Rss, Format::Json, Format::Page];

    /// The end of the path.
    fn extension(self) -> &'static str {
        match self {
            Format::Atom => ".atom",
            Format::Rss => ".rss",
            Format::Json => ".json",
            Format::Page => "",
        }
    }
}

/// Why an address asks for nothing that can be had. Each says what to do, and nothing of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("there is nothing here")]
    Nothing,
    #[error("unknown parameter: there are and, not, lang, source, content and limit")]
    UnknownParameter,
    #[error("content and limit can be given once only")]
    GivenTwice,
    #[error("content is full, summary or title")]
    Content,
    #[error("content is for feeds: add .atom, .rss or .json to the path")]
    ContentOfPage,
    #[error("limit is a number from 1 to {MOST_STORIES}")]
    Limit,
    #[error("and and not take ids of topics, source takes ids of sources, with a comma between two")]
    Id,
    #[error("lang takes language tags such as fr or pt-BR, with a comma between two")]
    Language,
    #[error("one topic is both wanted and not wanted")]
    Contradiction,
    #[error("a source's own edition cannot be limited to other sources")]
    SourceOfSource,
    #[error("at most {MOST_NAMES} topics, languages and sources can be combined")]
    TooMany,
}

/// The most stories that an address can ask for.
pub const MOST_STORIES: usize = 500;

/// The most topics, languages and sources that an address can name in all.
pub const MOST_NAMES: usize = 12;

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
    /// A topic (`None`: everything) in a format.
    pub fn standing(topic: Option<&TopicId>, format: Format) -> Self {
        let of = topic.map_or(Of::Everything, |topic| Of::Topics([topic.clone()].into()));
        Self { selection: Selection::all(of), format, content: ContentPolicy::Full, limit: None }
    }

    /// The same stories in another format.
    pub fn in_format(&self, format: Format) -> Self {
        let content = if format == Format::Page { ContentPolicy::Full } else { self.content };
        Self { format, content, ..self.clone() }
    }

    /// The topic (`None`: everything) whose stories these are, if it is that and nothing else that is asked for.
    pub fn topic(&self) -> Option<Option<&TopicId>> {
        let is_plain = self.limit.is_none() && self.content == ContentPolicy::Full;
        self.selection.topic().filter(|_| is_plain)
    }

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
    /// Everything that is there.
    fn all(of: Of) -> Self {
        Self { of, and: BTreeSet::new(), not: BTreeSet::new(), languages: BTreeSet::new(), sources: BTreeSet::new() }
    }

    /// The topic (`None`: everything) that it is, if it is no combination.
    pub fn topic(&self) -> Option<Option<&TopicId>> {
        if !self.and.is_empty() || !self.not.is_empty() || !self.languages.is_empty() || !self.sources.is_empty() {
            return None;
        }
        match &self.of {
            Of::Everything => Some(None),
            Of::Topics(topics) if topics.len() == 1 => topics.first().map(Some),
            Of::Topics(_) | Of::Source(_) => None,
        }
    }

    /// Every topic that it names.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        let of = match &self.of {
            Of::Topics(topics) => Some(topics),
            Of::Everything | Of::Source(_) => None,
        };
        of.into_iter().flatten().chain(&self.and).chain(&self.not)
    }

    /// Every source that it names.
    pub fn named_sources(&self) -> impl Iterator<Item = &SourceId> {
        let of = match &self.of {
            Of::Source(source) => Some(source),
            Of::Everything | Of::Topics(_) => None,
        };
        of.into_iter().chain(&self.sources)
    }

    /// The same with other names for topics.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&TopicId) -> TopicId) -> Self {
        let rename = |topics: &BTreeSet<TopicId>| topics.iter().map(&name).collect();
        let of = match &self.of {
            Of::Topics(topics) => Of::Topics(rename(topics)),
            of => of.clone(),
        };
        Self { of, and: rename(&self.and), not: rename(&self.not), ..self.clone() }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(address: &str) -> Result<String, AddressError> {
        let (path, query) = match address.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (address, None),
        };
        Address::parse(path, query).map(|address| address.to_string())
    }

    #[test]
    fn what_asks_for_the_same_has_one_address() {
        let cases = [
            ("/", "/"),
            ("/all.atom", "/all.atom"),
            ("/all", "/all"),
            ("/topics/ai.json", "/topics/ai.json"),
            ("/topics/telecom+ai.atom", "/topics/ai+telecom.atom"),
            ("/topics/telecom%2Bai%2bai.atom", "/topics/ai+telecom.atom"),
            ("/topics/ai", "/topics/ai"),
            ("/topics/ai.atom?", "/topics/ai.atom"),
            ("/topics/ai.atom?content=full", "/topics/ai.atom"),
            (
                "/topics/ai.rss?limit=5&source=b&source=a&lang=PT-br,fr&not=z&and=y+x",
                "/topics/ai.rss?and=x,y&not=z&lang=fr,pt-br&source=a,b&limit=5",
            ),
            ("/sources/le-monde.rss?lang=fr&content=title", "/sources/le-monde.rss?lang=fr&content=title"),
            ("/stories/17", "/stories/17"),
            ("/archives/ai/3", "/archives/ai/3"),
            ("/topics.opml", "/topics.opml"),
            ("/sources.opml", "/sources.opml"),
        ];
        for (address, expected) in cases {
            let found = canonical(address);
            assert_eq!(found.as_deref(), Ok(expected), "{address}");
            assert_eq!(canonical(expected).as_deref(), Ok(expected), "the canonical one of {address}");
        }
    }

    #[test]
    fn what_cannot_be_answered_is_refused_with_a_reason() {
        let long = format!("/topics/{}.atom", "a".repeat(65));
        let many = format!("/topics/{}.atom", (0..13).map(|n| format!("t{n}")).collect::<Vec<_>>().join("+"));
        let longest = format!("/all.atom?not={}", "a,".repeat(600));
        let cases = [
            ("/nothing", AddressError::Nothing),
            ("/topics/", AddressError::Nothing),
            ("/topics/.atom", AddressError::Nothing),
            ("/topics/ai+.atom", AddressError::Nothing),
            ("/topics/AI.atom", AddressError::Nothing),
            ("/topics/ai.atom/", AddressError::Nothing),
            ("/topics/../all.atom", AddressError::Nothing),
            (&long, AddressError::Nothing),
            (&longest, AddressError::Nothing),
            ("/stories/017", AddressError::Nothing),
            ("/stories/-1", AddressError::Nothing),
            ("/archives/ai/03", AddressError::Nothing),
            ("/archives/ai/", AddressError::Nothing),
            ("/archives/ai/3/4", AddressError::Nothing),
            ("/archives/a+b/3", AddressError::Nothing),
            ("/archives/ai/3?limit=5", AddressError::UnknownParameter),
            ("/stories/99999999999999999999", AddressError::Nothing),
            ("/?utm_source=x", AddressError::UnknownParameter),
            ("/topics/ai.atom?utm_source=x", AddressError::UnknownParameter),
            ("/topics/ai.atom?limit=0", AddressError::Limit),
            ("/topics/ai.atom?limit=501", AddressError::Limit),
            ("/topics/ai.atom?limit=+5", AddressError::Limit),
            ("/topics/ai.atom?limit=5&limit=5", AddressError::GivenTwice),
            ("/topics/ai.atom?content=all", AddressError::Content),
            ("/topics/ai?content=title", AddressError::ContentOfPage),
            ("/topics/ai.atom?and=", AddressError::Id),
            ("/topics/ai.atom?and=a,,b", AddressError::Id),
            ("/topics/ai.atom?source=%3Cscript%3E", AddressError::Id),
            ("/topics/ai.atom?lang=français", AddressError::Language),
            ("/topics/ai.atom?lang=1", AddressError::Language),
            ("/topics/ai.atom?not=ai", AddressError::Contradiction),
            ("/topics/ai.atom?and=b&not=b", AddressError::Contradiction),
            ("/sources/a.atom?source=b", AddressError::SourceOfSource),
            (&many, AddressError::TooMany),
        ];
        for (address, expected) in cases {
            assert_eq!(canonical(address), Err(expected), "{address}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_address_is_refused_or_has_a_canonical_one_that_is_its_own(path in "/?[a-z./+%2B-]{0,40}", query in "[a-z=&,+%0-9-]{0,60}") {
            if let Ok(address) = Address::parse(&path, Some(&query)) {
                let canonical = address.to_string();
                let (path, query) = canonical.split_once('?').map_or((&*canonical, None), |(path, query)| (path, Some(query)));
                proptest::prop_assert_eq!(Address::parse(path, query), Ok(address));
            }
        }
    }
}
