//! Processes by their pid, so that each event can name its program.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many processes are remembered.
const CAPACITY: usize = 65_536;
/// How many that ended are remembered: their sockets close after them.
const ENDED: usize = 1024;

#[derive(Clone)]
struct Known {
    start_ns: u64,
    executable: Option<Arc<str>>,
}

/// Programs of processes, learned from their exec and fork events; what ran before is asked of /proc once.
#[derive(Default)]
pub(crate) struct Processes {
    known: HashMap<u32, Known>,
    ended: VecDeque<(u32, u64)>,
}

impl Processes {
    pub(crate) fn executed(&mut self, pid: u32, start_ns: u64, executable: &str) {
        self.learn(pid, Known { start_ns, executable: Some(executable.into()) });
    }

    pub(crate) fn forked(&mut self, parent: u32, child: u32, start_ns: u64) {
        let executable = self.known.get(&parent).and_then(|p| p.executable.clone());
        self.learn(child, Known { start_ns, executable });
    }

    pub(crate) fn exited(&mut self, pid: u32, start_ns: u64) {
        self.ended.push_back((pid, start_ns));
        if self.ended.len() > ENDED
            && let Some((pid, start_ns)) = self.ended.pop_front()
            && self.start_of(pid) == Some(start_ns)
        {
            self.known.remove(&pid);
        }
    }

    /// When the process started, where that is known.
    pub(crate) fn start_of(&self, pid: u32) -> Option<u64> {
        self.known.get(&pid).map(|p| p.start_ns)
    }

    pub(crate) fn executable(&mut self, pid: u32, start_ns: u64) -> Option<Arc<str>> {
        match self.known.get(&pid) {
            Some(known) if known.start_ns == start_ns => known.executable.clone(),
            _ => {
                let link = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
                let executable: Option<Arc<str>> = link.map(|path| path.to_string_lossy().into());
                self.learn(pid, Known { start_ns, executable: executable.clone() });
                executable
            }
        }
    }

    fn learn(&mut self, pid: u32, known: Known) {
        if self.known.len() >= CAPACITY {
            self.known.clear();
        }
        self.known.insert(pid, known);
    }
}
