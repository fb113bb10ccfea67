//! Everything of the rule language beyond terms that bring points: shields, minus, vetoes, requirements, categories,
//! implications, scopes, regular expressions, weights and anchors of a topic's own; and what is kept of an explanation.

use proptest::prelude::*;

use super::*;
use crate::{
    model::{SourceId, TopicId},
    text::{ReadableEntry, ReadableText},
};

type Lists<'a> = &'a [(&'a str, &'a [&'a str])];

fn lists(lists: Lists<'_>) -> TermLists {
    let lists = lists.iter().map(|(list, terms)| (list, terms.iter()));
    TopicSettings::lists(lists, &TaggingSettings::default().languages).unwrap_or_else(|error| panic!("{error}"))
}

fn terms(terms: &[&str]) -> Vec<Term> {
    lists(&[("any", terms)]).remove("any").unwrap_or_default()
}

fn topic(id: &str, terms: Lists<'_>) -> TopicSettings {
    TopicSettings { terms: lists(terms), ..TopicSettings::new(id) }
}

fn compile(topics: &[TopicSettings]) -> Topics {
    Topics::compile(&TaggingSettings::default(), topics).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn read(language: &str, title: &str, text: &str, categories: &[&str]) -> ReadableEntry {
    let text = ReadableText {
        title: title.to_owned(),
        text: text.to_owned(),
        categories: categories.iter().map(ToString::to_string).collect(),
        language: (!language.is_empty()).then(|| language.to_owned()),
    };
    ReadableEntry::from_text(&text, &TaggingSettings::default().languages)
}

/// The one topic's account, which must add up.
fn explain(topics: &Topics, entry: &ReadableEntry) -> TopicExplanation {
    let mut explained = topics.explain(entry);
    assert_eq!(explained.len(), 1, "{explained:#?}");
    let explained = explained.remove(0);
    adds_up(&explained);
    explained
}

fn adds_up(topic: &TopicExplanation) {
    let brought = topic.brought_by.iter().map(|by| by.points);
    assert_eq!(topic.score, topic.terms.iter().map(|term| term.points).chain(brought).sum(), "{topic:#?}");
}

#[test]
fn a_shield_takes_the_words_it_stands_on_and_no_others() {
    let mistral = TopicSettings {
        shield: lists(&[("fr", &["vent de mistral", "mistral NEAR/2 souffle"]), ("any", &["/Mistral [A-Z]{3}-\\d/"])]),
        ..topic("ai", &[("any", &["mistral^2"]), ("fr", &["mistral NEAR/3 modèle"])])
    };
    let topics = compile(&[mistral]);
    for (text, hits, shielded) in [
        ("Mistral lève des fonds", 1, &[][..]),
        ("Un vent de mistral", 0, &[("mistral^2", "vent de mistral", 1)]),
        ("Le vent de Mistral, puis Mistral et encore un vent de mistral", 1, &[("mistral^2", "vent de mistral", 2)]),
        ("Le mistral souffle", 0, &[("mistral^2", "mistral NEAR/2 souffle", 1)]),
        ("Le train Mistral TGV-2 part", 0, &[("mistral^2", "/Mistral [A-Z]{3}-\\d/", 1)]),
    ] {
        let explained = explain(&topics, &read("fr", text, "", &[]));
        let found: Vec<_> = explained.terms.iter().map(|term| term.hits).collect();
        assert_eq!(found, if hits == 0 { vec![] } else { vec![hits] }, "{text}");
        let lost: Vec<_> = explained.shielded.iter().map(|lost| (&*lost.term, &*lost.shield, lost.hits)).collect();
        assert_eq!(lost, shielded, "{text}");
        assert_eq!(explained.tagged, hits > 0, "{text}");
    }
    let near = explain(&topics, &read("fr", "Un vent de mistral et un modèle", "", &[]));
    assert_eq!(near.terms, [], "the shielded word is no neighbour either");
    let english = explain(&topics, &read("en", "The vent de mistral of the south", "", &[]));
    assert_eq!(english.terms.len(), 1, "the shield is for French");
}

#[test]
fn minus_takes_points_away_and_is_told() {
    let wheat = TopicSettings {
        minus: lists(&[("fr", &["blé ukrainien^2", "céréale"])]),
        ..topic("war", &[("fr", &["ukrain*^2", "Kiev^1.5"])])
    };
    let topics = compile(&[wheat]);
    for (title, points, tagged) in [
        ("L'Ukraine", &[6.0][..], true),
        ("Le blé ukrainien", &[6.0, -6.0], false),
        ("Le blé ukrainien, le blé ukrainien", &[6.5, -6.5], false),
        ("Kiev et le blé ukrainien", &[6.0, 4.5, -6.0], true),
        ("Le prix des céréales", &[-3.0], false),
    ] {
        let explained = explain(&topics, &read("fr", title, "", &[]));
        let told: Vec<_> = explained.terms.iter().map(|term| term.points.as_f64()).collect();
        assert_eq!((told.as_slice(), explained.tagged), (points, tagged), "{title}");
        let kinds = explained.terms.iter().map(|term| term.kind == TermKind::Minus).collect::<Vec<_>>();
        assert_eq!(kinds, points.iter().map(|points| *points < 0.0).collect::<Vec<_>>(), "{title}");
    }
}

#[test]
fn a_veto_holds_where_a_story_says_what_it_is_about() {
    let vetoed = TopicSettings { not: lists(&[("any", &["horoscope"])]), ..topic("t", &[("any", &["cloud^2"])]) };
    let topics = compile(&[vetoed]);
    let late = format!("{} horoscope", "word ".repeat(60));
    for (what, title, text, categories, verdict) in [
        ("title", "Cloud horoscope", "", &[][..], Verdict::Vetoed),
        ("lead", "Cloud", "Your horoscopes", &[], Verdict::Vetoed),
        ("category", "Cloud", "", &["Horoscope"], Verdict::Vetoed),
        ("body", "Cloud", &late, &[], Verdict::Tagged),
    ] {
        let explained = explain(&topics, &read("en", title, text, categories));
        assert_eq!((explained.verdict, explained.tagged), (verdict, verdict == Verdict::Tagged), "{what}");
        assert_eq!(explained.score, Points::new(6.0), "{what}: a veto is not a matter of points");
        assert_eq!(explained.vetoes.len(), usize::from(!explained.tagged), "{what}");
    }
}

#[test]
fn every_group_of_a_requirement_must_be_met() {
    let required = TopicSettings {
        require: vec![terms(&["cloud", "données", "data cent*"]), terms(&["europ*"])],
        ..topic("t", &[("fr", &["souveraineté^2"])])
    };
    let topics = compile(&[required]);
    for (text, met) in [
        ("", [false, false]),
        ("Un cloud", [true, false]),
        ("En Europe", [false, true]),
        ("Des data centers et un cloud européens", [true, true]),
    ] {
        let explained = explain(&topics, &read("fr", "La souveraineté", text, &[]));
        let found: Vec<_> = explained.requires.iter().map(|group| group.found.is_some()).collect();
        assert_eq!(found, met, "{text}");
        let verdict = if met == [true, true] { Verdict::Tagged } else { Verdict::RequirementMissing };
        assert_eq!(explained.verdict, verdict, "{text}");
        assert_eq!(explained.requires[0].terms, ["cloud", "données", "data cent*"]);
    }
    assert_eq!(topics.tag(&read("fr", "Le cloud", "en Europe", &[])), [], "meeting it is worth nothing");
}

#[test]
fn a_publishers_category_is_mapped_whole() {
    let mapped = TopicSettings {
        category: ["Télécoms", "High  Tech^1.5"].map(|name| CategoryName::parse(name).expect("a name")).to_vec(),
        ..TopicSettings::new("telecom")
    };
    let topics = compile(&[mapped]);
    for (categories, points) in [
        (&["telecoms"][..], &[6.0][..]),
        (&["TÉLÉCOMS"], &[6.0]),
        (&["Télécoms et réseaux"], &[]),
        (&["Les télécoms"], &[]),
        (&["high tech"], &[4.5]),
        (&["High Tech", "Telecoms"], &[6.0, 4.5]),
    ] {
        let entry = read("fr", "Un titre", "Un texte sur les télécoms", categories);
        let explained = topics.explain(&entry);
        let told: Vec<_> = explained.iter().flat_map(|topic| &topic.terms).map(|term| term.points.as_f64()).collect();
        assert_eq!(told, points, "{categories:?}");
        assert_eq!(topics.tag(&entry).len(), usize::from(!points.is_empty()), "{categories:?}");
    }
    assert!(CategoryName::parse("a^b").is_err() && CategoryName::parse(" ^2").is_err());
}

#[test]
fn a_topic_brings_others_along() {
    let with = |id: &str, word: &str, implies: &[&str]| {
        let words: &[&str] = if word.is_empty() { &[] } else { &[word] };
        TopicSettings { implies: implies.iter().map(|id| TopicId::new(*id)).collect(), ..topic(id, &[("any", words)]) }
    };
    let topics = compile(&[
        with("society", "", &[]),
        with("technology", "computer^1", &["society"]),
        with("ai", "robot^2", &["technology"]),
        TopicSettings { not: lists(&[("any", &["toy"])]), ..with("machines", "machine^2", &[]) },
        with("one", "egg^2", &["two", "machines"]),
        with("two", "hen^2", &["one"]),
        TopicSettings {
            scope: Scope { languages: vec!["fr".into()], ..Scope::default() },
            ..with("french", "baguette^2", &[])
        },
        with("food", "bread^2", &["french"]),
    ]);
    for (title, expected) in [
        ("A robot", "society 4, technology 4, ai 6"),
        ("A computer", ""),
        ("A robot computer", "society 4, technology 4, ai 6"),
        ("A hen", "machines 4, one 4, two 6"),
        ("An egg, a toy", "one 6, two 4"),
        ("A hen and a machine", "machines 6, one 4, two 6"),
        ("Bread", "food 6"),
    ] {
        let entry = read("en", title, "", &[]);
        let tags = topics.tag(&entry);
        let told: Vec<_> = tags.iter().map(|tag| format!("{} {}", tag.topic, tag.score)).collect();
        assert_eq!(told.join(", "), expected, "{title}");
        topics.explain(&entry).iter().for_each(adds_up);
    }
    let explained = topics.explain(&read("en", "A robot computer", "", &[]));
    let technology = explained.iter().find(|topic| topic.topic.as_str() == "technology").expect("it is told");
    let by = technology.brought_by.as_ref().expect("it is brought");
    assert_eq!((by.topic.as_str(), by.points, technology.score), ("ai", Points::new(1.0), Points::new(4.0)));
}

#[test]
fn a_scope_leaves_out_what_is_elsewhere() {
    let scoped = |id: &str, scope: Scope| TopicSettings { scope, ..topic(id, &[("any", &["cloud^2"])]) };
    let [sources, languages, countries] = ["sources", "languages", "countries"];
    let settings = TaggingSettings {
        countries: [("monde", "FR"), ("soir", "BE")].map(|(s, c)| (SourceId::new(s), c.to_owned())).into(),
        ..TaggingSettings::default()
    };
    let topics = Topics::compile(
        &settings,
        &[
            scoped(sources, Scope { sources: vec![SourceId::new("monde")], ..Scope::default() }),
            scoped(languages, Scope { languages: vec!["fr".into()], ..Scope::default() }),
            scoped(countries, Scope { countries: vec!["BE".into(), "CH".into()], ..Scope::default() }),
            scoped("all", Scope::default()),
        ],
    )
    .unwrap_or_else(|problems| panic!("{problems:?}"));
    for (language, source, expected) in [
        ("fr", Some("monde"), &[sources, languages, "all"][..]),
        ("fr-BE", Some("soir"), &[languages, countries, "all"]),
        ("en", Some("monde"), &[sources, "all"]),
        ("en", Some("other"), &["all"]),
        ("fr", None, &[languages, "all"]),
        ("", None, &["all"]),
    ] {
        let source = source.map(SourceId::new);
        let entry = read(language, "Cloud", "", &[]);
        let tags: Vec<_> = topics.tag_from(&entry, source.as_ref()).into_iter().map(|tag| tag.topic).collect();
        assert_eq!(tags.iter().map(TopicId::as_str).collect::<Vec<_>>(), expected, "{language} {source:?}");
        for topic in topics.explain_from(&entry, source.as_ref()) {
            assert_eq!(topic.verdict == Verdict::OutOfScope, !tags.contains(&topic.topic), "{}", topic.topic);
        }
    }
}

#[test]
fn regular_expressions_read_the_text_as_printed() {
    let topics = compile(&[topic(
        "t",
        &[("any", &[r"/\bGPT-\d/^2", r"/(?i)covid-?19/", r"/\d+ %/"]), ("fr", &["/Macron II+/"])],
    )]);
    for (language, title, text, expected) in [
        ("en", "GPT-4 and GPT-5", "", &[("GPT-4", Field::Title, 2, 0)][..]),
        ("en", "gpt-4", "", &[]),
        ("en", "", "The CoViD19 and covid-19 era", &[("CoViD19", Field::Lead, 2, 1)]),
        ("en", "Up 30 %", "", &[("30", Field::Title, 1, 1)]),
        ("en", "", "see https://x.example/GPT-4/covid19 there", &[]),
        ("en", "", "GPT\n-4", &[]),
        ("fr", "Macron III", "", &[("Macron III", Field::Title, 1, 0)]),
        ("en", "Macron III", "", &[]),
        ("", "Macron III", "", &[("Macron III", Field::Title, 1, 0)]),
    ] {
        let explained = topics.explain(&read(language, title, text, &[]));
        let found: Vec<_> = explained
            .iter()
            .flat_map(|topic| &topic.terms)
            .map(|term| (&*term.matched, term.field, term.hits, term.position))
            .collect();
        assert_eq!(found, expected, "{language} {title:?} {text:?}");
    }
    let category = explain(&topics, &read("en", "A title", "", &["News", "GPT-4"]));
    assert_eq!((category.terms[0].field, category.tagged), (Field::Category, true));
}

#[test]
fn printed_addresses_are_no_text() {
    let topics = compile(&[topic("t", &[("any", &["cloud^2", "clou*^2", "the example^2"])])]);
    for text in [
        "Lees https://news.example/cloud/cloud-europe?cloud=cloud",
        "www.cloud.example",
        "the https://example.org example",
    ] {
        assert_eq!(topics.explain(&read("en", text, text, &[])), [], "{text}");
    }
}

#[test]
fn a_topic_has_weights_and_an_anchor_of_its_own() {
    let own = TopicSettings {
        field_weight: Some(FieldWeights { title: 2.0, lead: 5.0, body: 4.0, category: 0.0 }),
        anchor_words: Some(3),
        ..topic("own", &[("any", &["cloud^2"])])
    };
    let topics = compile(&[own, topic("usual", &[("any", &["cloud^2"])])]);
    for (title, text, expected) in
        [("Cloud", "", "own 4, usual 6"), ("", "A cloud", "own 10, usual 4"), ("", "Word word word cloud", "usual 4")]
    {
        let tags = topics.tag(&read("en", title, text, &[]));
        let told: Vec<_> = tags.iter().map(|tag| format!("{} {}", tag.topic, tag.score)).collect();
        assert_eq!(told.join(", "), expected, "{title} {text}");
    }
}

#[test]
fn a_wildcard_on_both_sides_hits_within_words() {
    let topics = compile(&[topic("t", &[("de", &["*netz*^2", "*betreiber", "große *netz* Ausbau"])])]);
    for (text, hits) in [
        ("Stromnetzausbau, Netze, vernetzt", &[3][..]),
        ("Mobilfunknetzbetreiber", &[1, 1]),
        ("Der große Stromnetze Ausbau", &[1, 1]),
        ("Nest", &[]),
    ] {
        let found: Vec<_> = topics
            .explain(&read("de", text, "", &[]))
            .iter()
            .flat_map(|topic| &topic.terms)
            .map(|term| term.hits)
            .collect();
        assert_eq!(found, hits, "{text}");
    }
}

/// A topic of everything, and some that need each other.
fn everything() -> Topics {
    let all = TopicSettings {
        minus: lists(&[("any", &["egg^0.7"])]),
        shield: lists(&[("any", &["cloud cover"])]),
        not: lists(&[("any", &["veto"])]),
        require: vec![terms(&["europe", "data"])],
        category: vec![CategoryName::parse("News").expect("a name")],
        implies: vec![TopicId::new("parent")],
        ..topic(
            "all",
            &[("any", &["cloud^1.5", "clou*^0.3", "cloud NEAR/4 europe^2", "/da+ta/"]), ("en", &["clouds^1.1"])],
        )
    };
    let other = TopicSettings { threshold: 1.0, ..topic("other", &[("any", &["europe^0.333", "egg"])]) };
    compile(&[all, TopicSettings::new("parent"), other])
}

#[test]
fn an_explanation_is_kept_small_and_told_without_the_settings() {
    let topics = everything();
    let text = "Clouds over Europe. The cloud cover. A cloud and another cloud, an egg, data and daata.";
    let entry = read("en", "Cloud and data", text, &["News"]);
    let (tags, kept) = topics.tag_and_explain(&entry, None);
    assert_eq!(tags, topics.tag(&entry));
    let bytes = postcard::to_stdvec(&kept).expect("written");
    assert!(bytes.len() < 520, "{} bytes", bytes.len());
    let back: StoredExplanation = postcard::from_bytes(&bytes).expect("read");
    assert_eq!(back.topics(), topics.explain(&entry));

    let far = read("en", "An article", "about nothing", &[]);
    let (_, kept) = topics.tag_and_explain(&far, None);
    assert_eq!(postcard::to_stdvec(&kept).expect("written").len(), 1);
    let misses = read("en", "", "A cloud", &[]);
    let (tags, kept) = topics.tag_and_explain(&misses, None);
    assert_eq!((tags.len(), kept.topics().len()), (0, 1), "half the points, and no tag");
    let named = serde_json::to_value(topics.explain(&entry)).expect("JSON");
    assert_eq!(named[0]["verdict"], "tagged");
    assert_eq!(named[0]["terms"][0]["kind"], "category");
}

#[test]
fn a_finding_that_is_too_long_to_print_is_cut_where_it_is_told_and_where_it_is_kept() {
    let topics = everything();
    let long = "cloud".repeat(30);
    let entry = read("en", &format!("{long}s clou{long}"), "europe, an egg and data", &["News"]);
    let explained = topics.explain(&entry);
    let (_, kept) = topics.tag_and_explain(&entry, None);
    let longest = |topics: &[TopicExplanation]| {
        topics.iter().flat_map(|topic| &topic.terms).map(|term| term.matched.chars().count()).max()
    };
    assert_eq!(longest(&explained), Some(81));
    assert_eq!(kept.topics(), explained);
}

proptest! {
    /// Whatever stands in the text, every account adds up, and what is kept is what was told.
    #[test]
    fn every_account_adds_up_and_is_kept_whole(
        title in "(cloud|Clouds|cloud cover|europe|data|egg|veto|the| ){0,8}",
        text in "(cloud |cloud cover |europe |daata |egg |veto |https://cloud\\.example |the |\n|[a-z]{1,4} ){0,60}",
        language in "en|fr|xx|",
        category in "News|news|egg",
    ) {
        let topics = everything();
        let entry = read(&language, &title, &text, &[&category]);
        let explained = topics.explain(&entry);
        explained.iter().for_each(adds_up);
        let tags: Vec<_> = explained.iter().filter(|topic| topic.tagged).map(|topic| topic.topic.clone()).collect();
        let (tagged, kept) = topics.tag_and_explain(&entry, None);
        prop_assert_eq!(&tagged, &topics.tag(&entry));
        prop_assert_eq!(tagged.into_iter().map(|tag| tag.topic).collect::<Vec<_>>(), tags);
        let bytes = postcard::to_stdvec(&kept).expect("written");
        let back: StoredExplanation = postcard::from_bytes(&bytes).expect("read");
        for topic in back.topics() {
            prop_assert!(explained.contains(&topic), "{topic:#?} {explained:#?}");
        }
    }
}
