//! What the examples bring to a topic's score.

use serde::Serialize;

use super::scale::AT_THRESHOLD;
use crate::topics::score::Points;

/// What one topic's examples bring to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExampleShare {
    /// The topic's number, in the order of the settings.
    pub topic: usize,
    /// To be added to those of the terms. Negative for an entry that is not like the examples.
    pub points: Points,
    /// The topic has no terms for this entry: the examples decide.
    pub alone: bool,
}

/// The account of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExampleExplanation {
    pub points: Points,
    /// The topic has no terms for this entry: the examples decide.
    pub alone: bool,
    /// As configured.
    pub weight: f64,
    /// How like the topic's examples the entry is: 4 is the model's own threshold, 6 the most, -4 the least.
    pub likeness: f64,
    /// The words that speak most for the topic, the strongest first.
    pub towards: Vec<String>,
    /// Those that speak most against it.
    pub against: Vec<String>,
}

/// How many words are told.
const STRONGEST: usize = 5;
/// What terms and examples that agree are let off, at a weight of one half and a threshold of 4: each has to come up to 85 %
/// of what it would need alone.
const AGREEMENT: f64 = 1.2;

/// The share in points, of an entry's likeness (-4 to 6).
///
/// Terms `r`, likeness `m` and a weight `w` come to `(1 - w) r + w m`, and the more both have a say the less is asked of the
/// sum. Written so that the terms keep their points and the threshold its value, the examples bring how far the likeness is
/// above its threshold, times `w / (1 - w)`, and a little for not being alone. Without a weight the examples are alone, and
/// come to the threshold where the likeness comes to its own.
pub(super) fn points(likeness: f64, threshold: f64, weight: Option<f64>) -> Points {
    let unit = threshold / AT_THRESHOLD;
    Points::new(match weight {
        None => unit * likeness,
        Some(weight) => unit * (weight / (1.0 - weight) * (likeness - AT_THRESHOLD) + 2.0 * AGREEMENT * weight),
    })
}

/// To the thousandth.
pub(super) fn rounded(points: f64) -> f64 {
    Points::new(points).as_f64()
}

/// The first of them that pull at all, without those that say the same again.
pub(super) fn strongest<'a>(pulls: impl Iterator<Item = &'a (f64, String)>) -> Vec<String> {
    let mut strongest: Vec<String> = Vec::new();
    for (_, words) in pulls.take_while(|(pull, _)| *pull > 0.0) {
        let told = strongest.iter().any(|told| told.split(' ').any(|word| words.split(' ').any(|other| other == word)));
        if !told {
            strongest.push(words.clone());
        }
        if strongest.len() == STRONGEST {
            break;
        }
    }
    strongest
}
