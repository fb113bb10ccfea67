use proptest::prelude::*;

use super::*;
use crate::text::{ReadableEntry, ReadableText};

fn facts(number: usize, guid: &str, link: &str) -> EntryFacts {
    let title = format!("Report number{number} of subject{number}");
    let text = (0..60).map(|word| format!("w{}", number * 1_000 + word)).collect::<Vec<_>>().join(" ");
    let readable = ReadableText { title: title.clone(), text, language: Some("en".into()), ..ReadableText::default() };
    EntryFacts {
        key: IdentityKey::new("guid", &[guid]),
        guid: Some(guid.into()),
        link: (!link.is_empty()).then(|| link.into()),
        title,
        dated: DateTime::from_timestamp(1_790_000_000 - number as i64 * 7_200, 0),
        wording: Wording::of(&ReadableEntry::from_text(&readable, &["en".into()])),
    }
}

/// A source's entries under guids and links made by patterns, `#` standing for the number.
fn source(numbers: std::ops::Range<usize>, guid: &str, link: &str) -> Vec<EntryFacts> {
    let filled = |pattern: &str, number: usize| pattern.replace('#', &format!("article-{number}"));
    numbers.map(|number| facts(number, &filled(guid, number), &filled(link, number))).collect()
}

fn later(mut entries: Vec<EntryFacts>, days: i64) -> Vec<EntryFacts> {
    entries.iter_mut().for_each(|entry| entry.dated = entry.dated.map(|date| date + Duration::days(days)));
    entries
}

fn retitled(mut entries: Vec<EntryFacts>) -> Vec<EntryFacts> {
    entries.iter_mut().for_each(|entry| entry.title.push_str(", corrected"));
    entries
}

#[test]
fn a_publisher_that_moves_is_recognised() {
    const OLD: (&str, &str) = ("http://example.org/?p=#", "http://example.org/2026/#");
    let kept = source(0..20, OLD.0, OLD.1);
    for (what, arriving, happened, known_by) in [
        (
            "https",
            source(0..12, "https://example.org/?p=#", "https://example.org/2026/#"),
            Move::ToAnotherScheme,
            KnownBy::Link,
        ),
        ("other software", source(0..12, "urn:post:#", OLD.1), Move::ToOtherSoftware, KnownBy::Link),
        (
            "host",
            source(0..12, "http://example.com/?p=#", "http://example.com/2026/#"),
            Move::ToAnotherHost,
            KnownBy::PathOfLink,
        ),
        (
            "host and paths",
            source(0..12, "https://x.example.com/#", "https://x.example.com/news/#.html"),
            Move::ToAnotherHost,
            KnownBy::TitleAndDate,
        ),
        (
            "archive",
            later(source(0..12, "urn:post:#", "http://example.org/archive/#"), 90),
            Move::ArchiveReadInAgain,
            KnownBy::Text,
        ),
        (
            "archive, retitled",
            later(retitled(source(0..12, "urn:post:#", "")), 90),
            Move::ArchiveReadInAgain,
            KnownBy::Text,
        ),
    ] {
        let found = renumbering(&arriving, 12, &kept).unwrap_or_else(|| panic!("{what}"));
        assert_eq!((found.what, found.aliases.len(), found.held_back.len()), (happened, 12, 0), "{what}");
        for (number, alias) in found.aliases.iter().enumerate() {
            assert_eq!((alias.kept, alias.known_by), (kept[number].key, known_by), "{what}");
        }
    }
}

#[test]
fn ordinary_polls_are_no_move() {
    let kept = source(0..20, "g-#", "http://example.org/2026/#");
    for (what, arriving, listed) in [
        ("new entries", source(30..42, "g-#", "http://example.org/2026/#"), 12),
        ("four corrected guids", source(0..4, "h-#", "http://example.org/2026/#"), 8),
        ("a few among many", source(0..8, "h-#", "http://example.org/2026/#"), 30),
        ("a live page's link", source(30..42, "g-#", "http://example.org/live-page"), 12),
    ] {
        assert_eq!(renumbering(&arriving, listed, &kept), None, "{what}");
    }
}

#[test]
fn what_is_new_in_a_move_is_new_and_what_is_older_is_held_back() {
    let kept = source(5..20, "g-#", "http://example.org/2026/#");
    let mut arriving = source(3..14, "h-#", "http://example.org/2026/#");
    arriving.extend(source(40..42, "h-#", "http://example.org/2026/#"));
    let found = renumbering(&arriving, arriving.len(), &kept).expect("a move");
    assert_eq!(found.aliases.len(), 9);
    assert_eq!(
        found.held_back,
        [arriving[11].key, arriving[12].key],
        "numbers 40 and 41 are older than all that is kept"
    );
    assert_eq!(
        found.to_string(),
        "the publisher gave new ids to 9 of 13 entries; it seems that it moved to other software. They are known by link (9), by the \
         link's path (0), by title and date (0) or by text (0), stay the entries they were, and nothing of them is published as new; \
         2 more that are no newer than those are passed over"
    );
}

#[test]
fn evidence_that_fits_two_counts_for_neither() {
    let mut kept = source(0..10, "g-#", "");
    kept.iter_mut().for_each(|entry| {
        entry.title = "The weather".into();
        entry.dated = DateTime::from_timestamp(1_790_000_000, 0);
        entry.wording = Wording::default();
    });
    let mut arriving = kept.clone();
    arriving
        .iter_mut()
        .zip(0..)
        .for_each(|(entry, number)| entry.key = IdentityKey::new("guid", &[&format!("h{number}")]));
    assert_eq!(renumbering(&arriving, 10, &kept), None);
}

#[test]
fn a_guid_given_to_another_article_a_month_later_is_reused() {
    let old = facts(1, "g", "http://example.org/2017/old");
    let mut new = facts(2, "g", "http://example.org/2020/new");
    new.dated = old.dated.map(|date| date + Duration::days(900));
    let reused = reused_guid(&new, &old).expect("reused");
    assert!(reused.to_string().contains("900 days later"), "{reused}");
    let changed = |change: fn(&mut EntryFacts, &EntryFacts)| {
        let mut other = new.clone();
        change(&mut other, &old);
        reused_guid(&other, &old)
    };
    assert_eq!(changed(|new, old| new.link.clone_from(&old.link)), None, "the same link");
    assert_eq!(changed(|new, old| new.wording = old.wording.clone()), None, "the same text");
    assert_eq!(changed(|new, old| new.dated = old.dated.map(|date| date + Duration::days(29))), None, "too soon");
    assert_eq!(changed(|new, _| new.dated = None), None, "no date");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_makes_no_difference(
        ours in Just((0_usize..14).collect::<Vec<_>>()).prop_shuffle(),
        theirs in Just((0_usize..14).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let kept = source(2..16, "g-#", "http://example.org/2026/#");
        let arriving = source(0..14, "h-#", "http://example.org/2026/#");
        let turned: Vec<_> = ours.iter().map(|place| arriving[*place].clone()).collect();
        let kept_turned: Vec<_> = theirs.iter().map(|place| kept[*place].clone()).collect();
        let pairs = |found: Option<Renumbering>| {
            found.map(|found| found.aliases.iter().map(|alias| (alias.arriving, alias.kept)).collect::<BTreeSet<_>>())
        };
        prop_assert_eq!(pairs(renumbering(&turned, 14, &kept_turned)), pairs(renumbering(&arriving, 14, &kept)));
    }
}
