//! Deliveries in, stories out, against a real store.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    model::{Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    reading::Reader,
    store::{ChangedEditions, RetentionLimits, Store, StoreSettings, StoryRecord},
    topics::{TaggingSettings, TopicSettings, Topics},
};

struct Newsroom {
    ingest: Ingest,
    store: Store,
    _folder: tempfile::TempDir,
}

const SOURCES: [&str; 4] = ["gazette", "herald", "aggregator", "tribune"];

impl Newsroom {
    fn new(change: impl Fn(&mut TakeInRules)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings::new(folder.path());
        let store = Store::open(&settings).map_err(|e| e.to_string()).expect("opened").store;
        let sources = SOURCES.map(|id| (SourceId::new(id), SourceRules::default()));
        let retention =
            RetentionLimits { age: Duration::from_secs(400 * 86_400), entries_per_source: 1_000, size: None };
        let mut rules = TakeInRules { retention, sources: BTreeMap::from(sources) };
        change(&mut rules);
        Self { ingest: Ingest::new(store.clone(), rules), store, _folder: folder }
    }

    fn deliver(&self, source: &str, now: DateTime<Utc>, entries: Vec<Entry>) -> Outcome {
        self.take_in(source, now, entries).0
    }

    fn take_in(&self, source: &str, now: DateTime<Utc>, entries: Vec<Entry>) -> (Outcome, ChangedEditions) {
        let feed = FeedMetadata {
            title: source.into(),
            site_url: Some(format!("https://{source}.example/")),
            ..FeedMetadata::default()
        };
        // The fake tagger: an entry that says AI is in ai.
        let tag = |entry: &Entry| {
            let ai = TopicScore { topic: TopicId::new("ai"), score: entry.title.matches("AI").count() as f64 };
            if ai.score > 0.0 { vec![ai] } else { Vec::new() }
        };
        let entries = entries.into_iter().map(|entry| TaggedEntry::new(entry.clone(), tag(&entry))).collect();
        let delivery = Delivery {
            source: SourceId::new(source),
            configured_url: format!("https://{source}.example/feed"),
            at: now,
            state: PollState::default(),
            reading: Some(Reading { feed, entries, deleted: Vec::new(), tagged_with: 0 }),
        };
        self.ingest.take_in(delivery).map_err(|e| e.to_string()).expect("taken in")
    }

    fn stories(&self) -> Vec<StoryRecord> {
        self.store.newest(None, 1_000).expect("read")
    }

    fn story(&self, id: &str) -> StoryRecord {
        self.stories().into_iter().find(|story| story.id == id).unwrap_or_else(|| panic!("no story {id}"))
    }

    /// Each story as its entries' titles, the shown one first.
    fn titles(&self) -> Vec<Vec<String>> {
        let title = |number| self.store.entry(number).expect("read").map(|e| e.entry.title).unwrap_or_default();
        self.stories().iter().map(|story| story.copies.iter().map(|copy| title(copy.entry)).collect()).collect()
    }
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).expect("a time")
}

fn entry(guid: &str, link: &str, title: &str, hour: i64) -> Entry {
    Entry {
        guid: Some(guid.into()),
        link: Some(link.into()),
        title: title.into(),
        summary: Some(format!("<p>{title}, told at some length so that there is a text.</p>")),
        published: Some(at(hour)),
        ..Entry::default()
    }
}

/// Puts what has the term in the topic.
fn tagger(topic: &str, term: &str) -> Tagger {
    let languages = vec!["en".to_owned()];
    let terms = TopicSettings::lists([("any", [term].iter())], &languages).expect("terms");
    let settings = TaggingSettings { languages: languages.clone(), ..TaggingSettings::default() };
    let topic = TopicSettings { threshold: 1.0, terms, ..TopicSettings::new(topic) };
    let topics = Topics::compile(&settings, &[topic]).unwrap_or_else(|problems| panic!("{problems:?}"));
    let reader = Reader::new(topics, languages);
    Arc::new(move |unread| reader.read_entry(unread))
}

fn counts(new: usize, revised: usize, duplicates: usize, unchanged: usize, passed_over: usize) -> Outcome {
    Outcome { new, revised, duplicates, unchanged, passed_over, deleted: 0 }
}

#[test]
fn what_is_unchanged_is_left_alone_and_what_is_edited_is_taken_over() {
    let desk = Newsroom::new(|_| {});
    let first = vec![
        entry("tag:g.example,2026:1", "https://gazette.example/1", "One", 1),
        entry("tag:g.example,2026:2", "https://gazette.example/2", "Two", 2),
    ];
    assert_eq!(desk.deliver("gazette", at(3), first.clone()), counts(2, 0, 0, 0, 0));
    assert_eq!(desk.deliver("gazette", at(4), first.clone()), counts(0, 0, 0, 2, 0));
    let mut edited = first;
    edited[0].title = "One, corrected".into();
    assert_eq!(desk.deliver("gazette", at(5), edited), counts(0, 1, 0, 1, 0));
    assert_eq!(desk.titles(), [["Two"], ["One, corrected"]], "a small correction moves nothing");
    assert_eq!(desk.stories().len(), 2, "and the poll brought nothing twice");
}

#[test]
fn a_quiet_correction_reaches_the_editions_and_an_unchanged_poll_does_not() {
    let desk = Newsroom::new(|_| {});
    let mut one = entry("tag:g.example,2026:1", "https://gazette.example/1", "One of many AI stories", 1);
    desk.deliver("gazette", at(3), vec![one.clone()]);
    assert!(desk.take_in("gazette", at(4), vec![one.clone()]).1.is_empty());
    one.title = "One of many AI stories, corrected".into();
    let changed = desk.take_in("gazette", at(5), vec![one]).1;
    assert_eq!(changed, [None, Some(TopicId::new("ai"))].into());
}

#[test]
fn a_material_revision_dates_the_story_anew_under_the_same_id() {
    let desk = Newsroom::new(|_| {});
    desk.deliver("gazette", at(3), vec![entry("tag:g.example,2026:1", "https://gazette.example/1", "Talks begin", 1)]);
    let mut edited = entry("tag:g.example,2026:1", "https://gazette.example/1", "Talks end without any agreement", 1);
    edited.updated = Some(at(6));
    desk.deliver("gazette", at(7), vec![edited]);
    assert_eq!(desk.story("tag:g.example,2026:1").updated, at(6));
}

#[test]
fn one_article_from_several_sources_is_one_story_with_all_of_them() {
    let desk = Newsroom::new(|_| {});
    let link = "https://gazette.example/ai";
    assert_eq!(desk.deliver("aggregator", at(9), vec![entry("x1", link, "AI talks", 2)]), counts(1, 0, 0, 0, 0));
    let published_as = desk.stories()[0].id.clone();
    assert_eq!(
        desk.deliver("gazette", at(10), vec![entry("tag:g.example,2026:1", link, "Talks", 8)]),
        counts(0, 0, 1, 0, 0)
    );
    let story = desk.story(&published_as);
    assert_eq!(desk.titles(), [["Talks", "AI talks"]], "the original is shown, though it came later");
    assert_eq!(story.updated, at(2), "a late copy does not make the story new");
    assert_eq!(story.topics.len(), 1, "and the topics of every copy are the story's");
}

#[test]
fn the_admins_priority_decides_who_is_shown() {
    let desk = Newsroom::new(|rules| {
        rules.sources.insert(SourceId::new("aggregator"), SourceRules { priority: 5, ..SourceRules::default() });
    });
    let link = "https://gazette.example/1";
    desk.deliver("gazette", at(9), vec![entry("tag:g.example,2026:1", link, "Original", 2)]);
    desk.deliver("aggregator", at(9), vec![entry("x1", link, "Copy", 3)]);
    assert_eq!(desk.titles(), [["Copy", "Original"]]);
}

#[test]
fn a_live_pages_link_merges_nothing_even_when_that_shows_late() {
    let desk = Newsroom::new(|_| {});
    let live = "https://gazette.example/live";
    desk.deliver("gazette", at(1), vec![entry("tag:g.example,2026:1", live, "Ten o'clock", 1)]);
    desk.deliver("herald", at(2), vec![entry("tag:h.example,2026:1", live, "Live now", 2)]);
    assert_eq!(desk.stories().len(), 1, "as far as anybody can tell, a copy");
    desk.deliver("gazette", at(3), vec![entry("tag:g.example,2026:2", live, "Eleven o'clock", 3)]);
    assert_eq!(desk.titles(), [["Eleven o'clock"], ["Live now"], ["Ten o'clock"]]);
    let ids: Vec<_> = desk.stories().into_iter().map(|story| story.id).collect();
    assert_eq!(ids, ["tag:g.example,2026:2", "tag:h.example,2026:1", "tag:g.example,2026:1"]);
}

#[test]
fn two_sources_that_claim_one_id_for_different_articles_stay_apart() {
    let desk = Newsroom::new(|_| {});
    desk.deliver("gazette", at(1), vec![entry("tag:x.example,2026:1", "https://gazette.example/1", "Original", 1)]);
    desk.deliver("herald", at(2), vec![entry("tag:x.example,2026:1", "https://herald.example/9", "Claimant", 2)]);
    let ids: Vec<_> = desk.stories().into_iter().map(|story| story.id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[1], "tag:x.example,2026:1");
    assert!(ids[0].starts_with("urn:uuid:"), "{}", ids[0]);
}

#[test]
fn guids_that_are_no_iris_do_not_collide_between_sources() {
    let desk = Newsroom::new(|_| {});
    desk.deliver("gazette", at(1), vec![entry("1234", "https://gazette.example/1", "A", 1)]);
    desk.deliver("herald", at(1), vec![entry("1234", "https://herald.example/1", "B", 1)]);
    let ids: Vec<_> = desk.stories().into_iter().map(|story| story.id).collect();
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("urn:uuid:")), "{ids:?}");
}

#[test]
fn the_first_poll_takes_the_newest_of_the_backlog_and_the_rest_stays_away() {
    let desk = Newsroom::new(|rules| {
        rules.sources.insert(SourceId::new("gazette"), SourceRules { backlog: Some(2), ..SourceRules::default() });
    });
    let all: Vec<_> = [3, 1, 5, 2]
        .map(|hour| {
            entry(&format!("tag:g.example,2026:{hour}"), &format!("https://gazette.example/{hour}"), "Story", hour)
        })
        .into();
    assert_eq!(desk.deliver("gazette", at(6), all.clone()), counts(2, 0, 0, 0, 2));
    assert_eq!(desk.deliver("gazette", at(7), all.clone()), counts(0, 0, 0, 2, 2));
    let with_more: Vec<_> =
        all.into_iter().chain([entry("tag:g.example,2026:6", "https://gazette.example/6", "Story", 6)]).collect();
    assert_eq!(desk.deliver("gazette", at(8), with_more), counts(1, 0, 0, 2, 2));
    assert_eq!(desk.stories().iter().map(|story| story.updated).collect::<Vec<_>>(), [at(6), at(5), at(3)]);
}

#[test]
fn a_date_from_the_future_and_no_date_at_all_count_as_first_seen() {
    let desk = Newsroom::new(|_| {});
    let mut undated = entry("tag:g.example,2026:1", "https://gazette.example/1", "Undated", 0);
    undated.published = None;
    let future = entry("tag:g.example,2026:2", "https://gazette.example/2", "Future", 1000);
    let soon = entry("tag:g.example,2026:3", "https://gazette.example/3", "Soon", 20);
    desk.deliver("gazette", at(5), vec![undated.clone(), future.clone(), soon]);
    let dates: Vec<_> = desk.stories().iter().map(|story| story.updated).collect();
    assert_eq!(dates, [at(20), at(5), at(5)]);
    desk.deliver("gazette", at(9), vec![undated, future]);
    assert_eq!(desk.stories().iter().map(|story| story.updated).collect::<Vec<_>>(), [at(20), at(5), at(5)]);
}

#[test]
fn what_is_pruned_does_not_come_back_while_the_publisher_lists_it() {
    let desk = Newsroom::new(|rules| rules.retention.age = Duration::from_secs(10 * 86_400));
    let link = "https://gazette.example/1";
    desk.deliver("gazette", at(5), vec![entry("tag:g.example,2026:1", link, "Old", 1)]);
    desk.deliver("herald", at(60), vec![entry("tag:h.example,2026:1", link, "Copy", 50)]);
    let day = |days: i64| at(days * 24);
    while desk.ingest.prune(day(11)).expect("pruned").1 {}
    assert_eq!(desk.titles(), [["Copy"]], "the story goes on with the copy that is left");
    assert_eq!(desk.stories()[0].id, "tag:g.example,2026:1", "under the id it was published with");
    while desk.ingest.prune(day(14)).expect("pruned").1 {}
    assert_eq!(desk.stories().len(), 0);
    let again = vec![
        entry("tag:g.example,2026:1", link, "Old", 1),
        entry("tag:g.example,2026:0", "https://gazette.example/0", "Older still", 0),
    ];
    assert_eq!(desk.deliver("gazette", day(15), again.clone()), counts(0, 0, 0, 0, 2));
    while desk.ingest.prune(day(100)).expect("pruned").1 {}
    assert_eq!(desk.deliver("gazette", day(101), again.clone()), counts(0, 0, 0, 0, 2), "the tombstone was renewed");
    desk.deliver("gazette", day(290), vec![]);
    while desk.ingest.prune(day(300)).expect("pruned").1 {}
    let late = entry("tag:g.example,2026:1", link, "Old guid, new article", 299 * 24);
    assert_eq!(desk.deliver("gazette", day(300), vec![late]), counts(1, 0, 0, 0, 0), "and is forgotten in the end");
}

#[test]
fn a_source_fills_only_its_own_quota() {
    let desk = Newsroom::new(|rules| rules.retention.entries_per_source = 3);
    desk.deliver("herald", at(1), vec![entry("tag:h.example,2026:1", "https://herald.example/1", "Quiet", 1)]);
    for hour in 2..12 {
        let flood =
            entry(&format!("tag:g.example,2026:{hour}"), &format!("https://gazette.example/{hour}"), "Loud", hour);
        desk.deliver("gazette", at(hour), vec![flood]);
        while desk.ingest.prune(at(hour)).expect("pruned").1 {}
    }
    assert_eq!(desk.titles(), [["Loud"], ["Loud"], ["Loud"], ["Quiet"]]);
}

#[test]
fn a_renamed_source_does_not_flood() {
    let desk = Newsroom::new(|rules| {
        rules.sources.remove(&SourceId::new("tribune"));
        let formerly = vec![SourceId::new("gazette")];
        rules.sources.insert(SourceId::new("tribune"), SourceRules { formerly, ..SourceRules::default() });
    });
    let entries = vec![entry("g1", "https://gazette.example/1", "One", 1)];
    desk.deliver("gazette", at(2), entries.clone());
    let before = desk.stories();
    desk.ingest.rename_sources().expect("renamed");
    assert_eq!(desk.deliver("tribune", at(3), entries), counts(0, 0, 0, 1, 0));
    assert_eq!(desk.stories(), before);
}

#[test]
fn stored_entries_take_on_new_topics_and_keep_their_dates() {
    let mut desk = Newsroom::new(|_| {});
    desk.ingest.tagger = Some(tagger("space", "AI"));
    let entries = (0..5)
        .map(|n| entry(&format!("tag:g.example,2026:{n}"), &format!("https://gazette.example/{n}"), "AI", n))
        .collect();
    desk.deliver("gazette", at(9), entries);
    let before = desk.stories();
    let (mut next, mut differing) = (Some(crate::model::EntryNumber(0)), Vec::new());
    while let Some(first) = next {
        let again = desk.ingest.tag_again(first, at(10)).expect("read");
        differing.extend(again.differing);
        next = again.next;
    }
    assert_eq!(desk.store.stories_in(Some(&TopicId::new("ai"))), 5, "tags stay until all are found");
    while !differing.is_empty() {
        desk.ingest.take_over(&mut differing).expect("taken over");
    }
    assert_eq!(desk.store.stories_in(Some(&TopicId::new("ai"))), 0);
    assert_eq!(desk.store.stories_in(Some(&TopicId::new("space"))), 5);
    let dated = |stories: &[StoryRecord]| -> Vec<_> { stories.iter().map(|s| (s.id.clone(), s.updated)).collect() };
    assert_eq!(dated(&desk.stories()), dated(&before));
}

#[test]
fn new_priorities_move_the_owner_when_entries_are_looked_at_again() {
    let mut desk = Newsroom::new(|_| {});
    let link = "https://gazette.example/1";
    desk.deliver("gazette", at(9), vec![entry("tag:g.example,2026:1", link, "Original", 2)]);
    desk.deliver("aggregator", at(9), vec![entry("x1", link, "Copy", 3)]);
    assert_eq!(desk.titles(), [["Original", "Copy"]]);
    let before = desk.stories();
    desk.ingest
        .rules
        .sources
        .insert(SourceId::new("aggregator"), SourceRules { priority: 5, ..SourceRules::default() });
    desk.ingest.tagger = Some(tagger("space", "nothing"));
    let ReadAgain { changed, next, .. } = desk.ingest.tag_again(crate::model::EntryNumber(0), at(10)).expect("tagged");
    assert_eq!(desk.titles(), [["Copy", "Original"]]);
    assert!(changed.contains(&None));
    assert_eq!((&desk.stories()[0].id, desk.stories()[0].updated), (&before[0].id, before[0].updated));
    let again = desk.ingest.tag_again(crate::model::EntryNumber(0), at(10)).expect("tagged").changed;
    assert!(again.is_empty(), "nothing changes twice");
    assert!(next.is_some());
}

#[test]
fn a_link_that_a_crowd_of_sources_carries_keeps_all_its_copies() {
    let desk = Newsroom::new(|_| {});
    let link = "https://everybody.example/terms";
    for source in 0..70 {
        desk.deliver(&format!("source-{source}"), at(1), vec![entry("1", link, "Terms", 1)]);
    }
    assert_eq!(desk.stories().len(), 1);
    let edited = entry("1", link, "Terms, edited", 1);
    desk.deliver("source-7", at(2), vec![edited]);
    assert_eq!(desk.stories().iter().map(|story| story.copies.len()).collect::<Vec<_>>(), [70]);
}

#[test]
fn when_a_carried_link_turns_out_to_be_a_live_page_no_copy_is_lost() {
    let desk = Newsroom::new(|_| {});
    let link = "https://everybody.example/live";
    for source in 0..100 {
        desk.deliver(&format!("source-{source}"), at(1), vec![entry("1", link, "Live", 1)]);
    }
    assert_eq!(desk.stories().len(), 1);
    desk.deliver("source-0", at(2), vec![entry("2", link, "Live, later", 2)]);
    desk.deliver("source-7", at(3), vec![entry("1", link, "Live, edited", 1)]);
    let entries: Vec<_> = desk.stories().into_iter().flat_map(|story| story.copies).map(|copy| copy.entry).collect();
    let distinct: std::collections::BTreeSet<_> = entries.iter().collect();
    assert_eq!((entries.len(), distinct.len()), (101, 101), "every entry is in one story");
}

#[test]
fn a_live_page_with_many_entries_stays_many_stories() {
    let mut desk = Newsroom::new(|_| {});
    desk.ingest.tagger = Some(tagger("space", "nothing"));
    let live = "https://gazette.example/live";
    let entries = (0..90).map(|n| entry(&format!("tag:g.example,2026:{n}"), live, &format!("Minute {n}"), 1)).collect();
    assert_eq!(desk.deliver("gazette", at(2), entries).new, 90);
    desk.deliver("herald", at(3), vec![entry("tag:h.example,2026:1", live, "Live now", 3)]);
    assert_eq!(desk.stories().len(), 91);
    let mut next = Some(crate::model::EntryNumber(0));
    while let Some(first) = next {
        next = desk.ingest.tag_again(first, at(4)).expect("tagged").next;
    }
    assert_eq!(desk.stories().len(), 91);
}

#[test]
fn a_backlog_left_out_stays_out_though_guids_repeat() {
    let desk = Newsroom::new(|rules| {
        rules.sources.insert(SourceId::new("gazette"), SourceRules { backlog: Some(5), ..SourceRules::default() });
    });
    let mut entries: Vec<_> =
        (0..30).map(|n| entry(&format!("g{n}"), &format!("https://gazette.example/{n}"), "Story", n)).collect();
    entries.push(entry("g3", "https://gazette.example/3b", "Twice", 0));
    assert_eq!(desk.deliver("gazette", at(40), entries.clone()), counts(5, 0, 0, 0, 26));
    assert_eq!(desk.deliver("gazette", at(41), entries), counts(0, 0, 0, 5, 26));
}

#[test]
fn tombstones_outlast_a_publishers_silence() {
    let desk = Newsroom::new(|rules| {
        rules.sources.insert(SourceId::new("gazette"), SourceRules { backlog: Some(1), ..SourceRules::default() });
    });
    let entries: Vec<_> =
        (0..3).map(|n| entry(&format!("g{n}"), &format!("https://gazette.example/{n}"), "Story", n)).collect();
    assert_eq!(desk.deliver("gazette", at(5), entries.clone()), counts(1, 0, 0, 0, 2));
    // Half a year of nothing but 304, then one new entry above the same old ones.
    let later = at(180 * 24);
    while desk.ingest.prune(later).expect("pruned").1 {}
    let mut entries = entries;
    entries.push(entry("g9", "https://gazette.example/9", "News", 180 * 24));
    assert_eq!(desk.deliver("gazette", later, entries), counts(1, 0, 0, 1, 2));
}

#[test]
fn an_item_that_says_nothing_is_no_entry() {
    let desk = Newsroom::new(|_| {});
    let empty = Entry { guid: Some("tag:g.example,2026:1".into()), ..Entry::default() };
    assert_eq!(desk.deliver("gazette", at(1), vec![empty]), counts(0, 0, 0, 0, 1));
    assert_eq!(desk.stories().len(), 0);
}

/// A story by what must not depend on the order of polls: its entries, the shown one first, its topics and its date.
fn outcome_of(desk: &Newsroom) -> Vec<(Vec<String>, Vec<TopicScore>, DateTime<Utc>)> {
    let stories = desk.stories();
    let mut outcome: Vec<_> =
        stories.into_iter().zip(desk.titles()).map(|(story, titles)| (titles, story.topics, story.updated)).collect();
    outcome.sort_by(|a, b| a.0.cmp(&b.0));
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_outcome_does_not_depend_on_the_order_of_polls(
        articles in proptest::collection::vec((0..4_usize, 0..5_u32, 0..3_u32, 1..30_i64), 1..14),
        order in Just([0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        // Each source's document: entries whose links are drawn from few, so that they collide within and across sources.
        let documents: Vec<Vec<Entry>> = (0..4).map(|source| {
            let own = articles.iter().enumerate().filter(|(_, article)| article.0 == source);
            own.map(|(index, (_, link, mention, hour))| {
                let title = format!("{}{index}", "AI ".repeat(*mention as usize));
                entry(&format!("tag:s{source}.example,2026:{index}"), &format!("https://gazette.example/{link}"), &title, *hour)
            }).collect()
        }).collect();
        let run = |order: &[usize]| {
            let desk = Newsroom::new(|_| {});
            for source in order {
                desk.deliver(SOURCES[*source], at(40), documents[*source].clone());
            }
            outcome_of(&desk)
        };
        prop_assert_eq!(run(&order), run(&[0, 1, 2, 3]));
    }
}
