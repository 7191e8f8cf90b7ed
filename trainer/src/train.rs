//! From lines to model files.

use std::io::BufRead;
use std::sync::Arc;

use vaectl_schemas::ModelMatch;
use vaectl_scorer::ModelFolder;
use vaectl_scorer::model::{Card, Content, Model};

use crate::config::Config;
use crate::error::TrainError;
use crate::intake::{Group, Intake};
use crate::model::model;
use crate::report::{KeyReport, Outcome, Report, Trained};
use crate::split::Split;
use crate::structure::collapse;

/// How far a training run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many inputs of all have been read.
    Read {
        /// Read.
        inputs: usize,
    },
    /// A network is being fitted.
    Fit {
        /// What a person calls the model.
        name: String,
        /// The seed.
        seed: u64,
        /// Passes made.
        epoch: usize,
        /// Passes at most.
        epochs: usize,
    },
}

/// Reads windows and writes a model for every key that has enough of them.
///
/// Everything that is left out is in the report. The same lines, seeds and, for a new version of an image, models of the
/// versions before give the same files to the last byte.
pub fn train<R: BufRead>(
    config: &Config,
    inputs: impl IntoIterator<Item = R>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, TrainError> {
    config.check()?;
    let mut intake = Intake::default();
    for (index, input) in inputs.into_iter().enumerate() {
        intake.read(input, config.max_line_bytes)?;
        progress(Progress::Read { inputs: index + 1 });
    }
    let lines = intake.lines;
    let (groups, left_out) = intake.groups();
    let mut report = Report { lines, left_out, keys: Vec::new() };
    let (before, _) = ModelFolder::open(&config.models);
    for (key, group) in &groups {
        let outcome = match Split::of(group) {
            Err(why) => Outcome::Skipped(why),
            Ok(split) => {
                let mut said = |seed, epoch, epochs| {
                    progress(Progress::Fit { name: group.name.clone(), seed, epoch, epochs });
                };
                let predecessor = predecessor(&before, group);
                let start = (config, predecessor.as_deref());
                keep(config, model(start, key, group, &split, &mut said))?
            }
        };
        report.keys.push(KeyReport {
            key: key.clone(),
            name: group.name.clone(),
            runs: group.runs.len(),
            windows: group.runs.values().map(Vec::len).sum(),
            left_out: group.left_out.clone(),
            outcome,
        });
    }
    Ok(report)
}

/// The model of another version of the same image, where there is none of this one yet.
fn predecessor(before: &ModelFolder, group: &Group) -> Option<Arc<Model>> {
    let (model, matched) = before.find(&group.keys)?;
    (matched == ModelMatch::Repository && group.keys.digest.is_some()).then_some(model)
}

/// Writes a model, unless it collapsed.
fn keep(config: &Config, content: Content) -> Result<Outcome, TrainError> {
    if let Some(why) = collapse(&content.card.structure).filter(|_| !config.allow_collapsed) {
        return Ok(Outcome::Refused(why));
    }
    let path = content.save(&config.models)?;
    let Card { grade, views, features, fits, structure, calibration, validation, baseline, notes, .. } = content.card;
    let features = features.len();
    let trained = Trained { path, grade, views, features, fits, structure, calibration, validation, baseline, notes };
    Ok(Outcome::Trained(Box::new(trained)))
}
