//! The outcome on stdout, for a person.

use std::fmt::Write;

use vaectl_schemas::{State, Timestamp};
use vaectl_scorer::model::{ModelFolder, phrase};

use super::outcome::{Finding, Mode, Outcome, Watched};
use super::{Folder, WINDOW, tree};
use crate::Truth;

pub(super) fn print(outcome: &Outcome, folder: &Folder) {
    println!("\n{}", states(outcome));
    if outcome.findings.is_empty() {
        println!("No incident.\n");
    }
    for finding in &outcome.findings {
        println!("{}", incident(finding, outcome));
    }
    for (truth, delay) in outcome.scene.truths.iter().zip(outcome.delays()) {
        if delay.is_none() {
            println!("MISSED: {} on {} at {}\n", truth.attack, truth.name, clock(truth.began));
        }
    }
    if outcome.mode == Mode::Replay {
        println!("This was a replay of a recording that this demo made on real containers; nothing was started here.");
    }
    println!("{}", promise(outcome, &ModelFolder::open(&folder.models()).0));
    println!(
        "{} events were published; repository: {}  models: {}  truth, logs: {}",
        outcome.events,
        folder.repository().display(),
        folder.models().display(),
        folder.path().display()
    );
}

/// What the models let expect of a watch like this one; each image has as many containers.
fn promise(outcome: &Outcome, models: &ModelFolder) -> String {
    let scene = &outcome.scene;
    let per_day: Vec<f64> = models.models().map(|model| model.card().calibration.episodes_per_day).collect();
    let mean = per_day.iter().sum::<f64>() / per_day.len() as f64;
    let days = scene.to.since(scene.from).as_secs_f64() / 86_400.0;
    format!(
        "Of a few minutes of recording the models can promise no fewer than {mean:.1} false incidents a container and day: {:.2}\n\
         in a watch like this one. An hour of windows makes it about one a day.",
        mean * days * scene.watched.len() as f64
    )
}

/// One row a container, one mark a window, and the attacks below those that were attacked.
fn states(outcome: &Outcome) -> String {
    let scene = &outcome.scene;
    let width = scene.watched.iter().map(|watched| watched.name.len()).max().unwrap_or_default();
    let mut out = format!(
        "States from {} to {}, one mark every {WINDOW} s:\n. unknown  w warming  s stable  ! unstable  b blind  ^ under attack\n",
        clock(scene.from),
        clock(scene.to)
    );
    for watched in &scene.watched {
        let _ = writeln!(out, "{:width$}  {}", watched.name, row(watched, outcome));
        for truth in scene.truths.iter().filter(|truth| truth.container == watched.id) {
            let (skip, length) = (windows(scene.from, truth.began), windows(truth.began, truth.ends));
            let _ = writeln!(out, "{:width$}  {}{} {}", "", " ".repeat(skip), "^".repeat(length), truth.attack);
        }
    }
    out
}

fn windows(from: Timestamp, to: Timestamp) -> usize {
    (to.since(from).as_secs() / WINDOW) as usize
}

fn row(watched: &Watched, outcome: &Outcome) -> String {
    let scene = &outcome.scene;
    let transitions = outcome.transitions.get(&watched.id).map(Vec::as_slice).unwrap_or_default();
    let first = transitions.first().map(|transition| transition.previous);
    let mut state = first.or_else(|| outcome.last.get(&watched.id).copied()).unwrap_or_default();
    let mut ahead = transitions.iter().peekable();
    let mut marks = String::new();
    for window in 1..=windows(scene.from, scene.to) as u64 {
        let end = scene.from.as_ns() + window * WINDOW * 1_000_000_000;
        while let Some(transition) = ahead.next_if(|transition| transition.at.as_ns() <= end) {
            state = transition.state;
        }
        marks.push(mark(state));
    }
    marks
}

fn mark(state: State) -> char {
    match state {
        State::Unknown => '.',
        State::Warming => 'w',
        State::Stable => 's',
        State::Suspect => '?',
        State::Unstable => '!',
        State::Blind => 'b',
    }
}

fn incident(finding: &Finding, outcome: &Outcome) -> String {
    let (line, info) = (&finding.incident, &finding.incident.vaectl);
    let name = line.container.as_ref().and_then(|container| container.name.as_deref().or(container.id.as_deref()));
    let mut out = format!("Incident {} on {}, noticed {}", info.incident, name.unwrap_or("?"), clock(finding.noticed));
    let after = |truth: &Truth| finding.noticed.since(truth.began).as_secs_f64();
    match finding.truth.map(|index| &outcome.scene.truths[index]) {
        Some(truth) => writeln!(out, ": {:.1} s after the {} began", after(truth), truth.attack),
        None => writeln!(out, ": FALSE, nothing was done to it"),
    }
    .unwrap_or_default();
    let _ = writeln!(out, "  {}", finding.reason);
    let id = line.container.as_ref().and_then(|container| container.id.as_deref());
    let entry = outcome.scene.watched.iter().find(|watched| id == Some(&*watched.id)).and_then(|watched| watched.entry);
    let model = line.rule.as_ref().and_then(|rule| rule.name.as_deref()).unwrap_or("training");
    for attribution in &info.attributions {
        let share = match attribution.share {
            0.0 => "new".to_owned(),
            share => format!("{:.0} %", share * 100.0),
        };
        let _ = writeln!(out, "  {share:>5}  {}", phrase(attribution, model, WINDOW as f64));
    }
    if let Some(closed) = line.event.reason.as_deref().filter(|_| info.closed.is_some()) {
        let _ = writeln!(out, "  {closed}");
    }
    let _ = writeln!(
        out,
        "  {} events are in the repository, {} of them from before it was noticed.",
        finding.events.len(),
        finding.events.iter().filter(|event| event.vaectl.history).count()
    );
    let missing = info.events.saturating_sub(finding.events.len() as u64);
    if missing > 0 {
        let _ = writeln!(out, "  {missing} more were let go on the way: publish was too slow for them.");
    }
    let _ = writeln!(out, "  The processes:");
    for line in tree::draw(&finding.events, entry).lines() {
        let _ = writeln!(out, "  | {line}");
    }
    out
}

/// The time of the day in UTC.
fn clock(time: Timestamp) -> String {
    time.to_string()[11..19].to_owned()
}
