//! `bench/run train`: how long one core takes to train on 10,000 windows of 100 features.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use vaectl_trainer::{Config, Outcome, Trained, train};

use crate::Workspace;
use crate::measure::pin;
use crate::synthetic::Service;

const WINDOWS: usize = 10_000;
/// With the gauges, sixteen shares, the pace and the column of unseen names these make 102 features.
const SERVICE: Service = Service { replicas: 10, calls: 70 };
const LEAST_FEATURES: usize = 100;
const TARGET_S: f64 = 60.0;
const TARGET_ONE_SEED_S: f64 = 10.0;

/// Runs the bench; fails above a minute for all seeds, and above ten seconds for one.
///
/// The time is of the whole of `train`: reading lines, choosing the views, fitting the networks, calibrating, the
/// baseline, and the file.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    // Before the products' threads are started: as many as there are cores.
    pin(0, 0)?;
    let lines = SERVICE.lines(WINDOWS, &mut StdRng::seed_from_u64(1))?;
    println!("{WINDOWS} windows in {} runs, {:.0} MB", SERVICE.replicas, lines.len() as f64 / 1e6);
    let (one_seed, _) = timed(&lines, |config| config.seeds = vec![1])?;
    let (seconds, model) = timed(&lines, |_| {})?;
    let epochs: Vec<String> = model.fits.iter().map(|fit| fit.epochs.to_string()).collect();
    println!(
        "bench train: train_s={seconds:.2} train_s_one_seed={one_seed:.2} windows={WINDOWS} features={} seeds={} epochs={}",
        model.features,
        model.fits.len(),
        epochs.join(","),
    );
    let reached = seconds <= TARGET_S && one_seed <= TARGET_ONE_SEED_S && model.features >= LEAST_FEATURES;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Trains once, with the default settings but for this change: seconds, and the model's figures.
fn timed(lines: &[u8], change: fn(&mut Config)) -> Result<(f64, Trained), Box<dyn Error>> {
    let folder = Workspace::new("bench-train")?;
    let mut config = Config::new(folder.path());
    change(&mut config);
    let began = Instant::now();
    let report = train(&config, [lines], &mut |_| {})?;
    let seconds = began.elapsed().as_secs_f64();
    print!("{report}");
    match report.keys.into_iter().next().map(|key| key.outcome) {
        Some(Outcome::Trained(model)) => Ok((seconds, *model)),
        _ => Err("no model was trained".into()),
    }
}
