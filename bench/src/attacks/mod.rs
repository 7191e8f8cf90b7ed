//! `bench/run attacks`: records containers of five images under load, attacks some of them, and holds what is found
//! against the truth; `bench/run soak`: more of the calm ones.
//!
//! What is recorded is an archive: a folder with one folder a part, `learn` for what models are made of and others to
//! test on, each with `lines.ndjson.zst`, as `record` wrote them, and `truth.ndjson`, written before. A part is there whole
//! or not at all: a second start records what is missing. Training, scoring and evaluation replay the archive.

mod ablation;
mod catalog;
mod deed;
mod judge;
mod part;
mod plan;
mod service;
mod stage;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use judge::{Judged, judge};

use vaectl_schemas::derived_id;

use crate::error::Naming;
use crate::lock::Lock;
use crate::{Progress, Workspace};
use judge::Recorded;
use part::LINES;
use plan::Part;
use stage::Stock;

/// Held while containers are recorded.
const MACHINE: &str = "/run/vaectl-attacks.lock";

/// Container-hours without an event that the whole bench has to have.
const STEADY_HOURS: f64 = 24.0;

/// The parts of `soak`, 37 container-hours each once their instances are warm.
const SOAK_PARTS: usize = 2;

/// Says which plan an archive is of: the parts of another one are none of it.
const PLAN: &str = "plan";

/// What the user asked for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Three images and three attacks, in a quarter of an hour
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    archive: Archive,
}

/// An archive that is replayed, and recorded before where it is not whole.
#[derive(Debug, clap::Args)]
pub struct Archive {
    /// Where it is, instead of a folder that is gone with `cargo clean`
    #[arg(long, value_name = "FOLDER")]
    recording: Option<PathBuf>,
    /// What its load and its attacks are drawn from
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Archive {
    fn path(&self, name: &str) -> PathBuf {
        self.recording.clone().unwrap_or_else(|| crate::target().join(name))
    }
}

/// Runs the bench; fails where an attack was missed or an episode was false.
pub fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let seed = options.archive.seed.unwrap_or(1);
    let (name, parts) =
        if options.quick { ("attacks-quick", plan::quick(seed)) } else { ("attacks", plan::full(seed)) };
    let archive = options.archive.path(name);
    record(&archive, seed, &parts, |_| true)?;
    let recorded = Recorded::read(&archive, LINES)?;
    let judged = judged(&recorded)?;
    print!("{judged}");
    if !options.quick {
        print!("{}", ablation::table(&archive, &recorded, &judged)?);
    }
    println!("{}", judged.line());
    let steady_hours = if options.quick { 0.0 } else { STEADY_HOURS };
    Ok(if judged.is_reached(steady_hours) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs `soak`: 72 container-hours in which nothing happens, under the models of `attacks`; fails where there may be more
/// than one false episode a day.
pub fn soak(options: &Archive) -> Result<ExitCode, Box<dyn Error>> {
    let (archive, seed) = (options.path("soak"), options.seed.unwrap_or(2));
    let learn = crate::target().join("attacks");
    record(&learn, 1, &plan::full(1), Part::teaches)?;
    record(&archive, seed, &plan::soak(seed, SOAK_PARTS), |_| true)?;
    let judged = judged(&Recorded::of(&learn, &archive, LINES)?)?;
    print!("{judged}");
    println!("{}", judged.soak_line());
    Ok(if judged.is_quiet() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judged(recorded: &Recorded) -> Result<Judged, Box<dyn Error>> {
    let models = Workspace::new("bench-attacks")?;
    recorded.judge(&vaectl_trainer::Config::new(models.path()))
}

/// Refuses an archive whose parts are of another plan; a new one is told its own.
fn claim(archive: &Path, seed: u64, parts: &[Part]) -> Result<(), Box<dyn Error>> {
    let (path, plan) = (archive.join(PLAN), derived_id("plan", [&*format!("{parts:?}")]));
    let plan = format!("seed {seed}, {plan}");
    let is_new = parts.iter().all(|part| !archive.join(&part.name).exists());
    match fs::read_to_string(&path) {
        Ok(found) if found == plan => Ok(()),
        Err(_) if is_new => {
            fs::create_dir_all(archive).naming("create", archive)?;
            Ok(fs::write(&path, plan).naming("write", &path)?)
        }
        found => {
            let found = found.unwrap_or_else(|_| "unknown".into());
            let archive = archive.display();
            Err(format!(
                "{archive} is of another plan ({found}; this is {plan}): remove it, or give --recording another folder"
            )
            .into())
        }
    }
}

/// Records those parts of a plan that the archive does not have.
fn record(archive: &Path, seed: u64, plan: &[Part], those: impl Fn(&Part) -> bool) -> Result<(), Box<dyn Error>> {
    claim(archive, seed, plan)?;
    let missing = plan.iter().filter(|part| those(part) && !archive.join(&part.name).exists());
    let missing: Vec<&Part> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    let _lock = Lock::take(Path::new(MACHINE), "another attack bench")?;
    let progress = Progress::default();
    progress.say(format!(
        "Recording {} parts into {}. Building images first: about 10 s.",
        missing.len(),
        archive.display()
    ));
    let stock = Stock::new()?;
    missing.into_iter().try_for_each(|part| part::record(part, archive, &stock, progress))?;
    Ok(())
}
