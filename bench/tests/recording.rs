//! The shipped recording, through training and scoring in this process.
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vaectl_bench::{AttackKind, INTRUDER, Truth, Workspace};
use vaectl_schemas::{DEFAULT_MAX_LINE_BYTES, Event, Incident, IncidentStatus, LineReader, open};
use vaectl_scorer::Scorer;
use vaectl_trainer::train;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recording").join(name)
}

fn trained() -> Workspace {
    let models = Workspace::new("models").unwrap();
    let input = open(&shipped("train.ndjson.zst")).unwrap();
    train(&vaectl_trainer::Config::new(models.path()), [input], &mut |_| {}).unwrap();
    models
}

/// What `score` makes of the live half; what is at hand is judged after every so many lines.
fn scored(models: &Workspace, at_once: u64) -> Vec<u8> {
    let (mut scorer, errors) = Scorer::new(vaectl_scorer::Config::new(models.path()));
    assert!(errors.is_empty(), "{errors:?}");
    let mut lines = LineReader::new(open(&shipped("live.ndjson.zst")).unwrap(), DEFAULT_MAX_LINE_BYTES);
    let mut out = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        let number = line.number;
        scorer.line(&line, &mut out).unwrap();
        if number % at_once == 0 {
            scorer.flush(&mut out).unwrap();
        }
    }
    scorer.finish("eof", &mut out).unwrap();
    out
}

fn truths() -> Vec<Truth> {
    let scene: Value = serde_json::from_slice(&fs::read(shipped("scene.json")).unwrap()).unwrap();
    serde_json::from_value(scene["truths"].clone()).unwrap()
}

#[test]
fn both_attacks_of_the_recording_are_found_and_nothing_else_and_nothing_of_them_is_lost() {
    let out = scored(&trained(), 100);
    let lines = out.split(|&byte| byte == b'\n');
    let of = |kind: &'static str| lines.clone().filter(move |line| line.starts_with(kind.as_bytes()));
    let incidents: Vec<Incident<'_>> =
        of(r#"{"type":"incident""#).map(|line| serde_json::from_slice(line).unwrap()).collect();
    let events: Vec<Event<'_>> = of(r#"{"type":"event""#).map(|line| serde_json::from_slice(line).unwrap()).collect();
    let truths = truths();
    assert_eq!(truths.len(), 2);
    let id = |incident: &Incident<'_>| incident.container.as_ref().unwrap().id.as_deref().unwrap().to_owned();
    let opened = incidents.iter().filter(|incident| incident.vaectl.status == IncidentStatus::Opened);
    let mut found: Vec<String> = opened
        .map(|incident| {
            let explains = |truth: &&Truth| truth.container == id(incident) && truth.explains(incident.timestamp);
            truths.iter().find(explains).expect("an incident is about an attack").container.clone()
        })
        .collect();
    found.sort();
    let mut attacked: Vec<_> = truths.iter().map(|truth| truth.container.clone()).collect();
    attacked.sort();
    assert_eq!(found, attacked);
    for closed in incidents.iter().filter(|incident| incident.vaectl.status == IncidentStatus::Closed) {
        let of_it = || events.iter().filter(|event| event.vaectl.incident.as_ref() == Some(&closed.vaectl.incident));
        assert_eq!(of_it().count() as u64, closed.vaectl.events);
        assert_eq!(of_it().filter(|event| event.vaectl.history).count() as u64, closed.vaectl.history);
    }
    // A worker may start programs of its own all the time: those before the attack are of no incident.
    let attack = truths.iter().find(|truth| truth.attack == AttackKind::Miner).unwrap();
    let programs = events.iter().filter(|event| event.event.action.as_deref() == Some("exec"));
    let mined = programs.filter(|event| {
        event.timestamp >= attack.began && attack.container == event.container.as_ref().unwrap().id.as_deref().unwrap()
    });
    let is_intruder = |event: &&Event<'_>| {
        event.process.as_ref().is_some_and(|process| process.args.iter().flatten().any(|arg| arg.contains(INTRUDER)))
    };
    assert!(mined.clone().filter(is_intruder).count() >= 2, "the shell that starts it, and itself");
    assert!(mined.clone().all(|event| event.vaectl.incident.is_some()));
}

#[test]
fn a_replay_gives_the_bytes_of_the_live_run_however_its_lines_come() {
    let models = trained();
    let together = scored(&models, u64::MAX);
    for at_once in [1, 77] {
        assert!(together == scored(&models, at_once), "{at_once} lines at once");
    }
}
