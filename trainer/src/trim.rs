//! Windows that do not belong to what is learned: an attack that was recorded with the rest.

use vaectl_scorer::model::{Matrix, median_and_spread};

/// A window is far off where its distance from the medians is so many spreads above the usual one.
const FAR: f64 = 6.0;

/// Distances that differ by less are alike.
const LEAST_SPREAD: f64 = 0.5;

/// More than this share of all windows are no contamination, but a part of the pattern.
const MOST: f64 = 0.05;

/// Says of each row of each run whether it is to be left out.
///
/// A row is, where it is far off and such rows are few and in fewer than half of the runs: what most runs do now and then,
/// such as rotating a log, is their habit. What is in most runs of a contaminated recording cannot be told from one.
pub(crate) fn foreign(runs: &[Matrix]) -> Vec<Vec<bool>> {
    let distances: Vec<Vec<f64>> = runs.iter().map(|run| run.rows().map(distance).collect()).collect();
    let (median, spread) = median_and_spread(&distances.concat(), LEAST_SPREAD);
    let mut far: Vec<Vec<bool>> =
        distances.iter().map(|run| run.iter().map(|distance| *distance > median + FAR * spread).collect()).collect();
    let count = |run: &Vec<bool>| run.iter().filter(|far| **far).count();
    let (windows, all) = (far.iter().map(count).sum::<usize>(), far.iter().map(Vec::len).sum::<usize>());
    let of_runs = far.iter().filter(|run| run.contains(&true)).count();
    if windows as f64 > MOST * all as f64 || 2 * of_runs >= far.len() {
        far.iter_mut().flatten().for_each(|far| *far = false);
    }
    far
}

/// How far the one feature that lies farthest is from its median, in spreads: an attack may touch a single one.
fn distance(row: &[f32]) -> f64 {
    row.iter().filter(|value| !value.is_nan()).fold(0.0, |most, value| f64::from(value.abs()).max(most))
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::Matrix;

    use super::foreign;
    use crate::random::Random;

    /// Runs of 100 rows, with so many far-off rows in each.
    fn left_out(far: [usize; 4]) -> [usize; 4] {
        let mut random = Random::new(5);
        let runs = far.map(|far| {
            let mut run = Matrix::new(10);
            for at in 0..100 {
                let row: Vec<f32> =
                    random.normals(10).into_iter().map(|v| if at < far { v + 9.0 } else { v }).collect();
                run.push(&row);
            }
            run
        });
        let counts: Vec<usize> = foreign(&runs).iter().map(|run| run.iter().filter(|far| **far).count()).collect();
        counts.try_into().unwrap()
    }

    #[test]
    fn far_off_windows_of_one_run_are_left_out() {
        assert_eq!(left_out([0, 0, 12, 0]), [0, 0, 12, 0]);
        assert_eq!(left_out([0; 4]), [0; 4]);
    }

    #[test]
    fn what_half_of_the_runs_have_is_a_habit() {
        assert_eq!(left_out([3, 0, 3, 0]), [0; 4]);
    }

    #[test]
    fn more_than_a_twentieth_of_all_windows_is_a_part_of_the_pattern() {
        assert_eq!(left_out([0, 21, 0, 0]), [0; 4]);
    }
}
