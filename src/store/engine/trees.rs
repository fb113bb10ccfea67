/// The sorted maps that the engine keeps, each with keys of its own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) enum TreeName {
    /// Identity of this newsdesk, counters, settings.
    Meta,
    /// Source id to what is known of it.
    Sources,
    /// Source id to its poll state.
    Polls,
    /// Entry number to the entry.
    Entries,
    /// Source number and identity key to the entry, or to the tombstone of one.
    Identities,
    /// Hash and number: who claims the same link or id, and which story was published under an id.
    Keys,
    /// Story number to the story.
    Stories,
    /// Topic, newest first: which stories.
    Topics,
    /// Source number, date and entry number: what retention looks at.
    Ages,
    /// Entry number to how the entry was understood.
    Readings,
    /// Source number, date (newest first), identity and entry number: what a source's boilerplate is learnt from.
    Outlines,
    /// Source number to what was learnt.
    Boilerplates,
    /// Entry number to what the page behind its link says.
    Articles,
    /// Source number and entry number: which pages are still to be fetched.
    ArticleJobs,
    /// Entry number to what is kept of its text.
    Texts,
    /// Two entry numbers, either first, to what the entries were found to have in common.
    Pairs,
    /// Two source numbers and identity keys, either first, to what the admin said of the entries.
    Told,
    /// What was learnt of many entries, by what it is.
    Learnt,
    /// Source number to the last time it gave its entries new guids.
    Renumbered,
    /// Subscription key to the subscription.
    Subscriptions,
    /// Name of a topic's feed, time and story number: who has joined the topic and waits for its archive.
    Joins,
    /// Name of a topic's feed to how far its archive has come.
    Archives,
    /// What was taken down, by its number, and by what it is known by.
    TakenDown,
    /// Stories that went on in others, by their numbers, and by the entries with which they did.
    WentOn,
}

impl TreeName {
    pub(super) const ALL: [TreeName; 24] = [
        TreeName::Meta,
        TreeName::Sources,
        TreeName::Polls,
        TreeName::Entries,
        TreeName::Identities,
        TreeName::Keys,
        TreeName::Stories,
        TreeName::Topics,
        TreeName::Ages,
        TreeName::Readings,
        TreeName::Outlines,
        TreeName::Boilerplates,
        TreeName::Articles,
        TreeName::ArticleJobs,
        TreeName::Texts,
        TreeName::Pairs,
        TreeName::Told,
        TreeName::Learnt,
        TreeName::Renumbered,
        TreeName::Subscriptions,
        TreeName::Joins,
        TreeName::Archives,
        TreeName::TakenDown,
        TreeName::WentOn,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            TreeName::Meta => "meta",
            TreeName::Sources => "sources",
            TreeName::Polls => "polls",
            TreeName::Entries => "entries",
            TreeName::Identities => "identities",
            TreeName::Keys => "keys",
            TreeName::Stories => "stories",
            TreeName::Topics => "topics",
            TreeName::Ages => "ages",
            TreeName::Readings => "readings",
            TreeName::Outlines => "outlines",
            TreeName::Boilerplates => "boilerplates",
            TreeName::Articles => "articles",
            TreeName::ArticleJobs => "article-jobs",
            TreeName::Texts => "texts",
            TreeName::Pairs => "pairs",
            TreeName::Told => "told",
            TreeName::Learnt => "learnt",
            TreeName::Renumbered => "renumbered",
            TreeName::Subscriptions => "subscriptions",
            TreeName::Joins => "joins",
            TreeName::Archives => "archives",
            TreeName::TakenDown => "taken-down",
            TreeName::WentOn => "went-on",
        }
    }

    /// Whether its rows are worth compressing: hashes and numbers are not.
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            TreeName::Meta
                | TreeName::Sources
                | TreeName::Polls
                | TreeName::Entries
                | TreeName::Stories
                | TreeName::Readings
                | TreeName::Articles
        )
    }

    /// So many bytes of items a row gathers before it is split.
    ///
    /// Text gains from company when it is compressed, and is read one story at a time. Hashes gain nothing and change
    /// anywhere, so that their rows are short; lists grow at one end.
    pub(super) fn row_bytes(self) -> usize {
        match self {
            TreeName::Entries | TreeName::Articles => 12 * 1024,
            TreeName::Readings | TreeName::Outlines => 6 * 1024,
            TreeName::Stories => 3 * 1024,
            // Hashes: nothing is gained from company, and one is changed at a time.
            TreeName::Texts => 5 * 1024,
            TreeName::Learnt => 1,
            TreeName::Topics | TreeName::Ages | TreeName::Pairs | TreeName::Joins => 2 * 1024,
            TreeName::Meta | TreeName::Sources | TreeName::Polls | TreeName::Boilerplates | TreeName::ArticleJobs => {
                1024
            }
            TreeName::Identities
            | TreeName::Keys
            | TreeName::Told
            | TreeName::Renumbered
            | TreeName::Archives
            | TreeName::TakenDown
            | TreeName::WentOn
            | TreeName::Subscriptions => 512,
        }
    }
}
