//! What examples teach, on texts of our own.

use std::collections::BTreeMap;

use super::{table::ExampleTopics, *};
use crate::{
    text::{ReadableEntry, ReadableText},
    topics::{Points, Scope, TaggingSettings, Term, TopicSettings, Topics, Verdict},
};

const SPACE: [&str; 8] = [
    "The rocket lifted off from the launch pad and put a satellite into orbit",
    "Astronauts on the space station repaired the solar array in orbit",
    "A probe sent pictures of the moon back to mission control",
    "The launch of the rocket was delayed because of strong winds",
    "Engineers tested the engine of the new spacecraft before its launch",
    "The telescope in orbit saw the oldest galaxy that astronomers know",
    "The lander touched down on the moon after a journey of four days",
    "Mission control lost contact with the satellite soon after launch",
];
const KITCHEN: [&str; 10] = [
    "Whisk the eggs with the sugar and add the flour slowly",
    "The restaurant serves soup with fresh bread and butter",
    "Bake the cake in a hot oven until the crust is golden",
    "Chefs disagree about how much salt the soup should have",
    "The market sells cheese, bread and apples every morning",
    "Simmer the onions in butter and add the tomatoes",
    "The new cook book praises bread that is baked at home",
    "A dinner for six was served with wine and cheese",
    "Peel the apples, slice them and bake them with sugar",
    "The cook burnt the sauce and the guests ordered pizza",
];

fn texts(texts: &[&str], language: &str) -> std::sync::Arc<[ReadableText]> {
    let read = |text: &&str| ReadableText {
        text: (*text).to_owned(),
        language: Some(language.to_owned()),
        ..ReadableText::default()
    };
    texts.iter().map(read).collect()
}

fn examples(weight: f64) -> Examples {
    Examples { like: texts(&SPACE, "en"), unlike: Some(texts(&KITCHEN, "en")), weight }
}

fn topic(id: &str, terms: &[(&str, &[&str])], examples: Option<Examples>) -> TopicSettings {
    let lists = terms.iter().map(|(language, terms)| (*language, terms.iter()));
    let terms = TopicSettings::lists(lists, &TaggingSettings::default().languages).expect("the terms are right");
    TopicSettings { terms, examples, ..TopicSettings::new(id) }
}

fn compile(topics: &[TopicSettings]) -> Topics {
    Topics::compile(&TaggingSettings::default(), topics).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn entry(title: &str, text: &str, language: &str) -> ReadableEntry {
    let language = (!language.is_empty()).then(|| language.to_owned());
    let text = ReadableText { title: title.into(), text: text.into(), language, ..ReadableText::default() };
    ReadableEntry::from_text(&text, &TaggingSettings::default().languages)
}

fn tags(topics: &Topics, entry: &ReadableEntry) -> Vec<String> {
    topics.tag(entry).into_iter().map(|score| score.topic.to_string()).collect()
}

#[test]
fn tells_like_from_unlike_in_texts_it_has_not_seen() {
    let topics = compile(&[topic("space", &[], Some(examples(0.5)))]);
    for (text, expected) in [
        ("The satellite reached its orbit an hour after the launch", true),
        ("A spacecraft orbits the moon", true),
        ("Bread with butter and cheese for dinner", false),
        ("The committee discussed the budget of the coming year", false),
        ("", false),
    ] {
        assert_eq!(!tags(&topics, &entry("", text, "en")).is_empty(), expected, "{text}");
    }
}

#[test]
fn the_same_examples_teach_the_same_however_often_and_beside_whatever() {
    let read = |texts: &[&str]| texts.iter().map(|text| entry("", text, "en")).collect::<Vec<_>>();
    let model = Model::train(&read(&SPACE), &read(&KITCHEN));
    assert_eq!(model, Model::train(&read(&SPACE), &read(&KITCHEN)));
    assert_eq!(model.trial(), Trial { likes: 8, unlikes: 10, likes_found: 8, unlikes_taken: 0 });

    let alone = compile(&[topic("space", &[], Some(examples(0.5)))]);
    let mut many: Vec<_> = (0..5).map(|number| topic(&format!("space-{number}"), &[], Some(examples(0.5)))).collect();
    many.insert(2, topic("terms", &[("en", &["moon^2"])], None));
    let many = compile(&many);
    let text = entry("Moon landing", "The probe is in orbit", "en");
    let [score] = &alone.scores(&text)[..] else { panic!("one topic") };
    let of_many: Vec<_> = many.scores(&text).into_iter().map(|one| (one.topic.to_string(), one.score)).collect();
    let expected: Vec<_> = ["space-0", "space-1", "terms", "space-2", "space-3", "space-4"]
        .map(|id| (id.to_owned(), if id == "terms" { 6.0 } else { score.score }))
        .into();
    assert_eq!(of_many, expected);
}

#[test]
fn points_of_a_likeness() {
    for (likeness, threshold, weight, expected) in [
        // Alone: the likeness itself, in the topic's measure.
        (4.0, 4.0, None, 4.0),
        (-4.0, 4.0, None, -4.0),
        (6.0, 8.0, None, 12.0),
        // At its threshold the examples let the terms off a little; as like as can be, they leave 0.8 to the terms.
        (4.0, 4.0, Some(0.5), 1.2),
        (6.0, 4.0, Some(0.5), 3.2),
        (-4.0, 4.0, Some(0.5), -6.8),
        (6.0, 8.0, Some(0.5), 6.4),
        (4.0, 4.0, Some(0.2), 0.48),
        (0.0, 4.0, Some(0.2), -0.52),
        (6.0, 4.0, Some(0.75), 7.8),
    ] {
        let points = share::points(likeness, threshold, weight);
        assert_eq!(points, Points::new(expected), "{likeness} of {threshold} at {weight:?}");
    }
}

#[test]
fn the_scale_runs_through_its_three_points() {
    let likes = [0.3, 0.35, 0.4, 0.5, 0.6];
    let unlikes = [-0.2, -0.1, 0.0, 0.05, 0.1];
    let scale = scale::Scale::of(&likes, &unlikes);
    assert!((0.1..0.3).contains(&scale.threshold), "{scale:?}");
    for (judgement, points) in [(scale.threshold, 4.0), (0.0, -4.0), (-9.0, -4.0), (0.52, 6.0), (9.0, 6.0)] {
        assert!((scale.points(judgement) - points).abs() < 1e-9, "{judgement}: {}", scale.points(judgement));
    }
    // Kinds that cannot be told apart, or all of one judgement, still give a scale.
    for (likes, unlikes) in [(&unlikes[..], &likes[..]), (&[0.2; 5], &[0.2; 5]), (&[], &[])] {
        let scale = scale::Scale::of(likes, unlikes);
        assert!(scale.points(0.2).is_finite() && scale.threshold.is_finite(), "{scale:?}");
    }
}

#[test]
fn terms_and_examples_add_up() {
    let terms: &[(&str, &[&str])] = &[("en", &["rocket", "soup^1.5"])];
    let topics = compile(&[topic("space", terms, Some(examples(0.5)))]);
    let bare = compile(&[topic("space", terms, None)]);
    for (title, text, by_terms, expected) in [
        // The term alone is not enough, nor are the examples.
        ("", "The rocket put a satellite into orbit after the launch", false, true),
        ("", "The satellite reached its orbit after the launch", false, false),
        // The term alone is enough, and the examples know better.
        ("Soup", "Bread with butter and cheese, and soup for dinner", true, false),
    ] {
        let entry = entry(title, text, "en");
        assert_eq!(!tags(&bare, &entry).is_empty(), by_terms, "{text}");
        let [explained] = &topics.explain(&entry)[..] else { panic!("one topic") };
        assert_eq!(explained.tagged, expected, "{explained:#?}");
        let share = explained.examples.as_ref().expect("the examples have a say");
        let sum: Points = explained.terms.iter().map(|term| term.points).chain([share.points]).sum();
        assert_eq!(explained.score, sum, "{text}");
        assert_eq!(topics.scores(&entry)[0].score, explained.score.as_f64(), "{text}");
        assert!(!share.alone && share.weight == 0.5);
        assert_eq!(tags(&topics, &entry).len(), usize::from(expected), "{text}");
    }
}

#[test]
fn the_words_that_speak_loudest_are_told() {
    let topics = compile(&[topic("space", &[], Some(examples(0.5)))]);
    let explained = topics.explain(&entry("", "After the launch the cook served bread in orbit", "en"));
    let share = explained[0].examples.as_ref().expect("a share");
    assert!(share.towards.iter().any(|words| words.contains("launch")), "{share:?}");
    assert!(share.against.iter().any(|words| words.contains("bread")), "{share:?}");
    assert!(share.alone && explained[0].score == share.points, "{explained:?}");
}

#[test]
fn of_other_languages_examples_say_nothing() {
    let topics = compile(&[topic("space", &[("any", &["orbit^2"])], Some(examples(0.5)))]);
    for (language, text, score) in [
        ("fr", "Le satellite est en orbit depuis hier et la fusée est revenue sur terre", Some(4.0)),
        ("fr", "Le satellite et la fusée sont revenus sur terre depuis hier, a dit la mission", None),
    ] {
        let scores: Vec<_> = topics.scores(&entry("", text, language)).into_iter().map(|one| one.score).collect();
        assert_eq!(scores, Vec::from_iter(score), "{text}");
    }
}

#[test]
fn examples_decide_alone_where_the_topic_has_no_terms() {
    let topics = compile(&[topic("space", &[("fr", &["fusée^2"])], Some(examples(0.5)))]);
    let english = entry("", "The satellite reached its orbit an hour after the launch", "en");
    assert_eq!(tags(&topics, &english), ["space"]);
    assert!(topics.explain(&english)[0].examples.as_ref().is_some_and(|share| share.alone));
}

#[test]
fn without_counter_examples_the_other_topics_likes_are_taken() {
    let only_like = |texts: std::sync::Arc<[ReadableText]>| Examples { like: texts, unlike: None, weight: 0.5 };
    let space = topic("space", &[], Some(only_like(texts(&SPACE, "en"))));
    let kitchen = topic("kitchen", &[], Some(only_like(texts(&KITCHEN, "en"))));
    let topics = compile(&[space.clone(), kitchen]);
    assert_eq!(tags(&topics, &entry("", "Bake the bread and serve it with soup", "en")), ["kitchen"]);
    assert_eq!(tags(&topics, &entry("", "The rocket is in orbit after its launch", "en")), ["space"]);

    let problems = Topics::compile(&TaggingSettings::default(), &[space]).err().expect("nothing to tell it from");
    assert_eq!(problems[0].to_string(), "topic space: there are too few texts to tell its examples from");
}

#[test]
fn the_fingerprint_knows_the_examples() {
    let of = |examples| compile(&[topic("space", &[("en", &["rocket^2"])], examples)]).fingerprint();
    let mut fewer = examples(0.5);
    fewer.like = texts(&SPACE[1..], "en");
    let mut other_language = examples(0.5);
    other_language.like = texts(&SPACE, "fr");
    let all = [None, Some(examples(0.5)), Some(examples(0.6)), Some(fewer), Some(other_language)].map(of);
    for (number, one) in all.iter().enumerate() {
        assert!(!all[number + 1..].contains(one), "{number}");
    }
    assert_eq!(of(Some(examples(0.5))), all[1]);
}

#[test]
fn reads_a_file_of_examples_or_tells_what_is_wrong_in_which_line() {
    let line =
        |number: usize| format!("{{\"id\": {number}, \"title\": \"T{number}\", \"text\": null, \"lang\": \"en\"}}\n");
    let good: String = ["\u{feff}".to_owned()].into_iter().chain((0..5).map(line)).chain(["\n".to_owned()]).collect();
    let read = read_examples(&good).expect("it is right");
    assert_eq!(
        read.iter().map(|(line, text)| (*line, text.title.as_str())).collect::<Vec<_>>()[3..],
        [(4, "T3"), (5, "T4")]
    );
    assert_eq!(read[0].1.language.as_deref(), Some("en"));

    for (what, file, expected) in [
        ("nothing", String::new(), &[(None, "there is no example in it")][..]),
        ("too few", line(1) + &line(2), &[(None, "2 examples are too few")]),
        ("too many", (0..501).map(line).collect(), &[(None, "501 examples are too many")]),
        (
            "no JSON",
            good.clone() + "title: x\n",
            &[(Some(7), "this is no JSON object with title and text: expected ident (column 2)")],
        ),
        (
            "a list",
            good.clone() + "[1]\n",
            &[(
                Some(7),
                "this is no JSON object with title and text: invalid type: integer `1`, expected a string (column 2)",
            )],
        ),
        (
            "no text",
            good.clone() + "{\"id\": 1}\n{\"title\": \" \", \"text\": \"…\"}\n",
            &[(Some(7), "there is no text"), (Some(8), "there is no text")],
        ),
        ("twice", good.clone() + &line(2), &[(Some(7), "this text is in line 3 already")]),
    ] {
        let problems = read_examples(&file).expect_err(what);
        let told: Vec<_> = problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
        assert_eq!(told, expected, "{what}");
        assert!(problems.iter().all(|problem| !problem.hint.is_empty()));
    }
    assert_eq!(same_texts(&read, &read[2..4]), [(3, 3), (4, 4)]);
}

#[test]
fn suggests_terms_with_what_they_would_change() {
    let entries: Vec<_> = SPACE
        .iter()
        .map(|text| (text, true))
        .chain(KITCHEN.iter().map(|text| (text, false)))
        .map(|(text, belongs)| LabelledEntry { entry: entry("", text, "en"), belongs })
        .collect();
    let settings = TaggingSettings::default();
    let topic = topic("space", &[("en", &["moon^2", "soup^2", "comet^2"])], None);
    let found = suggest(&settings, &topic, &entries, 3).expect("it compiles");
    assert_eq!(found.now, Counts { right: 2, wrong: 2, missed: 6 });
    let told: Vec<_> =
        found.suggested.iter().map(|one| (one.language.as_str(), one.term.as_str(), one.in_likes, one.with)).collect();
    assert_eq!(
        told,
        [
            ("en", "launch^2", 4, Counts { right: 6, wrong: 2, missed: 2 }),
            ("en", "orbit^2", 3, Counts { right: 5, wrong: 2, missed: 3 }),
            ("en", "rocket^2", 2, Counts { right: 4, wrong: 2, missed: 4 }),
        ]
    );
    let current: Vec<_> = found.current.iter().map(|one| (one.term.as_str(), one.without)).collect();
    assert_eq!(
        current,
        [
            ("moon^2", Counts { right: 0, wrong: 2, missed: 8 }),
            ("soup^2", Counts { right: 2, wrong: 0, missed: 6 }),
            ("comet^2", found.now),
        ]
    );
    // A topic that has no terms yet can be helped as well.
    let bare = TopicSettings { terms: BTreeMap::new(), ..topic };
    let found = suggest(&settings, &bare, &entries, 1).expect("there is nothing to compile");
    assert_eq!((found.now.recall(), found.suggested[0].term.as_str()), (0.0, "launch^2"));
}

#[test]
fn topics_without_examples_cost_nothing() {
    let none = ExampleTopics::train(&TaggingSettings::default(), &[topic("space", &[("en", &["moon^2"])], None)]);
    assert!(none.is_empty() && none.shares(&entry("", "The moon", "en")).is_empty());
}

#[test]
fn scope_veto_and_requirement_win_over_examples() {
    let languages = TaggingSettings::default().languages;
    let list = |term: &str| TopicSettings::lists([("any", [term])], &languages).expect("it is right");
    let plain = || topic("space", &[], Some(examples(0.5)));
    let text = "The satellite reached its orbit an hour after the launch";
    for (what, topic, verdict) in [
        ("nothing else", plain(), Verdict::Tagged),
        (
            "outside of the scope",
            TopicSettings { scope: Scope { languages: vec!["fr".into()], ..Scope::default() }, ..plain() },
            Verdict::OutOfScope,
        ),
        ("vetoed", TopicSettings { not: list("satellite"), ..plain() }, Verdict::Vetoed),
        (
            "without what is required",
            TopicSettings { require: vec![vec![Term::parse("comet", "any", &languages).expect("right")]], ..plain() },
            Verdict::RequirementMissing,
        ),
        (
            "with what is required, though not among the first words",
            TopicSettings {
                require: vec![vec![Term::parse("launch", "any", &languages).expect("right")]],
                anchor_words: Some(0),
                ..plain()
            },
            Verdict::Tagged,
        ),
        ("taken away by a term", TopicSettings { minus: list("satellite^2"), ..plain() }, Verdict::TooFewPoints),
    ] {
        let topics = compile(&[topic]);
        let entry = entry("", text, "en");
        let explained = topics.explain(&entry);
        assert_eq!(explained[0].verdict, verdict, "{what}: {explained:#?}");
        assert_eq!(tags(&topics, &entry).len(), usize::from(verdict == Verdict::Tagged), "{what}");
    }
}

#[test]
fn examples_bring_implied_topics_along_and_are_kept_with_the_rest() {
    let space = topic("space", &[("en", &["launch"])], Some(examples(0.5)));
    let science = topic("science", &[("en", &["laboratory^2"])], None);
    let topics = compile(&[TopicSettings { implies: vec![science.id.clone()], ..space }, science]);
    let entry = entry("Launch of a satellite", "The spacecraft reached its orbit an hour after the launch", "en");
    let (tagged, stored) = topics.tag_and_explain(&entry, None);
    assert_eq!(tagged.iter().map(|score| score.topic.as_str()).collect::<Vec<_>>(), ["space", "science"]);
    assert_eq!(stored.topics(), topics.explain(&entry));
    assert!(stored.topics()[0].examples.as_ref().is_some_and(|share| !share.alone && !share.towards.is_empty()));
}
