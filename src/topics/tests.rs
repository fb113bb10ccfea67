//! The matcher, the scores and their account, on topics and texts of our own.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    model::TopicId,
    text::{ReadableEntry, ReadableText},
};

fn topic(id: &str, threshold: f64, lists: &[(&str, &[&str])]) -> TopicSettings {
    let languages = TaggingSettings::default().languages;
    let lists = lists.iter().map(|(list, terms)| (list, terms.iter()));
    let terms = TopicSettings::lists(lists, &languages).unwrap_or_else(|error| panic!("{id}: {error}"));
    TopicSettings { threshold, terms, ..TopicSettings::new(id) }
}

fn compile(topics: &[TopicSettings]) -> Topics {
    Topics::compile(&TaggingSettings::default(), topics).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn read(topics: &Topics, language: &str, title: &str, text: &str, categories: &[&str]) -> ReadableEntry {
    let text = ReadableText {
        title: title.to_owned(),
        text: text.to_owned(),
        categories: categories.iter().map(ToString::to_string).collect(),
        language: (!language.is_empty()).then(|| language.to_owned()),
    };
    ReadableEntry::from_text(&text, topics.languages())
}

/// How often one term of a list hits a text without a title.
fn hits(list: &str, term: &str, language: &str, text: &str) -> usize {
    let topics = compile(&[topic("t", 0.1, &[(list, &[term])])]);
    let explained = topics.explain(&read(&topics, language, "", text, &[]));
    explained.first().map_or(0, |topic| topic.terms[0].hits)
}

#[test]
fn terms_hit_what_their_grammar_says() {
    for (list, term, language, text, expected) in [
        // Words in any of their forms.
        ("fr", "télécoms", "fr", "Le télécom et les TELECOMS", 2),
        ("en", "language model", "en", "Language models, a model language, language. Model", 2),
        ("fr", "semi conducteur", "fr", "Les semi-conducteurs", 1),
        ("fr", "coup d'état", "fr", "Un coup d’État", 1),
        ("de", "fußball", "de", "FUSSBALL und Fussball", 2),
        // A phrase stays within its paragraph.
        ("en", "language model", "en", "The language\n\nmodel", 0),
        // Exactly this form.
        ("any", "=AI", "en", "AI, ai, Ai and the A.I. of AI's", 3),
        ("any", "=IA", "fr", "L'IA et l'ia", 1),
        ("any", "=Free Mobile", "fr", "Free Mobile, free mobile, Free Mobiles", 1),
        ("fr", "géants =US", "fr", "les géants US, un géant us", 1),
        ("any", "=AI", "it", "REGALI AI BAMBINI", 0),
        ("any", "=AI", "it", "Regali AI bambini", 1),
        ("any", "=AI", "en", "MEET THE AI", 1),
        // Beginnings and ends.
        ("any", "telecom*", "fr", "Télécommunications, télécom, atelecom", 2),
        ("de", "*netzbetreiber", "de", "Mobilfunknetzbetreiber, Netzbetreiber, Netzbetreiberin", 2),
        ("de", "künstlich* Intelligenz", "de", "künstlicher Intelligenz, Künstliche Intelligenz", 2),
        // Neighbours in either order, each used once.
        ("en", "cloud NEAR/2 europe", "en", "cloud europe; europe big cloud", 2),
        ("en", "cloud NEAR/2 europe", "en", "cloud one two europe", 0),
        ("en", "cloud NEAR/3 europe", "en", "cloud one two europe", 1),
        ("en", "cloud NEAR/3 europe", "en", "cloud cloud europe cloud", 1),
        ("en", "cloud NEAR/9 cloud", "en", "cloud", 0),
        ("en", "cloud NEAR/9 cloud", "en", "a cloud and another cloud", 1),
        ("any", "=IA NEAR/4 modelo*", "es", "modelos de IA, un modelo de ia", 1),
        ("en", "front line NEAR/5 ukrain*", "en", "The front line in eastern Ukraine", 1),
        ("en", "european cloud NEAR/3 american cloud", "en", "european cloud, american cloud", 1),
        // Alternatives; a place counts once.
        ("fr", "géants (américains|US)", "fr", "géants américains et géants US", 2),
        ("fr", "(géant|géants|géant américain)", "fr", "un géant américain", 1),
        // A list holds in its language, and in a text of which nobody knows the language.
        ("de", "Netz", "fr", "Netz", 0),
        ("de", "Netz", "", "Netz", 1),
        ("de", "Netze", "", "Netz", 0),
        ("any", "Netz", "pt", "Netz", 1),
        // Signs that belong to a word, and scripts without spaces.
        ("any", "C++", "en", "C++ and C", 1),
        ("any", "AT&T", "en", "AT&T and AT", 1),
        ("any", "LGBTQ", "en", "LGBTQ+ and LGBTQ", 2),
        ("any", "人工智能", "zh", "中国人工智能公司", 1),
    ] {
        assert_eq!(hits(list, term, language, text), expected, "{list} {term:?} in {language} {text:?}");
    }
}

#[test]
fn points_follow_weight_field_and_number_of_hits() {
    let topics = compile(&[topic("t", 4.0, &[("en", &["cloud^2"])])]);
    let body = format!("{} cloud", "word ".repeat(60));
    let late = format!("{} cloud", "word ".repeat(100));
    for (what, title, text, categories, score, tagged) in [
        ("title", "A cloud", "", &[][..], 6.0, true),
        ("category", "", "", &["Cloud"], 6.0, true),
        ("lead", "", "A cloud", &[], 4.0, true),
        ("body", "", &body, &[], 2.0, false),
        ("two hits", "", "A cloud, a cloud", &[], 4.5, true),
        ("the best field, all hits", "Cloud", "A cloud", &["cloud", "Clouds"], 7.5, true),
        ("five hits", "", "cloud cloud cloud cloud cloud", &[], 6.0, true),
        ("seven hits", "", "cloud cloud cloud cloud cloud cloud cloud", &[], 6.0, true),
        ("late in the text", "", &late, &[], 2.0, false),
    ] {
        let entry = read(&topics, "en", title, text, categories);
        assert_eq!(topics.scores(&entry).iter().map(|topic| topic.score).collect::<Vec<_>>(), [score], "{what}");
        assert_eq!(topics.tag(&entry).len(), usize::from(tagged), "{what}");
    }
}

#[test]
fn a_topic_needs_a_hit_where_stories_say_what_they_are_about() {
    let topics = compile(&[topic("t", 4.0, &[("en", &["cloud^2"])])]);
    let late = format!("{}{}", "word ".repeat(100), "cloud ".repeat(5));
    for (what, title, categories, anchored) in
        [("nowhere", "", &[][..], false), ("title", "Cloud", &[], true), ("category", "", &["cloud"], true)]
    {
        let entry = read(&topics, "en", title, &late, categories);
        let explained = topics.explain(&entry);
        assert!(explained[0].score >= Points::new(4.0), "{what}");
        assert_eq!(explained[0].tagged, anchored, "{what}");
        assert_eq!(explained[0].verdict, if anchored { Verdict::Tagged } else { Verdict::NotAnchored }, "{what}");
        assert_eq!(topics.tag(&entry).len(), usize::from(anchored), "{what}");
    }
}

#[test]
fn near_reads_on_from_the_title_to_the_text_and_phrases_do_not() {
    let topics = compile(&[
        topic("near", 1.0, &[("en", &["drone NEAR/9 ukrain*"])]),
        topic("phrase", 1.0, &[("en", &["drone ukrainian"])]),
    ]);
    let explained = topics.explain(&read(&topics, "en", "A swarm of drones", "Ukrainian cities were hit.", &[]));
    let [near] = &explained[..] else { panic!("{explained:?}") };
    assert_eq!(near.topic.as_str(), "near");
    assert_eq!((near.terms[0].field, near.terms[0].matched.as_str()), (Field::Lead, "drones … Ukrainian"));
    let apart = read(&topics, "en", "", "", &["drone", "ukraine"]);
    assert_eq!(topics.scores(&apart), []);
}

#[test]
fn explains_each_term_as_the_admin_wrote_it_and_the_publisher_printed_it() {
    let topics = compile(&[
        topic(
            "cloud",
            4.0,
            &[("any", &["=AI^1.5"]), ("fr", &["souveraineté numérique^2", "opérateur NEAR/3 télécom*"])],
        ),
        topic("space", 4.0, &[("fr", &["fusée"])]),
    ]);
    let text = "Hier, un opérateur de TÉLÉCOMS a plaidé pour la souveraineté\u{a0}numérique.";
    let explained = topics.explain(&read(&topics, "fr", "L’AI et la souveraineté numérique", text, &[]));
    let [cloud] = &explained[..] else { panic!("{explained:?}") };
    assert_eq!((cloud.score, cloud.threshold, cloud.tagged), (Points::new(13.0), Points::new(4.0), true));
    let terms: Vec<_> = cloud
        .terms
        .iter()
        .map(|term| {
            (
                term.term.as_str(),
                term.language.as_str(),
                term.field,
                term.hits,
                term.points,
                term.matched.as_str(),
                term.position,
            )
        })
        .collect();
    assert_eq!(
        terms,
        [
            ("souveraineté numérique^2", "fr", Field::Title, 2, Points::new(6.5), "souveraineté numérique", 4),
            ("=AI^1.5", "any", Field::Title, 1, Points::new(4.5), "AI", 1),
            ("opérateur NEAR/3 télécom*", "fr", Field::Lead, 1, Points::new(2.0), "opérateur de TÉLÉCOMS", 2),
        ]
    );
}

#[test]
fn a_text_of_unknown_language_gets_no_points_twice() {
    let lists: &[(&str, &[&str])] = &[("en", &["football"]), ("fr", &["football^2"]), ("it", &["Football"])];
    let topics = compile(&[topic("t", 1.0, lists)]);
    let scores = topics.scores(&read(&topics, "", "Football", "", &[]));
    assert_eq!(scores.iter().map(|topic| topic.score).collect::<Vec<_>>(), [6.0]);
}

#[test]
fn refuses_topics_that_cannot_work_all_at_once() {
    let of = |id: &str, threshold: f64, lists: &[(&str, &[&str])]| topic(id, threshold, lists);
    let problems = Topics::compile(
        &TaggingSettings::default(),
        &[
            of("empty", 4.0, &[("en", &[])]),
            of("high", 8.1, &[("any", &["cloud"]), ("fr", &["nuage"]), ("de", &["Wolke"])]),
            of("terms", 4.0, &[("any", &["cloud"]), ("sv", &["moln"])]),
            of("terms", 4.0, &[("any", &["cloud^2"])]),
            of("nothing", f64::NAN, &[("any", &["cloud"])]),
            TopicSettings { require: vec![vec![]], ..of("group", 4.0, &[("any", &["cloud"])]) },
        ],
    )
    .err()
    .expect("they are refused");
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "topic empty: it has no terms",
        "topic high: no text can reach the threshold 8.1: its terms give 8 at most",
        "topic terms: terms.sv is for a language that is not configured",
        "topic terms: there is another topic of this name",
        "topic nothing: the threshold NaN is not above 0",
        "topic group: `require` has an empty group, or more than 16",
    ];
    assert_eq!(told, expected);
    let implying = TopicSettings { implies: vec![TopicId::new("nobody")], ..of("a", 4.0, &[("any", &["cloud"])]) };
    let problems = Topics::compile(&TaggingSettings::default(), &[implying]).err().expect("refused");
    assert_eq!(problems[0].to_string(), "topic a: it implies nobody, which is no topic");
}

#[test]
fn tells_which_terms_make_the_tag_alone() {
    let lists: &[(&str, &[&str])] = &[("any", &["cloud", "robot^1.5", "chip^2.5", "cable^4"])];
    let lone = lone_terms(&topic("t", 4.0, lists), &TaggingSettings::default());
    let lone: Vec<_> = lone.iter().map(|lone| (lone.term.as_str(), lone.field)).collect();
    assert_eq!(lone, [("robot^1.5", Field::Category), ("chip^2.5", Field::Lead), ("cable^4", Field::Body)]);
}

#[test]
fn a_topics_fingerprint_changes_with_its_own_settings_and_with_those_that_bring_it_along() {
    let bringing = |id: &str, threshold: f64, implied: &[&str]| TopicSettings {
        implies: implied.iter().map(|id| TopicId::new(*id)).collect(),
        ..topic(id, threshold, &[("en", &["cloud^2"])])
    };
    let of = |threshold: f64| {
        let topics = [
            bringing("first", threshold, &["second"]),
            bringing("second", 4.0, &["third", "first"]),
            bringing("third", 4.0, &[]),
            bringing("other", 4.0, &["third"]),
        ];
        compile(&topics).topic_fingerprints().clone()
    };
    let (before, after) = (of(4.0), of(5.0));
    let changed: Vec<&str> =
        before.iter().filter(|(topic, was)| after[*topic] != **was).map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(changed, ["first", "second", "third"]);
    let alone = compile(&[bringing("other", 4.0, &[])]).topic_fingerprints().clone();
    assert_ne!(alone[&TopicId::new("other")], before[&TopicId::new("other")], "it implies less");
}

#[test]
fn the_fingerprint_changes_with_what_changes_tags_and_with_nothing_else() {
    let settings = TaggingSettings::default();
    let of = |settings: &TaggingSettings, topics: &[TopicSettings]| {
        Topics::compile(settings, topics).unwrap_or_else(|problems| panic!("{problems:?}")).fingerprint()
    };
    let base = topic("t", 4.0, &[("en", &["cloud^2", "data"])]);
    let known = of(&settings, std::slice::from_ref(&base));
    assert_eq!(known, 16_660_513_800_770_956_541, "the same on every machine");
    let renamed = TopicSettings { title: "Other".into(), description: Some("Words".into()), ..base.clone() };
    assert_eq!(of(&settings, &[renamed]), known);
    for (what, settings, topics) in [
        ("threshold", settings.clone(), vec![TopicSettings { threshold: 4.5, ..base.clone() }]),
        ("terms", settings.clone(), vec![topic("t", 4.0, &[("en", &["cloud^2", "date"])])]),
        ("term lists", settings.clone(), vec![topic("t", 4.0, &[("en", &["cloud^2"]), ("fr", &["data"])])]),
        ("lead", TaggingSettings { lead_words: 61, ..settings.clone() }, vec![base.clone()]),
        ("languages", TaggingSettings { languages: vec!["en".into()], ..settings.clone() }, vec![base.clone()]),
        ("minus", settings.clone(), vec![TopicSettings { minus: base.terms.clone(), ..base.clone() }]),
        ("shield", settings.clone(), vec![TopicSettings { shield: base.terms.clone(), ..base.clone() }]),
        ("not", settings.clone(), vec![TopicSettings { not: base.terms.clone(), ..base.clone() }]),
        ("require", settings.clone(), vec![TopicSettings { require: vec![base.terms["en"].clone()], ..base.clone() }]),
        (
            "category",
            settings.clone(),
            vec![TopicSettings { category: vec![CategoryName::parse("News").expect("a name")], ..base.clone() }],
        ),
        (
            "scope",
            settings.clone(),
            vec![TopicSettings { scope: Scope { languages: vec!["en".into()], ..Scope::default() }, ..base.clone() }],
        ),
        ("anchor", settings.clone(), vec![TopicSettings { anchor_words: Some(9), ..base.clone() }]),
        (
            "weights",
            settings.clone(),
            vec![TopicSettings {
                field_weight: Some(FieldWeights { lead: 2.5, ..FieldWeights::default() }),
                ..base.clone()
            }],
        ),
        ("another topic", settings.clone(), vec![base.clone(), topic("u", 4.0, &[("en", &["cloud^2"])])]),
    ] {
        assert_ne!(of(&settings, &topics), known, "{what}");
    }
}

#[test]
fn tags_lines_and_reports_those_it_cannot_read() {
    let topics = compile(&[
        topic("space", 4.0, &[("en", &["rocket^2"])]),
        topic("cloud", 4.0, &[("en", &["cloud^2"]), ("fr", &["nuage^2"])]),
    ]);
    let input = concat!(
        "\u{feff}{\"id\":\"a\",\"lang\":\"en\",\"title\":\"Clouds and rockets\",\"url\":\"https://a.example/\",\"published\":1}\n",
        "\n",
        "{\"id\":2,\"title\":\"Les nuages passent et le vent se lève\",\"text\":null,\"categories\":[]}\r\n",
        "not json\n",
        "{\"id\":\"b\",\"lang\":\"en\"}\n",
        "{\"id\":\"c\",\"lang\":\"en\",\"title\":\"\",\"text\":\"Nothing\",\"categories\":[\"Rocket\"]}",
    );
    let mut output = Vec::new();
    let report = tag_lines(&topics, input.as_bytes(), &mut output).expect("memory does not fail");
    let expected = concat!(
        "{\"id\":\"a\",\"labels\":[\"space\",\"cloud\"],\"scores\":{\"space\":6.0,\"cloud\":6.0}}\n",
        "{\"id\":2,\"labels\":[\"cloud\"],\"scores\":{\"cloud\":6.0}}\n",
        "{\"id\":\"c\",\"labels\":[\"space\"],\"scores\":{\"space\":6.0}}\n",
    );
    assert_eq!(String::from_utf8_lossy(&output), expected);
    let told: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["line 4: expected ident (column 2)", "line 5: missing field `title` (column 22)"]);
    assert_eq!((report.stories, report.tagged), (3, 3));
}

proptest! {
    #[test]
    fn every_score_is_the_sum_of_its_terms_and_reading_twice_changes_nothing(
        title in "(cloud|Clouds|AI|europe|the|[a-z]{1,4}| ){0,12}",
        text in "(cloud |AI |european cloud |europe |telecoms |the |\n|[a-z]{1,4} |\\PC){0,60}",
        language in "en|fr|xx|",
    ) {
        let terms: BTreeMap<_, _> = [("any", &["=AI^1.2", "telecom*^0.333", "*loud^0.1"][..]), ("en", &["european cloud^0.7", "cloud NEAR/5 europe^1.1"])].into();
        let lists: Vec<_> = terms.into_iter().collect();
        let topics = compile(&[topic("a", 2.0, &lists), topic("b", 1.0, &[("any", &["europe"])])]);
        let entry = read(&topics, &language, &title, &text, &["AI"]);
        let explained = topics.explain(&entry);
        for topic in &explained {
            prop_assert_eq!(topic.score, topic.terms.iter().map(|term| term.points).sum::<Points>());
        }
        let scores: Vec<_> = explained.iter().map(|topic| (topic.topic.clone(), topic.score.as_f64())).collect();
        let again: Vec<_> = topics.scores(&entry).into_iter().map(|score| (score.topic, score.score)).collect();
        prop_assert_eq!(scores, again);
        let tags: Vec<_> = topics.tag(&entry).into_iter().map(|score| score.topic).collect();
        prop_assert_eq!(tags, explained.into_iter().filter(|topic| topic.tagged).map(|topic| topic.topic).collect::<Vec<_>>());
    }
}
