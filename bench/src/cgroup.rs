//! Cgroups as meters: what all processes in one have used, the ended ones included.

use std::collections::BTreeMap;
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

    pub(crate) fn cpu_time(&self) -> Result<Duration, HarnessError> {
        cpu_time(&self.0)
    }

    /// The most that its processes have had resident at once, each for itself, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64, HarnessError> {
        Ok(self.processes()?.lines().filter_map(|pid| peak_rss(pid.parse().ok()?)).sum())
    }

    /// What the BPF maps that its processes hold take in the kernel, in bytes, each process's for itself.
    pub(crate) fn map_memory(&self) -> Result<u64, HarnessError> {
        Ok(self.processes()?.lines().map(map_memory).sum())
    }

    /// Their numbers, a line each.
    fn processes(&self) -> Result<String, HarnessError> {
        let path = self.0.join("cgroup.procs");
        fs::read_to_string(&path).naming("read", &path)
    }
}

/// The memory of the maps that a process has open, each once; what is gone meanwhile has none.
fn map_memory(pid: &str) -> u64 {
    let files = fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten().flatten();
    let maps = files.filter_map(|file| {
        let text = fs::read_to_string(file.path()).ok()?;
        let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        Some((number("map_id:")?, number("memlock:")?))
    });
    maps.collect::<BTreeMap<_, _>>().values().sum()
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
pub(crate) fn of(pid: u32) -> Result<PathBuf, HarnessError> {
    let below = path(&pid.to_string()).and_then(|path| Some(path.strip_prefix("/").ok()?.to_owned()));
    let process = PathBuf::from(format!("/proc/{pid}"));
    let below = below.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)).naming("find the cgroup of", &process)?;
    Ok(root()?.join(below))
}

/// User and system time of a cgroup. A meter that cannot be read is no time of zero.
pub(crate) fn cpu_time(cgroup: &Path) -> Result<Duration, HarnessError> {
    let path = cgroup.join("cpu.stat");
    let stat = fs::read_to_string(&path).naming("read", &path)?;
    let usage = stat.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok());
    let usage = usage.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)).naming("find usage_usec in", &path)?;
    Ok(Duration::from_micros(usage))
}

#[cfg(test)]
mod tests {
    use super::cpu_time;
    use crate::Workspace;

    #[test]
    fn a_meter_that_cannot_be_read_is_an_error_and_not_zero() {
        let folder = Workspace::new("cgroup").unwrap();
        assert!(cpu_time(folder.path()).is_err());
        std::fs::write(folder.path().join("cpu.stat"), "user_usec 5\n").unwrap();
        assert!(cpu_time(folder.path()).is_err());
        std::fs::write(folder.path().join("cpu.stat"), "usage_usec 7\nuser_usec 5\n").unwrap();
        assert_eq!(cpu_time(folder.path()).unwrap().as_micros(), 7);
    }
}
