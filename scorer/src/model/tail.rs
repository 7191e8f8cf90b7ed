//! The tail of calibration scores: peaks over a threshold.
//!
//! What lies beyond a high quantile follows a generalised Pareto distribution, whatever the scores do below it
//! (Pickands 1975). It is fitted by probability-weighted moments (Hosking and Wallis 1987), which few values do not upset.

use serde::{Deserialize, Serialize};

/// A generalised Pareto tail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// The score that it begins at.
    pub start: f64,
    /// The share of windows beyond it.
    pub share: f64,
    /// Its scale, in units of the score.
    pub scale: f64,
    /// Its shape: 0 falls as an exponential, more falls slower.
    pub shape: f64,
}

/// The least number of scores that a tail is fitted to.
const LEAST: usize = 10;

/// Shapes that few windows may claim: never a tail that ends, never one without a variance.
const SHAPES: (f64, f64) = (0.0, 0.5);

/// So many windows beyond the start speak for no shape at all: ten alone may say anything.
const PRIOR: f64 = 40.0;

/// The least scale, in spreads, which are one nat at least: that all windows of a container at rest score alike is no proof
/// that a little more is strange.
const LEAST_SCALE: f64 = 0.5;

impl Tail {
    /// Fits to the highest of scores in rising order, this part of them; `None` where they are too few.
    #[must_use]
    pub fn fit(sorted: &[f64], part: f64) -> Option<Self> {
        let beyond = ((sorted.len() as f64 * part) as usize).max(LEAST);
        let at = sorted.len().checked_sub(beyond + 1).filter(|at| *at >= beyond)?;
        let start = sorted[at];
        let count = beyond as f64;
        let excesses = || sorted[at + 1..].iter().map(|score| score - start);
        let mean = excesses().sum::<f64>() / count;
        // The estimate of E[x (1 - F(x))].
        let weighted = excesses().enumerate().map(|(rank, x)| x * (1.0 - (rank as f64 + 0.65) / count)).sum::<f64>();
        let weighted = weighted / count;
        let shape = 2.0 - mean / (mean - 2.0 * weighted);
        let shape = if shape.is_finite() { shape.clamp(SHAPES.0, SHAPES.1) } else { SHAPES.0 };
        let shape = shape * count / (count + PRIOR);
        let scale = (mean * (1.0 - shape)).max(LEAST_SCALE);
        Some(Self { start, share: (count + 1.0) / (sorted.len() + 1) as f64, scale, shape })
    }

    /// The chance of a score at least as high, for one beyond the start.
    #[must_use]
    pub fn p_value(&self, score: f64) -> f64 {
        let excess = (score - self.start).max(0.0) / self.scale;
        let beyond =
            if self.shape > 0.0 { (1.0 + self.shape * excess).powf(-1.0 / self.shape) } else { (-excess).exp() };
        self.share * beyond
    }

    /// The score that a window exceeds with this chance, for a chance below the tail's share.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let ratio = (self.share / p).max(1.0);
        let excess = if self.shape > 0.0 { (ratio.powf(self.shape) - 1.0) / self.shape } else { ratio.ln() };
        self.start + self.scale * excess
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;

    /// Quantiles of a distribution of this shape and scale one, evenly spaced in probability.
    fn scores(count: usize, shape: f64) -> Vec<f64> {
        let at = |i: usize| (i as f64 + 0.5) / count as f64;
        let quantile = |f: f64| if shape == 0.0 { -(1.0 - f).ln() } else { ((1.0 - f).powf(-shape) - 1.0) / shape };
        (0..count).map(|i| quantile(at(i))).collect()
    }

    #[test]
    fn an_exponential_tail_is_one() {
        let tail = Tail::fit(&scores(5000, 0.0), 0.1).unwrap();
        // Beyond its 90 % quantile, ln 10, an exponential is the same exponential.
        assert!((tail.start - 10.0_f64.ln()).abs() < 0.01, "{tail:?}");
        assert!((tail.scale - 1.0).abs() < 0.03 && tail.shape < 0.03, "{tail:?}");
        assert!((tail.quantile(1e-4) - 1e4_f64.ln()).abs() < 0.5, "{tail:?}");
    }

    #[test]
    fn a_heavy_tail_is_found_to_be_one() {
        let tail = Tail::fit(&scores(5000, 0.3), 0.1).unwrap();
        assert!((tail.shape - 0.3).abs() < 0.05, "{tail:?}");
        let exact = (1e4_f64.powf(0.3) - 1.0) / 0.3;
        assert!((tail.quantile(1e-4) / exact - 1.0).abs() < 0.15, "{} of {exact}", tail.quantile(1e-4));
    }

    #[test]
    fn a_quantile_has_the_chance_that_it_was_asked_for() {
        for shape in [0.0, 0.3] {
            let tail = Tail { start: 2.0, share: 0.1, scale: 0.7, shape };
            assert!((tail.p_value(tail.quantile(1e-3)) - 1e-3).abs() < 1e-12);
            assert!((tail.p_value(2.0) - 0.1).abs() < 1e-12);
        }
    }

    #[test]
    fn a_few_scores_have_no_tail_and_ties_have_a_short_one() {
        assert_eq!(Tail::fit(&[1.0; 20], 0.1), None);
        let tail = Tail::fit(&[1.0; 21], 0.1).unwrap();
        assert!(tail.quantile(1e-5) > 1.5, "{tail:?}");
    }
}
