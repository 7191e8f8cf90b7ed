//! The variational autoencoder, forward only: what scoring needs of it.

use super::likelihood::{self, LN_2PI};
use super::matrix::{Dense, Matrix, Rows};

/// Encoder inputs are clipped here at the latest, in scaled units; the likelihood never is.
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
    /// The most that the encoder sees of each feature: [`Feature::ceiling`](super::Feature::ceiling).
    pub ceilings: Vec<f32>,
}

/// What an encoder sees of a row. An absent feature stands at the median, where it says nothing.
pub fn clipped<'a>(row: &'a [f32], ceilings: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
    row.iter().zip(ceilings).map(|(value, most)| if value.is_nan() { 0.0 } else { value.clamp(-CLIP, *most) })
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

    /// Hidden units of a layer, and latents: networks of the same can take over each other's weights.
    #[must_use]
    pub fn widths(&self) -> [usize; 2] {
        [self.encoder[0].bias.len(), self.latents()]
    }

    /// The negative evidence lower bound of each row under fixed draws, appended to `out`.
    ///
    /// `rows` are scaled features, absent ones NaN. `draws` are rows of standard normal numbers as wide as the latents.
    /// A row and a draw are one row of the decoder's products.
    pub fn bounds(&self, rows: &Matrix, draws: &Matrix, out: &mut Vec<Bound>) {
        let mut pass = Pass::default();
        let half_precision: Vec<f32> = self.log_variance.iter().map(|lv| 0.5 * (-lv).exp()).collect();
        let constants: Vec<f32> = self.log_variance.iter().map(|lv| 0.5 * (lv + LN_2PI)).collect();
        let all_constants: f32 = constants.iter().sum();
        for block in rows.blocks(BLOCK) {
            self.encode(block, &mut pass);
            self.decode(draws, &mut pass);
            let decoded = pass.means.blocks(draws.len());
            out.extend(block.rows().zip(pass.posterior.rows()).zip(decoded).map(|((row, posterior), decoded)| {
                let errors = decoded.rows().map(|means| likelihood::weighted_error(row, means, &half_precision));
                let absent = row.iter().zip(&constants).filter(|(value, _)| value.is_nan());
                let constant = all_constants - absent.map(|(_, c)| c).sum::<f32>();
                let (mean, log_variance) = posterior.split_at(self.latents());
                Bound {
                    reconstruction: f64::from(errors.sum::<f32>() / draws.len() as f32 + constant),
                    latent: f64::from(likelihood::divergence(mean, log_variance)),
                }
            }));
        }
    }

    /// Adds each feature's own negative log-likelihood, averaged over the draws, to `costs`; nothing for absent ones.
    pub fn feature_costs(&self, row: &[f32], draws: &Matrix, costs: &mut [f64]) {
        let mut pass = Pass::default();
        self.encode(Rows::of(row), &mut pass);
        self.decode(draws, &mut pass);
        for means in pass.means.rows() {
            for (index, cost) in costs.iter_mut().enumerate().filter(|(index, _)| !row[*index].is_nan()) {
                let nll = likelihood::gaussian(row[index], means[index], self.log_variance[index]);
                *cost += f64::from(nll) / draws.len() as f64;
            }
        }
    }

    /// The posterior of each row: means, then log variances.
    #[must_use]
    pub fn posteriors(&self, rows: &Matrix) -> Matrix {
        let mut pass = Pass::default();
        self.encode(rows.whole(), &mut pass);
        pass.posterior
    }

    /// The decoder's means for each row without noise.
    #[must_use]
    pub fn reconstructions(&self, rows: &Matrix) -> Matrix {
        let mut pass = Pass::default();
        self.encode(rows.whole(), &mut pass);
        self.decode(&Matrix::from_values(self.latents(), vec![0.0; self.latents()]), &mut pass);
        pass.means
    }

    fn encode(&self, rows: Rows<'_>, pass: &mut Pass) {
        pass.input.resize(rows.len(), self.inputs());
        for (inputs, row) in pass.input.rows_mut().zip(rows.rows()) {
            inputs.iter_mut().zip(clipped(row, &self.ceilings)).for_each(|(input, value)| *input = value);
        }
        self.encoder[0].rectified(&pass.input, &mut pass.first);
        self.encoder[1].rectified(&pass.first, &mut pass.second);
        self.posterior.apply(&pass.second, &mut pass.posterior);
        let (low, high) = POSTERIOR_LOG_VARIANCE;
        for posterior in pass.posterior.rows_mut() {
            posterior[self.latents()..]
                .iter_mut()
                .for_each(|log_variance| *log_variance = log_variance.clamp(low, high));
        }
    }

    /// Decodes every encoded row under every draw: row after row, and within a row draw after draw.
    fn decode(&self, draws: &Matrix, pass: &mut Pass) {
        pass.latent.resize(pass.posterior.len() * draws.len(), self.latents());
        let mut latents = pass.latent.rows_mut();
        for posterior in pass.posterior.rows() {
            let (means, log_variances) = posterior.split_at(self.latents());
            let deviations: Vec<f32> = log_variances.iter().map(|lv| (0.5 * lv).exp()).collect();
            for (draw, latent) in draws.rows().zip(&mut latents) {
                for (((latent, mean), deviation), noise) in latent.iter_mut().zip(means).zip(&deviations).zip(draw) {
                    *latent = mean + deviation * noise;
                }
            }
        }
        drop(latents);
        self.decoder[0].rectified(&pass.latent, &mut pass.first);
        self.decoder[1].rectified(&pass.first, &mut pass.second);
        self.output.apply(&pass.second, &mut pass.means);
    }
}

/// Rows that go through a network together: under 16 draws their activations stay in the processor's second cache.
const BLOCK: usize = 8;

/// The activations of some rows.
#[derive(Default)]
struct Pass {
    input: Matrix,
    first: Matrix,
    second: Matrix,
    posterior: Matrix,
    latent: Matrix,
    means: Matrix,
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::{Bound, CLIP, Network};
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
            ceilings: vec![CLIP],
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
    fn more_than_twice_of_what_was_known_is_not_carried_on_with() {
        let network = Network { ceilings: vec![2.0], ..chain(0.0) };
        let off = |value| bound(&network, value).reconstruction - bound(&network, 0.0).reconstruction;
        assert!(off(2.0).abs() < 1e-5);
        assert!((off(5.0) - 0.5 * 9.0).abs() < 1e-5);
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
