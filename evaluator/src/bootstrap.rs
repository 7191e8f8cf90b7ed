//! Intervals by drawing whole runs anew: windows of one run are too much alike to be drawn one by one.

use vaectl_trainer::Random;

use crate::report::Estimate;

/// Draws of groups with replacement: how often each was drawn.
#[derive(Debug)]
pub(crate) struct Bootstrap(Vec<Vec<f64>>);

impl Bootstrap {
    /// Draws `groups` out of as many, `resamples` times.
    pub(crate) fn new(groups: usize, resamples: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        // One run says nothing of how far runs are apart.
        let resamples = if groups < 2 { 0 } else { resamples };
        let draw = |_| {
            let mut weights = vec![0.0; groups];
            for _ in 0..groups {
                weights[random.below(groups)] += 1.0;
            }
            weights
        };
        Self((0..resamples).map(draw).collect())
    }

    /// A figure with its 95 % percentile interval; draws in which it is not defined are passed over.
    pub(crate) fn estimate(&self, figure: impl Fn(&dyn Fn(usize) -> f64) -> Option<f64>) -> Option<Estimate> {
        let value = figure(&|_| 1.0)?;
        let mut drawn: Vec<f64> = self.0.iter().filter_map(|weights| figure(&|group| weights[group])).collect();
        drawn.sort_by(f64::total_cmp);
        let at = |share: f64| drawn.get((share * drawn.len().saturating_sub(1) as f64).round() as usize).copied();
        Some(Estimate { value, low: at(0.025), high: at(0.975) })
    }
}

#[cfg(test)]
mod tests {
    use super::Bootstrap;

    /// The mean of one number a group.
    fn mean(bootstrap: &Bootstrap, values: &[f64]) -> crate::Estimate {
        let weighted = |weight: &dyn Fn(usize) -> f64| {
            let sum: f64 = values.iter().enumerate().map(|(group, value)| weight(group) * value).sum();
            Some(sum / values.len() as f64)
        };
        bootstrap.estimate(weighted).unwrap()
    }

    #[test]
    fn an_interval_is_about_two_standard_errors_wide() {
        // Fifty of 0 and fifty of 1: the standard error of the mean is 0.05.
        let values: Vec<f64> = (0..100).map(|n| f64::from(n % 2)).collect();
        let estimate = mean(&Bootstrap::new(100, 2000, 1), &values);
        let (low, high) = (estimate.low.unwrap(), estimate.high.unwrap());
        assert!((low - 0.402).abs() < 0.02 && (high - 0.598).abs() < 0.02, "{estimate:?}");
        assert_eq!(estimate, mean(&Bootstrap::new(100, 2000, 1), &values), "the seed decides");
    }

    #[test]
    fn one_run_has_no_interval() {
        let estimate = mean(&Bootstrap::new(1, 100, 1), &[0.5]);
        assert_eq!((estimate.low, estimate.high), (None, None));
    }
}
