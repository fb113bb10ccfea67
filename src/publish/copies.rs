//! What the page of a story tells of each source that has it.

use super::{
    gather::{shown_title, title_of},
    pages::StoryCopy,
};
use crate::store::{Store, StoreError, StoryRecord};

/// The story's copies, best first. One that cannot be read is left out.
///
/// # Errors
/// When the store cannot be read.
pub fn copies(store: &Store, story: &StoryRecord) -> Result<Vec<StoryCopy>, StoreError> {
    let mut copies = Vec::with_capacity(story.copies.len());
    for copy in &story.copies {
        let entry = match store.entry(copy.entry) {
            Ok(Some(record)) => record.entry,
            Ok(None) => continue,
            Err(StoreError::Record { cause, .. }) => {
                tracing::error!(story = %story.id, %cause, "a copy that cannot be read is left out of its story's page");
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some((id, source)) = store.source_by_number(copy.source) else { continue };
        copies.push(StoryCopy {
            source: title_of(&id, &source),
            title: shown_title(&entry),
            language: entry.language.map(|language| language.tag),
            link: copy.link.clone(),
            published: copy.published.unwrap_or(copy.first_dated),
        });
    }
    Ok(copies)
}
