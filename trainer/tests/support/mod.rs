//! Synthetic runs of one job, and a model of them.

use std::path::Path;

use vaectl_schemas::{Container, Image, ImageHash, Timestamp, Window, WindowInfo, WindowMeta};
use vaectl_scorer::model::Model;
use vaectl_trainer::{Config, Outcome, Report, train};

pub(crate) const SECOND: u64 = 1_000_000_000;

/// A small generator: the load of a run goes up and down, and every counter follows it with its own noise.
pub(crate) struct Load {
    state: u64,
    level: f64,
}

impl Load {
    pub(crate) fn new(run: u64) -> Self {
        let mut load = Self { state: run.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, level: 0.0 };
        load.level = 0.9 + 0.2 * load.uniform();
        load
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn count(&mut self, mean: f64) -> f64 {
        (mean * (0.85 + 0.3 * self.uniform())).round()
    }
}

pub(crate) fn window(run: u64, index: u64, load: &mut Load) -> Window<'static> {
    let info = WindowInfo {
        nominal_ns: 2 * SECOND,
        duration_ns: 2 * SECOND,
        coverage: ["syscall", "net", "process"].map(|family| (family, 1.0)).into_iter().collect(),
        ..WindowInfo::default()
    };
    let meta = WindowMeta { v: 1, window: info, run: Some(format!("run-{run}")), job: Some("job".into()), state: None };
    let mut window = Window::new(Timestamp::from_ns((run * 10_000 + 2 * index) * SECOND), meta);
    let busy = load.level * (1.0 + 0.4 * (index as f64 / 5.0).sin());
    for (name, mean) in [("read", 400.0), ("write", 380.0), ("epoll_wait", 200.0), ("close", 60.0), ("openat", 20.0)] {
        window.counters.push(format!("syscall.{name}"), load.count(mean * busy));
    }
    window.counters.push("net.accept", load.count(60.0 * busy));
    window.counters.push("cpu.user_ns", load.count(6e7 * busy));
    if index % 15 == 7 {
        window.counters.push("process.exec", 1.0);
        window.execs.insert("/usr/sbin/logrotate".into(), 1);
    }
    window.gauges.push("pids", 5.0);
    window.container = Some(Container {
        id: Some(format!("container-{run}").into()),
        image: Some(Image {
            name: Some("nginx".into()),
            tag: Some("1.22".into()),
            hash: Some(ImageHash { all: Some(vec!["sha256:0123456789abcdef0123456789abcdef".into()]) }),
        }),
        ..Container::default()
    });
    window
}

pub(crate) fn run(run: u64) -> Vec<Window<'static>> {
    let mut load = Load::new(run);
    (0..60).map(|index| window(run, index, &mut load)).collect()
}

pub(crate) fn lines(windows: &[Window<'_>]) -> Vec<u8> {
    let text: Vec<String> =
        windows.iter().map(|window| serde_json::to_string(window).expect("a window is JSON") + "\n").collect();
    text.concat().into_bytes()
}

pub(crate) fn trained(folder: &Path, windows: &[Window<'_>]) -> Report {
    let config = Config { seeds: vec![1], ..Config::new(folder) };
    train(&config, [&lines(windows)[..]], &mut |_| {}).expect("windows in memory train")
}

pub(crate) fn three_runs() -> Vec<Window<'static>> {
    (1..=3).flat_map(run).collect()
}

pub(crate) fn file(report: &Report) -> &Path {
    match &report.keys[0].outcome {
        Outcome::Trained(model) => &model.path,
        Outcome::Skipped(why) | Outcome::Refused(why) | Outcome::Kept { why, .. } => panic!("{why}"),
    }
}

/// The score that the first windows of a container may have.
pub(crate) fn limit(model: &Model) -> f64 {
    model.calibration().threshold + model.calibration().offset_bound
}

/// The same as `parts` windows in one, where that is more than one; else as much of it.
pub(crate) fn stretched(window: &Window<'static>, parts: f64) -> Window<'static> {
    let mut stretched = window.clone();
    stretched.counters = window.counters.iter().map(|(name, count)| (name.to_owned(), parts * count)).collect();
    let info = &mut stretched.vaectl.window;
    info.duration_ns = (parts * info.duration_ns as f64) as u64;
    info.merged = (parts > 1.0).then_some(parts as u32);
    stretched
}

/// The share of windows that are beyond.
pub(crate) fn share(beyond: &[bool]) -> f64 {
    beyond.iter().filter(|beyond| **beyond).count() as f64 / beyond.len() as f64
}

/// How often two of three windows are beyond the threshold.
pub(crate) fn alarms(beyond: &[bool]) -> usize {
    beyond.windows(3).filter(|three| share(three) > 0.5).count()
}
