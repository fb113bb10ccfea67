//! The admin's word on stories, and how editions show them, against a real store.

use std::collections::BTreeMap;

use super::{
    Tell, TellError,
    text_tests::{AGENCY, Newsroom, article, at, prose},
};
use crate::{
    model::{ShownAs, TopicId},
    publish::{EditionStory, Format, StoriesAddress, Wanted, gather, select},
    store::{Store, StoryRecord},
};

/// What an edition shows.
fn shown(store: &Store, topic: Option<&TopicId>, limit: usize, shown_as: ShownAs) -> Vec<EditionStory> {
    let selection = StoriesAddress::standing(topic, Format::Atom).selection;
    let stories = select(store, &selection, Wanted { limit, shown_as, fair: false }).expect("read");
    gather(store, stories, &BTreeMap::new(), shown_as).expect("read")
}

/// The stories as the names of their entries' sources, each story sorted.
fn sources_of(desk: &Newsroom) -> Vec<Vec<String>> {
    let name = |number| desk.store().source_by_number(number).expect("known").0.to_string();
    let mut stories: Vec<Vec<String>> =
        desk.stories().iter().map(|story| story.copies.iter().map(|copy| name(copy.source)).collect()).collect();
    stories.iter_mut().for_each(|story| story.sort());
    stories.sort();
    stories
}

#[test]
fn the_admins_word_stands_against_keys_and_texts_also_for_entries_that_come_back() {
    let mut desk = Newsroom::new();
    let tell = |desk: &Newsroom, tell: Tell| desk.ingest().tell(&tell, at(20)).map(|(stories, _)| stories.len());
    let copies = || {
        ["gazette", "herald", "courier"]
            .map(|source| (source, article(source, "1", &format!("Paid, says {source}"), AGENCY, 9)))
    };
    for (source, entry) in copies() {
        desk.deliver(source, at(10), vec![entry]);
    }
    desk.deliver("tribune", at(10), vec![article("tribune", "1", "Something else", &prose(3, 50), 9)]);
    assert_eq!(sources_of(&desk), [vec!["courier", "gazette", "herald"], vec!["tribune"]]);
    let first_published = desk.stories().into_iter().find(|story| story.copies.len() == 3).expect("it").id;

    assert_eq!(tell(&desk, Tell::Split("https://herald.example/1".into())).expect("split"), 2);
    assert_eq!(sources_of(&desk), [vec!["courier", "gazette"], vec!["herald"], vec!["tribune"]]);
    assert!(desk.store().story_by_id(&first_published).expect("read").is_some(), "one of them keeps the id");
    let (tribune, gazette) = ("https://tribune.example/1", "https://gazette.example/1");
    assert_eq!(tell(&desk, Tell::Join(tribune.into(), gazette.into())).expect("joined"), 1);
    let expected = [vec!["courier".to_owned(), "gazette".into(), "tribune".into()], vec!["herald".into()]];
    assert_eq!(sources_of(&desk), expected);

    // A shared link changes nothing about it.
    let mut linked = article("herald", "1", "Paid, says herald", AGENCY, 9);
    linked.link = Some(gazette.into());
    desk.deliver("herald", at(21), vec![linked]);
    assert_eq!(sources_of(&desk), expected, "still split");

    // The database is lost, then the journal: each is made anew from the other.
    for lost in ["db", "journal", "db"] {
        desk.store().make_durable().expect("on the disk");
        desk.store().fold(&false.into()).expect("a journal that was lost is written anew");
        desk.lose(lost);
        assert_eq!(sources_of(&desk), expected, "{lost}");
        let told = desk.ingest().tell(&Tell::Split("no story".into()), at(21));
        assert!(matches!(told, Err(TellError::Unknown(_))));
        let entry = desk.store().entries_from(crate::model::EntryNumber(0), 1).expect("read")[0].clone();
        let name = crate::store::EntryName { source: entry.source, key: entry.identity };
        assert_eq!(desk.store().told_of(name).expect("read").len(), 2, "{lost}");
        assert!(!desk.store().pairs_of(entry.number).expect("read").is_empty(), "{lost}");
        assert!(desk.store().text(entry.number).expect("read").is_some(), "{lost}");
    }

    // All is removed and forgotten, and comes back; numbers are others then.
    let later = 64 * 24;
    while desk.ingest().prune(at(later)).expect("pruned").1 {}
    while desk.ingest().prune(at(later + 801 * 24)).expect("pruned").1 {}
    assert!(desk.stories().is_empty());
    desk.reopen();
    let again = later + 802 * 24;
    for (source, mut entry) in copies() {
        entry.published = Some(at(again));
        desk.deliver(source, at(again), vec![entry]);
    }
    let mut entry = article("tribune", "1", "Something else", &prose(3, 50), again);
    entry.published = Some(at(again));
    desk.deliver("tribune", at(again), vec![entry]);
    assert_eq!(sources_of(&desk), expected, "kept for good");

    assert_eq!(tell(&desk, Tell::Join(gazette.into(), "https://herald.example/1".into())).expect("joined"), 1);
    assert_eq!(desk.stories().len(), 1, "the later word counts");
    let id = desk.stories()[0].id.clone();
    assert_eq!(tell(&desk, Tell::Split(id)).expect("split"), 4);
    assert_eq!(desk.stories().len(), 4, "a whole story is taken apart by its id");
    for (wrong, why) in [
        (Tell::Split("https://nobody.example/".into()), "no story has"),
        (Tell::Split(gazette.into()), "one entry only"),
        (Tell::Join(gazette.into(), gazette.into()), "one story already"),
    ] {
        let error = tell(&desk, wrong).expect_err("refused").to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_story_that_went_on_in_another_is_found_there_and_has_its_number_again_when_they_are_split() {
    let mut desk = Newsroom::new();
    let link = |source: &str| format!("https://{source}.example/1");
    let names = ["gazette", "herald", "courier"];
    for (source, seed) in names.into_iter().zip(1..) {
        desk.deliver(
            source,
            at(10),
            vec![article(source, "1", &format!("Something, says {source}"), &prose(seed, 50), 9)],
        );
    }
    let number_of = |desk: &Newsroom, source: &str| {
        let has_it = |story: &StoryRecord| story.copies.iter().any(|copy| copy.link == Some(link(source)));
        desk.stories().into_iter().find(has_it).expect("a story").number
    };
    let [gazette, herald, courier] = names.map(|source| number_of(&desk, source));
    let tell = |desk: &Newsroom, tell: Tell| desk.ingest().tell(&tell, at(20)).map(drop).expect("told");
    let led = |desk: &Newsroom, story| desk.store().went_on_in(story).expect("read");
    assert_eq!(led(&desk, herald), None);

    tell(&desk, Tell::Join(link("gazette"), link("herald")));
    assert_eq!((number_of(&desk, "herald"), led(&desk, herald)), (gazette, Some(gazette)));
    tell(&desk, Tell::Join(link("courier"), link("herald")));
    assert_eq!((led(&desk, herald), led(&desk, courier)), (Some(gazette), Some(gazette)));

    // Neither the database nor the journal alone knows of it.
    for lost in ["db", "journal", "db"] {
        desk.store().make_durable().expect("on the disk");
        desk.store().fold(&false.into()).expect("a journal that was lost is written anew");
        desk.lose(lost);
        assert_eq!((led(&desk, herald), led(&desk, courier)), (Some(gazette), Some(gazette)), "{lost}");
    }

    tell(&desk, Tell::Split(link("courier")));
    assert_eq!(number_of(&desk, "courier"), courier, "it is at its own address again");
    assert_eq!((led(&desk, courier), led(&desk, herald)), (None, Some(gazette)));
    tell(&desk, Tell::Join(link("courier"), link("herald")));
    assert_eq!(led(&desk, courier), Some(gazette), "the later word counts");

    // It leads nowhere once what it showed is gone.
    while desk.ingest().prune(at(64 * 24)).expect("pruned").1 {}
    assert!(desk.stories().is_empty());
    assert_eq!((led(&desk, herald), led(&desk, courier)), (None, None));
    assert!(desk.store().gone_on().expect("read").is_empty(), "nothing is kept of it");
}

#[test]
fn a_topic_shows_copies_as_it_is_told_to() {
    let desk = Newsroom::new();
    desk.deliver("gazette", at(10), vec![article("gazette", "1", "Ministers fund AI centres in Brussels", AGENCY, 9)]);
    desk.deliver("herald", at(12), vec![article("herald", "1", "AI centres: Brussels pays", AGENCY, 11)]);
    desk.deliver("courier", at(12), vec![article("courier", "1", "Rain of money for centres", AGENCY, 11)]);
    let event = "Brussels ministers fund AI centres, critics doubt that these centres open in time";
    desk.deliver(
        "tribune",
        at(13),
        vec![article("tribune", "1", "Ministers fund AI centres in Brussels: critics", event, 12)],
    );
    desk.deliver("tribune", at(13), vec![article("tribune", "2", "AI paints a cat", &prose(6, 40), 12)]);
    let topic = TopicId::new("ai");
    let rows_of = |shown_as| -> Vec<(String, usize, usize)> {
        let stories = shown(desk.store(), Some(&topic), 10, shown_as);
        stories.into_iter().map(|story| (story.title, story.related.len(), story.same_event.len())).collect()
    };
    let rows = |rows: &[(&str, usize, usize)]| -> Vec<(String, usize, usize)> {
        let mut rows: Vec<_> =
            rows.iter().map(|(title, copies, event)| ((*title).to_owned(), *copies, *event)).collect();
        rows.sort();
        rows
    };
    let sorted = |mut rows: Vec<(String, usize, usize)>| {
        rows.sort();
        rows
    };
    let (owner, critics, cat) =
        ("Ministers fund AI centres in Brussels", "Ministers fund AI centres in Brussels: critics", "AI paints a cat");
    assert_eq!(sorted(rows_of(ShownAs::Merge)), rows(&[(owner, 2, 0), (critics, 0, 0), (cat, 0, 0)]));
    assert_eq!(sorted(rows_of(ShownAs::Group)), rows(&[(owner, 2, 1), (critics, 0, 1), (cat, 0, 0)]));
    let copy = "AI centres: Brussels pays";
    assert_eq!(
        sorted(rows_of(ShownAs::All)),
        rows(&[(owner, 0, 0), (copy, 0, 0), (critics, 0, 0), (cat, 0, 0)]),
        "what is of another topic by itself is not shown in this one"
    );
    let all = shown(desk.store(), None, 10, ShownAs::All);
    let ids: std::collections::BTreeSet<_> = all.iter().map(|story| &story.id).collect();
    assert_eq!((all.len(), ids.len()), (5, 5));
    assert!(all.windows(2).all(|pair| pair[0].updated >= pair[1].updated), "newest first, each by its own date");
    assert_eq!(shown(desk.store(), None, 2, ShownAs::All).len(), 2);
}
