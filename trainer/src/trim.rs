//! Windows that do not belong to what is learned: an attack that was recorded with the rest.

use vaectl_scorer::model::{CLIP, Matrix, median_and_spread};

/// A window is far off where its distance from the medians is so many spreads above the usual one.
const FAR: f64 = 6.0;

/// Distances that differ by less are alike.
const LEAST_SPREAD: f64 = 0.5;

/// More than this share of all windows are no contamination, but a part of the pattern: half as much again as the
/// contamination that has to be borne.
const MOST: f64 = 0.075;

/// So many windows on either side of one that lasts for no more are not far off: an episode takes two of three.
const APART: usize = 2;

/// Rows are alike where the angle between them has at least this cosine: a job's parts differ in length, and hardly in
/// direction.
const ALIKE: f32 = 0.7;

/// Says which rows of each run are foreign to what is learned; `rare` are rows with a name that fewer than half of the runs
/// have.
///
/// Far-off rows that are few and in fewer than half of the runs are. What more runs do now and then, such as rotating a
/// log, is their habit, and cannot be told from contamination of most runs; but what lasts is foreign where fewer than half
/// of the runs have anything like it, or have its names. So is what lies in the midst of that, and what lies beside it and
/// has such a name: an attack begins and ends in windows that it has little of.
pub(crate) fn foreign(runs: &[Matrix], rare: &[Vec<bool>]) -> Vec<Vec<bool>> {
    let distances: Vec<Vec<f64>> =
        runs.iter().map(|run| run.rows().map(|row| furthest(row, f64::abs)).collect()).collect();
    let bound = bound(&distances.concat());
    let beyond = |(row, distance): (&[f32], &f64)| (*distance > bound).then(|| direction(row));
    let far: Vec<Vec<Option<Direction>>> =
        runs.iter().zip(&distances).map(|(run, distances)| run.rows().zip(distances).map(beyond).collect()).collect();
    let in_few = |is_one: &dyn Fn(&Direction) -> bool| {
        2 * far.iter().filter(|run| run.iter().flatten().any(is_one)).count() < runs.len()
    };
    let few = in_few(&|_| true);
    let foreign = |(run, rare): (&Vec<Option<Direction>>, &Vec<bool>)| {
        let rows = run.iter().zip(in_spells(run)).zip(rare);
        let mut foreign: Vec<bool> = rows
            .map(|((row, lasts), rare)| {
                let is_unlike = |own: &Direction| *rare || in_few(&|other| cosine(own, other) >= ALIKE);
                row.as_ref().is_some_and(|own| few || lasts && is_unlike(own))
            })
            .collect();
        extend(&mut foreign, rare);
        foreign
    };
    let foreign: Vec<Vec<bool>> = far.iter().zip(rare).map(foreign).collect();
    // Habits of most runs are none of these, however many they are.
    let all = foreign.iter().map(Vec::len).sum::<usize>();
    let many = foreign.iter().flatten().filter(|foreign| **foreign).count() as f64 > MOST * all as f64;
    if many { runs.iter().map(|run| vec![false; run.len()]).collect() } else { foreign }
}

/// Takes in what lies between foreign rows that are near one another, and rows with a rare name beside such a spell.
fn extend(foreign: &mut [bool], rare: &[bool]) {
    let mut rest = foreign.len();
    while rest > 0 {
        let is_in = |at: usize| {
            let near = |rows: &[bool]| rows.iter().filter(|foreign| **foreign).count();
            let (before, after) = (
                near(&foreign[at.saturating_sub(APART)..at]),
                near(&foreign[at + 1..(at + APART + 1).min(foreign.len())]),
            );
            before > 0 && after > 0 || rare[at] && (before > 1 || after > 1)
        };
        let more: Vec<usize> = (0..foreign.len()).filter(|at| !foreign[*at] && is_in(*at)).collect();
        rest = more.len();
        for at in more {
            foreign[at] = true;
        }
    }
}

/// A row as a unit vector.
type Direction = Vec<f32>;

/// The direction of a row; how far off a feature is beyond what an encoder sees says no more.
fn direction(row: &[f32]) -> Direction {
    let clipped: Vec<f32> = row.iter().map(|v| if v.is_nan() { 0.0 } else { v.clamp(-CLIP, CLIP) }).collect();
    let length = clipped.iter().map(|v| v * v).sum::<f32>().sqrt();
    clipped.into_iter().map(|v| v / length).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The rows that are not far off.
pub(crate) fn near(rows: &Matrix) -> Vec<usize> {
    let far = far_off(rows, f64::abs);
    (0..far.len()).filter(|row| !far[*row]).collect()
}

/// The rows with a feature far above its median.
pub(crate) fn far_above(rows: &Matrix) -> Vec<usize> {
    let far = far_off(rows, std::convert::identity);
    (0..far.len()).filter(|row| far[*row]).collect()
}

/// Whether the feature of each row that lies farthest is far off.
fn far_off(rows: &Matrix, distance: fn(f64) -> f64) -> Vec<bool> {
    let distances: Vec<f64> = rows.rows().map(|row| furthest(row, distance)).collect();
    let bound = bound(&distances);
    distances.into_iter().map(|distance| distance > bound).collect()
}

/// Which far-off rows have another one near; others are `None`.
fn in_spells(far: &[Option<Direction>]) -> Vec<bool> {
    let near = |at: usize| {
        let (first, end) = (at.saturating_sub(APART), (at + APART + 1).min(far.len()));
        far[first..end].iter().flatten().count() > 1
    };
    (0..far.len()).map(|at| far[at].is_some() && near(at)).collect()
}

/// What is beyond it is far off.
fn bound(distances: &[f64]) -> f64 {
    let (median, spread) = median_and_spread(distances, LEAST_SPREAD);
    median + FAR * spread
}

/// How far the one feature that lies farthest is from its median, in spreads: an attack may touch a single one.
fn furthest(row: &[f32], distance: fn(f64) -> f64) -> f64 {
    let values = row.iter().filter(|value| !value.is_nan());
    values.map(|value| distance(f64::from(*value))).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::Matrix;

    use super::foreign;
    use crate::random::Random;

    /// How many rows are foreign in runs of 100, where so many rows in a row, or one in ten of so many, are far off.
    fn count(far: [usize; 4], in_a_row: bool) -> [usize; 4] {
        let mut random = Random::new(5);
        let runs = far.map(|far| {
            let mut run = Matrix::new(10);
            for at in 0..100 {
                let is_far = if in_a_row { at < far } else { at % 10 == 0 && at / 10 < far };
                let row: Vec<f32> = random.normals(10).into_iter().map(|v| if is_far { v + 9.0 } else { v }).collect();
                run.push(&row);
            }
            run
        });
        let rare = vec![vec![false; 100]; 4];
        let counts: Vec<usize> =
            foreign(&runs, &rare).iter().map(|run| run.iter().filter(|far| **far).count()).collect();
        counts.try_into().unwrap()
    }

    #[test]
    fn far_off_windows_of_one_run_are_foreign() {
        for in_a_row in [true, false] {
            assert_eq!(count([0, 0, 9, 0], in_a_row), [0, 0, 9, 0]);
            assert_eq!(count([0; 4], in_a_row), [0; 4]);
        }
    }

    #[test]
    fn what_half_of_the_runs_have_is_a_habit() {
        assert_eq!(count([3, 0, 3, 0], true), [0; 4]);
        assert_eq!(count([3, 0, 3, 3], false), [0; 4]);
    }

    #[test]
    fn what_lasts_is_foreign_where_other_habits_last_too_however_many_these_are() {
        let row = |feature: usize| (0..10).map(|at| if at == feature { 9.0 } else { 0.0 }).collect::<Vec<f32>>();
        for habits in [2, 20] {
            let runs: Vec<Matrix> = (0..4)
                .map(|run| {
                    let mut rows = Matrix::new(10);
                    for at in 0..100 {
                        let habit = if at < habits { row(0) } else { vec![0.0; 10] };
                        rows.push(&if run == 2 && (50..53).contains(&at) { row(1) } else { habit });
                    }
                    rows
                })
                .collect();
            let rare = vec![vec![false; 100]; 4];
            let foreign: Vec<usize> =
                foreign(&runs, &rare).iter().map(|run| run.iter().filter(|far| **far).count()).collect();
            assert_eq!(foreign, [0, 0, 3, 0], "beside {habits}");
        }
    }

    #[test]
    fn what_lasts_like_a_habit_and_has_names_that_few_runs_have_is_foreign_with_all_of_its_windows() {
        // Rows 50, 51 and 54 of the third run are as the habit is; 48 to 53 have a name of their own.
        let row = |is_far: bool| if is_far { vec![9.0; 10] } else { vec![0.0; 10] };
        let mut rare = vec![vec![false; 100]; 4];
        let runs: Vec<Matrix> = (0..4)
            .map(|run| {
                let mut rows = Matrix::new(10);
                (0..100).for_each(|at| rows.push(&row(at < 2 || run == 2 && [50, 51, 54].contains(&at))));
                rows
            })
            .collect();
        assert_eq!(foreign(&runs, &rare).concat(), [false; 400]);
        rare[2][48..54].fill(true);
        let got = foreign(&runs, &rare);
        let at: Vec<usize> = (0..100).filter(|at| got[2][*at]).collect();
        assert_eq!(at, [48, 49, 50, 51, 52, 53]);
        assert_eq!(got.iter().flatten().filter(|foreign| **foreign).count(), at.len());
    }

    #[test]
    fn more_than_the_contamination_that_is_borne_is_a_part_of_the_pattern() {
        assert_eq!(count([0, 31, 0, 0], true), [0; 4]);
        assert_eq!(count([9; 4], false), [0; 4]);
    }
}
