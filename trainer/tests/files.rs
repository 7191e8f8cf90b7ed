//! What training makes of its input, and the files that it leaves.

use std::fs;

use vaectl_schemas::{ModelMatch, State, Window};
use vaectl_scorer::model::Model;
use vaectl_scorer::{ModelError, ModelFolder};
use vaectl_trainer::{Config, Outcome, Report, train};

use crate::support::{Load, SECOND, file, limit, lines, run, three_runs, trained};

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
    let spoiled = |spoil: fn(&mut Content)| {
        let mut content = Content::from_bytes(&fs::read(&path).unwrap()).unwrap();
        spoil(&mut content);
        Content::from_bytes(&content.to_bytes().unwrap()).unwrap_err()
    };
    for spoil in [
        (|content| content.card.calibration.offset_bound = -1.0) as fn(&mut Content),
        |content| content.card.calibration.cusum.threshold = -1.0,
        |content| content.card.calibration.lowest_p = 0.0,
    ] {
        assert!(spoiled(spoil).contains("chances and bounds"));
    }
    assert!(spoiled(|content| content.ensemble.networks[0].log_variance[0] = -200.0).contains("a variance"));
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

#[test]
fn windows_of_incidents_teach_where_they_are_accepted() {
    let mut windows = three_runs();
    for window in windows.iter_mut().enumerate().filter(|(at, _)| at % 60 >= 50).map(|(_, window)| window) {
        window.vaectl.state = Some(State::Unstable);
    }
    let learned = |accept| {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { accept, seeds: vec![1], epochs: Some(2), ..Config::new(folder.path()) };
        train(&config, [&lines(&windows)[..]], &mut |_| {}).unwrap().keys[0].windows
    };
    assert_eq!((learned(false), learned(true)), (150, 180));
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
    // All that is known of such a container is its repository, and that is its own.
    let found = ModelFolder::open(folder.path()).0.find(&model.card().keys);
    assert_eq!(found.map(|(_, matched)| matched), Some(ModelMatch::Exact));
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
