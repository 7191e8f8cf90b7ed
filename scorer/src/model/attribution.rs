//! Which features carry a score, and what was expected of them.

use vaectl_schemas::{Attribution, Window};

use super::ensemble::Ensemble;
use super::features::{Feature, Featuriser, View};

/// At most this many are named.
pub(crate) const MOST: usize = 5;

/// A feature that carries less of the score than this is not named.
const LEAST_SHARE: f64 = 0.01;

/// The features that carry the score of a window, largest share first.
///
/// A feature's part is its cost beyond the median cost of calibration windows (`usual`); shares are of all such parts
/// and of `latent`, the latent part beyond its own median.
pub(crate) fn attributions(
    featuriser: &Featuriser,
    ensemble: &Ensemble,
    usual: &[f64],
    latent: f64,
    window: &Window<'_>,
    row: &[f32],
) -> Vec<Attribution> {
    let costs = ensemble.feature_costs(row);
    let parts: Vec<f64> = costs
        .iter()
        .zip(usual)
        .zip(row)
        .map(|((cost, usual), value)| if value.is_nan() { 0.0 } else { (cost - usual).max(0.0) })
        .collect();
    let whole = parts.iter().sum::<f64>() + latent.max(0.0);
    let mut order: Vec<usize> = (0..parts.len()).filter(|&column| parts[column] > LEAST_SHARE * whole).collect();
    order.sort_by(|&a, &b| parts[b].total_cmp(&parts[a]));
    order.truncate(MOST);
    let mut raw = Vec::new();
    featuriser.raw(window, &mut raw);
    let seconds = window.vaectl.window.duration_ns as f64 / 1e9;
    let named = order.into_iter().map(|column| {
        let feature = &featuriser.features()[column];
        let [low, high] = expected(feature, ensemble.deviation(column));
        let per = if matches!(feature.view, View::Rate | View::Unseen) { seconds } else { 1.0 };
        Attribution {
            feature: label(feature),
            seen: tidy(raw[column] * per),
            expected: Some([tidy(low * per), tidy(high * per)]),
            share: tidy(parts[column] / whole),
        }
    });
    named.collect()
}

/// What a feature is called on a verdict.
fn label(feature: &Feature) -> String {
    match feature.view {
        View::Rate | View::Gauge | View::Signed => feature.name.clone(),
        View::Share => format!("share.{}", feature.name),
        View::Unseen => "unseen".to_owned(),
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
    use super::{expected, tidy};
    use crate::model::features::{Feature, View};

    #[test]
    fn a_range_is_widened_by_the_decoders_deviation_and_never_negative() {
        let feature = |range| Feature {
            name: "syscall.read".into(),
            view: View::Rate,
            unit: 10.0,
            median: 0.0,
            scale: 0.5,
            range,
        };
        // exp(1 - 0.5) - 1 and exp(2 + 0.5) - 1, times ten.
        let [low, high] = expected(&feature([1.0, 2.0]), 1.0);
        assert!((low - 6.487_212).abs() < 1e-5 && (high - 111.824_94).abs() < 1e-4, "{low} {high}");
        assert_eq!(expected(&feature([0.0, 2.0]), 1.0)[0], 0.0);
    }

    #[test]
    fn numbers_keep_six_digits() {
        assert_eq!(tidy(1_234_567.8), 1_234_570.0);
        assert_eq!(tidy(0.000_123_456_78), 0.000_123_457);
        assert_eq!(tidy(0.0), 0.0);
    }
}
