//! Every topic's model in one table, so that an entry is taken apart and looked up once.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    features::{Extractors, FEATURES, Feature},
    model::Model,
    rarity::sublinear,
    scale::Scale,
    share::{self, ExampleExplanation, ExampleShare},
};
use crate::{
    text::{ReadableEntry, ReadableText},
    topics::settings::{TaggingSettings, TopicSettings},
};

/// The topics that have examples.
#[derive(Default)]
pub(in crate::topics) struct ExampleTopics {
    /// In the order of the settings.
    models: Vec<PlacedModel>,
    /// Where each feature's postings begin; one more than there are features. Empty without models.
    starts: Vec<u32>,
    postings: Vec<Posting>,
    extractors: Extractors,
}

struct PlacedModel {
    /// The topic's number in the settings.
    topic: usize,
    threshold: f64,
    weight: f64,
    /// The languages that the topic has terms in; `None` is all.
    terms_in: Option<BTreeSet<String>>,
    /// Without its features: they are in the table.
    model: Model,
}

/// One model's knowledge of one feature.
#[derive(Clone, Copy)]
struct Posting {
    model: u32,
    pull: f32,
    square: f32,
}

/// What one model says of an entry.
struct Judgement {
    /// In the order of the settings.
    model: usize,
    /// From -4 to 6.
    points: f64,
}

impl ExampleTopics {
    /// Learns what the topics' examples teach, on as many threads as there are processors.
    pub fn train(settings: &TaggingSettings, topics: &[TopicSettings]) -> Self {
        let with_examples: Vec<usize> =
            topics.iter().enumerate().filter(|(_, topic)| topic.examples.is_some()).map(|(number, _)| number).collect();
        let trained: Mutex<Vec<Option<PlacedModel>>> = Mutex::new(with_examples.iter().map(|_| None).collect());
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(&topic) = with_examples.get(next.fetch_add(1, Ordering::Relaxed)) {
                let place = with_examples.iter().position(|other| *other == topic);
                let model = train_one(settings, topics, topic);
                let mut trained = trained.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(slot) = place.and_then(|place| trained.get_mut(place)) {
                    *slot = model;
                }
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(with_examples.len());
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let models = trained.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect();
        Self::of(models)
    }

    fn of(mut models: Vec<PlacedModel>) -> Self {
        if models.is_empty() {
            return Self::default();
        }
        let mut starts = vec![0_u32; FEATURES + 1];
        for learnt in models.iter().flat_map(|placed| &placed.model.features) {
            starts[learnt.feature as usize + 1] += 1;
        }
        for feature in 0..FEATURES {
            starts[feature + 1] += starts[feature];
        }
        let all = starts.last().map_or(0, |end| *end as usize);
        let mut postings = vec![Posting { model: 0, pull: 0.0, square: 0.0 }; all];
        let mut free = starts.clone();
        for (number, placed) in (0..).zip(&mut models) {
            for learnt in std::mem::take(&mut placed.model.features) {
                let place = &mut free[learnt.feature as usize];
                postings[*place as usize] = Posting { model: number, pull: learnt.pull, square: learnt.square };
                *place += 1;
            }
        }
        Self { models, starts, postings, extractors: Extractors::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// What the examples of each topic bring to an entry, in the order of the settings. A topic whose examples are all in other
    /// languages is not among them: its terms decide alone.
    pub fn shares(&self, entry: &ReadableEntry) -> Vec<ExampleShare> {
        let language = entry.primary_language();
        let judged = self.judge(entry, language.as_deref());
        judged.into_iter().map(|judgement| self.share(&judgement, language.as_deref())).collect()
    }

    /// The account of one topic's share; `None` if its examples bring none.
    pub fn explain(&self, entry: &ReadableEntry, topic: usize) -> Option<ExampleExplanation> {
        let language = entry.primary_language();
        let judged = self.judge(entry, language.as_deref());
        let judgement = judged.into_iter().find(|judgement| self.models[judgement.model].topic == topic)?;
        let placed = &self.models[judgement.model];
        let (counts, written) = self.extractors.with(|extractor| (extractor.counts(entry), extractor.written(entry)));
        let mut pulls: Vec<(f64, String)> = written
            .into_iter()
            .filter_map(|(feature, words)| {
                let posting =
                    self.postings(feature).iter().find(|posting| posting.model as usize == judgement.model)?;
                let place = counts.binary_search_by_key(&feature, |(feature, _)| *feature).ok()?;
                Some((f64::from(posting.pull) * sublinear(counts[place].1), words))
            })
            .collect();
        pulls.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let share = self.share(&judgement, language.as_deref());
        Some(ExampleExplanation {
            points: share.points,
            alone: share.alone,
            weight: placed.weight,
            likeness: share::rounded(judgement.points),
            towards: share::strongest(pulls.iter()),
            against: share::strongest(
                pulls.iter().rev().map(|(pull, words)| (-pull, words.clone())).collect::<Vec<_>>().iter(),
            ),
        })
    }

    fn share(&self, judgement: &Judgement, language: Option<&str>) -> ExampleShare {
        let placed = &self.models[judgement.model];
        let alone = match (&placed.terms_in, language) {
            (None, _) => false,
            (Some(languages), Some(language)) => !languages.contains(language),
            // Every list holds for a text of which nobody knows the language.
            (Some(languages), None) => languages.is_empty(),
        };
        let points = share::points(judgement.points, placed.threshold, (!alone).then_some(placed.weight));
        ExampleShare { topic: placed.topic, points, alone }
    }

    fn judge(&self, entry: &ReadableEntry, language: Option<&str>) -> Vec<Judgement> {
        if self.models.iter().all(|placed| !placed.model.knows(language)) {
            return Vec::new();
        }
        let counts = self.extractors.with(|extractor| extractor.counts(entry));
        if counts.is_empty() {
            return Vec::new();
        }
        // For each model the sum of pulls, and by how much the square of the text's length differs from that of a text of
        // nothing but unknown features.
        let mut sums = vec![(0.0_f64, 0.0_f64); self.models.len()];
        let mut length = 0.0;
        for &(feature, count) in &counts {
            let count = sublinear(count);
            length += count * count;
            for posting in self.postings(feature) {
                let number = posting.model as usize;
                let (pull, square) = &mut sums[number];
                *pull += count * f64::from(posting.pull);
                *square += count * count * (f64::from(posting.square) - self.models[number].model.unknown);
            }
        }
        let judged = self.models.iter().zip(&sums).enumerate().filter(|(_, (placed, _))| placed.model.knows(language));
        judged
            .map(|(model, (placed, (pull, square)))| {
                let scale: &Scale = &placed.model.scale;
                Judgement { model, points: scale.points(pull / (length * placed.model.unknown + square).sqrt()) }
            })
            .collect()
    }

    fn postings(&self, feature: Feature) -> &[Posting] {
        let feature = feature as usize;
        &self.postings[self.starts[feature] as usize..self.starts[feature + 1] as usize]
    }
}

fn train_one(settings: &TaggingSettings, topics: &[TopicSettings], number: usize) -> Option<PlacedModel> {
    let topic = topics.get(number)?;
    let examples = topic.examples.as_ref()?;
    let read = |text: &ReadableText| ReadableEntry::from_text(text, &settings.languages);
    let likes: Vec<_> = examples.like.iter().map(read).collect();
    let unlikes: Vec<_> = examples.counter_examples(number, topics).map(read).collect();
    let lists = topic.terms.iter().filter(|(_, terms)| !terms.is_empty()).map(|(list, _)| list.clone());
    let terms_in: BTreeSet<String> = lists.collect();
    Some(PlacedModel {
        topic: number,
        threshold: topic.threshold,
        weight: examples.weight,
        terms_in: (!terms_in.contains(TaggingSettings::ANY)).then_some(terms_in),
        model: Model::train(&likes, &unlikes),
    })
}
