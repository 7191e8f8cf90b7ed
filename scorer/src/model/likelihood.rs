//! The terms of the evidence lower bound, as pure functions on slices.
//!
//! Kingma and Welling, "Auto-Encoding Variational Bayes", arXiv 1312.6114.

/// ln(2 pi).
pub(crate) const LN_2PI: f32 = 1.837_877_1;

/// Divergence of the diagonal Gaussian posterior from the standard normal prior, in nats, summed over the latents.
///
/// `0.5 * sum(exp(lv) + m^2 - 1 - lv)`, appendix B of the paper. It is summed and never averaged: a mean would weigh
/// the prior by the latent size.
#[must_use]
pub fn divergence(mean: &[f32], log_variance: &[f32]) -> f32 {
    let terms = mean.iter().zip(log_variance).map(|(m, lv)| lv.exp() + m * m - 1.0 - lv);
    0.5 * terms.sum::<f32>()
}

/// Negative log-likelihood of one value under a Gaussian, in nats.
#[must_use]
pub fn gaussian(value: f32, mean: f32, log_variance: f32) -> f32 {
    let residual = value - mean;
    0.5 * (residual * residual * (-log_variance).exp() + log_variance + LN_2PI)
}

/// Precision-weighted squared error of a row: `sum(half_precision * (value - mean)^2)`.
///
/// Absent values are NaN and add nothing. Sixteen partial sums in a fixed order keep it fast and the same on every
/// machine.
pub(crate) fn weighted_error(values: &[f32], means: &[f32], half_precision: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let term = |((value, mean), weight): ((&f32, &f32), &f32)| {
        let residual = value - mean;
        if residual.is_nan() { 0.0 } else { residual * residual * weight }
    };
    let (v, m, w) = (values.chunks_exact(LANES), means.chunks_exact(LANES), half_precision.chunks_exact(LANES));
    let tail = v.remainder().iter().zip(m.remainder()).zip(w.remainder()).map(term).sum::<f32>();
    for ((v, m), w) in v.zip(m).zip(w) {
        for (sum, terms) in sums.iter_mut().zip(v.iter().zip(m).zip(w)) {
            *sum += term(terms);
        }
    }
    sums.iter().sum::<f32>() + tail
}

const LANES: usize = 16;

#[cfg(test)]
mod tests {
    use super::{divergence, gaussian, weighted_error};

    fn near(a: f32, b: f32) -> bool {
        (a - b).abs() < 1e-5
    }

    #[test]
    fn the_prior_itself_has_no_divergence() {
        assert!(near(divergence(&[0.0; 3], &[0.0; 3]), 0.0));
    }

    #[test]
    fn divergence_is_summed_over_latents() {
        // One latent: 0.5 * (e^1 + 4 - 1 - 1) = 2.359_140_9.
        assert!(near(divergence(&[2.0], &[1.0]), 2.359_141));
        assert!(near(divergence(&[2.0, 2.0], &[1.0, 1.0]), 4.718_282));
    }

    #[test]
    fn a_value_two_deviations_off_costs_two_nats_more_than_the_mean() {
        // Variance 4: 0.5 * (ln 4 + ln 2pi) = 1.612_086 at the mean; 4 away is two deviations.
        assert!(near(gaussian(5.0, 5.0, 4.0_f32.ln()), 1.612_086));
        assert!(near(gaussian(9.0, 5.0, 4.0_f32.ln()), 3.612_086));
    }

    #[test]
    fn an_absent_value_adds_nothing() {
        let (means, weights) = ([1.0; 20], [0.5; 20]);
        let mut values = [3.0; 20];
        assert!(near(weighted_error(&values, &means, &weights), 40.0));
        values[0] = f32::NAN;
        values[19] = f32::NAN;
        assert!(near(weighted_error(&values, &means, &weights), 36.0));
    }
}
