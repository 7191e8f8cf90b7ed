//! The cgroup file system: who is there, and what the kernel accounts without a hook.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::facts::Facts;

/// How deep the tree is searched.
const LEVELS: usize = 12;

/// Every cgroup below the root, by its path and id, parents first.
pub(crate) fn scan(root: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut level = vec![String::new()];
    for _ in 0..LEVELS {
        let mut below = Vec::new();
        for path in level {
            let Ok(entries) = fs::read_dir(format!("{}{path}", root.display())) else { continue };
            for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
                let path = format!("{path}/{}", entry.file_name().to_string_lossy());
                if let Ok(metadata) = entry.metadata() {
                    found.push((path.clone(), metadata.ino()));
                    below.push(path);
                }
            }
        }
        level = below;
    }
    found
}

/// CPU time of a cgroup since it was made, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) user_ns: u64,
    pub(crate) system_ns: u64,
}

/// What a cgroup's files say now; absent where the controller is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) cpu: Option<Cpu>,
    /// Anonymous memory. Page cache and files in memory grow with a container's age, whatever it does.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) pids: Option<u64>,
}

/// The files of a cgroup's account: found once, read at the end of each window.
#[derive(Debug, Default)]
pub(crate) struct Files {
    cpu: PathBuf,
    /// With the name of the number in it.
    memory: Option<(PathBuf, &'static str)>,
    pids: Option<PathBuf>,
}

impl Files {
    /// The files of the cgroup at `path` below the root of the v2 hierarchy; its controllers' are not there yet.
    pub(crate) fn new(facts: &Facts, path: &str) -> Self {
        let root = facts.cgroup2.as_deref().unwrap_or(Path::new(""));
        Self { cpu: below(root, path, "cpu.stat"), ..Self::default() }
    }

    /// Looks for what was not found before: those of a v1 controller may be found only once a process runs.
    fn find(&mut self, facts: &Facts, path: &str) {
        let mut processes = None;
        let mut found = |controller: &str, v1: &str, v2: &str| {
            let (root, is_v1) = facts.controller(controller)?;
            let file = below(root, path, if is_v1 { v1 } else { v2 });
            if file.exists() {
                return Some((file, is_v1));
            }
            let cgroups = processes.get_or_insert_with(|| cgroups_of_first(self.cpu.parent()?)).as_deref()?;
            let elsewhere = path_of(cgroups, controller).filter(|found| is_v1 && found.ends_with(path))?;
            Some((below(root, elsewhere, v1), is_v1))
        };
        if self.memory.is_none() {
            let memory = found("memory", "memory.stat", "memory.stat");
            self.memory = memory.map(|(file, is_v1)| (file, if is_v1 { "total_rss" } else { "anon" }));
        }
        if self.pids.is_none() {
            self.pids = found("pids", "pids.current", "pids.current").map(|(file, _)| file);
        }
    }

    /// What the files say now.
    pub(crate) fn read(&mut self, facts: &Facts, path: &str) -> Account {
        if self.memory.is_none() || self.pids.is_none() {
            self.find(facts, path);
        }
        let read = |file: &Path| fs::read_to_string(file).ok();
        Account {
            cpu: read(&self.cpu).and_then(|text| parse_cpu(&text)),
            memory_bytes: self.memory.as_ref().and_then(|(file, name)| number(&read(file)?, name)),
            pids: self.pids.as_deref().and_then(|file| read(file)?.trim().parse().ok()),
        }
    }
}

fn below(root: &Path, path: &str, file: &str) -> PathBuf {
    PathBuf::from(format!("{}{path}/{file}", root.display()))
}

/// The cgroups of the first process in a cgroup: a v1 controller has it below its creator's own there, where bare runc
/// made it.
fn cgroups_of_first(cgroup: &Path) -> Option<String> {
    let processes = fs::read_to_string(cgroup.join("cgroup.procs")).ok()?;
    fs::read_to_string(format!("/proc/{}/cgroup", processes.lines().next()?)).ok()
}

/// The path of a controller in a `/proc/PID/cgroup`.
fn path_of<'a>(cgroups: &'a str, controller: &str) -> Option<&'a str> {
    cgroups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|name| name == controller).then_some(path)
    })
}

fn parse_cpu(text: &str) -> Option<Cpu> {
    Some(Cpu { user_ns: number(text, "user_usec")? * 1000, system_ns: number(text, "system_usec")? * 1000 })
}

/// The number behind a name in a file of lines of both.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_controller_is_found_by_its_whole_name() {
        let cgroups = "9:pids:/other\n4:cpu,memory:/parent/box\n0::/box\n";
        assert_eq!(super::path_of(cgroups, "memory"), Some("/parent/box"));
        assert_eq!(super::path_of(cgroups, "mem"), None);
    }

    #[test]
    fn cpu_time_is_in_nanoseconds() {
        let cpu = super::parse_cpu("usage_usec 30\nuser_usec 10\nsystem_usec 20\n").unwrap();
        assert_eq!((cpu.user_ns, cpu.system_ns), (10_000, 20_000));
    }
}
