//! Eight days of French publishers, replayed in order as feeds. They belong to their publishers and are no part of the project:
//! `NEWSDESK_CORPUS` names their folder, and without it this test says that it skips. What was merged is printed, to be read.

#[path = "../examples/newsroom/dump.rs"]
mod dump;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use chrono::{DateTime, Utc};
use newsdesk::{
    config, daemon,
    ingest::{Delivery, Ingest, Outcome, SourceRules, TakeInRules},
    model::{Document, EntryNumber, Freshness, PollState, SourceId, TopicId, Validators},
    normalize::{link_key, to_text},
    store::{EntryRecord, RetentionLimits, Store, StoreSettings, StoryRecord},
    stories::Verdict,
};
use serde_json::{Map, Value};
use url::Url;

type Items = Vec<Map<String, Value>>;

const TOPICS: &str = r#"
[topics.politique]
title = "Politique"
terms.fr = ["gouvernement^2", "ministre^2", "président^2", "assemblée^2", "élection^2", "Macron^2", "député^2"]

[topics.sport]
title = "Sport"
terms.fr = ["match^2", "rugby^2", "football^2", "JO^2", "médaille^2", "mondial^2", "victoire^2"]

[topics.monde]
title = "Monde"
terms.fr = ["Israël^2", "Hamas^2", "Gaza^2", "Ukraine^2", "Russie^2", "États-Unis^2", "Trump^2", "Iran^2"]
"#;

#[test]
fn no_story_of_the_eight_days_is_there_twice_and_edited_titles_update_in_place() {
    let Some(corpus) = std::env::var_os("NEWSDESK_CORPUS").map(std::path::PathBuf::from) else {
        println!("skipped: NEWSDESK_CORPUS does not name the folder of the real feeds");
        return;
    };
    let mut days: BTreeMap<DateTime<Utc>, Items> = BTreeMap::new();
    for folder in fs::read_dir(corpus.join("feeds/antoninfaure+rssTrends/data")).expect("the dumps").flatten() {
        let day = dump::day(&folder.file_name().to_string_lossy()).expect("a day");
        let text = fs::read(folder.path().join("news.json")).expect("a dump");
        days.insert(day, serde_json::from_slice(&text).expect("JSON"));
    }
    assert_eq!(days.len(), 8);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("newsdesk.toml");
    let text = format!(
        "tagging.languages = [\"fr\", \"en\"]\nstore.path = \"store\"\nsources.any.url = \"https://any.example/feed\"\n{TOPICS}"
    );
    fs::write(&file, text).expect("written");
    let (config, _) = config::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
    let reader = daemon::reader(&config).expect("a reader");
    let opened = Store::open(&StoreSettings::new(folder.path().join("store"))).map_err(|error| error.to_string());
    let store = opened.expect("opened").store;
    let retention =
        RetentionLimits { age: Duration::from_secs(4_000 * 86_400), entries_per_source: 100_000, size: None };
    let mut sources = BTreeMap::new();
    for items in days.values() {
        let hosts =
            items.iter().filter_map(|item| Url::parse(item.get("link")?.as_str()?).ok()?.host_str().map(str::to_owned));
        sources.extend(hosts.map(|host| (SourceId::new(host), SourceRules::default())));
    }
    let ingest = Ingest::new(store.clone(), TakeInRules { retention, sources });

    let (mut all, mut read) = (Outcome::default(), 0);
    let mut titles: BTreeMap<(SourceId, String), BTreeSet<String>> = BTreeMap::new();
    for (day, items) in &days {
        for part in dump::split(items, *day) {
            let url = Url::parse(&format!("https://{}/feed", part.host)).expect("a URL");
            let document = Document {
                url: url.clone(),
                base: url.clone(),
                moved_permanently_to: None,
                content_type: Some("application/rss+xml".into()),
                body: part.feed.into(),
                validators: Validators::default(),
                freshness: Freshness::default(),
            };
            let source = SourceId::new(part.host.as_str());
            let reading = reader.read(&document, Some("fr"), Some(&source), &Default::default()).expect("read").reading;
            read += reading.entries.len();
            for tagged in &reading.entries {
                let link = tagged.entry.link.clone().unwrap_or_default();
                titles.entry((source.clone(), link)).or_default().insert(tagged.entry.title.clone());
            }
            let delivery = Delivery {
                source,
                configured_url: url.into(),
                at: *day,
                state: PollState::default(),
                reading: Some(reading),
            };
            all += ingest.take_in(delivery).expect("taken in").0;
        }
    }
    println!("{read} entries read in {} days: {all:?}", days.len());

    let stories = store.newest(None, 1_000_000).expect("read");
    let entries: BTreeMap<EntryNumber, EntryRecord> = store
        .entries_from(EntryNumber(0), 1_000_000)
        .expect("read")
        .into_iter()
        .map(|record| (record.number, record))
        .collect();
    print_merges(&store, &stories, &entries);
    print_apart(&store, &entries);

    for topic in ["politique", "sport", "monde"].map(|id| Some(TopicId::new(id))).into_iter().chain([None]) {
        let stories = store.newest(topic.as_ref(), 1_000_000).expect("read");
        println!("{} stories in {}", stories.len(), topic.as_ref().map_or("all", TopicId::as_str));
        assert!(stories.len() > 20, "the replay has something to say");
        let twice = twice(&stories, &entries);
        assert!(twice.is_empty(), "there twice: {twice:#?}");
    }
    let edited = titles.values().filter(|titles| titles.len() > 1).count();
    println!("{edited} entries had an edited title; {} were revised", all.revised);
    assert!(edited > 10 && all.revised >= edited);
    let identities: BTreeSet<_> = entries.values().map(|record| (record.source, record.identity)).collect();
    assert_eq!(identities.len(), entries.len(), "an edited title makes no second entry");
}

/// What two of a topic's stories have in common that nobody would call two stories: one link, or one title over one text.
fn twice(stories: &[StoryRecord], entries: &BTreeMap<EntryNumber, EntryRecord>) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut twice = Vec::new();
    for (place, story) in stories.iter().enumerate() {
        for record in story.copies.iter().filter_map(|copy| entries.get(&copy.entry)) {
            let link = record.entry.link.as_deref().and_then(|link| Url::parse(link).ok()).map(|url| link_key(&url));
            let text = record.entry.summary.as_deref().map(to_text).unwrap_or_default();
            let words = text.split_whitespace().count();
            let text =
                (words >= 12).then(|| format!("{} | {text} | {}", record.entry.title, record.first_dated.date_naive()));
            for mark in link.into_iter().chain(text) {
                if seen.insert(mark.clone(), place).is_some_and(|other| other != place) {
                    twice.push(mark);
                }
            }
        }
    }
    twice
}

fn print_merges(store: &Store, stories: &[StoryRecord], entries: &BTreeMap<EntryNumber, EntryRecord>) {
    let (mut by_key, mut by_text) = (0, 0);
    for story in stories.iter().filter(|story| story.copies.len() > 1) {
        let records: Vec<_> = story.copies.iter().filter_map(|copy| entries.get(&copy.entry)).collect();
        let links: BTreeSet<_> = records.iter().map(|record| &record.shared_keys).collect();
        match links.len() {
            1 => by_key += 1,
            _ => by_text += 1,
        }
        if links.len() == 1 {
            continue;
        }
        println!("--- {}", story.updated.date_naive());
        for record in records {
            println!("    {} | {}", record.entry.title, record.entry.link.as_deref().unwrap_or_default());
            let text = record.entry.summary.as_deref().map(to_text).unwrap_or_default();
            println!("      {}", text.chars().take(300).collect::<String>());
            for (other, is) in store.pairs_of(record.number).expect("read") {
                if record.number < other {
                    println!("      {} - {}: {is}", record.number.0, other.0);
                }
            }
        }
    }
    println!("{by_text} stories with copies by text, {by_key} by link alone");
}

fn print_apart(store: &Store, entries: &BTreeMap<EntryNumber, EntryRecord>) {
    let mut apart: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for number in entries.keys() {
        for (other, is) in store.pairs_of(*number).expect("read") {
            if *number < other
                && let Verdict::Apart(objection) = is.verdict
            {
                let [one, two] = [number, &other].map(|number| entries[number].entry.title.clone());
                apart.entry(format!("{objection:?}")).or_default().push(format!("{one} <> {two}: {is}"));
            }
        }
    }
    for (objection, pairs) in apart {
        println!("=== kept apart, {objection}: {}", pairs.len());
        pairs.iter().take(60).for_each(|pair| println!("    {pair}"));
    }
}
