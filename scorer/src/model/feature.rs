//! A feature: a view of a named number.
//!
//! There are two: the level (logarithm of a rate, or of a gauge) that load changes, and the composition (shares of all
//! system calls, and calls a second of processor time) that attacks change.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use super::network::CLIP;

/// Counters with this prefix are the calls that shares are taken of.
pub const CALLS: &str = "syscall.";

/// Counters of processor time, in nanoseconds.
pub const PROCESSOR: [&str; 2] = ["cpu.user_ns", "cpu.system_ns"];

/// The name of the one feature that is of calls and processor time.
pub const PACE: &str = "calls_per_cpu_second";

/// Calls that stand in for the usual composition in every window: one with few calls says little about it.
pub const PRIOR_CALLS: f64 = 50.0;

/// How a number becomes a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// A counter: `ln(1 + count / seconds / unit)`.
    Rate,
    /// A gauge that is never negative: `ln(1 + value / unit)`.
    Gauge,
    /// A gauge or a rate that is, or that is of fractions: `asinh(value / unit)`.
    Signed,
    /// A system call's part of all system calls, pulled to its median by [`PRIOR_CALLS`].
    Share,
    /// System calls a second of processor time, pulled to the usual (the unit) by [`PRIOR_CALLS`]: `ln(value / unit)`.
    Pace,
    /// All counters that training never saw, together: `ln(1 + count / seconds)`.
    Unseen,
}

/// Which views of its windows a model has: chosen by what tells disturbed windows apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Views {
    /// Level and composition.
    #[default]
    Both,
    /// Rates and gauges alone.
    Level,
    /// Shares and pace alone.
    Composition,
}

impl Views {
    /// Whether a model of these views has columns of `view`. What training never saw is in all of them.
    #[must_use]
    pub fn have(self, view: View) -> bool {
        let composition = matches!(view, View::Share | View::Pace);
        match self {
            Self::Both => true,
            Self::Level => !composition,
            Self::Composition => composition || view == View::Unseen,
        }
    }
}

/// One column of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name of the number on the window line.
    pub name: String,
    /// How it is seen.
    pub view: View,
    /// What counts as one, in the number's own unit (a second, for counters).
    pub unit: f64,
    /// Median over training windows, after the view.
    pub median: f64,
    /// Spread over training windows, after the view; never zero.
    pub scale: f64,
    /// The 0.5 % and 99.5 % quantiles over training windows, after the view.
    pub range: [f64; 2],
    /// The greatest of training windows, after the view; none in a model of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
}

impl Feature {
    /// The view of a raw number: per second for counters, per second of processor time for pace, 0 to 1 for shares.
    #[must_use]
    pub fn view(&self, raw: f64) -> f64 {
        match self.view {
            View::Rate | View::Gauge | View::Unseen => (raw / self.unit).clamp(0.0, f64::MAX).ln_1p(),
            View::Signed => (raw / self.unit).asinh(),
            View::Pace => (raw / self.unit).clamp(f64::MIN_POSITIVE, f64::MAX).ln(),
            View::Share => raw,
        }
    }

    /// The raw number behind a view: the inverse of [`Feature::view`].
    #[must_use]
    pub fn raw(&self, viewed: f64) -> f64 {
        match self.view {
            View::Rate | View::Gauge | View::Unseen => viewed.max(0.0).exp_m1() * self.unit,
            View::Signed => viewed.sinh() * self.unit,
            View::Pace => viewed.exp() * self.unit,
            View::Share => viewed.clamp(0.0, 1.0),
        }
    }

    /// The most that an encoder sees of it, in scaled units: about twice the greatest of training windows, and at most
    /// [`CLIP`].
    ///
    /// A network carries on with what it has learned: shown ten times the highest load that it knows, it decodes what such a
    /// load would look like, and finds nothing odd. Less than it knows is plausible: a host may give a container less time.
    #[must_use]
    pub fn ceiling(&self) -> f32 {
        let most = self.most.filter(|_| self.view != View::Share);
        most.map_or(CLIP, |most| (((most + LN_2 - self.median) / self.scale) as f32).clamp(0.0, CLIP))
    }

    /// A raw number as the networks see it.
    pub(crate) fn scaled(&self, raw: f64) -> f32 {
        ((self.view(raw) - self.median) / self.scale) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::{CLIP, Feature, View};

    #[test]
    fn an_encoder_sees_twice_the_most_that_training_had_and_no_share_or_steady_number_is_cut() {
        let known = |view, scale| {
            let mut feature =
                Feature { name: "x".into(), view, unit: 0.01, median: 0.0, scale, range: [0.0; 2], most: None };
            assert!((feature.ceiling() - CLIP).abs() < 1e-6, "{view:?}");
            feature.most = Some(feature.view(40.0));
            (f64::from(feature.ceiling()) * scale, feature)
        };
        let (ceiling, feature) = known(View::Rate, 2.0);
        assert!((feature.raw(ceiling) - 80.0).abs() < 0.1, "{}", feature.raw(ceiling));
        assert!((known(View::Rate, 0.1).0 - 0.8).abs() < 1e-6);
        assert!((known(View::Share, 2.0).0 - 16.0).abs() < 1e-6);
    }

    #[test]
    fn a_view_has_an_inverse() {
        for view in [View::Rate, View::Gauge, View::Signed, View::Share, View::Pace] {
            let feature =
                Feature { name: "x".into(), view, unit: 3.0, median: 0.0, scale: 1.0, range: [0.0; 2], most: None };
            assert!((feature.raw(feature.view(0.7)) - 0.7).abs() < 1e-9, "{view:?}");
        }
    }
}
