use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The admin's name for a topic: its key under `[topics]`, and its place in our addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicId(Arc<str>);

impl TopicId {
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for TopicId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// How the stories of a topic's feed are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShownAs {
    /// Copies are one entry, which links every source.
    #[default]
    Merge,
    /// Likewise, and articles on one event name each other.
    Group,
    /// Every copy is an entry.
    All,
}

/// A topic that an entry belongs to, and by how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicScore {
    pub topic: TopicId,
    /// Points; at least the topic's threshold.
    pub score: f64,
}
