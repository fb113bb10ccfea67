//! Figures on labelled news, which is not part of the project: without `NEWSDESK_CORPUS` (its directory) these tests say that
//! they skip. Two labels of one set, the hardest, and one draw of examples; `benches/examples.sh` measures all.

use std::{collections::BTreeMap, fs, path::Path};

use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::*;
use crate::{
    text::{ReadableEntry, ReadableText},
    topics::{TaggingSettings, TopicSettings, Topics},
};

const SET: &str = "tag-masakhanews-fr";
const LABELS: [&str; 2] = ["business", "politics"];

fn items(corpus: &Path, part: &str) -> Vec<Value> {
    let text = fs::read_to_string(corpus.join("eval").join(SET).join(part)).expect("the set is readable");
    text.lines().map(|line| serde_json::from_str(line).expect("an item a line")).collect()
}

fn has(item: &Value, label: &str) -> bool {
    item["labels"].as_array().is_some_and(|labels| labels.iter().any(|one| one == label))
}

fn text(item: &Value) -> ReadableText {
    let string = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    ReadableText {
        title: string("title"),
        text: string("text"),
        language: Some(string("lang")),
        categories: Vec::new(),
    }
}

/// The first draw: by the hash of draw, label and id.
fn draw(items: &[Value], label: &str, like: usize, unlike: usize) -> Examples {
    let mut order: Vec<_> = items.iter().collect();
    order.sort_by_key(|item| {
        digest(&SHA256, format!("0/{label}/{}", item["id"].as_str().expect("an id")).as_bytes()).as_ref().to_vec()
    });
    let take = |belongs: bool, most: usize| {
        order.iter().filter(|item| has(item, label) == belongs).take(most).map(|item| text(item)).collect()
    };
    Examples { like: take(true, like), unlike: Some(take(false, unlike)), weight: 0.5 }
}

fn f1(topic: TopicSettings, label: &str, entries: &[(ReadableEntry, Value)]) -> f64 {
    let topics =
        Topics::compile(&TaggingSettings::default(), &[topic]).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let (mut right, mut wrong) = (0.0, 0.0);
    for (entry, item) in entries {
        match (!topics.tag(entry).is_empty(), has(item, label)) {
            (true, true) => right += 1.0,
            (true, false) | (false, true) => wrong += 1.0,
            (false, false) => {}
        }
    }
    2.0 * right / (2.0 * right + wrong)
}

#[test]
fn examples_alone_and_with_terms_written_blind() {
    let Some(corpus) = std::env::var_os("NEWSDESK_CORPUS") else {
        eprintln!("skipped: NEWSDESK_CORPUS does not name the directory of the labelled news");
        return;
    };
    let corpus = Path::new(&corpus);
    let pack = fs::read_to_string(corpus.join("eval/packs/generic-en-fr.toml")).expect("the pack is readable");
    let pack: toml::Table = toml::from_str(&pack).expect("the pack is TOML");
    let (examples, dev) = (items(corpus, "examples.jsonl"), items(corpus, "dev.jsonl"));
    let languages = TaggingSettings::default().languages;
    let entries: Vec<_> =
        dev.into_iter().map(|item| (ReadableEntry::from_text(&text(&item), &languages), item)).collect();
    let mut sums = [0.0; 3];
    for label in LABELS {
        let written: BTreeMap<String, Vec<String>> = pack["topics"][label]["terms"].clone().try_into().expect("terms");
        let topic = |terms: &BTreeMap<String, Vec<String>>, examples: Option<Examples>| TopicSettings {
            terms: TopicSettings::lists(terms, &languages).expect("the terms are right"),
            examples,
            ..TopicSettings::new(label)
        };
        let figures = [
            topic(&BTreeMap::new(), Some(draw(&examples, label, 20, 60))),
            topic(&written, None),
            topic(&written, Some(draw(&examples, label, 10, 30))),
        ]
        .map(|topic| f1(topic, label, &entries));
        eprintln!("{label:12} 20 + 60 {:.3}, terms {:.3}, terms and 10 + 30 {:.3}", figures[0], figures[1], figures[2]);
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum += figure / LABELS.len() as f64;
        }
    }
    let [alone, terms, both] = sums;
    assert!(alone >= 0.70 && both >= 0.71 && both >= alone.max(terms) - 0.02, "{sums:.3?}");
}
