//! Fitting one network: minibatches, warm-up, early stopping, and variances that hold for windows held out.

use vaectl_scorer::model::{Ensemble, Feature, Fit, Matrix, Model, Network, clipped};

use crate::autoencoder::{Autoencoder, Batch};
use crate::columns::variance_bounds;
use crate::config::Config;
use crate::random::Random;

/// Steps that a fit takes by default, before the bounds on its epochs.
const STEPS: usize = 2000;
const EPOCHS: (usize, usize) = (30, 400);
const RATE: f32 = 2e-3;
/// How often the held-out windows are looked at, and how many looks without a gain end the fit.
const LOOKS: usize = 30;
const PATIENCE: usize = 8;

/// Fits a network to `training`, keeping the weights that do best on `validation`; says after each look how far it is.
///
/// It starts from the weights of a predecessor where there is one.
pub(crate) fn fit(
    (config, predecessor): (&Config, Option<&Model>),
    features: &[Feature],
    (training, validation): (&Matrix, &Matrix),
    seed: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> (Network, Fit) {
    let mut random = Random::new(seed);
    let width = features.len();
    let (hidden, latents) = (width.next_multiple_of(8).clamp(16, 64), (width / 2).clamp(1, 8));
    let fixed = config.without.learned_variance;
    let bounds: Vec<_> = features.iter().map(|f| if fixed { (0.0, 0.0) } else { variance_bounds(f) }).collect();
    let ceilings: Vec<f32> = features.iter().map(Feature::ceiling).collect();
    let mut autoencoder = Autoencoder::new(hidden, latents, (bounds.clone(), ceilings.clone()), &mut random);
    if let Some(predecessor) = predecessor {
        let theirs = &predecessor.card().features;
        let same = |own: &Feature| theirs.iter().position(|f| (&f.name, f.view) == (&own.name, own.view));
        let columns: Vec<Option<usize>> = features.iter().map(same).collect();
        let networks = &predecessor.ensemble().networks;
        autoencoder.start_from(&networks[seed as usize % networks.len()], &columns);
    }
    let draws = noise(seed, 4, latents);

    let batch = if training.len() < 1024 { 32 } else { 128 };
    let steps = training.len().div_ceil(batch);
    let epochs = config.epochs.unwrap_or_else(|| STEPS.div_ceil(steps).clamp(EPOCHS.0, EPOCHS.1));
    let warm_up = epochs.div_ceil(3);
    let look = epochs.div_ceil(LOOKS);
    let mut order: Vec<usize> = (0..training.len()).collect();
    let (mut best, mut waited) = (None::<(f64, usize, Network)>, 0);
    for epoch in 1..=epochs {
        random.shuffle(&mut order);
        let beta = config.beta * (epoch as f32 / warm_up as f32).min(1.0);
        let rate = RATE * (1.0 - 0.9 * (epoch - 1) as f32 / epochs as f32);
        for rows in order.chunks(batch) {
            let noise = random.normals(rows.len() * latents);
            autoencoder.step(self::batch(&training.select(rows), &ceilings), noise, beta, rate);
        }
        // Before the warm-up is over the bound is not yet the one that is scored with.
        if (epoch < warm_up || epoch % look != 0) && epoch != epochs {
            continue;
        }
        progress(epoch, epochs);
        let network = autoencoder.network();
        let loss = mean_bound(&network, validation, &draws);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            (best, waited) = (Some((loss, epoch, network)), 0);
        } else {
            waited += 1;
            if waited == PATIENCE {
                break;
            }
        }
    }
    let (_, epochs, mut network) = best.unwrap_or_else(|| (f64::INFINITY, epochs, autoencoder.network()));
    widen(&mut network, validation, &bounds);
    let fit = Fit {
        seed,
        epochs,
        train_loss: mean_bound(&network, training, &draws),
        validation_loss: mean_bound(&network, validation, &draws),
        active_units: active_units(&network, training),
    };
    (network, fit)
}

/// Standard normal rows that depend on the seed alone.
pub(crate) fn noise(seed: u64, draws: usize, latents: usize) -> Matrix {
    // Apart from the stream that the weights are drawn from.
    let mut random = Random::new(seed ^ 0x6472_6177);
    Matrix::from_values(latents, random.normals(draws * latents))
}

fn batch(rows: &Matrix, ceilings: &[f32]) -> Batch {
    let values = rows.values();
    Batch {
        inputs: rows.rows().flat_map(|row| clipped(row, ceilings)).collect(),
        targets: values.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect(),
        present: values.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect(),
        rows: rows.len(),
    }
}

fn mean_bound(network: &Network, rows: &Matrix, draws: &Matrix) -> f64 {
    let ensemble = Ensemble { networks: vec![network.clone()], draws: draws.clone(), latent: true };
    let sum: f64 = ensemble.bounds(rows).iter().map(|b| b.reconstruction + b.latent).sum();
    sum / rows.len() as f64
}

/// Raises each variance to the mean squared error of windows held out: a new run is further off than a known one.
fn widen(network: &mut Network, rows: &Matrix, bounds: &[(f32, f32)]) {
    let mut sums = vec![(0.0_f32, 0_usize); network.inputs()];
    for (row, means) in rows.rows().zip(network.reconstructions(rows).rows()) {
        for ((sum, value), mean) in sums.iter_mut().zip(row).zip(means) {
            if !value.is_nan() {
                *sum = (sum.0 + (value - mean).powi(2), sum.1 + 1);
            }
        }
    }
    for ((log_variance, (sum, count)), (_, high)) in network.log_variance.iter_mut().zip(sums).zip(bounds) {
        if count > 0 {
            *log_variance = log_variance.max((sum / count as f32).max(f32::MIN_POSITIVE).ln()).min(*high);
        }
    }
}

/// Latents whose posterior mean has a variance above 0.01: Burda et al., arXiv 1509.00519.
fn active_units(network: &Network, rows: &Matrix) -> usize {
    let posteriors = network.posteriors(rows);
    let active = |latent: &usize| {
        let values = || posteriors.rows().map(|posterior| posterior[*latent]);
        let mean = values().sum::<f32>() / rows.len() as f32;
        values().map(|v| (v - mean).powi(2)).sum::<f32>() / rows.len() as f32 > 0.01
    };
    (0..network.latents()).filter(active).count()
}
