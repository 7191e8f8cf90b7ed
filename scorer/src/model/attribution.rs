//! Which features carry a score, and what was expected of them.

use vaectl_schemas::{Attribution, Window};

use super::ensemble::Ensemble;
use super::feature::{Feature, View};
use super::featuriser::Featuriser;
use super::matrix::Matrix;
use super::novelty::{Novelty, Weight};

/// At most this many are named.
const MOST: usize = 5;

/// So many of what opens an episode by itself stand before all others.
const MOST_ALONE: usize = 2;

/// A feature that carries less of the score than this is not named.
const LEAST_SHARE: f64 = 0.01;

/// At most this many features together are looked for that carry a collective shift.
const MOST_TOGETHER: usize = 32;

/// What carries the score of a window.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// Features that training saw, largest share first.
    pub(crate) known: Vec<Attribution>,
    /// The share of all counters together that it did not see.
    pub(crate) unseen: f64,
    /// How many features, those with the largest shares, must be put out of sight for the rest to be within the limit.
    pub(crate) fewest: Option<usize>,
}

/// A scaled window, and what is usual of its columns.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub(crate) featuriser: &'a Featuriser,
    pub(crate) ensemble: &'a Ensemble,
    /// Median cost of each column over calibration windows.
    pub(crate) usual: &'a [f64],
    pub(crate) row: &'a [f32],
}

impl Scored<'_> {
    /// Each column's cost beyond its usual one, in nats.
    fn parts(&self) -> Vec<f64> {
        let costs = self.ensemble.feature_costs(self.row);
        let beyond = |((cost, usual), value): ((&f64, &f64), &f32)| {
            if value.is_nan() { 0.0 } else { (cost - usual).max(0.0) }
        };
        costs.iter().zip(self.usual).zip(self.row).map(beyond).collect()
    }

    /// How many columns, in the order of their parts, must be absent for the rest to exceed the usual by no more than
    /// `limit` nats. The row is judged anew without them, since what the encoder does not see changes all of it; each more
    /// that is absent brings it nearer, so that halving finds the fewest.
    fn fewest(&self, parts: &[f64], limit: f64) -> Option<usize> {
        let mut order: Vec<usize> = (0..parts.len()).filter(|column| parts[*column] > 0.0).collect();
        order.sort_by(|a, b| parts[*b].total_cmp(&parts[*a]));
        order.truncate(MOST_TOGETHER);
        let within = |count: usize| {
            let mut row = self.row.to_vec();
            for column in &order[..count] {
                row[*column] = f32::NAN;
            }
            self.ensemble.excesses(&Matrix::from_values(row.len(), row), self.usual)[0] <= limit
        };
        let (mut short, mut enough) = (0, order.len());
        if enough == 0 || !within(enough) {
            return None;
        }
        while enough - short > 1 {
            let middle = usize::midpoint(short, enough);
            *(if within(middle) { &mut enough } else { &mut short }) = middle;
        }
        Some(enough)
    }
}

impl Carried {
    /// Takes the score of a window apart.
    ///
    /// Shares are of all parts and of `latent`, the latent part beyond its own median. A window that exceeds the usual by
    /// no more than `limit` nats would not stand out.
    pub(crate) fn of(scored: Scored<'_>, window: &Window<'_>, latent: f64, limit: f64) -> Self {
        let Scored { featuriser, ensemble, .. } = scored;
        let parts = scored.parts();
        let whole = parts.iter().sum::<f64>() + latent.max(0.0);
        let mut raw = Vec::new();
        featuriser.raw(window, &mut raw);
        let seconds = window.vaectl.window.duration_ns as f64 / 1e9;
        let mut carried = Self { fewest: scored.fewest(&parts, limit), ..Self::default() };
        for (column, feature) in featuriser.features().iter().enumerate().filter(|(column, _)| parts[*column] > 0.0) {
            let share = parts[column] / whole;
            if feature.view == View::Unseen {
                carried.unseen = share;
            } else if share > LEAST_SHARE {
                let [low, high] = expected(feature, ensemble.deviation(column));
                let counted = feature.view == View::Signed && featuriser.knows(&feature.name);
                let per = if feature.view == View::Rate || counted { seconds } else { 1.0 };
                carried.known.push(Attribution {
                    feature: label(feature),
                    seen: tidy(raw[column] * per),
                    expected: Some([tidy(low * per), tidy(high * per)]),
                    share: tidy(share),
                });
            }
        }
        carried.known.sort_by(|a, b| b.share.total_cmp(&a.share));
        carried
    }

    /// The most telling of the features and of what is new, by name: first what opens an episode by itself, then by
    /// share. Each new counter has its part, by its count, of the share that all of them carry together.
    pub(crate) fn named(self, novelties: &[Novelty]) -> Vec<Attribution> {
        let total: f64 = novelties.iter().filter(|n| !n.is_program()).map(|n| n.seen).sum();
        let attribution = |novelty: &Novelty| Attribution {
            feature: novelty.name.clone(),
            seen: tidy(novelty.seen),
            expected: None,
            share: if novelty.is_program() { 0.0 } else { tidy(self.unseen * novelty.seen / total) },
        };
        let (alone, others): (Vec<_>, Vec<_>) = novelties.iter().partition(|novelty| novelty.weight == Weight::Strong);
        let (first, later) = alone.split_at(alone.len().min(MOST_ALONE));
        let mut rest = self.known;
        rest.extend(others.into_iter().chain(later.iter().copied()).map(attribution));
        rest.sort_by(|a, b| b.share.total_cmp(&a.share));
        first.iter().copied().map(attribution).chain(rest).take(MOST).collect()
    }
}

/// What a feature is called on a verdict.
fn label(feature: &Feature) -> String {
    match feature.view {
        View::Share => format!("share.{}", feature.name),
        View::Rate | View::Gauge | View::Signed | View::Pace | View::Unseen => feature.name.clone(),
    }
}

/// The usual range of a raw number: what training saw, widened by the decoder's own deviation.
fn expected(feature: &Feature, deviation: f64) -> [f64; 2] {
    let wider = deviation * feature.scale;
    [feature.raw(feature.range[0] - wider), feature.raw(feature.range[1] + wider)]
}

/// Six significant digits: more would only say how floats are written.
fn tidy(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(5 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use vaectl_schemas::Attribution;

    use super::Weight::{Strong, Weak};
    use super::{Carried, Scored, expected, tidy};
    use crate::model::{CLIP, Dense, Ensemble, Feature, Featuriser, Matrix, Network, Novelty, Seen, View};

    #[test]
    fn a_range_is_widened_by_the_decoders_deviation_and_never_negative() {
        let feature = |range| Feature {
            name: "syscall.read".into(),
            view: View::Rate,
            unit: 10.0,
            median: 0.0,
            scale: 0.5,
            range,
            most: None,
        };
        // exp(1 - 0.5) - 1 and exp(2 + 0.5) - 1, times ten.
        let [low, high] = expected(&feature([1.0, 2.0]), 1.0);
        assert!((low - 6.487_212).abs() < 1e-5 && (high - 111.824_94).abs() < 1e-4, "{low} {high}");
        assert_eq!(expected(&feature([0.0, 2.0]), 1.0)[0], 0.0);
    }

    /// Four columns, each a feature of its own under a decoder that always says zero.
    fn flat() -> (Featuriser, Ensemble) {
        let dense = |inputs: usize, outputs: usize| Dense {
            weight: Matrix::from_values(outputs, vec![0.0; inputs * outputs]),
            bias: vec![0.0; outputs],
        };
        let network = Network {
            encoder: [dense(4, 1), dense(1, 1)],
            posterior: dense(1, 2),
            decoder: [dense(1, 1), dense(1, 1)],
            output: dense(1, 4),
            log_variance: vec![0.0; 4],
            ceilings: vec![CLIP; 4],
        };
        let ensemble = Ensemble { networks: vec![network], draws: Matrix::from_values(1, vec![0.0]), latent: true };
        (Featuriser::new(Vec::new(), &Seen::default()), ensemble)
    }

    #[test]
    fn the_fewest_features_are_those_that_bring_the_rest_back_within_the_limit() {
        let (featuriser, ensemble) = flat();
        let usual = ensemble.feature_costs(&[0.0; 4]);
        let fewest = |row: &[f32], limit: f64| {
            let scored = Scored { featuriser: &featuriser, ensemble: &ensemble, usual: &usual, row };
            scored.fewest(&scored.parts(), limit)
        };
        // Halves of squares beyond the usual: 32, 8, 2 and 0.5 nats.
        let row = [1.0, 8.0, 2.0, 4.0];
        assert_eq!(fewest(&row, 11.0), Some(1));
        assert_eq!(fewest(&row, 3.0), Some(2));
        assert_eq!(fewest(&row, 0.1), Some(4));
        assert_eq!(fewest(&row, -1.0), None);
    }

    #[test]
    fn numbers_keep_six_digits() {
        assert_eq!(tidy(1_234_567.8), 1_234_570.0);
        assert_eq!(tidy(0.000_123_456_78), 0.000_123_457);
        assert_eq!(tidy(0.0), 0.0);
    }

    #[test]
    fn what_is_new_is_named_and_carries_its_part_of_the_share_of_the_unseen() {
        let known =
            vec![Attribution { feature: "cpu.user_ns".into(), seen: 1e9, expected: Some([0.0, 1e7]), share: 0.2 }];
        let new = |name: &str, weight, seen| Novelty { name: name.into(), weight, seen };
        let novelties = [new("syscall.read", Weak, 75.0), new("syscall.brk", Weak, 25.0), new("exec:/x", Strong, 1.0)];
        let named = Carried { known, unseen: 0.8, fewest: None }.named(&novelties);
        let told: Vec<_> = named.iter().map(|a| (a.feature.as_str(), a.share)).collect();
        assert_eq!(told, [("exec:/x", 0.0), ("syscall.read", 0.6), ("cpu.user_ns", 0.2), ("syscall.brk", 0.2)]);
        assert_eq!(named[1].expected, None);
    }

    #[test]
    fn many_new_programs_leave_room_for_the_rest() {
        let known =
            vec![Attribution { feature: "cpu.user_ns".into(), seen: 1e9, expected: Some([0.0, 1e7]), share: 0.2 }];
        let novelties: Vec<_> =
            (0..9).map(|i| Novelty { name: format!("exec:/{i}"), weight: Strong, seen: 1.0 }).collect();
        let named = Carried { known, unseen: 0.0, fewest: None }.named(&novelties);
        let told: Vec<_> = named.iter().map(|a| a.feature.as_str()).collect();
        assert_eq!(told, ["exec:/0", "exec:/1", "cpu.user_ns", "exec:/2", "exec:/3"]);
    }
}
