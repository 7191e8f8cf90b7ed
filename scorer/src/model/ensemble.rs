//! Several networks of one shape, and the fixed noise that they are asked with.

use super::calibration::quantile;
use super::matrix::Matrix;
use super::network::{Bound, Network};

/// Networks trained from different seeds on the same windows: one seed alone moves a score by several points.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// One network a seed.
    pub networks: Vec<Network>,
    /// Standard normal numbers, a row a draw, as wide as the latents: kept, so that a score is a function of its window.
    pub draws: Matrix,
    /// The latent part of a bound counts; without it only to measure what it is worth.
    pub latent: bool,
}

impl Ensemble {
    /// The bound of each row, averaged over the networks.
    #[must_use]
    pub fn bounds(&self, rows: &Matrix) -> Vec<Bound> {
        let mut sums = vec![Bound::default(); rows.len()];
        let mut bounds = Vec::with_capacity(rows.len());
        for network in &self.networks {
            bounds.clear();
            network.bounds(rows, &self.draws, &mut bounds);
            for (sum, bound) in sums.iter_mut().zip(&bounds) {
                sum.reconstruction += bound.reconstruction;
                sum.latent += bound.latent;
            }
        }
        let count = self.networks.len() as f64;
        for sum in &mut sums {
            sum.reconstruction /= count;
            sum.latent = if self.latent { sum.latent / count } else { 0.0 };
        }
        sums
    }

    /// Each feature's own negative log-likelihood in a row, averaged over the networks; zero for absent ones.
    #[must_use]
    pub fn feature_costs(&self, row: &[f32]) -> Vec<f64> {
        let mut costs = vec![0.0; row.len()];
        for network in &self.networks {
            network.feature_costs(row, &self.draws, &mut costs);
        }
        for cost in &mut costs {
            *cost /= self.networks.len() as f64;
        }
        costs
    }

    /// Median cost of each feature over the rows that have it.
    #[must_use]
    pub fn usual_costs(&self, rows: &Matrix) -> Vec<f64> {
        let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(rows.len()); rows.width()];
        for row in rows.rows() {
            for ((column, cost), value) in columns.iter_mut().zip(self.feature_costs(row)).zip(row) {
                if !value.is_nan() {
                    column.push(cost);
                }
            }
        }
        columns.iter().map(|costs| quantile(costs, 0.5)).collect()
    }

    /// The bound of each row less the usual cost of the features that it has.
    #[must_use]
    pub fn excesses(&self, rows: &Matrix, usual: &[f64]) -> Vec<f64> {
        self.bounds(rows).into_iter().zip(rows.rows()).map(|(bound, row)| excess(bound, row, usual)).collect()
    }

    /// The decoder's deviation of a feature, averaged over the networks, in scaled units.
    #[must_use]
    pub fn deviation(&self, feature: usize) -> f64 {
        let deviations = self.networks.iter().map(|n| f64::from(0.5 * n.log_variance[feature]).exp());
        deviations.sum::<f64>() / self.networks.len() as f64
    }
}

/// A bound less the usual cost of the features that the row has: absent ones must not make a window look calm.
#[must_use]
pub fn excess(bound: Bound, row: &[f32], usual: &[f64]) -> f64 {
    let present = usual.iter().zip(row).filter(|(_, value)| !value.is_nan());
    bound.reconstruction + bound.latent - present.map(|(usual, _)| usual).sum::<f64>()
}
