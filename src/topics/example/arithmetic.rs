//! The functions that mathematical libraries round as they please, from what every machine computes alike.

/// The natural logarithm of a number of at least 1.
pub(super) fn logarithm(number: f64) -> f64 {
    let mut halvings = 0.0;
    let mut rest = number.max(1.0);
    while rest > 1.5 {
        rest /= 2.0;
        halvings += 1.0;
    }
    // ln x = 2 artanh((x - 1) / (x + 1)); the argument is at most a fifth, so that twelve terms are exact.
    let ratio = (rest - 1.0) / (rest + 1.0);
    let mut power = ratio;
    let mut sum = 0.0;
    for term in 0..12 {
        sum += power / f64::from(2 * term + 1);
        power *= ratio * ratio;
    }
    halvings * std::f64::consts::LN_2 + 2.0 * sum
}

/// The exponential function, for arguments within 600 of zero.
fn exponential(number: f64) -> f64 {
    let mut result = 1.0 + number.clamp(-600.0, 600.0) / 1_048_576.0;
    for _ in 0..20 {
        result *= result;
    }
    result
}

/// The share of a normal distribution above `distance` standard deviations from its mean, to about a thousandth (the logistic
/// approximation with a cubic term, Page 1977).
pub(super) fn normal_tail(distance: f64) -> f64 {
    let cubic = 1.5976 * distance + 0.070_56 * distance * distance * distance;
    1.0 / (1.0 + exponential(cubic))
}

pub(super) fn mean(numbers: &[f64]) -> f64 {
    if numbers.is_empty() { 0.0 } else { numbers.iter().sum::<f64>() / numbers.len() as f64 }
}

/// The sample variance.
pub(super) fn variance(numbers: &[f64]) -> f64 {
    if numbers.len() < 2 {
        return 0.0;
    }
    let mean = mean(numbers);
    numbers.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / (numbers.len() - 1) as f64
}

/// The value below which a share of the numbers lies, interpolated.
pub(super) fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let below = (at.floor() as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_mathematical_library() {
        for number in [1.0, 1.3, 1.5, 1.500_1, 2.0, 2.9, 10.0, 81.0, 12_345.0] {
            assert!((logarithm(number) - f64::ln(number)).abs() < 1e-12, "ln {number}");
        }
        for number in [-30.0, -3.0, -0.5, 0.0, 1.0, 7.0] {
            assert!((exponential(number) / f64::exp(number) - 1.0).abs() < 1e-3, "exp {number}");
        }
        assert_eq!((exponential(-1e9), exponential(1e9).is_finite()), (exponential(-600.0), true));
    }

    #[test]
    fn knows_the_normal_distribution() {
        for (distance, tail) in [(0.0, 0.5), (1.0, 0.1587), (2.0, 0.0228), (-1.0, 0.8413)] {
            assert!((normal_tail(distance) - tail).abs() < 2e-3, "{distance}");
        }
    }

    #[test]
    fn interpolates_quantiles() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0], 0.25), 1.25);
        assert_eq!(quantile(&[], 0.5), 0.0);
        assert_eq!((mean(&[1.0, 2.0]), variance(&[1.0, 2.0]), variance(&[1.0])), (1.5, 0.5, 0.0));
    }
}
