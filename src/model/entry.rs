use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One item of a source's feed, ready to be kept: text sanitised, links absolute, dates read.
///
/// Every HTML fragment here has been through the sanitiser, and every link is http, https or mailto.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The publisher's guid or `atom:id`, trimmed and otherwise untouched; `None` if absent or blank.
    pub guid: Option<String>,
    /// Where the article is: absolute, tracking parameters removed.
    pub link: Option<String>,
    /// Plain text, white space collapsed; may be empty.
    pub title: String,
    /// Sanitised HTML.
    pub summary: Option<String>,
    /// Sanitised HTML.
    pub content: Option<String>,
    pub language: Option<Language>,
    pub authors: Vec<Person>,
    pub contributors: Vec<Person>,
    /// The publisher's own categories.
    pub categories: Vec<Category>,
    pub enclosures: Vec<Enclosure>,
    /// As the publisher says; `None` when absent, unreadable or before 1990.
    pub published: Option<DateTime<Utc>>,
    /// As the publisher says; `None` when absent, unreadable or before 1990.
    pub updated: Option<DateTime<Utc>>,
    pub rights: Option<String>,
    /// Where the publisher itself took the entry from, if it says so (`atom:source`, RSS `<source>`).
    pub source: Option<EmbeddedSource>,
}

/// A language and how we came to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// BCP 47 tag, lower-case primary subtag (`fr`, `pt-BR`).
    pub tag: String,
    pub origin: LanguageOrigin,
}

impl Language {
    /// The primary subtag: `pt` of `pt-BR`.
    pub fn primary(&self) -> &str {
        self.tag.split('-').next().unwrap_or(&self.tag)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LanguageOrigin {
    /// The entry declares it.
    Entry,
    /// The feed declares it.
    Feed,
    /// The admin configured it for the source.
    Configured,
    /// Recognised from the text.
    Detected,
}

/// A person construct (RFC 4287 §3.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Never empty.
    pub name: String,
    pub uri: Option<String>,
    pub email: Option<String>,
}

/// A category (RFC 4287 §4.2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Never empty.
    pub term: String,
    pub scheme: Option<String>,
    pub label: Option<String>,
}

/// A file that goes with an entry (`rel=enclosure`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute, http or https.
    pub url: String,
    pub media_type: Option<String>,
    /// Octets.
    pub length: Option<u64>,
}

/// The feed an entry came from before its publisher took it over: kept untouched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbeddedSource {
    pub id: Option<String>,
    pub title: Option<String>,
    /// `rel=self`, absolute.
    pub feed_url: Option<String>,
    /// `rel=alternate`, absolute.
    pub site_url: Option<String>,
    pub updated: Option<DateTime<Utc>>,
    pub rights: Option<String>,
    pub authors: Vec<Person>,
}
