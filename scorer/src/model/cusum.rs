//! Slow changes: a cumulative sum of surprise.
//!
//! Page, "Continuous inspection schemes", 1954. What is summed is `-ln p` of each window: one nat in the mean where
//! p-values are uniform, and bounded by the lowest p-value that the calibration can claim.

use serde::{Deserialize, Serialize};

/// When a sum of small surprises is a change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    /// What is taken off at every window, in nats.
    pub reference: f64,
    /// A sum beyond it is a change.
    pub threshold: f64,
}

const REFERENCE: f64 = 2.0;

/// With uniform p-values a sum beyond 18 nats comes once in two million windows: `exp(0.797 * 18)`, where 0.797 solves
/// `1 = E[exp(g (x - 2))] = exp(-2 g) / (1 - g)`.
const LEAST: f64 = 18.0;

/// How far beyond the highest sum of the calibration the threshold lies: its windows hang together.
const MARGIN: f64 = 1.5;

/// A sum stays within so many thresholds: what lasted for hours is over two calm windows later.
const MOST: f64 = 1.1;

impl Cusum {
    /// Sets the threshold by runs of p-values, each in the order of time.
    #[must_use]
    pub fn fit<'a>(runs: impl IntoIterator<Item = &'a [f64]>) -> Self {
        let free = Self { reference: REFERENCE, threshold: f64::INFINITY };
        let highest = |run: &[f64]| {
            run.iter().fold((0.0, 0.0_f64), |(sum, most), p| {
                let sum = free.step(sum, *p);
                (sum, most.max(sum))
            })
        };
        let highest = runs.into_iter().map(|run| highest(run).1).fold(0.0, f64::max);
        Self { threshold: LEAST.max(MARGIN * highest), ..free }
    }

    /// The sum after one more window.
    #[must_use]
    pub fn step(&self, sum: f64, p_value: f64) -> f64 {
        (sum - p_value.ln() - self.reference).clamp(0.0, MOST * self.threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::Cusum;

    /// Windows until the sum is beyond the threshold.
    fn delay(p: f64) -> Option<usize> {
        let cusum = Cusum::fit([]);
        let mut sum = 0.0;
        (1..=1000).find(|_| {
            sum = cusum.step(sum, p);
            sum > cusum.threshold
        })
    }

    #[test]
    fn the_smaller_the_chance_the_shorter_the_wait() {
        // 18 nats in steps of ln 1000 - 2 = 4.9, of ln 20 - 2 = 1.0, and of less than nothing.
        assert_eq!(delay(0.001), Some(4));
        assert_eq!(delay(0.05), Some(19));
        assert_eq!(delay(0.2), None);
    }

    #[test]
    fn a_calibration_that_wanders_raises_the_threshold() {
        let run = [0.001; 10];
        let highest = 10.0 * (1000.0_f64.ln() - 2.0);
        assert!((Cusum::fit([&run[..]]).threshold - 1.5 * highest).abs() < 1e-9);
    }

    #[test]
    fn what_is_over_is_soon_forgotten() {
        let cusum = Cusum::fit([]);
        let long = (0..10_000).fold(0.0, |sum, _| cusum.step(sum, 1e-4));
        let mut sum = long;
        let windows = (1..100).find(|_| {
            sum = cusum.step(sum, 0.5);
            sum <= cusum.threshold
        });
        assert_eq!(windows, Some(2));
    }
}
