//! Judgements -> points: where the threshold lies, and what lies between it and certainty.

use super::arithmetic::{mean, normal_tail, quantile, variance};

/// The share of a stream that one topic may have, for which the threshold is right. Examples are chosen, half of them often
/// likes; news is not.
const SHARE_OF_STREAM: f64 = 0.12;
/// Places looked at for the threshold.
const STEPS: u32 = 300;

/// How a judgement becomes points: 4 at the threshold, -4 at the median counter-example, 6 where the surest fifth of the likes
/// begins; straight lines between, and flat beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub threshold: f64,
    /// From the threshold down to the median counter-example.
    below: f64,
    /// From the threshold up to the surest likes.
    above: f64,
}

pub(super) const AT_THRESHOLD: f64 = 4.0;
pub(super) const HIGHEST: f64 = 6.0;
pub(super) const LOWEST: f64 = -4.0;

/// Judgements of examples nearer than this are the same.
const NARROWEST: f64 = 0.01;

impl Scale {
    /// From what machines said of examples they had not seen.
    ///
    /// Twenty judgements of likes are too few to count errors above each threshold, so both kinds are taken for normal
    /// distributions, each halfway between its own width and their common one; the threshold is where F1 is best.
    pub fn of(likes: &[f64], unlikes: &[f64]) -> Self {
        let (liked, unliked) = (mean(likes), mean(unlikes));
        let (of_likes, of_unlikes) = (variance(likes).sqrt(), variance(unlikes).sqrt());
        let common = ((variance(likes) + variance(unlikes)) / 2.0).sqrt();
        let of_likes = f64::midpoint(of_likes, common).max(NARROWEST / 10.0);
        let of_unlikes = f64::midpoint(of_unlikes, common).max(NARROWEST / 10.0);
        let highest = liked.max(unliked) + of_likes;
        let f1 = |threshold: f64| {
            let right = SHARE_OF_STREAM * normal_tail((threshold - liked) / of_likes);
            let wrong = (1.0 - SHARE_OF_STREAM) * normal_tail((threshold - unliked) / of_unlikes);
            2.0 * right / (right + wrong + SHARE_OF_STREAM)
        };
        let mut threshold = unliked;
        let mut best = f1(threshold);
        for step in 1..STEPS {
            let at = unliked + (highest - unliked) * f64::from(step) / f64::from(STEPS - 1);
            let reached = f1(at);
            if reached > best {
                (threshold, best) = (at, reached);
            }
        }
        let below = (threshold - quantile(unlikes, 0.5)).max(NARROWEST);
        let above = (quantile(likes, 0.8) - threshold).max(below / 4.0);
        Self { threshold, below, above }
    }

    /// From -4 to 6.
    pub fn points(&self, judgement: f64) -> f64 {
        let apart = judgement - self.threshold;
        let points = if apart < 0.0 {
            AT_THRESHOLD + (AT_THRESHOLD - LOWEST) * apart / self.below
        } else {
            AT_THRESHOLD + (HIGHEST - AT_THRESHOLD) * apart / self.above
        };
        points.clamp(LOWEST, HIGHEST)
    }
}
