//! Examples -> what was learnt from them.

use std::collections::BTreeSet;

use super::{
    features::{Extractor, FEATURES, Feature, FeatureCounts},
    machine::{self, Likeness},
    rarity::{Rarity, weighed},
    scale::Scale,
};
use crate::text::ReadableEntry;

/// What one topic's examples have taught.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What the examples have, in order of the feature.
    pub(super) features: Vec<LearntFeature>,
    /// The squared rarity of what no example has.
    pub(super) unknown: f64,
    pub(super) scale: Scale,
    /// The primary subtags of the examples' languages: of a text in another one, the model knows nothing.
    pub(super) languages: BTreeSet<String>,
    trial: Trial,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LearntFeature {
    pub feature: Feature,
    /// Towards the topic if above 0; times the rarity.
    pub pull: f32,
    /// The rarity, squared.
    pub square: f32,
}

/// How well each example was judged by a machine that had learnt from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trial {
    pub likes: usize,
    pub unlikes: usize,
    /// Likes at or above the threshold.
    pub likes_found: usize,
    /// Counter-examples at or above it.
    pub unlikes_taken: usize,
}

/// With more examples than this, several are held out at once.
const MOST_HELD_OUT_ALONE: usize = 200;
/// Into so many groups.
const GROUPS: usize = 50;

impl Model {
    /// Learns. The time grows with the square of the number of examples: a tenth of a second for a hundred, ten seconds for a
    /// thousand.
    pub fn train(likes: &[ReadableEntry], unlikes: &[ReadableEntry]) -> Self {
        let mut extractor = Extractor::default();
        let texts: Vec<FeatureCounts> = likes.iter().chain(unlikes).map(|entry| extractor.counts(entry)).collect();
        let is_like: Vec<bool> = (0..texts.len()).map(|example| example < likes.len()).collect();
        let rarity = Rarity::of(&texts);
        let vectors: Vec<_> = texts.iter().map(|text| weighed(text, |feature| rarity.weight(feature))).collect();
        let weights = machine::train(&likeness(&vectors), &is_like, &[], None);

        let mut sum = vec![0.0; FEATURES];
        for (vector, weight) in vectors.iter().zip(&weights).filter(|(_, weight)| **weight != 0.0) {
            for &(feature, value) in vector {
                sum[feature as usize] += weight * value;
            }
        }
        let features = rarity.known().map(|feature| {
            let rare = rarity.weight(feature);
            let pull = (sum[feature as usize] * rare) as f32;
            LearntFeature { feature, pull, square: (rare * rare) as f32 }
        });

        let judged = held_out(&texts, &vectors, &rarity, &is_like, &weights);
        let (of_likes, of_unlikes) = judged.split_at(likes.len());
        let scale = Scale::of(of_likes, of_unlikes);
        let over = |judged: &[f64]| judged.iter().filter(|judgement| **judgement >= scale.threshold).count();
        let trial = Trial {
            likes: likes.len(),
            unlikes: unlikes.len(),
            likes_found: over(of_likes),
            unlikes_taken: over(of_unlikes),
        };
        let languages = likes.iter().chain(unlikes).filter_map(ReadableEntry::primary_language).collect();
        let unknown = rarity.unknown_weight() * rarity.unknown_weight();
        Self { features: features.collect(), unknown, scale, languages, trial }
    }

    /// What can be expected of it.
    pub fn trial(&self) -> Trial {
        self.trial
    }

    /// Whether it knows the language. Of a text whose language nobody knows, it may know every word.
    pub(super) fn knows(&self, language: Option<&str>) -> bool {
        self.languages.is_empty() || language.is_none_or(|language| self.languages.contains(language))
    }
}

/// Of each two examples.
fn likeness(vectors: &[Vec<(Feature, f64)>]) -> Likeness {
    let mut likeness = Likeness::new(vectors.len());
    let mut spread = Spread::new();
    for (one, vector) in vectors.iter().enumerate() {
        spread.with(vector, |spread| {
            for (other, vector) in vectors.iter().enumerate().skip(one) {
                likeness.put(one, other, spread.product(vector));
            }
        });
    }
    likeness
}

/// What a machine that has not seen it says of each example. The rest of the examples decide as well how rare its words are.
/// The bias is left out, here and in the model: it moves with the numbers of likes and unlikes that were learnt from, and so
/// would say which kind the one example is that is missing.
fn held_out(
    texts: &[FeatureCounts],
    vectors: &[Vec<(Feature, f64)>],
    rarity: &Rarity,
    is_like: &[bool],
    weights: &[f64],
) -> Vec<f64> {
    let likeness = likeness(vectors);
    let number = texts.len();
    let groups = if number <= MOST_HELD_OUT_ALONE { number } else { GROUPS };
    let mut judged = vec![0.0; number];
    let mut spread = Spread::new();
    for group in 0..groups {
        let missing: Vec<usize> = (group..number).step_by(groups).collect();
        let weights = machine::train(&likeness, is_like, &missing, Some(weights));
        for &example in &missing {
            let seen_first = weighed(&texts[example], |feature| rarity.weight_without_one(feature));
            judged[example] = spread.with(&seen_first, |spread| {
                let learnt = weights.iter().zip(vectors).filter(|(weight, _)| **weight != 0.0);
                learnt.map(|(weight, vector)| weight * spread.product(vector)).sum()
            });
        }
    }
    judged
}

/// One vector written out in full, for products with many others.
struct Spread(Vec<f64>);

impl Spread {
    fn new() -> Self {
        Self(vec![0.0; FEATURES])
    }

    fn with<T>(&mut self, vector: &[(Feature, f64)], then: impl FnOnce(&Self) -> T) -> T {
        for &(feature, value) in vector {
            self.0[feature as usize] = value;
        }
        let result = then(self);
        for &(feature, _) in vector {
            self.0[feature as usize] = 0.0;
        }
        result
    }

    fn product(&self, vector: &[(Feature, f64)]) -> f64 {
        vector.iter().map(|&(feature, value)| self.0[feature as usize] * value).sum()
    }
}
