use serde::{Deserialize, Serialize};

/// How much of an entry readers are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentPolicy {
    /// The title and the link.
    Title,
    /// And the summary, or how the text begins.
    Summary,
    /// All that the publisher's feed has.
    #[default]
    Full,
}
