use std::{borrow::Borrow, fmt, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Category, Person};

/// The admin's name for a source: its key under `[sources]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(Arc<str>);

impl SourceId {
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for SourceId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// What a conditional request echoes (RFC 9110 §13.1). Opaque bytes: never parsed, trimmed or made up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    pub etag: Option<Vec<u8>>,
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What a source's feed says about itself, normalised like an entry: what `atom:source` is written from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedMetadata {
    /// `atom:id` when it is an absolute IRI.
    pub id: Option<String>,
    /// Plain text; may be empty.
    pub title: String,
    /// The publisher's site, absolute.
    pub site_url: Option<String>,
    /// The feed's own `rel=self`, absolute.
    pub self_url: Option<String>,
    /// WebSub hubs, absolute.
    pub hubs: Vec<String>,
    pub language: Option<String>,
    pub rights: Option<String>,
    pub authors: Vec<Person>,
    pub categories: Vec<Category>,
    pub updated: Option<DateTime<Utc>>,
}

/// A source's lasting number: it survives a change of the source's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceNumber(pub u32);
