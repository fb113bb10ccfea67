use std::collections::HashMap;

use crate::{daemon::KeptEntry, ingest::UnreadEntry, model::SourceId, text::Boilerplate};

/// What is known of the sources of entries that come one after the other.
#[derive(Default)]
pub(super) struct KnownSources {
    repeated: HashMap<SourceId, Boilerplate>,
}

impl KnownSources {
    /// The entry as newsdesk would read it again; `source` is the name that its source has now.
    pub fn unread<'a>(&'a mut self, kept: &'a KeptEntry, source: &'a SourceId) -> UnreadEntry<'a> {
        if let Some(boilerplate) = &kept.boilerplate {
            self.repeated.insert(kept.source.clone(), boilerplate.clone());
        }
        let boilerplate = self.repeated.entry(kept.source.clone()).or_default();
        UnreadEntry { entry: &kept.entry, source: Some(source), boilerplate, article: kept.article.as_deref() }
    }
}
