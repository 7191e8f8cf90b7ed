//! The bars: densities that need no network, on the same features and fitted to the same windows.

mod forest;
mod mahalanobis;
mod neighbours;

use vaectl_scorer::model::{Matrix, median_and_spread};
use vaectl_trainer::Baseline;

/// A density that a model is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Density {
    /// Mean of squared deviations: every feature by itself.
    ZScore,
    /// Distance from the plane of the first principal components.
    PrincipalComponents,
    /// Mahalanobis distance under a shrunk covariance.
    Mahalanobis,
    /// Distance from the fifth nearest training window.
    Neighbours,
    /// An isolation forest.
    Forest,
}

impl Density {
    pub(crate) const ALL: [Self; 5] =
        [Self::ZScore, Self::PrincipalComponents, Self::Mahalanobis, Self::Neighbours, Self::Forest];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ZScore => "z-score",
            Self::PrincipalComponents => "pca",
            Self::Mahalanobis => "mahalanobis",
            Self::Neighbours => "knn",
            Self::Forest => "isolation forest",
        }
    }

    /// Fits to `training` and scores `windows`: in spreads above the median of `calibration`, so that the scores of
    /// several models compare. Rows are scaled features without absent ones. `None` where it cannot be fitted.
    pub(crate) fn scores(self, training: &Matrix, calibration: &Matrix, windows: &Matrix) -> Option<Vec<f64>> {
        let [usual, mut scores] = self.raw(training, [calibration, windows])?;
        let (centre, spread) = median_and_spread(&usual, self.least_spread(windows.width()));
        for score in &mut scores {
            *score = (*score - centre) / spread;
        }
        Some(scores)
    }

    /// What the model's own least spread is, one nat, in units of this score: that windows of a container at rest hardly vary
    /// must not put them in front of another one's attacks. Twice a nat is a squared distance in deviations, of which a
    /// feature's least is a third of its unit; a forest has no likelihood, and stands on a hundredth of its range.
    fn least_spread(self, width: usize) -> f64 {
        match self {
            Self::ZScore => 2.0 / 9.0 / width.max(1) as f64,
            Self::PrincipalComponents | Self::Neighbours => 2.0 / 9.0,
            Self::Mahalanobis => 2.0,
            Self::Forest => 0.01,
        }
    }

    fn raw(self, training: &Matrix, of: [&Matrix; 2]) -> Option<[Vec<f64>; 2]> {
        let each = |score: &dyn Fn(&[f32]) -> f64| of.map(|rows| rows.rows().map(score).collect());
        Some(match self {
            Self::ZScore => each(&z_score),
            Self::PrincipalComponents => {
                let fitted = Baseline::fit(training)?;
                [fitted.scores(of[0])?, fitted.scores(of[1])?]
            }
            Self::Mahalanobis => {
                let fitted = mahalanobis::Mahalanobis::fit(training)?;
                each(&|row| fitted.distance(row))
            }
            Self::Neighbours => each(&|row| neighbours::distance(training, row)),
            Self::Forest => {
                let fitted = forest::Forest::fit(training);
                each(&|row| fitted.score(row))
            }
        })
    }
}

/// The mean of squared deviations.
fn z_score(row: &[f32]) -> f64 {
    row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / row.len().max(1) as f64
}

/// Rows with absent features at their median, where they say nothing.
pub(crate) fn filled(mut rows: Matrix) -> Matrix {
    for row in rows.rows_mut() {
        row.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
    }
    rows
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::Matrix;
    use vaectl_trainer::Random;

    use super::Density;

    /// Two features that go together: the second is twice the first, with a little noise.
    fn line(count: usize, seed: u64) -> Matrix {
        let mut random = Random::new(seed);
        let mut rows = Matrix::new(2);
        for _ in 0..count {
            let (along, off) = (random.normal(), random.normal());
            rows.push(&[along, 2.0 * along + 0.1 * off]);
        }
        rows
    }

    #[test]
    fn every_density_knows_what_is_far_out() {
        let windows = Matrix::from_values(2, vec![0.5, 1.0, 30.0, -40.0]);
        for density in Density::ALL {
            let scores = density.scores(&line(400, 1), &line(200, 2), &windows).unwrap();
            assert!(scores[0] < 3.0 && scores[1] > 3.0, "{}: {scores:?}", density.name());
        }
    }

    #[test]
    fn those_that_know_what_goes_together_see_what_does_not() {
        // Both values are usual by themselves.
        let windows = Matrix::from_values(2, vec![1.0, -2.0]);
        for density in [Density::PrincipalComponents, Density::Mahalanobis, Density::Neighbours] {
            let scores = density.scores(&line(400, 1), &line(200, 2), &windows).unwrap();
            assert!(scores[0] > 5.0, "{}: {scores:?}", density.name());
        }
        let blind = Density::ZScore.scores(&line(400, 1), &line(200, 2), &windows).unwrap();
        assert!(blind[0] < 3.0, "{blind:?}");
    }
}
