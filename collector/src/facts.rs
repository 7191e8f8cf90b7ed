//! What this host can do: looked up first, decided from later.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::privileges;

/// The BTF of the running kernel.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// What `statfs` says of a v2 hierarchy.
const CGROUP2_MAGIC: i64 = 0x6367_7270;

/// Tracepoints without which nothing can be recorded.
const REQUIRED: [&str; 6] =
    ["sys_exit", "sched_process_exec", "sched_process_exit", "sched_process_fork", "cgroup_mkdir", "cgroup_rmdir"];

/// The oldest kernel whose BPF has all that the programs call: the registers of a task, and a socket's cgroup where they
/// read it.
const OLDEST_KERNEL: (u32, u32) = (5, 15);

/// What was found on this host.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The kernel release.
    pub kernel: String,
    /// The machine id, or the host name where there is none.
    pub host_id: String,
    /// The host name.
    pub host_name: String,
    /// The id of this boot.
    pub boot_id: String,
    /// Where the v2 hierarchy is mounted.
    pub cgroup2: Option<PathBuf>,
    /// Where v1 controllers are mounted, by name; empty on a pure v2 host.
    pub cgroup1: Vec<(String, PathBuf)>,
    /// The effective user.
    pub uid: u32,
    /// Whether the process has the capabilities that loading takes.
    pub may_load: bool,
    /// What it will not see for want of a right, one sentence each.
    unseen: Vec<String>,
    /// Tracepoints that the kernel's BTF describes.
    tracepoints: Vec<&'static str>,
    /// There is BTF at all.
    pub btf: bool,
}

/// Looks at the host. Loads nothing.
#[must_use]
pub fn check() -> Facts {
    let read = |path: &str| fs::read_to_string(path).map(|s| s.trim().to_owned()).unwrap_or_default();
    let btf = fs::read(BTF).unwrap_or_default();
    let (cgroup2, cgroup1) = cgroup_mounts(&read("/proc/self/mounts"));
    let host_name = read("/proc/sys/kernel/hostname");
    let host_id = Some(read("/etc/machine-id")).filter(|id| !id.is_empty()).unwrap_or_else(|| host_name.clone());
    Facts {
        kernel: read("/proc/sys/kernel/osrelease"),
        host_id,
        host_name,
        boot_id: read("/proc/sys/kernel/random/boot_id"),
        // Another file system may lie over it.
        cgroup2: cgroup2.filter(|path| rustix::fs::statfs(path).is_ok_and(|about| about.f_type == CGROUP2_MAGIC)),
        cgroup1,
        uid: rustix::process::geteuid().as_raw(),
        may_load: privileges::may_load(),
        unseen: privileges::missing(),
        tracepoints: tracepoints(&btf),
        btf: !btf.is_empty(),
    }
}

/// Those that are used and that the BTF has a type for, in one pass through its strings.
fn tracepoints(btf: &[u8]) -> Vec<&'static str> {
    const PREFIX: &[u8] = b"\0btf_trace_";
    let names: HashSet<&[u8]> = memmem::find_iter(btf, PREFIX)
        .filter_map(|at| btf[at + PREFIX.len()..].split(|byte| *byte == 0).next())
        .collect();
    crate::load::TRACEPOINTS.iter().map(|(_, t)| *t).filter(|t| names.contains(t.as_bytes())).collect()
}

fn cgroup_mounts(mounts: &str) -> (Option<PathBuf>, Vec<(String, PathBuf)>) {
    let (mut v2, mut v1) = (None, Vec::new());
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        match fields[..] {
            [_, path, "cgroup2", ..] if v2.is_none() => v2 = Some(PathBuf::from(path)),
            [_, path, "cgroup", options, ..] => {
                for controller in ["memory", "pids", "blkio"] {
                    if options.split(',').any(|o| o == controller) {
                        v1.push((controller.to_owned(), PathBuf::from(path)));
                    }
                }
            }
            _ => {}
        }
    }
    (v2, v1)
}

/// Whether a kernel release such as `5.10.0-28-amd64` is older than what the programs take. One that is no version is not.
fn is_too_old(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < OLDEST_KERNEL)
}

impl Facts {
    /// Whether the kernel has a tracepoint with BTF.
    #[must_use]
    pub fn has(&self, tracepoint: &str) -> bool {
        self.tracepoints.contains(&tracepoint)
    }

    /// What keeps this host from recording at all, one sentence each with its cure; empty where it can.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let mut out = Vec::new();
        if !cfg!(target_arch = "x86_64") {
            out.push("only x86-64 is supported so far".to_owned());
        }
        if is_too_old(&self.kernel) {
            let (major, minor) = OLDEST_KERNEL;
            out.push(format!("the kernel is {}: use Linux {major}.{minor} or later", self.kernel));
        }
        if !self.btf {
            out.push(format!("{BTF} is missing: use a kernel built with CONFIG_DEBUG_INFO_BTF=y"));
        }
        if self.cgroup2.is_none() {
            out.push(
                "no cgroup2 is mounted: mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with \
                      systemd.unified_cgroup_hierarchy=1"
                    .to_owned(),
            );
        }
        if !self.may_load {
            out.push(format!(
                "uid {} may not load BPF programs: run as root, or with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and \
                 CAP_DAC_READ_SEARCH",
                self.uid
            ));
        }
        if self.btf {
            out.extend(
                REQUIRED
                    .iter()
                    .filter(|t| !self.has(t))
                    .map(|t| format!("the kernel has no tracepoint {t} with BTF: use a kernel built with it")),
            );
        }
        out
    }

    /// What is recorded with less than everything, one sentence each.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let mut out = self.unseen.clone();
        for (tracepoint, what) in [
            ("sock_send_length", "bytes sent are not counted (net.tx_bytes): Linux 6.3 or later can"),
            ("sock_recv_length", "bytes received are not counted (net.rx_bytes): Linux 6.3 or later can"),
            ("inet_sock_set_state", "TCP connections are not counted"),
            ("io_uring_submit_req", "io_uring requests are not counted: Linux 6.3 or later can"),
            ("signal_generate", "signals are not counted"),
        ] {
            if self.btf && !self.has(tracepoint) {
                out.push(format!("no tracepoint {tracepoint}: {what}"));
            }
        }
        out
    }

    /// Where a controller's files of a cgroup are: the v1 hierarchy where there is one, else v2.
    pub(crate) fn controller(&self, name: &str) -> Option<(&Path, bool)> {
        match self.cgroup1.iter().find(|(n, _)| n == name) {
            Some((_, path)) => Some((path, true)),
            None => self.cgroup2.as_deref().map(|path| (path, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cgroup_mounts, check, is_too_old, tracepoints};

    #[test]
    fn a_kernel_that_lacks_what_the_programs_call_is_refused_by_its_release() {
        assert!(["4.19.0", "5.4.0-150-generic", "5.10.0-28-amd64", "5.14"].into_iter().all(is_too_old));
        assert!(
            !["5.15.0", "5.15-rc1", "6.1.0-18-cloud-amd64", "6.18.44", "10.0", "", "custom"]
                .into_iter()
                .any(is_too_old)
        );
        let facts = super::Facts { kernel: "5.10.0-28-amd64".to_owned(), ..check() };
        let refusal = "the kernel is 5.10.0-28-amd64: use Linux 5.15 or later";
        assert!(facts.obstacles().iter().any(|obstacle| obstacle == refusal), "{:?}", facts.obstacles());
    }

    #[test]
    fn hybrid_mounts_are_told_apart() {
        let (v2, v1) = cgroup_mounts(
            "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n\
             cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n",
        );
        assert_eq!(v2.unwrap().to_str(), Some("/sys/fs/cgroup/unified"));
        assert_eq!(v1.len(), 1);
    }

    #[test]
    fn a_longer_name_is_not_the_tracepoint() {
        assert_eq!(tracepoints(b"\0btf_trace_sys_exit\0btf_trace_cgroup_mkdir\0"), ["sys_exit", "cgroup_mkdir"]);
        assert!(tracepoints(b"\0btf_trace_sys_exit_more\0").is_empty());
    }
}
