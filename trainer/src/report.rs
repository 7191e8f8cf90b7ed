//! What a training run did, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use vaectl_schemas::Grade;
use vaectl_scorer::model::{Calibration, Card, Figures, Fit, Structure, Views};

use crate::contest::Contest;

/// Why the last line of a file is left out that has no end.
pub(crate) const CUT: &str = "cut line";

/// The reasons for which a line, not only a window, is left out.
const BAD_LINES: [&str; 4] = ["oversized line", CUT, "malformed line", "unknown version"];

/// The outcome of a training run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// Lines and windows that belong to no key, by reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// One entry a model key.
    pub keys: Vec<KeyReport>,
}

/// The outcome for one key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyReport {
    /// The key.
    pub key: String,
    /// What a person calls it.
    pub name: String,
    /// Runs that it has windows of.
    pub runs: usize,
    /// Windows that can be trained on.
    pub windows: usize,
    /// Windows that cannot, by reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// The model, or why there is none.
    pub outcome: Outcome,
}

/// A model, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A model was written.
    Trained(Box<Trained>),
    /// Too little to go by.
    Skipped(String),
    /// It learned nothing beyond a distance from the mean.
    Refused(String),
    /// The model in use stays.
    Kept {
        /// Why.
        why: String,
        /// How a new one did against it, where one was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        contest: Option<Contest>,
    },
}

/// The figures of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trained {
    /// The file.
    pub path: PathBuf,
    /// Its grade.
    pub grade: Grade,
    /// Which views its columns are of.
    pub views: Views,
    /// Columns.
    pub features: usize,
    /// One entry a network.
    pub fits: Vec<Fit>,
    /// What the networks learned.
    pub structure: Structure,
    /// How scores are read.
    pub calibration: Calibration,
    /// How the model tells disturbed windows apart.
    pub validation: Figures,
    /// How the baseline does.
    pub baseline: Figures,
    /// What was left out or is doubtful.
    pub notes: Vec<String>,
    /// How it did against the one that was in use, where it had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contest: Option<Contest>,
}

impl Trained {
    /// The figures of a card.
    pub(crate) fn of(card: Card, path: PathBuf, contest: Option<Contest>) -> Self {
        let Card { grade, views, features, fits, structure, calibration, validation, baseline, notes, .. } = card;
        let features = features.len();
        Self { path, grade, views, features, fits, structure, calibration, validation, baseline, notes, contest }
    }
}

impl Report {
    /// Models written.
    #[must_use]
    pub fn trained(&self) -> usize {
        self.keys.iter().filter(|key| matches!(key.outcome, Outcome::Trained(_))).count()
    }

    /// Models that were made and not written.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.keys.iter().filter(|key| matches!(key.outcome, Outcome::Refused(_))).count()
    }

    /// Models in use that stay.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.keys.iter().filter(|key| matches!(key.outcome, Outcome::Kept { .. })).count()
    }

    /// One line for the mail of cron: what was put in use, what stays and why, and what was left out.
    #[must_use]
    pub fn summary(&self) -> String {
        let (mut new, mut promoted, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let (mut refused, mut skipped) = (Vec::new(), Vec::new());
        for key in &self.keys {
            let name = &key.name;
            match &key.outcome {
                Outcome::Trained(model) if model.contest.is_none() => new.push(name.clone()),
                Outcome::Trained(_) => promoted.push(name.clone()),
                Outcome::Kept { why, .. } => kept.push(format!("{name}: {why}")),
                Outcome::Refused(why) => refused.push(format!("{name}: {why}")),
                Outcome::Skipped(_) => skipped.push(name.clone()),
            }
        }
        let windows: usize = self.keys.iter().map(|key| key.windows).sum();
        let left_out = self.keys.iter().flat_map(|key| key.left_out.values()).chain(self.left_out.values());
        let list = |what: &str, names: &[String]| match names.len() {
            0 => format!("0 {what}"),
            count => format!("{count} {what} ({})", names.join("; ")),
        };
        format!(
            "{}, {}, {}, {}, {}; {windows} windows, {} left out",
            list("promoted", &promoted),
            list("new", &new),
            list("kept", &kept),
            list("refused", &refused),
            list("with too little", &skipped),
            left_out.sum::<usize>()
        )
    }

    /// Lines that could not be read, whatever was wrong with them.
    #[must_use]
    pub fn bad_lines(&self) -> usize {
        BAD_LINES.iter().filter_map(|why| self.left_out.get(why)).sum()
    }

    /// Those of them that ended with their file.
    #[must_use]
    pub fn cut_lines(&self) -> usize {
        self.left_out.get(CUT).copied().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<28} {:>5} {:>8} {:<12} {:>9} {:>9} {:>7} {:>10} {:>8} {:>8}",
            "model", "runs", "windows", "grade", "train", "held out", "active", "threshold", "auroc", "pca"
        )?;
        for key in &self.keys {
            write!(f, "{:<28} {:>5} {:>8} ", key.name, key.runs, key.windows)?;
            match &key.outcome {
                Outcome::Skipped(why) | Outcome::Refused(why) => writeln!(f, "no model: {why}")?,
                Outcome::Kept { why, .. } => writeln!(f, "the model in use stays: {why}")?,
                Outcome::Trained(model) => {
                    let mean = |value: fn(&Fit) -> f64| {
                        model.fits.iter().map(value).sum::<f64>() / model.fits.len().max(1) as f64
                    };
                    writeln!(
                        f,
                        "{:<12} {:>9.2} {:>9.2} {:>7.1} {:>10.1} {:>8.3} {:>8.3}",
                        model.grade.to_string(),
                        mean(|fit| fit.train_loss),
                        mean(|fit| fit.validation_loss),
                        mean(|fit| fit.active_units as f64),
                        model.calibration.threshold,
                        model.validation.auroc,
                        model.baseline.auroc,
                    )?;
                    writeln!(f, "  {} ({} features)", model.path.display(), model.features)?;
                    if let Some(contest) = &model.contest {
                        writeln!(f, "  it replaces the one in use: {contest}")?;
                    }
                    for note in &model.notes {
                        writeln!(f, "  {note}")?;
                    }
                }
            }
            left_out(f, "  ", &key.left_out)?;
        }
        left_out(f, "", &self.left_out)
    }
}

fn left_out(f: &mut fmt::Formatter<'_>, indent: &str, counts: &BTreeMap<&'static str, usize>) -> fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    let counts: Vec<String> = counts.iter().map(|(why, count)| format!("{count} {why}")).collect();
    writeln!(f, "{indent}left out: {}", counts.join(", "))
}
