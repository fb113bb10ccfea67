//! What publishers delete, against a real store.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Duration, Utc};

use super::{
    text_tests::{Newsroom, article, at, prose},
    *,
};
use crate::{
    model::{DeletedEntry, DeletedPolicy, Entry, SourceId, TopicId},
    store::{Change, ExportLine, Identity, StoreError},
    stories::guid_key,
};

fn removing() -> Newsroom {
    Newsroom::with(SourceRules { deleted: DeletedPolicy::Remove, ..SourceRules::default() })
}

/// An entry of the gazette, updated at an hour.
fn entry(name: &str, hour: i64) -> Entry {
    let number = name.bytes().map(usize::from).sum();
    let mut entry = article("gazette", name, &format!("AI and {name}, {}", prose(number, 5)), &prose(number, 60), 1);
    entry.updated = Some(at(hour));
    entry
}

/// That an entry of the gazette was deleted at an hour.
fn gone(name: &str, hour: i64) -> DeletedEntry {
    DeletedEntry { id: format!("tag:gazette.example,2026:{name}"), when: at(hour) }
}

/// The names in the links of all that is kept, in order.
fn names(desk: &Newsroom) -> Vec<String> {
    let entries = desk.store().entries_from(crate::model::EntryNumber(0), 1_000).expect("read");
    let name = |link: String| link.rsplit('/').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = entries.into_iter().filter_map(|record| record.entry.link.map(name)).collect();
    names.sort();
    names
}

/// All that is kept but when sources were read.
fn kept(desk: &Newsroom) -> Vec<Change> {
    let mut kept = Vec::new();
    let mut take = |line: ExportLine| -> Result<(), StoreError> {
        if let ExportLine::Change(change) = line
            && !matches!(*change, Change::Source { .. } | Change::Poll { .. })
        {
            kept.push(*change);
        }
        Ok(())
    };
    desk.store().export(None, &AtomicBool::new(false), &mut take).map_err(|error| error.to_string()).expect("exported");
    kept.sort_by_key(|change| format!("{change:?}"));
    kept
}

fn identity(desk: &Newsroom, name: &str) -> Option<Identity> {
    let source = desk.store().source(&SourceId::new("gazette")).expect("known").number;
    desk.store().identity(source, guid_key(&format!("tag:gazette.example,2026:{name}"))).expect("read")
}

#[test]
fn a_deleted_entry_goes_and_stays_away_also_after_accidents() {
    let mut desk = removing();
    desk.deliver("gazette", at(2), vec![entry("a", 1), entry("b", 1)]);
    let (outcome, changed) = desk.hand_in("gazette", at(5), vec![entry("b", 1)], vec![gone("a", 4)]);
    assert_eq!((outcome.deleted, outcome.unchanged), (1, 1));
    assert_eq!(changed, [None, Some(TopicId::new("ai"))].into(), "what showed it is made anew");
    assert_eq!((names(&desk), desk.stories().len()), (vec!["b".to_owned()], 1));

    let before = kept(&desk);
    let (again, changed) = desk.hand_in("gazette", at(6), vec![entry("b", 1)], vec![gone("a", 4)]);
    assert_eq!((again.deleted, changed.len()), (0, 0), "said again it does nothing");
    assert!(kept(&desk) == before, "and writes nothing");

    for (what, hour) in [("the database is lost", 10), ("a restart", 20), ("the journal is lost", 30)] {
        match what {
            "the journal is lost" => desk.lose("journal"),
            "the database is lost" => desk.lose("db"),
            _ => desk.reopen(),
        }
        let outcome = desk.deliver("gazette", at(hour), vec![entry("a", 1), entry("b", 1)]);
        assert_eq!(
            (outcome.new, outcome.passed_over),
            (0, 1),
            "{what}: an older state of the feed brings nothing back"
        );
        assert_eq!(names(&desk), ["b"], "{what}");
    }
}

#[test]
fn what_is_kept_is_kept() {
    let desk = Newsroom::new();
    desk.deliver("gazette", at(2), vec![entry("a", 1)]);
    let before = kept(&desk);
    let (outcome, changed) = desk.hand_in("gazette", at(5), Vec::new(), vec![gone("a", 4), gone("never seen", 4)]);
    assert_eq!((outcome, changed.len()), (Outcome::default(), 0));
    assert!(kept(&desk) == before, "nothing is written for what is kept");
    let listed = desk.hand_in("gazette", at(6), vec![entry("a", 1), entry("b", 1)], vec![gone("b", 5)]).0;
    assert_eq!((listed.unchanged, listed.new), (1, 1));
}

#[test]
fn the_later_of_an_update_and_a_deletion_counts() {
    // Of each: when the entry is updated, when it is said to be deleted, and whether it is kept then.
    let undated = || Entry { updated: None, published: None, ..entry("a", 0) };
    let published = |hour| Entry { updated: None, published: Some(at(hour)), ..entry("a", 0) };
    let cases: [(&str, Entry, i64, bool); 8] = [
        ("deleted after its update", entry("a", 3), 4, false),
        ("deleted at the moment of its update", entry("a", 3), 3, false),
        ("updated after it was deleted", entry("a", 5), 4, true),
        ("published, and deleted since", published(3), 4, false),
        ("published after it was deleted", published(5), 4, true),
        ("no date at all", undated(), 4, false),
        ("updated in a future that nobody believes", entry("a", 24 * 30), 4, false),
        ("deleted in a future that nobody believes", entry("a", 3), 24 * 30, true),
    ];
    for (sentence, entry, hour, is_kept) in cases {
        let expected = if is_kept { vec!["a".to_owned()] } else { Vec::new() };
        let [first, mut last, both, mut since] = [removing(), removing(), removing(), removing()];
        first.deliver("gazette", at(10), vec![entry.clone()]);
        first.hand_in("gazette", at(11), Vec::new(), vec![gone("a", hour)]);
        last.hand_in("gazette", at(10), Vec::new(), vec![gone("a", hour)]);
        last.reopen();
        last.deliver("gazette", at(11), vec![entry.clone()]);
        both.hand_in("gazette", at(11), vec![entry.clone()], vec![gone("a", hour)]);
        since.deliver("gazette", at(10), vec![entry.clone()]);
        since.hand_in("gazette", at(11), vec![entry.clone()], vec![gone("a", hour - 1), gone("a", hour)]);
        since.reopen();
        for (order, desk) in [
            ("seen before it was deleted", &first),
            ("deleted before it was seen", &last),
            ("both in one document", &both),
            ("in one document that deletes it twice, and seen before", &since),
        ] {
            assert_eq!(names(desk), expected, "{sentence}, {order}");
        }
    }
}

#[test]
fn an_entry_that_its_publisher_updates_after_it_was_deleted_is_news_again() {
    let desk = removing();
    desk.deliver("gazette", at(2), vec![entry("a", 1)]);
    let id = desk.stories()[0].id.clone();
    desk.hand_in("gazette", at(5), Vec::new(), vec![gone("a", 4)]);
    let outcome = desk.hand_in("gazette", at(9), vec![entry("a", 8)], vec![gone("a", 4)]).0;
    assert_eq!((outcome.new, outcome.deleted, names(&desk)), (1, 0, vec!["a".to_owned()]));
    assert_eq!(desk.stories()[0].id, id);
    assert_eq!(desk.hand_in("gazette", at(10), vec![entry("a", 8)], vec![gone("a", 9)]).0.deleted, 1, "and goes again");
    for hour in [11, 12] {
        assert_eq!(desk.hand_in("gazette", at(hour), vec![entry("a", 8)], vec![gone("a", 4)]).0.passed_over, 1);
    }
    assert!(names(&desk).is_empty(), "an earlier deletion does not undo a later one");
}

#[test]
fn a_source_deletes_its_own_entries_only() {
    let desk = removing();
    let shared = entry("a", 1);
    desk.deliver("herald", at(2), vec![shared.clone()]);
    desk.deliver("gazette", at(3), vec![shared.clone(), entry("b", 1)]);
    let story = |desk: &Newsroom| desk.stories().into_iter().find(|story| desk.titles_of(story)[0].contains("and a,"));
    let before = story(&desk).expect("published");
    assert_eq!(before.copies.len(), 2);

    desk.hand_in("courier", at(5), Vec::new(), vec![gone("a", 4), gone("b", 4)]);
    assert_eq!(names(&desk), ["a", "a", "b"], "what another says is nothing to it");
    desk.hand_in("gazette", at(6), Vec::new(), vec![gone("a", 4)]);
    let after = story(&desk).expect("it lives on");
    assert_eq!((after.id, after.number), (before.id, before.number));
    let sources: Vec<_> = after.copies.iter().filter_map(|copy| desk.store().source_by_number(copy.source)).collect();
    assert_eq!(sources.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [SourceId::new("herald")]);
    assert_eq!(desk.store().source(&SourceId::new("gazette")).map(|source| source.entries), Some(1));
    assert_eq!(desk.hand_in("herald", at(7), Vec::new(), vec![gone("a", 4)]).0.deleted, 1);
    assert_eq!((names(&desk), story(&desk)), (vec!["b".to_owned()], None), "it goes with its last copy");
}

#[test]
fn an_id_of_several_entries_deletes_none_of_them() {
    let desk = removing();
    let with_guid = |name: &str, guid: &str| Entry { guid: Some(guid.into()), ..entry(name, 1) };
    let twice = || vec![with_guid("a", "same"), with_guid("b", "same"), entry("c", 1)];
    desk.deliver("gazette", at(2), twice());
    let same = DeletedEntry { id: "same".into(), when: at(4) };
    assert_eq!(desk.hand_in("gazette", at(5), twice(), vec![same.clone(), gone("c", 4)]).0.deleted, 1);
    assert_eq!(names(&desk), ["a", "b"]);

    let worthless: Vec<Entry> = ["a", "b", "c"].map(|name| with_guid(name, "same")).into();
    let desk = removing();
    desk.deliver("gazette", at(2), worthless);
    desk.hand_in("gazette", at(5), Vec::new(), vec![same]);
    assert_eq!(names(&desk), ["a", "b", "c"], "nor where one is everything's");
}

#[test]
fn a_publisher_that_gives_its_entries_new_ids_and_deletes_the_old_ones_loses_nothing() {
    let desk = removing();
    let names_of_all: Vec<String> = ('a'..='j').map(String::from).collect();
    let all = || names_of_all.iter().map(|name| entry(name, 1));
    desk.deliver("gazette", at(2), all().collect());
    let renamed = || all().map(|entry| Entry { guid: entry.guid.map(|guid| format!("{guid}-new")), ..entry }).collect();
    let deleted = || names_of_all.iter().map(|name| gone(name, 4)).collect::<Vec<_>>();
    assert_eq!(desk.hand_in("gazette", at(5), renamed(), deleted()).0.deleted, 0);
    assert_eq!(desk.hand_in("gazette", at(6), Vec::new(), deleted()).0.deleted, 0, "nor later");
    assert_eq!(names(&desk), names_of_all);
    let new_id = DeletedEntry { id: format!("{}-new", gone("a", 0).id), when: at(6) };
    assert_eq!(desk.hand_in("gazette", at(7), Vec::new(), vec![new_id]).0.deleted, 1, "the id it has now deletes it");
    assert_eq!(desk.deliver("gazette", at(8), vec![entry("a", 1)]).new, 0, "under whichever id it comes");
}

#[test]
fn what_keeps_a_deleted_entry_out_lasts_as_long_as_its_publisher_speaks_of_it() {
    let desk = removing();
    let day = |days: i64| at(24 * days);
    desk.deliver("gazette", day(1), vec![entry("a", 1), entry("b", 1)]);
    desk.hand_in("gazette", day(2), Vec::new(), vec![gone("a", 40), gone("b", 40)]);
    let last = |name: &str| match identity(&desk, name) {
        Some(Identity::Deleted { last_listed, .. }) => Some(last_listed),
        None => None,
        other => panic!("{other:?}"),
    };
    let prune = |now: DateTime<Utc>| while desk.ingest().prune(now).expect("pruned").1 {};
    desk.hand_in("gazette", day(5), vec![entry("b", 1)], vec![gone("a", 40)]);
    assert_eq!((last("a"), last("b")), (Some(day(2)), Some(day(2))), "not for every document");
    desk.hand_in("gazette", day(10), vec![entry("b", 1)], vec![gone("a", 40)]);
    assert_eq!((last("a"), last("b")), (Some(day(10)), Some(day(10))), "once a week, deleted or listed");
    desk.hand_in("gazette", day(98), Vec::new(), vec![gone("a", 40)]);
    prune(day(98) + Duration::hours(1));
    assert_eq!((last("a"), last("b")), (Some(day(98)), Some(day(10))));
    desk.deliver("gazette", day(120), Vec::new());
    prune(day(120) + Duration::hours(1));
    assert_eq!((last("a"), last("b")), (Some(day(98)), None));
}

#[test]
fn a_source_that_deletes_without_end_does_not_fill_the_store() {
    let desk = removing();
    let all = (0..5_000).map(|number| gone(&number.to_string(), 1));
    desk.hand_in("gazette", at(2), Vec::new(), all.collect());
    while desk.ingest().prune(at(3)).expect("pruned").1 {}
    let left = (0..5_000).filter(|number| identity(&desk, &number.to_string()).is_some()).count();
    assert_eq!(left, 4_000, "four for each entry it may have");
}

#[test]
fn a_takedown_and_a_deletion_of_one_entry_do_not_disturb_each_other() {
    let desk = removing();
    desk.deliver("gazette", at(2), vec![entry("a", 1), entry("b", 1)]);
    let down = |what: &str| {
        let request = TakeDown { what: what.into(), reason: "asked for".into(), archived: Vec::new() };
        desk.ingest().take_down(&request, at(3)).map_err(|error| error.to_string()).expect("taken down")
    };
    let link = entry("a", 1).link.expect("a link");
    down(&link);
    desk.hand_in("gazette", at(5), Vec::new(), vec![gone("a", 4), gone("b", 4)]);
    let updated = || vec![entry("a", 8)];
    assert_eq!(desk.deliver("gazette", at(9), updated()).new, 0, "an update lifts no takedown");
    desk.ingest().lift(&link).map_err(|error| error.to_string()).expect("lifted");
    assert_eq!(desk.deliver("gazette", at(10), updated()).new, 1);
    down(&entry("b", 1).link.expect("a link"));
    assert_eq!(desk.deliver("gazette", at(11), vec![entry("b", 8)]).new, 0, "what was deleted can be taken down");
}
