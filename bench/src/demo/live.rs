//! The demo on real containers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{LineWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vaectl_schemas::{IncidentStatus, Timestamp};

use super::fleet::{self, Fleet, TEACHING, WATCHED};
use super::outcome::{Mode, Outcome, Scene, Watched};
use super::pipeline::Pipeline;
use super::plan::{self, ATTACK, LIVE, Strike};
use super::{Folder, Options, WINDOW, replay};
use crate::error::Naming;
use crate::lock::Lock;
use crate::repository::{Document, Repository};
use crate::stage::{DRAIN, Stage};
use crate::{Attack, Container, HarnessError, Progress, Workspace, interrupt};

/// Windows of each container that the models are made of.
const WINDOWS: u64 = 90;

/// Held while a demo watches containers: two would take the processors from each other, and what is usual with it.
const MACHINE: &str = "/run/vaectl-demo.lock";

/// How often the user hears from a wait.
const NEWS: Duration = Duration::from_secs(20);

const TRAIN_LIMIT: Duration = Duration::from_mins(2);

pub(super) fn run(options: &Options, folder: &Folder, progress: Progress) -> Result<Outcome, HarnessError> {
    let _lock = Lock::take(Path::new(MACHINE), "another demo")?;
    let seed = options.seed.unwrap_or_else(|| Timestamp::now().as_ns() / 1_000_000 % 1_000_000);
    let total = WINDOWS * WINDOW + LIVE.as_secs() + 45;
    progress
        .say(format!("Seed {seed}. This takes about {} minutes. Building images first: about 5 s.", (total + 30) / 60));
    let workspace = Workspace::new("demo")?;
    let images = fleet::images(&workspace)?;
    let recording = folder.file("train.ndjson");
    {
        progress.say(format!(
            "Starting {} containers to learn from, nginx and redis under load and a Python worker: about 16 s.",
            fleet::size(TEACHING)
        ));
        let fleet = Fleet::start(&images, 1..1 + TEACHING, seed, &workspace)?;
        record(&fleet, &recording, folder, progress)?;
        progress.say("Removing these containers: about 2 s.");
        drop(fleet);
    }
    train(&recording, folder, progress)?;
    progress.say(format!("Starting {} fresh containers: about 8 s.", fleet::size(WATCHED)));
    let first = 1 + TEACHING;
    let fleet = Fleet::start(&images, first..first + WATCHED, seed + 1, &workspace)?;
    let outcome = watch(seed, &fleet, options, folder, progress)?;
    if options.record {
        replay::keep(folder, workspace.tag(), &outcome.scene, progress)?;
    }
    Ok(outcome)
}

fn record(fleet: &Fleet, recording: &Path, folder: &Folder, progress: Progress) -> Result<(), HarnessError> {
    let length = Duration::from_secs((WINDOWS + 1) * WINDOW);
    progress.say(format!("Recording {WINDOWS} windows of {WINDOW} s: {} s.", length.as_secs()));
    let output = File::create(recording).naming("create", recording)?;
    let mut stage = recorder(&pipeline(fleet, folder)?, output.into(), folder)?;
    let began = Instant::now();
    while let Some(left) = length.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        interrupt::pause(left.min(NEWS))?;
        stage.alive()?;
        let windows = began.elapsed().as_secs() / WINDOW;
        progress.say(format!("Recorded about {} of {WINDOWS} windows.", windows.min(WINDOWS)));
    }
    stage.terminate();
    stage.finish(DRAIN)
}

/// Trains a model for each image from a recording; the trainer splits by run itself.
pub(super) fn train(recording: &Path, folder: &Folder, progress: Progress) -> Result<(), HarnessError> {
    progress.say("Training a model for each image, some of its replicas teach and the others calibrate: about 8 s.");
    let (models, recording) = (folder.models(), recording.to_string_lossy());
    let args = ["train", "--models", &models.to_string_lossy(), &recording];
    let stage = Stage::start(&args, Stdio::null(), Stdio::inherit(), folder.path())?;
    stage.finish(TRAIN_LIMIT)
}

/// `record | score | publish` on the fleet while it is attacked, as `run` keeps them.
///
/// A recording must have all that happened, whatever the depth: for one `record` stays outside, without leases.
fn watch(
    seed: u64,
    fleet: &Fleet,
    options: &Options,
    folder: &Folder,
    progress: Progress,
) -> Result<Outcome, HarnessError> {
    let pipeline = pipeline(fleet, folder)?;
    let (mut first, others) = if options.record {
        let mut record = recorder(&pipeline, Stdio::piped(), folder)?;
        let mut tee = tee(&mut record, &folder.file("live.ndjson"))?;
        let copy = tee.stdout.take().map_or_else(Stdio::null, Stdio::from);
        (record, Some((tee, pipeline.start("score,publish", copy, folder)?)))
    } else {
        (pipeline.start("record,score,publish", Stdio::null(), folder)?, None)
    };
    progress.say(format!("Watching them by record | score | publish: {} s.", LIVE.as_secs()));
    let (from, truth) = (Timestamp::now(), folder.file("truth.ndjson"));
    let mut watch = Watch {
        began: Instant::now(),
        strikes: plan::draw(seed).to_vec(),
        attacks: Vec::new(),
        repository: Repository::new(&folder.repository()),
        seen: BTreeMap::new(),
        truth: LineWriter::new(File::create(&truth).naming("create", &truth)?),
        seed,
        progress,
    };
    let mut news = NEWS;
    while watch.began.elapsed() < LIVE {
        interrupt::pause(Duration::from_millis(100))?;
        first.alive()?;
        watch.strike(fleet)?;
        watch.look()?;
        if watch.began.elapsed() > news {
            progress.say(format!("{} s left.", LIVE.saturating_sub(news).as_secs()));
            news += NEWS;
        }
    }
    progress.say("Ending the watch: about 3 s.");
    first.terminate();
    first.finish(DRAIN)?;
    if let Some((mut tee, others)) = others {
        tee.wait().naming("wait for", Path::new("tee"))?;
        others.finish(DRAIN)?;
    }
    watch.look()?;
    let scene = Scene {
        seed,
        from,
        to: Timestamp::now(),
        watched: fleet.containers().map(Watched::of).collect(),
        truths: watch.attacks.into_iter().map(|attack| attack.truth).collect(),
    };
    let documents = Repository::new(&folder.repository()).poll()?;
    Ok(Outcome::new(Mode::Live, scene, documents, &watch.seen))
}

/// What `record`, `score` and `publish` are told, for the fleet and for nothing else that may run here.
fn pipeline(fleet: &Fleet, folder: &Folder) -> Result<Pipeline, HarnessError> {
    let containers: Vec<_> = fleet.containers().map(Container::id).collect();
    Pipeline::configure(&format!("window = {WINDOW}\ncontainer = {containers:?}"), "16M", folder)
}

fn recorder(pipeline: &Pipeline, output: Stdio, folder: &Folder) -> Result<Stage, HarnessError> {
    Stage::start(&["record", "--config", pipeline.config()], Stdio::null(), output, folder.path())
}

/// Hands on what a stage writes, and keeps a copy of it in a file.
fn tee(stage: &mut Stage, file: &Path) -> Result<Child, HarnessError> {
    let mut tee = Command::new("tee");
    tee.arg(file).stdin(stage.output()).stdout(Stdio::piped()).spawn().naming("start", Path::new("tee"))
}

/// The injector on one side, the eyes on the repository on the other: they share the clock only.
struct Watch {
    began: Instant,
    strikes: Vec<Strike>,
    attacks: Vec<Attack>,
    repository: Repository,
    /// When the opening of an incident was first read in the repository.
    seen: BTreeMap<String, Timestamp>,
    truth: LineWriter<File>,
    seed: u64,
    progress: Progress,
}

impl Watch {
    fn strike(&mut self, fleet: &Fleet) -> Result<(), HarnessError> {
        let due = |strike: &mut Strike| strike.after <= self.began.elapsed();
        for strike in self.strikes.extract_if(.., due) {
            let target = fleet.container(strike.target);
            self.progress.say(format!("Attack: {} on {}.", strike.kind, target.name()));
            let attack = Attack::start(strike.kind, target, ATTACK, self.seed)?;
            let truth = serde_json::to_string(&attack.truth).map_err(std::io::Error::other);
            truth.and_then(|truth| writeln!(self.truth, "{truth}")).naming("write", Path::new("the truth"))?;
            self.attacks.push(attack);
        }
        for attack in &mut self.attacks {
            attack.end_when_over();
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), HarnessError> {
        for document in self.repository.poll()? {
            if let Document::Incident(incident) = document
                && incident.vaectl.status == IncidentStatus::Opened
            {
                let name = incident.container.as_ref().and_then(|container| container.name.as_deref());
                self.progress.say(format!("Incident on {}.", name.unwrap_or("a container without a name")));
                self.seen.entry(incident.vaectl.incident).or_insert_with(Timestamp::now);
            }
        }
        Ok(())
    }
}
