/// Why a document gave no feed at all. What could be mended is not an error but a [`crate::model::Defect`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The body holds nothing but white space.
    #[error("the body is empty; the publisher sent no feed, the next poll may bring one")]
    Empty,
    /// The body is something else than a feed.
    #[error("not a feed but {found}; check that the source's `url` is the feed's own address, not the site's")]
    NotAFeed {
        /// What the body is instead, as a noun phrase.
        found: String,
    },
    /// The body begins like a feed and cannot be read, not even in part.
    #[error("the feed cannot be read: {reason}; no entry could be saved from it")]
    Unreadable {
        /// What the reader said.
        reason: String,
    },
}
