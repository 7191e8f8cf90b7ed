//! Models from what `score` keeps: `train` as a child process of its own, beside the stages and never in their way.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, setpriority_process};
use tracing::{info, warn};
use vaectl_scorer::model::Versions;

use super::schedule::{Pace, Schedule, Task};
use crate::io::manager;

/// Whatever else wants the processor goes first.
const NICE: i32 = 15;

/// What is trained from what, and when.
pub(super) struct Training {
    line: Vec<OsString>,
    models: PathBuf,
    schedule: Schedule,
    child: Option<Running>,
}

/// A training run.
struct Running {
    task: Task,
    child: Child,
    pid: Pid,
    /// Readable once the process has ended.
    pidfd: OwnedFd,
    report: File,
    /// The versions in use when it began.
    before: BTreeMap<String, String>,
}

impl Training {
    /// Trains with the arguments `line`, from `archive` into `models`.
    pub(super) fn new(line: Vec<OsString>, archive: &Path, models: PathBuf, pace: Pace) -> Self {
        let before = archive.read_dir().is_ok_and(|mut files| files.next().is_some());
        Self { line, models, schedule: Schedule::new(pace, before, Instant::now()), child: None }
    }

    /// A key has runs to learn from.
    pub(super) fn add(&mut self, key: String) {
        self.schedule.add(key, Instant::now());
    }

    /// Starts what is due, one run at a time. A run that cannot be started is told, and due again later.
    pub(super) fn start(&mut self) {
        if self.child.is_some() {
            return;
        }
        let Some(task) = self.schedule.take(Instant::now()) else { return };
        match self.spawn(task.clone()) {
            Ok(running) => {
                info!(pid = running.pid.as_raw_nonzero().get(), "Training began.");
                self.child = Some(running);
            }
            Err(error) => {
                warn!(%error, "Training could not be started.");
                self.schedule.put_back(task, true, |_| false, Instant::now());
            }
        }
    }

    fn spawn(&self, task: Task) -> io::Result<Running> {
        let report = tempfile::tempfile()?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0("vaectl").args(&self.line);
        if let Task::Keys(keys) = &task {
            for key in keys {
                command.arg("--key").arg(key);
            }
        }
        for name in [&[manager::SOCKET], &manager::WATCHDOG[..]].concat() {
            command.env_remove(name);
        }
        // A file and not a pipe: nobody has to read while it runs.
        let child = command.stdin(Stdio::null()).stdout(report.try_clone()?).process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        if let Err(error) = setpriority_process(Some(pid), NICE) {
            warn!(%error, "Training runs at the priority of everything else.");
        }
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        Ok(Running { task, child, pid, pidfd, report, before: self.in_use() })
    }

    /// Takes in that the run has ended, if it has; says whether other models are in use now.
    pub(super) fn take_end(&mut self) -> io::Result<bool> {
        let Some(running) = &mut self.child else { return Ok(false) };
        let Some(status) = running.child.try_wait()? else { return Ok(false) };
        let Some(mut running) = self.child.take() else { return Ok(false) };
        tell(status, &mut running.report);
        let now = self.in_use();
        // With any other code nothing was learned of what there is; that another run has the lock among them.
        let failed = !matches!(status.code(), Some(0 | 1 | 5));
        self.schedule.put_back(running.task, failed, |key| now.contains_key(key), Instant::now());
        Ok(now != running.before)
    }

    /// Starts nothing any more, and asks what runs to end.
    pub(super) fn end(&mut self) {
        if let Some(running) = &self.child
            && let Err(error) = kill_process(running.pid, Signal::TERM)
        {
            warn!(%error, "A signal did not reach the training.");
        }
    }

    /// What can be polled for the end of a run.
    pub(super) fn process(&self) -> Option<BorrowedFd<'_>> {
        self.child.as_ref().map(|running| running.pidfd.as_fd())
    }

    /// In how long the next run is to be started.
    pub(super) fn due(&self) -> Option<Duration> {
        let due = self.schedule.due().filter(|_| self.child.is_none());
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
        if let Some(running) = &mut self.child {
            let ended = running.child.kill().and_then(|()| running.child.wait());
            if let Err(error) = ended {
                warn!(%error, "The training could not be ended.");
            }
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
