//! Stages joined by pipes, from a recording.

use std::fs;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{command, stream};

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
