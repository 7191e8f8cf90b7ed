use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use tracing::{info, warn};

use crate::args::Shared;
use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::io::signals::{Requests, Signals};
use crate::io::wake::Wake;

/// How long a stage has after its signal before the next one gets its own.
const PATIENCE: Duration = Duration::from_secs(1);

/// Run several stages as child processes joined by pipes, as vaectl.toml says.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The stages, in the order of the pipe.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "record,score,publish")]
    stages: Vec<StageName>,
}

/// A stage that can stand in a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StageName {
    Record,
    Score,
    Publish,
}

/// One running stage.
struct Stage {
    name: String,
    pid: Pid,
    status: Arc<Mutex<Option<ExitStatus>>>,
}

pub(crate) fn execute(args: &Args, context: Context) -> Result<Exit, Failure> {
    let requests = Requests::new()?;
    let _signals = Signals::listen(requests.clone(), context.stdout.try_clone()?, || {})?;
    let stages = start(&args.stages, context, requests.wake())?;
    supervise(&stages, &requests)?;
    let mut exits = stages.iter().filter_map(Stage::exit).rev();
    // As `pipefail` does: the last stage that failed names the cause.
    Ok(exits.find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done))
}

/// Starts the stages from first to last, each with the end of the pipe before it as its standard input.
fn start(names: &[StageName], context: Context, wake: &Wake) -> Result<Vec<Stage>, Failure> {
    let Context { shared, stdin, stdout } = context;
    let mut input = if names.first() == Some(&StageName::Record) { Stdio::null() } else { Stdio::from(stdin) };
    let mut stdout = Some(stdout);
    let mut stages = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let (next_input, output) = if at + 1 == names.len() {
            (Stdio::null(), stdout.take().map_or_else(Stdio::null, Stdio::from))
        } else {
            let (reader, writer) = std::io::pipe()?;
            (Stdio::from(reader), Stdio::from(OwnedFd::from(writer)))
        };
        let name = name.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        let child = command(&name, &shared)
            .stdin(std::mem::replace(&mut input, next_input))
            .stdout(output)
            .spawn()
            .map_err(|error| Failure::new(Exit::Host, format!("cannot start {name}: {error}")))?;
        stages.push(Stage::watch(name, child, wake.clone())?);
    }
    Ok(stages)
}

fn command(name: &str, shared: &Shared) -> Command {
    // Not by name: the program that runs may be none of those on the path.
    let mut command = Command::new("/proc/self/exe");
    command.arg0("vaectl").arg(name);
    if let Some(config) = &shared.config {
        command.arg("--config").arg(config);
    }
    let word =
        |value: Option<clap::builder::PossibleValue>| value.map_or_else(String::new, |v| v.get_name().to_owned());
    command.args(["--log-format", &word(shared.log_format.to_possible_value())]);
    command.args(["--log-level", &word(shared.log_level.to_possible_value())]);
    command.args(["--max-line-bytes", &shared.max_line_bytes.to_string()]);
    command.args(["--exit-wait", "0", "--with-parent"]).args(shared.strict.then_some("--strict"));
    // A group of its own, so that Ctrl-C reaches a stage once and in its turn.
    command.process_group(0);
    command
}

impl Stage {
    fn watch(name: String, mut child: Child, wake: Wake) -> Result<Self, Failure> {
        let pid = Pid::from_child(&child);
        info!(stage = name, pid = pid.as_raw_nonzero().get(), "A stage started.");
        let status = Arc::new(Mutex::new(None));
        let theirs = Arc::clone(&status);
        thread::Builder::new().name(name.clone()).spawn(move || {
            let ended = child.wait().unwrap_or(ExitStatus::from_raw(1 << 8));
            *theirs.lock().expect("nothing panics under this lock") = Some(ended);
            wake.raise();
        })?;
        Ok(Self { name, pid, status })
    }

    fn status(&self) -> Option<ExitStatus> {
        *self.status.lock().expect("nothing panics under this lock")
    }

    fn send(&self, signal: Signal) {
        if self.status().is_none()
            && let Err(error) = kill_process(self.pid, signal)
        {
            warn!(%error, stage = self.name, "A signal did not reach a stage.");
        }
    }

    fn exit(&self) -> Option<Exit> {
        let status = self.status()?;
        if let Some(signal) = status.signal() {
            warn!(stage = self.name, signal, "A stage was killed.");
        }
        Some(match status.code() {
            Some(0) => Exit::Done,
            Some(2) => Exit::Usage,
            Some(3) => Exit::Host,
            Some(4) => Exit::Peer,
            Some(5) => Exit::Model,
            _ => Exit::Partial,
        })
    }
}

/// Waits until all stages ended. A signal goes to the first stage; each later one sees its input end, and gets the
/// signal too where the one before it takes long.
fn supervise(stages: &[Stage], requests: &Requests) -> Result<(), Failure> {
    let mut signalled = 0;
    let mut since = Instant::now();
    while stages.iter().any(|stage| stage.status().is_none()) {
        let stopping = requests.cause().is_some();
        wait(requests.wake(), stopping.then_some(PATIENCE))?;
        if requests.take_reload() {
            for stage in stages {
                stage.send(Signal::HUP);
            }
        }
        if requests.cause().is_some() && signalled < stages.len() && (signalled == 0 || since.elapsed() >= PATIENCE) {
            stages[signalled].send(Signal::TERM);
            signalled += 1;
            since = Instant::now();
        }
    }
    Ok(())
}

fn wait(wake: &Wake, timeout: Option<Duration>) -> std::io::Result<()> {
    let timeout = timeout.map(|t| Timespec { tv_sec: t.as_secs().cast_signed(), tv_nsec: t.subsec_nanos().into() });
    match poll(&mut [PollFd::new(wake, PollFlags::IN)], timeout.as_ref()) {
        Err(rustix::io::Errno::INTR) | Ok(_) => wake.clear(),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
