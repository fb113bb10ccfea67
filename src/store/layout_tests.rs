//! The layout of records on the disk.

use chrono::{DateTime, Utc};

use super::*;
use crate::model::{
    Category, EmbeddedSource, Enclosure, Entry, EntryNumber, FeedMetadata, Language, LanguageOrigin, Moved, Person,
    PollHints, PollState, SourceNumber, StoryNumber, TopicId, TopicScore, UpdatePeriod, Validators,
};
use crate::{
    stories::{Alias, EntryText, KnownBy, Move, Publisher, Renumbering, WordStatistics, compare},
    text::{BlockPrint, Boilerplate, EntryOutline, ReadableEntry, ReadableText},
    topics::Account,
};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).expect("a time")
}

/// The bytes of every record are pinned: a field that is added, removed or moved makes old stores unreadable, or worse, read
/// wrong. Whoever changes one raises the version in `codec.rs`, reads the old form beside it, and then pins the new bytes here.
#[test]
fn the_layout_of_every_record_is_what_stores_out_there_hold() {
    let person = || Person { name: "Zoé".into(), uri: Some("u".into()), email: Some("e".into()) };
    let category = || Category { term: "t".into(), scheme: Some("s".into()), label: Some("l".into()) };
    let entry = Entry {
        guid: Some("g".into()),
        link: Some("l".into()),
        title: "t".into(),
        summary: Some("s".into()),
        content: Some("c".into()),
        language: Some(Language { tag: "fr".into(), origin: LanguageOrigin::Detected }),
        authors: vec![person()],
        contributors: vec![person()],
        categories: vec![category()],
        enclosures: vec![Enclosure { url: "u".into(), media_type: Some("m".into()), length: Some(300) }],
        published: Some(at(1)),
        updated: Some(at(2)),
        rights: Some("r".into()),
        source: Some(EmbeddedSource {
            id: Some("i".into()),
            title: Some("t".into()),
            feed_url: Some("f".into()),
            site_url: Some("s".into()),
            updated: Some(at(3)),
            rights: Some("r".into()),
            authors: vec![person()],
        }),
    };
    let topics = vec![TopicScore { topic: TopicId::new("ai"), score: 4.5 }];
    let key = IdentityKey::new("guid", &["1"]);
    let record = EntryRecord {
        number: EntryNumber(1),
        source: SourceNumber(2),
        identity: key,
        shared_keys: vec![SharedKey::link("x")],
        atom_id: "a".into(),
        first_seen: at(1),
        first_dated: at(2),
        revised: Some(at(3)),
        feed_updated: Some(at(4)),
        story: StoryNumber(5),
        topics: topics.clone(),
        entry,
    };
    let copy = Copy {
        entry: EntryNumber(1),
        source: SourceNumber(2),
        link: Some("l".into()),
        originality: Originality::Claimed,
        published: Some(at(1)),
        first_dated: at(2),
        revised: Some(at(3)),
        topics: topics.clone(),
    };
    let story = StoryRecord {
        number: StoryNumber(1),
        id: "i".into(),
        owner: EntryNumber(2),
        copies: vec![copy],
        updated: at(1),
        topics,
    };
    let feed = FeedMetadata {
        id: Some("i".into()),
        title: "t".into(),
        site_url: Some("s".into()),
        self_url: Some("f".into()),
        hubs: vec!["h".into()],
        language: Some("fr".into()),
        rights: Some("r".into()),
        authors: vec![person()],
        categories: vec![category()],
        updated: Some(at(1)),
    };
    let source = SourceRecord {
        number: SourceNumber(1),
        first_url: "u".into(),
        feed,
        identity_policy: IdentityPolicy::ByGuidAndLink,
        last_read: Some(at(1)),
        entries: 300,
    };
    let state = PollState {
        url: "u".into(),
        validators: Validators { etag: Some(b"e".to_vec()), last_modified: Some(b"l".to_vec()) },
        validators_url: Some("v".into()),
        body_hash: Some(1),
        last_start: Some(at(1)),
        last_response: Some(at(2)),
        unchanged_since: Some(at(3)),
        fresh_until: Some(at(4)),
        explicit_freshness: true,
        retry_until: Some(at(5)),
        retry_is_for_host: true,
        failures: 300,
        failing_since: Some(at(6)),
        refused_since: Some(at(7)),
        gone_seen: Some(at(8)),
        gone_since: Some(at(9)),
        ever_validated: true,
        hints: PollHints {
            ttl_minutes: Some(60),
            skip_hours: vec![3],
            skip_days: vec![4],
            update: Some(UpdatePeriod { seconds: 3600 }),
        },
        moved: Some(Moved { to: "t".into(), first_seen: at(10), times: 5, accepted: true }),
        last_outcome: Some("o".into()),
    };
    let kept = Identity::Kept { entry: EntryNumber(1), fingerprint: 7 };
    let tombstone = Identity::Tombstone { last_listed: at(1) };
    let deleted = Identity::Deleted { when: at(1), last_listed: at(2) };
    let outline =
        EntryOutline { date: Some(300), identity: 1, title: vec![7], blocks: vec![BlockPrint { hash: 300, words: 2 }] };
    let (row, outlined) = readings::rows_of(&ReadingRecord {
        number: EntryNumber(1),
        source: SourceNumber(2),
        at: at(1),
        tagged_with: 300,
        cut: 301,
        account: Account::default(),
        outline,
    })
    .expect("encoded");
    let learnt = BoilerplateRecord { boilerplate: Boilerplate::default(), is_unsettled: true };
    let tagging = TaggingRecord { topics: [(TopicId::new("ai"), 300)].into(), is_under_way: true };
    let article = ArticleRecord { number: EntryNumber(1), at: at(1), html: "h".into() };
    let job = ArticleJob { source: SourceNumber(1), number: EntryNumber(300), tries: 2, due: at(1) };
    let alias = Identity::Alias { of: key };
    let readable = ReadableText {
        title: "The ministers meet in 2026".into(),
        text: "Two ministers agreed on 7 points and 12 more".into(),
        language: Some("en".into()),
        ..ReadableText::default()
    };
    let read = EntryText::of(&ReadableEntry::from_text(&readable, &["en".into()]));
    let text = TextRecord {
        number: EntryNumber(1),
        publisher: Publisher(2),
        dated: at(3),
        link: Some(4),
        wording: read.wording.clone(),
        terms: read.terms.clone(),
    };
    let pair = compare(&text.entry(), &TextRecord { number: EntryNumber(300), dated: at(70), ..text.clone() }.entry());
    let told = ToldRecord { word: Word::Split, at: at(1) };
    let words = WordStatistics::learn(&[read.terms.clone(), read.terms]);
    let renumbered = RenumberedRecord {
        at: at(1),
        renumbering: Renumbering {
            what: Move::ToOtherSoftware,
            listed: 300,
            aliases: vec![Alias { arriving: key, kept: key, known_by: KnownBy::Text }],
            held_back: vec![key],
        },
    };
    let subscription = SubscriptionRecord {
        key: SubscriptionKey::new("c", "t"),
        callback: "c".into(),
        topic: "t".into(),
        secret: Some(SubscriptionSecret::new("s")),
        since: at(1),
        until: at(2),
        delivered: Some(300),
        failures: 300,
        failing_since: Some(at(3)),
        retry_at: Some(at(4)),
    };
    let archive = ArchiveRecord { pages: 300 };
    let taken_down = TakenDownRecord {
        number: 300,
        at: at(1),
        named: "n".into(),
        reason: "r".into(),
        links: vec!["l".into()],
        ids: vec!["i".into()],
        keys: vec![SharedKey::link("x")],
        is_by_id: true,
        entries: vec![EntryName { source: SourceNumber(2), key }],
        is_out: true,
    };
    let hash = |bytes: Result<Vec<u8>, postcard::Error>| xxhash_rust::xxh3::xxh3_64(&bytes.expect("encoded"));
    let pinned = [
        ("entry", hash(postcard::to_stdvec(&record)), 0xc80049e87b1821c4),
        ("story", hash(postcard::to_stdvec(&story)), 0x06cdb3c287183361),
        ("source", hash(postcard::to_stdvec(&source)), 0xdfa648aaaad62a08),
        ("poll state", hash(postcard::to_stdvec(&state)), 0x8a0342cc91cd42c2),
        ("identity, kept", hash(postcard::to_stdvec(&kept)), 0x7da2461d069adbb2),
        ("identity, tombstone", hash(postcard::to_stdvec(&tombstone)), 0x84325cf5de5b471c),
        ("reading", hash(Ok(row)), 0x8299ee80bf695068),
        ("outline", hash(Ok(outlined)), 0x0e1fbfd5c9843374),
        ("boilerplate", hash(postcard::to_stdvec(&learnt)), 0x6f15e63fb37c575a),
        ("tagging", hash(postcard::to_stdvec(&tagging)), 0xcd6c3aba4383b53a),
        ("article", hash(postcard::to_stdvec(&article)), 0xb27b397007e42df4),
        ("article job", hash(postcard::to_stdvec(&job)), 0x5e600fa5d24b1879),
        ("identity, alias", hash(postcard::to_stdvec(&alias)), 0x6dea788a6b86a29c),
        ("identity, deleted", hash(postcard::to_stdvec(&deleted)), 0xc4524dc8856477a6),
        ("text", hash(postcard::to_stdvec(&text)), 0x64a7f35159ddc9c1),
        ("comparison", hash(postcard::to_stdvec(&pair)), 0x415270d2ef024bc9),
        ("word of the admin", hash(postcard::to_stdvec(&told)), 0x84325cf5de5b471c),
        ("word statistics", hash(postcard::to_stdvec(&words)), 0x60e02f2768dc7d06),
        ("archive", hash(postcard::to_stdvec(&archive)), 0xa6b44aeed67a4fdf),
        ("takedown", hash(postcard::to_stdvec(&taken_down)), 0xb95e64cb10de0a92),
        ("story that went on", hash(postcard::to_stdvec(&EntryNumber(300))), 0xa6b44aeed67a4fdf),
        ("renumbering", hash(postcard::to_stdvec(&renumbered)), 0xb262dbb1222fa01c),
        ("subscription", hash(postcard::to_stdvec(&subscription)), 0x3c8d50e517c1e00a),
    ];
    let changed: Vec<String> = pinned
        .iter()
        .filter(|(_, now, then)| now != then)
        .map(|(what, now, _)| format!("{what}: {now:#018x}"))
        .collect();
    assert!(changed.is_empty(), "records have another layout than stores out there hold: {changed:#?}");
}
