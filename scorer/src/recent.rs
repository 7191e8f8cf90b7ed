//! The last hour of an instance: whether its p-values are what they should be.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use vaectl_schemas::Timestamp;

/// The hour is counted in parts, the oldest of which goes as a whole.
const PART_NS: u64 = 600_000_000_000;
const PARTS: u64 = 6;

/// A p-value below it is small: one window in twenty has one by chance.
const SMALL: f64 = 0.05;

/// Fewer windows than this say nothing yet.
const LEAST: u32 = 120;

/// A model does not fit any more when so many times the expected windows have a small p-value, and it is not by chance:
/// so many deviations of a binomial.
const TIMES: f64 = 4.0;
const DEVIATIONS: f64 = 6.0;

/// Windows of the last hour, and those with a small p-value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recent(VecDeque<Part>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    number: u64,
    windows: u32,
    small: u32,
}

impl Recent {
    /// Counts a window.
    pub(crate) fn count(&mut self, at: Timestamp, p_value: f64) {
        let number = at.as_ns() / PART_NS;
        if self.0.back().is_none_or(|part| part.number < number) {
            self.0.push_back(Part { number, windows: 0, small: 0 });
        }
        while self.0.front().is_some_and(|part| part.number + PARTS <= number) {
            self.0.pop_front();
        }
        if let Some(part) = self.0.back_mut() {
            part.windows += 1;
            part.small += u32::from(p_value < SMALL);
        }
    }

    /// Whether far more windows had a small p-value than should have.
    pub(crate) fn has_drifted(&self) -> bool {
        let sum = |of: fn(&Part) -> u32| self.0.iter().map(of).sum::<u32>();
        let (windows, small) = (sum(|part| part.windows), f64::from(sum(|part| part.small)));
        let expected = SMALL * f64::from(windows);
        let deviation = (expected * (1.0 - SMALL)).sqrt();
        windows >= LEAST && small > TIMES * expected && small > expected + DEVIATIONS * deviation
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Timestamp;

    use super::Recent;

    /// An hour of windows of 5 s, every n-th with a small p-value.
    fn hour(recent: &mut Recent, from: u64, every: u64) {
        for at in 0..720 {
            let p_value = if at % every == 0 { 0.01 } else { 0.5 };
            recent.count(Timestamp::from_ns((from + 5 * at) * 1_000_000_000), p_value);
        }
    }

    #[test]
    fn a_model_that_fits_has_one_small_p_value_in_twenty() {
        let mut recent = Recent::default();
        hour(&mut recent, 0, 20);
        assert!(!recent.has_drifted());
        hour(&mut recent, 3600, 10);
        assert!(!recent.has_drifted());
    }

    #[test]
    fn a_quarter_of_small_p_values_is_a_drift_and_is_over_an_hour_later() {
        let mut recent = Recent::default();
        hour(&mut recent, 0, 4);
        assert!(recent.has_drifted());
        hour(&mut recent, 3600, 20);
        assert!(!recent.has_drifted());
    }

    #[test]
    fn a_few_windows_say_nothing() {
        let mut recent = Recent::default();
        (0..119).for_each(|at| recent.count(Timestamp::from_ns(at), 0.001));
        assert!(!recent.has_drifted());
    }
}
