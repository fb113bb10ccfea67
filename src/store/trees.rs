use sled::{Db, Tree};

/// The named trees, in the order in which a transaction lists them.
///
/// The big rows (`Entries`) are keyed by arrival, never by hash: neighbours on disk are neighbours in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum TreeName {
    /// Format, identity of this newsdesk, counters.
    Meta,
    /// Source id to what is known of it.
    Sources,
    /// Source id to its poll state.
    Polls,
    /// Entry number and chunk to the entry's bytes.
    Entries,
    /// Source number and identity key to the entry, or to the tombstone of one.
    Identities,
    /// Shared key and entry number: who claims the same link or id.
    Shared,
    /// Story number to the story.
    Stories,
    /// Hash of a story's published id to its number.
    StoryIds,
    /// Topic, newest first: which stories.
    Topics,
    /// Source number, date and entry number: what retention looks at.
    Ages,
}

impl TreeName {
    pub(super) const ALL: [TreeName; 10] = [
        TreeName::Meta,
        TreeName::Sources,
        TreeName::Polls,
        TreeName::Entries,
        TreeName::Identities,
        TreeName::Shared,
        TreeName::Stories,
        TreeName::StoryIds,
        TreeName::Topics,
        TreeName::Ages,
    ];

    fn name(self) -> &'static str {
        match self {
            TreeName::Meta => "meta",
            TreeName::Sources => "sources",
            TreeName::Polls => "polls",
            TreeName::Entries => "entries",
            TreeName::Identities => "identities",
            TreeName::Shared => "shared",
            TreeName::Stories => "stories",
            TreeName::StoryIds => "story-ids",
            TreeName::Topics => "topics",
            TreeName::Ages => "ages",
        }
    }
}

/// Every tree, opened.
#[derive(Debug, Clone)]
pub(super) struct Trees(Vec<Tree>);

impl Trees {
    pub(super) fn open(db: &Db) -> Result<Self, sled::Error> {
        Ok(Self(TreeName::ALL.iter().map(|name| db.open_tree(name.name())).collect::<Result<_, _>>()?))
    }

    pub(super) fn get(&self, name: TreeName) -> &Tree {
        &self.0[name as usize]
    }

    pub(super) fn all(&self) -> &[Tree] {
        &self.0
    }
}
