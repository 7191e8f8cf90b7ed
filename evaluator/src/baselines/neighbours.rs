//! Distance from the fifth nearest training window: Ramaswamy, Rastogi and Shim, 2000.

use vaectl_scorer::model::Matrix;

const NEIGHBOURS: usize = 5;
/// Numbers that are added up before a distance is given up as too far.
const BLOCK: usize = 16;

/// The squared distance of a row from its fifth nearest of `training`, or from the furthest where there are fewer.
pub(crate) fn distance(training: &Matrix, row: &[f32]) -> f64 {
    let mut nearest = [f32::INFINITY; NEIGHBOURS];
    for other in training.rows() {
        if let Some(near) = nearer(row, other, nearest[NEIGHBOURS - 1]) {
            let at = nearest.partition_point(|known| *known <= near);
            nearest[at..].rotate_right(1);
            nearest[at] = near;
        }
    }
    f64::from(nearest.into_iter().rfind(|near| near.is_finite()).unwrap_or_default())
}

/// The squared distance of two rows where it is less than `limit`.
fn nearer(row: &[f32], other: &[f32], limit: f32) -> Option<f32> {
    let mut sum = 0.0;
    for (left, right) in row.chunks(BLOCK).zip(other.chunks(BLOCK)) {
        sum += left.iter().zip(right).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        if sum >= limit {
            return None;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "the numbers are exact")]

    use vaectl_scorer::model::Matrix;

    use super::distance;

    #[test]
    fn the_fifth_nearest_is_found_wherever_it_stands() {
        let training = Matrix::from_values(1, vec![9.0, 1.0, 5.0, 2.0, 100.0, 4.0, 3.0]);
        assert_eq!(distance(&training, &[0.0]), 25.0);
        assert_eq!(distance(&training, &[5.0]), 16.0, "after itself, 4, 3 and 2");
        assert_eq!(distance(&Matrix::from_values(1, vec![3.0, 1.0]), &[0.0]), 9.0);
    }
}
