//! `run`: stages as child processes joined by pipes and by the control socket.
//!
//! `plan` says what each stage is started with, `stage` is one of them, `restart` what becomes of one that ended,
//! `supervisor` the loop that keeps them, and `readiness` where they say that they are up. `training` makes models
//! beside them, by `schedule`. Either runs as a `process`.

mod plan;
mod process;
mod readiness;
mod restart;
mod schedule;
mod stage;
mod supervisor;
mod training;

use std::fs::Permissions;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use self::plan::{Plan, plan};
use self::readiness::Readiness;
use self::schedule::Pace;
use self::stage::{Ends, Stage};
use self::supervisor::Supervisor;
use self::training::Training;
use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::io::manager::Manager;
use crate::io::signals::{Requests, Signals};
use crate::units;

/// Run several stages as child processes joined by pipes, as vaectl.toml says.
///
/// A stage that dies is started again after a pause, and what is in the pipes stays there; one that ends by itself lets
/// the rest drain. The exit code is that of the last stage that failed. Tells a service manager when all stages are up,
/// and feeds its watchdog while none of them hangs or dies again and again.
///
/// Where `score` has an archive, models are trained from it: a first one some time after an image has two runs, and
/// again on its first day, at low priority and as `train --promote` does. After that, cron trains. How is what `[train]`
/// says.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The stages, in the order of the pipe.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "record,score,publish")]
    stages: Vec<StageName>,
    /// Join record and score by no control socket but one that they are given: record stays at its depth, and score
    /// itself holds events back.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_control: bool,
    /// Train no model.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_train: bool,
    /// Train a first model so long after an image has a second run in the archive.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = units::duration)]
    train_after: Duration,
    /// Train it again so often.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = units::duration)]
    train_every: Duration,
    /// For so long after the first time.
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = units::duration)]
    train_during: Duration,
}

impl Args {
    fn pace(&self) -> Pace {
        Pace { after: self.train_after, every: self.train_every, during: self.train_during }
    }
}

/// A stage that can stand in a pipe, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum StageName {
    Record,
    Score,
    Publish,
}

pub(crate) fn execute(args: &Args, context: Context) -> Result<Exit, Failure> {
    let Context { shared, stdin, stdout } = context;
    let folder = runtime_folder()?;
    let socket = folder.path().join("control.sock");
    let Plan { lines, training } = plan(&args.stages, &shared, Some(&*socket).filter(|_| !args.no_control))?;
    let training = training.filter(|_| !args.no_train);
    let training = training.map(|lesson| Training::new(lesson.line, &lesson.archive, lesson.models, args.pace()));
    let requests = Requests::new()?;
    let left = folder.path().to_owned();
    let clean = move || drop(std::fs::remove_dir_all(&left));
    let _signals = Signals::listen(requests.clone(), stdout.as_fd().try_clone_to_owned()?, || {}, clean)?;
    let stdin = Some(stdin).filter(|_| args.stages.first() != Some(&StageName::Record));
    let mut stages = Vec::new();
    for ((name, line), ends) in lines.into_iter().zip(pipes(args.stages.len(), stdin, stdout)?) {
        stages.push(Stage::new(name, line, ends));
    }
    let readiness = Readiness::listen(folder.path().join("ready.sock"))?;
    Supervisor::new(stages, training, requests, readiness, Manager::from_environment()).run()
}

/// A folder that nobody else may enter, and that goes with the value.
fn runtime_folder() -> std::io::Result<tempfile::TempDir> {
    let given = std::env::var_os("RUNTIME_DIRECTORY");
    let above = given.as_ref().and_then(|folders| std::env::split_paths(folders).next());
    let above: PathBuf = above.unwrap_or_else(std::env::temp_dir);
    tempfile::Builder::new().prefix("vaectl-").permissions(Permissions::from_mode(0o700)).tempdir_in(above)
}

/// What each of `count` stages reads and writes: the first `stdin`, the last `stdout`, and a pipe between any two.
fn pipes(count: usize, stdin: Option<OwnedFd>, stdout: OwnedFd) -> std::io::Result<Vec<Ends>> {
    let mut input = stdin;
    let mut ends = Vec::with_capacity(count);
    for _ in 1..count {
        let (reader, writer) = std::io::pipe()?;
        ends.push(Ends { input: input.replace(reader.into()), output: writer.into() });
    }
    ends.push(Ends { input, output: stdout });
    Ok(ends)
}
