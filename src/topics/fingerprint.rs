//! One number for everything that has a say in tags.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::settings::{FieldWeights, TaggingSettings, TermLists, TopicSettings};
use crate::model::TopicId;

/// To be raised whenever the same settings may tag the same entry otherwise than before: by a change here or in what counts
/// as the text.
const ENGINE_VERSION: u32 = 3;

/// Settings as bytes, each value with its length so that no two settings write the same.
struct Writer(Vec<u8>);

impl Writer {
    fn bytes(&mut self, part: &[u8]) {
        self.count(part.len());
        self.0.extend(part);
    }

    fn count(&mut self, number: usize) {
        self.0.extend((number as u64).to_le_bytes());
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.count(texts.len());
        for text in texts {
            self.bytes(text.as_bytes());
        }
    }

    fn lists(&mut self, lists: &TermLists) {
        self.count(lists.len());
        for (list, terms) in lists {
            self.bytes(list.as_bytes());
            self.texts(terms.iter().map(|term| term.written()));
        }
    }

    fn weights(&mut self, weights: FieldWeights) {
        for weight in [weights.title, weights.lead, weights.body, weights.category] {
            self.bytes(&weight.to_le_bytes());
        }
    }
}

pub(super) fn fingerprint(settings: &TaggingSettings, topics: &[TopicSettings]) -> u64 {
    let mut writer = Writer(Vec::new());
    writer.bytes(&ENGINE_VERSION.to_le_bytes());
    writer.texts(settings.languages.iter().map(String::as_str));
    writer.weights(settings.field_weight);
    writer.count(settings.lead_words);
    writer.count(settings.anchor_words);
    for topic in topics {
        writer.bytes(topic.id.as_str().as_bytes());
        writer.bytes(&topic.threshold.to_le_bytes());
        for lists in [&topic.terms, &topic.minus, &topic.shield, &topic.not] {
            writer.lists(lists);
        }
        writer.count(topic.require.len());
        for group in &topic.require {
            writer.texts(group.iter().map(|term| term.written()));
        }
        writer.texts(topic.category.iter().map(|category| category.name.as_str()));
        for category in &topic.category {
            writer.bytes(&category.weight.to_le_bytes());
        }
        writer.texts(topic.implies.iter().map(|topic| topic.as_str()));
        writer.texts(topic.scope.sources.iter().map(|source| source.as_str()));
        writer.texts(topic.scope.languages.iter().map(String::as_str));
        writer.texts(topic.scope.countries.iter().map(String::as_str));
        writer.weights(topic.weights(settings));
        writer.count(topic.anchor_words.unwrap_or(settings.anchor_words));
        if let Some(examples) = &topic.examples {
            examples.write_fingerprint(&mut |part| writer.bytes(part));
        }
    }
    // Where sources are matters only if somebody asks.
    if topics.iter().any(|topic| !topic.scope.countries.is_empty()) {
        writer.texts(settings.countries.keys().map(|source| source.as_str()));
        writer.texts(settings.countries.values().map(String::as_str));
    }
    xxh3_64(&writer.0)
}

/// For each topic a number for everything that has a say in its tags: its own settings, and those of topics that bring it
/// along.
pub(super) fn topic_fingerprints(settings: &TaggingSettings, topics: &[TopicSettings]) -> BTreeMap<TopicId, u64> {
    let own = topics.iter().map(|topic| (&topic.id, fingerprint(settings, std::slice::from_ref(topic))));
    let own: BTreeMap<&TopicId, u64> = own.collect();
    let mut bringing: BTreeMap<&TopicId, Vec<&TopicId>> = BTreeMap::new();
    for topic in topics {
        for implied in &topic.implies {
            bringing.entry(implied).or_default().push(&topic.id);
        }
    }
    let all = topics.iter().map(|topic| {
        let mut found = BTreeSet::from([&topic.id]);
        let mut open = vec![&topic.id];
        while let Some(next) = open.pop() {
            open.extend(bringing.get(next).into_iter().flatten().filter(|by| found.insert(by)));
        }
        let mut bytes = Vec::from(own.get(&topic.id).copied().unwrap_or_default().to_le_bytes());
        let others = found.into_iter().filter(|by| **by != topic.id).filter_map(|by| own.get(by));
        bytes.extend(others.flat_map(|fingerprint| fingerprint.to_le_bytes()));
        (topic.id.clone(), xxh3_64(&bytes))
    });
    all.collect()
}
