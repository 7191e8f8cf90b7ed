//! `bench/run score`: how many windows a second one core judges, from bytes in to bytes out.
//!
//! The models are trained for a few passes only: what a judgement costs depends on the shape of the networks, not on
//! how well they learned. Their calibration is of windows like the judged ones, so that nearly all are within the
//! pattern, as in service.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use vaectl_schemas::LineReader;
use vaectl_scorer::{Config, Scorer};
use vaectl_trainer::{Outcome, train};

use crate::Workspace;
use crate::measure::Spread;
use crate::synthetic::Service;

const WINDOWS: usize = 50_000;
const LEARNED: usize = 2_000;
const EPOCHS: usize = 6;
const ROUNDS: usize = 5;
const SERVICE: Service = Service { replicas: 50, calls: 70 };
const TARGET: f64 = 10_000.0;
const TARGET_ONE_SEED: f64 = 20_000.0;

/// Runs the bench; fails below 10,000 windows a second with all seeds and draws, and below 20,000 with one of each.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut random = StdRng::seed_from_u64(1);
    let (learned, input) = (SERVICE.lines(LEARNED, &mut random)?, SERVICE.lines(WINDOWS, &mut random)?);
    println!(
        "{WINDOWS} windows of {} counters from {} containers, {:.0} MB",
        SERVICE.counters(),
        SERVICE.replicas,
        input.len() as f64 / 1e6,
    );
    let (one_seed, _) = measured(&learned, &input, |config| (config.seeds, config.draws) = (vec![1], 1))?;
    let (all, features) = measured(&learned, &input, |_| {})?;
    println!(
        "bench score: windows_per_s={:.0} windows_per_s_one_seed={:.0} windows={WINDOWS} features={features}",
        all.median, one_seed.median,
    );
    let reached = all.median >= TARGET && one_seed.median >= TARGET_ONE_SEED;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Windows a second under a model with these settings, and its features.
fn measured(
    learned: &[u8],
    input: &[u8],
    change: fn(&mut vaectl_trainer::Config),
) -> Result<(Spread, usize), Box<dyn Error>> {
    let folder = Workspace::new("bench-score")?;
    let mut config = vaectl_trainer::Config {
        epochs: Some(EPOCHS),
        allow_collapsed: true,
        ..vaectl_trainer::Config::new(folder.path())
    };
    change(&mut config);
    let report = train(&config, [learned], &mut |_| {})?;
    let Some(Outcome::Trained(model)) = report.keys.first().map(|key| &key.outcome) else {
        return Err("no model was trained".into());
    };
    println!("{} features, {} seeds, {} draws", model.features, config.seeds.len(), config.draws);
    let mut rates = Vec::new();
    for round in 1..=ROUNDS {
        let (rate, scored, alerts) = round_of(folder.path(), input)?;
        println!("round {round}: {rate:.0} windows a second, {scored} scored, {alerts} of them out of pattern");
        if scored != WINDOWS {
            return Err(format!("{WINDOWS} windows gave {scored} verdicts with a score").into());
        }
        rates.push(rate);
    }
    let spread = Spread::of(&rates);
    println!("windows a second: median {:.0}, from {:.0} to {:.0}", spread.median, spread.min, spread.max);
    Ok((spread, model.features))
}

/// Scores all lines once: windows a second, verdicts with a score, and how many of these are alerts.
fn round_of(models: &Path, input: &[u8]) -> Result<(f64, usize, usize), Box<dyn Error>> {
    let (mut scorer, errors) = Scorer::new(Config::new(models));
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    let mut reader = LineReader::new(input, vaectl_schemas::DEFAULT_MAX_LINE_BYTES);
    let mut out = Vec::with_capacity(1 << 28);
    let began = Instant::now();
    while let Some(line) = reader.next_line()? {
        scorer.line(&line, &mut out)?;
    }
    scorer.finish("eof", &mut out)?;
    let seconds = began.elapsed().as_secs_f64();
    let has = |line: &[u8], part: &[u8]| line.windows(part.len()).any(|p| p == part);
    let verdicts = out.split(|b| *b == b'\n').filter(|line| line.starts_with(br#"{"type":"verdict""#));
    let judged: Vec<&[u8]> = verdicts.filter(|line| has(line, br#","score":"#)).collect();
    let alerts = judged.iter().filter(|line| has(line, br#""kind":"alert""#)).count();
    Ok((WINDOWS as f64 / seconds, judged.len(), alerts))
}
