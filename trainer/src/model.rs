//! One model: from the runs of a key to the content of its file.

use vaectl_schemas::{Timestamp, Window};
use vaectl_scorer::model::{
    Calibration, Card, Content, Ensemble, Expected, FORMAT, Featuriser, Matrix, Model, Newcomers, Seen, quantile,
};

use crate::baseline::Baseline;
use crate::columns::{self, Columns};
use crate::disturbance::{disturb, figures};
use crate::fit::{fit, noise};
use crate::intake::{Group, Run};
use crate::plausible::plausible;
use crate::random::Random;
use crate::rare::rare;
use crate::split::Split;
use crate::structure;
use crate::trim::foreign;
use crate::views::{Start, Teaching, choose};

type Windows<'a> = Vec<&'a Window<'static>>;

/// Fits, calibrates and measures a model; says after each look of a fit which seed it is of and how far.
///
/// A predecessor lends its weights to begin with, and nothing of its calibration.
pub(crate) fn model(
    start: Start<'_>,
    key: &str,
    group: &Group,
    split: &Split<'_>,
    progress: &mut dyn FnMut(u64, usize, usize),
) -> Content {
    let besides = group.seen_besides();
    let mut seen = besides.clone();
    split.training.iter().copied().flatten().for_each(|window| seen.learn(window));
    let (mut training, mut calibration) = (windows_of(&split.training), windows_of(&split.calibration));
    let trimmed = leave_out(&mut training, &mut calibration, (&seen, &besides));
    // What windows that do not belong here brought is new when it comes again.
    seen.clone_from(&besides);
    training.iter().flatten().for_each(|window| seen.learn(window));
    let (mut taught, mut held_out) = hold_out(&training);
    let (all_training, calibrating) = (training.concat(), calibration);
    let calibration = calibrating.concat();
    // Before anything is calibrated: what these windows brought is nothing new to the model when it scores, and must not be
    // while it is calibrated.
    let new_names = new_names(&mut seen, &calibration);
    let Columns { features, mut notes } = columns::learn(&all_training, &seen);
    notes.extend(trimmed);
    let (config, predecessor) = start;
    let first = config.seeds[0];
    let featuriser = Featuriser::new(features.clone(), &seen);
    let [more_taught, more_held_out] = [&taught, &held_out].map(|windows| plausible(windows, &featuriser, first));
    taught.extend(&more_taught);
    held_out.extend(&more_held_out);
    let teaching = Teaching { taught: &taught, held_out: &held_out };
    let chosen = choose(start, &features, &seen, teaching, &mut |epoch, epochs| progress(first, epoch, epochs));
    let featuriser = Featuriser::new(chosen.features, &seen);
    let rows = |windows: &[&Window<'static>]| featuriser.rows(windows.iter().copied());
    let (taught, held_out) = (rows(&taught), rows(&held_out));
    let (mut fits, mut networks) = (vec![chosen.fit], vec![chosen.network]);
    for &seed in &config.seeds[1..] {
        let mut said = |epoch, epochs| progress(seed, epoch, epochs);
        let (network, fit) = fit(start, featuriser.features(), (&taught, &held_out), seed, &mut said);
        networks.push(network);
        fits.push(fit);
    }
    let draws = noise(first, config.draws, networks[0].latents());
    let ensemble = Ensemble { networks, draws, latent: !config.without.latent };

    let calibrated = rows(&calibration);
    let usual = ensemble.usual_costs(&calibrated);
    let of_run = |run: &Windows<'_>| ensemble.excesses(&rows(run), &usual);
    let runs: Vec<Vec<f64>> = calibrating.iter().map(of_run).collect();
    let latents: Vec<f64> = ensemble.bounds(&calibrated).iter().map(|bound| bound.latent).collect();
    // A run of one window is as far from the others as windows are: its spread has that in it already.
    let longer = training.iter().map(of_run).chain(runs.iter().cloned()).filter(|run| run.len() > 1);
    let medians: Vec<f64> = longer.map(|run| quantile(&run, 0.5)).collect();
    let nominal_ns = all_training.first().map_or(0, |window| window.vaectl.window.nominal_ns);
    let (scale, scores) = Calibration::fit(&runs, &latents, &medians, nominal_ns);

    let active = fits.iter().map(|fit| fit.active_units).min().unwrap_or_default();
    let structure = structure::measure(&calibrated, &runs.concat(), active);
    notes.extend(structure::note(&structure));
    let mut random = Random::new(first);
    let disturbed: Vec<Window<'static>> = calibration.iter().map(|window| disturb(window, &mut random)).collect();
    let disturbed = rows(&disturbed.iter().collect::<Vec<_>>());
    let validation = figures(&runs.concat(), &ensemble.excesses(&disturbed, &usual));
    let baseline = Baseline::fit(&rows(&all_training))
        .and_then(|baseline| Some(figures(&baseline.scores(&calibrated)?, &baseline.scores(&disturbed)?)));
    if baseline.is_none() {
        notes.push("the baseline could not be fitted".into());
    }
    notes.push(new_names);
    if group.is_of_parts() {
        notes.push("its containers live shorter than a window: parts of windows were learned".into());
    }
    notes.push(promise(&scale));
    let same_widths = |model: &&Model| model.ensemble().networks[0].widths() == ensemble.networks[0].widths();
    let predecessor = predecessor.filter(same_widths);
    notes.extend(predecessor.map(|model| format!("its weights began as those of {} ({})", model.name(), model.hash())));
    if training.len() + calibrating.len() < 3 {
        notes.push("of two runs nobody can tell what one of them should not have done: both are taken as usual".into());
    }
    let all = [all_training.as_slice(), calibration.as_slice()].concat();
    let runs: Vec<Vec<&Window<'_>>> =
        training.iter().chain(&calibrating).map(|run| run.iter().map(|window| &**window).collect()).collect();
    let newcomers = Newcomers::of(&runs.iter().map(Vec::as_slice).collect::<Vec<_>>(), nominal_ns);
    notes.extend(habits(&newcomers));

    let times = || all.iter().map(|window| window.timestamp);
    let card = Card {
        format: FORMAT,
        tool: format!("vaectl {}", env!("CARGO_PKG_VERSION")),
        key: key.to_owned(),
        keys: group.keys.clone(),
        name: group.name.clone(),
        grade: split.grade,
        span: [times().min().unwrap_or_default(), times().max().unwrap_or_default()] as [Timestamp; 2],
        parts: group.is_of_parts(),
        without_latent: config.without.latent,
        nominal_ns,
        runs: training.len(),
        windows: all_training.len(),
        views: chosen.views,
        features: featuriser.features().to_vec(),
        seen,
        newcomers,
        fits,
        structure,
        calibration: scale,
        validation,
        baseline: baseline.unwrap_or_default(),
        notes,
        tensors: String::new(),
    };
    Content { card, ensemble, usual, scores }
}

fn windows_of<'a>(runs: &[&'a Run]) -> Vec<Windows<'a>> {
    runs.iter().map(|run| run.iter().collect()).collect()
}

/// Leaves out windows that do not belong to the pattern, and says how many; `seen` are all names, and those besides.
fn leave_out<'a>(
    training: &mut [Windows<'a>],
    calibration: &mut [Windows<'a>],
    (seen, besides): (&Seen, &Seen),
) -> Option<String> {
    let Columns { features, .. } = columns::learn(&training.concat(), seen);
    let featuriser = Featuriser::new(features, seen);
    let runs: Vec<&mut Windows<'a>> = training.iter_mut().chain(calibration).collect();
    let rows: Vec<Matrix> = runs.iter().map(|run| featuriser.rows(run.iter().copied())).collect();
    let names = rare(&runs.iter().map(|run| run.as_slice()).collect::<Vec<_>>(), besides);
    let mut count = 0;
    // A run is not left without a window.
    for (run, foreign) in runs.into_iter().zip(foreign(&rows, &names)).filter(|(_, foreign)| foreign.contains(&false)) {
        let mut foreign = foreign.into_iter();
        let before = run.len();
        run.retain(|_| foreign.next() == Some(false));
        count += before - run.len();
    }
    (count > 0).then(|| format!("{count} windows are far off, and in fewer than half of the runs: left out"))
}

/// Windows to fit to, and windows to stop by: a fifth of four runs or more, at least one, else the last fifth of each.
fn hold_out<'a>(runs: &[Windows<'a>]) -> (Windows<'a>, Windows<'a>) {
    if runs.len() >= 4 {
        let (taught, held_out) = runs.split_at(runs.len() - (runs.len() / 5).max(1));
        return (taught.concat(), held_out.concat());
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

/// Says how many calibration windows had a name that training had not, and then takes those names in.
fn new_names(seen: &mut Seen, windows: &[&Window<'static>]) -> String {
    let count = windows.iter().filter(|window| !seen.has_all_of(window)).count();
    for window in windows {
        seen.learn(window);
    }
    format!("{count} of {} calibration windows had a name that training had not", windows.len())
}

/// What the calibration can claim, for a person.
fn promise(calibration: &Calibration) -> String {
    format!(
        "no p-value below {:.1e} is claimed of {} windows: at most {:.2} false episodes a container and day by their scores can be promised",
        calibration.lowest_p, calibration.windows, calibration.episodes_per_day
    )
}

/// How many new names are to be expected, kind by kind, and which of them say nothing therefore.
fn habits(newcomers: &Newcomers) -> Vec<String> {
    let Newcomers { programs, rare, others, .. } = newcomers;
    let kinds = [("programs", programs), ("rare calls", rare), ("other calls and failures", others)];
    let told = |(kind, expected): (&str, &Expected)| {
        let Expected { windows, per_day } = expected;
        let habit = if expected.is_habit() { ": one says nothing by itself" } else { "" };
        (*windows > 0)
            .then(|| format!("new {kind} are to be expected in {per_day:.0} windows a day ({windows} had some){habit}"))
    };
    kinds.into_iter().filter_map(told).collect()
}
