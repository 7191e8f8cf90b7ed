//! From lines to model files.

use std::io::BufRead;
use std::sync::Arc;

use vaectl_schemas::ModelMatch;
use vaectl_scorer::ModelFolder;
use vaectl_scorer::model::{Model, ModelLock};

use crate::config::Config;
use crate::error::TrainError;
use crate::intake::{Group, Intake};
use crate::model::model;
use crate::promotion::{Plan, Samples};
use crate::report::{KeyReport, Outcome, Report};
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
    let _lock = ModelLock::take(&config.models)?;
    let mut intake = Intake::new(usize::MAX);
    for (index, input) in inputs.into_iter().enumerate() {
        intake.read(input, config.max_line_bytes, config.since)?;
        progress(Progress::Read { inputs: index + 1 });
    }
    let lines = intake.lines;
    let (mut groups, left_out) = intake.groups(config.accept);
    let mut report = Report { lines, left_out, keys: Vec::new() };
    let (before, samples) = (ModelFolder::open(&config.models).0, Samples::of(&groups));
    let wanted = |key: &String| config.keys.is_empty() || config.keys.contains(key);
    for (key, group) in groups.iter_mut().filter(|(key, _)| wanted(key)) {
        let (runs, windows) = (group.runs.len(), group.runs.values().map(Vec::len).sum());
        report.keys.push(KeyReport {
            outcome: outcome((config, &before), key, group, &samples, progress)?,
            key: key.clone(),
            name: group.name.clone(),
            runs,
            windows,
            left_out: group.left_out.clone(),
        });
    }
    Ok(report)
}

/// The model of another version of the same image, where there is none of this one yet.
fn predecessor(before: &ModelFolder, group: &Group) -> Option<Arc<Model>> {
    let (model, matched) = before.find(&group.keys)?;
    (matched == ModelMatch::Repository && group.keys.digest.is_some()).then_some(model)
}

/// Makes a model of a key, unless there is too little to make or to judge one of, or it collapsed.
fn outcome(
    (config, before): (&Config, &ModelFolder),
    key: &str,
    group: &mut Group,
    samples: &Samples,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, TrainError> {
    let plan = Plan::of(config, key, group);
    if let Plan::Leave(why) = plan {
        return Ok(Outcome::Kept { why, contest: None });
    }
    let split = match Split::of(group) {
        Ok(split) => split,
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    let mut said = |seed, epoch, epochs| progress(Progress::Fit { name: group.name.clone(), seed, epoch, epochs });
    let predecessor = predecessor(before, group);
    let content = model((config, predecessor.as_deref()), key, group, &split, &mut said);
    match collapse(&content.card.structure).filter(|_| !config.allow_collapsed) {
        Some(why) => Ok(Outcome::Refused(why)),
        None => plan.settle(config, content, &samples.but(key)),
    }
}
