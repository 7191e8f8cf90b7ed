use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;
use vaectl_scorer::model::{Card, Feature};

use super::{Answer, Chosen, short};
use crate::error::{Exit, Failure};
use crate::{printable, units};

/// A median moves where it is this many of the older spreads off.
const MOVED: f64 = 1.0;

/// What one version has that another has not.
#[derive(Serialize)]
struct Diff {
    key: String,
    from: String,
    to: String,
    features: Names,
    counters: Names,
    programs: Names,
    /// Features whose median is at least one of the older spreads off.
    moved: Vec<Moved>,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Names {
    added: Vec<String>,
    removed: Vec<String>,
}

#[derive(Serialize)]
struct Moved {
    feature: String,
    /// In the feature's own unit.
    from: f64,
    to: f64,
}

#[derive(Serialize)]
struct Figure {
    name: &'static str,
    from: String,
    to: String,
}

pub(super) fn run(chosen: &Chosen, from: Option<&str>, to: Option<&str>, answer: &mut Answer) -> Result<Exit, Failure> {
    let to = chosen.version(to)?;
    let from = match from {
        Some(digits) => chosen.version(Some(digits))?,
        None => chosen.versions.previous().filter(|previous| *previous != to).ok_or_else(|| {
            Failure::usage(format!("no version of {} was in use before", chosen.key)).hint("name the older one")
        })?,
    };
    let (older, newer) = (chosen.card(&from)?, chosen.card(&to)?);
    answer.give(&Diff::of(&chosen.key, (from, &older), (to, &newer)), text)?;
    Ok(Exit::Done)
}

impl Diff {
    fn of(key: &str, (from, older): (String, &Card), (to, newer): (String, &Card)) -> Self {
        let figure = |name, figure: &dyn Fn(&Card) -> String| Figure { name, from: figure(older), to: figure(newer) };
        let figures = vec![
            figure("grade", &|card| card.grade.to_string()),
            figure("runs", &|card| card.runs.to_string()),
            figure("windows", &|card| card.windows.to_string()),
            figure("until", &|card| units::seconds(card.span[1])),
            figure("calibration windows", &|card| card.calibration.windows.to_string()),
            figure("threshold", &|card| format!("{:.2}", card.calibration.threshold)),
            figure("suspect beyond", &|card| format!("{:.2}", card.calibration.suspect)),
            figure("auroc", &|card| format!("{:.3}", card.validation.auroc)),
        ];
        let features = |card: &Card| card.features.iter().map(label).collect();
        Self {
            key: key.to_owned(),
            features: Names::of(&features(older), &features(newer)),
            counters: Names::of(&set(&older.seen.counters), &set(&newer.seen.counters)),
            programs: Names::of(&older.seen.execs, &newer.seen.execs),
            moved: moved(older, newer),
            figures: figures.into_iter().filter(|figure| figure.from != figure.to).collect(),
            from,
            to,
        }
    }
}

fn set(names: &[String]) -> BTreeSet<String> {
    names.iter().cloned().collect()
}

/// A feature's name with its view, since a call may have a level and a share.
fn label(feature: &Feature) -> String {
    format!("{} ({:?})", feature.name, feature.view).to_lowercase()
}

fn moved(older: &Card, newer: &Card) -> Vec<Moved> {
    let known: BTreeMap<String, &Feature> = older.features.iter().map(|feature| (label(feature), feature)).collect();
    let moved = newer.features.iter().filter_map(|feature| {
        let before = known.get(&label(feature))?;
        // The unit is learned too: medians compare in the number's own.
        let (from, to) = (before.raw(before.median), feature.raw(feature.median));
        let far = (before.view(to) - before.median).abs() >= MOVED * before.scale;
        far.then(|| Moved { feature: label(feature), from, to })
    });
    moved.collect()
}

impl Names {
    fn of(older: &BTreeSet<String>, newer: &BTreeSet<String>) -> Self {
        Self { added: newer.difference(older).cloned().collect(), removed: older.difference(newer).cloned().collect() }
    }
}

fn text(diff: &Diff) -> String {
    let mut table = vec![vec![diff.key.clone(), short(&diff.from).to_owned(), short(&diff.to).to_owned()]];
    table
        .extend(diff.figures.iter().map(|figure| vec![figure.name.to_owned(), figure.from.clone(), figure.to.clone()]));
    table.extend(diff.moved.iter().map(|moved| {
        let figure = |value| units::figure(&moved.feature, value);
        vec![format!("median of {}", moved.feature), figure(moved.from), figure(moved.to)]
    }));
    let mut out = printable::columns(&table);
    for (kind, names) in [("feature", &diff.features), ("counter", &diff.counters), ("program", &diff.programs)] {
        for (sign, names) in [('-', &names.removed), ('+', &names.added)] {
            for name in names {
                let _ = writeln!(out, "{sign} {kind} {name}");
            }
        }
    }
    out
}
