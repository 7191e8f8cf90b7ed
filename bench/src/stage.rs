//! Stages of `vaectl` as child processes.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::error::Naming;
use crate::{HarnessError, interrupt};

/// How long a stage may take to drain and end after it was asked to.
pub const DRAIN: Duration = Duration::from_secs(10);
const TRAIN_LIMIT: Duration = Duration::from_mins(5);

/// The program under test: `VAECTL_BIN`, or the `vaectl` beside this program, or above it, which is where tests have it.
#[must_use]
pub fn vaectl() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let beside = own.with_file_name("vaectl");
    let above = own.ancestors().nth(2).map(|folder| folder.join("vaectl")).filter(|_| !beside.exists());
    std::env::var_os("VAECTL_BIN").map_or_else(|| above.unwrap_or(beside), PathBuf::from)
}

/// Records into the file `to` for so long, with these further arguments.
pub(crate) fn record(time: Duration, further: &[&str], to: &Path, folder: &Path) -> Result<(), HarnessError> {
    let seconds = time.as_secs().to_string();
    let args = [&["record", "--duration", &seconds], further].concat();
    let output = File::create(to).naming("create", to)?;
    Stage::start(&args, Stdio::null(), output.into(), folder)?.finish(time + DRAIN)
}

/// Makes models of recordings; their figures go to standard output.
pub(crate) fn train(recordings: &[PathBuf], models: &Path, folder: &Path) -> Result<(), HarnessError> {
    let paths: Vec<_> = [models].into_iter().chain(recordings.iter().map(PathBuf::as_path)).collect();
    let paths: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    let args: Vec<&str> = ["train", "--models"].into_iter().chain(paths.iter().map(AsRef::as_ref)).collect();
    Stage::start(&args, Stdio::null(), Stdio::inherit(), folder)?.finish(TRAIN_LIMIT)
}

/// A command that gets SIGTERM when the thread that starts it is gone, so that a killed harness leaves none behind.
pub(crate) fn mortal(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// What `record --log-format json` logs at its end.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Lines written.
    pub(crate) lines: u64,
    /// Events among them.
    pub(crate) events: u64,
    /// Events lost.
    pub(crate) lost: u64,
    /// Events that woke it.
    pub(crate) wakeups: u64,
    /// The share of the time in which it counted calls.
    pub(crate) counted: f64,
}

impl Totals {
    /// The totals in a log, where its last words are there.
    pub(crate) fn said(log: &str) -> Option<Self> {
        serde_json::from_str(log.lines().rev().find(|line| line.contains("Recorded."))?).ok()
    }
}

/// One running stage; dropping it ends it.
#[derive(Debug)]
pub struct Stage {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Stage {
    /// Starts `vaectl` with these arguments; its log goes to `<folder>/<verb>.log`.
    pub fn start(args: &[&str], stdin: Stdio, stdout: Stdio, folder: &Path) -> Result<Self, HarnessError> {
        let mut command = mortal(vaectl());
        command.args(args).stdin(stdin).stdout(stdout);
        let verb = args.first().copied().unwrap_or_default();
        Self::spawn(command, &format!("vaectl {verb}"), &folder.join(format!("{verb}.log")))
    }

    /// Starts any program; what it says goes to `log`.
    pub(crate) fn spawn(mut command: Command, name: &str, log: &Path) -> Result<Self, HarnessError> {
        let stderr = File::create(log).naming("create", log)?;
        let child = command.stderr(stderr).spawn().naming("start", Path::new(name))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it reads, once, where its stdin was a new pipe.
    ///
    /// # Panics
    /// Where it was not, or the second time.
    pub(crate) fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("the stage was started with a pipe for its stdin")
    }

    /// What it writes, once, where its stdout was a new pipe.
    ///
    /// # Panics
    /// Where it was not, or the second time.
    pub fn output(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("the stage was started with a pipe for its stdout")
    }

    /// What it writes, line by line, as far as `parse` makes something of a line; once, as [`Stage::output`].
    pub(crate) fn lines<T: Send + 'static>(
        &mut self,
        parse: impl FnMut(Vec<u8>) -> Option<T> + Send + 'static,
    ) -> Receiver<T> {
        let output = BufReader::new(self.output());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let mut parsed = output.split(b'\n').map_while(Result::ok).filter_map(parse);
            // A bench that is over hangs up.
            parsed.try_for_each(|line| send.send(line))
        });
        lines
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Fails with the stage's log where it has ended already.
    pub fn alive(&mut self) -> Result<(), HarnessError> {
        match self.child.try_wait().naming("wait for", Path::new(&self.name))? {
            None => Ok(()),
            Some(status) => Err(self.failed(status)),
        }
    }

    /// Asks it to end, as a supervisor does.
    pub fn terminate(&self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits for its end within `limit`, which must be a success.
    pub fn finish(self, limit: Duration) -> Result<(), HarnessError> {
        self.last_words(limit).map(drop)
    }

    /// Waits for its end within `limit`, which must be a success, and returns its log.
    pub fn last_words(mut self, limit: Duration) -> Result<String, HarnessError> {
        match self.wait(limit, interrupt::check)? {
            status if status.success() => Ok(self.log()),
            status => Err(self.failed(status)),
        }
    }

    /// Waits for its end within `limit`, as long as `go_on` allows.
    fn wait(
        &mut self,
        limit: Duration,
        go_on: impl Fn() -> Result<(), HarnessError>,
    ) -> Result<ExitStatus, HarnessError> {
        let end = Instant::now() + limit;
        loop {
            go_on()?;
            if let Some(status) = self.child.try_wait().naming("wait for", Path::new(&self.name))? {
                return Ok(status);
            }
            if Instant::now() > end {
                return Err(HarnessError::Timeout { what: format!("{} did not end", self.name), limit });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn failed(&self, status: ExitStatus) -> HarnessError {
        let log = self.log();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        let stderr = last.into_iter().rev().collect::<Vec<_>>().join("\n");
        HarnessError::Command { command: self.name.clone(), status, stderr }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.terminate();
            if self.wait(DRAIN, || Ok(())).is_err() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}
