//! Windows as rows of scaled features.
//!
//! The list of features is learned from the data, so that any numeric counters and gauges work, whoever wrote the line.

use std::collections::HashMap;

use vaectl_schemas::Window;

use super::family::{coverage, detailed, family, watched_seconds};
use super::feature::{CALLS, Feature, PRIOR_CALLS, PROCESSOR, View};
use super::matrix::Matrix;
use super::novelty::Seen;

/// Turns windows into rows for one list of features.
#[derive(Debug)]
pub struct Featuriser {
    features: Vec<Feature>,
    /// What a raw zero scales to, by column: most numbers of a window are zero.
    zeros: Vec<f32>,
    counters: HashMap<Box<str>, Counter>,
    gauges: HashMap<Box<str>, usize>,
    families: Vec<Family>,
    shares: Vec<usize>,
    pace: Option<usize>,
    unseen: Option<usize>,
}

/// The columns of a counter.
#[derive(Clone, Copy, Debug)]
struct Counter {
    family: usize,
    call: bool,
    processor: bool,
    rate: Option<usize>,
    share: Option<usize>,
}

/// The counters that are watched together: they are zero, and not absent, where the family was.
#[derive(Debug)]
struct Family {
    name: String,
    rates: Vec<usize>,
}

impl Featuriser {
    /// A featuriser for `features`, of which training saw at least the counters and families in `seen`.
    #[must_use]
    pub fn new(features: Vec<Feature>, seen: &Seen) -> Self {
        let mut families: Vec<Family> = Vec::new();
        let mut counters: HashMap<Box<str>, Counter> = HashMap::new();
        let mut counter = |name: &str, rate: Option<usize>, share: Option<usize>| {
            let at = families.iter().position(|f| f.name == family(name)).unwrap_or_else(|| {
                families.push(Family { name: family(name).to_owned(), rates: Vec::new() });
                families.len() - 1
            });
            families[at].rates.extend(rate);
            let (call, processor) = (name.starts_with(CALLS), PROCESSOR.contains(&name));
            let blank = Counter { family: at, call, processor, rate: None, share: None };
            let entry = counters.entry(name.into()).or_insert(blank);
            entry.rate = rate.or(entry.rate);
            entry.share = share.or(entry.share);
        };
        seen.counters.iter().for_each(|name| counter(name, None, None));
        let (mut gauges, mut shares, mut pace, mut unseen) = (HashMap::new(), Vec::new(), None, None);
        for (column, feature) in features.iter().enumerate() {
            match feature.view {
                View::Rate => counter(&feature.name, Some(column), None),
                View::Signed if seen.counters.contains(&feature.name) => counter(&feature.name, Some(column), None),
                View::Share => {
                    counter(&feature.name, None, Some(column));
                    shares.push(column);
                }
                View::Gauge | View::Signed => {
                    gauges.insert(feature.name.as_str().into(), column);
                }
                View::Pace => {
                    for name in PROCESSOR {
                        counter(name, None, None);
                    }
                    pace = Some(column);
                }
                View::Unseen => unseen = Some(column),
            }
        }
        for name in &seen.families {
            if families.iter().all(|f| f.name != *name) {
                families.push(Family { name: name.clone(), rates: Vec::new() });
            }
        }
        let zeros = features.iter().map(|f| f.scaled(0.0)).collect();
        Self { features, zeros, counters, gauges, families, shares, pace, unseen }
    }

    /// The columns.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Whether training saw a counter of this name.
    #[must_use]
    pub fn knows(&self, counter: &str) -> bool {
        self.counters.contains_key(counter)
    }

    /// Whether training watched counters of this family, or of the family that it details, so that a name it never saw is
    /// new. Of a family of samples none ever is: which names come up is chance.
    #[must_use]
    pub fn knows_family(&self, family: &str) -> bool {
        if family == SAMPLES {
            return false;
        }
        let detailed = detailed(family).unwrap_or(family);
        self.families.iter().any(|f| f.name == family || f.name == detailed)
    }

    /// Whether the window has any number that a feature stands for.
    #[must_use]
    pub fn applies(&self, window: &Window<'_>) -> bool {
        self.families.iter().any(|family| coverage(window, &family.name) > 0.0)
            || window.counters.iter().any(|(name, _)| self.counters.contains_key(name))
            || window.gauges.iter().any(|(name, _)| self.gauges.contains_key(name))
    }

    /// Raw numbers by column, replacing what was in `row`: per second for counters, per second of processor time for
    /// pace, 0 to 1 for shares, NaN where nothing was measured.
    pub fn raw(&self, window: &Window<'_>, row: &mut Vec<f64>) {
        row.clear();
        row.resize(self.features.len(), f64::NAN);
        let seconds = window.vaectl.window.duration_ns as f64 / 1e9;
        let mut watched = vec![1.0; self.families.len()];
        for (family, watched) in self.families.iter().zip(&mut watched) {
            let share = coverage(window, &family.name);
            if is_hardly(share) {
                *watched = f64::NAN;
            } else if share > 0.0 {
                *watched = share;
                family.rates.iter().for_each(|&column| row[column] = 0.0);
            }
        }
        let told = !is_hardly(coverage(window, family(CALLS)));
        let (mut calls, mut processor_ns, mut unseen) = (0.0, None, 0.0);
        for (name, count) in window.counters.iter() {
            let Some(counter) = self.counters.get(name) else {
                calls += if name.starts_with(CALLS) { count } else { 0.0 };
                let family = family(name);
                let counts = self.knows_family(family) && !is_hardly(coverage(window, family));
                unseen += if counts { count / watched_seconds(window, family) } else { 0.0 };
                continue;
            };
            if let Some(column) = counter.rate {
                row[column] = count / (seconds * watched[counter.family]);
            }
            if counter.processor {
                *processor_ns.get_or_insert(0.0) += count;
            }
            if counter.call {
                calls += count;
                if let Some(column) = counter.share {
                    row[column] = count;
                }
            }
        }
        // A window without calls has no composition: were it the usual one, what is usual would seem to hardly vary.
        let composed = told && calls > 0.0;
        for &column in &self.shares {
            let count = if row[column].is_nan() { 0.0 } else { row[column] };
            let share = (count + PRIOR_CALLS * self.features[column].median) / (calls + PRIOR_CALLS);
            row[column] = if composed { share } else { f64::NAN };
        }
        if let Some(column) = self.pace.filter(|_| told) {
            row[column] = Self::pace(window, calls, processor_ns, self.features[column].unit);
        }
        if let Some(column) = self.unseen {
            row[column] = unseen;
        }
        for (name, value) in window.gauges.iter() {
            if let Some(&column) = self.gauges.get(name) {
                row[column] = value;
            }
        }
    }

    /// Calls a second of processor time, pulled to `usual`; NaN where one of both was not measured.
    fn pace(window: &Window<'_>, calls: f64, processor_ns: Option<f64>, usual: f64) -> f64 {
        let watched = |family: &str| Some(coverage(window, family)).filter(|share| *share > 0.0);
        let processor_ns = processor_ns.or_else(|| watched(family(PROCESSOR[0])).map(|_| 0.0));
        match (processor_ns, watched(family(CALLS))) {
            (Some(ns), share) if share.is_some() || calls > 0.0 => {
                (calls / share.unwrap_or(1.0) + PRIOR_CALLS) / (ns / 1e9 + PRIOR_CALLS / usual)
            }
            _ => f64::NAN,
        }
    }

    /// A row of scaled features for each window; what was not measured is NaN.
    #[must_use]
    pub fn rows<'a>(&self, windows: impl IntoIterator<Item = &'a Window<'a>>) -> Matrix {
        let mut rows = Matrix::new(self.features.len());
        let mut raw = Vec::new();
        for window in windows {
            self.raw(window, &mut raw);
            let row = rows.push_filled(f32::NAN);
            for (((out, &raw), feature), &zero) in row.iter_mut().zip(&raw).zip(&self.features).zip(&self.zeros) {
                *out = if raw == 0.0 { zero } else { feature.scaled(raw) };
            }
        }
        rows
    }
}

/// CPU samples, by the call that they fell into.
const SAMPLES: &str = "oncpu";

/// A family that was watched for less of a window is absent from it: the burst that it happens to have seen, scaled up to
/// the whole window, would say nothing.
const LEAST_COVERAGE: f64 = 0.02;

fn is_hardly(share: f64) -> bool {
    share > 0.0 && share < LEAST_COVERAGE
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::{Feature, Featuriser, Seen, View};

    fn feature(name: &str, view: View, unit: f64, median: f64, scale: f64) -> Feature {
        Feature { name: name.into(), view, unit, median, scale, range: [0.0; 2], most: None }
    }

    fn window(seconds: u64, coverage: &[(&str, f64)]) -> Window<'static> {
        let info = WindowInfo {
            nominal_ns: seconds * 1_000_000_000,
            duration_ns: seconds * 1_000_000_000,
            coverage: coverage.iter().copied().collect(),
            ..WindowInfo::default()
        };
        Window::new(Timestamp::default(), WindowMeta { v: 1, window: info, run: None, job: None, state: None })
    }

    fn row(features: Vec<Feature>, window: &Window<'_>) -> Vec<f32> {
        Featuriser::new(features, &Seen::default()).rows([window]).row(0).to_vec()
    }

    #[test]
    fn a_counter_is_a_rate_by_the_real_length() {
        let mut window = window(4, &[("syscall", 1.0)]);
        window.counters.push("syscall.read", 800.0);
        // 200 a second; ln(1 + 200 / 10) = 3.044_522; (3.044_522 - 1) / 0.5.
        let got = row(vec![feature("syscall.read", View::Rate, 10.0, 1.0, 0.5)], &window);
        assert!((got[0] - 4.089_045).abs() < 1e-5, "{got:?}");
    }

    #[test]
    fn half_the_coverage_doubles_the_rate() {
        let mut window = window(1, &[("syscall", 0.5)]);
        window.counters.push("syscall_failed.EPERM", 3.0);
        let got = row(vec![feature("syscall_failed.EPERM", View::Rate, 1.0, 0.0, 1.0)], &window);
        assert!((got[0] - 7.0_f32.ln()).abs() < 1e-6, "{got:?}");
    }

    #[test]
    fn a_counter_of_fractions_is_a_rate_too() {
        let mut window = window(4, &[("cpu", 1.0)]);
        window.counters.push("cpu.seconds", 0.8);
        let seen = Seen { counters: vec!["cpu.seconds".into()], ..Seen::default() };
        let featuriser = Featuriser::new(vec![feature("cpu.seconds", View::Signed, 0.1, 0.0, 1.0)], &seen);
        // 0.2 a second: asinh(2).
        assert!((featuriser.rows([&window]).row(0)[0] - 1.443_635).abs() < 1e-5);
    }

    #[test]
    fn every_family_has_its_zeros_however_many_there_are() {
        let names: Vec<String> = (0..40).map(|n| format!("f{n:02}.x")).collect();
        let features = names.iter().map(|name| feature(name, View::Rate, 1.0, 1.0, 1.0)).collect();
        let coverage: Vec<(String, f64)> = (0..40).map(|n| (format!("f{n:02}"), 1.0)).collect();
        let coverage: Vec<(&str, f64)> = coverage.iter().map(|(name, share)| (name.as_str(), *share)).collect();
        assert_eq!(row(features, &window(1, &coverage)), [-1.0; 40]);
    }

    #[test]
    fn what_was_hardly_watched_is_absent() {
        let mut window = window(1, &[("syscall", 0.01)]);
        window.counters.push("syscall.read", 3.0);
        window.counters.push("cpu.user_ns", 2e8);
        let of = |name: &str, view| feature(name, view, 1.0, 0.0, 1.0);
        let rates = ["syscall.read", "syscall.write"].map(|name| of(name, View::Rate));
        let others = [of("syscall.read", View::Share), of("calls_per_cpu_second", View::Pace)];
        assert!(row([&rates[..], &others].concat(), &window).iter().all(|value| value.is_nan()));
        assert_eq!(row(vec![of("syscall.write", View::Rate), of("", View::Unseen)], &window)[1], 0.0);
    }

    #[test]
    fn which_samples_come_up_is_chance() {
        let mut window = window(1, &[("syscall", 0.5), ("oncpu", 1.0)]);
        window.counters.push("oncpu.fsync", 9.0);
        window.counters.push("syscall.ptrace", 3.0);
        let features = ["oncpu.read", "syscall.read"].map(|name| feature(name, View::Rate, 1.0, 0.0, 1.0));
        let got = row([&features[..], &[feature("", View::Unseen, 1.0, 0.0, 1.0)]].concat(), &window);
        // Three in half a second, and no sample.
        assert!((got[2] - 7.0_f32.ln()).abs() < 1e-6, "{got:?}");
    }

    #[test]
    fn zero_is_not_absent() {
        let features =
            || vec![feature("syscall.read", View::Rate, 1.0, 2.0, 1.0), feature("pids", View::Gauge, 1.0, 0.0, 1.0)];
        let watched = row(features(), &window(1, &[("syscall", 1.0)]));
        assert_eq!(watched[0], -2.0);
        assert!(watched[1].is_nan());
        assert!(row(features(), &window(1, &[("net", 1.0)]))[0].is_nan());
    }

    #[test]
    fn a_share_is_of_all_calls_few_are_near_the_median_and_none_have_none() {
        let features = || vec![feature("syscall.read", View::Share, 1.0, 0.4, 0.1)];
        let mut busy = window(1, &[("syscall", 1.0)]);
        busy.counters.push("syscall.read", 900.0);
        busy.counters.push("syscall.write", 50.0);
        // (900 + 50 * 0.4) / (950 + 50) = 0.92.
        assert!((row(features(), &busy)[0] - 5.2).abs() < 1e-5);
        busy.counters = [("syscall.read", 1.0)].into_iter().collect();
        // (1 + 50 * 0.4) / (1 + 50) = 0.411_765.
        assert!((row(features(), &busy)[0] - 0.117_647).abs() < 1e-5);
        assert!(row(features(), &window(1, &[("syscall", 1.0)]))[0].is_nan());
    }

    #[test]
    fn pace_is_calls_a_second_of_processor_time_and_an_idle_window_stands_at_the_usual() {
        let mut window = window(2, &[("syscall", 1.0), ("cpu", 1.0)]);
        window.counters.push("cpu.user_ns", 4e8);
        window.counters.push("cpu.system_ns", 1e8);
        let pace = || vec![feature("calls_per_cpu_second", View::Pace, 100.0, 0.0, 1.0)];
        // No call in half a second of processor time: (0 + 50) / (0.5 + 50 / 100) = 50, half the usual.
        assert!((row(pace(), &window)[0] - 0.5_f32.ln()).abs() < 1e-6);
        window.counters.push("syscall.read", 350.0);
        assert!((row(pace(), &window)[0] - 4.0_f32.ln()).abs() < 1e-6);
        window.counters = [("cpu.user_ns", 0.0)].into_iter().collect();
        assert!(row(pace(), &window)[0].abs() < 1e-6);
        let unmeasured = super::tests::window(2, &[("syscall", 1.0)]);
        assert!(row(pace(), &unmeasured)[0].is_nan());
    }

    #[test]
    fn counters_that_training_never_saw_are_added_up() {
        let mut window = window(2, &[("syscall", 1.0)]);
        window.counters.push("syscall.ptrace", 6.0);
        window.counters.push("alien.thing", 6.0);
        let features =
            vec![feature("syscall.read", View::Rate, 1.0, 0.0, 1.0), feature("", View::Unseen, 1.0, 0.0, 1.0)];
        assert!((row(features, &window)[1] - 4.0_f32.ln()).abs() < 1e-6);
    }
}
