//! `bench/run train`: how long one core takes to train on 10,000 windows of 100 features.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use vaectl_schemas::{Container, Image, ImageHash, Timestamp, Window, WindowInfo, WindowMeta};
use vaectl_trainer::{Config, Outcome, train};

use crate::Workspace;

const WINDOWS: u64 = 10_000;
const RUNS: u64 = 10;
const WINDOW_NS: u64 = 5_000_000_000;
const START_NS: u64 = 1_795_492_106_000_000_000;
/// With sixteen shares and the column of unseen names these make 100 features.
const CALLS: usize = 75;
const TARGET_S: f64 = 10.0;

/// Runs the bench; fails above ten seconds.
///
/// The time is of the whole of `train`: reading lines, fitting one network, calibrating, the baseline, and the file.
pub fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    crate::no_arguments("train", args)?;
    let folder = Workspace::new("bench-train")?;
    let mut lines = Vec::new();
    let mut random = StdRng::seed_from_u64(1);
    for index in 0..WINDOWS {
        serde_json::to_writer(&mut lines, &window(index, &mut random))?;
        lines.push(b'\n');
    }
    println!("{WINDOWS} windows in {RUNS} runs, {:.0} MB", lines.len() as f64 / 1e6);
    let config = Config { seeds: vec![1], ..Config::new(folder.path()) };
    let began = Instant::now();
    let report = train(&config, [&lines[..]], &mut |_| {})?;
    let seconds = began.elapsed().as_secs_f64();
    print!("{report}");
    let Some(Outcome::Trained(model)) = report.keys.first().map(|key| &key.outcome) else {
        return Err("no model was trained".into());
    };
    let epochs = model.fits.first().map_or(0, |fit| fit.epochs);
    println!(
        "bench train: train_s_one_seed={seconds:.2} windows={WINDOWS} features={} epochs={epochs}",
        model.features
    );
    Ok(if seconds <= TARGET_S && model.features >= 100 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A window of a service whose calls, processor time and traffic follow two kinds of load.
fn window(index: u64, random: &mut StdRng) -> Window<'static> {
    let (run, position) = (index % RUNS, index / RUNS);
    let coverage = ["syscall", "net", "process", "cpu"].map(|family| (family.to_owned(), 1.0));
    let info = WindowInfo {
        nominal_ns: WINDOW_NS,
        duration_ns: WINDOW_NS,
        coverage: coverage.into(),
        ..WindowInfo::default()
    };
    let meta =
        WindowMeta { v: 1, window: info, run: Some(format!("run-{run}")), job: Some("bench".into()), state: None };
    let mut window = Window::new(Timestamp::from_ns(START_NS + position * WINDOW_NS + run), meta);
    let loads = [1.0 + 0.5 * (position as f64 / 40.0).sin(), random.random_range(0.5..1.5)];
    let mut count = |usual: f64, kind: usize| (usual * loads[kind] * random.random_range(0.9..1.1)).round();
    for call in 0..CALLS {
        let usual = if call < 16 { 4000.0 } else { 40.0 + 3.0 * call as f64 };
        window.counters.push(format!("syscall.call_{call}"), count(usual, call % 2));
    }
    let others = [
        ("net.accept", 50.0),
        ("net.close", 50.0),
        ("net.tx_bytes", 4e5),
        ("net.rx_bytes", 2e5),
        ("process.fork", 9.0),
        ("cpu.user_ns", 4e8),
        ("cpu.system_ns", 2e8),
    ];
    for (at, (name, usual)) in others.into_iter().enumerate() {
        window.counters.push(name, count(usual, at % 2));
    }
    window.gauges.push("pids", 5.0);
    window.container = Some(Container {
        id: Some(format!("container-{run}").into()),
        image: Some(Image {
            name: Some("bench".into()),
            hash: Some(ImageHash { all: Some(vec!["sha256:0123456789abcdef0123456789abcdef".into()]) }),
            ..Image::default()
        }),
        ..Container::default()
    });
    window
}
