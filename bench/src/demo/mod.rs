//! The whole pipeline on real containers: record, train, score, publish, and two attacks to find.
//!
//! Twenty-four containers are recorded and learned; nine fresh ones run under `record | score | publish`, as `run` keeps
//! them, while a miner starts in one and a flood hits another. Where containers cannot be watched, a recording of the same
//! takes their place.

mod fleet;
mod live;
mod outcome;
mod pipeline;
mod plan;
mod replay;
mod report;
mod tree;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::error::Naming;
use crate::lock::Lock;
use crate::stage::vaectl;
use crate::{HarnessError, Progress};
use outcome::Outcome;

/// Seconds in a window.
const WINDOW: u64 = 2;

/// What the user asked for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Draws the same attacks again
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Makes what is recorded the shipped recording
    #[arg(long, conflicts_with = "replay")]
    record: bool,
    /// Replays the shipped recording
    #[arg(long)]
    replay: bool,
}

/// Where the demo leaves what it made: models, repository, truth, logs.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    _lock: Lock,
}

impl Folder {
    /// An empty `target/demo`, which no other demo gets before this one has ended.
    fn fresh() -> Result<Self, HarnessError> {
        let target = crate::target();
        fs::create_dir_all(&target).naming("create", &target)?;
        let lock = Lock::take(&target.join("demo.lock"), "another demo")?;
        let path = target.join("demo");
        if path.exists() {
            fs::remove_dir_all(&path).naming("remove", &path)?;
        }
        fs::create_dir_all(&path).naming("create", &path)?;
        Ok(Self { path, _lock: lock })
    }

    fn models(&self) -> PathBuf {
        self.path.join("models")
    }

    fn repository(&self) -> PathBuf {
        self.path.join("repository")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Runs the demo; the exit code tells whether both attacks were found and nothing else.
pub fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let progress = Progress::default();
    let folder = Folder::fresh()?;
    let hindrance = if options.replay { Some("asked to replay".to_owned()) } else { hindrance() };
    let outcome = match hindrance {
        None => live::run(options, &folder, progress)?,
        Some(why) => {
            progress.say(format!("No containers are started here ({why}): the shipped recording is replayed instead."));
            replay::run(&folder, progress)?
        }
    };
    Ok(conclude(&outcome, &folder))
}

/// Why containers cannot be started and watched here.
fn hindrance() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("it takes root".to_owned());
    }
    match Command::new(vaectl()).arg("check").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = if output.stderr.is_empty() { output.stdout } else { output.stderr };
            Some(String::from_utf8_lossy(&said).lines().next().unwrap_or("vaectl check says no").to_owned())
        }
        Err(error) => Some(format!("{} cannot be run: {error}", vaectl().display())),
    }
}

fn conclude(outcome: &Outcome, folder: &Folder) -> ExitCode {
    report::print(outcome, folder);
    println!("{}", outcome.line());
    if outcome.is_perfect() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
