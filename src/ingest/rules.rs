use std::collections::BTreeMap;

use crate::{
    model::{ArticlePolicy, DeletedPolicy, SourceId, SourceNumber},
    store::{Refresh, RetentionLimits},
    stories::Rank,
};

/// What the admin decides about taking entries in.
#[derive(Debug, Clone, PartialEq)]
pub struct TakeInRules {
    pub retention: RetentionLimits,
    pub sources: BTreeMap<SourceId, SourceRules>,
}

/// What the admin decides about one source's entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceRules {
    /// In place of the feed's own title.
    pub title: Option<String>,
    /// The newest entries taken at the first poll; `None` is all.
    pub backlog: Option<usize>,
    /// Between copies of a story, the source with the higher number is shown.
    pub priority: i64,
    /// What is done about the pages behind its entries' links.
    pub article: ArticlePolicy,
    /// What is done about those that it says it has deleted.
    pub deleted: DeletedPolicy,
    /// Names the source had before.
    pub formerly: Vec<SourceId>,
}

impl TakeInRules {
    pub(super) fn rank(&self, refresh: &Refresh<'_>, number: SourceNumber) -> Rank {
        let id = refresh.source_by_number(number).map(|(id, _)| id);
        let priority = id.as_ref().and_then(|id| self.sources.get(id)).map_or(0, |rules| rules.priority);
        // Every copy's source is in the store; were one not, it would come first.
        Rank { priority, id: id.unwrap_or_else(|| SourceId::new("")) }
    }
}
