//! `run`: stages as child processes joined by pipes and by the control socket.
//!
//! `plan` says what each stage is started with, `stage` is one of them, `restart` what becomes of one that ended,
//! `supervisor` the loop that keeps them, and `readiness` where they say that they are up.

mod plan;
mod readiness;
mod restart;
mod stage;
mod supervisor;

use std::fs::Permissions;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use self::plan::plan;
use self::readiness::Readiness;
use self::stage::{Ends, Stage};
use self::supervisor::Supervisor;
use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::io::manager::Manager;
use crate::io::signals::{Requests, Signals};

/// Run several stages as child processes joined by pipes, as vaectl.toml says.
///
/// A stage that dies is started again after a pause, and what is in the pipes stays there; one that ends by itself lets
/// the rest drain. The exit code is that of the last stage that failed. Tells a service manager when all stages are up,
/// and feeds its watchdog while they are well.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The stages, in the order of the pipe.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "record,score,publish")]
    stages: Vec<StageName>,
    /// Join record and score by no control socket but one that they are given: record stays at its depth, and score
    /// itself holds events back.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_control: bool,
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
    let plan = plan(&args.stages, &shared, Some(&*socket).filter(|_| !args.no_control))?;
    let requests = Requests::new()?;
    let left = folder.path().to_owned();
    let clean = move || drop(std::fs::remove_dir_all(&left));
    let _signals = Signals::listen(requests.clone(), stdout.as_fd().try_clone_to_owned()?, || {}, clean)?;
    let stdin = Some(stdin).filter(|_| args.stages.first() != Some(&StageName::Record));
    let mut stages = Vec::new();
    for ((name, line), ends) in plan.into_iter().zip(pipes(args.stages.len(), stdin, stdout)?) {
        stages.push(Stage::new(name, line, ends));
    }
    let readiness = Readiness::listen(folder.path().join("ready.sock"))?;
    Supervisor::new(stages, requests, readiness, Manager::from_environment()).run()
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
