use serde::{Deserialize, Serialize};

/// What is done about the page behind an entry's link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArticlePolicy {
    /// Nothing: what the feed says is enough.
    #[default]
    None,
    /// It is fetched once, and its text has a say in the entry's topics.
    Fetch,
    /// As [`ArticlePolicy::Fetch`], and readers are shown its text where it says more than the feed's.
    Publish,
}
