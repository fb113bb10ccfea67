//! Which addresses there are as the configuration stands, and where others lead.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    PublishSettings, SavedEditions, SourcePage,
    address::{Address, Of, StoriesAddress},
    editions::Found,
    renderer::Renderer,
};
use crate::model::{SourceId, TopicId};

/// Which addresses there are, and who makes what they ask for.
pub(super) struct Plan {
    pub(super) settings: Arc<PublishSettings>,
    /// Topics that were taken out.
    pub(super) gone: BTreeSet<TopicId>,
    /// `None` until the store is open.
    pub(super) renderer: Option<Renderer>,
    pub(super) saved: Option<SavedEditions>,
}

impl Plan {
    /// What there is at an address that nothing has been made for.
    pub(super) fn find(&self, address: Address, target: &str) -> Found {
        let Address::Stories(mut stories) = address else {
            let canonical = address.to_string();
            return if canonical == target { Found::ToMake(Box::new(address)) } else { Found::Moved(canonical) };
        };
        let former = self.settings.former_topics();
        stories.selection = stories.selection.renamed(|topic| former.get(topic).unwrap_or(topic).clone());
        for topic in stories.selection.topics() {
            if self.settings.page_of(topic).is_none() {
                return if self.gone.contains(topic) { Found::Gone } else { Found::Nothing };
            }
        }
        let present = |id: &SourceId| {
            let is_named = |page: &&SourcePage| page.id == *id || page.formerly.contains(id);
            self.settings.sources.iter().find(is_named).map(|page| page.id.clone())
        };
        if let Of::Source(source) = &mut stories.selection.of {
            let Some(id) = present(source) else { return Found::Nothing };
            *source = id;
        }
        let sources: Option<BTreeSet<SourceId>> = stories.selection.sources.iter().map(present).collect();
        let Some(sources) = sources else { return Found::Nothing };
        stories.selection.sources = sources;
        stories.limit = stories.limit.filter(|limit| *limit != self.settings.entries);
        let canonical = stories.to_string();
        if canonical == target { Found::ToMake(Box::new(Address::Stories(stories))) } else { Found::Moved(canonical) }
    }

    /// Whether it is the address of an edition that is kept current.
    pub(super) fn is_standing(&self, target: &str) -> bool {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        match Address::parse(path, query) {
            Ok(address) => is_standing(&address) && matches!(self.find(address, target), Found::ToMake(_)),
            Err(_) => false,
        }
    }
}

pub(super) fn is_standing(address: &Address) -> bool {
    match address {
        Address::Index | Address::TopicsOutline | Address::SourcesOutline => true,
        Address::Stories(stories) => stories.topic().is_some(),
        Address::Story(_) | Address::Archive(..) => false,
    }
}

/// The editions (`None`: of everything) with which one changes.
pub(super) fn depends_on(address: &Address, plan: Option<&Plan>) -> Vec<Option<TopicId>> {
    match address {
        Address::Stories(StoriesAddress { selection, .. }) => match &selection.of {
            Of::Topics(topics) => topics.iter().cloned().map(Some).collect(),
            Of::Everything | Of::Source(_) => vec![None],
        },
        Address::Index | Address::Story(_) => vec![None],
        // The newest page of an archive leads on to the next once that is there.
        Address::Archive(name, _) => {
            let renderer = plan.and_then(|plan| plan.renderer.as_ref());
            renderer.and_then(|renderer| renderer.topic_named(name)).map(Some).into_iter().collect()
        }
        Address::TopicsOutline | Address::SourcesOutline => Vec::new(),
    }
}
