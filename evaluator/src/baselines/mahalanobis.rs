//! Mahalanobis distance under a covariance that is shrunk towards a sphere.

use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::cholesky::CholeskyDecomposable;
use vaectl_scorer::model::Matrix;

/// A fitted covariance, by the lower triangle of its Cholesky decomposition.
#[derive(Debug)]
pub(crate) struct Mahalanobis {
    means: Vec<f64>,
    lower: Vec<Vec<f64>>,
}

impl Mahalanobis {
    /// Fits to rows without absent values; `None` where there are fewer than two, or all are the same.
    pub(crate) fn fit(rows: &Matrix) -> Option<Self> {
        if rows.len() < 2 {
            return None;
        }
        let count = rows.len() as f64;
        let means: Vec<f64> = (0..rows.width())
            .map(|column| rows.rows().map(|row| f64::from(row[column])).sum::<f64>() / count)
            .collect();
        let centred: Vec<Vec<f64>> = rows.rows().map(|row| less(row, &means)).collect();
        let covariance = shrunk(&centred);
        let lower = DenseMatrix::from_2d_vec(&covariance).ok()?.cholesky().ok()?.L();
        let width = means.len();
        let lower = (0..width).map(|row| (0..=row).map(|column| *lower.get((row, column))).collect()).collect();
        Some(Self { means, lower })
    }

    /// The squared distance of a row, by forward substitution.
    pub(crate) fn distance(&self, row: &[f32]) -> f64 {
        let mut solved: Vec<f64> = Vec::with_capacity(self.means.len());
        for (value, lower) in less(row, &self.means).into_iter().zip(&self.lower) {
            let known: f64 = lower.iter().zip(&solved).map(|(a, b)| a * b).sum();
            solved.push((value - known) / lower[solved.len()]);
        }
        solved.iter().map(|value| value * value).sum()
    }
}

fn less(row: &[f32], means: &[f64]) -> Vec<f64> {
    row.iter().zip(means).map(|(value, mean)| f64::from(*value) - mean).collect()
}

/// The covariance of centred rows, mixed with a sphere of the same trace as much as loses the least: Ledoit and Wolf,
/// "A well-conditioned estimator for large-dimensional covariance matrices", 2004.
fn shrunk(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (count, width) = (rows.len() as f64, rows[0].len());
    let mut covariance = vec![vec![0.0; width]; width];
    for row in rows {
        for (out, left) in covariance.iter_mut().zip(row) {
            out.iter_mut().zip(row).for_each(|(out, right)| *out += left * right / count);
        }
    }
    let mean = (0..width).map(|at| covariance[at][at]).sum::<f64>() / width as f64;
    let squares: f64 = covariance.iter().flatten().map(|value| value * value).sum();
    // Squared distances of the covariance from the sphere, and of single rows from the covariance.
    let spread = squares - width as f64 * mean * mean;
    let fourth: f64 = rows.iter().map(|row| row.iter().map(|value| value * value).sum::<f64>().powi(2)).sum();
    let noise = (fourth / count - squares) / count;
    let share = if spread > 0.0 { (noise / spread).clamp(0.0, 1.0) } else { 1.0 };
    // A feature that never moved has no spread of its own, and a sphere of nothing has no inverse.
    let sphere = (share * mean).max(1e-6);
    for (at, row) in covariance.iter_mut().enumerate() {
        for value in row.iter_mut() {
            *value *= 1.0 - share;
        }
        row[at] += sphere;
    }
    covariance
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::Matrix;

    use super::{Mahalanobis, shrunk};

    #[test]
    fn the_covariance_is_shrunk_as_the_formula_says() {
        // Covariance diag(2, 0.5), mean 1.25, squares 4.25, spread 1.125. Fourth powers: 16, 16, 1, 1, their mean 8.5;
        // noise (8.5 - 4.25) / 4 = 1.0625, share 0.944444.
        let rows = [vec![2.0, 0.0], vec![-2.0, 0.0], vec![0.0, 1.0], vec![0.0, -1.0]];
        let got = shrunk(&rows);
        let share = 1.0625 / 1.125;
        assert!((got[0][0] - ((1.0 - share) * 2.0 + share * 1.25)).abs() < 1e-12, "{got:?}");
        assert!((got[1][1] - ((1.0 - share) * 0.5 + share * 1.25)).abs() < 1e-12 && got[0][1].abs() < 1e-12);
    }

    #[test]
    fn the_distance_is_that_of_the_inverse() {
        let rows = Matrix::from_values(2, vec![2.0, 0.0, -2.0, 0.0, 0.0, 1.0, 0.0, -1.0]);
        let fitted = Mahalanobis::fit(&rows).unwrap();
        let variance = (1.0 - 1.0625 / 1.125) * 2.0 + 1.0625 / 1.125 * 1.25;
        assert!((fitted.distance(&[3.0, 0.0]) - 9.0 / variance).abs() < 1e-9);
    }

    #[test]
    fn features_that_never_moved_do_not_break_it() {
        let rows = Matrix::from_values(2, vec![1.0, 5.0, 2.0, 5.0, 3.0, 5.0]);
        assert!(Mahalanobis::fit(&rows).unwrap().distance(&[2.0, 6.0]).is_finite());
        assert!(Mahalanobis::fit(&Matrix::from_values(2, vec![1.0, 5.0])).is_none());
    }
}
