//! From windows to a model file to verdicts, and what becomes of a model file that is not whole.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Output, run};

/// The windows of `runs` containers of one image, each with a pattern that wanders a little.
pub(crate) fn windows(runs: u64, windows: u64) -> String {
    let mut text = String::new();
    let mut random = 7_u64;
    for run in 0..runs {
        for at in 0..windows {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (reads, accepts, cpu) =
                (700 + random % 200, 30 + random / 7 % 20, 80_000_000 + random / 11 % 20_000_000);
            let (minute, second) = (at * 5 / 60 % 60, at * 5 % 60);
            let container = format!("c{run}").repeat(16);
            let _ = writeln!(
                text,
                r#"{{"type":"window","vaectl":{{"v":1,"window":{{"nominal_ns":5000000000,"duration_ns":5000000000,"coverage":{{"syscall":1.0,"net":1.0,"cpu":1.0}},"lost":0}},"run":"run-{run}","job":"jobjobjobjobjobj"}},"counters":{{"syscall.read":{reads},"syscall.write":{},"net.accept":{accepts},"cpu.user_ns":{cpu}}},"gauges":{{"pids":5}},"execs":{{}},"@timestamp":"2026-11-24T{run:02}:{minute:02}:{second:02}.000000000Z","event":{{"kind":"metric","dataset":"vaectl.window","id":"w-{run}-{at}"}},"container":{{"id":"{container}","name":"web-{run}","image":{{"name":"nginx","tag":"1.22","hash":{{"all":["sha256:{}"]}}}}}}}}"#,
                reads / 2,
                "a".repeat(64),
            );
        }
    }
    text
}

pub(crate) fn train(models: &Path, runs: u64) -> Output {
    let args = ["train", "--models", models.to_str().unwrap(), "--seeds", "1", "--draws", "1", "--epochs", "20"];
    run(&[&args[..], &["--log-level", "warn"]].concat(), windows(runs, 80))
}

fn score(models: &Path) -> Output {
    run(&["score", "--models", models.to_str().unwrap()], windows(1, 40))
}

fn model_file(models: &Path) -> PathBuf {
    let folders = fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap());
    files.map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|e| e == "safetensors")).unwrap()
}

#[test]
fn what_was_trained_judges() {
    let models = TempDir::new().unwrap();
    let trained = train(models.path(), 3);
    assert_eq!(trained.code, Some(0), "{trained}");
    assert!(trained.stdout.contains("provisional"), "{trained}");
    let scored = score(models.path());
    assert_eq!(scored.code, Some(0), "{scored}");
    assert!(scored.stdout.contains(r#""match":"exact""#) && scored.stdout.contains(r#""score":"#), "{scored}");
}

#[test]
fn windows_of_another_length_are_not_scored_and_the_model_is_named_once() {
    let models = TempDir::new().unwrap();
    train(models.path(), 3);
    let longer = windows(1, 4).replace("5000000000", "60000000000");
    let scored = run(&["score", "--models", models.path().to_str().unwrap()], longer);
    assert_eq!(scored.code, Some(5), "{scored}");
    let told = "its windows are of 5 s and these of 60 s: record with --window 5s, or train on these";
    assert_eq!(scored.stderr.matches(told).count(), 1, "{scored}");
    assert_eq!(scored.stdout.matches(&format!("Not scored: {told}.")).count(), 4, "{scored}");
}

#[test]
fn the_same_windows_and_seed_give_the_same_file() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    train(one.path(), 3);
    train(other.path(), 3);
    let (one, other) = (model_file(one.path()), model_file(other.path()));
    assert_eq!(one.file_name(), other.file_name());
    assert!(fs::read(one).unwrap() == fs::read(other).unwrap());
}

#[test]
fn too_few_runs_are_a_model_error_with_the_reason() {
    let models = TempDir::new().unwrap();
    let trained = train(models.path(), 1);
    assert_eq!(trained.code, Some(5), "{trained}");
    assert!(trained.stdout.contains("no model: "), "{trained}");
}

#[test]
fn a_model_file_that_was_cut_or_changed_is_refused_and_scoring_goes_on() {
    let models = TempDir::new().unwrap();
    train(models.path(), 3);
    let file = model_file(models.path());
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for broken in [&whole[..whole.len() / 2], &changed, &[]] {
        fs::write(&file, broken).unwrap();
        let scored = score(models.path());
        assert_eq!(scored.code, Some(5), "{scored}");
        assert!(scored.stderr.contains("safetensors"), "{scored}");
        assert!(scored.stdout.contains(r#""state":"unknown""#), "{scored}");
    }
}
