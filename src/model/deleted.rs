use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a publisher says it has deleted from its feed (RFC 6721 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedEntry {
    /// The `atom:id` of the entry, trimmed and otherwise untouched; never blank.
    pub id: String,
    pub when: DateTime<Utc>,
}

/// What is done about entries that their publisher has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeletedPolicy {
    /// Nothing: they stay until retention.
    #[default]
    Keep,
    /// They are removed, and do not come back unless the publisher has updated them since.
    Remove,
}
