//! From lines to model files.

use std::collections::BTreeSet;
use std::io::BufRead;

use vaectl_schemas::Window;
use vaectl_scorer::model::{Calibration, Card, Content, Ensemble, FORMAT, Featuriser, Matrix, Seen, excess, quantile};

use crate::baseline::Baseline;
use crate::columns::{self, Columns};
use crate::config::Config;
use crate::disturbance::{disturb, figures};
use crate::error::TrainError;
use crate::fit::{fit, noise};
use crate::intake::{Group, Intake, Run};
use crate::random::Random;
use crate::report::{KeyReport, Outcome, Report, Trained};
use crate::split::Split;

/// How far a training run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many inputs of all have been read.
    Read {
        /// Read.
        inputs: usize,
    },
    /// A network is being fitted.
    Fit {
        /// What a person calls the model.
        name: String,
        /// The seed.
        seed: u64,
        /// Passes made.
        epoch: usize,
        /// Passes at most.
        epochs: usize,
    },
}

/// Reads windows and writes a model for every key that has enough of them.
///
/// Everything that is left out is in the report. The same lines and seeds give the same files to the last byte.
pub fn train<R: BufRead>(
    config: &Config,
    inputs: impl IntoIterator<Item = R>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, TrainError> {
    config.check()?;
    let mut intake = Intake::default();
    for (index, input) in inputs.into_iter().enumerate() {
        intake.read(input, config.max_line_bytes)?;
        progress(Progress::Read { inputs: index + 1 });
    }
    let lines = intake.lines;
    let (groups, left_out) = intake.groups();
    let mut report = Report { lines, left_out, keys: Vec::new() };
    for (key, group) in &groups {
        let outcome = match Split::of(group) {
            Err(why) => Outcome::Skipped(why),
            Ok(split) => Outcome::Trained(Box::new(model(config, key, group, &split, progress)?)),
        };
        report.keys.push(KeyReport {
            key: key.clone(),
            name: group.name.clone(),
            runs: group.runs.len(),
            windows: group.runs.values().map(Vec::len).sum(),
            left_out: group.left_out.clone(),
            outcome,
        });
    }
    Ok(report)
}

fn model(
    config: &Config,
    key: &str,
    group: &Group,
    split: &Split<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Trained, TrainError> {
    let training: Vec<&Window<'static>> = split.training.iter().copied().flatten().collect();
    let calibration: Vec<&Window<'static>> = split.calibration.iter().copied().flatten().collect();
    let mut seen = Seen::default();
    for window in &training {
        seen.learn(window);
    }
    let Columns { features, mut notes } = columns::learn(&training, &seen);
    let featuriser = Featuriser::new(features.clone(), &seen);
    let rows = |windows: &[&Window<'static>]| featuriser.rows(windows.iter().copied());
    let (taught, held_out) = hold_out(&split.training);
    let (taught, held_out, all) = (rows(&taught), rows(&held_out), rows(&training));

    let mut fits = Vec::new();
    let mut networks = Vec::new();
    for &seed in &config.seeds {
        let mut said = |epoch, epochs| progress(Progress::Fit { name: group.name.clone(), seed, epoch, epochs });
        let (network, fit) = fit(config, &features, (&taught, &held_out), seed, &mut said);
        networks.push(network);
        fits.push(fit);
    }
    let draws = noise(config.seeds[0], config.draws, networks[0].latents());
    let ensemble = Ensemble { networks, draws };

    let calibrated = rows(&calibration);
    let usual = usual_costs(&ensemble, &calibrated);
    let scored = |rows: &Matrix| -> Vec<f64> {
        let bounds = ensemble.bounds(rows);
        bounds.into_iter().zip(rows.rows()).map(|(bound, row)| excess(bound, row, &usual)).collect()
    };
    let excesses = scored(&calibrated);
    let latents: Vec<f64> = ensemble.bounds(&calibrated).iter().map(|bound| bound.latent).collect();
    let centre = quantile(&excesses, 0.5);
    // A run of one window is as far from the others as windows are: its spread has that in it already.
    let longer = split.training.iter().chain(&split.calibration).filter(|run| run.len() > 1);
    let medians = longer.map(|run| {
        let run: Vec<&Window<'static>> = run.iter().collect();
        (quantile(&scored(&rows(&run)), 0.5) - centre).abs()
    });
    let between_runs = medians.fold(0.0, f64::max);
    let (scale, sorted) = Calibration::fit(&excesses, split.calibration.len(), &latents, between_runs);

    let mut random = Random::new(config.seeds[0]);
    let disturbed: Vec<Window<'static>> = calibration.iter().map(|window| disturb(window, &mut random)).collect();
    let disturbed = rows(&disturbed.iter().collect::<Vec<_>>());
    let validation = figures(&excesses, &scored(&disturbed));
    let baseline = Baseline::fit(&all).and_then(|b| Some(figures(&b.scores(&calibrated)?, &b.scores(&disturbed)?)));
    if baseline.is_none() {
        notes.push("the baseline could not be fitted".into());
    }
    if let Some(fit) = fits.iter().find(|fit| fit.active_units == 0) {
        notes.push(format!("no latent unit is active under seed {}: the score is a distance from the mean", fit.seed));
    }
    notes.push(new_names(&mut seen, &calibration));
    if group.is_of_parts() {
        notes.push("its containers live shorter than a window: parts of windows were learned".into());
    }

    let span = |of: fn(&Window<'static>) -> vaectl_schemas::Timestamp| training.iter().copied().map(of);
    let content = Content {
        card: Card {
            format: FORMAT,
            tool: format!("vaectl {}", env!("CARGO_PKG_VERSION")),
            key: key.to_owned(),
            keys: group.keys.clone(),
            name: group.name.clone(),
            grade: split.grade,
            span: [span(|w| w.timestamp).min().unwrap_or_default(), span(|w| w.timestamp).max().unwrap_or_default()],
            parts: group.is_of_parts(),
            nominal_ns: training.first().map_or(0, |window| window.vaectl.window.nominal_ns),
            runs: split.training.len(),
            windows: training.len(),
            features,
            seen,
            fits,
            calibration: scale,
            validation,
            baseline: baseline.unwrap_or_default(),
            notes,
            tensors: String::new(),
        },
        ensemble,
        usual,
        scores: sorted,
    };
    let path = content.save(&config.models)?;
    let Card { grade, features, fits, calibration, validation, baseline, notes, .. } = content.card;
    Ok(Trained { path, grade, features: features.len(), fits, calibration, validation, baseline, notes })
}

/// Windows to fit to, and windows to stop by: a fifth of four runs or more, at least one, else the last fifth of each.
fn hold_out<'a>(runs: &[&'a Run]) -> (Vec<&'a Window<'static>>, Vec<&'a Window<'static>>) {
    if runs.len() >= 4 {
        let (taught, held_out) = runs.split_at(runs.len() - (runs.len() / 5).max(1));
        return (taught.iter().copied().flatten().collect(), held_out.iter().copied().flatten().collect());
    }
    let (mut taught, mut held_out) = (Vec::new(), Vec::new());
    for run in runs {
        let (first, last) = run.split_at(run.len() - run.len().div_ceil(5));
        taught.extend(first);
        held_out.extend(last);
    }
    if taught.is_empty() {
        taught.clone_from(&held_out);
    }
    (taught, held_out)
}

/// Median cost of each feature over the calibration windows that have it.
fn usual_costs(ensemble: &Ensemble, rows: &Matrix) -> Vec<f64> {
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(rows.len()); rows.width()];
    for row in rows.rows() {
        for ((column, cost), value) in columns.iter_mut().zip(ensemble.feature_costs(row)).zip(row) {
            if !value.is_nan() {
                column.push(cost);
            }
        }
    }
    columns.iter().map(|costs| quantile(costs, 0.5)).collect()
}

/// Says how many calibration windows had a name that training had not, and then takes those names in.
fn new_names(seen: &mut Seen, windows: &[&Window<'static>]) -> String {
    let known: BTreeSet<&str> = seen.counters.iter().map(String::as_str).collect();
    let new = |window: &&&Window<'static>| {
        window.counters.iter().any(|(name, count)| count > 0.0 && !known.contains(name))
            || window.execs.keys().any(|path| !seen.execs.contains(path))
    };
    let count = windows.iter().filter(new).count();
    for window in windows {
        seen.learn(window);
    }
    format!("{count} of {} calibration windows had a name that training had not", windows.len())
}
