//! Figures on labelled news. The data is not part of the project: without `NEWSDESK_CORPUS` (its directory) these tests say
//! that they skip. The floors are what this engine has reached; a change that falls below one has lost something.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::{
    model::Entry,
    text::{ReadableEntry, ReadableText},
};

fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("NEWSDESK_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        eprintln!("skipped: NEWSDESK_CORPUS does not name the directory of the labelled news");
    }
    corpus
}

/// A file of topics in the form of the configuration.
#[derive(Deserialize)]
struct Pack {
    tagging: PackTagging,
    topics: BTreeMap<String, PackTopic>,
}

#[derive(Deserialize)]
struct PackTagging {
    field_weight: BTreeMap<String, f64>,
    lead_words: usize,
    anchor_words: usize,
}

#[derive(Deserialize)]
struct PackTopic {
    title: String,
    threshold: f64,
    terms: BTreeMap<String, Vec<String>>,
}

impl Pack {
    fn compile(corpus: &Path, name: &str) -> Topics {
        let text = fs::read_to_string(corpus.join("eval/packs").join(name)).expect("the pack is readable");
        let pack: Pack = toml::from_str(&text).expect("the pack is TOML");
        let weight = |field: &str| pack.tagging.field_weight[field];
        let settings = TaggingSettings {
            field_weight: FieldWeights {
                title: weight("title"),
                lead: weight("lead"),
                body: weight("body"),
                category: weight("category"),
            },
            lead_words: pack.tagging.lead_words,
            anchor_words: pack.tagging.anchor_words,
            ..TaggingSettings::default()
        };
        let topics: Vec<_> = pack
            .topics
            .into_iter()
            .map(|(id, topic)| TopicSettings {
                title: topic.title,
                threshold: topic.threshold,
                terms: TopicSettings::lists(topic.terms, &settings.languages).expect("the terms are right"),
                ..TopicSettings::new(id)
            })
            .collect();
        Topics::compile(&settings, &topics).unwrap_or_else(|problems| panic!("{name}: {problems:#?}"))
    }
}

fn items(corpus: &Path, set: &str) -> Vec<Value> {
    let text = fs::read_to_string(corpus.join("eval").join(set).join("dev.jsonl")).expect("the set is readable");
    text.lines().map(|line| serde_json::from_str(line).expect("an item per line")).collect()
}

fn strings(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}

/// The labels each item gets, by its id; `text` names the key its text is under.
fn predict(topics: &Topics, items: &[Value], text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut input = Vec::new();
    for item in items {
        let line = json!({ "id": item["id"], "lang": item["lang"], "title": item["title"], "text": item[text] });
        serde_json::to_writer(&mut input, &line).expect("a line is written");
        input.push(b'\n');
    }
    let mut output = Vec::new();
    let report = tag_lines(topics, input.as_slice(), &mut output).expect("lines are tagged");
    assert_eq!((report.stories, report.problems), (items.len(), vec![]));
    let tagged = String::from_utf8(output).expect("UTF-8");
    let lines = tagged.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.map(|line| (line["id"].as_str().expect("an id").to_owned(), strings(&line["labels"]))).collect()
}

#[derive(Default, Clone, Copy)]
struct Counts {
    right: f64,
    wrong: f64,
    missed: f64,
}

impl Counts {
    fn precision(self) -> f64 {
        if self.right + self.wrong == 0.0 { 1.0 } else { self.right / (self.right + self.wrong) }
    }

    fn recall(self) -> f64 {
        if self.right + self.missed == 0.0 { 1.0 } else { self.right / (self.right + self.missed) }
    }

    fn f1(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }
}

/// Micro-averaged counts by language, "" for all, over the labels in `only` (empty: every label).
fn score(items: &[Value], predicted: &BTreeMap<String, BTreeSet<String>>, only: &[&str]) -> BTreeMap<String, Counts> {
    let kept = |label: &&String| only.is_empty() || only.contains(&label.as_str());
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for item in items {
        let gold = strings(&item["labels"]);
        let got = &predicted[item["id"].as_str().expect("an id")];
        for key in ["", item["lang"].as_str().unwrap_or_default()] {
            let counts = counts.entry(key.to_owned()).or_default();
            counts.right += got.intersection(&gold).filter(kept).count() as f64;
            counts.wrong += got.difference(&gold).filter(kept).count() as f64;
            counts.missed += gold.difference(got).filter(kept).count() as f64;
        }
    }
    for (language, counts) in &counts {
        let (precision, recall) = (counts.precision(), counts.recall());
        eprintln!("{language:3} P {precision:.3} R {recall:.3} F1 {:.3}", counts.f1());
    }
    counts
}

fn mistral(corpus: &Path) -> String {
    fs::read_to_string(corpus.join("seed/mistral-telecoms.txt")).expect("the page is readable")
}

#[test]
fn a_page_with_teasers_of_other_topics_gets_its_own_topics_only() {
    let Some(corpus) = corpus() else { return };
    let topics = Pack::compile(&corpus, "topicpack.toml");
    let page = mistral(&corpus);
    let (title, rest) = page.split_once('\n').expect("a title and a text");
    for language in [Some("fr"), Some("en"), Some("de"), Some("it-IT"), Some("pt"), None] {
        for (title, text) in [(title, rest), (title, &page), ("", &page)] {
            let language = language.map(String::from);
            let text = ReadableText { title: title.into(), text: text.into(), language, ..ReadableText::default() };
            let entry = ReadableEntry::from_text(&text, topics.languages());
            let tags: BTreeSet<_> = topics.tag(&entry).iter().map(|tag| tag.topic.to_string()).collect();
            assert_eq!(tags, ["ai", "eu-tech-sovereignty", "telecom"].map(String::from).into(), "{:?}", text.language);
            assert_eq!(entry.primary_language().as_deref(), Some("fr"));
        }
    }
    let paragraphs: String = page.lines().map(|line| format!("<p>{line}</p>")).collect();
    for content in [page.clone(), page.replace('\n', "<br>"), paragraphs] {
        let entry = Entry { title: title.into(), content: Some(content), ..Entry::default() };
        let tags = topics.tag(&ReadableEntry::from_entry(&entry, topics.languages()));
        let tags: BTreeSet<_> = tags.iter().map(|tag| tag.topic.to_string()).collect();
        assert_eq!(tags, ["ai", "eu-tech-sovereignty", "telecom"].map(String::from).into());
    }
}

#[test]
fn own_items_with_traps() {
    let Some(corpus) = corpus() else { return };
    let topics = Pack::compile(&corpus, "topicpack.toml");
    let items = items(&corpus, "tag-topicpack-5lang");
    let predicted = predict(&topics, &items, "text");
    for (language, counts) in score(&items, &predicted, &[]) {
        assert!(counts.f1() >= 1.0, "{language}");
    }
    for item in items.iter().filter(|item| strings(&item["labels"]).is_empty()) {
        assert_eq!(predicted[item["id"].as_str().expect("an id")], BTreeSet::new(), "{}", item["trap"]);
    }
}

#[test]
fn a_stream_of_many_publishers() {
    let Some(corpus) = corpus() else { return };
    let topics = Pack::compile(&corpus, "newsag.toml");
    let items = items(&corpus, "tag-story-newsag-4lang");
    let counts = score(&items, &predict(&topics, &items, "text"), &[]);
    assert!(counts[""].precision() >= 0.871 && counts[""].recall() >= 0.911);
}

#[test]
fn the_same_rules_four_years_later() {
    let Some(corpus) = corpus() else { return };
    let topics = Pack::compile(&corpus, "newsag.toml");
    let items = items(&corpus, "tag-italian-2025");
    assert!(score(&items, &predict(&topics, &items, "text"), &[])[""].f1() >= 0.702);
}

#[test]
fn sections_by_rules_written_before_any_text_was_seen() {
    let Some(corpus) = corpus() else { return };
    let news = ["business", "entertainment", "health", "politics", "religion", "sports", "technology"];
    let sections = ["Sport", "Wirtschaft", "Wissenschaft", "Web", "Kultur", "Etat"];
    for (pack, set, labels, floor) in [
        ("generic-en-fr.toml", "tag-masakhanews-en", &news[..], 0.738),
        ("generic-en-fr.toml", "tag-masakhanews-fr", &news[..], 0.705),
        ("generic-de.toml", "tag-10kgnad-de", &sections[..], 0.703),
    ] {
        let topics = Pack::compile(&corpus, pack);
        let items = items(&corpus, set);
        eprintln!("{set}");
        let counts = score(&items, &predict(&topics, &items, "text"), labels);
        assert!(counts[""].f1() >= floor, "{set}");
    }
}

#[test]
fn pages_with_teasers_are_tagged_like_their_clean_text() {
    let Some(corpus) = corpus() else { return };
    let items = items(&corpus, "tag-boilerplate-5lang");
    for (pack, prefix) in [
        ("generic-en-fr.toml", "bp-mk-en"),
        ("generic-en-fr.toml", "bp-mk-fr"),
        ("generic-de.toml", "bp-gnad"),
        ("newsag.toml", "bp-al"),
        ("topicpack.toml", "bp-tp"),
    ] {
        let topics = Pack::compile(&corpus, pack);
        let of_pack = |item: &&Value| item["id"].as_str().is_some_and(|id| id.starts_with(prefix));
        let items: Vec<_> = items.iter().filter(of_pack).cloned().collect();
        let [page, clean] = ["page", "clean"].map(|text| {
            eprintln!("{prefix} {text}");
            let predicted = predict(&topics, &items, text);
            let f1 = score(&items, &predicted, &[])[""].f1();
            let with_teaser_tag = items.iter().filter(|item| {
                let teasers = &strings(&item["teaser_labels"]) - &strings(&item["labels"]);
                !predicted[item["id"].as_str().expect("an id")].is_disjoint(&teasers)
            });
            let share = with_teaser_tag.count() as f64 / items.len() as f64;
            eprintln!("    pages with a teaser's tag {share:.3} of {}", items.len());
            (f1, share)
        });
        assert!(page.0 >= clean.0 - 0.02, "{prefix}: F1");
        assert!(page.1 <= clean.1 + 0.02, "{prefix}: teasers");
    }
}
