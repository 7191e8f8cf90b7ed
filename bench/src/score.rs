//! `bench/run score`: how many windows a second one core judges, from bytes in to bytes out.
//!
//! The network has the usual shape and seeded weights: what a judgement costs depends on the shape, not on what was
//! learned. Features and calibration are fitted to windows like the judged ones, so that nearly all are within the
//! pattern, as in service.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use vaectl_schemas::{Container, Grade, Image, ImageHash, LineReader, Timestamp, Window};
use vaectl_scorer::model::{
    CALLS, Calibration, Card, Content, Dense, Ensemble, FORMAT, Feature, Featuriser, Figures, Fit, Matrix, Network,
    Seen, View, excess, median_and_spread, quantile,
};
use vaectl_scorer::{Config, Keys, Scorer};

use crate::Workspace;
use crate::measure::Spread;

const WINDOWS: usize = 100_000;
const FITTED: usize = 2_000;
const ROUNDS: usize = 5;
const CONTAINERS: usize = 50;
const HIDDEN: usize = 64;
const LATENTS: usize = 8;
const WINDOW_NS: u64 = 5_000_000_000;
const START_NS: u64 = 1_795_492_106_000_000_000;
const TARGET: f64 = 20_000.0;
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const JOB: &str = "bench";

/// Counters of a busy service: 48 calls, some of which fail, and the other families.
fn names() -> Vec<String> {
    const OTHERS: [&str; 12] = [
        "syscall_failed.EAGAIN",
        "syscall_failed.ENOENT",
        "process.exec",
        "process.fork",
        "process.exit",
        "net.accept",
        "net.close",
        "net.tx_bytes",
        "net.rx_bytes",
        "file.open_write",
        "cpu.user_ns",
        "cpu.system_ns",
    ];
    (0..48).map(|i| format!("{CALLS}call_{i}")).chain(OTHERS.map(str::to_owned)).collect()
}

/// Runs the bench; fails below 20,000 windows a second.
pub fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    crate::no_arguments("score", args)?;
    let folder = Workspace::new("bench-score")?;
    let names = names();
    let fitted = lines(&names, FITTED, 1)?;
    let model = model(&names, &fitted)?;
    let features = model.card.features.len();
    model.save(folder.path())?;
    let input = lines(&names, WINDOWS, 2)?;
    println!(
        "{WINDOWS} windows of {} counters from {CONTAINERS} containers, {:.0} MB; {features} features, one seed, one draw",
        names.len(),
        input.len() as f64 / 1e6,
    );
    let mut rates = Vec::new();
    for round in 1..=ROUNDS {
        let (rate, scored, alerts) = round_of(folder.path(), &input)?;
        println!("round {round}: {rate:.0} windows a second, {scored} scored, {alerts} of them out of pattern");
        if scored != WINDOWS {
            return Err(format!("{WINDOWS} windows gave {scored} verdicts with a score").into());
        }
        rates.push(rate);
    }
    let Spread { min, median, max } = Spread::of(&rates);
    println!("windows a second: median {median:.0}, from {min:.0} to {max:.0}");
    println!("bench score: windows_per_s_one_seed={median:.0} windows={WINDOWS} features={features}");
    Ok(if median >= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Scores all lines once: windows a second, verdicts with a score, and how many of these are alerts.
fn round_of(models: &std::path::Path, input: &[u8]) -> Result<(f64, usize, usize), Box<dyn Error>> {
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

fn container(index: usize) -> Container<'static> {
    Container {
        id: Some(format!("{index:064x}").into()),
        name: Some(format!("web-{index}").into()),
        runtime: Some("podman".into()),
        image: Some(Image {
            name: Some("bench".into()),
            tag: Some("1".into()),
            hash: Some(ImageHash { all: Some(vec![DIGEST.into()]) }),
        }),
    }
}

/// Window lines of containers in turn, under one load that all counters follow, each with noise of its own.
fn lines(names: &[String], count: usize, seed: u64) -> Result<Vec<u8>, serde_json::Error> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut out = Vec::new();
    for i in 0..count {
        let (index, turn) = (i % CONTAINERS, (i / CONTAINERS) as u64);
        let load = (1.0 + 0.5 * gaussian(&mut random).clamp(-2.0, 2.0)).max(0.2);
        let mut counters = Map::new();
        for (at, name) in names.iter().enumerate() {
            let usual = 20.0 * (at as f64 + 2.0).powf(1.3);
            let value = (usual * load * (0.05 * gaussian(&mut random)).exp()).round();
            counters.insert(name.clone(), json!(value as u64));
        }
        let timestamp = Timestamp::from_ns(START_NS + turn * WINDOW_NS + index as u64 * 1000);
        let coverage: Map<String, Value> =
            ["syscall", "process", "net", "file", "cpu"].map(|f| (f.to_owned(), json!(1.0))).into_iter().collect();
        let window = json!({"nominal_ns": WINDOW_NS, "duration_ns": WINDOW_NS, "coverage": coverage, "lost": 0});
        let line = json!({
            "type": "window",
            "vaectl": {"v": 1, "window": window, "run": format!("run-{index}"), "job": JOB},
            "counters": counters, "gauges": {"memory.bytes": 73_400_320, "pids": 5},
            "execs": {"/usr/sbin/bench": 3}, "@timestamp": timestamp,
            "event": {"kind": "metric", "dataset": "vaectl.window", "id": format!("{seed}-{i:x}"), "sequence": i},
            "host": {"id": "bench", "name": "node-1"}, "container": container(index),
        });
        // Through the line type, which writes `type` and the version first, as `record` does.
        let line: Window<'static> = serde_json::from_value(line)?;
        serde_json::to_writer(&mut out, &line)?;
        out.push(b'\n');
    }
    Ok(out)
}

/// A model of the usual shape, its scales and thresholds fitted to these lines.
fn model(names: &[String], lines: &[u8]) -> Result<Content, Box<dyn Error>> {
    let windows: Vec<Window<'static>> =
        lines.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(serde_json::from_slice).collect::<Result<_, _>>()?;
    let mut seen = Seen::default();
    for window in &windows {
        seen.learn(window);
    }
    let feature =
        |name: &String, view| Feature { name: name.clone(), view, unit: 1.0, median: 0.0, scale: 1.0, range: [0.0; 2] };
    let rates = names.iter().map(|name| feature(name, View::Rate));
    let shares = names.iter().filter(|name| name.starts_with(CALLS)).map(|name| feature(name, View::Share));
    let features = fit(rates.chain(shares).collect(), &seen, &windows);
    let rows = rows(&features, &seen, &windows);

    let width = features.len();
    let mut random = StdRng::seed_from_u64(3);
    let network = network(width, &mut random);
    let draws = Matrix::from_values(LATENTS, (0..LATENTS).map(|_| gaussian(&mut random) as f32).collect());
    let ensemble = Ensemble { networks: vec![network], draws };
    let costs: Vec<Vec<f64>> = rows.rows().map(|row| ensemble.feature_costs(row)).collect();
    let usual: Vec<f64> = (0..width).map(|f| quantile(&costs.iter().map(|c| c[f]).collect::<Vec<_>>(), 0.5)).collect();
    let parts = ensemble.bounds(&rows);
    let bounds: Vec<f64> = parts.iter().zip(rows.rows()).map(|(bound, row)| excess(*bound, row, &usual)).collect();
    let latents: Vec<f64> = parts.iter().map(|bound| bound.latent).collect();
    let (calibration, scores) = Calibration::fit(&bounds, CONTAINERS, &latents, 0.0);

    let keys = Keys::of(&container(0), Some(JOB));
    let card = Card {
        format: FORMAT,
        tool: "bench score".into(),
        key: keys.exact.clone().ok_or("the container of the bench has no exact key")?,
        keys,
        name: "bench:1".into(),
        grade: Grade::Established,
        span: [windows[0].timestamp, windows[windows.len() - 1].timestamp],
        nominal_ns: WINDOW_NS,
        parts: false,
        runs: CONTAINERS,
        windows: windows.len(),
        features,
        seen,
        fits: vec![Fit { seed: 3, epochs: 0, train_loss: 0.0, validation_loss: 0.0, active_units: 0 }],
        calibration,
        validation: Figures::default(),
        baseline: Figures::default(),
        notes: vec!["Seeded weights: made to be timed, not to be believed.".into()],
        tensors: String::new(),
    };
    Ok(Content { card, ensemble, usual, scores })
}

/// Gives each feature the median and the spread that it has over `windows`; shares need theirs before they are taken.
fn fit(mut features: Vec<Feature>, seen: &Seen, windows: &[Window<'static>]) -> Vec<Feature> {
    for _ in 0..2 {
        let featuriser = Featuriser::new(features.clone(), seen);
        let mut columns = vec![Vec::with_capacity(windows.len()); features.len()];
        let mut raw = Vec::new();
        for window in windows {
            featuriser.raw(window, &mut raw);
            for ((column, feature), raw) in columns.iter_mut().zip(&features).zip(&raw) {
                column.push(feature.view(*raw));
            }
        }
        for (feature, column) in features.iter_mut().zip(&columns) {
            let floor = if feature.view == View::Share { 0.01 } else { 0.1 };
            (feature.median, feature.scale) = median_and_spread(column, floor);
            feature.range = [quantile(column, 0.005), quantile(column, 0.995)];
        }
    }
    features
}

fn rows(features: &[Feature], seen: &Seen, windows: &[Window<'static>]) -> Matrix {
    let featuriser = Featuriser::new(features.to_vec(), seen);
    let mut raw = Vec::new();
    let mut rows = Matrix::new(features.len());
    for window in windows {
        featuriser.raw(window, &mut raw);
        let scaled = features.iter().zip(&raw).map(|(f, raw)| ((f.view(*raw) - f.median) / f.scale) as f32);
        rows.push(&scaled.collect::<Vec<_>>());
    }
    rows
}

fn network(width: usize, random: &mut StdRng) -> Network {
    let mut dense = |inputs: usize, outputs: usize| {
        let scale = (1.0 / inputs as f64).sqrt();
        let weight = (0..inputs * outputs).map(|_| (scale * gaussian(random)) as f32).collect();
        Dense { weight: Matrix::from_values(outputs, weight), bias: vec![0.0; outputs] }
    };
    Network {
        encoder: [dense(width, HIDDEN), dense(HIDDEN, HIDDEN)],
        posterior: dense(HIDDEN, 2 * LATENTS),
        decoder: [dense(LATENTS, HIDDEN), dense(HIDDEN, HIDDEN)],
        output: dense(HIDDEN, width),
        log_variance: vec![0.0; width],
    }
}

/// A standard normal number (Box and Muller).
fn gaussian(random: &mut StdRng) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
