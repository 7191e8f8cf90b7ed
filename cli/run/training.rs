//! Models from what `score` keeps: `train` as a child process of its own, beside the stages and never in their way.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, setpriority_process};
use tracing::{info, warn};
use vaectl_scorer::model::Versions;

use super::process::Process;
use super::schedule::{Pace, Schedule, Task};

/// Whatever else wants the processor goes first.
const NICE: i32 = 15;

/// What is trained from what, and when.
pub(super) struct Training {
    line: Vec<OsString>,
    models: PathBuf,
    schedule: Schedule,
    running: Option<Running>,
}

/// A training run.
struct Running {
    task: Task,
    process: Process,
    report: File,
    /// The versions in use when it began.
    before: BTreeMap<String, String>,
}

impl Training {
    /// Trains with the arguments `line`, from `archive` into `models`.
    pub(super) fn new(line: Vec<OsString>, archive: &Path, models: PathBuf, pace: Pace) -> Self {
        let before = archive.read_dir().is_ok_and(|mut files| files.next().is_some());
        Self { line, models, schedule: Schedule::new(pace, before, Instant::now()), running: None }
    }

    /// A key has runs to learn from.
    pub(super) fn add(&mut self, key: String) {
        self.schedule.add(key, Instant::now());
    }

    /// Starts what is due, one run at a time. A run that cannot be started is told, and due again later.
    pub(super) fn start(&mut self) {
        if self.running.is_some() {
            return;
        }
        let Some(task) = self.schedule.take(Instant::now()) else { return };
        match self.spawn(task.clone()) {
            Ok(running) => {
                info!(pid = running.process.pid().as_raw_nonzero().get(), "Training began.");
                self.running = Some(running);
            }
            Err(error) => {
                warn!(%error, "Training could not be started.");
                self.schedule.put_back(task, true, |_| false, Instant::now());
            }
        }
    }

    fn spawn(&self, task: Task) -> io::Result<Running> {
        let report = tempfile::tempfile()?;
        let mut command = Process::command(&self.line);
        if let Task::Keys(keys) = &task {
            for key in keys {
                command.arg("--key").arg(key);
            }
        }
        // A file and not a pipe: nobody has to read while it runs.
        let process = Process::start(command.stdin(Stdio::null()).stdout(report.try_clone()?))?;
        if let Err(error) = setpriority_process(Some(process.pid()), NICE) {
            warn!(%error, "Training runs at the priority of everything else.");
        }
        Ok(Running { task, process, report, before: self.in_use() })
    }

    /// Takes in that the run has ended, if it has; says whether other models are in use now.
    pub(super) fn take_end(&mut self) -> io::Result<bool> {
        let Some(running) = &mut self.running else { return Ok(false) };
        let Some(status) = running.process.take_end()? else { return Ok(false) };
        let Some(mut running) = self.running.take() else { return Ok(false) };
        tell(status, &mut running.report);
        let now = self.in_use();
        // With any other code nothing was learned of what there is; that another run has the lock among them.
        let failed = !matches!(status.code(), Some(0 | 1 | 5));
        self.schedule.put_back(running.task, failed, |key| now.contains_key(key), Instant::now());
        Ok(now != running.before)
    }

    /// Starts nothing any more, and asks what runs to end.
    pub(super) fn end(&mut self) {
        if let Some(running) = &self.running
            && let Err(error) = running.process.send(Signal::TERM)
        {
            warn!(%error, "A signal did not reach the training.");
        }
    }

    /// What can be polled for the end of a run.
    pub(super) fn process(&self) -> Option<BorrowedFd<'_>> {
        self.running.as_ref().map(|running| running.process.as_fd())
    }

    /// In how long the next run is to be started.
    pub(super) fn due(&self) -> Option<Duration> {
        let due = self.schedule.due().filter(|_| self.running.is_none());
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// The version in use of every key.
    fn in_use(&self) -> BTreeMap<String, String> {
        let keys = Versions::keys(&self.models).unwrap_or_default();
        let current = |key: String| Versions::of(&self.models, &key).current().ok().flatten().map(|hash| (key, hash));
        keys.into_iter().filter_map(current).collect()
    }
}

impl Drop for Training {
    /// Models are renamed into place: one that is killed leaves none half written.
    fn drop(&mut self) {
        if let Some(running) = &mut self.running
            && let Err(error) = running.process.kill()
        {
            warn!(%error, "The training could not be ended.");
        }
    }
}

/// Logs what a run said.
fn tell(status: ExitStatus, report: &mut File) {
    let mut text = String::new();
    if let Err(error) = report.seek(SeekFrom::Start(0)).and_then(|_| report.read_to_string(&mut text)) {
        warn!(%error, "What the training reported cannot be read.");
    }
    let report = text.trim_end();
    info!(%status, report, "Training ended.");
}
