//! Processes by their pid, so that each event can name its program.

use std::collections::HashMap;
use std::sync::Arc;

/// How many processes are remembered.
const CAPACITY: usize = 65_536;

#[derive(Clone)]
struct Known {
    start_ns: u64,
    executable: Option<Arc<str>>,
}

/// Programs of processes, learned from their exec and fork events; what ran before is asked of /proc once.
#[derive(Default)]
pub(crate) struct Processes(HashMap<u32, Known>);

impl Processes {
    pub(crate) fn executed(&mut self, pid: u32, start_ns: u64, executable: &str) {
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        self.0.insert(pid, Known { start_ns, executable: Some(executable.into()) });
    }

    pub(crate) fn forked(&mut self, parent: u32, child: u32, start_ns: u64) {
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        let executable = self.0.get(&parent).and_then(|p| p.executable.clone());
        self.0.insert(child, Known { start_ns, executable });
    }

    pub(crate) fn exited(&mut self, pid: u32) {
        self.0.remove(&pid);
    }

    /// When the process started, where that is known.
    pub(crate) fn start_of(&self, pid: u32) -> Option<u64> {
        self.0.get(&pid).map(|p| p.start_ns)
    }

    pub(crate) fn executable(&mut self, pid: u32, start_ns: u64) -> Option<Arc<str>> {
        match self.0.get(&pid) {
            Some(known) if known.start_ns == start_ns => known.executable.clone(),
            _ => {
                let link = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
                let executable: Option<Arc<str>> = link.map(|path| path.to_string_lossy().into());
                if self.0.len() >= CAPACITY {
                    self.0.clear();
                }
                self.0.insert(pid, Known { start_ns, executable: executable.clone() });
                executable
            }
        }
    }
}
