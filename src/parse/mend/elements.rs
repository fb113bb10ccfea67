//! What the elements of every dialect mean, and where one says better what another says too.

use super::vocabulary::Vocabulary;

/// What the element around says an element can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Feed,
    Item,
    /// `atom:source`.
    Source,
    /// A person construct.
    Person,
    /// `media:group` or `media:content`.
    Media,
    /// `itunes:category` and the like, which hold others.
    Categories,
    SkipHours,
    SkipDays,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Author,
    Contributor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// `rss`, `channel`, `rdf:RDF`, `atom:feed`.
    Container,
    Item,
    Source,
    Person(Role),
    /// `itunes:category`, whose name is an attribute.
    PodcastCategory,
    /// Nobody's standard: `<categories>` around `<category>`.
    Categories,
    /// `media:group`.
    MediaGroup,
    /// `media:content`, an enclosure that can have a title of its own.
    MediaContent,
    SkipHours,
    SkipDays,
    /// `at:deleted-entry` (RFC 6721 §3).
    DeletedEntry,
    /// An element with text or attributes; of several with one meaning the least rank counts.
    Field(Field, u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Id,
    /// RSS `guid`, which may be a permalink.
    Guid,
    Title,
    Summary,
    Content,
    Link,
    Published,
    Updated,
    Rights,
    Language,
    Category,
    /// Categories parted by commas.
    Keywords,
    Comments,
    OriginalLink,
    Enclosure,
    /// RSS `<source url="…">`.
    SourceOfItem,
    PersonName,
    PersonUri,
    PersonEmail,
    TimeToLive,
    Hour,
    Day,
    UpdatePeriod,
    UpdateFrequency,
}

/// The meaning of an element, its local name in lower case; `None` if it has none for us.
pub fn meaning(level: Level, vocabulary: Vocabulary, local: &str) -> Option<Element> {
    match level {
        Level::Feed => container(vocabulary, local).or_else(|| of_feed(vocabulary, local)),
        Level::Item => of_item(vocabulary, local),
        Level::Source => of_source(vocabulary, local),
        Level::Person => of_person(local),
        Level::Media => of_media(vocabulary, local),
        Level::Categories => match (vocabulary, local) {
            (Vocabulary::Rss | Vocabulary::Atom, "category" | "tag") => Some(Element::Field(Field::Category, 0)),
            _ => is_podcast_category(vocabulary, local).then_some(Element::PodcastCategory),
        },
        Level::SkipHours => (local == "hour").then_some(Element::Field(Field::Hour, 0)),
        Level::SkipDays => (local == "day").then_some(Element::Field(Field::Day, 0)),
    }
}

/// The elements that hold items, and the items.
pub fn container(vocabulary: Vocabulary, local: &str) -> Option<Element> {
    use Vocabulary as V;
    match (vocabulary, local) {
        (V::Rss | V::Rdf, "rss" | "rdf") | (V::Rss, "channel") | (V::Atom, "feed") => Some(Element::Container),
        (V::Rss, "item") | (V::Atom, "entry") => Some(Element::Item),
        _ => None,
    }
}

/// What a feed, an item and `atom:source` share.
fn shared(vocabulary: Vocabulary, local: &str) -> Option<Element> {
    use Field as F;
    use Vocabulary as V;
    let (field, rank) = match (vocabulary, local) {
        (V::Atom, "id") => (F::Id, 1),
        (V::Rss | V::Atom, "title") => (F::Title, 0),
        (V::DublinCore | V::DublinCoreTerms, "title") => (F::Title, 1),
        (V::Rss | V::Atom, "link") => (F::Link, 0),
        (V::Atom, "updated") => (F::Updated, 0),
        (V::Atom, "modified") | (V::DublinCoreTerms, "modified") => (F::Updated, 1),
        (V::Rss, "updated" | "modified") => (F::Updated, 2),
        (V::Rss, "copyright") | (V::Atom, "rights" | "copyright") => (F::Rights, 0),
        (V::DublinCore | V::DublinCoreTerms, "rights") => (F::Rights, 1),
        (V::Rss, "language") => (F::Language, 0),
        (V::DublinCore | V::DublinCoreTerms, "language") => (F::Language, 1),
        (V::Rss | V::Atom, "category") | (V::DublinCore | V::DublinCoreTerms, "subject") => (F::Category, 0),
        (V::Rss | V::Atom, "categories" | "tags") => return Some(Element::Categories),
        _ if is_podcast_category(vocabulary, local) => return Some(Element::PodcastCategory),
        (V::Rss, "author" | "managingeditor") | (V::Atom | V::Podcast, "author") => {
            return Some(Element::Person(Role::Author));
        }
        (V::DublinCore | V::DublinCoreTerms, "creator" | "author") => return Some(Element::Person(Role::Author)),
        (V::Atom, "contributor") | (V::DublinCore | V::DublinCoreTerms, "contributor") => {
            return Some(Element::Person(Role::Contributor));
        }
        _ => return None,
    };
    Some(Element::Field(field, rank))
}

fn of_feed(vocabulary: Vocabulary, local: &str) -> Option<Element> {
    use Field as F;
    use Vocabulary as V;
    let (field, rank) = match (vocabulary, local) {
        (V::Rss, "lastbuilddate") => (F::Updated, 1),
        (V::Rss, "pubdate") => (F::Updated, 2),
        (V::DublinCore, "date") => (F::Updated, 3),
        (V::Rss, "ttl") => (F::TimeToLive, 0),
        (V::Rss, "skiphours") => return Some(Element::SkipHours),
        (V::Rss, "skipdays") => return Some(Element::SkipDays),
        (V::Tombstones, "deleted-entry") => return Some(Element::DeletedEntry),
        (V::Syndication, "updateperiod") => (F::UpdatePeriod, 0),
        (V::Syndication, "updatefrequency") => (F::UpdateFrequency, 0),
        _ => return shared(vocabulary, local),
    };
    Some(Element::Field(field, rank))
}

fn of_item(vocabulary: Vocabulary, local: &str) -> Option<Element> {
    use Field as F;
    use Vocabulary as V;
    let (field, rank) = match (vocabulary, local) {
        (V::Rss, "guid") => (F::Guid, 0),
        (V::Podcast, "title") => (F::Title, 2),
        (V::Rss, "description") | (V::Atom, "summary") => (F::Summary, 0),
        (V::DublinCore | V::DublinCoreTerms, "description") | (V::Rss, "summary") => (F::Summary, 1),
        (V::Podcast, "summary" | "description") => (F::Summary, 2),
        (V::Content, "encoded") | (V::Atom, "content") => (F::Content, 0),
        (V::Xhtml, "body" | "div") => (F::Content, 1),
        (V::Yandex | V::Rss, "full-text" | "fulltext" | "fullitem") | (V::Rss, "content" | "body" | "encoded") => {
            (F::Content, 2)
        }
        (V::Rss, "pubdate") | (V::Atom, "published") => (F::Published, 0),
        (V::Atom, "issued") | (V::DublinCoreTerms, "issued") => (F::Published, 1),
        (V::Atom, "pubdate") => (F::Published, 1),
        (V::DublinCore | V::DublinCoreTerms, "date") => (F::Published, 2),
        (V::Rss, "date" | "published") | (V::Prism, "publicationdate") => (F::Published, 3),
        (V::Atom | V::DublinCoreTerms, "created") => (F::Published, 4),
        (V::Rss, "comments") => (F::Comments, 0),
        (V::Proxy, "origlink") => (F::OriginalLink, 0),
        (V::Rss, "enclosure") => (F::Enclosure, 0),
        (V::Rss, "source") => (F::SourceOfItem, 0),
        (V::Atom, "source") => return Some(Element::Source),
        (V::Podcast, "keywords") => (F::Keywords, 0),
        (V::Media, _) => return of_media(vocabulary, local),
        _ => return shared(vocabulary, local),
    };
    Some(Element::Field(field, rank))
}

fn of_source(vocabulary: Vocabulary, local: &str) -> Option<Element> {
    shared(vocabulary, local)
}

fn is_podcast_category(vocabulary: Vocabulary, local: &str) -> bool {
    vocabulary == Vocabulary::Podcast && local == "category"
}

fn of_person(local: &str) -> Option<Element> {
    match local {
        "name" => Some(Element::Field(Field::PersonName, 0)),
        "uri" | "url" | "homepage" => Some(Element::Field(Field::PersonUri, 0)),
        "email" | "mbox" => Some(Element::Field(Field::PersonEmail, 0)),
        _ => None,
    }
}

fn of_media(vocabulary: Vocabulary, local: &str) -> Option<Element> {
    use Field as F;
    if vocabulary != Vocabulary::Media {
        return None;
    }
    let (field, rank) = match local {
        "group" => return Some(Element::MediaGroup),
        "content" => return Some(Element::MediaContent),
        "title" => (F::Title, 3),
        "description" => (F::Summary, 3),
        "copyright" => (F::Rights, 3),
        "category" => (F::Category, 0),
        "keywords" => (F::Keywords, 0),
        _ => return None,
    };
    Some(Element::Field(field, rank))
}

/// Names that are HTML's as well, so that inside a text they may be its markup and not the next element of the feed.
pub fn is_also_html(local: &str) -> bool {
    matches!(local, "title" | "link" | "summary" | "source" | "body" | "div" | "content" | "rss")
}

/// Elements of HTML that have no end tag.
pub fn is_void(local: &str) -> bool {
    matches!(
        local,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}
