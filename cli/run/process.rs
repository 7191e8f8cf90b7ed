//! A child process: this program with other arguments.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::io::manager;

/// A process that was started and whose end was not taken in yet.
pub(super) struct Process {
    child: Child,
    pid: Pid,
    /// Readable once it has ended.
    pidfd: OwnedFd,
}

impl Process {
    /// What starts this program with the arguments `line`, and with no word to the service manager.
    pub(super) fn command(line: &[OsString]) -> Command {
        // Not by name: the program that runs may be none of those on the path.
        let mut command = Command::new("/proc/self/exe");
        command.arg0("vaectl").args(line);
        for name in [&[manager::SOCKET], &manager::WATCHDOG[..]].concat() {
            command.env_remove(name);
        }
        command
    }

    /// Starts it in a group of its own, so that Ctrl-C reaches it once and in its turn.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self { child, pid, pidfd }),
            Err(error) => {
                // Nobody would see its end, and its successor would not be alone.
                child.kill()?;
                child.wait()?;
                Err(error.into())
            }
        }
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if it has.
    pub(super) fn take_end(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    pub(super) fn send(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.pid, signal)?)
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}
