use std::fmt::Write;

use serde::Serialize;
use vaectl_scorer::model::{Card, View};

use super::{Answer, Chosen};
use crate::error::{Exit, Failure};
use crate::{printable, units};

#[derive(Serialize)]
struct Shown {
    hash: String,
    path: String,
    card: Card,
}

pub(super) fn run(chosen: &Chosen, version: Option<&str>, answer: &mut Answer) -> Result<Exit, Failure> {
    let hash = chosen.version(version)?;
    let (card, path) = (chosen.card(&hash)?, chosen.versions.path(&hash).display().to_string());
    answer.give(&Shown { hash, path, card }, text)?;
    Ok(Exit::Done)
}

fn text(shown: &Shown) -> String {
    let Card { calibration, seen, validation, baseline, .. } = &shown.card;
    let card = &shown.card;
    let window = card.nominal_ns as f64 / 1e9;
    let seeds: Vec<String> = card.fits.iter().map(|fit| fit.seed.to_string()).collect();
    let rows = [
        ("model", card.name.clone()),
        ("key", card.key.clone()),
        ("version", shown.hash.clone()),
        ("file", shown.path.clone()),
        ("made by", card.tool.clone()),
        ("grade", card.grade.to_string()),
        ("trained on", format!("{} windows of {window} s in {} runs", card.windows, card.runs)),
        ("from, to", format!("{} {}", units::seconds(card.span[0]), units::seconds(card.span[1]))),
        ("calibrated on", format!("{} windows in {} runs", calibration.windows, calibration.runs)),
        ("suspect beyond", format!("{:.2}", calibration.suspect)),
        ("threshold", format!("{:.2}", calibration.threshold)),
        ("lowest p-value", format!("{:.1e}", calibration.lowest_p)),
        ("auroc", format!("{:.3} (principal components {:.3})", validation.auroc, baseline.auroc)),
        ("seeds", seeds.join(", ")),
        ("has seen", format!("{} counters, {} programs", seen.counters.len(), seen.execs.len())),
    ];
    let mut out = printable::columns(&rows.map(|(name, value)| vec![name.to_owned(), value]));
    out.push('\n');
    let mut table = vec![["FEATURE", "VIEW", "USUAL FROM", "TO"].map(str::to_owned).to_vec()];
    for feature in &card.features {
        let name = if feature.view == View::Unseen { "(never seen)" } else { &feature.name };
        let figure = |value: f64| match feature.view {
            View::Share => format!("{:.1} %", 100.0 * feature.raw(value)),
            _ => units::figure(&feature.name, feature.raw(value)),
        };
        let view = serde_json::to_string(&feature.view).unwrap_or_default();
        table.push(vec![
            name.to_owned(),
            view.trim_matches('"').to_owned(),
            figure(feature.range[0]),
            figure(feature.range[1]),
        ]);
    }
    out += &printable::columns(&table);
    for program in &seen.execs {
        let _ = write!(out, "\nprogram: {program}");
    }
    for note in &card.notes {
        let _ = write!(out, "\nnote: {note}");
    }
    out + "\n"
}
