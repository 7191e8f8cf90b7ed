//! Cgroups as meters: what all processes in one have used, the ended ones included.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::Naming;
use crate::measure::peak_rss;
use crate::stage::mortal;
use crate::{HarnessError, Workspace};

/// A cgroup of the bench's own; its processes have ended before it is dropped.
#[derive(Debug)]
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    pub(crate) fn new(name: &str, workspace: &Workspace) -> Result<Self, HarnessError> {
        let path = root()?.join(format!("vaectl-bench-{name}-{}", workspace.tag()));
        fs::create_dir_all(&path).naming("create", &path)?;
        Ok(Self(path))
    }

    /// A command that works in it from its first instruction on, and ends with this thread.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = mortal("sh");
        command.args(["-c", r#"echo $$ >"$0/cgroup.procs"; exec "$@""#]).arg(&self.0).arg(program);
        command
    }

    pub(crate) fn cpu_time(&self) -> Duration {
        cpu_time(&self.0)
    }

    /// The most that its processes have had resident at once, each for itself, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let processes = fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
        processes.lines().filter_map(|pid| peak_rss(pid.parse().ok()?)).sum()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.0) {
            eprintln!("The cgroup {} could not be removed: {error}", self.0.display());
        }
    }
}

/// Where the v2 hierarchy is mounted.
pub(crate) fn root() -> Result<PathBuf, HarnessError> {
    let path = Path::new("/proc/self/mounts");
    let mounts = fs::read_to_string(path).naming("read", path)?;
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let found = mounts.find(|mount| mount.get(2) == Some(&"cgroup2")).map(|mount| PathBuf::from(mount[1]));
    found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)).naming("find cgroup2 in", path)
}

/// The v2 cgroup of a process below the root of the hierarchy, with a slash before it; `self` is the caller.
pub(crate) fn path(process: &str) -> Option<PathBuf> {
    let cgroups = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    cgroups.lines().find_map(|line| line.strip_prefix("0::")).map(PathBuf::from)
}

/// The folder of the v2 cgroup of a process.
pub(crate) fn of(pid: u32) -> Option<PathBuf> {
    Some(root().ok()?.join(path(&pid.to_string())?.strip_prefix("/").ok()?))
}

/// User and system time of a cgroup.
pub(crate) fn cpu_time(cgroup: &Path) -> Duration {
    let stat = fs::read_to_string(cgroup.join("cpu.stat")).unwrap_or_default();
    let usage = stat.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok());
    Duration::from_micros(usage.unwrap_or_default())
}
