//! From negative evidence lower bounds to scores that compare between models, and to p-values.

use serde::{Deserialize, Serialize};

use super::cusum::Cusum;
use super::tail::Tail;

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
    /// The tail of the scores, where they are enough for one.
    pub tail: Option<Tail>,
    /// A window beyond it is suspicious, as a new one is once in 500, or as rarely as calibration can tell. Habits of one
    /// window are among these, and may put it beyond the threshold.
    pub suspect: f64,
    /// A window beyond it counts towards an episode, which takes two of three.
    pub threshold: f64,
    /// When many small surprises are one change.
    pub cusum: Cusum,
    /// The lowest p-value that can be claimed: `1 / (windows + 1)`, and a tenth of it where a tail was fitted.
    pub lowest_p: f64,
    /// False episodes a container and day that can be promised: the windows of a day, times the lowest p-value that can
    /// be claimed for one beyond the threshold, times the share of such windows that open an episode.
    pub episodes_per_day: f64,
    /// How far above the model's own median a run may lie for good, in units of the score: 95 % of runs lie nearer. One at
    /// least.
    pub offset_bound: f64,
}

/// Windows of a run that its own offset is learned from.
pub const WARM_UP: usize = 30;

/// The share of new windows that may be suspicious: the k-th highest of n lies below k of n + 1.
const SUSPECT_SHARE: f64 = 0.002;

/// An instance may always lie so far off, in spreads, which are one nat at least: less is evidence of nothing.
const LEAST_OFFSET: f64 = 1.0;

/// A score that is so much higher, in spreads, is the same: many small surprises are none where a container at rest always
/// scores alike, and a little more than others do.
const SLACK: f64 = 0.5;

/// The false alarm rate that the threshold reaches for, per window.
const BUDGET: f64 = 5e-5;

/// The threshold is at least this many times the extreme of the calibration scores.
const MARGIN: f64 = 1.5;

/// The share of windows that their tail is fitted to, and the share of what two of three reach. Habits that lie in two
/// windows are a few in a hundred of the latter: a tail that begins below them, where windows of rest are, runs through the
/// gap between the two and far beyond both.
const TAIL: f64 = 0.1;
const LASTING_TAIL: f64 = 0.05;

/// How far beyond what is counted a fitted tail may be followed.
const REACH: f64 = 10.0;

const DAY_NS: f64 = 86_400e9;

impl Calibration {
    /// Calibrates on bounds of windows (in nats), run by run, each in the order of time; gives the scores in rising
    /// order too.
    ///
    /// `medians` are of the bounds of all runs there are, those of training included: how far these lie apart is how far
    /// a new container may lie from all of them. It takes two of three windows to open an episode: the threshold lies where
    /// the tail of what two of three reach has one in 20,000, and no lower than two windows reach that have nothing to do
    /// with one another. The fewer the windows, the wider the margin. It is a margin, and no p-value below `lowest_p` is
    /// claimed for it.
    #[must_use]
    pub fn fit(runs: &[Vec<f64>], latents: &[f64], medians: &[f64], nominal_ns: u64) -> (Self, Vec<f64>) {
        let bounds = runs.concat();
        let (centre, spread) = median_and_spread(&bounds, 1.0);
        let score = |bound: &f64| (bound - centre) / spread;
        let mut sorted: Vec<f64> = bounds.iter().map(score).collect();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let runs: Vec<Vec<f64>> = runs.iter().map(|run| run.iter().map(score).collect()).collect();
        let lasting: Vec<Vec<f64>> = runs.iter().map(|run| lasting(run)).collect();
        let (threshold, lasting_tail, high) = threshold(&lasting.concat());
        let tail = Tail::fit(&sorted, TAIL);
        let lowest_p = 1.0 / (count + 1) as f64 / if tail.is_some() { REACH } else { 1.0 };
        let threshold = threshold.max(coincidence(&sorted, lowest_p));
        let offsets: Vec<f64> = medians.iter().map(|median| (median - centre).abs() / spread).collect();
        let mut calibration = Self {
            windows: count,
            runs: runs.len(),
            centre,
            spread,
            latent: median_and_spread(latents, 0.0).0,
            tail,
            suspect: suspicion(&sorted, tail, threshold),
            threshold,
            cusum: Cusum::fit([]),
            lowest_p,
            episodes_per_day: 0.0,
            offset_bound: quantile(&offsets, 0.95).max(LEAST_OFFSET),
        };
        let warm: Vec<Vec<f64>> = runs.iter().map(|run| calibration.warm_p_values(&sorted, run)).collect();
        calibration.cusum = Cusum::fit(warm.iter().map(Vec::as_slice));
        let day = DAY_NS / nominal_ns.max(1) as f64;
        // The threshold may lie nearer than the tail has its budget: then more is promised.
        let chance = lasting_tail.map_or(0.0, |tail| tail.p_value(threshold)).max(lowest_p).max(BUDGET);
        calibration.episodes_per_day = day * chance * opening_share(&lasting, high);
        (calibration, sorted)
    }

    /// The score of a bound.
    #[must_use]
    pub fn score(&self, bound: f64) -> f64 {
        (bound - self.centre) / self.spread
    }

    /// The share of calibration windows that score as high, the window itself counted among them; beyond where they are
    /// many, the tail's. Never below the lowest p-value that can be claimed.
    ///
    /// `sorted` are the scores of calibration windows.
    #[must_use]
    pub fn p_value(&self, sorted: &[f64], score: f64) -> f64 {
        let counted = || {
            let below = sorted.partition_point(|&s| s < score);
            (sorted.len() - below + 1) as f64 / (sorted.len() + 1) as f64
        };
        match self.tail.filter(|tail| score > tail.start) {
            Some(tail) => tail.p_value(score).max(self.lowest_p),
            None => counted(),
        }
    }

    /// The score whose p-value is summed up against slow changes.
    #[must_use]
    pub fn slack(score: f64) -> f64 {
        score - SLACK
    }

    /// What an instance takes off its scores: the median of its first ones, between nothing and the bound.
    ///
    /// One that lies below the model's median is calm, and what is usual for the model stays usual for it. One that is
    /// attacked from its first window on lies beyond the bound, and what is beyond it stays to be seen.
    #[must_use]
    pub fn offset(&self, first: &[f64]) -> f64 {
        quantile(first, 0.5).clamp(0.0, self.offset_bound)
    }

    /// The p-values of a run's scores after its warm-up.
    fn warm_p_values(&self, sorted: &[f64], run: &[f64]) -> Vec<f64> {
        let (first, later) = run.split_at(run.len().min(WARM_UP));
        let offset = self.offset(first);
        later.iter().map(|score| self.p_value(sorted, Self::slack(score - offset))).collect()
    }
}

/// The score that as many windows are beyond as may be suspicious, at least one spread, and how many these are.
fn extreme(sorted: &[f64]) -> (f64, usize) {
    let count = sorted.len();
    let allowed = (((count + 1) as f64 * SUSPECT_SHARE) as usize).saturating_sub(1);
    (sorted[count - 1 - allowed].max(1.0), allowed)
}

/// Where a window is suspicious: where as many are beyond it as may be, and where all are too few for that, where their
/// tail has as many, which is no farther than the threshold.
fn suspicion(sorted: &[f64], tail: Option<Tail>, threshold: f64) -> f64 {
    let extreme = extreme(sorted).0;
    let few = (sorted.len() + 1) as f64 * SUSPECT_SHARE < 1.0;
    let rare = tail.filter(|_| few).map(|tail| tail.quantile(SUSPECT_SHARE).min(threshold));
    rare.map_or(extreme, |rare| rare.max(extreme))
}

/// What two of three windows in a row reach, for every three of a run; of a run of two the lower, of one itself.
fn lasting(run: &[f64]) -> Vec<f64> {
    let second = |few: &[f64]| {
        let highest = few.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let at = few.iter().position(|score| score.total_cmp(&highest).is_eq());
        let others = few.iter().enumerate().filter(|(other, _)| Some(*other) != at).map(|(_, score)| *score);
        others.reduce(f64::max).unwrap_or(highest)
    };
    if run.len() < 3 { run.chunks(2).map(second).collect() } else { run.windows(3).map(second).collect() }
}

/// The threshold for what two of three windows reach, the tail of that, and where it begins to be high.
fn threshold(lasting: &[f64]) -> (f64, Option<Tail>, f64) {
    let mut sorted = lasting.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (extreme, allowed) = extreme(&sorted);
    let tail = Tail::fit(&sorted, LASTING_TAIL);
    // An exponential from the median through the extreme. A tail that begins in the gap between rest and habits runs far
    // beyond both, and few windows have none.
    let straight = extreme * BUDGET.ln() / ((allowed + 1) as f64 / (sorted.len() + 1) as f64).ln();
    let reach = tail.map_or(straight, |tail| tail.quantile(BUDGET).min(straight));
    (reach.max(MARGIN * extreme), tail, tail.map_or(extreme, |tail| tail.start))
}

/// The score that two of three windows reach by chance as rarely as can be claimed: habits of one window each, such as a
/// checkpoint beside a rotated log, may never have met in the calibration runs. With a chance of p each, two of three do
/// with 3 p^2.
fn coincidence(sorted: &[f64], lowest_p: f64) -> f64 {
    quantile(sorted, 1.0 - (lowest_p / 3.0).sqrt())
}

/// The share of values beyond `high` that open an episode: the first of those that come in a row.
fn opening_share(lasting: &[Vec<f64>], high: f64) -> f64 {
    let (mut hits, mut openings) = (0_u32, 0_u32);
    for run in lasting {
        for (at, _) in run.iter().enumerate().filter(|(_, value)| **value > high) {
            hits += 1;
            openings += u32::from(at == 0 || run[at - 1] <= high);
        }
    }
    f64::from(openings + 1) / f64::from(hits + 2)
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
mod tests {
    #![expect(clippy::float_cmp, reason = "the numbers are exact")]

    use super::{Calibration, lasting, median_and_spread, opening_share, quantile};

    const WINDOW: u64 = 5_000_000_000;

    fn fitted(bounds: impl Iterator<Item = u32>, medians: &[f64]) -> (Calibration, Vec<f64>) {
        let bounds: Vec<f64> = bounds.map(f64::from).collect();
        Calibration::fit(std::slice::from_ref(&bounds), &bounds, medians, WINDOW)
    }

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
        let (calibration, sorted) = fitted(0..15, &[]);
        assert_eq!(calibration.tail, None);
        assert_eq!(calibration.p_value(&sorted, 100.0), 1.0 / 16.0);
        assert_eq!(calibration.p_value(&sorted, sorted[14]), 2.0 / 16.0);
        assert_eq!(calibration.p_value(&sorted, -100.0), 1.0);
    }

    #[test]
    fn a_tail_is_followed_ten_times_beyond_and_no_further() {
        let (calibration, sorted) = fitted(0..1000, &[]);
        assert!((calibration.lowest_p - 1e-4).abs() < 1e-6);
        assert_eq!(calibration.p_value(&sorted, 1e6), calibration.lowest_p);
        let p: Vec<f64> = (0..400).map(|at| calibration.p_value(&sorted, f64::from(at) / 50.0 - 2.0)).collect();
        assert!(p.is_sorted_by(|a, b| a >= b), "a higher score is never likelier");
    }

    #[test]
    fn few_windows_are_suspect_beyond_their_maximum_and_alarm_well_beyond() {
        // Bounds 0 to 14: median 7, spread 1.4826 * 4, maximum 7 above the median; two of three reach 6 above it.
        let (calibration, sorted) = fitted(0..15, &[]);
        let extreme = 7.0 / (1.4826 * 4.0);
        assert!((calibration.suspect - extreme).abs() < 1e-12);
        assert!((sorted[14] - extreme).abs() < 1e-12);
        // ln(5e-5) / ln(1/14) = 3.752_6: of 15 windows there are 13 threes.
        let ratio = calibration.threshold / (extreme * 6.0 / 7.0);
        assert!((ratio - 3.7526).abs() < 1e-3, "{calibration:?}");
    }

    /// Quantiles of an exponential in an order in which two of three reach what one does.
    fn falling(count: u32) -> Vec<f64> {
        (0..count).map(|at| -10.0 * (1.0 - (f64::from(at) + 0.5) / f64::from(count)).ln()).collect()
    }

    #[test]
    fn the_threshold_is_where_the_tail_of_two_of_three_has_one_in_twenty_thousand() {
        let bounds = falling(1000);
        let (calibration, _) = Calibration::fit(std::slice::from_ref(&bounds), &bounds, &[], WINDOW);
        let exact = calibration.score(10.0 * 20_000.0_f64.ln());
        let ratio = calibration.threshold / exact;
        assert!((0.85..1.15).contains(&ratio), "{ratio}");
    }

    #[test]
    fn habits_in_two_windows_put_the_threshold_beyond_themselves_and_not_beyond_all_bounds() {
        // Windows of rest, and every 25th and its next one alike: a habit that is no higher than 40.
        let habit = |at: u32| 30.0 + f64::from(at / 25 % 5) * 2.5;
        let bounds: Vec<f64> =
            (0..280).map(|at| if at % 25 < 2 { habit(at) } else { f64::from(at % 3) / 10.0 }).collect();
        let (calibration, _) = Calibration::fit(std::slice::from_ref(&bounds), &bounds, &[], WINDOW);
        assert!((1.5..2.5).contains(&(calibration.threshold / calibration.score(40.0))), "{calibration:?}");
    }

    #[test]
    fn two_of_a_thousand_new_windows_are_suspect() {
        let (calibration, sorted) = fitted(0..1000, &[]);
        assert_eq!(sorted.iter().filter(|&&s| s > calibration.suspect).count(), 1);
    }

    #[test]
    fn where_two_of_a_thousand_are_none_the_tail_says_where_they_would_begin() {
        let bounds = falling(240);
        let (calibration, sorted) = Calibration::fit(std::slice::from_ref(&bounds), &bounds, &[], WINDOW);
        let ratio = calibration.suspect / calibration.score(10.0 * 500.0_f64.ln());
        assert!((0.9..1.1).contains(&ratio) && calibration.suspect >= sorted[239], "{ratio}");
        assert!(calibration.suspect <= calibration.threshold);
    }

    #[test]
    fn an_instance_takes_off_its_own_median_and_no_more_than_runs_lie_apart() {
        let (plain, _) = fitted(0..60, &[]);
        let (calibration, _) = fitted(0..60, &[plain.centre + 2.0 * plain.spread, plain.centre]);
        assert!((calibration.offset_bound - 1.9).abs() < 1e-9, "95 % of 0 and 2");
        assert_eq!(calibration.offset(&[1.0, 1.5, 40.0]), 1.5);
        assert_eq!(calibration.offset(&[40.0; 30]), calibration.offset_bound);
        assert_eq!(calibration.offset(&[-3.0; 30]), 0.0);
    }

    #[test]
    fn the_promise_counts_windows_a_day_and_how_they_hang_together() {
        let (calibration, _) = fitted(0..60, &[]);
        // 17,280 windows a day, and ten beyond the tail's start in a row are one episode: 2 of 12. Of what two of three reach,
        // 1 to 58, the tail begins at 48 with 11 of 59, and has the least scale: beyond the threshold it has more than 1 in 610.
        let beyond = (calibration.threshold - calibration.score(48.0)) / 0.5;
        let chance = 11.0 / 59.0 * (-beyond).exp();
        assert!(chance > 1.0 / 610.0);
        let expected = 17_280.0 * chance * 2.0 / 12.0;
        assert!((calibration.episodes_per_day - expected).abs() < 1e-9, "{calibration:?}");
        // Three hits, the first two of one episode.
        assert_eq!(opening_share(&[vec![5.0, 5.0, 0.0, 0.0, 5.0]], 1.0), 3.0 / 5.0);
    }

    #[test]
    fn one_window_that_comes_alone_raises_suspicion_and_not_the_threshold_and_those_that_may_meet_raise_both() {
        let fit = |odd: f64, every: u32| {
            let value = |at: u32| if at % every == 5 { odd } else { f64::from(at % 7) };
            let bounds: Vec<f64> = (0..60).map(value).collect();
            Calibration::fit(std::slice::from_ref(&bounds), &bounds, &[], WINDOW).0
        };
        let (plain, one) = (fit(6.0, 60), fit(1000.0, 60));
        assert_eq!(one.threshold, plain.threshold);
        assert_eq!(one.suspect, one.score(1000.0));
        let many = fit(1000.0, 10);
        assert_eq!(many.threshold, many.score(1000.0));
    }

    #[test]
    fn what_two_of_three_reach_is_the_second_highest() {
        assert_eq!(lasting(&[1.0, 9.0, 3.0, 2.0]), [3.0, 3.0]);
        assert_eq!(lasting(&[5.0, 5.0, 1.0]), [5.0]);
        assert_eq!(lasting(&[4.0, 2.0]), [2.0]);
        assert_eq!(lasting(&[4.0]), [4.0]);
    }
}
