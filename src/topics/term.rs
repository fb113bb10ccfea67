/// A term that cannot be used, told so that the admin can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TermError {
    /// Byte offset into the term.
    pub offset: usize,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Checks one term of a topic, as written, for the language list it stands in (`any` or a primary subtag).
pub fn check_term(_term: &str, _language: &str, _languages: &[String]) -> Result<(), TermError> {
    Ok(())
}
