//! The file as written. The doc comments here are what `newsdesk`'s JSON Schema says to the admin's editor.

use std::{borrow::Cow, collections::BTreeMap, ops::Deref, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A value that knows where in the file it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct At<T>(toml::Spanned<T>);

impl<T> At<T> {
    pub(super) fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.get_ref()
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

macro_rules! text {
    ($($name:ident: $description:literal, $pattern:literal, [$($example:literal),+];)+) => { $(
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(transparent)]
        pub(super) struct $name(String);

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string", "description": $description, "pattern": $pattern, "examples": [$($example),+]
                })
            }
        }
    )+ };
}

text! {
    DurationText: "A duration.", r"^\s*([0-9]+(d|h|m|s|ms))+\s*$", ["30s", "12h", "1h30m"];
    SizeText: "A number of octets.", r"^\s*[0-9]+\s*(KiB|MiB|GiB|kB|KB|MB|GB)\s*$", ["64MiB", "1GiB"];
    CronText: "A crontab(5) line.", r"^\s*(@[A-Za-z]+|\S+(\s+\S+){4,5})\s*$", ["0 * * * *", "*/15 6-22 * * mon-fri", "@daily"];
    StoriesText: "How stories are shown.", r"^(merge|group|all)$", ["merge", "group", "all"];
    TrackingText: "A parameter that tracks.", r"^[^*\s&#=][^\s&#]*( +@[^\s/:@]+)?$", ["partner @example.org", "campaign*"];
    IdText: "An id.", r"^[a-z0-9-]{1,64}$", ["lemonde-pixels"];
    LanguageText: "A language tag (BCP 47).", r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", ["fr", "pt-BR"];
    UrlText: "An absolute http or https URL.", r"^\s*[Hh][Tt][Tt][Pp][Ss]?://", ["https://www.example.org/feed.xml"];
    ArticleText: "What is done about the page behind an entry's link.", r"^(none|fetch|publish)$", ["fetch"];
    DeletedText: "What is done about entries that their publisher has deleted.", r"^(keep|remove)$", ["remove"];
    ContentText: "How much of an entry is shown.", r"^(full|summary|title)$", ["summary"];
    NetworkText: "A network, by address and prefix length.", r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$", ["127.0.0.0/8", "fd00::/8"];
    CountryText: "A country (ISO 3166-1).", r"^[A-Za-z]{2}$", ["FR", "GB"];
    ListenText: "An IP address and a port.", r"^(\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]{1,5}$", ["127.0.0.1:8080", "[::]:8080"];
}

/// newsdesk's configuration.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "newsdesk.toml")]
pub(super) struct File {
    /// Where newsdesk answers HTTP.
    pub server: Option<At<Server>>,
    /// What is kept, where and how long.
    pub store: Option<At<Store>>,
    /// How sources are polled, unless one has settings of its own.
    pub polling: Option<At<Polling>>,
    /// What the published feeds hold.
    pub publish: Option<At<Publish>>,
    /// The publishers' feeds, each under an id: lower-case letters, digits and `-`.
    #[schemars(with = "BTreeMap<String, Source>", extend("propertyNames" = { "pattern": "^[a-z0-9-]{1,64}$" }))]
    pub sources: BTreeMap<At<String>, At<Source>>,
    /// What holds for every topic.
    pub tagging: Option<At<Tagging>>,
    /// The topics, each under an id: lower-case letters, digits and `-`. A topic's id is its place in our addresses.
    #[schemars(with = "BTreeMap<String, Topic>", extend("propertyNames" = { "pattern": "^[a-z0-9-]{1,64}$" }))]
    pub topics: BTreeMap<At<String>, At<Topic>>,
    /// More files with topics, relative to this file's folder; `*`, `?` and `[…]` stand for what file names have there.
    #[schemars(extend("examples" = [["topics/*.toml"]]))]
    pub include: Option<Vec<At<String>>>,
}

/// A file that another one includes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Included {
    /// As in the file that includes this one.
    #[schemars(with = "BTreeMap<String, Topic>", extend("propertyNames" = { "pattern": "^[a-z0-9-]{1,64}$" }))]
    pub topics: BTreeMap<At<String>, At<Topic>>,
}

/// Where newsdesk answers HTTP.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    /// Address and port. A loopback address is reached from this machine only, behind a proxy say; `[::]:8080` from everywhere.
    #[schemars(extend("default" = "127.0.0.1:8080"))]
    pub listen: Option<At<ListenText>>,
    /// The address readers use, at the head of every link to us. Default: `http://` and the address listened on.
    pub public_url: Option<At<UrlText>>,
    /// Readers may subscribe to our feeds and are sent what is new at once (WebSub). Takes `public_url`.
    #[schemars(extend("default" = true))]
    pub hub: Option<At<bool>>,
    /// Private networks in which subscribers' callbacks may be. Every other private address is refused, wherever sources are.
    #[schemars(extend("default" = []))]
    pub hub_networks: Option<Vec<At<NetworkText>>>,
}

/// What is kept, where and how long.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Store {
    /// Folder of the store, relative to this file's folder. Default: systemd's `$STATE_DIRECTORY`.
    #[schemars(extend("examples" = ["/var/lib/newsdesk"]))]
    pub path: Option<At<String>>,
    /// How long an entry is kept.
    #[schemars(extend("default" = "400d"))]
    pub retention: Option<At<DurationText>>,
    /// Memory for the store's cache. The process needs about twice as much.
    #[schemars(extend("default" = "64MiB"))]
    pub cache: Option<At<SizeText>>,
    /// With less room than this left on the store's disk nothing more is kept until there is more; editions stay up.
    #[schemars(extend("default" = "64MiB"))]
    pub free_space: Option<At<SizeText>>,
    /// The most that the store's content may take in the database, the oldest entries of the fullest source go first. The files
    /// take up to four times as much. No limit unless it is given.
    pub size: Option<At<SizeText>>,
    /// At most so many entries of one source are kept, the newest.
    #[schemars(extend("default" = 5000), range(min = 10, max = 1_000_000))]
    pub entries_per_source: Option<At<u64>>,
}

/// How sources are polled, unless one has settings of its own.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Polling {
    /// When to poll: minute, hour, day of the month, month, day of the week, as in crontab(5). Sources are spread over the whole
    /// interval between two ticks.
    #[schemars(extend("default" = "0 * * * *"))]
    pub schedule: Option<At<CronText>>,
    /// The time zone of every schedule, by its IANA name.
    #[schemars(extend("default" = "UTC", "examples" = ["Europe/Paris"]))]
    pub timezone: Option<At<String>>,
    /// A page about you or your use of feeds, told to publishers in the User-Agent field.
    pub contact: Option<At<UrlText>>,
    /// Private networks that sources may be in. Every other private address is refused.
    #[schemars(extend("default" = []))]
    pub allow_networks: Option<Vec<At<NetworkText>>>,
    /// The shortest time between two requests to one host.
    #[schemars(extend("default" = "1s"))]
    pub host_gap: Option<At<DurationText>>,
    /// How many entries of a new source count as news, the newest; 0 for all.
    #[schemars(extend("default" = 50), range(min = 0, max = 100_000))]
    pub backlog: Option<At<u64>>,
    /// Whether the page behind a new entry's link is fetched once: `none`; `fetch`, so that its text has a say in the topics;
    /// `publish`, so that readers are shown it as well.
    #[schemars(extend("default" = "none"))]
    pub article: Option<At<ArticleText>>,
    /// What is done about an entry that its publisher says it has deleted (`at:deleted-entry`, RFC 6721): `keep` it, or `remove`
    /// it.
    #[schemars(extend("default" = "keep"))]
    pub deleted: Option<At<DeletedText>>,
    /// How long one request may take in all.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<At<DurationText>>,
    /// How many requests may be under way at once.
    #[schemars(extend("default" = 64), range(min = 1, max = 1024))]
    pub concurrency: Option<At<u64>>,
    /// Parameters of links that say how a reader came, not which article it is, beside those newsdesk knows: `name`, `name*`,
    /// `name=value`, and `name @example.org` for one site.
    #[schemars(extend("default" = []))]
    pub tracking: Option<Vec<At<TrackingText>>>,
}

/// What the published feeds hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Publish {
    /// At most so many entries in a topic's feed, the newest.
    #[schemars(extend("default" = 100), range(min = 1, max = 1000))]
    pub entries: Option<At<u64>>,
    /// How stories are shown: `merge` shows copies as one entry, `group` has articles on one event name each other as well, `all`
    /// shows every copy.
    #[schemars(extend("default" = "merge"))]
    pub stories: Option<At<StoriesText>>,
    /// Whether sources share a feed fairly, so that a loud one does not crowd out the others.
    #[schemars(extend("default" = false))]
    pub fair: Option<At<bool>>,
    /// Memory for finished feeds and pages. Those beyond are made when they are asked for.
    #[schemars(extend("default" = "96MiB"))]
    pub memory: Option<At<SizeText>>,
    /// A folder, relative to this file's, that is to hold every feed and page as a file, for a web server or an object store. It
    /// should hold nothing else.
    #[schemars(extend("examples" = ["/var/www/news"]))]
    pub directory: Option<At<String>>,
}

/// A publisher's feed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["url"]))]
pub(super) struct Source {
    /// The feed's address.
    pub url: Option<At<UrlText>>,
    /// A title in place of the feed's own.
    #[schemars(extend("examples" = ["Le Monde, Pixels"]))]
    pub title: Option<At<String>>,
    /// The language of entries that do not declare one.
    pub language: Option<At<LanguageText>>,
    /// The country it is published in, for topics whose scope asks. Default: the region in `language`, if there is one.
    pub country: Option<At<CountryText>>,
    /// A schedule of its own. It may be more frequent than ours for others, and starts within five minutes of its tick.
    pub schedule: Option<At<CronText>>,
    /// How long one request may take in all.
    pub timeout: Option<At<DurationText>>,
    /// Header fields to send to this source.
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("examples" = [{ "X-Api-Key": "…" }]))]
    pub headers: Option<BTreeMap<At<String>, At<String>>>,
    /// Credentials for HTTP basic authentication.
    pub basic_auth: Option<At<Credentials>>,
    /// The feed may be at a private address, on this machine or in this network.
    #[schemars(extend("default" = false))]
    pub allow_private: Option<At<bool>>,
    /// How many entries of its first document count as news; 0 for all.
    #[schemars(range(min = 0, max = 100_000))]
    pub backlog: Option<At<u64>>,
    /// Whether the page behind a new entry's link is fetched, and what for: `none`, `fetch` or `publish`.
    pub article: Option<At<ArticleText>>,
    /// What is done about an entry that it says it has deleted: `keep` or `remove`.
    pub deleted: Option<At<DeletedText>>,
    /// How much of its entries readers are shown: `full`; `summary`, the publisher's or how the text begins; `title`, with the
    /// link.
    #[schemars(extend("default" = "full"))]
    pub content: Option<At<ContentText>>,
    /// Of several copies of a story, the source with the highest priority owns it.
    #[schemars(extend("default" = 0), range(min = -1000, max = 1000))]
    pub priority: Option<At<i64>>,
    /// Ids this source had before: what was kept under them is its own.
    pub formerly: Option<Vec<At<IdText>>>,
    /// Keep what there is and do not poll.
    #[schemars(extend("default" = false))]
    pub disabled: Option<At<bool>>,
}

/// Credentials for HTTP basic authentication.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["username"]))]
pub(super) struct Credentials {
    /// The user's name.
    pub username: Option<At<String>>,
    /// The password itself; better a file only newsdesk can read.
    pub password: Option<At<String>>,
    /// A file that holds the password, relative to this file's folder.
    #[schemars(extend("examples" = ["/etc/newsdesk/example.password"]))]
    pub password_file: Option<At<String>>,
}

/// What holds for every topic.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tagging {
    /// The languages topics have terms in.
    #[schemars(extend("default" = ["en", "fr", "de", "es", "it"]))]
    pub languages: Option<Vec<At<LanguageText>>>,
    /// By how much a hit counts, by where it is.
    pub field_weight: Option<At<FieldWeight>>,
    /// How many words of the text are its lead.
    #[schemars(extend("default" = 60), range(min = 1, max = 10_000))]
    pub lead_words: Option<At<u64>>,
    /// A topic needs a hit in the title, in a category or in this many first words of the text.
    #[schemars(extend("default" = 100), range(min = 1, max = 100_000))]
    pub anchor_words: Option<At<u64>>,
}

/// By how much a hit counts, by where it is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FieldWeight {
    /// In the title.
    #[schemars(extend("default" = 3.0), range(min = 0, max = 100))]
    pub title: Option<At<f64>>,
    /// In the first words of the text.
    #[schemars(extend("default" = 2.0), range(min = 0, max = 100))]
    pub lead: Option<At<f64>>,
    /// Further down.
    #[schemars(extend("default" = 1.0), range(min = 0, max = 100))]
    pub body: Option<At<f64>>,
    /// In one of the publisher's categories.
    #[schemars(extend("default" = 3.0), range(min = 0, max = 100))]
    pub category: Option<At<f64>>,
}

/// A topic.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Topic {
    /// The topic's name for readers. Default: its id.
    #[schemars(extend("examples" = ["Telecoms"]))]
    pub title: Option<At<String>>,
    /// A sentence about it for readers.
    #[schemars(extend("examples" = ["Networks, operators and their regulators."]))]
    pub description: Option<At<String>>,
    /// The points an entry needs.
    #[schemars(extend("default" = 4.0), range(min = 0, max = 1000))]
    pub threshold: Option<At<f64>>,
    /// The language of the title and the description.
    pub language: Option<At<LanguageText>>,
    /// How its stories are shown: `merge`, `group` or `all`. Default: `[publish] stories`.
    pub stories: Option<At<StoriesText>>,
    /// Whether sources share its feed fairly. Default: `[publish] fair`.
    pub fair: Option<At<bool>>,
    /// Ids this topic had before: their addresses lead to it.
    pub formerly: Option<Vec<At<IdText>>>,
    /// Terms by language: `any` for every language, or one of `[tagging] languages`.
    #[schemars(with = "BTreeMap<String, Vec<String>>", extend("examples" = [{ "any": ["telecom*^1.5", "=MWC^2"] }]))]
    pub terms: TermTable,
    /// Terms that take points away, by language as in `terms`.
    #[schemars(with = "BTreeMap<String, Vec<String>>", extend("examples" = [{ "fr": ["fibre textile^2"] }]))]
    pub minus: TermTable,
    /// Terms, by language as in `terms`, whose words count for nothing in this topic.
    #[schemars(with = "BTreeMap<String, Vec<String>>", extend("examples" = [{ "fr": ["vent de mistral"] }]))]
    pub shield: TermTable,
    /// Terms, by language as in `terms`, that keep an entry out when they stand in its title, a category or its lead.
    #[schemars(with = "BTreeMap<String, Vec<String>>", extend("examples" = [{ "any": ["horoscope"] }]))]
    pub not: TermTable,
    /// Groups of terms, in every language: of each group one must stand somewhere in the entry.
    #[schemars(extend("examples" = [[["cloud", "data cent*"], ["Europe", "européen"]]]))]
    pub require: Option<Vec<Vec<At<String>>>>,
    /// Publishers' categories that bring points, whole and whatever their case; each weighs 2 unless its `^` says otherwise.
    #[schemars(extend("examples" = [["Télécoms", "Economy^1.5"]]))]
    pub category: Option<Vec<At<String>>>,
    /// Topics that an entry of this one belongs to as well.
    pub implies: Option<Vec<At<IdText>>>,
    /// Which entries the topic is for. Default: all.
    pub scope: Option<At<Scope>>,
    /// In place of that of `[tagging]`, weight by weight.
    pub field_weight: Option<At<OwnFieldWeight>>,
    /// In place of that of `[tagging]`.
    #[schemars(range(min = 0, max = 100_000))]
    pub anchor_words: Option<At<u64>>,
    /// Files of texts to learn from, beside the terms or in their place.
    #[schemars(extend("examples" = [{ "like": "space.like.jsonl", "unlike": "space.unlike.jsonl" }]))]
    pub examples: Option<At<TopicExamples>>,
}

/// Files of texts to learn a topic from: one JSON object a line, with `title`, `text` and `lang`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["like"]))]
pub(super) struct TopicExamples {
    /// A file of texts that belong to the topic, relative to this file's folder; 20 are a good number.
    pub like: Option<At<String>>,
    /// A file of texts that do not belong, three times as many. Default: what the other topics' examples are like.
    pub unlike: Option<At<String>>,
    /// The say of the examples against that of the terms.
    #[schemars(extend("default" = 0.5), range(min = 0.1, max = 0.9))]
    pub weight: Option<At<f64>>,
}

/// Lists of terms by language.
pub(super) type TermTable = BTreeMap<At<String>, Vec<At<String>>>;

/// Which entries a topic is for: those that meet everything that is written here.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Scope {
    /// The ids of the sources.
    pub sources: Option<Vec<At<IdText>>>,
    /// The languages of the entries.
    pub languages: Option<Vec<At<LanguageText>>>,
    /// The countries of the sources.
    pub countries: Option<Vec<At<CountryText>>>,
}

/// A topic's own weights of the places where a hit can be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OwnFieldWeight {
    /// In the title.
    #[schemars(range(min = 0, max = 100))]
    pub title: Option<At<f64>>,
    /// In the first words of the text.
    #[schemars(range(min = 0, max = 100))]
    pub lead: Option<At<f64>>,
    /// Further down.
    #[schemars(range(min = 0, max = 100))]
    pub body: Option<At<f64>>,
    /// In one of the publisher's categories.
    #[schemars(range(min = 0, max = 100))]
    pub category: Option<At<f64>>,
}
