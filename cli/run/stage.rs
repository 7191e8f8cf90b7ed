//! One stage: a child process, or the place that its successor will take.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tracing::{info, warn};

use super::process::Process;
use super::restart::{Deaths, Fate, SETTLED, exit};
use crate::error::Exit;
use crate::io::manager;

/// A stage and its ends of the pipes.
///
/// Both are held until it has ended for good: until then neither neighbour notices a death, and what is in the pipes is
/// read by the successor.
pub(super) struct Stage {
    pub(super) name: String,
    line: Vec<OsString>,
    ends: Option<Ends>,
    life: Life,
    deaths: Deaths,
    /// A process of it that has ended was up.
    proven: bool,
    last: Option<ExitStatus>,
}

/// What a stage reads and writes.
pub(super) struct Ends {
    pub(super) input: Option<OwnedFd>,
    pub(super) output: OwnedFd,
}

enum Life {
    Running(Running),
    /// Due to be started.
    Waiting(Instant),
    /// For good.
    Over,
}

struct Running {
    process: Process,
    since: Instant,
    ready: bool,
    /// When it last said that it goes on.
    heard: Instant,
}

impl Stage {
    /// A stage that is due at once.
    pub(super) fn new(name: String, line: Vec<OsString>, ends: Ends) -> Self {
        let due = Life::Waiting(Instant::now());
        Self { name, line, ends: Some(ends), life: due, deaths: Deaths::default(), proven: false, last: None }
    }

    /// Starts it where it is due; it says on the socket `readiness` when it is up, and within each `watchdog` that it
    /// goes on. One that cannot be started is as one that died.
    pub(super) fn start(&mut self, readiness: &Path, watchdog: Option<Duration>) {
        let (Life::Waiting(due), Some(ends)) = (&self.life, &self.ends) else { return };
        if *due > Instant::now() {
            return;
        }
        self.life = match self.spawn(ends, readiness, watchdog) {
            Ok(running) => Life::Running(running),
            Err(error) => {
                let pause = self.deaths.again(Duration::ZERO);
                warn!(stage = self.name, %error, ?pause, "A stage could not be started, and is tried again.");
                Life::Waiting(Instant::now() + pause)
            }
        };
    }

    fn spawn(&self, ends: &Ends, readiness: &Path, watchdog: Option<Duration>) -> io::Result<Running> {
        let mut command = Process::command(&self.line);
        // One that died may have left half a line.
        command.args(self.last.map(|_| "--resumed"));
        command.env(manager::SOCKET, readiness);
        if let Some(limit) = watchdog {
            command.env(manager::WATCHDOG[0], limit.as_micros().to_string());
        }
        command.stdin(ends.input.as_ref().map_or_else(|| Ok(Stdio::null()), |end| end.try_clone().map(Stdio::from))?);
        command.stdout(ends.output.try_clone()?);
        let process = Process::start(&mut command)?;
        info!(stage = self.name, pid = process.pid().as_raw_nonzero().get(), "A stage started.");
        let now = Instant::now();
        Ok(Running { process, since: now, ready: false, heard: now })
    }

    /// Takes in that its process has ended, if it has, and says what is to be done about it; `more` is whether its input
    /// goes on.
    pub(super) fn take_end(&mut self, more: bool) -> io::Result<Option<Fate>> {
        let Life::Running(running) = &mut self.life else { return Ok(None) };
        let Some(status) = running.process.take_end()? else { return Ok(None) };
        let (ran, ready) = (running.since.elapsed(), running.ready);
        // A first process says that it is up before it knows all of what it was configured for.
        let proven = self.proven || (ready && ran >= SETTLED);
        let fate = self.deaths.take(status, ran, more, proven);
        self.proven |= ready;
        self.last = Some(status);
        match fate {
            Fate::Again(pause) => {
                warn!(stage = self.name, %status, ?pause, "A stage died, and is started again.");
                self.life = Life::Waiting(Instant::now() + pause);
            }
            Fate::Done | Fate::Hopeless => {
                info!(stage = self.name, %status, "A stage ended.");
                self.end();
            }
        }
        Ok(Some(fate))
    }

    /// Lets go of the pipes: the neighbours see the end.
    fn end(&mut self) {
        self.life = Life::Over;
        self.ends = None;
    }

    /// Does not wait for a successor any longer.
    pub(super) fn give_up(&mut self) {
        if matches!(self.life, Life::Waiting(_)) {
            self.end();
        }
    }

    /// Starts the successor now where one is waited for.
    pub(super) fn hurry(&mut self) {
        if let Life::Waiting(due) = &mut self.life {
            *due = Instant::now();
        }
    }

    pub(super) fn send(&self, signal: Signal) {
        if let Life::Running(running) = &self.life
            && let Err(error) = running.process.send(signal)
        {
            warn!(%error, stage = self.name, "A signal did not reach a stage.");
        }
    }

    /// Has it read again what it reads on SIGHUP. One that is not up yet has not read it, and would die of the signal.
    pub(super) fn reload(&self) {
        if self.is_ready() {
            self.send(Signal::HUP);
        }
    }

    /// Takes in that this process is up.
    pub(super) fn take_readiness(&mut self, pid: Pid) {
        if let Life::Running(running) = &mut self.life
            && running.process.pid() == pid
        {
            (running.ready, running.heard) = (true, Instant::now());
        }
    }

    /// Takes in that this process goes on.
    pub(super) fn take_life(&mut self, pid: Pid) {
        if let Life::Running(running) = &mut self.life
            && running.process.pid() == pid
        {
            running.heard = Instant::now();
        }
    }

    /// Whether it is up, or has done what there was to do.
    pub(super) fn is_ready(&self) -> bool {
        match &self.life {
            Life::Running(running) => running.ready,
            Life::Waiting(_) => false,
            Life::Over => true,
        }
    }

    /// Whether it is up, has said within `limit` that it goes on, and has not died again and again.
    pub(super) fn is_well(&self, limit: Duration) -> bool {
        self.is_ready()
            && match &self.life {
                Life::Running(running) => {
                    !self.deaths.storm(running.since.elapsed()) && running.heard.elapsed() < limit
                }
                Life::Waiting(_) | Life::Over => true,
            }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.life, Life::Over)
    }

    /// What can be polled for its process's end.
    pub(super) fn process(&self) -> Option<BorrowedFd<'_>> {
        if let Life::Running(running) = &self.life { Some(running.process.as_fd()) } else { None }
    }

    /// In how long it is due to be started.
    pub(super) fn due(&self) -> Option<Duration> {
        if let Life::Waiting(due) = &self.life { Some(due.saturating_duration_since(Instant::now())) } else { None }
    }

    /// What its last process came to. Where none was ever up, one that was asked to end left nothing undone.
    pub(super) fn exit(&self) -> Exit {
        let asked = |status: &ExitStatus| status.signal() == Some(Signal::TERM.as_raw());
        self.last.filter(|status| self.proven || !asked(status)).map_or(Exit::Done, exit)
    }
}
