use proptest::prelude::*;

use super::{super::story_terms::tests::terms, *};

fn entry(number: u64, hours: i64, title: &str, text: &str) -> StoryEntry {
    let dated = DateTime::from_timestamp(1_790_000_000 + hours * 3_600, 0);
    StoryEntry { entry: EntryNumber(number), dated, terms: terms("en", title, text) }
}

/// A stream with two events in it, and much else.
fn stream() -> Vec<StoryEntry> {
    let mut entries: Vec<_> = [
        (
            1,
            0,
            "Chinese rocket falls into the Indian Ocean",
            "Debris of the rocket fell west of the Maldives, China said",
        ),
        (2, 2, "Rocket debris from China lands near Maldives", "The Chinese rocket re-entered over the Indian Ocean"),
        (
            3,
            5,
            "Out-of-control Chinese rocket crashes in Indian Ocean",
            "Debris landed near the Maldives, officials in China said",
        ),
        (
            4,
            1,
            "Sturgeon wins a fourth term in Scotland",
            "The first minister wants another referendum on independence",
        ),
        (
            5,
            3,
            "Scotland: Sturgeon promises referendum after fourth win",
            "Independence is the will of the people, the first minister said",
        ),
    ]
    .map(|(number, hours, title, text)| entry(number, hours, title, text))
    .into();
    for number in 6..60 {
        let (title, text) =
            (format!("Thing{number} and matter{number}"), format!("About issue{number} of place{number} today"));
        entries.push(entry(number, number as i64 % 20, &title, &text));
    }
    entries
}

fn stories(entries: &[StoryEntry]) -> Vec<Vec<u64>> {
    let statistics = WordStatistics::learn(entries.iter().map(|entry| &entry.terms));
    let groups = same_story(entries, &statistics);
    let several = groups.iter().filter(|group| group.members.len() > 1);
    several.map(|group| group.members.iter().map(|member| member.entry.0).collect()).collect()
}

#[test]
fn articles_on_one_event_come_together() {
    assert_eq!(stories(&stream()), [vec![1, 2, 3], vec![4, 5]]);
}

#[test]
fn every_article_is_in_one_story_and_says_why() {
    let entries = stream();
    let statistics = WordStatistics::learn(entries.iter().map(|entry| &entry.terms));
    let groups = same_story(&entries, &statistics);
    let mut all: Vec<u64> = groups.iter().flat_map(|group| &group.members).map(|member| member.entry.0).collect();
    all.sort_unstable();
    assert_eq!(all, (1..60).collect::<Vec<_>>());
    for member in groups.iter().filter(|group| group.members.len() > 1).flat_map(|group| &group.members) {
        assert!(member.agreement >= member.required && member.hours_apart.is_some(), "{member:?}");
    }
}

#[test]
fn after_a_pause_it_is_another_story() {
    let mut entries = stream();
    for entry in &mut entries[1..3] {
        entry.dated = entry.dated.map(|date| date + Duration::hours(60));
    }
    assert_eq!(stories(&entries), [vec![4, 5], vec![2, 3]]);
}

#[test]
fn bulletins_of_two_days_stay_apart_and_those_of_one_come_together() {
    let mut entries = stream();
    let bulletin = |number, hours, cases: &str, deaths: &str| {
        let text = format!("The health authority reported {cases} cases and {deaths} deaths");
        entry(number, hours, &format!("Coronavirus: {cases} cases and {deaths} deaths"), &text)
    };
    entries.extend([bulletin(70, 0, "5,753", "93"), bulletin(71, 1, "5.753", "93"), bulletin(72, 8, "6,946", "251")]);
    assert_eq!(stories(&entries), [vec![1, 2, 3], vec![70, 71], vec![4, 5]]);
}

#[test]
fn languages_do_not_mix() {
    let mut entries = stream();
    entries[1].terms.language = "fr".into();
    assert_eq!(stories(&entries), [vec![1, 3], vec![4, 5]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_arrival_makes_no_difference(order in Just((0_usize..59).collect::<Vec<_>>()).prop_shuffle()) {
        let entries = stream();
        let shuffled: Vec<_> = order.iter().map(|place| entries[*place].clone()).collect();
        let statistics = WordStatistics::learn(entries.iter().map(|entry| &entry.terms));
        prop_assert_eq!(same_story(&shuffled, &statistics), same_story(&entries, &statistics));
    }
}
