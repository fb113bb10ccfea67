//! Changes of every kind.

use proptest::prelude::*;

use super::{at, commit};
use crate::model::{
    Category, EmbeddedSource, Enclosure, Entry, EntryNumber, FeedMetadata, Language, LanguageOrigin, Moved, Person,
    PollHints, PollState, SourceId, SourceNumber, StoryNumber, TopicId, TopicScore, UpdatePeriod, Validators,
};
use crate::store::{
    ArchiveRecord, ArticleJob, ArticleRecord, BoilerplateRecord, Change, Commit, Copy, EntryName, EntryRecord,
    Identity, IdentityKey, IdentityPolicy, Learnt, Originality, ReadingRecord, RenumberedRecord, SharedKey,
    SourceRecord, StoryRecord, SubscriptionKey, SubscriptionRecord, SubscriptionSecret, TaggingRecord, TakenDownRecord,
    TextRecord, ToldRecord, Word,
};
use crate::{
    stories::{
        Alias, Comparison, EntryText, KnownBy, Move, Publisher, Renumbering, TextEntry, WordStatistics, compare,
    },
    text::ReadableEntry,
    topics::{TaggingSettings, Topics},
};

pub(super) fn entry(number: u64, text: &str) -> EntryRecord {
    let person = || Person { name: text.into(), uri: Some("u".into()), email: None };
    let category = || Category { term: text.into(), scheme: None, label: Some("l".into()) };
    EntryRecord {
        number: EntryNumber(number),
        source: SourceNumber(2),
        identity: key(number),
        shared_keys: vec![SharedKey::link(text)],
        atom_id: format!("tag:example.org,2026:{number}"),
        first_seen: at(1),
        first_dated: at(2) + chrono::TimeDelta::nanoseconds(123_456_789),
        revised: Some(at(3)),
        feed_updated: None,
        story: StoryNumber(number),
        topics: topics(0.1 + 0.2),
        entry: Entry {
            guid: Some(text.into()),
            link: None,
            title: text.into(),
            summary: Some(format!("<p>{text}</p>")),
            content: Some(text.repeat(3)),
            language: Some(Language { tag: "fr".into(), origin: LanguageOrigin::Detected }),
            authors: vec![person()],
            contributors: vec![person()],
            categories: vec![category()],
            enclosures: vec![Enclosure { url: "u".into(), media_type: None, length: Some(u64::MAX) }],
            published: Some(at(-20_000_000)),
            updated: None,
            rights: Some("r".into()),
            source: Some(EmbeddedSource { title: Some(text.into()), updated: Some(at(3)), ..Default::default() }),
        },
    }
}

fn topics(score: f64) -> Vec<TopicScore> {
    vec![TopicScore { topic: TopicId::new("ai"), score }]
}

pub(super) fn key(number: u64) -> IdentityKey {
    IdentityKey::new("guid", &[&number.to_string()])
}

pub(super) fn story(number: u64, text: &str) -> StoryRecord {
    let copy = Copy {
        entry: EntryNumber(number),
        source: SourceNumber(2),
        link: Some(text.into()),
        originality: Originality::Claimed,
        published: None,
        first_dated: at(2),
        revised: Some(at(3)),
        topics: topics(1e300),
    };
    StoryRecord {
        number: StoryNumber(number),
        id: text.into(),
        owner: EntryNumber(number),
        copies: vec![copy],
        updated: at(1),
        topics: topics(-0.0),
    }
}

pub(super) fn source(text: &str) -> SourceRecord {
    SourceRecord {
        number: SourceNumber(1),
        first_url: text.into(),
        feed: FeedMetadata { title: text.into(), hubs: vec!["h".into()], ..FeedMetadata::default() },
        identity_policy: IdentityPolicy::ByGuidAndLink,
        last_read: Some(at(1)),
        entries: 300,
    }
}

pub(super) fn poll(text: &str) -> PollState {
    PollState {
        url: text.into(),
        validators: Validators { etag: Some(vec![0, 34, 255, 128]), last_modified: Some(text.as_bytes().to_vec()) },
        body_hash: Some(u64::MAX),
        hints: PollHints {
            ttl_minutes: Some(60),
            skip_hours: vec![3],
            skip_days: vec![4],
            update: Some(UpdatePeriod { seconds: 3600 }),
        },
        moved: Some(Moved { to: "t".into(), first_seen: at(10), times: 5, accepted: true }),
        last_outcome: Some(text.into()),
        ..PollState::default()
    }
}

pub(super) fn reading(number: u64, text: &str) -> ReadingRecord {
    let entry = Entry { title: text.into(), content: Some(format!("<p>{text} is told of.</p>")), ..Entry::default() };
    let read = ReadableEntry::from_entry(&entry, &["en".to_owned()]);
    let topics = Topics::compile(&TaggingSettings::default(), &[]).unwrap_or_else(|problems| panic!("{problems:?}"));
    ReadingRecord {
        number: EntryNumber(number),
        source: SourceNumber(2),
        at: at(4),
        tagged_with: u64::MAX - number,
        cut: u64::MAX,
        account: topics.tag_and_account(&read, None, false).1,
        outline: read.outline,
    }
}

/// So many kinds of change there are.
pub(super) const KINDS: u8 = 40;

/// A change of this kind to the `number`th subject.
pub(super) fn change(kind: u8, number: u64, text: &str) -> Change {
    let id = || SourceId::new(format!("source {number} {}", if number.is_multiple_of(2) { "" } else { "é\"\\\n" }));
    let source_number = SourceNumber(number as u32 % 3);
    match kind % KINDS {
        0 => Change::Instance(uuid::Uuid::from_u128(u128::from(number))),
        1 => Change::Source { id: id(), record: source(text) },
        2 => Change::SourceRemoved { id: id() },
        3 => Change::Poll { id: id(), state: poll(text) },
        4 => Change::PollRemoved { id: id() },
        5 | 14 => Change::Entry(Box::new(entry(number, text))),
        6 => Change::EntryRemoved { number: EntryNumber(number) },
        7 => Change::Identity {
            source: source_number,
            key: key(number),
            is: Identity::Kept { entry: EntryNumber(number), fingerprint: u64::MAX - number },
        },
        8 => Change::Identity {
            source: source_number,
            key: key(number),
            is: if number.is_multiple_of(2) {
                Identity::Tombstone { last_listed: at(number as i64) }
            } else {
                Identity::Deleted { when: at(number as i64), last_listed: at(2 * number as i64) }
            },
        },
        9 => Change::IdentityRemoved { source: source_number, key: key(number) },
        10 | 15 => Change::Story(Box::new(story(number, text))),
        11 => Change::StoryRemoved { number: StoryNumber(number) },
        16 => Change::Reading(Box::new(reading(number, text))),
        17 => Change::ReadingRemoved { number: EntryNumber(number) },
        18 => Change::Boilerplate { source: source_number, record: BoilerplateRecord::default() },
        19 => Change::Article(Box::new(ArticleRecord {
            number: EntryNumber(number),
            at: at(number as i64),
            html: text.repeat(3),
        })),
        20 => Change::ArticleRemoved { number: EntryNumber(number) },
        21 => Change::ArticleJob(ArticleJob {
            source: source_number,
            number: EntryNumber(number),
            tries: 2,
            due: at(number as i64),
        }),
        22 => Change::ArticleJobRemoved { source: source_number, number: EntryNumber(number) },
        23 => Change::Tagging(TaggingRecord { topics: [(TopicId::new(text), u64::MAX)].into(), is_under_way: true }),
        25 => Change::Text(Box::new(TextRecord {
            number: EntryNumber(number),
            publisher: Publisher(u64::MAX - number),
            dated: at(number as i64),
            link: Some(number),
            wording: entry_text(text).wording,
            terms: entry_text(text).terms,
        })),
        26 => Change::TextRemoved { number: EntryNumber(number) },
        27 => Change::Pair { a: EntryNumber(number), b: EntryNumber(number + 7), is: comparison(text) },
        28 => Change::PairRemoved { a: EntryNumber(number), b: EntryNumber(number + 7) },
        29 => Change::Told {
            a: EntryName { source: source_number, key: key(number) },
            b: EntryName { source: SourceNumber(9), key: key(number + 1) },
            is: ToldRecord { word: if number == 0 { Word::Join } else { Word::Split }, at: at(number as i64) },
        },
        30 if number == 0 => Change::Renumbered {
            source: source_number,
            is: RenumberedRecord {
                at: at(1),
                renumbering: Renumbering {
                    what: Move::ToAnotherHost,
                    listed: 9,
                    aliases: vec![Alias { arriving: key(1), kept: key(2), known_by: KnownBy::PathOfLink }],
                    held_back: vec![key(3)],
                },
            },
        },
        30 => Change::Learnt(Box::new(Learnt {
            at: at(number as i64),
            words: WordStatistics::learn(&[entry_text(text).terms, entry_text(text).terms]),
            ..Learnt::default()
        })),
        31 => Change::Subscription(Box::new(SubscriptionRecord {
            key: subscription(number),
            callback: format!("https://reader.example/{number}"),
            topic: text.into(),
            secret: (number > 0).then(|| SubscriptionSecret::new(text)),
            since: at(1),
            until: at(number as i64),
            delivered: Some(u64::MAX - number),
            failures: 3,
            failing_since: Some(at(2)),
            retry_at: None,
        })),
        32 => Change::SubscriptionRemoved { key: subscription(number) },
        33 => Change::Joined { topic: TopicId::new("ai"), at: at(number as i64), story: StoryNumber(number) },
        34 => Change::JoinedRemoved { topic: TopicId::new("ai"), at: at(number as i64), story: StoryNumber(number) },
        35 => Change::Archive {
            topic: TopicId::new(if number == 0 { "ai" } else { "telecom" }),
            is: ArchiveRecord { pages: number },
        },
        36 => Change::TakenDown(Box::new(TakenDownRecord {
            number,
            at: at(number as i64),
            named: text.into(),
            reason: text.into(),
            links: vec![text.into()],
            ids: vec![text.into()],
            keys: vec![SharedKey::link(text)],
            is_by_id: number == 1,
            entries: vec![EntryName { source: source_number, key: key(number) }],
            is_out: number == 0,
        })),
        37 => Change::TakenDownRemoved { number },
        38 => Change::WentOn { story: StoryNumber(number), entry: EntryNumber(number + 7) },
        39 => Change::WentOnRemoved { story: StoryNumber(number) },
        12 => Change::TopicsEver([(TopicId::new(text), TopicId::new("name"))].into()),
        _ => match number % 3 {
            0 => Change::TaggedWith(None),
            1 => Change::TaggedWith(Some(u64::MAX)),
            _ => Change::Next { entry: EntryNumber(number), story: StoryNumber(1 << 60) },
        },
    }
}

fn subscription(number: u64) -> SubscriptionKey {
    SubscriptionKey::new("callback", &number.to_string())
}

fn entry_text(text: &str) -> EntryText {
    let entry =
        Entry { title: text.into(), content: Some(format!("{text} in 2026 and 7 more words")), ..Entry::default() };
    EntryText::of(&ReadableEntry::from_entry(&entry, &["en".into()]))
}

fn comparison(text: &str) -> Comparison {
    let wording = entry_text(text).wording;
    let entry = |number| TextEntry {
        entry: EntryNumber(number),
        publisher: Publisher(number),
        dated: Some(at(number as i64)),
        link: None,
        wording: wording.clone(),
    };
    compare(&entry(1), &entry(2))
}

/// One change of every kind.
pub(super) fn every_kind(text: &str) -> Vec<Change> {
    (0..KINDS).flat_map(|kind| (0..3).map(move |number| change(kind, number, text))).collect()
}

/// Commits numbered from 1 that change some of a few subjects again and again.
pub(super) fn commits(most: usize) -> impl Strategy<Value = Vec<Commit>> {
    let change = (0..KINDS, 0..6_u64, "\\PC{0,12}").prop_map(|(kind, number, text)| change(kind, number, &text));
    proptest::collection::vec(proptest::collection::vec(change, 0..5), 1..most)
        .prop_map(|all| all.into_iter().zip(1..).map(|(changes, number)| commit(number, changes)).collect())
}

/// A commit of so many entries with a text of its own.
pub(super) fn of_entries(number: u64, entries: std::ops::Range<u64>) -> Commit {
    let entries =
        entries.map(|entry| Change::Entry(Box::new(self::entry(entry, &format!("text {number} of {entry}")))));
    commit(number, entries.collect())
}
