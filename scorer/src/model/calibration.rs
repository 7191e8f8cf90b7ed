//! From negative evidence lower bounds to scores that compare between models, and to p-values.

use serde::{Deserialize, Serialize};

/// How a model's scores are read, learned from whole runs that training did not see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Windows that it stands on.
    pub windows: usize,
    /// Runs that they come from.
    pub runs: usize,
    /// Median of the calibration windows' bound, in nats, after each feature's own median was taken off.
    pub centre: f64,
    /// Their spread (1.4826 times the median absolute deviation, at least one nat): the unit of a score.
    pub spread: f64,
    /// Median of the latent part, in nats.
    pub latent: f64,
    /// A window beyond it is suspicious: 0.2 % of calibration windows are, or none where there are fewer than 500.
    pub suspect: f64,
    /// A window beyond it counts towards an episode.
    pub threshold: f64,
    /// The lowest p-value that this many windows support: `1 / (windows + 1)`.
    pub lowest_p: f64,
    /// Largest distance of a run's median score from the others', in units of the score.
    pub between_runs: f64,
}

/// The share of calibration windows that may be suspicious.
const SUSPECT_SHARE: f64 = 0.002;

/// The false alarm rate that the threshold reaches for, per window.
const BUDGET: f64 = 1e-5;

impl Calibration {
    /// Calibrates on bounds of windows (in nats), run by run.
    ///
    /// `between_runs` is, in nats, how far medians of runs were found apart; it is added to both thresholds, since a
    /// new container is a new run. The threshold lies where the tail of the calibration scores, continued as an
    /// exponential from its median through its extreme, reaches one false window in 100,000: the fewer windows, the wider
    /// the margin. That is a margin, and no p-value is claimed for it.
    #[must_use]
    pub fn fit(bounds: &[f64], runs: usize, latents: &[f64], between_runs: f64) -> (Self, Vec<f64>) {
        let (centre, spread) = median_and_spread(bounds, 1.0);
        let mut scores: Vec<f64> = bounds.iter().map(|bound| (bound - centre) / spread).collect();
        scores.sort_by(f64::total_cmp);
        let count = scores.len();
        let allowed = if count < 500 { 0 } else { (count as f64 * SUSPECT_SHARE) as usize };
        let extreme = scores[count - 1 - allowed].max(1.0);
        let tail_share = (allowed + 1) as f64 / (count + 1) as f64;
        let margin = (BUDGET.ln() / tail_share.ln()).max(MARGIN);
        let between_runs = between_runs / spread;
        let calibration = Self {
            windows: count,
            runs,
            centre,
            spread,
            latent: median_and_spread(latents, 0.0).0,
            suspect: extreme + between_runs,
            threshold: extreme * margin + between_runs,
            lowest_p: 1.0 / (count + 1) as f64,
            between_runs,
        };
        (calibration, scores)
    }

    /// The score of a bound.
    #[must_use]
    pub fn score(&self, bound: f64) -> f64 {
        (bound - self.centre) / self.spread
    }
}

/// The threshold is at least this many times the extreme of the calibration scores.
const MARGIN: f64 = 1.5;

/// The share of `sorted` calibration scores that are at least as high, the window itself counted among them.
///
/// Never below `1 / (n + 1)`: n windows say nothing about what is rarer.
#[must_use]
pub fn p_value(sorted: &[f64], score: f64) -> f64 {
    let below = sorted.partition_point(|&s| s < score);
    (sorted.len() - below + 1) as f64 / (sorted.len() + 1) as f64
}

/// Median, and 1.4826 times the median absolute deviation (the deviation of a Gaussian), at least `floor`.
///
/// Both are zero or the floor where there is no value.
#[must_use]
pub fn median_and_spread(values: &[f64], floor: f64) -> (f64, f64) {
    let median = quantile(values, 0.5);
    let deviations: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
    (median, (1.4826 * quantile(&deviations, 0.5)).max(floor))
}

/// The quantile at `share` by linear interpolation; zero where there is no value.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share * sorted.len().saturating_sub(1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => a + (b - a) * at.fract(),
        _ => 0.0,
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::{Calibration, median_and_spread, p_value, quantile};

    #[test]
    fn median_and_spread_are_robust() {
        // Median 3; deviations 2 1 0 1 997, their median 1.
        assert_eq!(median_and_spread(&[1.0, 2.0, 3.0, 4.0, 1000.0], 0.0), (3.0, 1.4826));
        assert_eq!(median_and_spread(&[7.0; 5], 0.1), (7.0, 0.1));
        assert_eq!(quantile(&[0.0, 10.0], 0.25), 2.5);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn n_windows_support_no_p_below_one_in_n_plus_one() {
        let sorted = [1.0, 2.0, 3.0];
        assert_eq!(p_value(&sorted, 100.0), 0.25);
        assert_eq!(p_value(&sorted, 3.0), 0.5);
        assert_eq!(p_value(&sorted, 0.0), 1.0);
    }

    #[test]
    fn few_windows_are_suspect_beyond_their_maximum_and_alarm_well_beyond() {
        // Bounds 0 to 59: median 29.5, spread 1.4826 * 15, maximum 29.5 above the median.
        let bounds: Vec<f64> = (0..60).map(f64::from).collect();
        let (calibration, scores) = Calibration::fit(&bounds, 1, &bounds, 0.0);
        let extreme = 29.5 / (1.4826 * 15.0);
        assert!((calibration.suspect - extreme).abs() < 1e-12);
        assert!((scores[59] - extreme).abs() < 1e-12);
        // ln(1e-5) / ln(1/61) = 2.800_6.
        assert!((calibration.threshold / extreme - 2.8006).abs() < 1e-3, "{calibration:?}");
        assert!((calibration.lowest_p - 1.0 / 61.0).abs() < 1e-12);
    }

    #[test]
    fn two_of_a_thousand_windows_are_suspect() {
        let bounds: Vec<f64> = (0..1000).map(f64::from).collect();
        let (calibration, scores) = Calibration::fit(&bounds, 2, &bounds, 0.0);
        assert_eq!(scores.iter().filter(|&&s| s > calibration.suspect).count(), 2);
    }

    #[test]
    fn what_runs_differ_by_is_added_to_both_thresholds() {
        let bounds: Vec<f64> = (0..60).map(f64::from).collect();
        let (near, _) = Calibration::fit(&bounds, 1, &bounds, 0.0);
        let (apart, _) = Calibration::fit(&bounds, 1, &bounds, 2.0 * near.spread);
        assert!((apart.suspect - near.suspect - 2.0).abs() < 1e-9);
        assert!((apart.threshold - near.threshold - 2.0).abs() < 1e-9);
    }
}
