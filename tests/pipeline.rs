//! Stages joined by pipes, from a recording.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{VAECTL, command, golden, output, stream};

#[test]
fn record_score_and_publish_fill_a_repository() {
    let folder = TempDir::new().unwrap();
    let recording = folder.path().join("recording.jsonl.zst");
    fs::write(&recording, zstd::encode_all(&stream()[..], 3).unwrap()).unwrap();
    let mut record =
        command(&["record", "--replay", recording.to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut score = command(&["score", "--models", "none"])
        .stdin(record.stdout.take().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let to = format!("dir:{}/repository", folder.path().display());
    let publish = command(&["publish", "--to", &to]).stdin(score.stdout.take().unwrap()).output().unwrap();
    assert_eq!(record.wait().unwrap().code(), Some(0));
    assert_eq!(score.wait().unwrap().code(), Some(1), "one line of the stream is broken");
    let ledger = String::from_utf8(publish.stdout).unwrap();
    let ledger = ledger.lines().find(|line| line.contains(r#""type":"ledger""#)).unwrap();
    let ledger: Value = serde_json::from_str(ledger).unwrap();
    for (dataset, counts) in ledger["vaectl"]["datasets"].as_object().unwrap() {
        let count = |name: &str| counts[name].as_u64().unwrap();
        let rest = ["indexed", "duplicate", "merged", "dead_lettered", "spooled", "dropped"].map(count);
        assert_eq!(count("received"), rest.iter().sum::<u64>(), "{dataset}");
    }
    assert!(fs::read_dir(folder.path().join("repository")).unwrap().count() > 0);
}

#[test]
fn run_joins_the_stages_of_its_configuration() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("vaectl.toml");
    let text = format!(
        "log-level = 'error'\n[record]\nreplay = '{}'\n[score]\nmodels = 'none'\n[publish]\nto = 'stdout:'\n",
        golden("stream.jsonl").display()
    );
    fs::write(&config, text).unwrap();
    let run = output(&mut assert_cmd::Command::from_std(command(&["run", "-c", config.to_str().unwrap()])));
    assert_eq!(run.code, Some(1), "one line of the stream is broken: {run}");
    assert!(run.stdout.lines().any(|line| line.contains(r#""type":"verdict""#)), "{run}");
    let stages = command(&["run", "--stages", "record,score", "-c", config.to_str().unwrap()]).output().unwrap();
    let last = String::from_utf8(stages.stdout).unwrap();
    assert!(last.lines().last().unwrap().contains(r#""stage":"score""#), "{last}");
}

#[test]
fn run_names_the_last_stage_that_failed_by_its_exit_code() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("vaectl.toml");
    fs::write(&config, "[record]\nreplay = 'nowhere'\n[score]\nmodels = 'none'\n[publish]\n").unwrap();
    let run = output(&mut assert_cmd::Command::from_std(command(&["run", "-c", config.to_str().unwrap()])));
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn run_ends_its_stages_in_order_on_a_signal() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("vaectl.toml");
    fs::write(&config, "log-level = 'error'\n[score]\nmodels = 'none'\n[publish]\nto = 'stdout:'\n").unwrap();
    let mut child = Command::new(VAECTL)
        .env_clear()
        .args(["run", "--stages", "score,publish", "-c", config.to_str().unwrap(), "--exit-wait", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, &stream()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.lines().last().unwrap().contains(r#""type":"end""#), "{text}");
    drop(stdin);
}
