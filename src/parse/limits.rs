/// What one document may ask of us. A document beyond a limit is cut, not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLimits {
    /// Entries kept of one document: the newest if all of them are dated, else the first. As many deleted ones are heeded, those
    /// deleted last.
    pub entries: usize,
    /// Elements open at once; deeper markup is dropped, its text is kept.
    pub depth: usize,
    /// Attributes read of one start tag.
    pub attributes: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self { entries: 2_000, depth: 200, attributes: 256 }
    }
}
