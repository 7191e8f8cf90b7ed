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

/// The parts of `soak`, 37 container-hours each once their instances are warm.
const SOAK_PARTS: usize = 2;

/// Says which plan an archive is of: the parts of another one are none of it.
const PLAN: &str = "plan";

/// What the user asked for.
#[derive(Debug, Default)]
struct Options {
    quick: bool,
    recording: Option<PathBuf>,
    seed: Option<u64>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--recording" => options.recording = Some(args.next().ok_or("--recording takes a folder")?.into()),
                "--seed" => options.seed = Some(crate::seed(args.next())?),
                other => {
                    return Err(format!("unknown option {other}: --quick, --recording FOLDER and --seed N are there"));
                }
            }
        }
        Ok(options)
    }

    /// The archive: the one that was named, or one that is gone with `cargo clean`.
    fn archive(&self, name: &str) -> PathBuf {
        self.recording.clone().unwrap_or_else(|| crate::target().join(name))
    }
}

/// Runs the bench; fails where an attack was missed or an episode was false.
pub fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse(args)?;
    let seed = options.seed.unwrap_or(1);
    let (name, parts) =
        if options.quick { ("attacks-quick", plan::quick(seed)) } else { ("attacks", plan::full(seed)) };
    let archive = options.archive(name);
    record(&archive, seed, &parts, |_| true)?;
    let recorded = Recorded::read(&archive, LINES)?;
    let judged = judged(&recorded)?;
    print!("{judged}");
    if !options.quick {
        print!("{}", ablation::table(&archive, &recorded, &judged)?);
    }
    println!("{}", judged.line());
    Ok(if judged.is_reached() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs `soak`: 72 container-hours in which nothing happens, under the models of `attacks`; fails where there may be more
/// than one false episode a day.
pub fn soak(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse(args)?;
    let (archive, seed) = (options.archive("soak"), options.seed.unwrap_or(2));
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
