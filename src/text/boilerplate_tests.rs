use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    model::Entry,
    text::{CutReason, ReadableEntry},
};

fn day(number: usize) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(1_700_000_000, 0).map(|date| date + TimeDelta::days(number as i64))
}

fn entry(number: usize, title: &str, paragraphs: &[&str]) -> Entry {
    let content = paragraphs.iter().map(|paragraph| format!("<p>{paragraph}</p>")).collect();
    Entry {
        guid: Some(format!("entry {number}")),
        title: title.into(),
        content: Some(content),
        published: day(number),
        ..Entry::default()
    }
}

/// Words that no other number has.
fn own(number: usize, words: usize) -> String {
    (0..words).map(|word| format!("Wort{}{} ", letters(number), letters(word))).collect()
}

fn letters(number: usize) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

fn read(entry: &Entry, boilerplate: &Boilerplate) -> ReadableEntry {
    ReadableEntry::from_entry_of(entry, &["is".to_owned()], boilerplate)
}

fn learn(entries: &[Entry]) -> Boilerplate {
    let nothing = Boilerplate::default();
    let outlines: Vec<EntryOutline> = entries.iter().map(|entry| read(entry, &nothing).outline).collect();
    Boilerplate::learn(&outlines)
}

/// What is left of each entry, paragraph by paragraph.
fn left(entries: &[Entry]) -> Vec<Vec<String>> {
    let boilerplate = learn(entries);
    let texts = entries.iter().map(|entry| read(entry, &boilerplate).blocks);
    texts.map(|blocks| blocks.into_iter().map(|block| block.text).collect()).collect()
}

// Icelandic, and nothing that a list holds.
const TEASERS: [&str; 3] =
    ["Fleiri fréttir úr þessum flokki", "Eldgos hófst á Reykjanesi í nótt", "Ríkisstjórnin fundar um fjárlögin í dag"];

#[test]
fn teasers_in_wording_that_no_list_holds_are_cut() {
    for stories in [5, 12, 40] {
        let entries: Vec<Entry> = (0..stories)
            .map(|number| {
                let (body, more) = (own(number, 14), own(number + 1_000, 20));
                entry(
                    number,
                    &own(number + 2_000, 6),
                    &["Hlusta á fréttina", &body, &more, TEASERS[0], TEASERS[1], TEASERS[2]],
                )
            })
            .collect();
        for (number, left) in left(&entries).iter().enumerate() {
            assert_eq!(left, &[own(number, 14).trim(), own(number + 1_000, 20).trim()], "{stories} stories");
        }
    }
}

#[test]
fn what_is_cut_says_how_many_stories_carry_it() {
    let entries: Vec<Entry> =
        (0..6).map(|number| entry(number, &own(number + 100, 5), &[&own(number, 14), TEASERS[1]])).collect();
    let cuts = read(&entries[2], &learn(&entries)).cuts;
    let [cut] = &cuts[..] else { panic!("one cut: {cuts:?}") };
    assert_eq!((cut.reason, cut.line.as_str(), cut.words), (CutReason::Repeated, TEASERS[1], 6));
    assert_eq!(cut.repeated, Some(Repeats { stories: 6, of: 6 }));
}

#[test]
fn what_is_a_storys_own_stays() {
    let long = own(9_000, 90);
    let refrain = "Svo mælir spámaðurinn enn og aftur";
    let titled = |number: usize| own(number + 500, 6);
    let many = |entries: Vec<Entry>, others: usize| {
        let others = (0..others).map(|number| entry(number + 50, &own(number + 700, 6), &[&own(number + 800, 30)]));
        entries.into_iter().chain(others).collect::<Vec<_>>()
    };
    for (what, entries) in [
        (
            "an article that is published again and again under new titles",
            many((0..8).map(|number| entry(number, &titled(number), &[&own(1, 40), &long, &own(2, 30)])).collect(), 10),
        ),
        (
            "an article that is published again with a new beginning",
            many(
                (0..8).map(|number| entry(number, &titled(number), &[&own(number, 12), &long, &own(2, 40)])).collect(),
                20,
            ),
        ),
        (
            "a live blog, whose entries carry the earlier ones",
            (0..8)
                .map(|number| {
                    let updates: Vec<String> = (0..=number).rev().map(|update| own(update, 15)).collect();
                    let updates: Vec<&str> = updates.iter().map(String::as_str).collect();
                    entry(number, &format!("Beint: kosningarnar í beinni {}", own(number, 1)), &updates)
                })
                .collect(),
        ),
        (
            "a refrain between paragraphs",
            many(
                (0..8)
                    .map(|number| entry(number, &titled(number), &[&own(number, 14), refrain, &own(number + 100, 14)]))
                    .collect(),
                40,
            ),
        ),
        (
            "a quotation in five reports",
            (0..7)
                .map(|number| {
                    let quote = if number < 5 { refrain } else { "Annað" };
                    entry(number, &titled(number), &[&own(number, 14), quote, &own(number + 100, 14)])
                })
                .collect(),
        ),
        (
            "a line that three stories end with",
            (0..3).map(|number| entry(number, &titled(number), &[&own(number, 14), TEASERS[0]])).collect(),
        ),
        (
            "stories that are nothing but the source's lines",
            (0..8).map(|number| entry(number, &titled(number), &[TEASERS[0], TEASERS[1]])).collect(),
        ),
    ] {
        let boilerplate = learn(&entries);
        for entry in &entries {
            let without = read(entry, &Boilerplate::default());
            assert_eq!(read(entry, &boilerplate).blocks, without.blocks, "{what}");
        }
    }
}

#[test]
fn the_whole_text_is_never_cut() {
    let mut entries: Vec<Entry> = (0..8)
        .map(|number| entry(number, &own(number + 100, 5), &[&own(number, 14), TEASERS[0], TEASERS[1]]))
        .collect();
    entries.push(entry(20, "Aðeins auglýsingar", &[TEASERS[0], TEASERS[1]]));
    assert_eq!(left(&entries).last().map(Vec::len), Some(2));
}

#[test]
fn a_block_most_stories_carry_is_cut_within_the_text_too() {
    let entries: Vec<Entry> = (0..12)
        .map(|number| entry(number, &own(number + 100, 5), &[&own(number, 14), TEASERS[0], &own(number + 200, 14)]))
        .collect();
    assert!(left(&entries).iter().all(|left| left.len() == 2));
}

#[test]
fn numbers_that_change_do_not_make_another_block() {
    let entries: Vec<Entry> = (0..6)
        .map(|number| {
            entry(number, &own(number + 100, 5), &[&own(number, 14), &format!("{} deildu fréttinni", number * 731)])
        })
        .collect();
    assert!(left(&entries).iter().all(|left| left.len() == 1));
}

#[test]
fn only_the_newest_entries_count() {
    let old = (0..20).map(|number| entry(number, &own(number + 100, 5), &[&own(number, 14), TEASERS[0]]));
    let new = (0..WINDOW).map(|number| entry(number + 50, &own(number + 3_000, 5), &[&own(number + 4_000, 14)]));
    assert!(learn(&old.clone().collect::<Vec<_>>()).version() != 0);
    assert!(learn(&old.chain(new).collect::<Vec<_>>()).is_empty());
}

#[test]
fn what_is_learnt_is_small_and_says_when_it_has_moved() {
    let entries: Vec<Entry> = (0..WINDOW)
        .map(|number| {
            let lines: Vec<String> = (0..60).map(|line| own(10_000 + line, 5)).collect();
            let body = own(number, 14);
            let paragraphs: Vec<&str> =
                std::iter::once(body.as_str()).chain(lines.iter().map(String::as_str)).collect();
            entry(number, &own(number + 1_000, 5), &paragraphs)
        })
        .collect();
    let all = learn(&entries);
    let bytes = postcard::to_allocvec(&all).expect("it can be written");
    assert_eq!(all.blocks.len(), 60);
    assert!(bytes.len() < 4_096, "{} bytes", bytes.len());
    assert_eq!(postcard::from_bytes::<Boilerplate>(&bytes).expect("it can be read"), all);

    let fewer = learn(&entries[..100]);
    assert_eq!((fewer.version(), fewer == all), (all.version(), false), "counts are not part of the version");
    let nothing = Boilerplate::default();
    let outline = read(&entries[0], &nothing).outline;
    assert!(all.cuts_differently(&nothing, &outline) && !all.cuts_differently(&fewer, &outline));
    let untouched = read(&entry(0, "Annað", &["Önnur frétt sem enginn þekkir"]), &nothing).outline;
    assert!(!all.cuts_differently(&nothing, &untouched));
}

proptest! {
    #[test]
    fn the_order_of_entries_makes_no_difference(
        texts in prop::collection::vec(prop::collection::vec(0_usize..12, 0..8), 0..30),
        seed in any::<u64>(),
    ) {
        let mut entries: Vec<Entry> = texts
            .iter()
            .enumerate()
            .map(|(number, blocks)| {
                let blocks: Vec<String> = blocks
                    .iter()
                    .map(|&block| if block < 6 { own(number * 7 + block, 8) } else { own(block + 50_000, 6) })
                    .collect();
                let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
                entry(number / 2, &own(number / 3, 4), &blocks)
            })
            .collect();
        let learnt = learn(&entries);
        entries.sort_by_key(|entry| xxhash_rust::xxh3::xxh3_64_with_seed(format!("{entry:?}").as_bytes(), seed));
        prop_assert_eq!(learn(&entries), learnt);
    }
}
