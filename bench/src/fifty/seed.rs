//! Training, and the phases of one seed on a fleet of its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fleet::Fleet;
use super::hours::{self, Hours};
use super::neighbour;
use super::plan::Plan;
use super::publishers::{Publisher, Surroundings};
use super::stable::{self, Block};
use super::strike::{self, Phase};
use crate::adaptive::kernel;
use crate::node::{Node, Stored};
use crate::{HarnessError, Progress, Workspace, stage};

/// No seeds of those that are measured. Each has a fleet of its own, at a time of its own: replicas side by side share all that
/// the host does, and one of them calibrates only what another one at the same time would do.
const TRAINING_SEEDS: [u64; 2] = [0, 50];

/// Folders of models.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Models {
    /// Of windows in which all calls were counted.
    pub(super) all: PathBuf,
    /// Of windows in which they were counted in slices, where that is compared.
    pub(super) duty: Option<PathBuf>,
}

impl Models {
    /// Those that a publisher takes.
    pub(super) fn of(&self, publisher: Publisher) -> &Path {
        match &self.duty {
            Some(duty) if publisher == Publisher::Duty => duty,
            _ => &self.all,
        }
    }
}

/// What was measured under one seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seed {
    pub(super) number: u64,
    /// System calls of all containers in a second.
    pub(super) calls_per_s: f64,
    pub(super) blocks: Vec<Block>,
    /// What each publisher has on the disk of the server after the stable phase.
    pub(super) stored: BTreeMap<Publisher, Stored>,
    pub(super) phases: Vec<Phase>,
    pub(super) hours: Vec<Hours>,
}

/// Records two fleets, one after the other, and makes models of both, one set of those who count all calls and one of those who
/// count in slices.
///
/// Beside a fleet somebody takes a core now and then, as on any host; when is fixed, as the fleet's load is.
///
/// All record at the same time: a second recorder's hooks take less than a hundredth of what containers take, and windows
/// are what a model promises by.
pub(super) fn train(plan: &Plan, folder: &Path, progress: Progress) -> Result<Models, Box<dyn Error>> {
    let workspace = Workspace::new("fifty")?;
    let publishers: Vec<Publisher> =
        plan.publishers().into_iter().filter(|publisher| publisher.is_adaptive()).collect();
    let part = |publisher: Publisher, seed: u64| workspace.path().join(format!("{}-{seed}.ndjson", publisher.name()));
    for seed in TRAINING_SEEDS {
        let own = Workspace::new("fifty")?;
        let fleet = Fleet::start(plan.containers, 1.0, seed, &own, progress)?;
        progress.say(format!("Recording windows to learn from: {} s.", plan.training_s));
        let one = |publisher| record(&fleet, plan, plan.training_s, publisher, &part(publisher, seed), &workspace);
        let all = || {
            thread::scope(|scope| {
                let start = |&publisher: &Publisher| {
                    scope.spawn({
                        let one = &one;
                        move || one(publisher)
                    })
                };
                let recorders: Vec<_> = publishers.iter().map(start).collect();
                let ended =
                    |recorder: ScopedJoinHandle<'_, _>| recorder.join().map_err(|_| HarnessError::Interrupted)?;
                recorders.into_iter().try_for_each(ended)
            })
        };
        neighbour::beside(Duration::from_secs(plan.training_s), seed, all)?;
    }
    let learn = |name: &str, publisher: Publisher| -> Result<PathBuf, Box<dyn Error>> {
        let models = std::path::absolute(folder.join(name))?;
        stage::train(&TRAINING_SEEDS.map(|seed| part(publisher, seed)), &models, workspace.path())?;
        Ok(models)
    };
    let all = learn("models", Publisher::Adaptive)?;
    let duty = plan.duty.then(|| learn("models-duty", Publisher::Duty)).transpose()?;
    Ok(Models { all, duty })
}

/// Records windows of a fleet for so many seconds, as a publisher's recorder does.
fn record(
    fleet: &Fleet,
    plan: &Plan,
    seconds: u64,
    publisher: Publisher,
    to: &Path,
    workspace: &Workspace,
) -> Result<(), HarnessError> {
    let window = format!("{}s", plan.window_s);
    let mut args = vec!["--depth", "census", "--window", &window];
    args.extend(publisher.counting());
    args.extend(fleet.ids().into_iter().flat_map(|id| ["--container", id]));
    stage::record(Duration::from_secs(seconds), &args, to, workspace.path())
}

/// Where the windows are that a publisher was made acquainted by.
fn recording(workspace: &Workspace, publisher: Publisher) -> PathBuf {
    workspace.path().join(publisher.name()).with_extension("ndjson")
}

/// Makes a publisher acquainted with the containers of a fleet.
pub(super) fn warm(
    around: &Surroundings<'_>,
    plan: &Plan,
    publisher: Publisher,
    progress: Progress,
) -> Result<(), Box<dyn Error>> {
    progress.say(format!("Until {} knows all containers: {} s.", publisher.name(), plan.warm_s));
    let recording = recording(around.workspace, publisher);
    record(around.fleet, plan, plan.warm_s, publisher, &recording, around.workspace)?;
    around.acquaint(publisher, &recording)
}

impl Seed {
    pub(super) fn run(
        plan: &Plan,
        seed: u64,
        node: &Node,
        models: &Models,
        progress: Progress,
    ) -> Result<Self, Box<dyn Error>> {
        let workspace = Workspace::new("fifty")?;
        let fleet = Fleet::start(plan.containers, 1.0, seed, &workspace, progress)?;
        let around = Surroundings { fleet: &fleet, node, workspace: &workspace, models, window_s: plan.window_s };
        let publishers = plan.publishers();
        let adaptive = || publishers.iter().copied().filter(|publisher| publisher.is_adaptive());
        // The windows of the last one stand for hours, and a fleet's first minutes are like no others.
        for publisher in adaptive().rev() {
            warm(&around, plan, publisher, progress)?;
        }
        let place = plan.seeds.iter().position(|other| *other == seed).unwrap_or_default();
        let blocks = stable::blocks(&around, plan, place, progress)?;
        let stored = publishers.iter().filter_map(|p| Some((*p, node.stored(&around.streams(*p))?))).collect();
        let mut phases = Vec::new();
        for (turn, publisher) in adaptive().enumerate() {
            phases.push(strike::phase(&around, plan, publisher, (seed, turn), progress)?);
        }
        progress.say("Hours of the same windows.");
        let recording = recording(&workspace, Publisher::Adaptive);
        let hours = hours::measure(&recording, &models.all, node, &workspace)?;
        if let Some(few) = hours.iter().find(|hours| hours.documents < plan.containers as u64 * hours.number) {
            return Err(format!("{few:?} have no summary of every container and hour").into());
        }
        for publisher in publishers {
            around.clear(publisher);
        }
        let windows = std::fs::read_to_string(&recording)?;
        let windows: Vec<Value> = windows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let windows: Vec<Value> = windows.into_iter().filter(|line| line["container"]["id"] != "host").collect();
        Ok(Self {
            number: seed,
            calls_per_s: kernel::calls(&windows) / plan.warm_s as f64,
            blocks,
            stored,
            phases,
            hours,
        })
    }
}
