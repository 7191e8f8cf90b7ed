//! The cgroup file system: who is there, and what the kernel accounts without a hook.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

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
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) pids: Option<u64>,
}

/// Reads the account of the cgroup at `path` below the root of its hierarchy.
pub(crate) fn account(facts: &Facts, path: &str) -> Account {
    let number = |controller: &str, v1: &str, v2: &str| {
        let (root, is_v1) = facts.controller(controller)?;
        let read = |path: &str| {
            let file = format!("{}{path}/{}", root.display(), if is_v1 { v1 } else { v2 });
            fs::read_to_string(file).ok()
        };
        let text = read(path).or_else(|| read(&elsewhere(facts.cgroup2.as_deref()?, path, controller)?))?;
        text.trim().parse().ok()
    };
    Account {
        cpu: facts
            .cgroup2
            .as_ref()
            .and_then(|root| fs::read_to_string(format!("{}{path}/cpu.stat", root.display())).ok())
            .and_then(|text| parse_cpu(&text)),
        memory_bytes: number("memory", "memory.usage_in_bytes", "memory.current"),
        pids: number("pids", "pids.current", "pids.current"),
    }
}

/// Where a v1 controller has a cgroup that stands below the creator's own there, as those of a bare runc do.
fn elsewhere(root: &Path, path: &str, controller: &str) -> Option<String> {
    let processes = fs::read_to_string(format!("{}{path}/cgroup.procs", root.display())).ok()?;
    let cgroups = fs::read_to_string(format!("/proc/{}/cgroup", processes.lines().next()?)).ok()?;
    path_of(&cgroups, controller).filter(|found| found.ends_with(path)).map(str::to_owned)
}

/// The path of a controller in a `/proc/PID/cgroup`.
fn path_of<'a>(cgroups: &'a str, controller: &str) -> Option<&'a str> {
    cgroups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|name| name == controller).then_some(path)
    })
}

fn parse_cpu(text: &str) -> Option<Cpu> {
    let usec = |name: &str| {
        text.lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')?.trim().parse::<u64>().ok())
            .map(|us| us * 1000)
    };
    Some(Cpu { user_ns: usec("user_usec")?, system_ns: usec("system_usec")? })
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
