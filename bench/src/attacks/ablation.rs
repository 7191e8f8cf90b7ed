//! What each part of the detector is worth: an archive judged again without it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::thread;

use serde_json::Value;
use vaectl_trainer::Config;

use super::judge::{Judged, Recorded};
use super::part::SLICES;
use crate::Workspace;

/// A change to how models are made, or to what they are made of and tried on.
enum Change {
    Training(fn(&mut Config)),
    Lines(fn(&mut Recorded) -> Result<(), Box<dyn Error>>),
    /// What a second recorder wrote of the same containers into this file of every part.
    File(&'static str),
}

/// All of them.
const CHANGES: [(&str, Change); 9] = [
    ("no learned variance", Change::Training(|config| config.without.learned_variance = true)),
    ("no latent term", Change::Training(|config| config.without.latent = true)),
    ("level only", Change::Training(|config| config.without.composition = true)),
    ("one seed", Change::Training(|config| config.seeds.truncate(1))),
    ("no novelty", Change::Lines(hide_what_is_new)),
    ("split by window, not by run", Change::Lines(mix_runs)),
    ("1 % of attacked windows learned", Change::Lines(|recorded| contaminate(recorded, 0.01))),
    ("5 % of attacked windows learned", Change::Lines(|recorded| contaminate(recorded, 0.05))),
    ("duty-cycled census (*)", Change::File(SLICES)),
];

/// What a reader of the table has to know.
const NOTE: &str = "(*) calls are counted in a tenth of the time, learned and tested: slices are as drawn here, and in service a suspicion prolongs them\n";

/// Rows that are made at a time.
const AT_ONCE: usize = 2;

/// The table, with `whole` as its first row.
pub(super) fn table(archive: &Path, recorded: &Recorded, whole: &Judged) -> Result<String, Box<dyn Error>> {
    let mut out = String::from(
        "\n                                  recall  false episodes  benign alarms  hit@3   AUROC  with novelty\n",
    );
    row(&mut out, "whole", whole)?;
    for some in CHANGES.chunks(AT_ONCE) {
        let models = some.iter().map(|_| Workspace::new("bench-ablation")).collect::<Result<Vec<_>, _>>()?;
        // An error may not leave its thread, but its text may.
        let one = |change, models| changed(change, archive, recorded, models).map_err(|error| error.to_string());
        let judged: Vec<Result<Judged, String>> = thread::scope(|scope| {
            let rows = some.iter().zip(&models);
            let rows: Vec<_> = rows.map(|((_, change), models)| scope.spawn(move || one(change, models))).collect();
            rows.into_iter().map(|row| row.join().unwrap_or_else(|_| Err("a thread panicked".into()))).collect()
        });
        for ((name, _), judged) in some.iter().zip(judged) {
            row(&mut out, name, &judged?)?;
        }
    }
    out.push_str(NOTE);
    Ok(out)
}

fn changed(change: &Change, archive: &Path, recorded: &Recorded, models: &Workspace) -> Result<Judged, Box<dyn Error>> {
    let mut config = Config::new(models.path());
    match change {
        Change::Training(change) => {
            change(&mut config);
            recorded.judge(&config)
        }
        Change::Lines(change) => {
            let mut recorded = recorded.clone();
            change(&mut recorded)?;
            recorded.judge(&config)
        }
        Change::File(file) => Recorded::read(archive, file)?.judge(&config),
    }
}

fn row(out: &mut String, name: &str, judged: &Judged) -> std::fmt::Result {
    let (own, ..) = judged.areas();
    let with_novelty = judged.report.methods.first().map_or(0.0, |method| method.with_novelty.auroc);
    writeln!(
        out,
        "{name:<32}  {:>6.3}  {:>14}  {:>13}  {:>5.3}  {own:.4}  {with_novelty:>12.4}",
        judged.recall(),
        judged.report.false_episodes.count,
        judged.benign_alarms(),
        judged.hit_at_3().unwrap_or(f64::NAN),
    )
}

/// Changes every window among lines.
fn change_windows(lines: &[u8], mut change: impl FnMut(&mut Value)) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if line.starts_with(WINDOW) {
            let mut window = serde_json::from_slice(line)?;
            change(&mut window);
            serde_json::to_writer(&mut out, &window)?;
        } else {
            out.extend_from_slice(line);
        }
        out.push(b'\n');
    }
    Ok(out)
}

/// How the lines of windows begin, as the recorder writes them.
const WINDOW: &[u8] = br#"{"type":"window""#;

/// Windows of a run before it is attacked.
const BEFORE: usize = 20;

/// The parts of a window that name what was done.
const NAMED: [&str; 2] = ["counters", "execs"];

fn image(window: &Value) -> String {
    window["container"]["image"]["name"].as_str().unwrap_or_default().to_owned()
}

/// Takes out of the tests what no learned window of the image has.
fn hide_what_is_new(recorded: &mut Recorded) -> Result<(), Box<dyn Error>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for lines in &recorded.learn {
        change_windows(lines, |window| {
            let names =
                NAMED.iter().filter_map(|part| window[*part].as_object()).flat_map(|names| names.keys().cloned());
            known.entry(image(window)).or_default().extend(names);
        })?;
    }
    for (lines, _) in &mut recorded.tests {
        *lines = change_windows(lines, |window| {
            let known = known.get(&image(window));
            for part in NAMED {
                if let Some(names) = window[part].as_object_mut() {
                    names.retain(|name, _| known.is_some_and(|known| known.contains(name)));
                }
            }
        })?;
    }
    Ok(())
}

/// Deals the windows of an image's runs out to as many runs, so that what calibrates is of the runs that teach.
fn mix_runs(recorded: &mut Recorded) -> Result<(), Box<dyn Error>> {
    for lines in &mut recorded.learn {
        let mut runs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        change_windows(lines, |window| {
            let (runs, run) = (runs.entry(image(window)).or_default(), &window["vaectl"]["run"]);
            if !runs.contains(run) {
                runs.push(run.clone());
            }
        })?;
        let mut dealt = BTreeMap::<String, usize>::new();
        *lines = change_windows(lines, |window| {
            let image = image(window);
            let (runs, turn) = (&runs[&image], dealt.entry(image).or_default());
            // A run later after each round: in the same order throughout every window would keep its own.
            window["vaectl"]["run"] = runs[(*turn + *turn / runs.len()) % runs.len()].clone();
            *turn += 1;
        })?;
    }
    Ok(())
}

/// Puts windows of the first test's attacks in the place of learned ones, this share of an image's, in a row in one run.
fn contaminate(recorded: &mut Recorded, share: f64) -> Result<(), Box<dyn Error>> {
    let Some((test, truth)) = recorded.tests.first() else { return Ok(()) };
    let attacks: Vec<Value> = truth.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let is_attacked = |window: &Value| {
        attacks.iter().any(|attack| {
            let [at, began, ends] = [&window["@timestamp"], &attack["began"], &attack["ends"]].map(Value::as_str);
            attack["label"] == 1 && attack["container"] == window["container"]["name"] && at > began && at <= ends
        })
    };
    let mut attacked: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    change_windows(test, |window| {
        if is_attacked(window) {
            attacked.entry(image(window)).or_default().push(window.clone());
        }
    })?;
    for lines in &mut recorded.learn {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut run_of: BTreeMap<String, Value> = BTreeMap::new();
        change_windows(lines, |window| {
            *counts.entry(image(window)).or_default() += 1;
            run_of.entry(image(window)).or_insert_with(|| window["vaectl"]["run"].clone());
        })?;
        let mut at: BTreeMap<String, usize> = BTreeMap::new();
        *lines = change_windows(lines, |window| {
            let image = image(window);
            if run_of[&image] != window["vaectl"]["run"] {
                return;
            }
            let at = at.entry(image.clone()).or_default();
            *at += 1;
            let last = BEFORE + (share * counts[&image] as f64).round() as usize;
            if let Some(windows) = attacked.get(&image).filter(|_| *at > BEFORE && *at <= last) {
                for part in NAMED {
                    window[part] = windows[*at % windows.len()][part].clone();
                }
            }
        })?;
    }
    Ok(())
}
