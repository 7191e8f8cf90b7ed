//! From synthetic lines to model files and judgements.

use std::fs;
use std::path::Path;

use vaectl_schemas::{Container, Image, ImageHash, Timestamp, Window, WindowInfo, WindowMeta};
use vaectl_scorer::model::Model;
use vaectl_scorer::{ModelError, ModelFolder};
use vaectl_trainer::{Config, Outcome, Report, train};

const SECOND: u64 = 1_000_000_000;

/// A small generator: the load of a run goes up and down, and every counter follows it with its own noise.
struct Load {
    state: u64,
    level: f64,
}

impl Load {
    fn new(run: u64) -> Self {
        let mut load = Self { state: run.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, level: 0.0 };
        load.level = 0.9 + 0.2 * load.uniform();
        load
    }

    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn count(&mut self, mean: f64) -> f64 {
        (mean * (0.85 + 0.3 * self.uniform())).round()
    }
}

fn window(run: u64, index: u64, load: &mut Load) -> Window<'static> {
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

fn run(run: u64) -> Vec<Window<'static>> {
    let mut load = Load::new(run);
    (0..60).map(|index| window(run, index, &mut load)).collect()
}

fn lines(windows: &[Window<'_>]) -> Vec<u8> {
    let text: Vec<String> =
        windows.iter().map(|window| serde_json::to_string(window).expect("a window is JSON") + "\n").collect();
    text.concat().into_bytes()
}

fn trained(folder: &Path, windows: &[Window<'_>]) -> Report {
    let config = Config { seeds: vec![1], ..Config::new(folder) };
    train(&config, [&lines(windows)[..]], &mut |_| {}).expect("windows in memory train")
}

fn three_runs() -> Vec<Window<'static>> {
    (1..=3).flat_map(run).collect()
}

fn file(report: &Report) -> &Path {
    match &report.keys[0].outcome {
        Outcome::Trained(model) => &model.path,
        Outcome::Skipped(why) | Outcome::Refused(why) | Outcome::Kept { why, .. } => panic!("{why}"),
    }
}

/// The score that the first windows of a container may have.
fn limit(model: &Model) -> f64 {
    model.calibration().threshold + model.calibration().offset_bound
}

/// The same as `parts` windows in one, where that is more than one; else as much of it.
fn stretched(window: &Window<'static>, parts: f64) -> Window<'static> {
    let mut stretched = window.clone();
    stretched.counters = window.counters.iter().map(|(name, count)| (name.to_owned(), parts * count)).collect();
    let info = &mut stretched.vaectl.window;
    info.duration_ns = (parts * info.duration_ns as f64) as u64;
    info.merged = (parts > 1.0).then_some(parts as u32);
    stretched
}

#[test]
fn merged_windows_and_shorter_ones_are_scored_by_their_real_length() {
    let folder = tempfile::tempdir().unwrap();
    let report = trained(folder.path(), &three_runs());
    let model = Model::load(file(&report)).unwrap();
    for parts in [3.0, 2.0, 0.6] {
        let calm: Vec<_> = run(4).iter().map(|window| stretched(window, parts)).collect();
        assert!(calm.iter().all(|window| model.scorable(window).is_ok()));
        let mut judged = Vec::new();
        model.judge(&calm.iter().collect::<Vec<_>>(), &mut judged);
        let beyond = judged.iter().filter(|j| j.score > limit(&model)).count();
        assert_eq!(beyond, 0, "as {parts} windows");
    }
    let short = stretched(&run(4)[0], 0.3);
    let why = model.scorable(&short).unwrap_err().to_string();
    assert_eq!(why, "the window covers 0.6 s of 2: too little to score");
    let mut longer = run(4).swap_remove(0);
    longer.vaectl.window.nominal_ns = 5 * SECOND;
    longer.vaectl.window.duration_ns = 5 * SECOND;
    let why = model.scorable(&longer).unwrap_err().to_string();
    assert_eq!(why, "its windows are of 2 s and these of 5 s: record with --window 2s, or train on these");
}

#[test]
fn a_fresh_run_is_calm_and_ten_times_the_processor_time_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let report = trained(folder.path(), &three_runs());
    println!("{report}");
    let model = Model::load(file(&report)).unwrap();
    let mut judged = Vec::new();
    for fresh in 4..14 {
        let windows = run(fresh);
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
    }
    let beyond: Vec<bool> = judged.iter().map(|j| j.score > limit(&model)).collect();
    assert_eq!(alarms(&beyond), 0, "of {} fresh windows", judged.len());
    assert!(share(&beyond) < 0.01);
    assert!(judged.iter().all(|j| j.novelties.is_empty()));

    let mut mined = run(20);
    for window in &mut mined {
        let usual = window.counters.get("cpu.user_ns").unwrap();
        window.counters.set("cpu.user_ns", 10.0 * usual);
    }
    let mut judged = Vec::new();
    model.judge(&mined.iter().collect::<Vec<_>>(), &mut judged);
    assert!(judged.iter().all(|j| j.score > limit(&model)), "{}", limit(&model));
    let explanation = model.explain(&mined[0], &judged[0]);
    // It is both: more processor time, and fewer calls for it.
    let first: Vec<_> = explanation.attributions[..2].iter().map(|a| a.feature.as_str()).collect();
    assert!(first.contains(&"cpu.user_ns") && first.contains(&"calls_per_cpu_second"), "{first:?}");
    assert!(explanation.reason.contains("CPU-seconds in 2 s where"), "{}", explanation.reason);

    let mut flooded = run(21);
    for window in &mut flooded {
        window.counters = window.counters.iter().map(|(name, count)| (name.to_owned(), 8.0 * count)).collect();
    }
    let mut judged = Vec::new();
    model.judge(&flooded.iter().collect::<Vec<_>>(), &mut judged);
    assert!(judged.iter().all(|j| j.score > limit(&model)));
}

#[test]
fn a_machine_that_becomes_half_or_twice_as_fast_is_no_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::load(file(&trained(folder.path(), &three_runs()))).unwrap();
    for slowdown in [2.0, 0.5] {
        let mut windows: Vec<_> = (4..14).flat_map(run).collect();
        for window in &mut windows {
            let usual = window.counters.get("cpu.user_ns").unwrap();
            window.counters.set("cpu.user_ns", slowdown * usual);
        }
        let mut judged = Vec::new();
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
        let beyond: Vec<bool> = judged.iter().map(|j| j.score > limit(&model)).collect();
        assert_eq!(alarms(&beyond), 0, "{slowdown} times the processor time: {} of all", share(&beyond));
    }
}

#[test]
fn one_at_a_time_and_batched_judge_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::load(file(&trained(folder.path(), &three_runs()))).unwrap();
    let windows = run(5);
    let (mut batched, mut single) = (Vec::new(), Vec::new());
    model.judge(&windows.iter().collect::<Vec<_>>(), &mut batched);
    for window in &windows {
        model.judge(&[window], &mut single);
    }
    assert!(batched.iter().zip(&single).all(|(a, b)| a.score.to_bits() == b.score.to_bits() && a == b));
}

#[test]
fn the_same_windows_and_seed_give_the_same_bytes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let windows = three_runs();
    let (first, second) = (trained(a.path(), &windows), trained(b.path(), &windows));
    assert_eq!(file(&first).file_name(), file(&second).file_name());
    assert_eq!(fs::read(file(&first)).unwrap(), fs::read(file(&second)).unwrap());
}

#[test]
fn a_bad_model_file_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&trained(folder.path(), &three_runs())).to_owned();
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let (models, errors) = ModelFolder::open(folder.path());
        assert_eq!(models.models().count(), 0);
        let text = errors[0].to_string();
        assert!(text.contains(path.to_str().unwrap()) && !text.contains('\n'), "{text}");
        errors.into_iter().next().unwrap()
    };
    assert!(matches!(refused(&[]), ModelError::Empty { .. }));
    assert!(matches!(refused(&whole[..whole.len() / 2]), ModelError::Hash { .. }));
    let mut tampered = whole.clone();
    *tampered.last_mut().unwrap() ^= 1;
    assert!(matches!(refused(&tampered), ModelError::Hash { .. }));
    // A file that names itself rightly and holds something else.
    let hash = vaectl_scorer::model::content_hash(b"no model");
    let alien = path.with_file_name(format!("{hash}.safetensors"));
    fs::write(&alien, b"no model").unwrap();
    assert!(matches!(Model::load(&alien), Err(ModelError::Content { .. })));
}

#[test]
fn a_file_of_another_feature_set_is_refused() {
    use vaectl_scorer::model::Content;
    let folder = tempfile::tempdir().unwrap();
    let path = file(&trained(folder.path(), &three_runs())).to_owned();
    let mut content = Content::from_bytes(&fs::read(&path).unwrap()).unwrap();
    content.card.features.pop();
    let bytes = content.to_bytes().unwrap();
    let why = Content::from_bytes(&bytes).unwrap_err();
    assert!(why.contains("another feature set"), "{why}");
    content = Content::from_bytes(&fs::read(&path).unwrap()).unwrap();
    content.usual[0] = f64::NAN;
    assert!(Content::from_bytes(&content.to_bytes().unwrap()).unwrap_err().contains("not finite"));
}

/// The whole life of a container that is shorter than a window.
fn life(run: u64) -> Window<'static> {
    let mut window = stretched(&window(run, 0, &mut Load::new(run)), 0.3);
    window.vaectl.window.part = true;
    window
}

#[test]
fn containers_that_live_shorter_than_a_window_have_a_model_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut windows: Vec<_> = (1..=160).map(life).collect();
    windows.extend([window(161, 0, &mut Load::new(161)), window(161, 1, &mut Load::new(161))]);
    let report = trained(folder.path(), &windows);
    assert_eq!(report.keys[0].left_out, [("of a longer life", 2)].into());
    let model = Model::load(file(&report)).unwrap();
    assert!(model.card().parts);
    let mut fresh: Vec<_> = (200..260).map(life).collect();
    fresh[7].execs.insert("/dev/shm/x".into(), 1);
    assert!(fresh.iter().all(|window| model.scorable(window).is_ok()));
    let mut judged = Vec::new();
    model.judge(&fresh.iter().collect::<Vec<_>>(), &mut judged);
    // No p-value below one in 810 is claimed of 80 windows.
    assert!(judged.iter().filter(|j| j.score > limit(&model)).count() <= 1);
    let new: Vec<_> = judged.iter().map(|j| j.novelties.len()).collect();
    assert_eq!((new[7], new.iter().sum::<usize>()), (1, 1));
    fresh[0].counters = fresh[0].counters.iter().map(|(name, count)| (name.to_owned(), 8.0 * count)).collect();
    judged.clear();
    model.judge(&[&fresh[0]], &mut judged);
    assert!(judged[0].score > limit(&model), "{} of {}", judged[0].score, limit(&model));
}

#[test]
fn what_is_left_out_is_counted_by_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut windows = three_runs();
    windows[0].vaectl.window.lost = 3;
    windows[1].vaectl.window.part = true;
    windows[7].vaectl.window.entered = Some(1);
    windows[6].counters.push("syscall.setns", 1.0);
    // Nothing of this one's set-up lies in the window before.
    windows[27].vaectl.window.entered = Some(1);
    windows[3].vaectl.state = Some(vaectl_schemas::State::Unstable);
    windows[4].vaectl.window.nominal_ns = 5 * SECOND;
    windows[4].vaectl.window.duration_ns = 5 * SECOND;
    windows[5].container = None;
    let report = trained(folder.path(), &windows);
    let left_out: Vec<(&str, usize)> = report.keys[0].left_out.iter().map(|(why, count)| (*why, *count)).collect();
    let expected =
        [("before an entry", 1), ("entered", 2), ("lossy", 1), ("of another length", 1), ("part", 1), ("unstable", 1)];
    assert_eq!(left_out, expected);
    assert_eq!(report.left_out.get("window without a container"), Some(&1));
    assert!(report.to_string().contains("left out: 1 before an entry, 2 entered, 1 lossy"), "{report}");
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_the_rest_is_trained_on() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut text =
        b"{\"type\":\"window\",\"vaectl\":{\"v\":1}}\nnot json\n{\"type\":\"window\",\"vaectl\":{\"v\":99}}\n".to_vec();
    text.extend(vec![b'x'; 200_000]);
    text.push(b'\n');
    text.extend(lines(&three_runs()));
    text.extend(b"{\"type\":\"window\",\"vaec");
    let config = Config { seeds: vec![1], ..Config::new(folder.path()) };
    let report = train(&config, [&text[..]], &mut |_| {}).unwrap();
    let count = |why| report.left_out.get(why).copied();
    assert_eq!((count("malformed line"), count("oversized line")), (Some(2), Some(1)));
    assert_eq!((count("unknown version"), count("cut line")), (Some(1), Some(1)));
    assert_eq!((report.bad_lines(), report.trained()), (5, 1));
}

#[test]
fn too_little_is_reported_and_writes_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let report = trained(folder.path(), &run(1));
    assert_eq!(report.trained(), 0);
    assert!(matches!(&report.keys[0].outcome, Outcome::Skipped(why) if why.contains("1 of at least 2 runs")));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_name_that_comes_late_is_joined() {
    use vaectl_schemas::{ContainerInfo, ContainerLine};
    let folder = tempfile::tempdir().unwrap();
    let mut windows = three_runs();
    let mut text = Vec::new();
    for window in &mut windows {
        let container = window.container.as_mut().unwrap();
        let named = container.clone();
        container.image = None;
        window.vaectl.job = None;
        text.extend(lines(std::slice::from_ref(window)));
        if window.timestamp.as_ns() / SECOND % 10_000 == 100 {
            let info =
                ContainerInfo { v: 1, job: Some("job".into()), run: window.vaectl.run.clone(), ..Default::default() };
            let line = ContainerLine { container: Some(named), ..ContainerLine::new(window.timestamp, info) };
            text.extend((serde_json::to_string(&line).unwrap() + "\n").into_bytes());
        }
    }
    let config = Config { seeds: vec![1], ..Config::new(folder.path()) };
    let report = train(&config, [&text[..]], &mut |_| {}).unwrap();
    assert_eq!((report.trained(), report.keys[0].windows), (1, 180), "{report}");
    assert_eq!(report.keys[0].key, "sha256-0123456789abcdef01234567-job");
}

/// How contamination lies in the runs.
#[derive(Clone, Copy, Debug)]
enum Spread {
    /// All of it in the third of six runs.
    OneRun,
    /// One window at a time, evenly over all runs.
    Evenly,
    /// One spell in every run.
    Spells,
}

/// What became of a model that was trained on a miner's windows among others.
#[derive(Debug)]
struct Contaminated {
    notes: Vec<String>,
    /// The share of a miner's windows, and of a flood's, that are beyond the threshold.
    miner: f64,
    flood: f64,
    /// Calm windows that open an episode with one of the two before.
    false_alarms: usize,
}

fn share(beyond: &[bool]) -> f64 {
    beyond.iter().filter(|beyond| **beyond).count() as f64 / beyond.len() as f64
}

/// How often two of three windows are beyond the threshold.
fn alarms(beyond: &[bool]) -> usize {
    beyond.windows(3).filter(|three| share(three) > 0.5).count()
}

fn contaminated(percent: usize, spread: Spread) -> Contaminated {
    let mut windows: Vec<_> = (1..=6).flat_map(run).collect();
    let count = windows.len();
    let mined = count * percent / 100;
    let is_mined = |at: usize| match spread {
        Spread::OneRun => (120..120 + mined).contains(&at),
        Spread::Evenly => percent > 0 && at % (100 / percent) == 50 / percent,
        Spread::Spells => (20..20 + mined.div_ceil(6)).contains(&(at % 60)),
    };
    windows.iter_mut().enumerate().filter(|(at, _)| is_mined(*at)).for_each(|(_, window)| mine(window));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let report = trained(folder.path(), &windows);
    let Outcome::Trained(figures) = &report.keys[0].outcome else { panic!("{report}") };
    let model = Model::load(file(&report)).expect("it was just written");
    let beyond = |windows: &[Window<'static>]| -> Vec<bool> {
        let mut judged = Vec::new();
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
        judged.iter().map(|j| j.score > limit(&model)).collect()
    };
    let (mut mined, mut flooded) = (run(30), run(30));
    mined.iter_mut().for_each(mine);
    for window in &mut flooded {
        window.counters = window.counters.iter().map(|(name, count)| (name.to_owned(), 8.0 * count)).collect();
    }
    Contaminated {
        notes: figures.notes.clone(),
        miner: share(&beyond(&mined)),
        flood: share(&beyond(&flooded)),
        false_alarms: (31..36).map(|fresh| alarms(&beyond(&run(fresh)))).sum(),
    }
}

/// Ten times the usual processor time.
fn mine(window: &mut Window<'static>) {
    let usual = window.counters.get("cpu.user_ns").expect("it is on every window");
    window.counters.set("cpu.user_ns", 10.0 * usual);
}

#[test]
fn one_and_five_percent_of_an_attack_in_a_run_cost_no_recall() {
    for percent in [0, 1, 5] {
        let of = contaminated(percent, Spread::OneRun);
        let told = of.notes.iter().any(|note| note.contains(&format!("{} windows are far off", 360 * percent / 100)));
        assert_eq!((told, of.miner, of.flood, of.false_alarms), (percent > 0, 1.0, 1.0, 0), "{percent} %: {of:?}");
    }
}

#[test]
fn of_an_attack_that_one_percent_of_all_runs_is_most_windows_are_found() {
    // More than that, one window at a time and in every run, is a habit.
    let of = contaminated(1, Spread::Evenly);
    assert_eq!((of.miner > 0.6, of.flood, of.false_alarms), (true, 1.0, 0), "{of:?}");
}

#[test]
fn what_every_run_does_for_a_while_is_a_habit_and_hides_no_other_attack() {
    let of = contaminated(5, Spread::Spells);
    assert_eq!((of.flood, of.false_alarms), (1.0, 0), "{of:?}");
    assert!(!of.notes.iter().any(|note| note.contains("far off")), "{of:?}");
}

/// A line as another program may write it: numbers of any name, no coverage, no container but an id and an image.
fn foreign(run: u64, index: u64, broken: bool) -> String {
    let mut load = Load::new(run * 1000 + index);
    let requests = 200.0 * load.uniform() + 300.0;
    let (errors, temperature) =
        (requests * 0.01 * load.uniform(), 21.5 + load.uniform() - if broken { 40.0 } else { 0.0 });
    let latency = if broken { 0.9 } else { 0.02 + 0.01 * load.uniform() };
    format!(
        r#"{{"type":"window","vaectl":{{"v":1,"window":{{"nominal_ns":10000000000,"duration_ns":10000000000}}}},"counters":{{"requests":{requests},"errors":{errors}}},"gauges":{{"latency_s":{latency},"temperature":{temperature}}},"@timestamp":"2026-11-24T0{run}:{:02}:{:02}Z","container":{{"id":"foreign-{run}","image":{{"name":"sensor"}}}}}}"#,
        index / 6,
        index % 6 * 10,
    )
}

#[test]
fn lines_of_another_tool_are_trained_on_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (1..=3).flat_map(|run| (0..80).map(move |at| foreign(run, at, false))).collect();
    let config = Config { seeds: vec![1], ..Config::new(folder.path()) };
    let report = train(&config, [(lines.join("\n") + "\n").as_bytes()], &mut |_| {}).unwrap();
    let model = Model::load(file(&report)).unwrap();
    let judge = |broken| {
        let lines: Vec<String> = (0..40).map(|at| foreign(5, at, broken)).collect();
        let windows: Vec<Window<'static>> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut judged = Vec::new();
        assert!(windows.iter().all(|window| model.scorable(window).is_ok()));
        model.judge(&windows.iter().collect::<Vec<_>>(), &mut judged);
        judged.iter().filter(|j| j.score > limit(&model)).count()
    };
    assert_eq!((judge(false), judge(true)), (0, 40), "{report}");
}

#[test]
fn a_model_that_learned_nothing_is_refused_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    // A divergence that costs everything leaves no latent unit alive.
    let mut config = Config { seeds: vec![1], beta: 1e5, ..Config::new(folder.path()) };
    let report = train(&config, [&lines(&three_runs())[..]], &mut |_| {}).unwrap();
    assert!(matches!(&report.keys[0].outcome, Outcome::Refused(why) if why.contains("collapsed")), "{report}");
    assert_eq!((report.trained(), report.refused(), fs::read_dir(folder.path()).unwrap().count()), (0, 1, 0));
    config.allow_collapsed = true;
    let report = train(&config, [&lines(&three_runs())[..]], &mut |_| {}).unwrap();
    assert_eq!(report.trained(), 1);
}

#[test]
fn a_new_version_begins_with_the_weights_of_the_one_before_and_is_calibrated_anew() {
    let folder = tempfile::tempdir().unwrap();
    let first = trained(folder.path(), &three_runs());
    let newer: Vec<_> = lines(&three_runs()).split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).fold(
        Vec::new(),
        |mut out, line| {
            out.extend(String::from_utf8_lossy(line).replace("sha256:0123", "sha256:fedc").into_bytes());
            out.push(b'\n');
            out
        },
    );
    let brief = Config { seeds: vec![1], epochs: Some(1), ..Config::new(folder.path()) };
    let loss = |report: &Report| match &report.keys[0].outcome {
        Outcome::Trained(model) => model.fits[0].validation_loss,
        other => panic!("{other:?}"),
    };
    let warm = train(&brief, [&newer[..]], &mut |_| {}).unwrap();
    assert!(warm.to_string().contains("its weights began as those of nginx:1.22"), "{warm}");
    let elsewhere = tempfile::tempdir().unwrap();
    let cold = train(&Config { models: elsewhere.path().into(), ..brief }, [&newer[..]], &mut |_| {}).unwrap();
    assert!(loss(&warm) < loss(&cold) - 1.0, "{} after one pass, {} from nothing", loss(&warm), loss(&cold));
    let limits = |report| Model::load(file(report)).unwrap().calibration().threshold;
    assert!((limits(&warm) - limits(&first)).abs() > 0.0);
}
