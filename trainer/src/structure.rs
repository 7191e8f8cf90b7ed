//! Whether a model has learned more than a distance from the mean.
//!
//! A variational autoencoder whose posterior collapsed looks like one and ranks windows exactly as their distance from
//! the mean does: Lucas et al., "Don't blame the ELBO!", 2019.

use vaectl_scorer::model::{CLIP, Matrix, Structure};

use crate::trim;

/// A first principal component with more of the variance than this is structure that a latent should have found.
const STRUCTURE: f64 = 0.3;

/// What the first component has beyond the column with the most variance: less is that column, and nothing that columns share.
const SHARED: f64 = 0.05;

/// A score that ranks windows as the distance from the mean does by more than this is that distance.
const SAME_RANKS: f64 = 0.98;

const ITERATIONS: usize = 50;

/// Measures calibration rows and their scores; `active_units` is the least of all networks.
///
/// Windows that are far off have no part in the components: a job now and then in a container at rest is a direction by
/// itself, in which nothing is to be learned of the windows between.
pub(crate) fn measure(rows: &Matrix, scores: &[f64], active_units: usize) -> Structure {
    let (all, near) = (centred(rows), centred(&rows.select(&trim::near(rows))));
    Structure {
        first_component: first_component(&near, rows.width()),
        first_column: first_column(&near, rows.width()),
        active_units,
        distance_correlation: rank_correlation(scores, &distances(&all, rows.width())),
    }
}

/// What is wrong with a model of this structure, if anything.
pub(crate) fn collapse(structure: &Structure) -> Option<String> {
    let Structure { first_component, active_units, distance_correlation, .. } = *structure;
    let found = if active_units == 0 {
        "no latent unit of a network is active".to_owned()
    } else if distance_correlation > SAME_RANKS {
        format!("the score ranks windows as their distance from the mean does (correlation {distance_correlation:.3})")
    } else {
        return None;
    };
    is_structured(structure).then(|| {
        format!(
            "collapsed: {found}, while one direction has {:.0} % of the variance of the calibration windows; \
             train with more windows, another --beta or other --seeds, or keep it with --allow-collapsed",
            100.0 * first_component
        )
    })
}

/// Whether the data has something that a latent should have found: columns that move together.
fn is_structured(structure: &Structure) -> bool {
    let Structure { first_component, first_column, .. } = *structure;
    first_component > STRUCTURE && first_component - first_column > SHARED
}

/// What the card says of it.
pub(crate) fn note(structure: &Structure) -> Option<String> {
    let share = 100.0 * structure.first_component;
    (!is_structured(structure)).then(|| {
        if structure.first_component > STRUCTURE {
            format!("no latent structure: one feature alone makes most of the {share:.0} % that one direction has")
        } else {
            format!("no latent structure: no direction has more than {share:.0} % of the variance")
        }
    })
}

/// Rows less their means, absent values at it, clipped as what an encoder sees is at the latest.
fn centred(rows: &Matrix) -> Vec<f64> {
    let value = |v: f32| f64::from(v.clamp(-CLIP, CLIP));
    let mut means = vec![(0.0, 0.0); rows.width()];
    for row in rows.rows() {
        for (mean, v) in means.iter_mut().zip(row).filter(|(_, v)| !v.is_nan()) {
            *mean = (mean.0 + value(*v), mean.1 + 1.0);
        }
    }
    let less = |(v, (sum, count)): (&f32, &(f64, f64))| if v.is_nan() { 0.0 } else { value(*v) - sum / count };
    rows.rows().flat_map(|row| row.iter().zip(&means).map(less)).collect()
}

/// The share of the variance along its first principal component, by power iteration.
fn first_component(centred: &[f64], width: usize) -> f64 {
    let all: f64 = centred.iter().map(|v| v * v).sum();
    if all <= 0.0 {
        return 0.0;
    }
    // Any start that is not at right angles to the component will do.
    let mut direction: Vec<f64> = (0..width).map(|at| 1.0 + at as f64 / width as f64).collect();
    let mut along = 0.0;
    for _ in 0..ITERATIONS {
        let length = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        for v in &mut direction {
            *v /= length.max(f64::MIN_POSITIVE);
        }
        let mut next = vec![0.0; width];
        along = 0.0;
        for row in centred.chunks_exact(width) {
            let projection: f64 = row.iter().zip(&direction).map(|(v, d)| v * d).sum();
            along += projection * projection;
            next.iter_mut().zip(row).for_each(|(n, v)| *n += projection * v);
        }
        direction = next;
    }
    along / all
}

/// The share of the variance that the column with the most of it has.
fn first_column(centred: &[f64], width: usize) -> f64 {
    let sum = |column: usize| centred.iter().skip(column).step_by(width).map(|v| v * v).sum::<f64>();
    let sums: Vec<f64> = (0..width).map(sum).collect();
    let all = sums.iter().sum::<f64>();
    if all > 0.0 { sums.into_iter().fold(0.0, f64::max) / all } else { 0.0 }
}

/// Squared distance of each row from the mean, each column by its own variance.
fn distances(centred: &[f64], width: usize) -> Vec<f64> {
    let mut variances = vec![0.0; width];
    for row in centred.chunks_exact(width) {
        variances.iter_mut().zip(row).for_each(|(variance, v)| *variance += v * v);
    }
    let rows = (centred.len() / width.max(1)).max(1) as f64;
    // A constant column has no variance, and no distance either.
    let part = |(v, sum): (&f64, &f64)| if *sum > 0.0 { v * v * rows / sum } else { 0.0 };
    centred.chunks_exact(width).map(|row| row.iter().zip(&variances).map(part).sum()).collect()
}

/// Spearman's rank correlation; ties share their mean rank.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let spread = (product(&a, &a) * product(&b, &b)).sqrt();
    if spread > 0.0 { product(&a, &b) / spread } else { 0.0 }
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for ties in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        for &at in ties {
            ranks[at] = first as f64 + (ties.len() - 1) as f64 / 2.0;
        }
        first += ties.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use vaectl_scorer::model::{Matrix, Structure};

    use super::{collapse, measure, note, rank_correlation};
    use crate::random::Random;

    const STRUCTURED: Structure =
        Structure { first_component: 0.6, first_column: 0.1, active_units: 3, distance_correlation: 0.7 };

    #[test]
    fn ranks_are_compared_and_ties_share_one() {
        assert!((rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[10.0, 200.0, 201.0, 1e9]) - 1.0).abs() < 1e-12);
        assert!((rank_correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        // Ranks 0.5 0.5 2 3 against 0 1 2 3: 4.5 / sqrt(4.5 * 5).
        assert!((rank_correlation(&[1.0, 1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]) - 0.948_683).abs() < 1e-6);
    }

    #[test]
    fn one_cause_of_all_columns_is_structure_and_noise_is_none() {
        let mut random = Random::new(3);
        let (mut caused, mut noise) = (Matrix::new(10), Matrix::new(10));
        for _ in 0..500 {
            let cause = random.normal();
            let row: Vec<f32> = random.normals(10).into_iter().map(|n| cause + 0.3 * n).collect();
            caused.push(&row);
            noise.push(&random.normals(10));
        }
        let zeros = vec![0.0; 500];
        assert!(measure(&caused, &zeros, 1).first_component > 0.8);
        let structure = measure(&noise, &zeros, 1);
        assert!(structure.first_component < 0.2, "{structure:?}");
        assert!(note(&structure).is_some() && collapse(&Structure { active_units: 0, ..structure }).is_none());
    }

    #[test]
    fn a_job_now_and_then_in_a_container_at_rest_is_no_structure() {
        let mut random = Random::new(8);
        let mut rows = Matrix::new(10);
        for at in 0..300 {
            let job = if at % 10 == 0 { 30.0 } else { 0.0 };
            let row: Vec<f32> = random.normals(10).into_iter().map(|noise| job + noise).collect();
            rows.push(&row);
        }
        let structure = measure(&rows, &vec![0.0; 300], 0);
        assert!(structure.first_component < 0.2, "{structure:?}");
        assert_eq!(collapse(&structure), None);
    }

    #[test]
    fn one_column_that_varies_alone_is_no_structure() {
        let mut random = Random::new(6);
        let mut rows = Matrix::new(5);
        for value in random.normals(300) {
            rows.push(&[0.0, value, 0.0, 0.1, 0.0]);
        }
        let structure = measure(&rows, &vec![0.0; 300], 0);
        assert!(structure.first_component > 0.99 && structure.first_column > 0.99, "{structure:?}");
        assert_eq!(collapse(&structure), None);
        assert!(note(&structure).unwrap().contains("one feature alone"));
    }

    #[test]
    fn a_score_that_is_the_distance_from_the_mean_is_found_out() {
        let mut random = Random::new(4);
        let rows = Matrix::from_values(4, random.normals(800));
        // All columns have about the same variance.
        let distance: Vec<f64> = rows.rows().map(|row| row.iter().map(|v| f64::from(v * v)).sum()).collect();
        assert!(measure(&rows, &distance, 4).distance_correlation > 0.99);
    }

    #[test]
    fn a_collapsed_model_is_refused_where_there_is_something_to_learn() {
        assert_eq!(collapse(&STRUCTURED), None);
        let dead = collapse(&Structure { active_units: 0, ..STRUCTURED }).unwrap();
        assert!(
            dead.contains("no latent unit") && dead.contains("60 %") && dead.contains("--allow-collapsed"),
            "{dead}"
        );
        let same = collapse(&Structure { distance_correlation: 0.99, ..STRUCTURED }).unwrap();
        assert!(same.contains("distance from the mean"), "{same}");
    }
}
