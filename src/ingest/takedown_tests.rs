//! What is taken down leaves the store, every file of it, every archive, and does not come back.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::*;
use crate::{
    clock::Clock,
    model::{Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    publish::{Archives, Editions, PublishSettings, Publisher, TopicPage, copy_id},
    store::{RetentionLimits, Store, StoreSettings},
};

/// It is in the text of what is taken down, and nowhere else.
const MARKER: &str = "Zanzibarbarossa";

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).expect("a time")
}

struct House {
    ingest: Ingest,
    store: Store,
    publisher: Publisher,
    hour: Arc<AtomicI64>,
    folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let hour = Arc::new(AtomicI64::new(0));
        let now = hour.clone();
        let clock = Clock::new(move || at(now.load(Ordering::Relaxed)));
        let settings = StoreSettings { clock, ..StoreSettings::new(folder.path()) };
        let store = Store::open(&settings).map_err(|error| error.to_string()).expect("opened").store;
        let age = Duration::from_secs(400 * 86_400);
        let sources = ["gazette", "herald", "tribune"].map(|id| (SourceId::new(id), SourceRules::default()));
        let retention = RetentionLimits { age, entries_per_source: 100_000, size: None };
        let ingest = Ingest::new(store.clone(), TakeInRules { retention, sources: BTreeMap::from(sources) });
        let editions = Editions::with_archives(Archives::open(folder.path().join("archives")).expect("opened"));
        let settings = PublishSettings {
            topics: vec![TopicPage::new(TopicId::new("ai"), "AI")],
            ..PublishSettings::new(url::Url::parse("https://news.example/").expect("a URL"))
        };
        let ever = BTreeMap::from([(TopicId::new("ai"), TopicId::new("ai"))]);
        let publisher = Publisher::new(store.clone(), settings, editions, &ever, None);
        Self { ingest, store, publisher, hour, folder }
    }

    fn deliver(&self, source: &str, entries: Vec<Entry>) -> Outcome {
        let tagged = |entry: Entry| TaggedEntry::new(entry, vec![TopicScore { topic: TopicId::new("ai"), score: 1.0 }]);
        let delivery = Delivery {
            source: SourceId::new(source),
            configured_url: format!("https://{source}.example/feed"),
            at: at(self.hour.load(Ordering::Relaxed)),
            state: PollState::default(),
            reading: Some(Reading {
                feed: FeedMetadata { title: source.into(), ..FeedMetadata::default() },
                entries: entries.into_iter().map(tagged).collect(),
                deleted: Vec::new(),
                tagged_with: 0,
            }),
        };
        self.ingest.take_in(delivery).map_err(|error| error.to_string()).expect("taken in").0
    }

    fn archive(&self) {
        let now = at(self.hour.load(Ordering::Relaxed));
        while let Some(made) =
            self.publisher.archive(&TopicId::new("ai"), now).map_err(|error| error.to_string()).expect("made")
        {
            self.ingest.archived(&made).map_err(|error| error.to_string()).expect("noted");
        }
    }

    fn take_down(&mut self, what: &str) -> Result<(TookDown, usize), TakeDownError> {
        let request = TakeDown { what: what.into(), reason: "asked for".into(), archived: Vec::new() };
        let took = self.ingest.take_down(&request, at(self.hour.load(Ordering::Relaxed)))?;
        let out = self.publisher.take_out(&took.out).expect("taken out");
        self.ingest.are_out(&[took.told.number])?;
        Ok((took.told, out.pages))
    }

    fn titles(&self) -> Vec<String> {
        let stories = self.store.newest(None, 1_000).expect("read");
        let title = |number| self.store.entry(number).expect("read").map(|e| e.entry.title).unwrap_or_default();
        let mut titles: Vec<String> =
            stories.iter().flat_map(|story| &story.copies).map(|copy| title(copy.entry)).collect();
        titles.sort();
        titles
    }
}

fn entry(source: &str, number: u64, link: &str, title: &str) -> Entry {
    Entry {
        guid: Some(format!("tag:{source}.example,2026:{number}")),
        link: Some(link.into()),
        title: title.into(),
        content: Some(format!("<p>{title}, told so that it has a text.</p>")),
        published: Some(at(0)),
        ..Entry::default()
    }
}

/// The files below a folder in which the marker is, packed or not.
fn files_with_marker(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(&folder).expect("read").flatten() {
            let path = file.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap_or_default();
            let has = |bytes: &[u8]| bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
            // Any frame that begins anywhere in it: the database packs its rows.
            let is_packed = bytes.windows(4).enumerate().filter(|(_, window)| *window == [0x28, 0xB5, 0x2F, 0xFD]);
            let in_frames = is_packed.map(|(at, _)| at).any(|at| {
                let mut plain = Vec::new();
                let decoder = zstd::stream::read::Decoder::new(&bytes[at..]);
                let _ = decoder
                    .map(|decoder| std::io::Read::read_to_end(&mut std::io::Read::take(decoder, 1 << 22), &mut plain));
                has(&plain)
            });
            if has(&bytes) || in_frames {
                found.push(path.strip_prefix(&folder).unwrap_or(&path).display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_link_is_taken_down_at_every_source_and_refused_ever_after() {
    let mut house = House::open();
    let link = "https://gazette.example/secret?utm_source=rss";
    let secret = || entry("gazette", 1, "https://gazette.example/secret", MARKER);
    house.deliver("gazette", vec![secret(), entry("gazette", 2, "https://gazette.example/2", "Other news")]);
    house.deliver("herald", vec![entry("herald", 1, "http://www.gazette.example/secret", "Picked up by the herald")]);
    house.deliver(
        "tribune",
        (10..70)
            .map(|n| entry("tribune", n, &format!("https://tribune.example/{n}"), &format!("Filler {n}")))
            .collect(),
    );
    house.archive();
    house.store.make_durable().expect("durable");
    let before = files_with_marker(house.folder.path());
    for file in ["000001.atom.zst", "segment-", "db"] {
        assert!(before.iter().any(|found| found.starts_with(file)), "it is found where it is: {file} in {before:?}");
    }

    let (told, pages) = house.take_down(link).map_err(|error| error.to_string()).expect("taken down");
    assert_eq!((told.number, told.entries.len(), told.stories, pages), (1, 2, 1, 1));
    assert!(!house.titles().iter().any(|title| title.contains(MARKER) || title.contains("herald")));
    assert_eq!(house.titles().len(), 61);

    // The same again, under another guid, with other words, from whatever source.
    for (source, what) in [
        ("gazette", secret()),
        ("gazette", entry("gazette", 99, "https://gazette.example/secret", "Under another guid")),
        ("tribune", entry("tribune", 5, "https://www.gazette.example/secret/", "At a source that did not have it")),
        ("gazette", entry("gazette", 1, "https://gazette.example/elsewhere", "The same guid at another link")),
        ("gazette", entry("gazette", 2, "https://gazette.example/secret", "Other news, moved there")),
    ] {
        let title = what.title.clone();
        let outcome = house.deliver(source, vec![what]);
        assert_eq!((outcome.new, outcome.duplicates, outcome.passed_over), (0, 0, 1), "{title}");
    }
    assert_eq!(house.titles().len(), 60, "the entry that went over to the link is gone too");

    // A second time nothing is left to do, and it stays one takedown.
    let (again, pages) = house.take_down(link).map_err(|error| error.to_string()).expect("taken down");
    assert_eq!((again.number, again.entries.len(), pages), (1, 0, 0));
    let record = &house.store.taken_down().expect("read")[0];
    assert!(record.is_out && record.reason == "asked for" && !format!("{record:?}").contains(MARKER));

    // It leaves the journal within a day, and the database with it.
    house.store.make_durable().expect("durable");
    house.hour.fetch_add(13, Ordering::Relaxed);
    assert!(house.store.fold(&AtomicBool::new(false)).expect("folded"));
    assert!(house.store.must_be_renewed().expect("read"));
    house.store.renew(&|_| true).expect("renewed");
    assert!(!house.store.must_be_renewed().expect("read"), "once is enough");
    assert_eq!(files_with_marker(house.folder.path()), Vec::<String>::new());

    // Until it is lifted.
    assert_eq!(house.ingest.lift(link).map_err(|error| error.to_string()), Ok(1));
    assert!(house.ingest.lift(link).is_err());
    assert_eq!(house.deliver("gazette", vec![secret()]).new, 1);
}

#[test]
fn an_id_takes_the_story_down_with_all_its_copies_and_a_link_only_its_own() {
    let mut house = House::open();
    let deliver = |house: &House| {
        house.deliver("gazette", vec![entry("gazette", 1, "https://gazette.example/1", "One")]);
        house.deliver("herald", vec![entry("herald", 1, "https://gazette.example/1", "One at the herald")]);
        house.deliver("tribune", vec![entry("tribune", 1, "https://tribune.example/1", "Two")]);
    };
    deliver(&house);
    for unknown in ["tag:gazette.example,2026:404", "404"] {
        assert!(matches!(house.take_down(unknown), Err(TakeDownError::Unknown(_))), "{unknown}");
    }
    assert!(matches!(house.take_down("https://gazette.example/"), Err(TakeDownError::Site(_))));
    let (told, _) =
        house.take_down("tag:gazette.example,2026:1").map_err(|error| error.to_string()).expect("taken down");
    assert_eq!((told.entries.len(), told.stories), (2, 1));
    assert_eq!(house.titles(), ["Two"]);
    let number = house.store.entries_from(crate::model::EntryNumber(0), 9).expect("read")[0].number.0.to_string();
    let (told, _) = house.take_down(&number).map_err(|error| error.to_string()).expect("taken down");
    assert_eq!((told.number, told.entries.len()), (2, 1));
    deliver(&house);
    assert!(house.titles().is_empty(), "{:?}", house.titles());
    assert_eq!(house.ingest.lift("2").map_err(|error| error.to_string()), Ok(1));
    deliver(&house);
    assert_eq!(house.titles(), ["Two"]);

    // A link that nobody has listed yet is refused when it comes.
    let (told, _) =
        house.take_down("https://gazette.example/coming").map_err(|error| error.to_string()).expect("taken");
    assert_eq!(told.entries.len(), 0);
    let outcome = house.deliver("herald", vec![entry("herald", 7, "https://gazette.example/coming", "Coming")]);
    assert_eq!((outcome.new, outcome.passed_over), (0, 1));
}

#[test]
fn a_copy_that_goes_out_by_itself_is_found_by_the_id_it_goes_out_under() {
    let link = "https://gazette.example/secret";
    let nameless = |source| Entry { guid: None, ..entry(source, 1, link, MARKER) };
    for which in ["minted of its source", "minted of its number"] {
        let mut house = House::open();
        house
            .deliver("gazette", vec![nameless("gazette"), entry("gazette", 2, "https://gazette.example/2", "Another")]);
        house.deliver("herald", vec![nameless("herald")]);
        let story = house.store.newest(None, 9).expect("read").into_iter().find(|story| story.copies.len() == 2);
        let copy = story.as_ref().expect("one story").copies[1].entry;
        let id = match which {
            "minted of its source" => house.store.entry(copy).expect("read").expect("kept").atom_id,
            _ => copy_id(&house.store, copy),
        };
        assert!(id.starts_with("urn:uuid:") && Some(&id) != story.as_ref().map(|story| &story.id), "{which}: {id}");
        assert_eq!(house.take_down(&id).expect("found").0.entries.len(), 2, "{which}");
        assert_eq!(house.titles(), ["Another"], "{which}");
    }
    let none = House::open().take_down("urn:uuid:00000000-0000-5000-8000-000000000000");
    assert!(matches!(none, Err(TakeDownError::Unknown(_))), "{none:?}");
}

#[test]
fn entries_that_live_on_one_page_are_told_apart_by_their_ids() {
    let mut house = House::open();
    let live = |number: u64| entry("gazette", number, "https://gazette.example/live", &format!("Minute {number}"));
    house.deliver("gazette", (1..5).map(live).collect());
    let (told, _) =
        house.take_down("tag:gazette.example,2026:2").map_err(|error| error.to_string()).expect("taken down");
    assert_eq!(told.entries.len(), 1);
    assert_eq!(house.deliver("gazette", (1..7).map(live).collect()).new, 2, "the page itself is not refused");
    assert_eq!(house.titles(), ["Minute 1", "Minute 3", "Minute 4", "Minute 5", "Minute 6"]);
}
