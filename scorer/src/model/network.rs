//! The variational autoencoder, forward only: what scoring needs of it.

use super::likelihood::{self, LN_2PI};
use super::matrix::{Dense, Matrix, rectify};

/// Encoder inputs are clipped here, in scaled units; the likelihood never is.
///
/// Beyond it an input says "far off" and not how far, which keeps the encoder inside what it has learned from.
pub const CLIP: f32 = 8.0;

/// One trained network.
///
/// Encoder and decoder have two hidden layers with rectifiers each. The posterior is a diagonal Gaussian; the decoder
/// is a Gaussian with one variance a feature, which does not depend on the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Features to hidden, hidden to hidden.
    pub encoder: [Dense; 2],
    /// Hidden to posterior means, then log variances: twice the latent size.
    pub posterior: Dense,
    /// Latents to hidden, hidden to hidden.
    pub decoder: [Dense; 2],
    /// Hidden to feature means.
    pub output: Dense,
    /// Log variance of the decoder, one a feature, in scaled units.
    pub log_variance: Vec<f32>,
}

/// Bounds of the posterior's log variance: without them one odd window overflows.
pub const POSTERIOR_LOG_VARIANCE: (f32, f32) = (-10.0, 4.0);

/// What a network makes of one row: the negative evidence lower bound in its two parts, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound {
    /// Negative log-likelihood, averaged over the draws.
    pub reconstruction: f64,
    /// Divergence of the posterior from the prior.
    pub latent: f64,
}

impl Network {
    /// Features.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.log_variance.len()
    }

    /// Latents.
    #[must_use]
    pub fn latents(&self) -> usize {
        self.posterior.bias.len() / 2
    }

    /// The negative evidence lower bound of each row under fixed draws, appended to `out`.
    ///
    /// `rows` are scaled features, absent ones NaN. `draws` are rows of standard normal numbers as wide as the latents.
    pub fn bounds(&self, rows: &Matrix, draws: &Matrix, out: &mut Vec<Bound>) {
        let mut scratch = Scratch::new(self);
        let half_precision: Vec<f32> = self.log_variance.iter().map(|lv| 0.5 * (-lv).exp()).collect();
        let constants: Vec<f32> = self.log_variance.iter().map(|lv| 0.5 * (lv + LN_2PI)).collect();
        let all_constants: f32 = constants.iter().sum();
        out.extend(rows.rows().map(|row| {
            self.encode(row, &mut scratch);
            let errors: f32 = draws
                .rows()
                .map(|draw| {
                    self.decode(draw, &mut scratch);
                    likelihood::weighted_error(row, &scratch.means, &half_precision)
                })
                .sum();
            let absent = row.iter().zip(&constants).filter(|(value, _)| value.is_nan());
            let constant = all_constants - absent.map(|(_, c)| c).sum::<f32>();
            let (mean, log_variance) = scratch.posterior.split_at(self.latents());
            Bound {
                reconstruction: f64::from(errors / draws.len() as f32 + constant),
                latent: f64::from(likelihood::divergence(mean, log_variance)),
            }
        }));
    }

    /// Adds each feature's own negative log-likelihood, averaged over the draws, to `costs`; nothing for absent ones.
    pub fn feature_costs(&self, row: &[f32], draws: &Matrix, costs: &mut [f64]) {
        let mut scratch = Scratch::new(self);
        self.encode(row, &mut scratch);
        for draw in draws.rows() {
            self.decode(draw, &mut scratch);
            for (index, cost) in costs.iter_mut().enumerate() {
                if !row[index].is_nan() {
                    let nll = likelihood::gaussian(row[index], scratch.means[index], self.log_variance[index]);
                    *cost += f64::from(nll) / draws.len() as f64;
                }
            }
        }
    }

    /// The posterior of one row: means, then log variances.
    #[must_use]
    pub fn posterior(&self, row: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut scratch = Scratch::new(self);
        self.encode(row, &mut scratch);
        let (mean, log_variance) = scratch.posterior.split_at(self.latents());
        (mean.to_vec(), log_variance.to_vec())
    }

    /// The decoder's means for one row without noise.
    #[must_use]
    pub fn reconstruct(&self, row: &[f32]) -> Vec<f32> {
        let mut scratch = Scratch::new(self);
        self.encode(row, &mut scratch);
        self.decode(&vec![0.0; self.latents()], &mut scratch);
        scratch.means
    }

    fn encode(&self, row: &[f32], scratch: &mut Scratch) {
        for (input, value) in scratch.input.iter_mut().zip(row) {
            // An absent feature stands at the median, where it says nothing.
            *input = if value.is_nan() { 0.0 } else { value.clamp(-CLIP, CLIP) };
        }
        self.encoder[0].apply(&scratch.input, &mut scratch.first);
        rectify(&mut scratch.first);
        self.encoder[1].apply(&scratch.first, &mut scratch.second);
        rectify(&mut scratch.second);
        self.posterior.apply(&scratch.second, &mut scratch.posterior);
        let (low, high) = POSTERIOR_LOG_VARIANCE;
        let latents = self.latents();
        let (_, log_variances) = scratch.posterior.split_at_mut(latents);
        for (deviation, log_variance) in scratch.deviation.iter_mut().zip(log_variances) {
            *log_variance = log_variance.clamp(low, high);
            *deviation = (0.5 * *log_variance).exp();
        }
    }

    fn decode(&self, draw: &[f32], scratch: &mut Scratch) {
        let means = scratch.posterior.iter();
        for (((latent, mean), deviation), noise) in
            scratch.latent.iter_mut().zip(means).zip(&scratch.deviation).zip(draw)
        {
            *latent = mean + deviation * noise;
        }
        self.decoder[0].apply(&scratch.latent, &mut scratch.first);
        rectify(&mut scratch.first);
        self.decoder[1].apply(&scratch.first, &mut scratch.second);
        rectify(&mut scratch.second);
        self.output.apply(&scratch.second, &mut scratch.means);
    }
}

/// The activations of one row.
struct Scratch {
    input: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    posterior: Vec<f32>,
    deviation: Vec<f32>,
    latent: Vec<f32>,
    means: Vec<f32>,
}

impl Scratch {
    fn new(network: &Network) -> Self {
        let hidden = network.encoder[0].bias.len();
        let (inputs, latents) = (network.inputs(), network.latents());
        Self {
            input: vec![0.0; inputs],
            first: vec![0.0; hidden],
            second: vec![0.0; hidden],
            posterior: vec![0.0; 2 * latents],
            deviation: vec![0.0; latents],
            latent: vec![0.0; latents],
            means: vec![0.0; inputs],
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::{Bound, Network};
    use crate::model::{Dense, Matrix};

    /// One feature, one hidden unit, one latent; every weight 1, every bias 0 but the posterior's log variance.
    fn chain(log_variance: f32) -> Network {
        let one = || Dense { weight: Matrix::from_values(1, vec![1.0]), bias: vec![0.0] };
        Network {
            encoder: [one(), one()],
            posterior: Dense { weight: Matrix::from_values(2, vec![1.0, 0.0]), bias: vec![0.0, -10.0] },
            decoder: [one(), one()],
            output: one(),
            log_variance: vec![log_variance],
        }
    }

    fn bound(network: &Network, value: f32) -> Bound {
        let mut out = Vec::new();
        let draws = Matrix::from_values(1, vec![0.0]);
        network.bounds(&Matrix::from_values(1, vec![value]), &draws, &mut out);
        out[0]
    }

    #[test]
    fn the_bound_is_likelihood_and_divergence() {
        // 3 goes through unchanged: likelihood 0.5 ln 2pi; divergence 0.5 (e^-10 + 9 - 1 + 10).
        let got = bound(&chain(0.0), 3.0);
        assert!((got.reconstruction - 0.918_939).abs() < 1e-5, "{got:?}");
        assert!((got.latent - 9.000_023).abs() < 1e-5, "{got:?}");
    }

    #[test]
    fn the_encoder_is_clipped_and_the_likelihood_is_not() {
        // The encoder sees 8, the decoder says 8, the likelihood measures 100 - 8.
        let got = bound(&chain(0.0), 100.0);
        assert!((got.reconstruction - (0.5 * 92.0 * 92.0 + 0.918_939)).abs() < 1e-2, "{got:?}");
    }

    #[test]
    fn costs_of_features_add_up_to_the_reconstruction() {
        let network = chain(1.0);
        let mut costs = [0.0];
        network.feature_costs(&[-2.0], &Matrix::from_values(1, vec![0.3]), &mut costs);
        let mut out = Vec::new();
        network.bounds(&Matrix::from_values(1, vec![-2.0]), &Matrix::from_values(1, vec![0.3]), &mut out);
        assert!((costs[0] - out[0].reconstruction).abs() < 1e-5);
    }

    #[test]
    fn an_absent_feature_costs_nothing() {
        assert_eq!(bound(&chain(0.0), f32::NAN).reconstruction, 0.0);
    }
}
