//! Copies without a common link: what is found by their texts, against a real store.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    model::{DeletedEntry, Enclosure, Entry, FeedMetadata, PollState, SourceId, TopicId, TopicScore},
    store::{ChangedEditions, RetentionLimits, Store, StoreSettings, StoryRecord},
    stories::EntryText,
    text::ReadableEntry,
};

/// A newsroom whose store can be closed and opened again.
pub(super) struct Newsroom {
    open: Option<(Ingest, Store)>,
    /// For every source.
    pub(super) rules: SourceRules,
    folder: tempfile::TempDir,
}

pub(super) const SOURCES: [&str; 4] = ["gazette", "herald", "courier", "tribune"];

impl Newsroom {
    pub(super) fn new() -> Self {
        Self::with(SourceRules::default())
    }

    pub(super) fn with(rules: SourceRules) -> Self {
        let mut newsroom = Self { open: None, rules, folder: tempfile::tempdir().expect("a temporary folder") };
        newsroom.reopen();
        newsroom
    }

    /// Closes the store without a word and opens it again: memory is lost, the disk is not.
    pub(super) fn reopen(&mut self) {
        self.open = None;
        let settings = StoreSettings::new(self.folder.path());
        let store = Store::open(&settings).map_err(|error| error.to_string()).expect("opened").store;
        let sources = SOURCES.map(|id| (SourceId::new(id), self.rules.clone()));
        let retention =
            RetentionLimits { age: Duration::from_secs(60 * 86_400), entries_per_source: 1_000, size: None };
        let rules = TakeInRules { retention, sources: BTreeMap::from(sources) };
        self.open = Some((Ingest::new(store.clone(), rules), store));
    }

    /// Reopens without a folder of the store.
    pub(super) fn lose(&mut self, folder: &str) {
        self.open = None;
        std::fs::remove_dir_all(self.folder.path().join(folder)).expect("removed");
        self.reopen();
    }

    pub(super) fn ingest(&self) -> &Ingest {
        &self.open.as_ref().expect("open").0
    }

    pub(super) fn store(&self) -> &Store {
        &self.open.as_ref().expect("open").1
    }

    pub(super) fn deliver(&self, source: &str, now: DateTime<Utc>, entries: Vec<Entry>) -> Outcome {
        self.hand_in(source, now, entries, Vec::new()).0
    }

    pub(super) fn hand_in(
        &self,
        source: &str,
        now: DateTime<Utc>,
        entries: Vec<Entry>,
        deleted: Vec<DeletedEntry>,
    ) -> (Outcome, ChangedEditions) {
        let feed = FeedMetadata { title: source.into(), ..FeedMetadata::default() };
        let topics = |entry: &Entry| {
            let named = ["AI", "Rain"].into_iter().filter(|name| entry.title.contains(name));
            named.map(|name| TopicScore { topic: TopicId::new(name.to_lowercase()), score: 5.0 }).collect()
        };
        let entries = entries.into_iter().map(|entry| TaggedEntry {
            topics: topics(&entry),
            reading: None,
            text: EntryText::of(&ReadableEntry::from_entry(&entry, &["en".into()])),
            entry,
        });
        let delivery = Delivery {
            source: SourceId::new(source),
            configured_url: format!("https://{source}.example/feed"),
            at: now,
            state: PollState::default(),
            reading: Some(Reading { feed, entries: entries.collect(), deleted, tagged_with: 0 }),
        };
        self.ingest().take_in(delivery).map_err(|error| error.to_string()).expect("taken in")
    }

    pub(super) fn stories(&self) -> Vec<StoryRecord> {
        self.store().newest(None, 1_000).expect("read")
    }

    pub(super) fn titles_of(&self, story: &StoryRecord) -> Vec<String> {
        let title = |entry| self.store().entry(entry).expect("read").expect("kept").entry.title;
        story.copies.iter().map(|copy| title(copy.entry)).collect()
    }

    /// Each story as its entries' titles, the shown one first.
    pub(super) fn titles(&self) -> Vec<Vec<String>> {
        self.stories().iter().map(|story| self.titles_of(story)).collect()
    }
}

pub(super) fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).expect("a time")
}

/// An article of a source, with a link that no other has.
pub(super) fn article(source: &str, name: &str, title: &str, text: &str, hour: i64) -> Entry {
    Entry {
        guid: Some(format!("tag:{source}.example,2026:{name}")),
        link: Some(format!("https://{source}.example/{name}")),
        title: title.into(),
        content: Some(format!("<p>{text}</p>")),
        published: Some(at(hour)),
        ..Entry::default()
    }
}

/// Words of its own for each number.
pub(super) fn prose(number: usize, words: usize) -> String {
    let word = |place: usize| format!("word{number}x{place}");
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

pub(super) const AGENCY: &str = "The ministers agreed late on Tuesday to fund three data centres run by European firms, the \
     commissioner said in Brussels after a night of talks. The money is to come from the common budget and from the countries \
     that take part, and the first of the centres shall open within two years.";

#[test]
fn an_agencys_text_under_two_titles_is_one_story_and_a_late_copy_does_not_make_it_new() {
    let desk = Newsroom::new();
    desk.deliver("gazette", at(10), vec![article("gazette", "1", "Brussels pays for AI", AGENCY, 9)]);
    let first = desk.stories();
    let copy = article("herald", "x", "Rain of money for data centres", &format!("BRUSSELS (Agency) - {AGENCY}"), 30);
    let outcome = desk.deliver("herald", at(31), vec![copy]);
    assert_eq!((outcome.new, outcome.duplicates), (0, 1));
    assert_eq!(desk.titles(), [["Brussels pays for AI", "Rain of money for data centres"]]);
    let story = &desk.stories()[0];
    assert_eq!((&story.id, story.updated), (&first[0].id, first[0].updated), "not new again");
    let topics: Vec<_> = story.topics.iter().map(|score| score.topic.as_str()).collect();
    assert_eq!(topics, ["ai", "rain"], "the topics of every copy");
    let (one, other) = (story.copies[0].entry, story.copies[1].entry);
    let reason = desk.store().pairs_of(one).expect("read");
    assert_eq!(reason.len(), 1);
    assert_eq!(reason[0].0, other);
    assert!(reason[0].1.to_string().starts_with("the same text; containment"), "{}", reason[0].1);
    assert_eq!(desk.store().pairs_of(other).expect("read"), [(one, reason[0].1)]);
}

#[test]
fn a_correction_by_the_owner_moves_the_story_and_one_by_a_copy_does_not() {
    let desk = Newsroom::new();
    let mut owner = article("gazette", "1", "Brussels pays for clouds", AGENCY, 9);
    let mut copy = article("herald", "x", "Clouds paid for by Brussels", AGENCY, 10);
    desk.deliver("gazette", at(10), vec![owner.clone()]);
    desk.deliver("herald", at(11), vec![copy.clone()]);
    copy.content = Some(format!("<p>{AGENCY} Some of them doubt that, and said so at length on Wednesday.</p>"));
    copy.updated = Some(at(13));
    desk.deliver("herald", at(14), vec![copy]);
    assert_eq!((desk.stories().len(), desk.stories()[0].updated), (1, at(9)));
    owner.content = Some(format!("<p>{AGENCY} A former version of this article had another number of centres.</p>"));
    owner.updated = Some(at(15));
    desk.deliver("gazette", at(16), vec![owner]);
    assert_eq!((desk.stories().len(), desk.stories()[0].updated), (1, at(15)));
}

#[test]
fn the_bulletin_of_another_day_and_a_rewritten_article_are_stories_of_their_own() {
    let desk = Newsroom::new();
    let bulletin = |index: &str, shares: &str| {
        format!(
            "The index closed at {index} points on the exchange and shares rose by {shares} per cent in thin trade before the holidays, dealers in the city said, with banks in front and miners behind them."
        )
    };
    desk.deliver("gazette", at(1), vec![article("gazette", "1", "Shares close higher", &bulletin("7073", "1.5"), 1)]);
    desk.deliver("herald", at(25), vec![article("herald", "2", "Shares close higher", &bulletin("7101", "0.4"), 25)]);
    assert_eq!(desk.stories().len(), 2);
    let pairs = desk.store().pairs_of(desk.stories()[0].owner).expect("read");
    assert!(pairs[0].1.to_string().contains("apart: after the same words stand other numbers"), "{}", pairs[0].1);

    desk.deliver("courier", at(26), vec![article("courier", "1", "Talks", AGENCY, 26)]);
    desk.deliver("tribune", at(26), vec![article("tribune", "1", "Talks end", AGENCY, 26)]);
    assert_eq!(desk.stories().len(), 3);
    desk.deliver("tribune", at(27), vec![article("tribune", "1", "Something else", &prose(5, 60), 26)]);
    assert_eq!(desk.stories().len(), 4, "what is rewritten is no copy any more");
    assert!(desk.store().pairs_of(desk.stories()[0].owner).expect("read").is_empty());
}

#[test]
fn the_window_survives_a_restart_and_what_leaves_it_takes_no_room() {
    let mut desk = Newsroom::new();
    desk.deliver("gazette", at(0), vec![article("gazette", "1", "Brussels pays", AGENCY, 0)]);
    desk.reopen();
    desk.deliver("herald", at(70), vec![article("herald", "1", "Paid by Brussels", AGENCY, 70)]);
    assert_eq!(desk.stories().len(), 1);
    desk.deliver("courier", at(150), vec![article("courier", "1", "Brussels paid", AGENCY, 150)]);
    assert_eq!(desk.stories().len(), 2, "after four days it is an article from the archive");
    while desk.ingest().prune(at(150 + 8 * 24)).expect("pruned").1 {}
    assert_eq!(desk.store().texts_from(crate::model::EntryNumber(0), 10).expect("read").len(), 1);
    assert_eq!(
        desk.stories().iter().map(|story| story.copies.len()).collect::<Vec<_>>(),
        [1, 2],
        "what was decided stays"
    );
    while desk.ingest().prune(at(64 * 24)).expect("pruned").1 {}
    assert_eq!(desk.stories().len(), 1);
    let left = desk.stories()[0].owner;
    assert!((0..left.0).all(|n| desk.store().pairs_of(crate::model::EntryNumber(n)).expect("read").is_empty()));
}

#[test]
fn the_original_is_shown_before_what_links_to_it() {
    let desk = Newsroom::new();
    let text = format!(r#"{AGENCY} <a href="https://herald.example/1">Read it there.</a>"#);
    desk.deliver("gazette", at(2), vec![article("gazette", "1", "Brussels pays", &text, 1)]);
    assert_eq!(desk.titles(), [["Brussels pays"]]);
    desk.deliver("herald", at(9), vec![article("herald", "1", "Paid by Brussels", AGENCY, 8)]);
    assert_eq!(desk.titles(), [["Paid by Brussels", "Brussels pays"]]);
}

#[test]
fn the_news_of_every_hour_is_no_copy_of_the_hour_before() {
    let desk = Newsroom::new();
    let hour = |hour: i64| {
        let mut news = article("gazette", &format!("news-{hour}"), "The news of the hour", AGENCY, hour);
        let url = format!("https://gazette.example/news-{hour}.mp3");
        news.enclosures = vec![Enclosure { url, media_type: Some("audio/mpeg".into()), length: None }];
        news
    };
    desk.deliver("gazette", at(3), vec![hour(1), hour(2)]);
    desk.deliver("gazette", at(4), vec![hour(1), hour(2), hour(3)]);
    assert_eq!(desk.stories().len(), 3);
}

/// Stories by what must not depend on the order of polls: entries, the shown one first, topics and date.
fn outcome_of(desk: &Newsroom) -> Vec<(Vec<String>, Vec<TopicScore>, DateTime<Utc>)> {
    let stories = desk.stories();
    let mut outcome: Vec<_> =
        stories.into_iter().map(|story| (desk.titles_of(&story), story.topics, story.updated)).collect();
    outcome.sort_by(|a, b| a.0.cmp(&b.0));
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Texts are cut from few, so that copies, copies of copies, quotations and objections all come about.
    #[test]
    fn stories_do_not_depend_on_the_order_of_polls_nor_on_a_restart(
        articles in proptest::collection::vec((0..4_usize, 0..3_usize, 0..30_usize, 20..70_usize, 0..3_u32, 1..30_i64, 0..4_u32), 1..16),
        order in Just((0..16_usize).collect::<Vec<_>>()).prop_shuffle(),
        restart in 0..16_usize,
    ) {
        let entries: Vec<(usize, Entry)> = articles.iter().enumerate().map(|(index, (source, base, from, words, number, hour, link))| {
            let all = prose(*base, 100);
            let text: Vec<&str> = all.split(' ').skip(*from).take(*words).collect();
            let text = format!("{} there were {number} of them and then {number} more", text.join(" "));
            let title = format!("{} told {index}", if *link == 1 { "AI" } else { "Rain" });
            let mut entry = article(SOURCES[*source], &format!("{index}"), &title, &text, *hour);
            if *link == 0 {
                entry.link = Some(format!("https://gazette.example/shared-{base}"));
            }
            (*source, entry)
        }).collect();
        // Some are rewritten later, into a copy of something else.
        let rewritten = |index: usize| {
            let (source, entry) = entries.get(index).filter(|_| index.is_multiple_of(3))?;
            let text = prose((index / 3) % 3, 60);
            Some((*source, Entry { content: Some(format!("<p>{text}</p>")), updated: Some(at(39)), ..entry.clone() }))
        };
        let run = |order: &mut dyn Iterator<Item = usize>, restart: Option<usize>| {
            let mut desk = Newsroom::new();
            let mut last = Vec::new();
            for (place, index) in order.enumerate() {
                if restart == Some(place) {
                    desk.reopen();
                }
                if let Some((source, entry)) = entries.get(index) {
                    desk.deliver(SOURCES[*source], at(40), vec![entry.clone()]);
                }
                match rewritten(index) {
                    Some((source, entry)) if restart.is_some_and(|restart| place % 2 == restart % 2) => {
                        desk.deliver(SOURCES[source], at(40), vec![entry]);
                    }
                    other => last.extend(other),
                }
            }
            for (source, entry) in last {
                desk.deliver(SOURCES[source], at(40), vec![entry]);
            }
            outcome_of(&desk)
        };
        let expected = run(&mut (0..16), None);
        prop_assert_eq!(run(&mut order.iter().copied(), Some(restart)), expected);
    }
}

#[test]
fn what_a_publisher_prints_everywhere_is_learnt_and_makes_no_copies() {
    let mut desk = Newsroom::new();
    let footer = "Share this article with your friends and never miss another story from our award winning desk, which is open \
                  day and night and welcomes your letters, your pictures and your recordings from all over the country";
    let short = |number: usize, hour| {
        let title = format!("{} {}", prose(number, 3), prose(number + 50, 2));
        article("gazette", &format!("{number}"), &title, &format!("{} {footer}", prose(number, 10)), hour)
    };
    desk.deliver("gazette", at(1), (0..6).map(|number| short(number, 1)).collect());
    let learnt = super::learning::learn(desk.store(), at(2), &false.into()).expect("learnt");
    desk.ingest().keep_learnt(learnt).expect("kept");
    desk.reopen();
    let quoted = article("herald", "1", "Letters wanted", &format!("{} {footer}", prose(90, 10)), 3);
    desk.deliver("gazette", at(3), vec![short(7, 3)]);
    let seven = desk.stories().into_iter().find(|story| story.updated == at(3)).expect("it").owner;
    assert!(desk.store().pairs_of(seven).expect("read").is_empty(), "nothing is left that it shares");
    desk.deliver("herald", at(3), vec![quoted]);
    assert_eq!(desk.stories().len(), 8);
}
