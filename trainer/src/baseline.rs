//! The bar: principal component analysis of the same features.

use smartcore::decomposition::pca::{PCA, PCAParameters};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use vaectl_scorer::model::Matrix;

/// Components that are kept, at most.
const COMPONENTS: usize = 8;

/// A fitted analysis.
pub struct Baseline {
    pca: PCA<f64, DenseMatrix<f64>>,
    means: Vec<f64>,
}

impl Baseline {
    /// Fits to rows, absent values at the median; `None` where there is nothing to analyse.
    #[must_use]
    pub fn fit(rows: &Matrix) -> Option<Self> {
        let means = (0..rows.width())
            .map(|column| rows.rows().map(|row| present(row[column])).sum::<f64>() / rows.len() as f64);
        let means: Vec<f64> = means.collect();
        let components = COMPONENTS.min(rows.width() / 2).min(rows.len().saturating_sub(1));
        let parameters = PCAParameters::default().with_n_components(components.max(1));
        let pca = PCA::fit(&centred(rows, &means)?, parameters).ok()?;
        Some(Self { pca, means })
    }

    /// Squared distance of each row from the plane of the components.
    #[must_use]
    pub fn scores(&self, rows: &Matrix) -> Option<Vec<f64>> {
        let centred = centred(rows, &self.means)?;
        let projected = self.pca.transform(&centred).ok()?;
        let squares = |matrix: &DenseMatrix<f64>, row: usize| -> f64 {
            (0..matrix.shape().1).map(|column| matrix.get((row, column)).powi(2)).sum()
        };
        Some((0..rows.len()).map(|row| squares(&centred, row) - squares(&projected, row)).collect())
    }
}

fn centred(rows: &Matrix, means: &[f64]) -> Option<DenseMatrix<f64>> {
    let values: Vec<Vec<f64>> =
        rows.rows().map(|row| row.iter().zip(means).map(|(v, mean)| present(*v) - mean).collect()).collect();
    DenseMatrix::from_2d_vec(&values).ok()
}

fn present(value: f32) -> f64 {
    if value.is_nan() { 0.0 } else { f64::from(value) }
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::Matrix;

    use super::Baseline;

    #[test]
    fn a_row_off_the_plane_is_further_than_one_on_it() {
        let line: Vec<f32> = (0..50).flat_map(|n| [n as f32, 2.0 * n as f32]).collect();
        let baseline = Baseline::fit(&Matrix::from_values(2, line)).unwrap();
        let scores = baseline.scores(&Matrix::from_values(2, vec![10.0, 20.0, 10.0, -20.0])).unwrap();
        assert!(scores[0].abs() < 1e-6, "{scores:?}");
        // (10, -20) is 40 off in y: distance to y = 2x is 40 / sqrt 5.
        assert!((scores[1] - 320.0).abs() < 1e-3, "{scores:?}");
    }
}
