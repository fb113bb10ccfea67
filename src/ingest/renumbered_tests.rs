//! Publishers that give their entries new guids, against a real store.

use super::text_tests::{Newsroom, article, at, prose};
use crate::model::Entry;

/// Ten articles of a source under guids of this form.
fn archive(guid: impl Fn(usize) -> String, link: impl Fn(usize) -> String) -> Vec<Entry> {
    let entry = |number: usize| {
        let mut entry = article("gazette", &number.to_string(), &prose(number, 4), &prose(number, 60), number as i64);
        (entry.guid, entry.link) = (Some(guid(number)), Some(link(number)));
        entry
    };
    (0..10).map(entry).collect()
}

#[test]
fn a_publisher_that_gives_its_entries_new_guids_publishes_nothing_twice() {
    let at_home = |number: usize| format!("https://gazette.example/articles/{number}-told");
    type Moved = Box<dyn Fn() -> Vec<Entry>>;
    let moves: [(&str, Moved); 4] = [
        (
            "it moved between http and https",
            Box::new(move || archive(|n| format!("https://gazette.example/?p={n}"), at_home)),
        ),
        ("it moved to other software", Box::new(move || archive(|n| format!("tag:new,{n}"), at_home))),
        (
            "it moved to another host",
            Box::new(move || {
                let elsewhere = |n| format!("https://new.example/articles/{n}-told");
                archive(elsewhere, elsewhere)
            }),
        ),
        (
            "it has read its archive in again",
            Box::new(move || {
                let mut entries = archive(|n| format!("import-{n}"), at_home);
                entries.iter_mut().for_each(|entry| entry.published = Some(at(50)));
                let mut unknown = article("gazette", "old", "From the archive", &prose(77, 60), 3);
                unknown.guid = Some("import-old".into());
                entries.push(unknown);
                entries
            }),
        ),
    ];
    for (what, moved) in moves {
        let mut desk = Newsroom::new();
        let before = archive(|n| format!("http://gazette.example/?p={n}"), at_home);
        assert_eq!(desk.deliver("gazette", at(20), before.clone()).new, 10);
        let ids =
            |desk: &Newsroom| desk.stories().into_iter().map(|story| (story.id, story.updated)).collect::<Vec<_>>();
        let published = ids(&desk);
        let outcome = desk.deliver("gazette", at(60), moved());
        assert_eq!((outcome.new, outcome.duplicates), (0, 0), "{what}: {outcome:?}");
        assert_eq!(ids(&desk), published, "{what}");
        let told = desk.store().renumbered(desk.stories()[0].copies[0].source).expect("read").expect("noted");
        assert!(told.renumbering.to_string().contains(what), "{what}: {}", told.renumbering);
        desk.reopen();
        let mut next = moved();
        next.push(article("gazette", "news", "News at last", &prose(99, 60), 61));
        assert_eq!(desk.deliver("gazette", at(62), next).new, 1, "{what}");
        assert_eq!(desk.deliver("gazette", at(63), before).new, 0, "{what}, and back again");
        let mut edited = moved();
        edited[3].title = format!("{}, corrected", edited[3].title);
        desk.deliver("gazette", at(64), edited);
        assert!(desk.titles().concat().iter().any(|title| title.ends_with("corrected")), "{what}: it goes on in place");
        assert_eq!(desk.stories().len(), 11);
        while desk.ingest().prune(at(70 * 24)).expect("pruned").1 {}
        assert_eq!(
            (desk.stories().len(), desk.deliver("gazette", at(70 * 24), moved()).new),
            (0, 0),
            "{what}: all gone"
        );
    }
}

#[test]
fn a_guid_that_comes_back_with_another_article_is_another_entry() {
    let desk = Newsroom::new();
    desk.deliver("gazette", at(1), vec![article("gazette", "a", "Ministers meet in Brussels", &prose(1, 60), 1)]);
    let later = 35 * 24;
    let mut reused = article("gazette", "a", "A river floods the old town", &prose(2, 60), later);
    reused.link = Some("https://gazette.example/other".into());
    for hour in [later, later + 1] {
        let outcome = desk.deliver("gazette", at(hour), vec![reused.clone()]);
        assert_eq!((outcome.new, outcome.revised), (usize::from(hour == later), 0));
    }
    reused.title = "A river floods the old town hall".into();
    assert_eq!(desk.deliver("gazette", at(later + 2), vec![reused]).revised, 1);
    assert_eq!(desk.titles(), [["A river floods the old town hall"], ["Ministers meet in Brussels"]]);
    let ids: Vec<_> = desk.stories().into_iter().map(|story| story.id).collect();
    assert!(ids[0].starts_with("urn:uuid:"), "an id of its own: {ids:?}");
}

#[test]
fn a_title_that_changes_every_hour_is_one_entry() {
    let desk = Newsroom::new();
    for hour in 1..10 {
        let title = format!("LIVE: {} dead, {}", hour * 7, prose(hour as usize, 6));
        let outcome =
            desk.deliver("gazette", at(hour), vec![article("gazette", "live", &title, &prose(hour as usize, 50), 1)]);
        assert_eq!((outcome.new, outcome.revised), (usize::from(hour == 1), usize::from(hour > 1)));
    }
    assert_eq!((desk.stories().len(), desk.stories()[0].id.as_str()), (1, "tag:gazette.example,2026:live"));
}
