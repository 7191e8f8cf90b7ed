//! The cgroup file system: who is there, and what the kernel accounts without a hook.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::clock::boot_ns;
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

/// What the process of a runtime is called that sets a container up from within, before it becomes the workload.
const SET_UP: [&str; 2] = ["runc:[", "crun"];

/// Whether the workload of the container at `folder` has begun: before that, there is nobody, or its runtime. It may be in
/// cgroups of its own below.
pub(crate) fn has_begun(folder: &Path) -> bool {
    let below = scan(folder).into_iter().map(|(path, _)| format!("{}{path}", folder.display()).into());
    std::iter::once(folder.to_owned()).chain(below).any(|folder: PathBuf| {
        let processes = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        let mut names = processes.lines().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
        names.any(|name| !SET_UP.iter().any(|set_up| name.starts_with(set_up)))
    })
}

/// CPU time of a cgroup since it was made, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) user_ns: u64,
    pub(crate) system_ns: u64,
}

/// Bytes that a cgroup has read from devices and written to them since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Io {
    pub(crate) read_bytes: u64,
    pub(crate) write_bytes: u64,
}

/// What a cgroup's files say now; absent where the controller is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) cpu: Option<Cpu>,
    pub(crate) io: Option<Io>,
    /// Anonymous memory. Page cache and files in memory grow with a container's age, whatever it does.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) pids: Option<u64>,
}

/// The files of a cgroup's account: found and opened once, read at the end of each window.
#[derive(Debug, Default)]
pub(crate) struct Files {
    cpu: Source,
    memory: Option<Memory>,
    pids: Option<Source>,
    io: Option<Source>,
}

/// How many files are held open for one cgroup.
pub(crate) const FILES: u64 = 4;

impl Files {
    /// The files of the cgroup at `path` below the root of the v2 hierarchy; its controllers' are not there yet.
    pub(crate) fn new(facts: &Facts, path: &str) -> Self {
        let root = facts.cgroup2.as_deref().unwrap_or(Path::new(""));
        Self { cpu: Source::new(below(root, path, "cpu.stat")), ..Self::default() }
    }

    /// Looks for what was not found before: those of a v1 controller may be found only once a process runs.
    fn find(&mut self, facts: &Facts, path: &str) {
        let mut processes = None;
        let mut found = |controller: &str, v1: &str, v2: &str| {
            let (root, is_v1) = facts.controller(controller)?;
            let file = below(root, path, if is_v1 { v1 } else { v2 });
            if file.exists() {
                return Some((Source::new(file), is_v1));
            }
            if !is_v1 {
                return None;
            }
            let cgroups = processes.get_or_insert_with(|| cgroups_of_first(self.cpu.path.parent()?)).as_deref()?;
            let elsewhere = path_of(cgroups, controller).filter(|found| found.ends_with(path))?;
            Some((Source::new(below(root, elsewhere, v1)), is_v1))
        };
        if self.memory.is_none() {
            let memory = found("memory", "memory.stat", "memory.stat");
            self.memory = memory.map(|(file, is_v1)| Memory {
                file,
                name: if is_v1 { "total_rss" } else { "anon" },
                latest: None,
            });
        }
        if self.pids.is_none() {
            self.pids = found("pids", "pids.current", "pids.current").map(|(file, _)| file);
        }
        if self.io.is_none() {
            self.io = found("blkio", "blkio.throttle.io_service_bytes_recursive", "io.stat").map(|(file, _)| file);
        }
    }

    /// What the files say now; of memory only where it is asked for, or long known, what it says now and not before.
    pub(crate) fn read(&mut self, facts: &Facts, path: &str, memory_too: bool) -> Account {
        if self.memory.is_none() || self.pids.is_none() || self.io.is_none() {
            self.find(facts, path);
        }
        let mut buffer = [0; LONGEST];
        Account {
            cpu: self.cpu.read(&mut buffer).and_then(parse_cpu),
            io: self.io.as_mut().and_then(|file| parse_io(file.read(&mut buffer)?)),
            memory_bytes: self.memory.as_mut().and_then(|memory| memory.read(&mut buffer, memory_too)),
            pids: self.pids.as_mut().and_then(|file| file.read(&mut buffer)?.trim().parse().ok()),
        }
    }
}

/// How long the account of memory is good for: to render its file takes the kernel as long as all others.
const MEMORY_NS: u64 = 30_000_000_000;

/// The account of memory.
#[derive(Debug)]
struct Memory {
    file: Source,
    /// Of the number that counts in it.
    name: &'static str,
    /// When it was read, and what it said.
    latest: Option<(u64, u64)>,
}

impl Memory {
    fn read(&mut self, buffer: &mut [u8], anew: bool) -> Option<u64> {
        let now = boot_ns();
        if anew || self.latest.is_none_or(|(at, _)| now >= at + MEMORY_NS) {
            self.latest = Some((now, number(self.file.read(buffer)?, self.name)?));
        }
        self.latest.map(|(_, bytes)| bytes)
    }
}

/// More than any of the files says, which is a line for each device at most.
const LONGEST: usize = 16 << 10;

/// A file of the kernel's, which says something else each time it is read.
#[derive(Debug, Default)]
struct Source {
    path: PathBuf,
    file: Option<File>,
}

impl Source {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// What it says now; nothing once its cgroup is gone.
    fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Option<&'a str> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        // The kernel writes such a file in one piece.
        let len = self.file.as_ref()?.read_at(buffer, 0).ok()?;
        std::str::from_utf8(&buffer[..len]).ok()
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

/// The sum over devices: v2 has a line for each with `rbytes=1 wbytes=2` in it, v1 a line for each and `Read 1` or `Write 2`.
/// Where v1 names no device nothing may ever be counted: since Linux 6.10 it counts on devices with a limit only.
fn parse_io(text: &str) -> Option<Io> {
    if text.trim() == "Total 0" {
        return None;
    }
    let mut sum = Io::default();
    let mut words = text.split([' ', '\n', '=']);
    while let Some(word) = words.next() {
        let total = match word {
            "rbytes" | "Read" => &mut sum.read_bytes,
            "wbytes" | "Write" => &mut sum.write_bytes,
            _ => continue,
        };
        *total += words.next().and_then(|bytes| bytes.parse::<u64>().ok()).unwrap_or(0);
    }
    Some(sum)
}

/// The number behind a name in a file of lines of both.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{Memory, Source};

    #[test]
    fn memory_is_read_again_where_it_is_asked_for_or_half_a_minute_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.stat");
        let write = |bytes: u64| std::fs::write(&path, format!("anon_thp 1\nanon {bytes:05}\n")).unwrap();
        write(10);
        let mut memory = Memory { file: Source::new(path.clone()), name: "anon", latest: None };
        let mut buffer = [0; 64];
        assert_eq!(memory.read(&mut buffer, false), Some(10));
        write(20);
        assert_eq!(memory.read(&mut buffer, false), Some(10));
        assert_eq!(memory.read(&mut buffer, true), Some(20));
        write(30);
        memory.latest = memory.latest.map(|(at, bytes)| (at.saturating_sub(super::MEMORY_NS), bytes));
        assert_eq!(memory.read(&mut buffer, false), Some(30));
    }

    #[test]
    fn a_controller_is_found_by_its_whole_name() {
        let cgroups = "9:pids:/other\n4:cpu,memory:/parent/box\n0::/box\n";
        assert_eq!(super::path_of(cgroups, "memory"), Some("/parent/box"));
        assert_eq!(super::path_of(cgroups, "mem"), None);
    }

    #[test]
    fn bytes_of_devices_add_up_in_either_hierarchy() {
        let v1 =
            "254:0 Read 4096\n254:0 Write 100\n254:0 Sync 9\n254:0 Total 4205\n8:0 Read 1\n8:0 Write 2\nTotal 4208\n";
        let v2 = "254:0 rbytes=4096 wbytes=100 rios=1 wios=1 dbytes=7 dios=1\n8:0 rbytes=1 wbytes=2 rios=1 wios=1\n";
        let expected = super::Io { read_bytes: 4097, write_bytes: 102 };
        assert_eq!([v1, v2].map(super::parse_io), [Some(expected); 2]);
        assert_eq!(super::parse_io(""), Some(super::Io::default()), "nothing yet");
        assert_eq!(super::parse_io("Total 0\n"), None, "nothing is counted");
    }

    #[test]
    fn cpu_time_is_in_nanoseconds() {
        let cpu = super::parse_cpu("usage_usec 30\nuser_usec 10\nsystem_usec 20\n").unwrap();
        assert_eq!((cpu.user_ns, cpu.system_ns), (10_000, 20_000));
    }
}
